"""Spellings of one name: which names of the archive a name in a question may stand for.

Two spellings are one name when both may render the same word of a script that writes few vowels: "Tazirbu" and
"Tazerbo" both give تازربو. A small network (`models/names.npz`, scripts/train_names.py) says how a Latin letter between
its neighbours is written in Arabic, if at all; a name is kept under its likeliest forms, and found by those it shares.
What its examples lack, as the many ways of writing Qaddafi, is found by the kinds of its consonants.

Only words that the archive does not write in lower case can be meant, and only for a word of the question that it does
not write so either: an ordinary word is never taken for a name, nor a name for an ordinary word.
"""

from __future__ import annotations

import io
import math
import re
import unicodedata
import zlib
from collections import defaultdict
from collections.abc import Sequence
from functools import cache, lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from index.embedder import MODELS
from index.graphs import checked

FILE, SHA256 = "names.npz", "b2b1cb99009c735a9a624162f935429f410b0f119a63abeb6eb45e3b9088d2a6"
MIN_CHARS = 4
"""Shorter words have too many neighbours."""
MIN_KINDS_CHARS = 6
"""Words shorter than this are not found by the kinds of their consonants."""
MAX_CHARS = 24
"""Of longer words, the letters that are looked at."""
FORMS, FORMS_ASKED = 4, 30
"""Arabic forms that are kept of a name of the archive, and looked for of a name in a question."""
OPTIONS = 3
"""Ways of writing a letter that are tried."""
RARITY = 0.35
"""Evidence counts letters by their frequency to minus this power: sharing rare ones tells more."""
LEAST, SURE = -1.0, 1.0
"""The least evidence (a logarithm) for one name, where the archive lacks the word that is asked for, and where it has
it. Of pairs of other names that begin with the same two letters, 1.1 % and 0.4 % pass (tests/eval/names.py)."""
NONE = -99.0
"""The evidence where there is none."""
MOST = 6
"""Other spellings that a word may stand for."""
REMEMBERED = 10_000
"""Words whose spellings are kept: one question asks for those of its names several times."""

_PLAIN = str.maketrans({"ø": "o", "ł": "l", "ı": "i", "æ": "ae", "œ": "oe", "đ": "d", "ð": "d", "þ": "th", "ß": "ss"})
_SILENT = re.compile("ah$")
_JOINED = re.compile("^(?:al|el)(?=.{5})")
_MIX = np.uint64(0x9E3779B97F4A7C15)
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


class Forms(NamedTuple):
    """Ways of writing words in Arabic: hashes (n, k) uint32 and weights (n, k) float32, 0 where there are fewer.

    A form's weights in two words multiply to the evidence that it gives for their being one.
    """

    hashes: NDArray[np.uint32]
    weights: NDArray[np.float32]

    def padded(self, n: int) -> Forms:
        """These with rows of zeros after them, `n` in all."""
        more = ((0, n - len(self.hashes)), (0, 0))
        return Forms(np.pad(self.hashes, more), np.pad(self.weights, more))


def plain(word: str) -> str:
    """`word` in the letters a to z: no accents, apostrophes or hyphens, and other Latin letters as those nearest."""
    if word.isascii() and word.isalpha():
        return word.lower()
    bare = (c for c in unicodedata.normalize("NFKD", word.casefold()).translate(_PLAIN) if "a" <= c <= "z")
    return "".join(bare)


def letters(words: Sequence[str]) -> NDArray[np.uint8]:
    """The letters of words (n, longest + 2): 1 to 26, with 0 before the first, after the last, and for padding."""
    cut = [_SILENT.sub("a", plain(word))[:MAX_CHARS] for word in words]
    codes = np.zeros((len(cut), max(map(len, cut), default=0) + 2), np.uint8)
    for row, word in enumerate(cut):
        codes[row, 1 : len(word) + 1] = np.frombuffer(word.encode(), np.uint8) - 96
    return codes


