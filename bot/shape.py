"""What kind of answer a question asks for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import Enum

from bot.proper import names
from bot.reader import Findings, Reader, ReadPassage, Told, statements


class Shape(Enum):
    """The kinds that are answered differently."""

    WHO = "who"
    WHEN = "when"
    WHERE = "where"
    HOW_MANY = "how many"
    WHY = "why"
    HOW = "how"
    ACCOUNT = "what happened, or was said or done"
    WHAT = "what"
    YES_NO = "yes or no"
    STATEMENT = "statement"


IN_A_SENTENCE = frozenset({Shape.WHY, Shape.HOW, Shape.ACCOUNT})
"""The shapes of which a few words are no answer: the sentence that holds them is."""
_AUXILIARY = "is|are|was|were|do|does|did|has|have|had|can|could|will|would|should|may|might"
_PEOPLE = "person|people|man|woman|men|women|politician|actor|actress|singer|player|president|minister|leader"
_PLACES = "country|city|town|state|place|village|region|province|location|county|area|continent"
_TIMES = "year|date|day|month|time|week|decade|century"
_MEASURES = "number|percentage|share|amount|total|price|cost|age|toll|death toll|size|length|height"
_TELLING = (
    "say|said|tell|told|ask|asked|do|done|decide|decided|announce|announced|claim|claimed|warn|warned|demand|demanded|"
    "call for|called for|think|believe|want|report|reported|suggest|suggested|propose|proposed|promise|promised|"
    "threaten|threatened|explain|explained|admit|admitted|estimate|estimated|mean|argue|argued|describe|described"
)
_DOES = rf"what (?!(?:is|are|was|were)\b)(?:{_AUXILIARY}) (?P<who>(?:[\w’'-]+ ){{1,7}}?)(?:{_TELLING})"
_RULES = tuple(
    (shape, re.compile(rf"(?:{rule})\b", re.IGNORECASE))
    for shape, rule in (
        (Shape.HOW_MANY, "how (?:many|much|old|long|far|tall|big|large|often|high|deep|wide|heavy|fast)"),
        (Shape.HOW_MANY, rf"(?:what|which) (?:(?:was|is|were|are) )?(?:the )?(?:{_MEASURES})"),
        (Shape.WHEN, rf"when|(?:what|which) (?:{_TIMES})"),
        (Shape.WHERE, rf"where|(?:what|which) (?:[A-Z]\w* )?(?:{_PLACES})"),
        (Shape.WHO, rf"who|whom|whose|(?:what|which) (?:{_PEOPLE})"),
        (Shape.WHY, "why|what (?:(?:was|is|were|are) )?(?:the )?(?:reason|cause)s?|what caused"),
        (Shape.HOW, "how"),
        (Shape.ACCOUNT, "what (?:(?:has|have|had|will|is|was) )?(?:happen|took place|going on)\\w*"),
        (Shape.ACCOUNT, _DOES),
        (Shape.ACCOUNT, r"what (?:is|are|was|were) (?:[\w’'-]+ ){1,7}?(?:say|tell|ask|do|warn|demand|think|plan)ing"),
        (Shape.WHAT, "what|which"),
    )
)
_YES_NO = re.compile(rf"(?:{_AUXILIARY})(?:n['’]t)?\b", re.IGNORECASE)
_SENTENCE_END = re.compile(r"[.!?:…]+[\s\"'”’]+")
_ASIDE = re.compile(r"(?:regarding|besides)\b", re.IGNORECASE)
_QUESTION_WORD = re.compile(r"\b(?:who|whom|whose|when|where|why|how|what|which)\b", re.IGNORECASE)


def asking(question: str) -> str:
    """The last sentence of `question`, which is what asks; those before it say what it is about."""
    return _SENTENCE_END.split(question.strip(" ?!.\"'“”‘’"))[-1]


def shape_of(question: str) -> Shape:
    """The shape of the answer to `question`: its last sentence's first question word tells, or that it has none."""
    text = asking(question)
    if _ASIDE.match(text):
        text = text.rpartition(", ")[2]
    if _YES_NO.match(text):
        return Shape.YES_NO
    for word in _QUESTION_WORD.finditer(text):
        return next(shape for shape, rule in _RULES if rule.match(text, word.start()))
    return Shape.STATEMENT


_WHO_DOES = re.compile(rf"{_DOES}\b", re.IGNORECASE)
_IS = re.compile(r"(?:who|what)(?:['’]s| is| are| was| were) (?:the )?(?P<name>.+)", re.IGNORECASE)


def who_did(question: str) -> str:
    """Of whom `question` asks what they said or did: "he" of "What did he say?"; "" when of nobody."""
    found = _WHO_DOES.search(asking(question))
    return found["who"].strip() if found else ""


def explained(question: str) -> str | None:
    """The name that `question` asks to have explained: "Tazirbu" of "What is Tazirbu?"; None when it asks for more."""
    found = _IS.fullmatch(asking(question))
    return found["name"] if found and names(found["name"]) == [found["name"]] else None


class ByShape:
    """Gives a question to the reader for its shape.

    `names` for what a name is, `short` for names, numbers and the like, `whole` for the rest.
    """

    def __init__(self, names: Reader, short: Reader, whole: Reader) -> None:
        self._names, self._short, self._whole = names, short, whole

    def read(self, query: str, passages: Sequence[ReadPassage], told: Told = statements) -> Findings:
        """What that reader finds."""
        is_whole = shape_of(query) in (Shape.YES_NO, Shape.STATEMENT)
        reader = self._names if explained(query) else self._whole if is_whole else self._short
        return reader.read(query, passages, told)
