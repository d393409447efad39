"""bot.span_model: logits become places in the text, and the weights that ship point at answers."""

from __future__ import annotations

import shutil
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.span_model import GRAPH, GRAPH_SHA256, MAX_SPAN_TOKENS, MAX_SPANS, ScoredSpan, SpanModel, decoded
from index.graphs import DamagedModelError

TEXT = (
    "Colonel Abdul Hamid al-Snoussi was abducted in Tazirbu on Sunday. Nine policemen were killed, a security source "
    "said. The wounded were taken to Ajdabiya."
)


def logits(size: int, **peaks: dict[int, float]) -> np.ndarray:
    """Logits of -9 everywhere but at the given tokens; `start`, `end`, `begin` and `inside` name the four kinds."""
    values = np.full((size, 4), -9.0, np.float32)
    for kind, places in peaks.items():
        for place, value in places.items():
            values[place, ["start", "end", "begin", "inside"].index(kind)] = value
    return values


def offsets(size: int) -> np.ndarray:
    """Tokens of three characters, with one between."""
    return np.array([(4 * n, 4 * n + 3) for n in range(size)])


def test_the_best_start_and_end_are_a_span_and_what_it_beats_nothing_by_is_its_score():
    reading = decoded(logits(5, start={1: 4.0}, end={3: 3.0}), nothing=2.0, offsets=offsets(5))
    assert reading[0] == ScoredSpan(4, 15, 5.0)


def test_a_span_never_ends_before_it_starts_nor_is_longer_than_it_may_be():
    reading = decoded(logits(4, start={3: 4.0}, end={1: 4.0}), 0.0, offsets(4))
    assert all(span.start < span.end for span in reading)
    size = MAX_SPAN_TOKENS + 5
    reading = decoded(logits(size, start={0: 9.0}, end={size - 1: 9.0}), 0.0, offsets(size))
    assert all(span.end - span.start <= 4 * MAX_SPAN_TOKENS for span in reading)


def test_spans_do_not_overlap_and_come_best_first():
    reading = decoded(logits(8, start={1: 4.0, 5: 3.0}, end={2: 4.0, 6: 3.0}), 0.0, offsets(8))
    assert [(span.start, span.end) for span in reading[:2]] == [(4, 11), (20, 27)]
    assert len(reading) <= MAX_SPANS


def test_no_text_has_nothing_to_say():
    assert decoded(logits(0), 0.0, offsets(0)) == ()


@given(st.integers(1, 40), st.integers(0, 2**32 - 1))
def test_any_logits_give_places_inside_the_text_apart_from_each_other(size, seed):
    values = np.random.default_rng(seed).normal(0, 4, (size, 4)).astype(np.float32)
    reading = decoded(values, 0.0, offsets(size))
    allowed = [(i, j) for i in range(size) for j in range(i, min(size, i + MAX_SPAN_TOKENS))]
    start, end = max(allowed, key=lambda place: values[place[0], 0] + values[place[1], 1])
    assert (reading[0].start, reading[0].end) == (4 * start, 4 * end + 3)
    spans = sorted(reading, key=lambda span: span.start)
    assert all(0 <= span.start < span.end <= 4 * size for span in spans)
    assert all(one.end < other.start + 1 for one, other in pairwise(spans))


@pytest.fixture(scope="module")
def model() -> SpanModel:
    return SpanModel(threads=2)


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Who was abducted in Tazirbu?", "al-Snoussi"),
        ("How many policemen were killed?", "Nine"),
        ("When was the colonel abducted?", "Sunday"),
        ("Where were the wounded taken?", "Ajdabiya"),
    ],
)
def test_it_points_at_the_answer(model, question, answer):
    (reading,) = model.read([question], [("Attack on Tazirbu", TEXT)])
    best = reading[0]
    assert answer in TEXT[best.start : best.end]
    assert best.score > 0


@pytest.mark.parametrize(
    "question", ["Who was abducted in Misrata?", "How many ships sank?", "When was the Eiffel Tower built?"]
)
def test_it_says_when_the_text_does_not_answer(model, question):
    (reading,) = model.read([question], [("Attack on Tazirbu", TEXT)])
    assert reading[0].score < 0


def test_many_texts_read_together_read_as_they_do_alone(model):
    questions = ["Who was abducted?", "Where were the wounded taken?"] * 3
    texts = [("", TEXT), ("Title", TEXT[:70])] * 3
    alone = [model.read([question], [text])[0] for question, text in zip(questions, texts, strict=True)]
    assert model.read(questions, texts) == alone
    assert model.read([], []) == []


def test_a_text_that_is_too_long_is_read_as_far_as_it_may_be(model):
    (reading,) = model.read(["who?" * 500], [("title " * 500, TEXT + " word" * 5_000)])
    assert all(span.end < 3_000 for span in reading)
    (empty,) = model.read(["who?"], [("", "")])
    assert empty == ()


def test_damaged_weights_are_refused_with_what_to_do(model, tmp_path):
    path = tmp_path / GRAPH.name
    shutil.copy(GRAPH, path)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(DamagedModelError, match="install Quotedesk again"):
        SpanModel(graph=path, sha256=GRAPH_SHA256).read(["who?"], [("", TEXT)])
