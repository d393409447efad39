"""BM25 over passages, kept in memory as arrays and on disk beside the archive.

Okapi BM25 with the inverse document frequency of Lucene (Robertson and Zaragoza, 2009), over Snowball stems. The index
holds counts, not scores, so passages can be added and dropped without reading the rest again.
"""

from __future__ import annotations

import json
import re
import unicodedata
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import NamedTuple
from zipfile import BadZipFile

import numpy as np
import Stemmer
from numpy.typing import NDArray

from index.names import Names, kept_forms
from index.transcriber import Forms

K1, B = 0.9, 0.4
"""BM25's saturation and length weights; the values that Anserini's baselines use for passages."""
LEAST_TELLING = 0.05
"""A term that tells less than this share of what the query's most telling one does is not searched for: that takes a
third off the time, and nothing off what is found."""
COMMON = 0.1
"""A term is a common word, and no name, when a larger share of the passages that hold it write it in lower case: that
happens to a name too now and then, as in an address. (Of "trump" in a year's news it is .014, of "march" .104.)"""

_WORD = re.compile(r"[^\W_]+")
_ARRAYS = ("keys", "lengths", "indptr", "postings", "counts", "lowered")


def terms(text: str) -> list[str]:
    """The stems of the words of `text`, in order: case, accents and English endings do not count."""
    return [_stem(word) for word in _WORD.findall(_plain(text).casefold())]


def words(text: str) -> list[str]:
    """The words of `text`, in order, as it writes them, accents and all."""
    return _WORD.findall(unicodedata.normalize("NFC", text))


def replaced(text: str, term: str, other: str) -> str:
    """`text` with `other` in place of every word whose stem is `term`."""
    return _WORD.sub(lambda match: other if terms(match[0]) == [term] else match[0], text)


def common_terms(text: str) -> set[str]:
    """The stems of those words of `text` that it writes in lower case: they are no names."""
    return {_stem(word) for word in _WORD.findall(_plain(text)) if word.islower()}


def _plain(text: str) -> str:
    if text.isascii():
        return text
    return unicodedata.normalize("NFKD", text).translate(_NO_MARKS)


class Without(dict[int, int | None]):
    """For `str.translate`: the characters that `goes` go, everything else stays."""

    def __init__(self, goes: Callable[[str], object]) -> None:
        super().__init__()
        self._goes = goes

    def __missing__(self, code: int) -> int | None:
        self[code] = None if self._goes(chr(code)) else code
        return self[code]


_NO_MARKS = Without(unicodedata.combining)
_english = Stemmer.Stemmer("english")


@cache
def _stem(word: str) -> str:
    stem: str = _english.stemWord(word)
    return stem


class Words(NamedTuple):
    """What the index needs to know of a passage: its key, its terms in order, and which of them are common words."""

    key: int
    terms: list[str]
    common: set[str]


