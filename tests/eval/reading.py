"""The span reader alone, given the text: squadshifts and squad2-half on articles that training never saw, and lists.

EM and F1 are SQuAD's. For lists (MultiSpanQA) an answer counts when it is exactly one of the gold ones; F1 is over all
answers of all questions. They are dealt into two halves by a hash: thresholds were chosen on `tuned`.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bot.members import members, wants_several
from bot.score import exact_match, f1, normalized
from bot.shape import Shape, shape_of
from bot.span_model import SpanModel
from index.embedder import token_offsets
from index.passages import passages
from scripts.reader_data import FILES, squad, untokenized

KEPT = 0.8
AS_GOOD = 2.0


def rows(data: Path) -> Iterator[tuple[str, ...]]:
    """What is read, questions, EM, F1, and the share of unanswerable ones refused where KEPT of the others are kept."""
    model = SpanModel()
    for kind in FILES:
        asked = list(squad(data, kind, "test"))
        readings = [model.read([e.question], [(e.title, e.text)])[0] for e in asked]
        best = [reading[0] for reading in readings]
        texts = [e.text[span.start : span.end] for e, span in zip(asked, best, strict=True)]
        golds = [[e.text[s.start : s.end] for spans in e.answers for s in spans] for e in asked]
        scored = [(text, gold) for text, gold in zip(texts, golds, strict=True) if gold]
        exact = np.mean([exact_match(text, gold) for text, gold in scored])
        overlap = np.mean([f1(text, gold) for text, gold in scored])
        refused = "-"
        if len(scored) < len(asked):
            scores, known = np.array([span.score for span in best]), np.array([bool(gold) for gold in golds])
            refused = f"{(scores[~known] < np.quantile(scores[known], 1 - KEPT)).mean():.3f}"
        yield kind, f"{len(scored):,}", f"{100 * exact:.1f}", f"{100 * overlap:.1f}", refused


@dataclass(frozen=True)
class Listed:
    """A question whose answer is a list, its text, and the members of the list."""

    question: str
    text: str
    golds: tuple[str, ...]
    half: str


def list_rows(data: Path) -> Iterator[tuple[str, ...]]:
    """Half, questions, precision, recall and exact-match F1 of lists."""
    model = SpanModel()
    found = list(lists(data))
    told = [read_list(model, one) for one in found]
    for half in ("tuned", "held out"):
        pairs = [(one.golds, said) for one, said in zip(found, told, strict=True) if one.half == half]
        right = sum(len({*map(normalized, golds)} & {*map(normalized, said)}) for golds, said in pairs)
        precision = right / max(sum(len(said) for _, said in pairs), 1)
        recall = right / sum(len(golds) for golds, _ in pairs)
        harmonic = 2 * precision * recall / max(precision + recall, 1e-9)
        yield half, f"{len(pairs):,}", f"{precision:.3f}", f"{recall:.3f}", f"{100 * harmonic:.1f}"


def lists(data: Path) -> Iterator[Listed]:
    """MultiSpanQA's questions, put back from tokens into running text."""
    for record in json.loads((data / "multispan" / "dev.json").read_text("utf-8"))["data"]:
        text, places = untokenized(record["context"])
        spans: list[tuple[int, int]] = []
        for place, label in zip(places, record["label"], strict=True):
            if label == "B":
                spans.append(tuple(place))
            elif label == "I":
                spans[-1] = (spans[-1][0], place.end)
        half = "tuned" if zlib.crc32(record["id"].encode()) % 2 == 0 else "held out"
        yield Listed(" ".join(record["question"]), text, tuple(text[start:end] for start, end in spans), half)


def read_list(model: SpanModel, one: Listed) -> Sequence[str]:
    """The members of the best place, and of those as good, passage by passage as an archive cuts them."""
    windows = passages(one.text, token_offsets(one.text))
    texts = [one.text[start:end] for start, end in windows]
    readings = model.read([one.question] * len(texts), [("", text) for text in texts])
    places = [
        (span.score, text[span.start : span.end])
        for text, reading in zip(texts, readings, strict=True)
        for span in reading
    ]
    best = max((odds for odds, _ in places), default=0.0)
    asked = shape_of(one.question)
    shape = asked if asked in (Shape.WHO, Shape.WHERE) else Shape.WHAT
    said = [
        words[member.start : member.end]
        for odds, words in places
        if odds == best or odds > max(0.0, best - AS_GOOD)
        for member in members(words, shape, several=wants_several(one.question))
    ]
    return list({normalized(words): words for words in said}.values())
