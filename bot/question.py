"""What a person or a program asks, checked before it is searched for."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from bot.answer import Question
from index.article import Scope, canonical_text

MAX_CHARS = 2_000
"""Code points of a question at the most."""


class QuestionError(ValueError):
    """A question that cannot be asked; the message says what is wrong with it."""


class DatesError(QuestionError):
    """Dates that no day lies between."""


def checked(question: Question) -> Question:
    """`question` with its white space tidied. QuestionError when it is empty or longer than MAX_CHARS."""
    text = _one_line(question.text)
    if not any(character.isalnum() for character in text):
        raise QuestionError(f"the question {text[:40]!r} has no words: ask something")
    if len(text) > MAX_CHARS:
        raise QuestionError(f"the question has {len(text):,} characters: ask in at most {MAX_CHARS:,}")
    scope = replace(question.scope, sources=tuple(map(_one_line, question.scope.sources)))
    if scope.start and scope.end and scope.start > scope.end:
        raise DatesError(f"no day is from {scope.start} to {scope.end}: swap the dates")
    return Question(text, tuple(_one_line(earlier)[:MAX_CHARS] for earlier in question.after), scope, question.asked)


def _one_line(text: str) -> str:
    return " ".join(canonical_text(text).split())


_FIELDS = {"question", "after", "from", "to", "source", "asked"}


def from_json(record: object) -> Question:
    """The Question in an outside program's JSON object. QuestionError names the field that is wrong."""
    if not isinstance(record, dict):
        raise QuestionError(f'{str(record)[:40]!r} is not an object: write {{"question": "..."}}')
    unknown = sorted(record.keys() - _FIELDS)
    if unknown:
        raise QuestionError(f"{unknown[0]!r} is not a field of a question: use {', '.join(sorted(_FIELDS))}")
    text = record.get("question")
    if not isinstance(text, str):
        raise QuestionError(f"question {text!r:.40} is not text")
    scope = Scope(_day(record, "from"), _day(record, "to"), _texts(record, "source"))
    return checked(Question(text, _texts(record, "after"), scope, _day(record, "asked")))


def _day(record: dict[str, Any], name: str) -> date | None:
    value = record.get(name)
    if value is None:
        return None
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise QuestionError(f"{name} {value!r:.40} is not a day: write it as 2018-11-25") from None


def _texts(record: dict[str, Any], name: str) -> tuple[str, ...]:
    value = record.get(name)
    texts = [] if value is None else [value] if isinstance(value, str) else value
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise QuestionError(f"{name} {value!r:.40} is not a list of texts")
    return tuple(texts)
