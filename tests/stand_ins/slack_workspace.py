"""The state of one Slack workspace: people, conversations, messages, modals, and what the app may do."""

from __future__ import annotations

import copy
import itertools
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.stand_ins.slack_limits import parts

TEAM, APP, BOT_USER, BOT = "T0STANDIN1", "A0STANDIN1", "U0STANDIN0", "B0STANDIN1"

Json = dict[str, Any]


class SlackError(Exception):
    """A method's refusal: what Slack gives as `error`, and more keys of its answer."""

    def __init__(self, error: str, problems: list[str] | None = None, **more: Any) -> None:
        super().__init__(error)
        self.answer: Json = {"ok": False, "error": error, **more}
        if problems:
            said = [f"[ERROR] {one}" for one in problems]
            self.answer |= {"errors": problems, "response_metadata": {"messages": said}}


@dataclass
class Conversation:
    """A channel ("channel"), a private one ("group") or a direct message ("im") and its messages by their ts."""

    id: str
    name: str
    kind: str
    members: set[str]
    messages: dict[str, Json] = field(default_factory=dict)
    is_archived: bool = False


@dataclass
class Stream:
    """A streamed message: what has arrived, and whether more may.

    `state` is "in_progress", "completed", "stopped_by_user" or "expired".
    """

    channel: str
    ts: str
    thread_ts: str | None
    recipient: str | None
    mode: str | None = None
    state: str = "in_progress"
    text: str = ""
    plan: str | None = None
    tasks: dict[str, Json] = field(default_factory=dict)
    blocks: list[Json] = field(default_factory=list)


@dataclass
class Trigger:
    """The right to open one modal for that person, for a few seconds."""

    user: str
    made_s: float
    used: bool = False


@dataclass
class ResponseUrl:
    """Where an app may answer a command or a click: five times within thirty minutes."""

    channel: str
    user: str
    message: Json | None
    made_s: float
    uses: int = 0


class Manifest:
    """What an app's manifest allows; everything, where there is none."""

    def __init__(self, manifest: Mapping[str, Any] | None) -> None:
        self.given = manifest

    def at(self, *keys: str) -> Any:
        """The value at that place, None where there is none."""
        found: Any = self.given or {}
        for key in keys:
            found = (found or {}).get(key)
        return found

    def scopes(self) -> set[str]:
        return set(self.at("oauth_config", "scopes", "bot") or ())

    def grants(self, scopes: tuple[str, ...]) -> bool:
        """Whether the app has one of the scopes; none are needed where the list is empty."""
        return self.given is None or not scopes or bool(self.scopes() & set(scopes))

    def subscribes(self, event: str) -> bool:
        return self.given is None or event in (self.at("settings", "event_subscriptions", "bot_events") or ())

    def is_agent(self) -> bool:
        return self.given is None or bool(self.at("features", "agent_view") or self.at("features", "assistant_view"))

    def has_home(self) -> bool:
        return self.given is None or bool(self.at("features", "app_home", "home_tab_enabled"))

    def has_command(self, command: str) -> bool:
        known = self.at("features", "slash_commands") or ()
        return self.given is None or any(one["command"] == command for one in known)


