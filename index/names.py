"""Spellings of one name: which names of the archive a name in a question may stand for.

Only words that the archive never writes in lower case can be meant, and only for a word of the question that it never
writes so either: an ordinary word is never taken for a name, nor a name for an ordinary word.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

REMEMBERED = 10_000
"""Words whose spellings are kept: one question asks for those of its names several times."""
MIN_CHARS = 5
"""Shorter words have too many neighbours."""
_FOLDS = (
    (re.compile("ph"), "f"),
    (re.compile("sch|sh|ch|j|dj"), "s"),
    (re.compile("dh"), "d"),
    (re.compile("th"), "t"),
    (re.compile("kh|gh|ck|[qgc]"), "k"),
    (re.compile("z"), "s"),
    (re.compile("x"), "ks"),
    (re.compile("v"), "f"),
)
_VOWELS = re.compile("[aeiouwyh]+")
_REPEATED = re.compile(r"(.)\1+")


def skeleton(name: str) -> str:
    """What spellings of a name share: its consonants, each by its kind, with a mark for a vowel that opens it."""
    folded = name
    for pattern, letter in _FOLDS:
        folded = pattern.sub(letter, folded)
    opening = "a" if _VOWELS.match(folded) else ""
    return opening + _REPEATED.sub(r"\1", _VOWELS.sub("", folded))


class Names:
    """Names (lower-case words) that can be looked up by any of their spellings."""

    def __init__(self, names: Iterable[str]) -> None:
        self._by_skeleton: dict[str, list[str]] = {}
        self._known: dict[str, list[str]] = {}
        for name in names:
            if len(name) >= MIN_CHARS:
                self._by_skeleton.setdefault(skeleton(name), []).append(name)

    def spellings(self, word: str) -> list[str]:
        """The other names that `word` may be a spelling of, nearest first."""
        if len(word) < MIN_CHARS:
            return []
        if (known := self._known.get(word)) is None:
            bones = skeleton(word)
            near = [(_distance(word, name), name) for name in self._by_skeleton.get(bones, ()) if name != word]
            known = [name for distance, name in sorted(near) if distance <= _allowance(bones, word, name)]
            if len(self._known) < REMEMBERED:
                self._known[word] = known
        return known


def _allowance(bones: str, one: str, other: str) -> int:
    """How many letters may differ; the same both ways."""
    return 1 if len(bones) < 3 else max(2, max(len(one), len(other)) // 3)


def _distance(one: str, other: str) -> int:
    """Levenshtein's: letters put in, left out or changed."""
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        previous, row[0] = row[0], i
        for j, b in enumerate(other, 1):
            previous, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, previous + (a != b))
    return row[-1]
