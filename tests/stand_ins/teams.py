"""A stand-in of Microsoft Teams: the Bot Framework connector, what it takes and what it sends, on this machine.

A real bot speaks to it: `with TeamsStandIn() as teams: App(**teams.options()); teams.personal_message("Who?")`.
It keeps what the bot says, and refuses what Teams would refuse (`teams_rules`, `teams_chats`).
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx

from tests.stand_ins.teams_authority import ISSUER, Authority
from tests.stand_ins.teams_chats import Chats, Conversation, Stream
from tests.stand_ins.teams_connector import Calls, connector, login
from tests.stand_ins.teams_messages import Message
from tests.stand_ins.teams_people import Delivery, Person, activity_from, mention
from tests.stand_ins.teams_rules import RefusedError, button
from tests.stand_ins.teams_servers import Servers

DELIVERY_S = 15
"""How long Teams waits for a bot to take an activity, before it sends it again."""

WAIT_S = 60
"""How long `wait_for` waits, on a machine that may be busy."""

T = TypeVar("T")


class TeamsStandIn:
    """Teams, of one tenant, with one bot in it. Set `bot_url` to where the bot takes activities.

    `clock` tells the seconds that the limits go by.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic, delivery_s: float = DELIVERY_S) -> None:
        self._clock, self._delivery_s = clock, delivery_s
        self.client_id = "11111111-2222-3333-4444-555555555555"
        self.client_secret = "a secret of the stand-in"  # noqa: S105 - it opens nothing but this
        self.tenant_id = "adfs"  # with another tenant the bot's library first asks Microsoft whether our login is known
        self.bot_url = ""
        self._shift_s = 0.0
        self._changed = threading.Condition(threading.RLock())
        self.chats = Chats(self._now)
        self.calls = Calls()
        self.authority = Authority(self.client_id, self.tenant_id)
        self._servers = Servers()
        self._senders = ThreadPoolExecutor(8, thread_name_prefix="teams delivery")
        self._last: Delivery | None = None

    def __enter__(self) -> Self:
        self._servers.start(
            connector(self.chats, self.calls, self.authority, self._changed),
            login(self.authority, self.client_secret, self.login_url),
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._senders.shutdown(wait=True, cancel_futures=True)
        self._servers.stop()

    # Where things are

    @property
    def certificate(self) -> Path:
        """The file with which the bot's library trusts the login."""
        return self._servers.certificate

    @property
    def url(self) -> str:
        return self._servers.url

    @property
    def service_url(self) -> str:
        """Where the bot sends what it says."""
        return f"{self.url}/teams"

    @property
    def login_url(self) -> str:
        """Where the bot gets its access tokens; https, since its library takes nothing else."""
        return self._servers.login_url

    def connector_away(self) -> AbstractContextManager[None]:
        """Inside it nobody takes what the bot says."""
        return self._servers.connector_away()

    def cloud(self) -> dict[str, str]:
        """What differs from the public cloud, for `microsoft_teams.api.auth.cloud_environment.with_overrides`."""
        return {
            "login_endpoint": self.login_url,
            "openid_metadata_url": f"{self.url}/v1/.well-known/openidconfiguration",
            "token_issuer": ISSUER,
            "token_service_url": self.url,
        }

    def options(self) -> dict[str, Any]:
        """Keyword arguments for `microsoft_teams.apps.App`. Set REQUESTS_CA_BUNDLE to `certificate` while it runs."""
        from microsoft_teams.api.auth.cloud_environment import PUBLIC, with_overrides

        return {
            "client_id": self.client_id,
            "client_secret": self.client_secret,
            "tenant_id": self.tenant_id,
            "service_url": self.service_url,
            "cloud": with_overrides(PUBLIC, **self.cloud()),
        }

    # What people do

    def token(self, *, stranger: bool = False, **claims: Any) -> str:
        """What Teams puts beside an activity to prove who sends it; to send another one: `personal_message(token=)`."""
        return self.authority.inbound(claims.pop("serviceurl", self.service_url), stranger=stranger, **claims)

    def personal_message(self, text: str, person: str = "Ada", *, token: str | None = "") -> Delivery:
        """Somebody writes to the bot, in the chat of the two."""
        return self._deliver(self._activity(self.personal(person), person, type="message", text=text), token)

    def group_message(self, text: str, person: str = "Ada", *, token: str | None = "") -> Delivery:
        """Somebody mentions the bot in a chat of several people."""
        return self._deliver(self._activity(self.group(), person, type="message", **mention(text, self.bot)), token)

    def channel_mention(
        self, text: str, thread: str | None = None, person: str = "Ada", *, token: str | None = ""
    ) -> Delivery:
        """Somebody mentions the bot in a channel: in the thread with that id, or beginning one with its own."""
        activity = self._activity(self.channel(), person, type="message", **mention(text, self.bot))
        activity["conversation"]["id"] += f";messageid={thread or activity['id']}"
        return self._deliver(activity, token)

    def install(self, person: str = "Ada") -> Delivery:
        """Somebody adds the bot to their personal apps."""
        return self._deliver(self._activity(self.personal(person), person, type="installationUpdate", action="add"))

    def feedback(self, message: Message, *, like: bool, words: str = "") -> Delivery:
        """Somebody presses a thumb below a message and sends the form, with `words`."""
        if message.feedback is None:
            raise LookupError(f"message {message.id} has no thumbs")
        reaction = "like" if like else "dislike"
        form = json.dumps({"feedbackText": words})
        value = {"actionName": "feedback", "actionValue": {"reaction": reaction, "feedback": form}}
        return self._invoke("message/submitAction", value, message)

    def open_feedback(self, message: Message, *, like: bool) -> Delivery:
        """Somebody presses a thumb of a message that brings its own form: the bot is asked for it."""
        if message.feedback != "custom":
            raise LookupError(f"message {message.id} has no form of its own")
        value = {"actionName": "feedback", "actionValue": {"reaction": "like" if like else "dislike"}}
        return self._invoke("message/fetchTask", {"data": value}, message)

    def press(self, message: Message, title: str, **inputs: str) -> Delivery:
        """Somebody presses a button of a message's cards, with `inputs` filled in. ShowCard and OpenUrl ask no bot."""
        action = button({"body": message.cards}, title)
        if action["type"] not in ("Action.Submit", "Action.Execute"):
            raise LookupError(f"{title!r} is {action['type']}: it stays in the client")
        data = {**(action.get("data") or {}), **inputs}
        if action["type"] == "Action.Execute":
            execute = {"type": "Action.Execute", "verb": action.get("verb"), "data": data}
            return self._invoke("adaptiveCard/action", {"action": execute}, message)
        return self.submit(data, message)

    def submit(self, data: dict[str, Any], message: Message) -> Delivery:
        """What a Submit button with that data sends: it opens a dialog, or is a message without words."""
        if (data.get("msteams") or {}).get("type") == "task/fetch":
            return self._invoke("task/fetch", {"data": data, "context": {"theme": "default"}}, message)
        return self._deliver(self._answer(message, type="message", text="", value=data))

    def submit_dialog(self, data: dict[str, Any], message: Message) -> Delivery:
        """Somebody sends a dialog that was opened from that message."""
        return self._invoke("task/submit", {"data": data, "context": {"theme": "default"}}, message)

    def choose(self, message: Message, title: str) -> Delivery:
        """Somebody presses a suggested prompt: its text is sent as if they had written it."""
        if title not in message.suggestions:
            raise LookupError(f"no suggestion {title!r} among {message.suggestions}")
        actions = message.activity["suggestedActions"]["actions"]
        said = next(action["value"] for action in actions if action["title"] == title)
        return self._deliver(self._answer(message, type="message", text=said))

    def stop(self, delivery: Delivery) -> Stream:
        """Somebody presses Stop while an answer is streamed."""
        with self._changed:
            return self.chats.stop(delivery.conversation)

    def redeliver(self, delivery: Delivery | None = None) -> Delivery:
        """Teams sends an activity again, the last one unless told, with the id it had."""
        again = delivery or self._last
        assert again is not None, "nothing has been delivered"
        return self._deliver(again.activity)

    # What a test sees and sets

    @property
    def bot(self) -> dict[str, str]:
        """The bot's account."""
        return {"id": f"28:{self.client_id}", "name": "Quotedesk"}

    def personal(self, person: str = "Ada") -> Conversation:
        """The chat of somebody with the bot."""
        chat = Conversation(f"a:1{Person(person).aad[:8]}", "personal", [Person(person).account()])
        return self.chats.add(chat)

    def group(self) -> Conversation:
        """A chat of two people and the bot."""
        people = [Person(name).account() for name in ("Ada", "Grace")]
        return self.chats.add(Conversation("19:group@thread.v2", "groupChat", people))

    def channel(self) -> Conversation:
        """A channel with the bot in it."""
        people = [Person(name).account() for name in ("Ada", "Grace")]
        return self.chats.add(Conversation("19:channel@thread.tacv2", "channel", people))

    def messages(self, of: Delivery | str | None = None) -> list[Message]:
        """What the bot has said, oldest first: anywhere, in a conversation, or where a delivery went (its thread)."""
        place = of.conversation if isinstance(of, Delivery) else of
        with self._changed:
            return [one for one in self.chats.messages() if place in (None, one.conversation)]

    def streams(self, of: Delivery) -> list[Stream]:
        """The streamed messages where that delivery went, oldest first."""
        with self._changed:
            return list(self.chats.find(of.conversation).streams.values())

    @property
    def refusals(self) -> list[RefusedError]:
        """What was refused, oldest first. A bot that behaves leaves it empty."""
        with self._changed:
            return list(self.calls.refusals)

    def wait_for(self, condition: Callable[[], T], timeout_s: float = WAIT_S) -> T:
        """What `condition` gives once that is true, or AssertionError with what there is instead."""
        end = time.monotonic() + timeout_s
        with self._changed:
            while not (value := condition()):
                left = end - time.monotonic()
                seen = f"messages {self.messages()}, refusals {self.refusals}"
                assert left > 0, f"not within {timeout_s} s; there are {seen}"
                self._changed.wait(min(left, 0.5))
        return value

    def answer(self, delivery: Delivery) -> Message:
        """The bot's finished answer to a delivery, once it is there: the newest in that conversation or thread."""

        def finished() -> list[Message]:
            return [one for one in self.messages(delivery) if one.done and int(one.id) > int(delivery.id)]

        return self.wait_for(finished)[-1]

    def refuse_next(
        self, method: str, status: int, code: str = "ServiceError", retry_after_s: int | None = None
    ) -> None:
        """The next call with that HTTP method is refused, whatever it is."""
        with self._changed:
            self.calls.refuse.append((method, RefusedError(status, code, "Refused by a test.", retry_after_s)))

    def pass_time(self, seconds: float) -> None:
        """Let time pass for the limits at once."""
        with self._changed:
            self._shift_s += seconds

    # Inside

    def _now(self) -> float:
        return self._clock() + self._shift_s

    def _activity(self, chat: Conversation, person: str, **more: Any) -> dict[str, Any]:
        with self._changed:
            place = activity_from(chat, Person(person), self.bot, self.tenant_id)
            return {**place, "id": self.chats.next_id(), "serviceUrl": self.service_url, **more}

    def _answer(self, message: Message, person: str = "Ada", **more: Any) -> dict[str, Any]:
        activity = self._activity(self.chats.find(message.conversation), person, replyToId=message.id, **more)
        activity["conversation"]["id"] = message.conversation
        return activity

    def _invoke(self, name: str, value: Any, message: Message) -> Delivery:
        return self._deliver(self._answer(message, type="invoke", name=name, value=value))

    def _deliver(self, activity: dict[str, Any], token: str | None = "") -> Delivery:
        """Send it, from a thread of its own: a bot may answer before it has taken what it answers."""
        signed = self.token() if token == "" else token
        headers = {} if signed is None else {"Authorization": f"Bearer {signed}"}
        headers |= {"x-ms-conversation-id": activity["conversation"]["id"], "x-ms-tenant-id": self.tenant_id}
        self._last = Delivery(activity, self._senders.submit(self._send, activity, headers))
        return self._last

    def _send(self, activity: dict[str, Any], headers: dict[str, str]) -> tuple[int, Any]:
        """What the bot answers. One that takes too long is sent the same once more, as Teams does."""
        with httpx.Client(headers=headers, timeout=self._delivery_s, trust_env=False) as http:
            for _ in range(2):
                try:
                    answer = http.post(self.bot_url, json=activity)
                except httpx.TimeoutException:
                    continue
                return answer.status_code, answer.json() if answer.content else None
        return 504, None
