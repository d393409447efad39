"""Terms of like meaning, from the embedder's own vocabulary (`models/thesaurus.txt`, scripts/build_embedder.py)."""

from __future__ import annotations

from functools import cache

from index.embedder import MODELS
from index.graphs import checked

FILE, SHA256 = "thesaurus.txt", "ced31d25b5c2479bcde4460abd8f0907c6d36f78d72ad860afd0b1dc807d36d2"


@cache
def like(term: str) -> dict[str, float]:
    """Terms that mean much the same as `term`, with how much (cosine, 0.5 to 1); {} when none is known."""
    text = _text()
    start = text.find(f"\n{term} ")
    if start < 0:
        return {}
    _, *neighbours = text[start + 1 : text.index("\n", start + 1)].split(" ")
    pairs = (neighbour.split(":") for neighbour in neighbours)
    return {other: int(hundredths) / 100 for other, hundredths in pairs}


@cache
def _text() -> str:
    """One term a line with its neighbours; looked up in place, as reading it all would take longer than a question."""
    return "\n" + checked(MODELS / FILE, SHA256).decode("ascii")
