"""Conversations as the browser keeps them: a list of chats, the open one first, each a list of turns.

What comes back from a browser is not trusted: what is no chat or turn is passed over, and quotes are checked again.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter

from bot.answer import Answer
from bot.desk import Desk

MAX_CHATS, MAX_TURNS = 10, 40
MAX_CHARS = 1_000_000
"""Of all chats as JSON: a browser keeps five million for a site, and everything is sent with every question."""
_ANSWER = TypeAdapter(Answer)

Chats = list[list[Any]]
"""Chats as JSON values."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A question as it was typed, and its answer."""

    question: str
    answer: Answer


def chats(kept: object) -> Chats:
    """The chats in what a browser kept: at least one, which may have no turns."""
    return [chat for chat in kept if isinstance(chat, list)] or [[]] if isinstance(kept, list) else [[]]


def turns(kept: object, desk: Desk) -> list[Turn]:
    """The turns of the open chat, with only those quotes that still stand in their articles."""
    found = []
    for record in chats(kept)[0]:
        try:
            found.append(Turn(str(record["question"]), desk.verified(answer_from_json(record["answer"]))))
        except (LookupError, TypeError, ValueError):  # written by another version, or by hand
            continue
    return found


def continued(kept: object, open_chat: Sequence[Turn]) -> Chats:
    """What the browser is to keep when `open_chat` has grown; the oldest goes when it gets too much."""
    latest = [{"question": turn.question, "answer": turn.answer.as_json()} for turn in open_chat[-MAX_TURNS:]]
    saved, room = [latest], MAX_CHARS - len(json.dumps(latest))
    for chat in chats(kept)[1:MAX_CHATS]:
        room -= len(json.dumps(chat))
        if room < 0:
            break
        saved.append(chat)
    return saved


def begun(kept: object) -> Chats:
    """What the browser is to keep when a new chat begins."""
    return [[], *(chat for chat in chats(kept) if chat)]


def reopened(kept: object, number: int) -> Chats:
    """What the browser is to keep when chat `number` is opened again."""
    every = chats(kept)
    opened = every[number : number + 1] or every[:1]
    return [*opened, *(chat for chat in every if chat and chat is not opened[0])]


def earlier(kept: object) -> list[tuple[int, str]]:
    """Number and first question of each chat but the open one."""
    listed = enumerate(chats(kept)[1:], 1)
    return [(number, str(chat[0].get("question"))) for number, chat in listed if chat and isinstance(chat[0], dict)]


def answer_from_json(record: Any) -> Answer:
    """The Answer that `as_json` made `record` of. Raises LookupError, TypeError or ValueError when none did."""
    days = record["searched"]
    searched = {"articles": days["articles"], "start": days["from"], "end": days["to"]}
    return _ANSWER.validate_python({**record, "searched": searched})
