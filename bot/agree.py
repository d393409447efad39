"""Whether two answers to one question say the same, or exclude each other, by what they mean."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date

from bot.dates import Period, expressions, period
from bot.numbers import Amount, agree, amount, meet, same_unit
from bot.reader import Gist
from bot.score import normalized
from bot.shape import Shape
from index import names
from index.lexical import terms

MOST_TIMES = 40
"""How many times longer of two times one may be for them to be told of one event: a month and a day, no year."""
_TITLES = frozenset(
    terms(
        "mr mrs ms dr sir lord lady prince princess king queen president minister colonel general captain judge senator"
    )
)


@dataclass(frozen=True, slots=True)
class Said:
    """An answer's words and what they come to: a number, a period, and the words by which a name is known."""

    text: str
    amount: Amount | None
    period: Period | None
    name: frozenset[str]

    def same(self, other: Gist) -> bool:
        """Whether both give one answer."""
        if not isinstance(other, Said):
            return False
        if self.amount and other.amount:
            return agree(self.amount, other.amount) and same_unit(self.amount, other.amount)
        if self.period and other.period:
            return self.period.meets(other.period)
        if self.text == other.text:
            return True
        return _is_part(self.name, other.name) or _is_part(other.name, self.name)

    def excludes(self, other: Gist) -> bool:
        """Whether at most one of them can be right: numbers of the same thing, or times, that do not meet."""
        if not isinstance(other, Said):
            return False
        if self.amount and other.amount:
            return same_unit(self.amount, other.amount) and not meet(self.amount, other.amount)
        return bool(self.period and other.period and _are_apart(self.period, other.period))


def said(text: str, written: date | None, shape: Shape) -> Said:
    """What `text`, written on that day, says as an answer of that shape."""
    number = amount(text) if shape is Shape.HOW_MANY else None
    days = _days(text, written) if shape is Shape.WHEN else None
    every = terms(normalized(text))
    words = [word for word in every if word not in _TITLES]
    return Said(normalized(text), number, days, frozenset(words or every))


def _are_apart(one: Period, other: Period) -> bool:
    """Whether two times cannot both be right: a year and a day of another are mostly of two events."""
    longer, shorter = sorted((_days_of(one), _days_of(other)), reverse=True)
    return not one.meets(other) and longer <= MOST_TIMES * shorter


def _days_of(span: Period) -> float:
    return (span.end - span.start).days + 1 if span.start and span.end else math.inf


def _is_part(one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether every word of `one`, which has some, is in `other`, in any spelling."""
    return bool(one) and all(any(names.same(word, like) for like in other) for word in one)


def _days(text: str, written: date | None) -> Period | None:
    found = (period(text[place.start : place.end], written) for place in expressions(text))
    return next(filter(None, found), None)
