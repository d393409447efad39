"""A person in a Matrix client, for tests: makes rooms, writes, reacts, and reads what the others see."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from html import escape
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

import httpx

if TYPE_CHECKING:
    from tests.matrix.synapse import User

WAIT_S = 60
"""For anything to happen: it takes a tenth of a second, but not on a machine that is busy with everything else."""

Event = dict[str, Any]
Found = TypeVar("Found")


class LimitedError(RuntimeError):
    """The server will not take more for now; again in `retry_after_ms`."""

    def __init__(self, retry_after_ms: int) -> None:
        super().__init__(f"too much at once: again in {retry_after_ms} ms")
        self.retry_after_ms = retry_after_ms


@dataclass(frozen=True)
class Message:
    """A message as a client shows it: with its edits applied, in its thread, with the reactions to it."""

    event_id: str
    sender: str
    kind: str
    """m.text, m.notice, ...; m.room.encrypted when it cannot be read."""
    body: str
    html: str = ""
    thread: str | None = None
    """The message that its thread hangs on."""
    reply_to: str | None = None
    """What it answers; not the fallback that threads carry for clients that know none."""
    mentions: tuple[str, ...] = ()
    edits: int = 0
    reactions: tuple[tuple[str, str], ...] = ()
    """Who, and with which key."""
    secret: bool = False
    """Whether the server could not read it."""


class Person:
    """Somebody with an account, at work in rooms that are not encrypted."""

    def __init__(self, url: str, user: User) -> None:
        self.user_id, self.name = user.user_id, user.name
        headers = {"Authorization": f"Bearer {user.token}"}
        api = f"{url}/_matrix/client/v3"
        self._http = httpx.Client(base_url=api, headers=headers, timeout=WAIT_S, trust_env=False)
        self._transactions = 0

    def __enter__(self) -> Person:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    # Rooms

    def room(self, *invited: Person | str, encrypted: bool = False, direct: bool = False) -> str:
        """A new room, its id; `direct` is what a client asks for when somebody starts a chat with one other."""
        start = {"type": "m.room.encryption", "content": {"algorithm": "m.megolm.v1.aes-sha2"}}
        wish = {
            "preset": "trusted_private_chat" if direct else "private_chat",
            "is_direct": direct,
            "invite": [_id(one) for one in invited],
            "initial_state": [start] if encrypted else [],
        }
        return str(self._call("POST", "/createRoom", wish)["room_id"])

    def invite(self, room: str, whom: Person | str) -> None:
        """Ask somebody in."""
        self._call("POST", f"/rooms/{quote(room)}/invite", {"user_id": _id(whom)})

    def join(self, room: str) -> None:
        """Follow an invitation."""
        self._call("POST", f"/rooms/{quote(room)}/join", {})

    def leave(self, room: str) -> None:
        """Go."""
        self._call("POST", f"/rooms/{quote(room)}/leave", {})

    def members(self, room: str) -> set[str]:
        """Who has joined."""
        return set(self._call("GET", f"/rooms/{quote(room)}/joined_members")["joined"])

    # Writing

    def send(
        self, room: str, text: str, *, mention: Person | str | None = None, thread: str = "", reply_to: str = ""
    ) -> str:
        """Say something, to all or to one who is mentioned, in the thread of a message or in reply to one; its id."""
        content: Event = {"msgtype": "m.text", "body": text, "m.mentions": {}}
        if mention:
            whom = _id(mention)
            pill = f'<a href="https://matrix.to/#/{whom}">{escape(getattr(mention, "name", whom))}</a>'
            content |= {
                "body": f"{getattr(mention, 'name', whom)}: {text}",
                "format": "org.matrix.custom.html",
                "formatted_body": f"{pill}: {escape(text)}",
                "m.mentions": {"user_ids": [whom]},
            }
        if thread:
            content["m.relates_to"] = {
                "rel_type": "m.thread",
                "event_id": thread,
                "is_falling_back": not reply_to,
                "m.in_reply_to": {"event_id": reply_to or thread},
            }
        elif reply_to:
            content["m.relates_to"] = {"m.in_reply_to": {"event_id": reply_to}}
        return self._send(room, "m.room.message", content)

    def edit(self, room: str, event_id: str, text: str) -> str:
        """Say what one said in other words."""
        words = {"msgtype": "m.text", "body": text, "m.mentions": {}}
        relation = {"rel_type": "m.replace", "event_id": event_id}
        fallback = {**words, "body": f"* {text}"}
        return self._send(room, "m.room.message", {**fallback, "m.new_content": words, "m.relates_to": relation})

    def react(self, room: str, event_id: str, key: str) -> str:
        """React with an emoji, as "👍"."""
        relation = {"rel_type": "m.annotation", "event_id": event_id, "key": key}
        return self._send(room, "m.reaction", {"m.relates_to": relation})

    def delete(self, room: str, event_id: str) -> None:
        """Take back a message, an edit or a reaction."""
        self._transactions += 1
        self._call("PUT", f"/rooms/{quote(room)}/redact/{event_id}/{self._transactions}", {})

    # Reading

    def messages(self, room: str) -> list[Message]:
        """All that was said since the room began, in order."""
        return _resolved(self._events(room))

    def wait(self, room: str, condition: Callable[[Message], bool], timeout_s: float = WAIT_S) -> Message:
        """The first message for which `condition` holds, when there is one. Raises TimeoutError."""
        return self._wait(lambda: next(filter(condition, self.messages(room)), None), timeout_s, room)

    def wait_for_member(self, room: str, whom: Person | str, timeout_s: float = WAIT_S) -> None:
        """Until somebody has joined: whoever joins an encrypted room later cannot read what was said before."""
        self._wait(lambda: _id(whom) in self.members(room), timeout_s, room)

    def _wait(self, look: Callable[[], Found | None], timeout_s: float, room: str) -> Found:
        last = time.monotonic() + timeout_s
        while True:
            found = look()
            if found:
                return found
            if time.monotonic() > last:
                raise TimeoutError(f"not within {timeout_s} s; what was said: {self.messages(room)}")
            time.sleep(0.1)

    def _send(self, room: str, kind: str, content: Event) -> str:
        self._transactions += 1
        return str(self._call("PUT", f"/rooms/{quote(room)}/send/{kind}/{self._transactions}", content)["event_id"])

    def _events(self, room: str) -> list[Event]:
        found = self._call("GET", f"/rooms/{quote(room)}/messages?dir=f&limit=1000")
        return list(found["chunk"])

    def _call(self, method: str, path: str, body: Event | None = None) -> Event:
        answer = self._http.request(method, path, json=body)
        if answer.status_code == 429:
            raise LimitedError(answer.json()["retry_after_ms"])
        assert answer.is_success, answer.text
        return dict(answer.json())


def _id(person: Person | str) -> str:
    return person if isinstance(person, str) else person.user_id


def _resolved(events: list[Event]) -> list[Message]:
    """Messages out of a room's events, each with what later ones changed about it."""
    messages: dict[str, Message] = {}
    for event in events:
        if "redacted_because" in event.get("unsigned", {}):
            continue
        relation = event["content"].get("m.relates_to", {})
        target = messages.get(relation.get("event_id", ""))
        match event["type"], relation.get("rel_type"):
            case "m.room.message" | "m.room.encrypted", "m.replace":
                if target and target.sender == event["sender"] and "m.new_content" in event["content"]:
                    words = _words(event["content"]["m.new_content"])
                    messages[target.event_id] = replace(target, **words, edits=target.edits + 1)
            case "m.room.message" | "m.room.encrypted", _:
                messages[event["event_id"]] = _message(event, relation)
            case "m.reaction", "m.annotation":
                if target:
                    reactions = (*target.reactions, (event["sender"], relation["key"]))
                    messages[target.event_id] = replace(target, reactions=reactions)
    return list(messages.values())


def _message(event: Event, relation: Event) -> Message:
    said = {"kind": "m.room.encrypted", "body": "", **_words(event["content"])}
    answered = {} if relation.get("is_falling_back") else relation.get("m.in_reply_to", {})
    return Message(
        event["event_id"],
        event["sender"],
        **said,
        thread=relation["event_id"] if relation.get("rel_type") == "m.thread" else None,
        reply_to=answered.get("event_id"),
        secret=event.get("secret", False),
    )


def _words(content: Event) -> Event:
    if "msgtype" not in content:
        return {}
    return {
        "kind": content["msgtype"],
        "body": content["body"],
        "html": content.get("formatted_body", ""),
        "mentions": tuple(content.get("m.mentions", {}).get("user_ids", ())),
    }
