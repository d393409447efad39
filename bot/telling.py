"""How much of what a question is about stands in a text."""

from __future__ import annotations

from index.archive import Archive
from index.lexical import terms


class Telling:
    """The terms of one question, each with how telling it is in the archive, and which terms count as it."""

    def __init__(self, archive: Archive, query: str) -> None:
        idf = archive.lexical.idf
        self._terms = [(idf(term), matches) for term, matches in archive.matches(query).items()]

    def share(self, text: str) -> float:
        """The share (0..1) of the question's words in `text`, each weighing its inverse document frequency."""
        total, held = sum(idf for idf, _ in self._terms), set(terms(text))
        found = sum(
            idf * max((matches[term] for term in held & matches.keys()), default=0.0) for idf, matches in self._terms
        )
        return found / total if total else 0.0
