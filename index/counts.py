"""The word counts of one home: as this process has them, and as whichever process wrote to the home has saved them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from threading import RLock

from index.article import Article
from index.catalogue import Catalogue
from index.home import HomeInUseError
from index.lexical import LexicalIndex, Words, common_terms, terms
from index.passages import Span

_REBUILD_BATCH = 20_000  # passages


def words_of(keys: Sequence[int], articles: Sequence[Article], spans: Sequence[Span]) -> list[Words]:
    """The terms under which passages are found, by key: their title's and their own."""
    titles = {article.id: terms(article.title) for article in articles}
    triples = zip(keys, articles, spans, strict=True)
    return [
        Words(key, titles[article.id] + terms(text), common_terms(text))
        for key, article, span in triples
        for text in [article.text[span.start : span.end]]
    ]


class WordCounts:
    """The counts of the passages in `catalogue`, kept in `home`. Safe to use from several threads.

    `writing` is the right to write to the home, HomeInUseError when another has it; `shared` says whether another may.
    `generation` is that of the catalogue whose passages are counted.
    """

    def __init__(
        self, home: Path, catalogue: Catalogue, writing: Callable[[], AbstractContextManager[object]], *, shared: bool
    ) -> None:
        self._home, self._catalogue, self._writing, self._shared = home, catalogue, writing, shared
        self._lock = RLock()
        self.generation = -1
        self._index: LexicalIndex | None = None
        self._seen: tuple[int, int, int] | None = None  # the saved file, as it was when it was last read or written
        self._saved = -1  # the generation in it

    @property
    def index(self) -> LexicalIndex:
        """What to search: the newest that were saved. While another process writes, nobody waits for new ones."""
        with self._lock:
            is_first = self._index is None
            if is_first or self._shared:
                self._catch_up()
            if is_first and (self._index is None or self.generation != self._catalogue.generation):
                with contextlib.suppress(HomeInUseError), self._writing():
                    self.settle()
            return self._rebuilt() if self._index is None else self._index

    def settle(self) -> None:
        """Counts of just what the catalogue holds, saved: a run may have been cut off. While `writing` only."""
        with self._lock:
            self._catch_up()
            if self._index is None or self.generation != self._catalogue.generation:
                self._rebuilt()
            self.save()

    def update(self, added: Sequence[Words], dropped: Sequence[int]) -> None:
        """Take passages that the catalogue has into the counts, and others out. While `writing` only."""
        with self._lock:
            if added or dropped:
                self._index = (self._index or LexicalIndex.empty()).updated(added, dropped)
            self.generation = self._catalogue.generation

    def save(self) -> None:
        """Write them down, if they changed. While `writing` only."""
        with self._lock:
            if self._index is not None and self.generation != self._saved and (self._seen or len(self._index)):
                self._index.save(self._home, self.generation)
                self._seen, self._saved = LexicalIndex.stamp(self._home), self.generation

    def _catch_up(self) -> None:
        """Take what another process has saved since; what cannot be read is no reason to let go of what is here."""
        stamp = LexicalIndex.stamp(self._home)
        if stamp == self._seen:
            return
        saved = LexicalIndex.load(self._home)
        self._seen, self._saved = stamp, saved.generation if saved else -1
        if saved and saved.generation >= self.generation:
            self.generation, self._index = saved

    def _rebuilt(self) -> LexicalIndex:
        generation = self._catalogue.generation  # before its articles are read: there may be more by then
        index, batch = LexicalIndex.empty(), list[Words]()
        for article, keys, spans in self._catalogue.articles_with_passages():
            batch += words_of(keys, [article] * len(keys), spans)
            if len(batch) >= _REBUILD_BATCH:
                index, batch = index.updated(batch), []
        self.generation, self._index = generation, (index := index.updated(batch))
        return index
