"""Quotedesk's side of the benchmark, one measurement a process: `python -m tests.bench.ours index|ask|answer|quality`.

Each prints one JSON object. `*_s` and `*_ms` are wall-clock, `*_mb` is 2**20 bytes, tokens are the embedder's own word
pieces as really read (cut at its limit, markers included, no padding).
"""

from __future__ import annotations

import argparse
import gzip
import itertools
import json
import resource
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from bot.answer import Question
from bot.desk import Desk, reader_of
from bot.question import MAX_CHARS
from bot.retriever import FusedRetriever, Query
from index.archive import Archive
from index.embedder import MAX_TOKENS, MiniLM, tokenizer
from index.ingest import ingest
from tests.bench import quality

WARM_UP = 20


class CountingMiniLM(MiniLM):
    """The bundled embedder, counting the tokens it reads."""

    tokens = 0

    def embed(self, texts):
        """As MiniLM; the count's own cost is part of what is measured, and small."""
        encodings = tokenizer().encode_batch(list(texts))
        self.tokens += sum(min(len(encoding.ids), MAX_TOKENS) for encoding in encodings)
        return super().embed(texts)


def index(arguments: argparse.Namespace) -> dict[str, float]:
    """Index the first `limit` articles (0: all that are not in the home yet)."""
    embedder = CountingMiniLM()
    with tempfile.TemporaryDirectory() as scratch, Archive(arguments.home, embedder=embedder) as archive:
        target = arguments.articles
        if arguments.limit:
            target = Path(scratch) / "articles.jsonl"
            with gzip.open(arguments.articles, "rb") as lines:
                target.write_bytes(b"".join(itertools.islice(lines, arguments.limit)))
        report = ingest(archive, [str(target)])
    read = report.added + report.updated
    return {
        "articles": read,
        "passages": report.passages,
        "tokens": embedder.tokens,
        "index_s": report.seconds,
        "articles_per_s": read / report.seconds,
        "tokens_per_s": embedder.tokens / report.seconds,
    }


def ask(arguments: argparse.Namespace) -> dict[str, float]:
    """Question to hits, over questions that were not asked before."""
    with Archive(arguments.home) as archive:
        retriever = FusedRetriever(archive)
        times = []
        for question in list(_questions(arguments))[: WARM_UP + arguments.limit]:
            started = time.perf_counter()
            retriever.retrieve(Query(question), 10)
            times.append((time.perf_counter() - started) * 1000)
        status = archive.status()
    p50, p95 = np.percentile(times[WARM_UP:], [50, 95])
    return {"articles": status.articles, "passages": status.passages, "hits_p50_ms": p50, "hits_p95_ms": p95}


class Timed:
    """A part of the desk, with the seconds that its last call took."""

    def __init__(self, call: Callable[..., Any]) -> None:
        self._call = call
        self.seconds = 0.0

    def __call__(self, *arguments: Any) -> Any:
        started = time.perf_counter()
        found = self._call(*arguments)
        self.seconds = time.perf_counter() - started
        return found

    retrieve = read = __call__


def _questions(arguments: argparse.Namespace) -> dict[str, date]:
    """Each question, once, with the day on which it was asked."""
    records = map(json.loads, arguments.questions.open())
    return {record["question_sentence"]: date(*map(int, record["question_date"].split("/"))) for record in records}


def answer(arguments: argparse.Namespace) -> dict[str, float]:
    """Question to answer, over questions that were not asked before, on their day, and the share of each stage."""
    stages: dict[str, list[float]] = {"whole": [], "retrieving": [], "reading": [], "composing": []}
    with Archive(arguments.home) as archive:
        whole = reader_of(archive)
        finding, reading = Timed(FusedRetriever(archive).retrieve), Timed(whole.read)
        desk = Desk(archive, retriever=finding, reader=reading)
        for question, day in itertools.islice(_questions(arguments).items(), WARM_UP + arguments.limit):
            started = time.perf_counter()
            desk.ask(Question(question[:MAX_CHARS], asked=day))
            spent = time.perf_counter() - started
            times = (spent, finding.seconds, reading.seconds, spent - finding.seconds - reading.seconds)
            for stage, seconds in zip(stages.values(), times, strict=True):
                stage.append(1000 * seconds)
    figures = {}
    for stage, times in stages.items():
        figures[f"{stage}_p50_ms"], figures[f"{stage}_p95_ms"] = np.percentile(times[WARM_UP:], [50, 95])
    return figures


def main() -> None:
    """Run one measurement and print it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=["index", "ask", "answer", "quality"])
    parser.add_argument("--home", type=Path, required=True)
    for name in ("articles", "questions", "links"):
        parser.add_argument(f"--{name}", type=Path)
    parser.add_argument("--limit", type=int, default=300)
    arguments = parser.parse_args()
    if arguments.what == "quality":
        figures = quality.measure(arguments.home, arguments.questions, arguments.links)
    else:
        figures = {"index": index, "ask": ask, "answer": answer}[arguments.what](arguments)
        figures["peak_rss_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
