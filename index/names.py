"""Spellings of one name: which names of the archive a name in a question may stand for.

A name is kept under its likeliest forms in Arabic letters (`index.transcriber`), and found by those it shares. What
that has no examples of, as the many ways of writing Qaddafi, is found by the kinds of its consonants.

Only words that the archive does not write in lower case can be meant, and only for a word of the question that it does
not write so either: an ordinary word is never taken for a name, nor a name for an ordinary word.
"""

from __future__ import annotations

import math
import re
import zlib
from collections import defaultdict
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from index.transcriber import FORMS, FORMS_ASKED, Forms, transcriber

MIN_CHARS = 4
"""Shorter words have too many neighbours."""
MIN_KINDS_CHARS = 6
"""Words shorter than this are not found by the kinds of their consonants."""
LEAST, SURE = -1.0, 1.0
"""The least evidence (a logarithm) for one name, where the archive lacks the word that is asked for, and where it has
it. Of pairs of other names that begin with the same two letters, 1.1 % and 0.4 % pass (tests/eval/names.py)."""
MOST = 6
"""Other spellings that a word may stand for."""
REMEMBERED = 10_000
"""Words whose spellings are kept: one question asks for those of its names several times."""

_JOINED = re.compile("^(?:al|el)(?=.{5})")
_KINDS = (
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
_OPENING = frozenset("aeiou")
_REPEATED = re.compile(r"(.)\1+")


@lru_cache(REMEMBERED)
def same(one: str, other: str) -> bool:
    """Whether both (lower-case words) are surely spellings of one name, with consonants of the same kinds."""
    if one == other:
        return True
    if min(len(one), len(other)) < MIN_CHARS or skeleton(one) != skeleton(other):
        return False
    return _have_kinds(one, other) or transcriber().evidence(*sorted((one, other))) >= SURE


def kept_forms(words: Sequence[str]) -> Forms:
    """What words (n,) are found by, (n, FORMS + 1): their forms and last, with weight 0, the kinds of consonants."""
    forms = transcriber().forms(words, FORMS)
    kinds = np.array([_hashed(skeleton(word)) for word in words], np.uint32).reshape(-1, 1)
    return Forms(np.hstack([forms.hashes, kinds]), np.hstack([forms.weights, np.zeros_like(kinds, np.float32)]))


class Names:
    """Names (lower-case words) that can be looked up by any of their spellings; `forms` is what `kept_forms` gives.

    A name that is joined to its article ("aljazeera") is found without it too, and a word that is, by the rest of it,
    but only where the archive lacks the word that is asked for.
    """

    def __init__(self, names: Sequence[str], forms: Forms | None = None) -> None:
        joined = [name for name in names if _JOINED.match(name)]
        bare = [_JOINED.sub("", name) for name in joined]
        both = forms or kept_forms(names), kept_forms(bare)
        hashes, weights = (np.vstack(each).ravel() for each in zip(*both, strict=True))
        order = np.argsort(hashes)
        self._hashes, self._weights, self._rows = hashes[order], weights[order], order // (FORMS + 1)
        self._held, self._names, self._looked_at = frozenset(names), [*names, *joined], [*names, *bare]
        self._whole = len(names)
        self._known: dict[str, list[str]] = {}

    def spellings(self, words: Sequence[str]) -> dict[str, list[str]]:
        """The other names that each of `words` may be a spelling of, likeliest first."""
        new = [word for word in dict.fromkeys(words) if len(word) >= MIN_CHARS and word not in self._known]
        bare = {word: _JOINED.sub("", word) for word in new if word not in self._held and _JOINED.match(word)}
        every = list(dict.fromkeys([*new, *bare.values()]))
        forms = transcriber().forms(every, FORMS_ASKED)  # at once, in a tenth of the time of one by one
        found = {word: self._found(word, *(each[row] for each in forms)) for row, word in enumerate(every)}
        told = {word: self._known.get(word, []) for word in words}
        for word in new:
            others = dict(found[word])
            if word in bare:
                others |= {bare[word]: math.inf} if bare[word] in self._held else found[bare[word]]
            told[word] = sorted(others.keys() - {word}, key=lambda name: (-others[name], name))[:MOST]
            if len(self._known) < REMEMBERED:
                self._known[word] = told[word]
        return told

    def _found(self, word: str, hashes: NDArray[np.uint32], weights: NDArray[np.float32]) -> dict[str, float]:
        """The names that may be `word`, which has these forms, each with the evidence for it."""
        is_held = word in self._held
        hashes, weights = hashes[weights > 0], weights[weights > 0]
        shared: defaultdict[int, float] = defaultdict(float)
        for row, weight, own in zip(*self._rows_of(hashes), strict=True):
            shared[row] += float(weight * weights[own])
        least = SURE if is_held else LEAST
        found = {row: math.log(weight) for row, weight in shared.items() if weight >= math.exp(least)}
        rows, kinds, _ = self._rows_of(np.array([_hashed(skeleton(word))], np.uint32))
        alike = (row for row, weight in zip(rows, kinds, strict=True) if not weight)
        found |= {row: least for row in alike if row not in found and _have_kinds(word, self._looked_at[row])}
        last = self._whole if is_held else len(self._names)
        return {
            self._names[row]: value
            for row, value in found.items()
            if row < last and (self._looked_at[row][0] in _OPENING) == (word[0] in _OPENING)
        }

    def _rows_of(self, hashes: NDArray[np.uint32]) -> tuple[list[int], NDArray[np.float32], list[int]]:
        """The rows that have one of `hashes`, the weight there, and which of `hashes` it is."""
        starts, ends = np.searchsorted(self._hashes, hashes, "left"), np.searchsorted(self._hashes, hashes, "right")
        runs = [np.arange(start, end) for start, end in zip(starts, ends, strict=True)]
        places = np.concatenate([np.empty(0, np.int64), *runs])
        own = np.repeat(np.arange(len(hashes)), ends - starts)
        return self._rows[places].tolist(), self._weights[places], own.tolist()


@lru_cache(REMEMBERED)
def skeleton(name: str) -> str:
    """The consonants of a name, each by its kind, with a mark for a vowel that opens it."""
    folded = name
    for pattern, letter in _KINDS:
        folded = pattern.sub(letter, folded)
    return _consonants(folded)


def _consonants(word: str) -> str:
    opening = "a" if _VOWELS.match(word) else ""
    return opening + _REPEATED.sub(r"\1", _VOWELS.sub("", word))


def _have_kinds(one: str, other: str) -> bool:
    """Whether both have consonants of the same kinds, and few letters differ: very few where those are only vowels."""
    if min(len(one), len(other)) < MIN_KINDS_CHARS or (bones := skeleton(one)) != skeleton(other):
        return False
    longest = max(len(one), len(other))
    if _consonants(one) == _consonants(other):
        return _distance(one, other) <= longest // 8
    return _distance(one, other) <= (1 if len(bones) < 3 else max(2, longest // 3))


def _distance(one: str, other: str) -> int:
    """Levenshtein's: letters put in, left out or changed."""
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        previous, row[0] = row[0], i
        for j, b in enumerate(other, 1):
            previous, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, previous + (a != b))
    return row[-1]


def _hashed(text: str) -> int:
    return zlib.crc32(text.encode())
