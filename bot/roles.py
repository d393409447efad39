"""Who did it and to whom it was done: "who was kidnapped" asks for one, "who kidnapped them" for the other.

Told from the verb of the question, where a sentence has it or one like it: what stands before a passive ("was
abducted") or after an active ("abducted") suffered it, and the other way round for who did it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import Enum
from typing import NamedTuple

from index.lexical import terms
from index.passages import Span

_BE = r"(?:is|are|was|were|be|been|being|get|gets|got|gotten)"
_IRREGULAR = (
    r"beaten|bought|brought|built|caught|chosen|cut|driven|drawn|fed|felt|fought|found|forgotten|forced|given|held|hidden|"
    r"hit|hurt|kept|known|led|left|lost|made|met|paid|put|read|run|seen|sent|set|shot|shown|slain|sold|spent|stolen|struck|"
    r"sued|sunk|sworn|taken|taught|thrown|told|torn|understood|woken|won|worn|written"
)
_DONE = rf"(?:[a-z]+ed|{_IRREGULAR})"
_SUBJECT = r"(?:who|whom|what|how many|(?:which|what|how many)\s+(?:[\w'’-]+\s+){0,3}?[\w'’-]+)"
_ASKS_PATIENT = re.compile(
    rf"^\W*{_SUBJECT}\s+(?:(?:has|have|had|will|would|may|might|could|can)\s+)?(?:also\s+)?{_BE}\s+(?:\w+ly\s+|also\s+)?"
    rf"(?P<verb>{_DONE})\b(?!\s+by\W*$)",
    re.IGNORECASE,
)
_ASKS_OBJECT = re.compile(
    r"^\W*(?:who|whom|what|which\s+[\w'’-]+)\s+(?:did|do|does|will|would|can|could)\s+(?:[\w'’-]+\s+){1,4}?"
    r"(?P<verb>[a-z]+)(?=\W*$|\s+(?:in|on|at|from|during|after|before|for|with|near)\b)",
    re.IGNORECASE,
)
_ASKS_AGENT = re.compile(
    rf"^\W*(?:who|how many|(?:which|what|how many)\s+[\w'’-]+)\s+(?:has\s+|have\s+|had\s+)?(?P<verb>{_DONE})\b",
    re.IGNORECASE,
)
_PASSIVE = re.compile(rf"\b{_BE}\s+(?:(?:also|then|later|not|still|\w+ly)\s+){{0,2}}$", re.IGNORECASE)
_NO_OBJECT = re.compile(
    r"^\s*(?:$|[,.;:)]|(?:in|on|at|by|during|when|while|after|before|from|near|along|together)\b)", re.IGNORECASE
)
_BY, _WITH = (
    re.compile(rf"\b(?:{words})\s+(?:[\w'’-]+\s+){{0,3}}$", re.IGNORECASE) for words in ("by", "with|including")
)
_ASIDE = re.compile(r",[^,]*,")
_CLAUSE = re.compile(r"\b(?:and|but|when|while|after|before|as|because|that|which|who)\b|[;:—]", re.IGNORECASE)
_AND, _DOING = re.compile(r"\band\b", re.IGNORECASE), re.compile(rf"\b{_DONE}\b")
_LISTED = re.compile(r"\s+\S.*\band\s+(?:his|her|their|the|a|an|\w+)?\s*$", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_][\w'’-]*")
NEAR_CHARS = 120
"""How far from its verb what did or suffered it may stand."""


class Role(Enum):
    """What a question asks for, and what words are in their sentence."""

    AGENT = "who did it"
    PATIENT = "to whom it was done"


class Asked(NamedTuple):
    """The role that is asked for, and the stem of the question's verb."""

    role: Role
    verb: str


def asked(question: str) -> Asked | None:
    """Which role `question` asks for; None when its words do not tell."""
    for pattern, role in ((_ASKS_PATIENT, Role.PATIENT), (_ASKS_OBJECT, Role.PATIENT), (_ASKS_AGENT, Role.AGENT)):
        if found := pattern.match(question):
            (verb,) = terms(found["verb"])
            return Asked(role, verb)
    return None


def role(sentence: str, span: Span, is_verb: Callable[[str], bool]) -> Role | None:
    """What the words at `span` are to the nearest verb of `sentence` that `is_verb`; None when that cannot be told."""
    found: list[tuple[int, Role]] = []
    for word in _WORD.finditer(sentence):
        inside = span.start < word.end() and word.start() < span.end
        if inside or not any(map(is_verb, terms(word.group()))):
            continue
        passive = bool(_PASSIVE.search(sentence[: word.start()]))
        if not passive and _NO_OBJECT.match(sentence[word.end() :]):
            continue  # "people killed in Sirte", "they attacked in Sirte": which of the two, its form does not say
        its = _after(sentence[word.end() : span.start], passive) if word.end() <= span.start else None
        if span.end <= word.start():
            its = _before(sentence[span.end : word.start()], passive)
        if its:
            found.append((min(abs(word.start() - span.end), abs(span.start - word.end())), its))
    return min(found, default=(0, None), key=lambda one: one[0])[1]


def whole_object(sentence: str, span: Span, is_verb: Callable[[str], bool]) -> Span:
    """`span` from right after its active verb: where it is "his brothers", all of "took the mayor and his brothers"."""
    for word in _WORD.finditer(sentence[: span.start]):
        if not any(map(is_verb, terms(word.group()))) or _PASSIVE.search(sentence[: word.start()]):
            continue
        between = sentence[word.end() : span.start]
        if len(between) <= NEAR_CHARS and _LISTED.match(between) and _is_object(between):
            return Span(word.end() + len(between) - len(between.lstrip()), span.end)
    return span


def _after(between: str, passive: bool) -> Role | None:
    """The role of what follows its verb, with `between` in between."""
    if len(between) > NEAR_CHARS:
        return None
    if not passive:
        return Role.PATIENT if _is_object(between) else None
    return Role.PATIENT if _WITH.search(between) and not _BY.search(between) else Role.AGENT


def _is_object(words: str) -> bool:
    """Whether what an active verb is done to may begin with `words`: several people or things, but no other verb."""
    return not _CLAUSE.search(_AND.sub(" ", words)) and not _DOING.search(words)


def _before(between: str, passive: bool) -> Role | None:
    """The role of what comes before its verb."""
    if len(between) > NEAR_CHARS or _CLAUSE.search(_ASIDE.sub(" ", between)):
        return None
    return Role.PATIENT if passive else Role.AGENT
