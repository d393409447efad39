"""What stands in the events of Matrix, read and written: mentions, threads, edits, reactions. Pure functions."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from ui.matrix.html import Message

Content = dict[str, Any]
_USEFUL = {"👍": True, "✅": True, "✔": True, "+1": True, "👎": False, "❌": False, "-1": False}
_VARIANT = re.compile("[\ufe0f\U0001f3fb-\U0001f3ff]")
"""What asks for an emoji's picture or its colour of skin."""
_NUMBER = re.compile(r"(?:show\s+)?\[?(\d{1,3})\]?[.!]?", re.IGNORECASE)
_QUOTED_REPLY = re.compile(r"(?:>[^\n]*\n)+\n?")


@dataclass(frozen=True, slots=True)
class Said:
    """A person's message. `thread` is the message its thread hangs on, `reply_to` the one it answers; else empty."""

    event_id: str
    sender: str
    text: str
    """Without the name that it begins with when it is to us."""
    thread: str
    reply_to: str
    mentioned: bool
    to_others: bool
    """Whether it mentions people, and not us."""
    can_root: bool
    """Whether a thread can hang on it."""


def said(source: Mapping[str, Any], me: str, names: Sequence[str]) -> Said | None:
    """The message in an event; `me` is our user id, `names` are ours there. None when it is not one to be answered."""
    content = source["content"]
    relation = _mapping(content.get("m.relates_to"))
    kind = relation.get("rel_type")
    body = content.get("body")
    if source["sender"] == me or content.get("msgtype") != "m.text" or kind == "m.replace" or not isinstance(body, str):
        return None
    in_thread = kind == "m.thread"
    answered = _mapping(relation.get("m.in_reply_to")).get("event_id")
    reply_to = answered if isinstance(answered, str) and not (in_thread and relation.get("is_falling_back")) else ""
    if reply_to:
        body = _QUOTED_REPLY.sub("", body, count=1) if body.startswith(">") else body
    calling = (me, *names)
    others, mentioned = _mentioned(content, me)
    mentioned = mentioned or (not others and _without_name(body, calling, called=True) != body.strip())
    root = relation.get("event_id") if in_thread else ""
    return Said(
        source["event_id"],
        source["sender"],
        _without_name(body, calling, called=not mentioned),
        root if isinstance(root, str) else "",
        reply_to,
        mentioned,
        others,
        kind is None,
    )


def number(text: str) -> int | None:
    """The number of a quote that `text` asks to see, when it is nothing but that: `1`, `[1]`, `show 1`."""
    match = _NUMBER.fullmatch(text.strip())
    return int(match[1]) if match else None


def useful(key: str) -> bool | None:
    """What a reaction says of an answer: useful, or not, or nothing."""
    return _USEFUL.get(_VARIANT.sub("", key))


def content(message: Message, *, notice: bool = False, mention: str = "") -> Content:
    """A message; to the person of the id `mention`. A notice is one that no program should answer."""
    return {
        "msgtype": "m.notice" if notice else "m.text",
        "body": message.body,
        "format": "org.matrix.custom.html",
        "formatted_body": message.html,
        "m.mentions": {"user_ids": [mention]} if mention else {},
    }


def answering(content: Content, event_id: str, root: str) -> Content:
    """The same, as an answer to a message: in the thread that hangs on `root`, or beside it when that is empty."""
    relation: Content = {"m.in_reply_to": {"event_id": event_id}}
    if root:
        relation |= {"rel_type": "m.thread", "event_id": root, "is_falling_back": True}
    return {**content, "m.relates_to": relation}


def edit(content: Content, event_id: str) -> Content:
    """What makes the message of that id read as `content`."""
    return {
        **content,
        "body": f"* {content['body']}",
        "m.mentions": {},
        "m.new_content": content,
        "m.relates_to": {"rel_type": "m.replace", "event_id": event_id},
    }


def _mentioned(content: Mapping[str, Any], me: str) -> tuple[bool, bool]:
    """Whether only others are mentioned, and whether we are; older clients do it by a link alone."""
    if "m.mentions" in content:
        ids = _mapping(content["m.mentions"]).get("user_ids")
        ids = ids if isinstance(ids, list) else []
        return bool(ids) and me not in ids, me in ids
    formatted = content.get("formatted_body")
    return False, isinstance(formatted, str) and f"matrix.to/#/{me}" in unquote(formatted)


def _without_name(text: str, names: Sequence[str], *, called: bool) -> str:
    """`text` without the name that it begins with; only a `called` one, as in "@desk" and "Desk:", if so asked.

    The longest first, as one may begin another.
    """
    text = text.strip()
    for name in sorted(filter(None, names), key=len, reverse=True):
        bare = re.escape(name.removeprefix("@"))
        pattern = rf"@{bare}(?:[:,]|\s|$)|{bare}\s?[:,]" if called else rf"@?{bare}(?:\s?[:,]|\s|$)"
        if match := re.match(pattern, text, re.IGNORECASE):
            return text[match.end() :].strip()
    return text


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
