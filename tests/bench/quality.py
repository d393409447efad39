"""Answer-string recall on RealTimeQA 2023: the share of questions whose right choice stands in what is found first.

Time-fair: a question may only use articles that the web search had found by the day it was asked (the first
`search_time` of any question for that article). Both sides are compared lower-cased and without punctuation. The
questions are dealt into two halves by a hash of their id: weights were chosen on `tuned`, `held out` was not looked at.
"""

from __future__ import annotations

import json
import string
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bot.retriever import DenseRetriever, FusedRetriever, Hit, LexicalRetriever, Query, Retriever
from index.archive import Archive
from index.article import EVERYTHING, Article, Passage, Scope, canonical_url

RETRIEVERS = {"dense": DenseRetriever, "lexical": LexicalRetriever, "fused": FusedRetriever}
DEPTH = 60  # passages asked for, so that ten articles are among them
_PUNCTUATION = str.maketrans("", "", string.punctuation)


@dataclass(frozen=True)
class Asked:
    """A question, the day it was asked and when the web was searched for it (sortable), and its right answers."""

    text: str
    day: date
    searched: str
    golds: tuple[str, ...]
    half: str


class View:
    """An archive of which only some passages may be found: exact search over all vectors, masked."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self.catalogue, self.passages = archive.catalogue, archive.passages
        self._keys = archive.catalogue.passage_keys(EVERYTHING)
        self._vectors = archive.vectors.vectors([int(key) for key in self._keys])
        self.allowed = np.ones(len(self._keys), np.bool_)

    @property
    def keys(self) -> NDArray[np.int64]:
        """Every passage's key, ascending."""
        return self._keys

    def search_dense(self, query: str, k: int, scope: Scope = EVERYTHING) -> list[tuple[int, float]]:
        """As Archive.search_dense, exactly, within `allowed`."""
        wordings = self._archive.embedder.embed(self._archive.wordings(query))
        cosines = np.where(self.allowed, (self._vectors @ wordings.T).max(axis=1), -2)
        k = min(k, int(self.allowed.sum()))
        best = np.argsort(-cosines, kind="stable")[:k]
        return [(int(self._keys[place]), float(cosines[place])) for place in best]

    def search_lexical(self, query: str, k: int, scope: Scope = EVERYTHING) -> list[tuple[int, float]]:
        """As Archive.search_lexical, within `allowed`."""
        return self._archive.lexical.search(self._archive.lexical_weights(query), k, self._keys[self.allowed])


def measure(home: Path, questions_file: Path, links_file: Path) -> dict[str, Any]:
    """Shares (0..1) by kind of search, time-fair or not, and half of the questions."""
    questions, first_found = asked_and_found(questions_file, links_file)
    with Archive(home) as archive:
        found_at, articles = [], {}
        for article, keys, _ in archive.catalogue.articles_with_passages():
            articles[article.id] = article
            found_at += [first_found.get(article.url or "", "9999")] * len(keys)
        view, when = View(archive), np.array(found_at)
        figures: dict[str, Any] = {"articles": len(articles), "passages": len(when)}
        texts = _Texts(articles)
        for fair in (True, False):
            for name, kind in RETRIEVERS.items():
                retriever: Retriever = kind(view)  # type: ignore[arg-type]
                rows: dict[str, list[tuple[bool, bool, bool]]] = {"tuned": [], "held out": []}
                for asked in questions:
                    view.allowed = when <= asked.searched if fair else np.ones(len(when), np.bool_)
                    hits = retriever.retrieve(Query(asked.text, asked=asked.day), DEPTH)
                    rows[asked.half].append(_found(asked.golds, hits, texts))
                for half, scored in {**rows, "all": rows["tuned"] + rows["held out"]}.items():
                    label = f"{name}, {'time-fair' if fair else 'any time'}, {half}"
                    names = ("passage@1", "passage@10", "article@10")
                    figures[label] = dict(zip(names, np.mean(scored, axis=0).round(4).tolist(), strict=True))
                    figures[label]["questions"] = len(scored)
    return figures


class _Texts:
    """Comparable texts of passages and articles, each made once."""

    def __init__(self, articles: dict[str, Article]) -> None:
        self._articles, self._made = articles, dict[object, str]()

    def passage(self, passage: Passage) -> str:
        text = self._articles[passage.article_id].text
        return self._cached(passage, text[passage.start : passage.end])

    def article(self, article_id: str) -> str:
        article = self._articles[article_id]
        return self._cached(article_id, f"{article.title} {article.text}")

    def _cached(self, key: object, text: str) -> str:
        if key not in self._made:
            self._made[key] = comparable(text)
        return self._made[key]


def comparable(text: str) -> str:
    """`text` in lower case, without punctuation, single-spaced."""
    return " ".join(text.lower().translate(_PUNCTUATION).split())


def _found(golds: Sequence[str], hits: Sequence[Hit], texts: _Texts) -> tuple[bool, bool, bool]:
    def holds(text: str) -> bool:
        return any(gold in text for gold in golds)

    first_ten = [holds(texts.passage(hit.passage)) for hit in hits[:10]]
    articles = list(dict.fromkeys(hit.passage.article_id for hit in hits))[:10]
    return any(first_ten[:1]), any(first_ten), any(holds(texts.article(article)) for article in articles)


def asked_and_found(questions_file: Path, links_file: Path) -> tuple[list[Asked], dict[str, str]]:
    """The questions, and when the web search first found each address."""
    searched: dict[str, str] = {}
    found: dict[str, str] = {}
    for link in map(json.loads, links_file.open()):
        question, time = link["question_id"], link["search_time"]
        searched[question] = min(time, searched.get(question, time))
        for url in filter(None, link["urls"]):
            url = canonical_url(url)
            found[url] = min(time, found.get(url, time))
    questions = []
    for record in map(json.loads, questions_file.open()):
        identity = record["question_id"]
        golds = tuple(filter(None, (comparable(record["choices"][int(place)]) for place in record["answer"])))
        if identity in searched:
            half = "tuned" if zlib.crc32(identity.encode()) % 2 == 0 else "held out"
            day = date.fromisoformat(record["question_date"].replace("/", "-"))
            questions.append(Asked(record["question_sentence"], day, searched[identity], golds, half))
    return questions, found
