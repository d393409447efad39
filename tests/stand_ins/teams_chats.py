"""The chats of the stand-in: what a bot has said in them, and the limits that depend on what was said before."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

from tests.stand_ins.teams_messages import Message
from tests.stand_ins.teams_rules import MAX_BYTES, RefusedError, bad, check, size

STREAM_INTERVAL_S: Final = 1.0
STREAM_LIMIT_S: Final = 120.0
MAX_INFORMATIVE: Final = 1000
"""Characters of an informative update."""

SENDS: Final = ((1, 7), (2, 8), (30, 60), (3600, 1800))
"""How much a bot may send into one conversation: so many messages within so many seconds."""

Kind = Literal["personal", "groupChat", "channel"]
NOT_ALLOWED: Final = "ContentStreamNotAllowed"


@dataclass
class Stream:
    """A message that is being streamed. `ended` says how it came to its end, once it has."""

    id: str
    started_s: float
    last_s: float
    sequence: int = 0
    text: str = ""
    informative: list[str] = field(default_factory=list)
    chunks: list[str] = field(default_factory=list)
    ended: Literal["final", "stopped", "expired"] | None = None


@dataclass
class Conversation:
    """A chat or a channel. `messages` are the bot's, by id, oldest first."""

    id: str
    kind: Kind
    people: list[dict[str, Any]]
    messages: dict[str, Message] = field(default_factory=dict)
    streams: dict[str, Stream] = field(default_factory=dict)
    typing: int = 0
    sent_s: list[float] = field(default_factory=list)


