"""How many: the numbers in words. "nine" is 9, "1,400" is 1400, "about 400" is near 400, and "dozens" is none."""

from __future__ import annotations

import math
import re
from typing import NamedTuple

from text_to_num import alpha2digit

from index.lexical import terms

NEAR = 0.1
"""How far, as a share of it, a number that is "about" so much may be off."""


class Amount(NamedTuple):
    """A number from `low` to `high` (the same when it is exact), of `unit`: the stems of the words after it."""

    low: float
    high: float
    unit: frozenset[str]

    @property
    def is_exact(self) -> bool:
        """Whether one number is meant."""
        return self.low == self.high


_VAGUE = re.compile(r"\b(?:dozens|scores|tens|hundreds|thousands|millions|billions)\b", re.IGNORECASE)
_ONE = re.compile(
    r"(?<!\bno )(?<!\beach )(?<!\bany )(?<!\bthis )(?<!\bthat )\bone\b(?! of\b| another\b| by\b)", re.IGNORECASE
)
_DIGITS = re.compile(
    r"(?P<sign>(?<![\w-])[-−])?(?<![\w.,–-])[$€£¥]?\s?(?P<number>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)"
    r"(?:\s?(?P<power>hundred|thousand|million|billion|trillion|bn|mn|m|k|1000000000|1000000|1000|100)\b)?(?!\w|[.,]\d|-\d)",
    re.IGNORECASE,
)
_POWERS = {
    "hundred": 1e2, "100": 1e2, "thousand": 1e3, "1000": 1e3, "k": 1e3, "million": 1e6, "1000000": 1e6, "m": 1e6,
    "mn": 1e6, "billion": 1e9, "1000000000": 1e9, "bn": 1e9, "trillion": 1e12,
}  # fmt: skip
_ABOUT = re.compile(
    r"\b(?:about|around|some|nearly|almost|roughly|approximately|an estimated|close to|up to)\s*$", re.IGNORECASE
)
_AT_LEAST = re.compile(r"\b(?:at least|more than|over|no fewer than|no less than|upwards of)\s*$", re.IGNORECASE)
_AT_MOST = re.compile(
    r"\b(?:at most|fewer than|less than|under|up to|as many as|below|no more than)\s*$", re.IGNORECASE
)
_RANGE = re.compile(r"^\s*(?:to|and|or|-|–|—)\s*$")
_PART_OF = re.compile(r"^\s+(?:\w+\s+)?of\s+(?:the|its|their|these|those)\s*$", re.IGNORECASE)
_UNIT = re.compile(r"\s*(?:of\s+)?(?:the\s+|its\s+|their\s+)?((?:[^\W\d_][\w'’-]*\s*){0,3})")


def amount(text: str) -> Amount | None:
    """The first number in `text`, as a range, or None when it gives none."""
    digits = _in_digits(text)
    found = list(_DIGITS.finditer(digits))
    if not found:
        return None
    if len(found) > 1 and _PART_OF.match(digits[found[0].end() : found[1].start()]):
        return None  # "eight of the ten": two numbers, and which is meant depends on the question
    first = found[0]
    value, before = _value(first), digits[: first.start()]
    unit = _unit(digits[first.end() :])
    if len(found) > 1 and _RANGE.match(digits[first.end() : found[1].start()]):
        other = _value(found[1])
        return Amount(min(value, other), max(value, other), _unit(digits[found[1].end() :]))
    if _AT_LEAST.search(before):
        return Amount(value, math.inf, unit)
    if _AT_MOST.search(before):
        return Amount(0.0, value, unit)
    if _ABOUT.search(before):
        return Amount(value * (1 - NEAR), value * (1 + NEAR), unit)
    return Amount(value, value, unit)


def same_unit(one: Amount, other: Amount) -> bool:
    """Whether they may count the same things: one of them says of what, or both the same."""
    return not one.unit or not other.unit or bool(one.unit & other.unit)


def is_measured(text: str) -> bool:
    """Whether the first number in `text` measures something ("400 kilometers") rather than counts."""
    found = amount(text)
    return bool(found and found.unit & _MEASURES)


def is_count(question: str) -> bool:
    """Whether `question` asks to count ("how many people"), and not to measure ("how many miles", "how long")."""
    found = _HOW_MANY.search(question)
    return bool(found and not _MEASURES & set(terms(found.group(1))))


def agree(one: Amount, other: Amount) -> bool:
    """Whether they may be one number: equal, or one within the other where that is only about so many."""
    if one.is_exact and other.is_exact:
        return one.low == other.low
    bounded = math.isfinite(one.high) and math.isfinite(other.high) and one.low > 0 < other.low
    touching = one.low in other or other.low in other
    return meet(one, other) if bounded else touching and (one.low == other.low or one.high == other.high)


def meet(one: Amount, other: Amount) -> bool:
    """Whether some number fits both."""
    return one.low <= other.high and other.low <= one.high


def _in_digits(text: str) -> str:
    """`text` with its number words in digits, and what is no number taken out."""
    kept = re.sub(r"\b(?:a|one) dozen\b", "12", text, flags=re.IGNORECASE)
    kept = re.sub(r"\bhalf a (million|billion|thousand)\b", r"0.5 \1", kept, flags=re.IGNORECASE)
    kept = re.sub(r"\ba (hundred|thousand|million|billion)\b", r"one \1", kept, flags=re.IGNORECASE)
    digits = " … ".join(alpha2digit(part, "en") for part in _VAGUE.split(kept))
    return digits if _DIGITS.search(digits) else _ONE.sub("1", digits)


def _value(match: re.Match[str]) -> float:
    value = float(match["number"].replace(",", "")) * _POWERS.get((match["power"] or "").lower(), 1.0)
    return -value if match["sign"] else value


def _unit(after: str) -> frozenset[str]:
    match = _UNIT.match(after)
    words = terms(match.group(1)) if match else []
    return frozenset(word for word in words if word not in _NO_UNIT)


_HOW_MANY = re.compile(r"\bhow many ([\w'’-]+)", re.IGNORECASE)
_MEASURES = frozenset(
    terms(
        "kilometers kilometres km miles meters metres feet inches acres hectares tons tonnes kilograms kg pounds "
        "gallons liters litres barrels degrees percent dollars euros rubles minutes hours days weeks months years"
    )
)
_NO_UNIT = frozenset(
    terms("were was are is had have has been and or in on at by from to of who that which other more the a an killed")
)
