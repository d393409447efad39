"""The whole desk on RealTimeQA 2023: time-fair, all articles, no choices shown (Kasai et al., 2022).

EM and F1 after lower-casing and stripping punctuation, best over the right choices; questions that end in "except" are
left out, as the benchmark does. Quote recall: a right choice's text stands in the first three quotes. `tuned` is the
half of the questions that weights were chosen on.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from bot.answer import Question
from bot.desk import Desk
from bot.evaluate import QUOTES, holds
from bot.retriever import FusedRetriever, Query
from bot.score import exact_match, f1
from index.archive import Archive
from index.ingest import ingest
from tests.bench.quality import View, asked_and_found

RECALL_AT = 10


def rows(data: Path, home: Path) -> Iterator[tuple[str, ...]]:
    """Half, questions, EM, F1, quote recall@3, not answered, passage recall@10; then what went wrong where."""
    with Archive(home) as archive:
        ingest(archive, [str(data / "articles.jsonl.gz")])
        scored = list(_scored(archive, data))
    for half in ("tuned", "held out", "all"):
        chosen = [row for row in scored if half in (row[0], "all")]
        shares = np.mean([row[1:6] for row in chosen], axis=0)
        wrong = Counter(row[6] for row in chosen if row[6])
        errors = ", ".join(f"{stage} {count / len(chosen):.2f}" for stage, count in wrong.most_common())
        yield half, f"{len(chosen):,}", *(f"{share:.3f}" for share in shares), errors


def _scored(archive: Archive, data: Path) -> Iterator[tuple[str, bool, float, bool, bool, bool, str | None]]:
    questions, first_found = asked_and_found(data / "questions.jsonl", data / "links.jsonl")
    choices = {
        record["question_sentence"]: [record["choices"][int(place)] for place in record["answer"]]
        for record in map(json.loads, (data / "questions.jsonl").open())
    }
    found_at = []
    for article, keys, _ in archive.catalogue.articles_with_passages():
        found_at += [first_found.get(article.url or "", "9999")] * len(keys)
    view, when = View(archive), np.array(found_at)
    desk = Desk(archive, retriever=FusedRetriever(view))  # type: ignore[arg-type]
    for asked in questions:
        if "except" in asked.text[-10:].lower():
            continue
        view.allowed = when <= asked.searched
        golds = choices[asked.text]
        answer = desk.ask(Question(asked.text, asked=asked.day))
        first = answer.answers[0].text if answer.answers else ""
        right = exact_match(first, golds, keep_articles=True)
        passages = desk.find(Query(asked.text, asked=asked.day), RECALL_AT)
        held = any(holds(passage.text, golds) for passage in passages)
        quoted = any(holds(quote.text, golds) for quote in answer.quotes[:QUOTES])
        told = any(holds(finding.text, golds) for finding in answer.answers) or quoted
        error = None if right else "retrieval" if not held else "composing" if told or not answer.answers else "reading"
        yield asked.half, right, f1(first, golds, keep_articles=True), quoted, not answer.answers, held, error