class Chats:
    """All conversations, by id. `now` tells the time in seconds. What is refused raises RefusedError."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._conversations: dict[str, Conversation] = {}
        self._ids = itertools.count(1_700_000_000_000)

    def add(self, conversation: Conversation) -> Conversation:
        """Put it there, unless it is there."""
        return self._conversations.setdefault(conversation.id, conversation)

    def find(self, conversation_id: str) -> Conversation:
        """The conversation; `;messageid=` names a thread of a channel."""
        try:
            return self._conversations[conversation_id.split(";")[0]]
        except KeyError:
            raise RefusedError(404, "ConversationNotFound", "Conversation not found.") from None

    def next_id(self) -> str:
        """An id of an activity, as Teams makes them: a number, in a string."""
        return str(next(self._ids))

    def messages(self) -> list[Message]:
        """What the bot has said anywhere and can be seen, oldest first."""
        said = [message for chat in self._conversations.values() for message in chat.messages.values()]
        return sorted((one for one in said if one.text or one.cards), key=lambda message: int(message.id))

    def post(self, conversation_id: str, activity: Mapping[str, Any]) -> tuple[int, dict[str, Any]]:
        """A bot posts an activity: the status and the body of the answer."""
        chat = self.find(conversation_id)
        check(activity)
        info = next((one for one in activity.get("entities") or () if str(one["type"]).lower() == "streaminfo"), None)
        if info is not None:
            return self._stream(chat, conversation_id, activity, info)
        self._count(chat)
        if activity.get("type") == "typing":
            chat.typing += 1
            return 202, {}
        self._check_plain(activity)
        message = Message(self.next_id(), conversation_id, dict(activity))
        chat.messages[message.id] = message
        return 201, {"id": message.id}

    def update(self, conversation_id: str, activity_id: str, activity: Mapping[str, Any]) -> tuple[int, dict[str, Any]]:
        """A bot puts another text into a message of its own."""
        chat = self.find(conversation_id)
        message = self._own(chat, activity_id)
        check(activity)
        self._check_plain(activity)
        stream = chat.streams.get(activity_id)
        if stream is not None and stream.ended == "stopped":
            raise RefusedError(403, NOT_ALLOWED, "Content stream was canceled by user.")
        chat.messages[activity_id] = replace(message, activity=dict(activity), edits=message.edits + 1, done=True)
        return 200, {"id": activity_id}

    def delete(self, conversation_id: str, activity_id: str) -> tuple[int, dict[str, Any]]:
        """A bot takes a message of its own back."""
        chat = self.find(conversation_id)
        del chat.messages[self._own(chat, activity_id).id]
        return 200, {}

    def stop(self, conversation_id: str) -> Stream:
        """A person presses the button that stops the message being streamed. Raises LookupError without one."""
        for stream in self.find(conversation_id).streams.values():
            if stream.ended is None:
                stream.ended = "stopped"
                return stream
        raise LookupError(f"nothing is being streamed in {conversation_id}")

    @staticmethod
    def _own(chat: Conversation, activity_id: str) -> Message:
        try:
            return chat.messages[activity_id]
        except KeyError:
            raise RefusedError(404, "ActivityNotFoundInConversation", "Conversation not found.") from None

    @staticmethod
    def _check_plain(activity: Mapping[str, Any]) -> None:
        if activity.get("type") != "message":
            raise bad(f"an activity of type {activity.get('type')!r} is no message")
        if not activity.get("text") and not activity.get("attachments"):
            raise bad("a message has a text or an attachment")
        if size(activity) > MAX_BYTES:
            raise RefusedError(413, "MessageSizeTooBig", "Message size too large.")

    def _count(self, chat: Conversation) -> None:
        """Refuse what is more than a bot may send into one conversation."""
        now = self._now()
        for period_s, most in SENDS:
            if sum(now - sent < period_s for sent in chat.sent_s) >= most:
                raise RefusedError(429, "Throttled", "Too many requests.", retry_after_s=period_s)
        chat.sent_s.append(now)

    def _stream(
        self, chat: Conversation, conversation_id: str, activity: Mapping[str, Any], info: Mapping[str, Any]
    ) -> tuple[int, dict[str, Any]]:
        """One request of a streamed message: its start, a further piece, or its end."""
        if chat.kind != "personal":
            raise RefusedError(403, NOT_ALLOWED, "Content stream is not allowed")
        if size(activity) > MAX_BYTES:
            raise RefusedError(403, NOT_ALLOWED, "Message size too large")
        kind = info.get("streamType") or "streaming"
        self._check_form(activity, info, kind)
        if not info.get("streamId"):
            return self._start(chat, conversation_id, activity, info, kind)
        stream = chat.streams.get(info["streamId"])
        if stream is None:
            raise bad(f"no stream has the id {info['streamId']}", "BadRequest")
        self._check_alive(stream)
        if kind != "final" and info["streamSequence"] <= stream.sequence:
            # Teams drops it and says so, with a status of success.
            message = "PreCondition failed exception when processing streaming activity."
            return 202, RefusedError(202, "ContentStreamSequenceOrderPreConditionFailed", message).as_json()
        text = str(activity.get("text") or "")
        # Whether the last one may differ is nowhere said; that it may have no text, beside a card, the SDK relies on.
        if kind != "informative" and not text.startswith(stream.text) and not (kind == "final" and not text):
            message = "Request streamed content should contain the previously streamed content"
            raise RefusedError(403, NOT_ALLOWED, message)
        self._pace(stream)
        self._take(chat, conversation_id, stream, activity, info, kind)
        return 202, {}

    @staticmethod
    def _check_form(activity: Mapping[str, Any], info: Mapping[str, Any], kind: str) -> None:
        sequence, text = info.get("streamSequence"), activity.get("text")
        if kind not in ("informative", "streaming", "final"):
            raise bad(f"streamType is informative, streaming or final, not {kind!r}", "BadRequest")
        if (activity.get("type") == "message") != (kind == "final"):
            raise bad(
                "Only start streaming and continue streaming types are allowed as a typing activity", "BadRequest"
            )
        if kind == "final" and sequence is not None:
            raise bad("the last streaming activity has no streamSequence", "BadRequest")
        if kind == "final" and not info.get("streamId"):
            raise bad("the last streaming activity has a streamId", "BadRequest")
        if kind != "final" and (not isinstance(sequence, int) or sequence < 1):
            raise bad("streaming activities have a streamSequence from 1", "BadRequest")
        if not text and not (kind == "final" and activity.get("attachments")):
            raise bad("Start streaming activities should include text", "BadRequest")
        if kind == "informative" and len(str(text)) > MAX_INFORMATIVE:
            raise bad(f"an informative update is over {MAX_INFORMATIVE} characters", "BadRequest")

    def _start(
        self, chat: Conversation, conversation_id: str, activity: Mapping[str, Any], info: Mapping[str, Any], kind: str
    ) -> tuple[int, dict[str, Any]]:
        if info["streamSequence"] != 1:
            raise bad("the first streaming activity has the streamSequence 1", "BadRequest")
        for other in chat.streams.values():
            if other.ended is None and self._now() - other.started_s < STREAM_LIMIT_S:
                raise RefusedError(403, NOT_ALLOWED, "Content stream is not allowed")  # one at a time in a chat
        now = self._now()
        stream = Stream(self.next_id(), now, now)
        chat.streams[stream.id] = stream
        self._take(chat, conversation_id, stream, activity, info, kind)
        return 201, {"id": stream.id}

    def _check_alive(self, stream: Stream) -> None:
        if stream.ended is None and self._now() - stream.started_s > STREAM_LIMIT_S:
            stream.ended = "expired"
        messages = {
            "final": "Content stream is not allowed on an already completed streamed message",
            "stopped": "Content stream was canceled by user.",
            "expired": "Content stream finished due to exceeded streaming time.",
        }
        if stream.ended is not None:
            raise RefusedError(403, NOT_ALLOWED, messages[stream.ended])

    def _pace(self, stream: Stream) -> None:
        now = self._now()
        if now - stream.last_s < STREAM_INTERVAL_S:
            raise RefusedError(429, None, "API calls quota exceeded", retry_after_s=1)
        stream.last_s = now

    def _take(
        self,
        chat: Conversation,
        conversation_id: str,
        stream: Stream,
        activity: Mapping[str, Any],
        info: Mapping[str, Any],
        kind: str,
    ) -> None:
        stream.sequence = info.get("streamSequence") or stream.sequence
        text = str(activity.get("text") or "")
        if kind == "informative":
            stream.informative.append(text)
        elif kind == "streaming":
            stream.text = text
            stream.chunks.append(text)
        else:
            stream.ended = "final"
        # Until the end there is text only: buttons, cards and labels are shown with the last activity.
        shown = dict(activity) if kind == "final" else {**_text_only(activity), "text": stream.text}
        chat.messages[stream.id] = Message(stream.id, conversation_id, shown, streamed=True, done=kind == "final")


def _text_only(activity: Mapping[str, Any]) -> dict[str, Any]:
    return {name: activity[name] for name in ("textFormat", "replyToId") if name in activity}
