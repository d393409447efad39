"""Names in Arabic letters: how a name in Latin letters may be written there, by a small network that ships.

Two spellings of one name are those that may render the same word of a script that writes few vowels: "Tazirbu" and
"Tazerbo" both give تازربو. The network (`models/names.npz`, scripts/train_names.py) says how a Latin letter between its
neighbours is written in Arabic, if at all.
"""

from __future__ import annotations

import io
import math
import re
import unicodedata
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from index.embedder import MODELS
from index.graphs import checked

FILE, SHA256 = "names.npz", "b2b1cb99009c735a9a624162f935429f410b0f119a63abeb6eb45e3b9088d2a6"
MAX_CHARS = 24
"""Of longer words, the letters that are looked at."""
FORMS, FORMS_ASKED = 4, 30
"""Arabic forms that are kept of a name of the archive, and looked for of a name in a question."""
OPTIONS = 3
"""Ways of writing a letter that are tried."""
RARITY = 0.35
"""Evidence counts letters by their frequency to minus this power: sharing rare ones tells more."""
NONE = -99.0
"""The evidence where there is none."""

_PLAIN = str.maketrans({"ø": "o", "ł": "l", "ı": "i", "æ": "ae", "œ": "oe", "đ": "d", "ð": "d", "þ": "th", "ß": "ss"})
_SILENT = re.compile("ah$")
_MIX = np.uint64(0x9E3779B97F4A7C15)


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
