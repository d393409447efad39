"""bot.retriever: two searches on one scale, added up, with a little more for what is recent.

What every retriever does is in tests/contracts/.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from bot.retriever import (
    DENSE_WEIGHT,
    LEXICAL_WEIGHT,
    RECENCY_DAYS,
    RECENCY_WEIGHT,
    DenseRetriever,
    FusedRetriever,
    LexicalRetriever,
    Query,
)
from index.archive import Archive
from index.ingest import ingest

TEXTS = [
    "Nine policemen were killed in Tazirbu.",
    "A court in Benghazi sentenced three men.",
    "Officers lost their lives in an oasis.",
    "Bread prices rose.",
]


@pytest.fixture
def put(archive: Archive, write: Callable[..., Path]) -> Callable[..., Archive]:
    """An archive of (text, day) or of texts."""

    def stored(*articles: tuple[str, str | None] | str) -> Archive:
        pairs = [(one, None) if isinstance(one, str) else one for one in articles]
        lines = [
            json.dumps({"text": text, "published": day, "url": f"http://x.org/{n}"})
            for n, (text, day) in enumerate(pairs)
        ]
        ingest(archive, [str(write({"a.jsonl": "\n".join(lines)}))])
        return archive

    return stored


def texts(archive: Archive, hits) -> list[str]:
    return [archive.article(hit.passage.article_id).text for hit in hits]


def test_the_two_searches_give_what_the_archive_finds(put):
    archive = put(*TEXTS)
    query = Query("policemen killed in Tazirbu")
    for retriever, found in (
        (DenseRetriever(archive), archive.search_dense(query.text, 3)),
        (LexicalRetriever(archive), archive.search_lexical(query.text, 3)),
    ):
        hits = retriever.retrieve(query, 3)
        assert [(hit.passage, hit.score) for hit in hits] == [
            (archive.passages([key])[key], score) for key, score in found
        ]


def test_the_fused_score_is_the_weighted_sum_of_both_on_a_scale_from_0_to_1(put):
    archive = put(*TEXTS)
    text = "policemen killed in Tazirbu"
    dense, lexical = archive.search_dense(text, 10), archive.search_lexical(text, 10)
    highest, lowest, most = dense[0][1], dense[-1][1], lexical[0][1]
    expected = {key: DENSE_WEIGHT * (score - lowest) / (highest - lowest) for key, score in dense}
    for key, score in lexical:
        expected[key] += LEXICAL_WEIGHT * score / most
    hits = FusedRetriever(archive).retrieve(Query(text), 10)
    assert [hit.score for hit in hits] == pytest.approx(sorted(expected.values(), reverse=True))
    assert texts(archive, hits)[0] == TEXTS[0]


def test_what_only_one_of_the_searches_finds_is_found(put):
    archive = put(*TEXTS)
    assert TEXTS[2] not in texts(archive, LexicalRetriever(archive).retrieve(Query("Who died?"), 2))
    assert TEXTS[2] in texts(archive, FusedRetriever(archive).retrieve(Query("Who died?"), 2))


def test_at_most_k_come_back_best_first(put):
    hits = FusedRetriever(put(*TEXTS)).retrieve(Query("policemen in Tazirbu"), 2)
    assert len(hits) == 2
    assert hits[0].score >= hits[1].score


def test_of_two_that_fit_alike_the_recent_one_comes_first_when_the_day_of_the_question_is_known(put):
    archive = put((TEXTS[0], "2018-11-01"), (TEXTS[0], "2018-11-25"))
    hits = FusedRetriever(archive).retrieve(Query(TEXTS[0], asked=date(2018, 11, 26)), 2)
    days = [archive.article(hit.passage.article_id).published for hit in hits]
    assert days == [date(2018, 11, 25), date(2018, 11, 1)]
    bonus = [RECENCY_WEIGHT * math.exp(-age / RECENCY_DAYS) for age in (1, 25)]
    assert hits[0].score - hits[1].score == pytest.approx(bonus[0] - bonus[1])
    unhurried = FusedRetriever(archive).retrieve(Query(TEXTS[0]), 2)
    assert unhurried[0].score == unhurried[1].score


def test_neither_the_undated_nor_the_future_is_recent(put):
    archive = put((TEXTS[0], None), (TEXTS[0], "2019-01-01"))
    asked = FusedRetriever(archive).retrieve(Query(TEXTS[0], asked=date(2018, 11, 26)), 2)
    assert [hit.score for hit in asked] == [hit.score for hit in FusedRetriever(archive).retrieve(Query(TEXTS[0]), 2)]


def test_an_empty_archive_gives_nothing(archive):
    for retriever in (DenseRetriever(archive), LexicalRetriever(archive), FusedRetriever(archive)):
        assert retriever.retrieve(Query("who?", asked=date(2018, 11, 26)), 5) == []
