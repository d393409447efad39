"""Fit what `bot.span_reader` takes for an answer, and print how it does on articles that nothing was fitted on.

    PYTHONPATH=. python scripts/fit_span_reader.py --data ../shared/data

Of the articles that training never saw (`scripts/reader_data.py`), those called dev are fitted on and those called test
are scored. The paragraphs of each are dealt into those that are indexed and those that are left out. A question on an
indexed paragraph should be answered; one on a paragraph that was left out, or with a name or number swapped, refused.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bot.desk import Desk
from bot.retriever import Query
from bot.score import exact_match
from bot.span_model import SpanModel
from bot.span_reader import SpanReader
from index.archive import Archive
from index.embedder import MiniLM
from index.ingest import ingest
from scripts.fit_sentence_reader import logistic, predict
from scripts.reader_data import FILES, Example, Split, squad, swapped

QUESTIONS, KEPT = 120, 0.85  # of each kind from each file; share of the answerable that the threshold must keep


@dataclass(frozen=True)
class Sample:
    """A question as read: the signals, whether it should be answered, and whether the first answer was right."""

    kind: str
    signals: tuple[float, float, float]
    answerable: bool
    right: bool


def main() -> None:
    """Fit on dev, print the constants, score both."""
    parser = argparse.ArgumentParser(description="Fit the span reader's threshold.")
    parser.add_argument("--data", type=Path, required=True)
    arguments = parser.parse_args()
    embedder, model = MiniLM(), SpanModel()
    splits: tuple[Split, ...] = ("dev", "test")
    samples = {split: list(read(arguments.data, split, embedder, model)) for split in splits}
    fitted = samples["dev"]
    weights = logistic(np.array([s.signals for s in fitted]), np.array([s.answerable for s in fitted]))
    print("bias {:.2f}, best odds {:.3f}, words {:.2f}, unknown {:.2f}".format(*weights))
    chances = {split: predict(weights, np.array([s.signals for s in ss])) for split, ss in samples.items()}
    kept = chances["dev"][[s.answerable for s in fitted]]
    for share in (0.98, 0.95, 0.9, 0.85, 0.8, 0.7):
        threshold = float(np.quantile(kept, 1 - share))
        mark = "  <- taken" if share == KEPT else ""
        print(f"threshold {threshold:.2f} keeps {share:.0%} of the answerable of dev{mark}")
        for split, ss in samples.items():
            shares = [f"{kind} {np.mean(chances[split][_of(ss, kind)] < threshold):.3f}" for kind in KINDS]
            print(f"  {split}: refused of those {', '.join(shares)}")
    for split, ss in samples.items():
        right = np.mean([s.right for s in ss if s.answerable])
        print(f"{split}: {len(ss):,} questions; first answer exactly right for {right:.3f} of the answerable")


KINDS = ("answerable", "left out", "swapped")


def _of(samples: list[Sample], kind: str) -> list[bool]:
    return [sample.kind == kind for sample in samples]


def read(data: Path, split: Split, embedder: MiniLM, model: SpanModel) -> Iterator[Sample]:
    """Index one half of a split's paragraphs and read questions on both halves."""
    for file in FILES:
        asked = [example for example in squad(data, file, split) if example.answers]
        draw = random.Random(7)
        indexed = [example for example in asked if zlib.crc32(example.text.encode()) % 2]
        kinds = {
            "answerable": indexed,
            "left out": [example for example in asked if not zlib.crc32(example.text.encode()) % 2],
            "swapped": swapped(indexed, draw),
        }
        with tempfile.TemporaryDirectory() as scratch:
            lines = {
                json.dumps({"title": e.title, "text": e.text, "url": f"http://x.org/{zlib.crc32(e.text.encode())}"})
                for e in indexed
            }
            articles = Path(scratch) / "articles.jsonl"
            articles.write_text("\n".join(sorted(lines)), "utf-8")
            with Archive(Path(scratch) / "home", embedder=embedder) as archive:
                ingest(archive, [str(articles)])
                desk, reader = Desk(archive), SpanReader(archive, model)
                for kind, examples in kinds.items():
                    for example in draw.sample(examples, min(QUESTIONS, len(examples))):
                        yield sample(desk, reader, kind, example)


def sample(desk: Desk, reader: SpanReader, kind: str, example: Example) -> Sample:
    """One question as read."""
    spans, signals = reader.judge(example.question, desk.find(Query(example.question)))
    best = max(spans, key=lambda span: span.score, default=None)
    golds = [example.text[s.start : s.end] for answer in example.answers for s in answer]
    right = best is not None and exact_match(best.article.text[best.start : best.end], golds)
    return Sample(
        kind,
        (signals.odds, signals.words, signals.unknown) if signals else (-20.0, 0.0, 0.0),
        kind == "answerable",
        right,
    )


if __name__ == "__main__":
    main()
