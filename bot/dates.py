"""When: the days that words speak of, seen from the day on which they were written or asked.

dateparser reads the single expression; this module finds expressions in running text, and what stands around them
("since", "late", "between ... and").
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from index.passages import Span


class Period(NamedTuple):
    """Days from `start` to `end`, both included; None where it is open."""

    start: date | None
    end: date | None

    def meets(self, other: Period) -> bool:
        """Whether some day is in both."""
        return _not_after(self.start, other.end) and _not_after(other.start, self.end)

    def holds(self, day: date) -> bool:
        """Whether `day` is in it."""
        return self.meets(Period(day, day))


_ANY_DAY = date(2000, 1, 1)  # seen from which an expression with a year means the same as from any other
_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|"
    r"nov(?:ember)?|dec(?:ember)?)\b(?:\.(?=\s*\d))?"
)
_WEEKDAY = r"(?:mon|tues|wednes|thurs|fri|satur|sun)day"
_YEAR = r"(?:19|20)\d\d\b"
_DAY = r"[0-3]?\d(?:st|nd|rd|th)?\b"
_UNIT = r"(?:day|week|month|year)"
_COUNT = r"(?:\d+|an?|one|two|three|four|five|six|seven|eight|nine|ten|twelve)"
_EXPRESSION = re.compile(
    rf"""\b(?:
        (?P<iso>\d{{4}}-\d\d-\d\d)\b
      | (?:{_WEEKDAY},?\s+)?{_DAY}\s+(?:of\s+)?{_MONTH}(?:,?\s+(?P<y1>{_YEAR}))?
      | (?:{_WEEKDAY},?\s+)?{_MONTH}\s+{_DAY}(?:,?\s+(?P<y2>{_YEAR}))?
      | (?:{_WEEKDAY},?\s+)?{_MONTH}\s+(?P<y3>{_YEAR})
      | (?:(?:last|this|next|past)\s+)?(?:{_WEEKDAY}|{_MONTH}(?!\w))
      | (?:last|this|past)\s+(?:{_UNIT}|weekend)\b(?!\s+of\b)
      | {_COUNT}\s+{_UNIT}s?\s+(?:ago|earlier|before)\b
      | (?:yesterday|today|tonight)\b
      | (?P<y4>{_YEAR})
    )""",
    re.IGNORECASE | re.VERBOSE,
)
_PART = re.compile(r"\b(early|mid|late|the beginning of|the start of|the end of)[\s-]+(?:in\s+)?$", re.IGNORECASE)
_CASED = re.compile(r"(?:may|march|mar|dec|jan)\b", re.IGNORECASE)  # other words too, unless one of these comes before
_TIMED = re.compile(
    r"\b(?:in|since|of|by|until|till|from|between|and|to|before|after|during|early|mid|late|on|this|last)[\s-]+$",
    re.IGNORECASE,
)
_BEFORE = re.compile(r"\b(?:(since|from)|(after)|(before|until|till|by))\s+(?:the\s+)?(?:\w+\s+of\s+)?$", re.IGNORECASE)
_BETWEEN = re.compile(r"\b(?:between|from)\b.*?$", re.IGNORECASE)
_SCOPED = re.compile(
    r"\b(?:in|on|during|since|after|before|until|till|by)\s+(?:the\s+)?(?:(?:\w+\s+){1,2}of\s+)?$", re.IGNORECASE
)
_PAIRED = re.compile(r"\b(?:between\b.+\band|from\b.+\b(?:to|until|till))\b", re.IGNORECASE)
_AND = re.compile(r"^\s*(?:and|to|until|till|-|–)\s*$", re.IGNORECASE)


def expressions(text: str) -> Iterator[Span]:
    """Where `text` speaks of a time, as narrowly as it does: "Tuesday", "late August", "25 November 2018"."""
    for match in _EXPRESSION.finditer(text):
        if _CASED.fullmatch(match.group().strip(". ")) and not _TIMED.search(text[: match.start()]):
            continue
        part = _PART.search(text[: match.start()])
        yield Span(part.start() if part else match.start(), match.end())


@lru_cache(maxsize=10_000)
def period(expression: str, day: date | None) -> Period | None:
    """The days that one expression means when it is written on `day`.

    None when it means none, or when it needs the day and that is not known ("Tuesday", "25 November").
    """
    match = _EXPRESSION.search(expression)
    if not match:
        return None
    named_year = any(match[group] for group in ("iso", "y1", "y2", "y3", "y4"))
    if day is None and not named_year:
        return None
    words = re.sub(r"\bpast\b", "last", match.group(), flags=re.IGNORECASE)
    words = re.sub(r"\b(earlier|before)$", "ago", words, flags=re.IGNORECASE)
    said = _weekend(day, words) if day and words.lower().endswith("weekend") else _said(words, day or _ANY_DAY)
    part = _PART.search(expression[: match.start()])
    return _part_of(said, part.group(1).lower()) if said and part else said


def asked_for(question: str, day: date) -> tuple[Period | None, str]:
    """The days that a question asked on `day` is about, and the question without the words that say them.

    "in November 2018", "since 2016", "between May and July". (None, `question`) when it is about no days.
    """
    found = [
        (span, said)
        for span in expressions(question)
        if _is_scope(question, span) and (said := period(question[span.start : span.end], day))
    ]
    if not found:
        return None, question
    (first, said), *more = found
    before = question[: first.start]
    if more and (between := _BETWEEN.search(before)) and _AND.match(question[first.end : more[0][0].start]):
        (second, last), *_ = more
        said = period(question[first.start : first.end], last.end) or said  # "between May and July 2016"
        return Period(said.start, last.end), cut(question, Span(between.start(), second.end))
    scope = _SCOPED.search(before)
    rest = cut(question, Span(scope.start() if scope else first.start, first.end))
    if leading := _BEFORE.search(before):
        since, after, _ = leading.groups()
        if since:
            return Period(said.start, None), rest
        if after:
            return Period(said.end + timedelta(1) if said.end else None, None), rest
        return Period(None, said.start - timedelta(1) if said.start else None), rest
    return said, rest


def cut(text: str, place: Span) -> str:
    """`text` without what stands at `place`, as it would be written."""
    return f"{text[: place.start].rstrip(' ,')}{text[place.end :]}".lstrip(" ,")


def _is_scope(question: str, place: Span) -> bool:
    """Whether a time says when, and is no part of a name ("the 2018 World Cup", "a song from 1973")."""
    before, after = question[: place.start], question[place.end :]
    relative = re.match(
        r"(?:last|this|past|yesterday|today|tonight)\b|.*\bago$", question[place.start : place.end], re.I
    )
    if not relative and before.lower().endswith(" the ") and re.match(r"\s+(?!of\b)\w", after):
        return False  # "in the 2018 World Cup"
    return bool(relative or _SCOPED.search(before) or (_BETWEEN.search(before) and _PAIRED.search(question)))


def _said(words: str, day: date) -> Period | None:
    """What dateparser makes of `words`; a weekday is the last one, `day` itself included."""
    from dateparser.date import DateDataParser  # takes a fifth of a second: only when there is a date to read

    if re.fullmatch(_WEEKDAY, words, re.IGNORECASE):
        day += timedelta(1)
    settings = {"RELATIVE_BASE": datetime(day.year, day.month, day.day), "PREFER_DATES_FROM": "past"}
    found = DateDataParser(languages=["en"], settings=settings).get_date_data(words)
    if not found.date_obj:
        return None
    at = found.date_obj.date()
    if re.search("weeks?", words, re.IGNORECASE) and not words.lower().endswith("ago"):
        monday = at - timedelta(at.weekday())
        is_this = words.lower().startswith("this")  # said on a Monday, most of it is in the week before
        return Period(min(monday, at - timedelta(6)) if is_this else monday, monday + timedelta(6))
    if found.period == "month":
        return Period(at.replace(day=1), at.replace(day=calendar.monthrange(at.year, at.month)[1]))
    if found.period == "year":
        return Period(date(at.year, 1, 1), date(at.year, 12, 31))
    return Period(at, at)


def _weekend(day: date, words: str) -> Period:
    """The latest Saturday and Sunday that had begun on `day`; the one before for "last weekend" said in it."""
    saturday = day - timedelta((day.weekday() - 5) % 7)
    if words.lower().startswith("last") and day.weekday() >= 5:
        saturday -= timedelta(7)
    return Period(saturday, saturday + timedelta(1))


def _part_of(whole: Period, part: str) -> Period:
    """The first, middle or last third of a month or a year; a shorter period is left whole."""
    start, end = whole
    if not start or not end or (end - start).days < 27:
        return whole
    third = (end - start).days // 3
    if part in {"late", "the end of"}:
        return Period(end - timedelta(third), end)
    if part == "mid":
        return Period(start + timedelta(third), end - timedelta(third))
    return Period(start, start + timedelta(third))


def _not_after(start: date | None, end: date | None) -> bool:
    return start is None or end is None or start <= end
