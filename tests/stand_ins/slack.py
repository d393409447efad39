"""A stand-in of Slack on this machine: the Web API and Socket Mode for the app, people for the test.

    with SlackStandIn(manifest) as slack:
        client = AsyncWebClient(slack.bot_token, base_url=slack.url)   # and apps.connections.open leads back here
        question = slack.mention("#general", "nadia", "Who was kidnapped in Tazirbu?")
        slack.wait_for(lambda: slack.replies(question))

People are named by any name, channels by "#name"; both are made when first named, the app is in each channel.
Deliveries that are not acknowledged within `ack_s` come again after `retry_after_s`.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import Any, Self, TypeVar

from tests.stand_ins import slack_payloads as payloads
from tests.stand_ins.loops import LoopThread
from tests.stand_ins.slack_delivery import Attempt, Delivery, Http, Sockets, deliver
from tests.stand_ins.slack_people import People
from tests.stand_ins.slack_reading import pinged
from tests.stand_ins.slack_server import APP_TOKEN, BOT_TOKEN, Call, Server
from tests.stand_ins.slack_workspace import BOT_USER, TEAM, Json, Manifest, SlackError, Stream, Workspace

Found = TypeVar("Found")


def thread_of(message: Json) -> tuple[str, str]:
    """The channel and the root of the thread that a message is in, or would begin."""
    return message["channel"], str(message.get("thread_ts", message["ts"]))


class SlackStandIn(People):
    """One workspace with one app in it. Give the app's manifest, and it has no scope and no event beyond."""

    bot_token, app_token, signing_secret = BOT_TOKEN, APP_TOKEN, "stand-in-signing-secret"
    team, bot_user = TEAM, BOT_USER

    def __init__(
        self,
        manifest: Mapping[str, Any] | None = None,
        ack_s: float = 3.0,
        retry_after_s: tuple[float, ...] = (0, 60, 300),
        trigger_s: float = 3.0,
    ) -> None:
        self._ack_s, self._retry_after_s = ack_s, retry_after_s
        self._work = Workspace(Manifest(manifest), trigger_s, self._emit)
        self._loop = LoopThread("slack-stand-in")
        self._sockets = Sockets(ack_s)
        self._server = Server(self._work, self._sockets)
        self._http: Http | None = None
        self._under_way: list[Future[None]] = []
        self.delivered: list[Delivery] = []
        """Everything that was handed to the app, or is being so."""

    def __enter__(self) -> Self:
        self._loop.__enter__()
        self._runner = self._loop.run(self._server.start())
        return self

    def __exit__(self, *_: object) -> None:
        failed = [one.exception() for one in self._under_way if one.done() and not one.cancelled()]
        for one in self._under_way:
            one.cancel()
        self._loop.run(self._sockets.drop("link_disabled"))
        self._loop.run(self._runner.cleanup())
        self._loop.__exit__()
        for error in filter(None, failed):  # a fault of the stand-in itself
            raise error

    @property
    def url(self) -> str:
        """The `base_url` for the app's Web API client."""
        return f"http://127.0.0.1:{self._server.port}/api/"

    def _response_url(self, channel: str, user: str, message: Json | None = None) -> str:
        return self._server.response_url(channel, user, message)

    def _emit(self, event: Json) -> None:
        if self._work.manifest.subscribes(payloads.subscription(event)):
            self._hand("events_api", payloads.event_callback(copy.deepcopy(event)))

    def _hand(self, kind: str, payload: Json, then: Callable[[Json | None], object] = lambda _: None) -> Delivery:
        delivery = Delivery(kind, payload)

        def done(response: Json | None) -> None:
            try:
                with self._work.lock:
                    then(response)
            except SlackError as error:
                delivery.problem = str(error)

        delivery.on_response = done
        self.delivered.append(delivery)
        self._send(delivery, Attempt(0, None))
        return delivery

    def _send(self, delivery: Delivery, first: Attempt) -> None:
        transport = self._http or self._sockets
        self._under_way.append(self._loop.start(deliver(delivery, transport, self._retry_after_s, first)))

    # What people see.

    def messages(self, channel: str, text: str = "") -> list[Json]:
        """All messages of a channel that hold `text`, replies among them, oldest first."""
        with self._work.lock:
            place = self._place(channel)
            every = [{**copy.deepcopy(one), "channel": place.id} for one in place.messages.values()]
            return [one for one in every if text in one["text"]]

    def direct_messages(self, user: str) -> list[Json]:
        """All messages between that person and the app."""
        with self._work.lock:
            return self.messages(self._work.direct(self.user(user)).id)

    def replies(self, message: Json) -> list[Json]:
        """What is in the thread of a message, without the message at its root."""
        root = message.get("thread_ts", message["ts"])
        return [one for one in self.messages(message["channel"]) if one.get("thread_ts") == root != one["ts"]]

    def message(self, message: Json) -> Json:
        """A message as it is now. Raises KeyError when it is gone."""
        return {one["ts"]: one for one in self.messages(message["channel"])}[message["ts"]]

    def pinged(self, message: Json) -> set[str]:
        """Whom a message notifies: ids of people and groups, "channel", "here", "everyone"."""
        return pinged(self.message(message))

    def ephemerals(self, user: str | None = None) -> list[Json]:
        """What only one person sees."""
        with self._work.lock:
            who = user and self.user(user)
            return [copy.deepcopy(one) for one in self._work.ephemerals if who in (None, one["to"])]

    def stream(self, message: Json) -> Stream:
        """What has been streamed into a message."""
        with self._work.lock:
            return copy.deepcopy(self._work.streams[message["ts"]])

    @property
    def views(self) -> list[Json]:
        """The open modals, the topmost last."""
        with self._work.lock:
            return copy.deepcopy(list(self._work.views.values()))

    def home(self, user: str) -> Json | None:
        """The Home tab that the app published for that person."""
        with self._work.lock:
            return copy.deepcopy(self._work.homes.get(self.user(user)))

    def status(self, message: Json) -> str | None:
        """What the app says it is doing, in the thread of a message."""
        return self._work.statuses.get(thread_of(message))

    def session(self, message: Json) -> Json:
        """The agent session of the thread of a message: status, title, initiator; empty where there is none."""
        return self._work.sessions.get(thread_of(message), {})

    def prompts(self, channel: str, thread_ts: str | None = None) -> list[Json] | None:
        """The prompts that the app suggests there."""
        return self._work.prompts.get((channel, thread_ts))

    # What a test looks at, and what it breaks.

    def wait_for(self, condition: Callable[[], Found], timeout_s: float = 30) -> Found:
        """What `condition` returns once that is true. Raises AssertionError after `timeout_s`."""
        until = time.monotonic() + timeout_s
        while not (found := condition()):
            if time.monotonic() > until:
                said = [one["text"] for place in self._work.conversations.values() for one in place.messages.values()]
                raise AssertionError(
                    f"waited {timeout_s} s in vain; said until now: {said}; called: {self.calls()[-5:]}"
                )
            time.sleep(0.01)
        return found

    def calls(self, method: str | None = None) -> list[Call]:
        """The calls of the Web API, or those of one method."""
        return [one for one in self._server.calls if method in (None, one.method)]

    def events(self, kind: str) -> list[Delivery]:
        """The events of that type that were handed to the app."""
        return [one for one in self.delivered if one.kind == "events_api" and one.event["type"] == kind]

    def redeliver(self, delivery: Delivery) -> None:
        """Hand something over once more, the same to the letter, although it was acknowledged."""
        self._send(delivery, Attempt(len(delivery.attempts), "timeout"))

    def rate_limit_next(self, method: str, retry_after_s: int, times: int = 1) -> None:
        """Answer the next calls of a method with 429."""
        refusal = 429, {"ok": False, "error": "ratelimited"}, {"Retry-After": str(retry_after_s)}
        self._server.faults[method].extend([refusal] * times)

    def fail_next(self, method: str, error: str, times: int = 1) -> None:
        """Answer the next calls of a method with that error."""
        self._server.faults[method].extend([(200, {"ok": False, "error": error}, {})] * times)

    def expire_stream(self, message: Json) -> None:
        """Close a stream as Slack does after some minutes."""
        with self._work.lock:
            self._work.streams[message["ts"]].state = "expired"

    def expire_triggers(self) -> None:
        """Let the time be over in which modals may be opened."""
        with self._work.lock:
            for trigger in self._work.triggers.values():
                trigger.made_s -= self._work.trigger_s + 1

    @property
    def connections(self) -> int:
        """How many Socket Mode connections the app has."""
        return self._sockets.open

    def drop_connection(self, reason: str | None = None) -> None:
        """Cut every connection; with a reason ("refresh_requested", "warning") Slack announces it."""
        self._loop.run(self._sockets.drop(reason))

    def refuse_connections(self) -> None:
        """Let the app make no new connection, until accept_connections()."""
        self._server.refuses = True

    def accept_connections(self) -> None:
        """Let the app connect again."""
        self._server.refuses = False

    def post_to(self, url: str, secret: str | None = None, age_s: int = 0) -> None:
        """From now on hand everything over by HTTP to that address.

        `secret`: another one than the app's forges the signature. `age_s`: over 300 makes it too old.
        """
        self._http = Http(url, secret or self.signing_secret, age_s, self._ack_s)
