"""BM25 over passages, kept in memory as arrays and on disk beside the archive.

Okapi BM25 with the inverse document frequency of Lucene (Robertson and Zaragoza, 2009), over Snowball stems. The index
holds counts, not scores, so passages can be added and dropped without reading the rest again.
"""

from __future__ import annotations

import json
import os
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import Stemmer
from numpy.typing import NDArray

K1, B = 0.9, 0.4
"""BM25's saturation and length weights; the values that Anserini's baselines use for passages."""

_WORD = re.compile(r"[^\W_]+")
_ARRAYS = ("keys", "lengths", "indptr", "postings", "counts")


def terms(text: str) -> list[str]:
    """The stems of the words of `text`, in order: case, accents and English endings do not count."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    if not plain.isascii():
        plain = "".join(c for c in plain if not unicodedata.combining(c))
    return [_stem(word) for word in _WORD.findall(plain)]


_english = Stemmer.Stemmer("english")


@cache
def _stem(word: str) -> str:
    stem: str = _english.stemWord(word)
    return stem


@dataclass(frozen=True, slots=True)
class LexicalIndex:
    """Which passages hold which terms, how often. Immutable: `updated` gives the next one.

    `keys` (n,) int64 are the passages, ascending; `lengths` (n,) int32 their terms; `vocabulary` maps a term to its
    row; the passages of row r are `postings[indptr[r]:indptr[r + 1]]` (int32 places in `keys`), with `counts` (uint8).
    """

    vocabulary: dict[str, int]
    keys: NDArray[np.int64]
    lengths: NDArray[np.int32]
    indptr: NDArray[np.int64]
    postings: NDArray[np.int32]
    counts: NDArray[np.uint8]

    @classmethod
    def empty(cls) -> LexicalIndex:
        """An index of nothing."""
        return cls(
            {},
            np.empty(0, np.int64),
            np.empty(0, np.int32),
            np.zeros(1, np.int64),
            np.empty(0, np.int32),
            np.empty(0, np.uint8),
        )

    def __len__(self) -> int:
        return len(self.keys)

    def updated(self, added: Iterable[tuple[int, Sequence[str]]], dropped: Iterable[int] = ()) -> LexicalIndex:
        """This index without the passages `dropped` and with `added`: pairs of key and terms, keys not yet held."""
        vocabulary = dict(self.vocabulary)
        keys, lengths, rows, places, counts = [], [], [], [], []
        for place, (key, words) in enumerate(added):
            tally = Counter(words)
            keys.append(key)
            lengths.append(len(words))
            rows.extend(vocabulary.setdefault(word, len(vocabulary)) for word in tally)
            places.extend([place] * len(tally))
            counts.extend(min(count, 255) for count in tally.values())
        kept = ~np.isin(self.keys, np.fromiter(dropped, np.int64))
        kept_postings = kept[self.postings]
        old_rows = np.repeat(np.arange(len(self.indptr) - 1, dtype=np.int32), np.diff(self.indptr))[kept_postings]
        old_places = (np.cumsum(kept, dtype=np.int32) - 1)[self.postings[kept_postings]]
        all_rows = np.concatenate([old_rows, np.array(rows, np.int32)])
        order = np.argsort(all_rows, kind="stable")
        new_places = np.array(places, np.int32) + np.int32(kept.sum())
        return LexicalIndex(
            vocabulary,
            np.concatenate([self.keys[kept], np.array(keys, np.int64)]),
            np.concatenate([self.lengths[kept], np.array(lengths, np.int32)]),
            np.concatenate([[0], np.cumsum(np.bincount(all_rows, minlength=len(vocabulary)))]).astype(np.int64),
            np.concatenate([old_places, new_places])[order].astype(np.int32),
            np.concatenate([self.counts[kept_postings], np.array(counts, np.uint8)])[order],
        )

    def idf(self, term: str) -> float:
        """How telling a term is: 0 when most passages hold it, about log(n) when one does; log(1 + 2n) when none."""
        row = self.vocabulary.get(term)
        held = 0 if row is None else int(self.indptr[row + 1] - self.indptr[row])
        return float(np.log(1 + (len(self) - held + 0.5) / (held + 0.5)))

    def search(self, query: Sequence[str], k: int, allowed: NDArray[np.int64] | None = None) -> list[tuple[int, float]]:
        """The best `k` passages as (key, BM25 score), best first; those that hold no term are left out.

        `allowed`, when given, are the keys of the only passages that count.
        """
        scores = np.zeros(len(self), np.float32)
        norm = (
            (K1 * (1 - B + B * self.lengths / max(self.lengths.mean(), 1))).astype(np.float32) if len(self) else scores
        )
        for term, weight in Counter(query).items():
            row = self.vocabulary.get(term)
            if row is None:
                continue
            held = slice(self.indptr[row], self.indptr[row + 1])
            places, count = self.postings[held], self.counts[held].astype(np.float32)
            scores[places] += weight * self.idf(term) * count * (K1 + 1) / (count + norm[places])
        if allowed is not None:
            scores[~np.isin(self.keys, allowed)] = 0
        k = min(k, len(self))
        best = np.argpartition(scores, len(self) - k)[len(self) - k :] if k else np.empty(0, np.int64)
        best = best[np.lexsort((self.keys[best], -scores[best]))]
        return [(int(self.keys[place]), float(scores[place])) for place in best if scores[place] > 0]

    def save(self, folder: Path, generation: int) -> None:
        """Write the index under `folder` for `load`, whole or not at all."""
        folder.mkdir(parents=True, exist_ok=True)
        target, scratch = folder / "lexical.npz", folder / "lexical.npz.new"
        vocabulary = np.frombuffer("\n".join(self.vocabulary).encode(), np.uint8)
        with scratch.open("wb") as file:
            np.savez(
                file,
                vocabulary=vocabulary,
                about=np.frombuffer(json.dumps({"generation": generation}).encode(), np.uint8),
                **{name: getattr(self, name) for name in _ARRAYS},
            )
        os.replace(scratch, target)

    @classmethod
    def load(cls, folder: Path, generation: int) -> LexicalIndex | None:
        """What `save` wrote for that generation; None when there is none, or another, or it cannot be read."""
        try:
            with np.load(folder / "lexical.npz") as file:
                if json.loads(file["about"].tobytes())["generation"] != generation:
                    return None
                words = file["vocabulary"].tobytes().decode()
                vocabulary = {word: row for row, word in enumerate(words.split("\n") if words else [])}
                return cls(vocabulary, *(file[name] for name in _ARRAYS))
        except (OSError, ValueError, KeyError, EOFError):
            return None
