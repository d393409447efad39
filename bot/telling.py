"""How much of what a question is about stands in a text."""

from __future__ import annotations

from collections.abc import Iterable
from math import fsum
from typing import NamedTuple

from bot.proper import NO_NAMES
from index.archive import Archive
from index.lexical import terms, words


class _Term(NamedTuple):
    """A word of the question, how telling it is in its commonest spelling, and which terms count as it, how much.

    `is_common` when it is no name; `is_known` when the archive has it, or a word that counts as it.
    """

    word: str
    idf: float
    is_common: bool
    is_known: bool
    matches: dict[str, float]


class Telling:
    """The terms of one question, each with how telling it is in the archive, and which terms count as it."""

    def __init__(self, archive: Archive, query: str) -> None:
        lexical, written = archive.lexical, {term: word for word in words(query) for term in terms(word)}
        self._terms = [
            _Term(
                written.get(term, term),
                min(lexical.idf(match) for match, share in matches.items() if share == 1),
                lexical.is_common(term),
                any(match in lexical.vocabulary for match in matches),
                matches,
            )
            for term, matches in archive.matches(query).items()
        ]
        self._total = fsum(one.idf for one in self._terms) or 1.0
        self._counting: dict[str, list[tuple[int, float]]] = {}
        for place, one in enumerate(self._terms):
            for match, share in one.matches.items():
                self._counting.setdefault(match, []).append((place, share))

    def share(self, text: str) -> float:
        """The share (0..1) of the question's words in `text`, each weighing its inverse document frequency."""
        return self.share_of(set(terms(text)))

    def most_telling(self, texts: Iterable[str]) -> str | None:
        """The most telling word of the question, no name, that one of `texts` holds, or a word like it; or None."""
        held = {term for text in texts for term in terms(text)}
        words = [one for one in self._terms if one.is_common and one.word.lower() not in NO_NAMES]
        shared = (one for one in words if len(one.word) > 3 and held & one.matches.keys())
        best = max(shared, key=lambda one: one.idf, default=None)
        return best.word if best else None

    def unknown(self) -> float:
        """The share (0..1) of the question's words, weighed as in `share`, that the archive has nowhere."""
        unknown = (one for one in self._terms if not one.is_known and one.word.lower() not in NO_NAMES)
        return sum(one.idf for one in unknown) / self._total

    def share_of(self, held: set[str]) -> float:
        """The same of a text that has those terms."""
        found: dict[int, float] = {}
        for term in held & self._counting.keys():
            for place, share in self._counting[term]:
                found[place] = max(found.get(place, 0.0), share)
        return fsum(self._terms[place].idf * share for place, share in found.items()) / self._total
