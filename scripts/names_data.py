"""Arabic names with their Latin spellings (`name-variants`), and the pairs that names are measured on."""

from __future__ import annotations

import json
import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

from index.transcriber import plain

_MARKS = "\u0640\u064b\u064c\u064d\u064e\u064f\u0650\u0651\u0652"
_FOLDED = str.maketrans("أإآى", "اااي", _MARKS)


class Cluster(NamedTuple):
    """An Arabic name, hamzas and vowel marks left out, with its Latin spellings, in the letters a to z."""

    arabic: str
    latin: list[str]


class Pairs(NamedTuple):
    """Spellings of one name, and names of different clusters that begin with the same two letters."""

    same: list[tuple[str, str]]
    others: list[tuple[str, str]]


def clusters(data: Path, split: str) -> Iterator[Cluster]:
    """The names of the `train` or the `test` split: a hash of the Arabic name puts a quarter into `test`."""
    for line in (data / "name-variants" / "clusters.jsonl").read_text("utf-8").splitlines():
        record = json.loads(line)
        if (zlib.crc32(record["arabic"].encode()) % 4 == 0) == (split == "test"):
            latin = {plain(name) for name in record["latin"]} - {""}
            yield Cluster(record["arabic"].translate(_FOLDED), sorted(latin))


def pairs(found: Iterable[Cluster]) -> Pairs:
    """Every pair of spellings of one cluster, and every pair of names that share two letters and no cluster."""
    owners: defaultdict[str, set[int]] = defaultdict(set)
    starts: defaultdict[str, set[str]] = defaultdict(set)
    same: set[tuple[str, str]] = set()
    for number, one in enumerate(found):
        same.update(combinations(one.latin, 2))
        for name in one.latin:
            owners[name].add(number)
            starts[name[:2]].add(name)
    alike = (pair for group in starts.values() for pair in combinations(sorted(group), 2))
    return Pairs(sorted(same), sorted((a, b) for a, b in alike if not owners[a] & owners[b]))
