"""Questions to begin with, made from what the archive itself says, and only such as it answers."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime

from bot.answer import Question, Quote
from bot.desk import Desk
from index.article import EVERYTHING, Scope

MAX_EXAMPLES = 4
_SPEAKERS = 2  # questions about what someone said, at the most; the others are headlines
_OUTLETS = 4  # whose articles are looked at beside the whole archive: those with the most
_PROBE = "What happened, and who said so?"
_MAX_CHARS = 110
_NAME = r"((?:[A-Z][\w’'-]+ ){1,3}[A-Z][\w’'-]+)"
_SPEAKER = re.compile(_NAME + r"(?:, [^,.“”\"]{4,60},)? (?:said|says|told|announced|warned|denied)\b")


class Examples:
    """Those of `desk`, made again only when its archive has changed."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._changed: datetime | None = None
        self._found: list[str] = []

    def now(self) -> list[str]:
        """At most MAX_EXAMPLES questions."""
        changed = self._desk.status().changed
        if self._changed != changed:
            self._changed, self._found = changed, examples(self._desk)
        return self._found


def examples(desk: Desk) -> list[str]:
    """At most MAX_EXAMPLES questions: "What did NAME say?" of people the articles quote, then headlines as they are."""
    quotes = _some_quotes(desk)
    names = [re.sub("^The ", "the ", name) for quote in quotes for name in _SPEAKER.findall(quote.text)]
    found = _answered(desk, [f"What did {name} say?" for name in names], _SPEAKERS)
    headlines = [quote.title for quote in quotes if len(quote.title) <= _MAX_CHARS]
    return found + _answered(desk, headlines, MAX_EXAMPLES - len(found))


def _some_quotes(desk: Desk) -> list[Quote]:
    """Sentences from here and there in the archive."""
    outlets = [source for source, _ in desk.status().sources[:_OUTLETS]]
    quotes: list[Quote] = []
    for scope in (EVERYTHING, *(Scope(sources=(outlet,)) for outlet in outlets)):
        answer = desk.ask(Question(_PROBE, scope=scope))
        quotes += [*answer.quotes, *answer.near]
    return quotes


def _answered(desk: Desk, questions: Iterable[str], limit: int) -> list[str]:
    """The first `limit` of `questions`, each once, to which the archive has an answer."""
    found: list[str] = []
    for question in dict.fromkeys(questions):
        if len(found) == limit:
            break
        if any(map(str.isalnum, question)) and desk.ask(Question(question)).status == "answered":
            found.append(question)
    return found
