"""What people do in the stand-in's workspace: write, press, fill in, stop."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from tests.stand_ins import slack_payloads as payloads
from tests.stand_ins.slack_agent import STOP_EVENT
from tests.stand_ins.slack_calls import Arguments
from tests.stand_ins.slack_delivery import Delivery
from tests.stand_ins.slack_methods import react
from tests.stand_ins.slack_server import respond
from tests.stand_ins.slack_views import answered
from tests.stand_ins.slack_workspace import BOT_USER, TEAM, Conversation, Json, Workspace


class People:
    """The people of a workspace, by any name; channels by "#name". Both are made when first named."""

    _work: Workspace

    def _emit(self, event: Json) -> None:
        raise NotImplementedError

    def _hand(self, kind: str, payload: Json, then: Callable[[Json | None], object] = lambda _: None) -> Delivery:
        raise NotImplementedError

    def _response_url(self, channel: str, user: str, message: Json | None = None) -> str:
        raise NotImplementedError

    def user(self, name: str) -> str:
        """The id of that person, who is made when first named. An id names itself."""
        with self._work.lock:
            known = {one["name"]: one["id"] for one in self._work.users.values()}
            return (
                name
                if name in self._work.users
                else known.get(name) or self._work.add_user(self._work.new_id("U"), name)
            )

    def channel(self, name: str, private: bool = False, with_bot: bool = True) -> str:
        """The id of that channel, which is made when first named. An id names itself."""
        return self._place(name, private, with_bot).id

    def _place(self, name: str, private: bool = False, with_bot: bool = True) -> Conversation:
        with self._work.lock:
            for one in self._work.conversations.values():
                if one.id == name or (one.kind != "im" and one.name == name.removeprefix("#")):
                    return one
            members = {BOT_USER} if with_bot else set()
            return self._work.add_conversation(name.removeprefix("#"), "group" if private else "channel", members)

    def say(self, channel: str, user: str, text: str, thread_ts: str | None = None, bot_id: str | None = None) -> Json:
        """Write in a channel, in the thread of the message with that ts if one is given; or let another app do that."""
        place, who = self._place(channel), self.user(user)
        with self._work.lock:
            place.members.add(who)
            return self._written(place, who, text, thread_ts, **({"bot_id": bot_id} if bot_id else {}))

    def mention(
        self, channel: str, user: str, text: str, thread_ts: str | None = None, bot_id: str | None = None
    ) -> Json:
        """Write to the app in a channel. Slack tells of it twice: as app_mention and, if subscribed, as message."""
        return self.say(channel, user, f"<@{BOT_USER}> {text}", thread_ts, bot_id)

    def direct_message(self, user: str, text: str, thread_ts: str | None = None) -> Json:
        """Write to the app alone."""
        who = self.user(user)
        with self._work.lock:
            return self._written(self._work.direct(who), who, text, thread_ts)

    def _written(self, place: Conversation, who: str, text: str, thread_ts: str | None, **more: str) -> Json:
        rich = {"type": "rich_text_section", "elements": [{"type": "text", "text": text}]}
        said: Json = {"text": text, "blocks": [{"type": "rich_text", "elements": [rich]}] if text else [], **more}
        message = self._work.add_message(place, who, thread_ts, **said, client_msg_id=self._work.new_id("c"))
        if f"<@{BOT_USER}>" in text and place.kind != "im":
            self._work.tell(place, message | {"type": "app_mention", "event_ts": message["ts"]})
        return {**copy.deepcopy(message), "channel": place.id}

    def edit(self, message: Json, text: str) -> None:
        """Change one's own message. Slack tells an app that it mentions then, whether or not it did before."""
        place = self._place(message["channel"])
        with self._work.lock:
            edited = {"user": message["user"], "ts": self._work.new_ts()}
            self._work.change(place, place.messages[message["ts"]], text=text, edited=edited)
            if f"<@{BOT_USER}>" in text and place.kind != "im":
                mention = {"type": "app_mention", "event_ts": edited["ts"]}
                self._work.tell(place, place.messages[message["ts"]] | mention)

    def react(self, message: Json, user: str, name: str) -> None:
        """Add a reaction to a message."""
        who, place = self.user(user), self._place(message["channel"])
        with self._work.lock:
            react(self._work, place.messages[message["ts"]], name, who, add=True)
            item, at = {"type": "message", "channel": place.id, "ts": message["ts"]}, self._work.new_ts()
            self._emit({"type": "reaction_added", "user": who, "reaction": name, "item": item,
                        "item_user": message["user"], "event_ts": at})  # fmt: skip

    def slash_command(self, command: str, user: str, text: str = "", channel: str = "#general") -> Delivery:
        """Type a command. What the app answers with its acknowledgement is shown like what it posts later."""
        place, who = self._place(channel), self.user(user)
        with self._work.lock:
            if not self._work.manifest.has_command(command):
                raise ValueError(f"{command} is not a valid command: the manifest has none of that name")
            place.members.add(who)
            url = self._response_url(place.id, who)
            known = self._work.response_urls[url.rsplit("/", 1)[1]]
            body = payloads.command(self._work, place, who, command, text, url)
            return self._hand("slash_commands", body, lambda said: respond(self._work, known, Arguments(said or {})))

    def click(self, message: Json, action_id: str, user: str | None = None, choice: str | None = None) -> Delivery:
        """Press a button of a message; `choice` is an option's value, or "positive" or "negative" of feedback."""
        place = self._place(message["channel"])
        with self._work.lock:
            kept = place.messages.get(message["ts"]) or next(
                one for one in self._work.ephemerals if one["ts"] == message["ts"]
            )
            who = self.user(user) if user else kept.get("to") or next(iter(place.members - {BOT_USER}))
            element, block_id = payloads.found(kept["blocks"], action_id)
            action = payloads.pressed(element, block_id, choice, self._work.new_ts())
            url = self._response_url(place.id, who, kept)
            return self._hand("interactive", payloads.block_actions(self._work, kept, place, who, action, url))

    def click_view(self, view: Json, action_id: str, user: str, choice: str | None = None) -> Delivery:
        """Press a button of a modal or of the Home tab."""
        with self._work.lock:
            element, block_id = payloads.found(view["blocks"], action_id)
            action = payloads.pressed(element, block_id, choice, self._work.new_ts())
            return self._hand("interactive", payloads.view_actions(self._work, view, self.user(user), action))

    def submit_view(self, view: Json, user: str | None = None, **values: Any) -> Delivery:
        """Submit an open modal, filled in with `values` (action_id=text)."""
        with self._work.lock:
            body = payloads.submission(self._work, view, self.user(user) if user else view["user"], values)
            return self._hand("interactive", body, lambda said: answered(self._work, view["id"], said))

    def open_app(self, user: str, tab: str = "messages") -> None:
        """Open the app's page: "messages" is the conversation with it, "home" its Home tab."""
        who = self.user(user)
        with self._work.lock:
            place, home = self._work.direct(who), self._work.homes.get(who)
            view = {"view": payloads.view_of(home)} if home and tab == "home" else {}
            self._emit({"type": "app_home_opened", "user": who, "channel": place.id, "tab": tab,
                        "event_ts": self._work.new_ts(), **view})  # fmt: skip

    def open_assistant(self, user: str, channel: str = "#general") -> Json:
        """Open the older assistant pane beside a channel: a thread begins, with a message of the app at its root."""
        who, place = self.user(user), self._place(channel)
        with self._work.lock:
            direct = self._work.direct(who)
            root = self._work.add_message(direct, BOT_USER, text="New Assistant Thread", subtype="assistant_app_thread")
            context = {"channel_id": place.id, "team_id": TEAM, "enterprise_id": None}
            thread = {"user_id": who, "context": context, "channel_id": direct.id, "thread_ts": root["ts"]}
            at = self._work.new_ts()
            self._emit({"type": "assistant_thread_started", "assistant_thread": thread, "event_ts": at})
            return {**copy.deepcopy(root), "channel": direct.id}

    def stop(self, message: Json, user: str | None = None) -> None:
        """Press the stop button of the thread that a streamed message, or a question, is in.

        Raises ValueError when Slack shows no such button: it does while the session is "processing" and the app
        listens to agent_session_stopped. Slack stops the streams; the session's status is left to the app.
        """
        place, thread = self._place(message["channel"]), str(message.get("thread_ts", message["ts"]))
        with self._work.lock:
            status = self._work.sessions.get((place.id, thread), {}).get("status")
            if status != "processing" or not self._work.manifest.subscribes(STOP_EVENT):
                raise ValueError(f"there is no stop button: the session is {status or 'not there'}")
            who = self.user(user) if user else next(iter(place.members - {BOT_USER}))
            here = [one for one in self._work.streams.values() if one.state == "in_progress"]
            halted = [one for one in here if (one.channel, one.thread_ts or one.ts) == (place.id, thread)]
            for one in halted:
                one.state = "stopped_by_user"
            streams = {"streaming_message_ts": [one.ts for one in halted], "event_ts": self._work.new_ts()}
            self._emit({"type": STOP_EVENT, "channel": place.id, "thread_ts": thread, "user": who, **streams})
