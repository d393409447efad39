"""Spellings of names, on Arabic names that training never saw: what the archive would match, and what it should not.

Pairs of one name's Latin spellings, against pairs of other names that begin with the same two letters. The data are
machine-made: where names of several words were lined up with one Arabic word, all of Abdelaziz, Abdullah and Abdur are
"spellings" of عبد. So the table has a line without the names in Abd-.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from index.names import Names, skeleton
from scripts.names_data import Pairs, clusters, pairs


def rows(data: Path) -> Iterator[tuple[str, ...]]:
    """How they are compared, pairs of one name, share found, pairs of others, share taken for one."""
    every = pairs(clusters(data, "test"))
    others = Pairs([pair for pair in every.same if not all(name.startswith("abd") for name in pair)], every.others)
    yield _row("equal consonants by kind", every, lambda one, other: skeleton(one) == skeleton(other))
    for note, told in (("", every), (", names in Abd- left out", others)):
        yield _row(
            f"a word that the archive lacks{note}", told, lambda one, other: bool(Names([other]).spellings([one])[one])
        )
        yield _row(
            f"a word that it has{note}", told, lambda one, other: other in Names([one, other]).spellings([one])[one]
        )


def _row(name: str, told: Pairs, is_one: Callable[[str, str], bool]) -> tuple[str, ...]:
    def share(found: Sequence[tuple[str, str]]) -> str:
        return f"{sum(is_one(*pair) for pair in found) / len(found):.3f}"

    return name, f"{len(told.same):,}", share(told.same), f"{len(told.others):,}", share(told.others)
