"""Words of like meaning, from the embedder's own vocabulary (`models/thesaurus.txt`, made by scripts/build_embedder.py)."""

from __future__ import annotations

from functools import cache

from index.embedder import MODELS, checked
from index.lexical import terms

FILE, SHA256 = "thesaurus.txt", "6384c0530ca19f0efa749727c4098bf22cdb158bd1c1629de1b6642d80371842"


def like(term: str) -> dict[str, float]:
    """Terms that mean much the same as `term`, with how much (cosine, 0.5 to 1); {} when none is known."""
    return _thesaurus().get(term, {})


@cache
def _thesaurus() -> dict[str, dict[str, float]]:
    """Every term with those like it. Words with one stem share an entry; the nearest of their pairs counts."""
    found: dict[str, dict[str, float]] = {}
    for line in checked(MODELS / FILE, SHA256).decode("ascii").splitlines():
        word, *neighbours = line.split()
        (term,) = terms(word)
        for neighbour in neighbours:
            other, hundredths = neighbour.split(":")
            (other_term,) = terms(other)
            if other_term != term:
                entry = found.setdefault(term, {})
                entry[other_term] = max(int(hundredths) / 100, entry.get(other_term, 0.0))
    return found