class Transcriber:
    """How Latin letters are written in Arabic.

    `table` (3, 27, hidden) and `bias` (hidden,) give the hidden layer by the letter before, the letter and the one
    after; `out` (hidden, 1 + Arabic letters) and `out_bias` the logits, the first of them for writing nothing.
    `frequency` (Arabic letters,) is how often each is written.
    """

    def __init__(
        self,
        table: NDArray[np.float32],
        bias: NDArray[np.float32],
        out: NDArray[np.float32],
        out_bias: NDArray[np.float32],
        frequency: NDArray[np.float32],
    ) -> None:
        self._table, self._bias, self._out, self._out_bias = table, bias, out, out_bias
        self._rarity = np.concatenate([[1.0], frequency ** (-RARITY / 2)]).astype(np.float32)

    def forms(self, words: Sequence[str], k: int) -> Forms:
        """The `k` likeliest forms of each word; none of a word without letters."""
        codes = letters(words)
        count, length = len(codes), codes.shape[1] - 2
        order = np.argsort(-(codes > 0).sum(1), kind="stable")
        codes = codes[order].astype(np.int32)
        contexts = (codes[:, :-2] * 27 + codes[:, 1:-1]) * 27 + codes[:, 2:]
        unique, places = np.unique(contexts, return_inverse=True)
        places = places.reshape(count, length)
        written, shares = self._options(unique)
        hashes, weights = np.zeros((count, k), np.uint64), np.zeros((count, k), np.float32)
        for place in range(length):
            still = int((codes[:, place + 1] > 0).sum())
            if not place:
                weights[:still, 0] = 1
            at = places[:still, place]
            before, letter = hashes[:still, :, None], written[at][:, None, :]
            longer = np.where(letter == 0, before, (before + letter) * _MIX)
            shared = weights[:still, :, None] * shares[at][:, None, :]
            hashes[:still], weights[:still] = _heaviest(longer.reshape(still, -1), shared.reshape(still, -1), k)
        back = np.argsort(order)
        return Forms((hashes[back] >> np.uint64(32)).astype(np.uint32), weights[back])

    def evidence(self, one: str, other: str) -> float:
        """The evidence (a logarithm) that both are spellings of one name, NONE where they share no form."""
        asked, held = self.forms([one], FORMS_ASKED), self.forms([other], FORMS)
        _, places, others = np.intersect1d(asked.hashes[0], held.hashes[0], return_indices=True)
        shared = float(asked.weights[0][places] @ held.weights[0][others])
        return math.log(shared) if shared > 0 else NONE

    def _options(self, contexts: NDArray[np.int32]) -> tuple[NDArray[np.uint64], NDArray[np.float32]]:
        """Of each context (n,), the Arabic letters (n, OPTIONS), 0 for none, and their weights."""
        hidden = self._table[0][contexts // 729] + self._table[1][contexts // 27 % 27] + self._table[2][contexts % 27]
        logits = np.maximum(hidden + self._bias, 0) @ self._out + self._out_bias
        shares = np.exp(logits - logits.max(1, keepdims=True))
        shares /= shares.sum(1, keepdims=True)
        written = np.argsort(-shares, axis=1)[:, :OPTIONS]
        return written.astype(np.uint64), np.take_along_axis(shares * self._rarity, written, 1).astype(np.float32)


@cache
def transcriber() -> Transcriber:
    """The bundled one; DamagedModelError when its file is not the released one."""
    with np.load(io.BytesIO(checked(MODELS / FILE, SHA256))) as file:
        return Transcriber(**{name: file[name].astype(np.float32) for name in file.files})


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

    def spellings(self, word: str) -> list[str]:
        """The other names that `word` may be a spelling of, likeliest first."""
        if len(word) < MIN_CHARS:
            return []
        if (known := self._known.get(word)) is None:
            found = self._found(word)
            if word not in self._held and _JOINED.match(word):
                bare = _JOINED.sub("", word)
                found |= {bare: math.inf} if bare in self._held else self._found(bare)
            known = sorted(found.keys() - {word}, key=lambda name: (-found[name], name))[:MOST]
            if len(self._known) < REMEMBERED:
                self._known[word] = known
        return known

    def _found(self, word: str) -> dict[str, float]:
        """The names that may be `word`, each with the evidence for it."""
        is_held = word in self._held
        forms = transcriber().forms([word], FORMS_ASKED)
        hashes, weights = forms.hashes[forms.weights > 0], forms.weights[forms.weights > 0]
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


def _heaviest(
    hashes: NDArray[np.uint64], weights: NDArray[np.float32], k: int
) -> tuple[NDArray[np.uint64], NDArray[np.float32]]:
    """The `k` heaviest of each row, where equal ones count as one with the sum of their weights."""
    order = np.argsort(hashes, axis=1)
    hashes, weights = np.take_along_axis(hashes, order, 1), np.take_along_axis(weights, order, 1)
    is_first = np.ones(hashes.shape, np.bool_)
    is_first[:, 1:] = hashes[:, 1:] != hashes[:, :-1]
    firsts = np.flatnonzero(is_first)
    summed = np.zeros_like(weights)
    summed.ravel()[firsts] = np.add.reduceat(weights.ravel(), firsts)
    best = np.argpartition(-summed, k - 1, axis=1)[:, :k]
    return np.take_along_axis(hashes, best, 1), np.take_along_axis(summed, best, 1)
