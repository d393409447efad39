"""Answers that are lists: "Ali, a judge, Omar and Hassan" are three people; "Health and Safety" may be one thing."""

from __future__ import annotations

import re

from bot.shape import Shape, asking
from index.passages import Span

_BREAK = re.compile(
    r"(?P<last>\s*,\s*(?:and|or|as well as)\s+|\s*;\s*(?:(?:and|or)\s+)?|\s*\n\s*|\s+(?:and|or|&|as well as)\s+)"
    r"|\s*,\s+",
    re.IGNORECASE,
)
_ASIDE = re.compile(r"(?:an?|the|who|whose|head|chief)\s", re.IGNORECASE)
"""What begins words on the name before them, or after: "Nasr, a judge", "the head of the council, Nasr"."""
_NAMED = re.compile(r"[A-ZÀ-ÖØ-ÞĀ-Ž]")
_SEVERAL = re.compile(
    r"\b(?:(?:who|what|which)\s+(?:are|were)|(?:which|what)\s+(?:two|three|four|five|six|seven|eight|nine|ten|\d+)|"
    r"which\s+(?:[\w-]+\s+){0,2}?(?!(?:is|was|has|does|this|its)\b)\w+[^\Wsui]s)\b(?!['’])",
    re.IGNORECASE,
)


def wants_several(question: str) -> bool:
    """Whether `question` asks for more than one: "which two towns", "what are the sites", "where do storms form"."""
    return bool(_SEVERAL.search(asking(question)))


def members(text: str, shape: Shape, *, several: bool = False) -> list[Span]:
    """The members of the list that `text` is, as places in it; all of it where it is none.

    Where not `several` are asked for, two that are joined by "and" are a list only if they are named people or places.
    """
    whole = [Span(0, len(text))]
    if shape not in (Shape.WHO, Shape.WHERE, Shape.WHAT):
        return whole
    found, start, is_list = list[Span](), 0, False
    for between in _BREAK.finditer(text):
        if between.start() <= start or between.end() >= len(text):
            continue
        if (
            shape is Shape.WHO
            and not between["last"]
            and (_ASIDE.match(text, between.end()) or (_ASIDE.match(text, start) and _NAMED.match(text, between.end())))
        ):
            continue
        found.append(Span(start, between.start()))
        start, is_list = between.end(), is_list or bool(between["last"])
    found.append(Span(start, len(text)))
    named = [bool(_NAMED.search(text[part.start : part.end])) for part in found]
    pair = any(named) if shape is Shape.WHO else all(named) and shape is Shape.WHERE
    least = 2 if several or pair else 3
    return found if is_list and len(found) >= least else whole