class Workspace:
    """Everything that is kept. `lock` guards it: the server and the test are two threads."""

    def __init__(self, manifest: Manifest, trigger_s: float, emit: Callable[[Json], None]) -> None:
        self.manifest, self.trigger_s, self.emit = manifest, trigger_s, emit
        self.lock = threading.RLock()
        self.users: dict[str, Json] = {}
        self.conversations: dict[str, Conversation] = {}
        self.streams: dict[str, Stream] = {}
        self.ephemerals: list[Json] = []
        self.views: dict[str, Json] = {}
        self.homes: dict[str, Json] = {}
        self.triggers: dict[str, Trigger] = {}
        self.response_urls: dict[str, ResponseUrl] = {}
        self.sessions: dict[tuple[str, str], Json] = {}
        self.statuses: dict[tuple[str, str], str] = {}
        self.titles: dict[tuple[str, str], str] = {}
        self.prompts: dict[tuple[str, str | None], list[Json]] = {}
        self._numbers = itertools.count(secrets.randbelow(10**8))  # people of two workspaces are not the same
        self._last_us = 0
        self.add_user(BOT_USER, "quotedesk", is_bot=True)

    def new_id(self, letter: str) -> str:
        return f"{letter}0{next(self._numbers):09d}"

    def new_ts(self) -> str:
        """A time stamp that is later than every other."""
        self._last_us = max(self._last_us + 1, time.time_ns() // 1000)
        return f"{self._last_us // 1_000_000}.{self._last_us % 1_000_000:06d}"

    def add_user(self, user: str, name: str, is_bot: bool = False) -> str:
        real = name.title()
        profile = {"real_name": real, "display_name": name, "email": f"{name}@example.org", "team": TEAM}
        self.users[user] = {"id": user, "team_id": TEAM, "name": name, "real_name": real, "is_bot": is_bot,
                            "deleted": False, "tz": "Europe/Berlin", "tz_offset": 3600, "is_app_user": False,
                            "profile": profile}  # fmt: skip
        return user

    def add_conversation(self, name: str, kind: str, members: set[str]) -> Conversation:
        made = Conversation(self.new_id({"im": "D", "group": "G"}.get(kind, "C")), name, kind, members)
        self.conversations[made.id] = made
        return made

    def direct(self, user: str) -> Conversation:
        """The direct message of the app and that person."""
        if user not in self.users:
            raise SlackError("user_not_found")
        for one in self.conversations.values():
            if one.kind == "im" and user in one.members:
                return one
        return self.add_conversation("directmessage", "im", {user, BOT_USER})

    def conversation(self, name: str, member: bool = False) -> Conversation:
        """The conversation of that id, "#name" or person, as the app sees it; `member`: it must be in it."""
        found = self.conversations.get(name) or next(
            (one for one in self.conversations.values() if one.kind != "im" and one.name == name.removeprefix("#")),
            None,
        )
        if found is None and name in self.users:
            found = self.direct(name)
        if found is None or (found.kind != "channel" and BOT_USER not in found.members):
            raise SlackError("channel_not_found")
        if member and found.is_archived:
            raise SlackError("is_archived")
        if member and BOT_USER not in found.members:
            raise SlackError("not_in_channel")
        return found

    def message(self, channel: str, ts: str, error: str = "message_not_found") -> Json:
        found = self.conversation(channel).messages.get(ts)
        if found is None:
            raise SlackError(error)
        return found

    def root(self, place: Conversation, ts: str | None) -> Json | None:
        """The message that a thread hangs off. Raises for a ts that no message has, and for that of a reply."""
        if ts is None:
            return None
        found = place.messages.get(ts)
        if found is None:
            raise SlackError("thread_not_found")
        if found.get("thread_ts", ts) != ts:
            raise SlackError("cannot_reply_to_message")
        return found

    def add_message(self, place: Conversation, user: str, thread_ts: str | None = None, **content: Any) -> Json:
        """A new message, with what Slack itself writes on it and on the message that it replies to; told as event."""
        root, ts = self.root(place, thread_ts), self.new_ts()
        message: Json = {"type": "message", "user": user, "ts": ts, "team": TEAM, **content}
        if user == BOT_USER:
            message |= {"bot_id": BOT, "app_id": APP, "bot_profile": {"id": BOT, "app_id": APP, "team_id": TEAM}}
        message["blocks"] = self.named(message.get("blocks") or [])
        if root is not None:
            message |= {"thread_ts": thread_ts, "parent_user_id": root["user"]}
            repliers = [*root.get("reply_users", []), *({user} - set(root.get("reply_users", [])))]
            root |= {"thread_ts": thread_ts, "reply_count": root.get("reply_count", 0) + 1, "latest_reply": ts}
            root |= {"reply_users": repliers, "reply_users_count": len(repliers)}
        place.messages[ts] = message
        if user == BOT_USER:
            self.statuses.pop((place.id, thread_ts or ts), None)  # "cleared when the app sends a reply"
        self.tell(place, message | {"event_ts": ts})
        return message

    def tell(self, place: Conversation, event: Json) -> None:
        """Emit a message event, if the app is there to hear it."""
        if BOT_USER in place.members:
            kind = {"channel_type": place.kind} if event["type"] == "message" else {}
            self.emit(copy.deepcopy(event) | {"channel": place.id, **kind})

    def change(self, place: Conversation, message: Json, **content: Any) -> None:
        """Change a message in place, and tell."""
        before = copy.deepcopy(message)
        message |= content
        message["blocks"] = self.named(message["blocks"])
        at = self.new_ts()
        event = {"type": "message", "subtype": "message_changed", "hidden": True, "ts": at, "event_ts": at}
        self.tell(place, event | {"message": message, "previous_message": before})

    def named(self, blocks: list[Json]) -> list[Json]:
        """Blocks with the ids that Slack makes up where an app gives none."""
        named = copy.deepcopy(blocks)
        for block in named:
            block.setdefault("block_id", secrets.token_urlsafe(4))
            for part in parts(block):
                part.setdefault("action_id", secrets.token_urlsafe(4))
        return named

    def new_trigger(self, user: str) -> str:
        name = f"{next(self._numbers)}.{TEAM}.{secrets.token_hex(8)}"
        self.triggers[name] = Trigger(user, time.monotonic())
        return name

    def take_trigger(self, name: str) -> str:
        """The person for whom a modal may be opened. Raises when it was used or its time is over."""
        trigger = self.triggers.get(name)
        if trigger is None:
            raise SlackError("invalid_trigger_id")
        if time.monotonic() - trigger.made_s > self.trigger_s:
            raise SlackError("expired_trigger_id")
        if trigger.used:
            raise SlackError("exchanged_trigger_id")
        trigger.used = True
        return trigger.user
