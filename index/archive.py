"""The archive: one home folder of articles that can be added to and searched."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from index import thesaurus
from index.article import EVERYTHING, Article, Passage, Scope
from index.catalogue import Catalogue, Coverage
from index.counts import WordCounts
from index.embedder import Embedder, MiniLM
from index.home import HomeLock
from index.lexical import LexicalIndex, replaced, terms, words
from index.names import Names
from index.passages import Span

if TYPE_CHECKING:
    from index.store import VectorStore

LIKE_WEIGHT = 0.4
"""What a word of like meaning counts in BM25, times its likeness; chosen on one half of a benchmark's questions."""


@dataclass(frozen=True, slots=True)
class Status:
    """What an archive holds; `changed` is when it last did, in UTC, None when it never has."""

    articles: int
    passages: int
    changed: datetime | None
    failed: tuple[tuple[str, str], ...]
    sources: tuple[tuple[str, int], ...]


class Archive:
    """Articles in a home folder: the catalogue, their vectors and their word counts, kept in step.

    One process at a time holds a home, as long as it has it open. With `chroma_url`, which moves the vectors to a
    Chroma server, any number may have it open, and one at a time is `writing`; the others ask on, and see what that one
    has written. Raises HomeInUseError, HomeError, CatalogueError, StoreError or DamagedModelError when it cannot be
    opened. Close it, or use it in `with`.
    """

    def __init__(self, home: Path, *, chroma_url: str | None = None, embedder: Embedder | None = None) -> None:
        self.home = home
        self._stack = contextlib.ExitStack()
        self._home_lock, self._is_shared = HomeLock(home), bool(chroma_url)
        try:
            if not self._is_shared:
                self._stack.enter_context(self._home_lock)
            self.catalogue = Catalogue(home / "articles.sqlite3")
            self._stack.callback(self.catalogue.close)
            self.embedder = embedder or MiniLM()
            self.vectors = self._open_vectors(chroma_url)
            self._stack.callback(self.vectors.close)
        except BaseException:
            self._stack.close()
            raise
        self.counts = WordCounts(home, self.catalogue, self.writing, shared=self._is_shared)
        self._lock = RLock()
        self._names_of: tuple[LexicalIndex, Names] | None = None
        self._articles_of: tuple[int, tuple[NDArray[np.int64], NDArray[np.int64]]] | None = None

    def __enter__(self) -> Archive:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the home."""
        self._stack.close()

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """The right to write to the home, for one thread of one process at a time, which may take it again.

        Raises HomeInUseError when another has it. A home that is not shared is this process's own anyhow.
        """
        with self._home_lock if self._is_shared else contextlib.nullcontext():
            yield

    @property
    def generation(self) -> tuple[int, int]:
        """Numbers of which one grows whenever what can be found changes: the articles', and the word counts'."""
        _ = self.lexical
        return self.catalogue.generation, self.counts.generation

    @property
    def is_empty(self) -> bool:
        """Whether it holds no article."""
        return not self.coverage().articles

    def article(self, article_id: str) -> Article:
        """The article of that id, as stored; UnknownArticleError when there is none."""
        return self.catalogue.article(article_id)

    def articles(self, article_ids: Sequence[str]) -> dict[str, Article]:
        """The articles of those ids, as stored; ids that are gone are left out."""
        return self.catalogue.articles(article_ids)

    def passages(self, keys: Sequence[int]) -> dict[int, Passage]:
        """The passages of those keys; keys that are gone are left out."""
        return self.catalogue.passages(keys)

    def coverage(self, scope: Scope = EVERYTHING) -> Coverage:
        """How many articles `scope` holds, and which days."""
        return self.catalogue.coverage(scope)

    def status(self) -> Status:
        """What it holds."""
        changed = self.catalogue.state("changed")
        return Status(
            self.coverage().articles,
            self.catalogue.count_passages(),
            datetime.fromisoformat(changed) if changed else None,
            tuple(self.catalogue.failures()),
            tuple(self.catalogue.sources()),
        )

    def search_dense(self, query: str, k: int, scope: Scope = EVERYTHING) -> list[tuple[int, float]]:
        """The `k` passages nearest in meaning as (key, cosine in -1..1), nearest first."""
        if k < 1 or not len(self.lexical):
            return []
        best: dict[int, float] = {}
        for vector in self.embedder.embed(self.wordings(query)):
            for key, cosine in self.vectors.search(vector, k, scope):
                best[key] = max(cosine, best.get(key, cosine))
        return sorted(best.items(), key=lambda item: (-item[1], item[0]))[:k]

    def search_lexical(self, query: str, k: int, scope: Scope = EVERYTHING) -> list[tuple[int, float]]:
        """The `k` passages that share the most telling words as (key, BM25 score > 0), best first."""
        allowed = None if scope.is_open else self.catalogue.passage_keys(scope)
        return self.lexical.search(self.lexical_weights(query), k, allowed)

    def lexical_weights(self, query: str) -> dict[str, float]:
        """The terms that `query` is searched by, and the weight (0..1) of each."""
        weights: dict[str, float] = {}
        for matches in self.matches(query).values():
            for match, share in matches.items():
                weights[match] = max(weights.get(match, 0.0), share if share == 1 else LIKE_WEIGHT * share)
        return weights

    def matches(self, query: str) -> dict[str, dict[str, float]]:
        """Each term of `query` with the terms that count as it, and how much (0..1).

        It counts as itself, a name as its other spellings here too, and a common word in part as words like it.
        """
        spellings = self.spellings(query)
        return {
            term: {**thesaurus.like(term), **dict.fromkeys([term, *spellings.get(term, ())], 1.0)}
            for term in terms(query)
        }

    def spellings(self, query: str) -> dict[str, list[str]]:
        """The names in `query` that are spelt in other ways here, each with those spellings, nearest first."""
        names = [term for term in terms(query) if not self.lexical.is_common(term)]
        return {name: others for name, others in self._names().spellings(names).items() if others}

    def respellings(self, query: str, texts: Sequence[str]) -> list[tuple[str, str]]:
        """Names in `query`, each with another spelling that one of `texts` has in its place, as both write them."""
        spellings = self.spellings(query)
        asked = {term: word for word in words(query) for term in terms(word) if term in spellings}
        found = {}
        for text in texts if asked else ():
            held = {term: word for word in words(text) for term in terms(word)}
            for name, word in asked.items():
                here = next((held[other] for other in spellings[name] if other in held), None)
                if here and name not in held:
                    found[word, here.casefold()] = word, here
        return list(found.values())

    @property
    def lexical(self) -> LexicalIndex:
        """The word counts of the passages in the catalogue, read or made when they are first needed."""
        return self.counts.index

    def wordings(self, query: str) -> list[str]:
        """`query`, and `query` with the names that the archive lacks in the nearest spelling that it has."""
        respelt = query
        for name, others in self.spellings(query).items():
            if name not in self.lexical.vocabulary:
                respelt = replaced(respelt, name, others[0])
        return list(dict.fromkeys([query, respelt]))

    def is_name(self, word: str) -> bool:
        """Whether `word`, or another spelling of it, is here, and no common word."""
        found = terms(word)
        if len(found) != 1 or not found[0].isalpha() or self.lexical.is_common(found[0]):
            return False
        return found[0] in self.lexical.vocabulary or bool(self._names().spellings(found)[found[0]])

    def knows(self, text: str) -> bool:
        """Whether the archive has every word of `text`, or a word that counts as it."""
        return all(matches.keys() & self.lexical.vocabulary.keys() for matches in self.matches(text).values())

    def mentioning(self, text: str, scope: Scope = EVERYTHING) -> set[int]:
        """The articles in `scope`, by number, that hold in one passage every word of `text`.

        A name may be there in another spelling, a common word as a word like it.
        """
        held = None if scope.is_open else self.catalogue.passage_keys(scope)
        for term, matches in self.matches(text).items():
            every = (match for match, share in matches.items() if share == 1 or self.lexical.is_common(term))
            keys = self.lexical.holding(every)
            held = keys if held is None else np.intersect1d(held, keys)
        if held is None or not len(held):
            return set()
        passages, articles = self._passage_articles()
        return set(articles[np.isin(passages, held)].tolist())

    def _passage_articles(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The keys of all passages, and the number of each one's article."""
        with self._lock:
            generation = self.catalogue.generation
            if self._articles_of is None or self._articles_of[0] != generation:
                self._articles_of = (generation, self.catalogue.passage_articles())
            return self._articles_of[1]

    def _names(self) -> Names:
        with self._lock:
            lexical = self.lexical
            if self._names_of is None or self._names_of[0] is not lexical:
                self._names_of = (lexical, lexical.by_spelling())
            return self._names_of[1]

    def embed_passages(self, articles: Sequence[Article], spans: Sequence[Span]) -> NDArray[np.float32]:
        """Vectors (n, dimensions) of passages: each is read with its title before it, which says what it is about."""
        pairs = zip(articles, spans, strict=True)
        return self.embedder.embed([f"{article.title[:120]}. {article.text[s.start : s.end]}" for article, s in pairs])

    def out_of_step(self) -> tuple[list[int], list[int]]:
        """(keys of vectors without a passage, keys of passages without a vector); both empty nearly always."""
        if self.vectors.count() == self.catalogue.count_passages():
            return [], []
        held, wanted = set(self.vectors.keys()), {int(key) for key in self.catalogue.passage_keys(EVERYTHING)}
        return sorted(held - wanted), sorted(wanted - held)

    def _open_vectors(self, chroma_url: str | None) -> VectorStore:
        from index.store import VectorStore  # here, as Chroma takes a second to import: the embedder loads meanwhile

        if not chroma_url:
            return VectorStore.embedded(self.home / "chroma", self.embedder.name)
        name = self.catalogue.once("collection", f"quotedesk-{os.urandom(8).hex()}")  # a server may serve several homes
        return VectorStore.over_http(chroma_url, name, self.embedder.name)
