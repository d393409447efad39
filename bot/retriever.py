"""A query in, passages out: dense and lexical search of an archive, and their fusion."""

from __future__ import annotations

import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from bot.dates import Period
from bot.timely import told_in
from index.archive import Archive
from index.article import EVERYTHING, Passage, Scope

DEPTH = 100
"""Passages that each kind of search gives to the fusion."""
LEXICAL_WEIGHT, DENSE_WEIGHT = 1.0, 0.4
RECENCY_WEIGHT, RECENCY_DAYS = 0.35, 21.0
"""What an article of the day of the question is worth, and in how many days that falls to 1/e of it."""

ABOUT_WEIGHT = 0.35
"""What it is worth that an article may tell of the days that a question is about."""


@dataclass(frozen=True, slots=True)
class Query:
    """What to search for, where, and on which day it is asked (None: time plays no part).

    `about` are the days it is about, when it says so; `latest` that the newest articles are wanted.
    """

    text: str
    scope: Scope = EVERYTHING
    asked: date | None = None
    about: Period | None = None
    latest: bool = False


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage and how well it fits; scores compare only within one answer of one retriever."""

    passage: Passage
    score: float


class Retriever(Protocol):
    """Anything that finds passages."""

    def retrieve(self, query: Query, k: int) -> list[Hit]:
        """At most `k` passages inside the query's scope, best first."""


class DenseRetriever:
    """Passages nearest in meaning, by cosine."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive

    def retrieve(self, query: Query, k: int) -> list[Hit]:
        """At most `k` passages, best first."""
        return _hits(self._archive, self._archive.search_dense(query.text, k, query.scope))


class LexicalRetriever:
    """Passages that share the query's telling words, by BM25."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive

    def retrieve(self, query: Query, k: int) -> list[Hit]:
        """At most `k` passages, best first."""
        return _hits(self._archive, self._archive.search_lexical(query.text, k, query.scope))


class FusedRetriever:
    """Both, added up: each score on a scale from 0 (the worst of its list) to 1 (the best), and a bonus for the recent.

    The weights were chosen on one half of the questions of a news benchmark (`make bench` prints both halves).
    """

    def __init__(self, archive: Archive, depth: int = DEPTH) -> None:
        self._archive = archive
        self._depth = depth
        self._beside = ThreadPoolExecutor(thread_name_prefix="lexical")

    def retrieve(self, query: Query, k: int) -> list[Hit]:
        """At most `k` passages, best first."""
        depth = max(k, self._depth)
        words = self._beside.submit(self._archive.search_lexical, query.text, depth, query.scope)
        dense = _scaled(self._archive.search_dense(query.text, depth, query.scope), from_zero=False)
        lexical = _scaled(words.result(), from_zero=True)
        fused = {
            key: LEXICAL_WEIGHT * lexical.get(key, 0.0) + DENSE_WEIGHT * dense.get(key, 0.0)
            for key in dense.keys() | lexical.keys()
        }
        if query.asked:
            days = self._archive.catalogue.published(list(fused))
            newest = max(filter(None, days.values()), default=None) if query.latest else query.asked
            for key, published in days.items():
                fused[key] += RECENCY_WEIGHT * _recency(newest or query.asked, published)
                if query.about and published:
                    fused[key] += ABOUT_WEIGHT * told_in(query.about, query.asked).holds(published)
        best = sorted(fused.items(), key=lambda item: (-item[1], item[0]))
        return _hits(self._archive, best[:k])


def _recency(asked: date, published: date | None) -> float:
    age = (asked - published).days if published else None
    return math.exp(-age / RECENCY_DAYS) if age is not None and age >= 0 else 0.0


def _scaled(scored: Sequence[tuple[int, float]], *, from_zero: bool) -> dict[int, float]:
    if not scored:
        return {}
    best, worst = scored[0][1], 0.0 if from_zero else scored[-1][1]
    width = best - worst
    return {key: (score - worst) / width if width > 0 else 1.0 for key, score in scored}


def _hits(archive: Archive, scored: Sequence[tuple[int, float]]) -> list[Hit]:
    passages = archive.passages([key for key, _ in scored])
    return [Hit(passages[key], score) for key, score in scored if key in passages]
