"""From the words a reader points at to what a person would say, and who is said to have said it.

A name is given whole and with what the person is; a number with its "about" or "at least"; a date whole. Everything
stays inside the sentence, and is its own words.
"""

from __future__ import annotations

import re
from collections.abc import Set

from bot.dates import expressions
from bot.proper import NO_NAMES, POSSESSIVE
from bot.score import normalized
from bot.shape import Shape
from index.lexical import terms
from index.passages import Span

_NAME_WORD = r"(?:(?:al|el|ad|an|ar|as|at)-)?[A-ZÀ-ÖØ-ÞĀ-Ž][\w'’.&-]*"
_PARTICLE = r"(?:de|del|la|al|el|bin|ibn|ben|bint|abu|von|van|der|da|dos)"
_NAME = re.compile(rf"{_NAME_WORD}(?:(?<!['’]s)(?:\s+{_PARTICLE}){{0,2}}\s+{_NAME_WORD})*")
_NO_ROLE = (
    r"(?!(?:and|or|but|who|which|when|where|while|as|after|before|said|says|was|were|is|are|has|had|told|according|with|"
    r"in|on|at|for|to|from|by)\b)"
)
_ROLE = re.compile(
    rf",\s+(?:(?:a|an|the|its|their|his|her)\s+)?{_NO_ROLE}[a-zà-ÿ][\w'’-]*(?:\s+(?!(?:said|says|was|were|is|are|has|had|"
    r"told|who|which|and|or|but|\w+ed)\b)[\w'’-]+){0,9}(?=[,;)]|[.!?]*\s*$)"
)
_TWO_NUMBERS = re.compile(
    r"(?P<first>.*?)(?:\s+(?:was|were|is|are|had|has|have|been))*\s+(?P<verb>was|were|is|are|had|has|have|\w+ed|hurt|shot)"
    r"\s+and\s+(?=\S)",
    re.IGNORECASE | re.DOTALL,
)
_HEDGE = re.compile(
    r"(?:about|around|some|nearly|almost|roughly|approximately|an estimated|close to|up to|at least|at most|more than|"
    r"fewer than|less than|over|under|no fewer than|no more than|as many as|between|only|another)\s+$",
    re.IGNORECASE,
)
_TRAILING = re.compile(
    r"(?:[\s,;:.!?–—-]|\b(?:and|or|but|his|her|their|its|the|a|an|of|in|on|at|to|with|by|who|which|that)\b)+$"
)
_LEADING = re.compile(r"^(?:[\s,;:–—-]|(?:and|or|but|that|which|who)\s)+")
_SPEECH = (
    r"said|says|say|told|claim(?:s|ed)(?=\s+(?:that|to|it|they|he|she|their)\b|\s*(?:[.,;:]|$))|den(?:ies|ied)|"
    r"announce[sd]|report(?:s|ed)|confirm(?:s|ed)|added|state[sd]|allege[sd]|estimate[sd]"
)
_ACCORDING = re.compile(r"\b(?:according to|by the estimate of|in the words of)\s+[^,.;:“”\"]{2,80}", re.IGNORECASE)
_SAID = re.compile(
    rf"(?:(?<=[,“”\"]\s)|(?<=^)|(?<=[.;]\s))(?!(?:has|have|had|who|which|that|and|but|as|it|also|later|then)\b)"
    rf"(?P<who>(?:[^\s,.;:“”\"]+\s+){{1,7}}?)(?P<verb>{_SPEECH})\b",
    re.IGNORECASE,
)
_ABBREVIATED = re.compile(r"\b(?:[A-Z]|Mr|Mrs|Ms|Dr|St|Jr|Sr|Inc|Ltd|Co)\.$")


def widened(sentence: str, span: Span, shape: Shape, known: Set[str] = frozenset()) -> Span:
    """The span of `sentence` that a person would give as the answer, around or inside `span`.

    `known` are the terms of the question, and those like them. What a person is is left out where it says nothing else;
    of two numbers that is meant whose verb is one of them.
    """
    start, end = _trimmed(sentence, span)
    if shape is Shape.WHEN:
        for place in expressions(sentence):
            if place.start < end and start < place.end:
                start, end = min(start, place.start), max(end, place.end)
    elif shape is Shape.HOW_MANY:
        if two := _TWO_NUMBERS.match(sentence[start:end]):
            is_first = any(term in known for term in terms(two["verb"]))
            start, end = (start, start + two.end("first")) if is_first else (start + two.end(), end)
        if hedge := _HEDGE.search(sentence[:start]):
            start = hedge.start()
    elif shape in (Shape.WHO, Shape.WHERE, Shape.WHAT):
        start, end = _whole_names(sentence, start, end)
        named = re.search(rf"{_NAME_WORD}$", sentence[:end])
        role = _ROLE.match(sentence, end) if shape is Shape.WHO and named else None
        if role and not set(terms(normalized(role.group()))) <= known:
            end = role.end()
    return Span(start, end)


def attribution(sentence: str, span: Span) -> str:
    """Who is said in `sentence` to have said what stands in `span`: "police said", or nothing."""
    if found := _ACCORDING.search(sentence):
        return "" if _touches(found, span) or _is_of(found, span) else found.group().strip()
    for found in _SAID.finditer(sentence):
        if not _touches(found, span):
            return f"{found['who']}{found['verb']}".strip()
    return ""


def _touches(match: re.Match[str], span: Span) -> bool:
    return match.start() < span.end and span.start < match.end()


def _is_of(according: re.Match[str], span: Span) -> bool:
    """Whether `span` says who that is: "..., according to Nasr, a judge", but not "According to Nasr, nine died"."""
    return (
        bool(according.start())
        and according.end() < span.start
        and not according.string[according.end() : span.start].strip(" ,")
    )


def _trimmed(sentence: str, span: Span) -> Span:
    text = sentence[span.start : span.end]
    start = span.start + (lead.end() if (lead := _LEADING.match(text)) else 0)
    trail = _TRAILING.search(text)
    end = span.end - (len(trail.group()) if trail and not _ABBREVIATED.search(text) else 0)
    return Span(start, end) if start < end else span


def _whole_names(sentence: str, start: int, end: int) -> tuple[int, int]:
    """The span grown to the whole of the names that its ends stand in."""
    for name in _NAME.finditer(sentence):
        first = name.start()
        while (word := sentence[first : name.end()].split(" ", 1)) and len(word) == 2 and word[0].lower() in NO_NAMES:
            first += len(word[0]) + 1
        last = name.end() - len(name.group()) + len(POSSESSIVE.sub("", name.group()))
        while sentence[last - 1] in ".'’" and not _ABBREVIATED.search(sentence[:last]):
            last -= 1
        if first < start < last or first < end < last:
            start, end = min(start, first), max(end, last)
    return start, end