@dataclass(frozen=True, slots=True)
class LexicalIndex:
    """Which passages hold which terms, how often. Immutable: `updated` gives the next one.

    `keys` (n,) int64 are the passages, ascending; `lengths` (n,) int32 their terms; `vocabulary` maps a term to its
    row; the passages of row r are `postings[indptr[r]:indptr[r + 1]]` (int32 places in `keys`), with `counts` (uint8)
    and whether they write it in lower case, `lowered` (bool). `common` (terms,) bool follows from that. The other terms
    are names; the `forms` (terms, k) of their rows are what they are found by.
    """

    vocabulary: dict[str, int]
    keys: NDArray[np.int64]
    lengths: NDArray[np.int32]
    indptr: NDArray[np.int64]
    postings: NDArray[np.int32]
    counts: NDArray[np.uint8]
    lowered: NDArray[np.bool_]
    forms: Forms
    common: NDArray[np.bool_] = field(init=False)

    def __post_init__(self) -> None:
        held = np.diff(self.indptr)
        before = np.concatenate([[0], np.cumsum(self.lowered)])
        lowered = before[self.indptr[1:]] - before[self.indptr[:-1]]
        object.__setattr__(self, "common", lowered > COMMON * held)

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
            np.empty(0, np.bool_),
            kept_forms([]),
        )

    def __len__(self) -> int:
        return len(self.keys)

    def updated(self, added: Iterable[Words], dropped: Iterable[int] = ()) -> LexicalIndex:
        """This index without the passages `dropped` and with `added`, whose keys it does not hold yet."""
        vocabulary = dict(self.vocabulary)
        keys: list[int] = []
        lengths: list[int] = []
        rows: list[int] = []
        places: list[int] = []
        counts: list[int] = []
        lowered: list[bool] = []
        for place, words in enumerate(added):
            tally = Counter(words.terms)
            keys.append(words.key)
            lengths.append(len(words.terms))
            lowered.extend(word in words.common for word in tally)
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
            np.concatenate([self.lowered[kept_postings], np.array(lowered, np.bool_)])[order],
            self.forms.padded(len(vocabulary)),
        )._with_forms()

    def _with_forms(self) -> LexicalIndex:
        """This index with the forms of the names that have none yet."""
        lacking = np.flatnonzero(~self.common & ~self.forms.hashes.any(1))
        every = list(self.vocabulary)
        more = kept_forms([every[row] for row in lacking])
        self.forms.hashes[lacking], self.forms.weights[lacking] = more
        return self

    def names(self) -> list[str]:
        """The terms of the passages that are no common words."""
        return [term for term, is_name in zip(self.vocabulary, self._are_names(), strict=True) if is_name]

    def by_spelling(self) -> Names:
        """Those, to be looked up by any of their spellings."""
        rows = self._are_names()
        return Names(self.names(), Forms(self.forms.hashes[rows], self.forms.weights[rows]))

    def _are_names(self) -> NDArray[np.bool_]:
        """Which terms (n,) are; one that no passage holds any more is none."""
        return ~self.common & (np.diff(self.indptr) > 0)

    def is_common(self, term: str) -> bool:
        """Whether passages write `term` in lower case, other than by the way."""
        row = self.vocabulary.get(term)
        return row is not None and bool(self.common[row])

    def idf(self, term: str) -> float:
        """How telling a term is: 0 when most passages hold it, about log(n) when one does; log(1 + 2n) when none."""
        row = self.vocabulary.get(term)
        held = 0 if row is None else int(self.indptr[row + 1] - self.indptr[row])
        return float(np.log(1 + (len(self) - held + 0.5) / (held + 0.5)))

    def holding(self, terms: Iterable[str]) -> NDArray[np.int64]:
        """The keys (n,) of the passages that hold one of `terms`, ascending."""
        held = np.zeros(len(self.keys), np.bool_)
        for row in (self.vocabulary[term] for term in terms if term in self.vocabulary):
            held[self.postings[self.indptr[row] : self.indptr[row + 1]]] = True
        return self.keys[held]

    def search(
        self, query: Mapping[str, float], k: int, allowed: NDArray[np.int64] | None = None
    ) -> list[tuple[int, float]]:
        """The best `k` passages for weighted terms as (key, BM25 score), best first; those that hold none are left out.

        `allowed`, when given, are the keys of the only passages that count.
        """
        if k < 1 or not len(self):
            return []
        scores = np.zeros(len(self), np.float32)
        mean = max(float(self.lengths.mean()), 1.0)
        telling = {term: weight * self.idf(term) for term, weight in query.items() if term in self.vocabulary}
        least = LEAST_TELLING * max(telling.values(), default=0.0)
        for term, weight in telling.items():
            if weight < least:
                continue
            row = self.vocabulary[term]
            held = slice(self.indptr[row], self.indptr[row + 1])
            places, count = self.postings[held], self.counts[held].astype(np.float32)
            norm = K1 * (1 - B + B / mean * self.lengths[places].astype(np.float32))
            scores[places] += weight * count * (K1 + 1) / (count + norm)
        if allowed is not None:
            scores[~np.isin(self.keys, allowed)] = 0
        k = min(k, len(self))
        best = np.argpartition(scores, len(self) - k)[len(self) - k :]
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
                **self.forms._asdict(),
            )
        scratch.replace(target)

    @staticmethod
    def stamp(folder: Path) -> tuple[int, int, int] | None:
        """What differs between the file that `save` wrote last and any before it; None when there is none."""
        try:
            found = (folder / "lexical.npz").stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_ino, found.st_size

    @classmethod
    def load(cls, folder: Path) -> Saved | None:
        """What `save` wrote; None when there is none or it cannot be read."""
        try:
            with (folder / "lexical.npz").open("rb") as raw, np.load(raw) as file:
                generation = int(json.loads(file["about"].tobytes())["generation"])
                words = file["vocabulary"].tobytes().decode()
                vocabulary = {word: row for row, word in enumerate(words.split("\n") if words else [])}
                forms = Forms(file["hashes"], file["weights"])
                return Saved(generation, cls(vocabulary, **{name: file[name] for name in _ARRAYS}, forms=forms))
        except (OSError, ValueError, KeyError, EOFError, BadZipFile, zlib.error):
            return None


class Saved(NamedTuple):
    """An index as it was saved, and the generation that `save` was told."""

    generation: int
    counts: LexicalIndex
