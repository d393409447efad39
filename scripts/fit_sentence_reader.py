"""Fit the weights and the threshold of `bot.sentence_reader`, and print how they do on articles not fitted on.

    python scripts/fit_sentence_reader.py SQUADSHIFTS/new_wiki_v1.0.json SQUADSHIFTS/reddit_v1.0.json

The data are questions in SQuAD's format (squadshifts, CC BY 4.0). The articles of each file are dealt by a hash of
their title (paragraphs, where a file is one article) into a half to fit on and a half held out, and each half again
into those that are indexed and those that are left out. A question about an indexed article should be answered, with
the sentence that holds its answer; one about an article that was left out should be refused.
"""

from __future__ import annotations

import json
import random
import sys
import tempfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bot.desk import Desk
from bot.retriever import Query
from bot.sentence_reader import SentenceReader
from index.archive import Archive
from index.embedder import MiniLM
from index.ingest import ingest

QUESTIONS, KEPT = 80, 0.95  # of each kind in each half; share of the answerable that the threshold must keep


@dataclass(frozen=True)
class Sample:
    """A question as read: its signals, whether it should be answered, and its sentences with their labels."""

    signals: tuple[float, ...]
    indexed: bool
    sentences: NDArray[np.float64]
    holds: NDArray[np.bool_]


def main() -> None:
    """Fit on one half of every file, print the constants, score both halves."""
    embedder = MiniLM()
    halves: dict[str, list[Sample]] = {"fitted": [], "held out": []}
    for name in sys.argv[1:]:
        for half, samples in halves.items():
            samples += list(read(Path(name), half, embedder))
            print(f"{name}, {half}: {len(samples)} questions read", file=sys.stderr)
    fitted = halves["fitted"]
    sentence = logistic(
        np.concatenate([s.sentences for s in fitted if s.holds.any()]),
        np.concatenate([s.holds for s in fitted if s.holds.any()]),
    )
    print(
        "sentences: nearness {:.2f}, words {:.2f}, rank {:.2f}".format(*(sentence[1:] / sentence[1])),
        f"(one unit is {sentence[1]:.1f} in log odds)",
    )
    signals = np.array([s.signals for s in fitted])
    weights = logistic(signals, np.array([s.indexed for s in fitted]))
    print("answerable: bias {:.2f}, nearness {:.2f}, passage words {:.2f}, sentence words {:.2f}".format(*weights))
    chances = {half: predict(weights, np.array([s.signals for s in ss])) for half, ss in halves.items()}
    kept = chances["fitted"][[s.indexed for s in fitted]]
    threshold = float(np.quantile(kept, 1 - KEPT))
    print(f"threshold: {threshold:.2f} keeps {KEPT:.0%} of the answerable questions that were fitted on")
    for share in (0.98, 0.95, 0.90, 0.85, 0.80):
        at = float(np.quantile(kept, 1 - share))
        refused = [float((chances[h][[not s.indexed for s in ss]] < at).mean()) for h, ss in halves.items()]
        print(f"  keeping {share:.0%}: threshold {at:.2f}, refused {refused[0]:.3f} fitted, {refused[1]:.3f} held out")
    for half, samples in halves.items():
        indexed = np.array([s.indexed for s in samples])
        answered = chances[half] >= threshold
        first = [s.holds[np.argmax(s.sentences @ sentence[1:])] for s in samples if s.holds.any()]
        print(
            f"{half}: answerable kept {answered[indexed].mean():.3f}, unanswerable refused "
            f"{1 - answered[~indexed].mean():.3f}, first sentence right {np.mean(first):.3f} of {len(first)} found"
        )


def read(path: Path, half: str, embedder: MiniLM) -> Iterator[Sample]:
    """Index what is indexed of one half and read its questions."""
    articles = json.loads(path.read_text("utf-8"))["data"]
    if len(articles) == 1:
        articles = [{"title": p["context"][:40], "paragraphs": [p]} for p in articles[0]["paragraphs"]]
    dealt = {True: list[dict](), False: list[dict]()}  # type: ignore[type-arg]
    for article in articles:
        number = zlib.crc32(article["title"].encode())
        if (number % 2 == 0) == (half == "fitted"):
            dealt[number // 2 % 2 == 0].append(article)
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch) / "articles.jsonl"
        lines = [
            json.dumps(
                {"title": a["title"].replace("_", " "), "text": "\n\n".join(p["context"] for p in a["paragraphs"])}
            )
            for a in dealt[True]
        ]
        file.write_text("\n".join(lines), "utf-8")
        with Archive(Path(scratch) / "home", embedder=embedder) as archive:
            ingest(archive, [str(file)])
            for indexed, articles in dealt.items():
                yield from _samples(archive, articles, indexed)


def _samples(archive: Archive, articles: list[dict], indexed: bool) -> Iterator[Sample]:  # type: ignore[type-arg]
    desk, reader = Desk(archive), SentenceReader(archive)
    asked = [(qa, p) for article in articles for p in article["paragraphs"] for qa in p["qas"]]
    for qa, _ in random.Random(1).sample(asked, min(QUESTIONS, len(asked))):
        passages = desk.find(Query(qa["question"]))
        judged, signals = reader.judge(qa["question"], passages)
        if signals is None:
            continue
        golds = {answer["text"] for answer in qa["answers"]}
        texts = [one.article.text[one.sentence.start : one.sentence.end] for one in judged]
        holds = np.array([indexed and any(gold in text for gold in golds) for text in texts])
        features = np.array([[one.nearness, one.words, one.rank] for one in judged])
        yield Sample((signals.nearness, signals.passage_words, signals.sentence_words), indexed, features, holds)


def logistic(features: NDArray[np.float64], labels: NDArray[np.bool_], rounds: int = 50) -> NDArray[np.float64]:
    """Weights (bias first) of a logistic regression with a light ridge, by Newton's method."""
    x = np.column_stack([np.ones(len(features)), features])
    weights = np.zeros(x.shape[1])
    for _ in range(rounds):
        chance = 1 / (1 + np.exp(-x @ weights))
        curvature = (x * (chance * (1 - chance))[:, None]).T @ x + 0.1 * np.eye(x.shape[1])
        weights += np.linalg.solve(curvature, x.T @ (labels - chance) - 0.1 * weights)
    return weights


def predict(weights: NDArray[np.float64], features: NDArray[np.float64]) -> NDArray[np.float64]:
    """Chances (n,) for features (n, d)."""
    return 1 / (1 + np.exp(-(weights[0] + features @ weights[1:])))


if __name__ == "__main__":
    main()
