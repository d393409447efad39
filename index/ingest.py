"""Readings into an archive: what is new or changed goes in, what is gone goes out, and doing it twice changes nothing.

An article, its passages and their vectors are committed together, some articles at a time; so a run that is cut off
goes on where it stopped. Every run first mends what differs between the catalogue and what is made from it.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from index import readers
from index.archive import Archive
from index.article import Article
from index.counts import words_of
from index.embedder import token_offsets
from index.lexical import Words
from index.passages import Span, passages
from index.readers import Reading

_BATCH_CHARS = 400_000  # of text that is embedded and committed at a time: some seconds of work
_LEXICAL_BATCH = 20_000  # passages whose words are held before they are merged


@dataclass(frozen=True, slots=True)
class Failure:
    """What could not be read, and why."""

    path: str
    error: str


@dataclass(frozen=True, slots=True)
class IngestReport:
    """What one run did, in articles, and what the archive then held."""

    added: int
    updated: int
    unchanged: int
    removed: int
    failed: tuple[Failure, ...]
    articles: int
    passages: int
    seconds: float


OnProgress = Callable[[int, int | None], None]
"""Told after each article how many were read, of how many (None when that is not known)."""


def ingest(
    archive: Archive, targets: Iterable[str], on_progress: OnProgress = lambda _done, _total: None
) -> IngestReport:
    """Read every target (a file, a folder, an address) into `archive`.

    An article that no longer stands where it came from is removed, unless that place could not be read in full. Raises
    HomeInUseError, and changes nothing, when another is writing to the archive.
    """
    with archive.writing():
        return _ingested(archive, list(targets), on_progress)


def _ingested(archive: Archive, targets: list[str], on_progress: OnProgress) -> IngestReport:
    started = time.monotonic()
    run = _Run(archive)
    run.mend()
    total = readers.count(targets)
    for target in targets:
        run.begin(target)
        for origin, readings in groupby(readers.read(target), key=lambda reading: reading.origin):
            run.origin(origin, _watched(readings, run, total, on_progress))
        run.vanished(target)
    run.finish()
    status, tally = archive.status(), run.tally
    return IngestReport(
        added=tally["added"],
        updated=tally["updated"],
        unchanged=tally["unchanged"],
        removed=tally["removed"],
        failed=tuple(run.failed),
        articles=status.articles,
        passages=status.passages,
        seconds=round(time.monotonic() - started, 3),
    )


def _watched(readings: Iterable[Reading], run: _Run, total: int | None, on_progress: OnProgress) -> Iterator[Reading]:
    for reading in readings:
        run.read += 1
        on_progress(run.read, total)
        yield reading


class _Run:
    """One run over one archive: what was counted, and what waits to be written."""

    def __init__(self, archive: Archive) -> None:
        self.archive, self.catalogue = archive, archive.catalogue
        self.tally: Counter[str] = Counter()
        self.failed: list[Failure] = []
        self.read = 0
        self._seen: set[str] = set()
        self._taken: set[str] = set()  # ids: of an article that two places hold, the first one read counts
        self._waiting: dict[str, tuple[Article, set[str]]] = {}  # by article id, with its origins
        self._waiting_chars = 0
        self._words: list[Words] = []
        self._dropped: list[int] = []

    def mend(self) -> None:
        """Bring the vectors in step with the catalogue, where a run was cut off or the store is another one."""
        self.archive.counts.settle()  # of what is here already, before the catalogue moves on
        extra, missing = self.archive.out_of_step()
        self.archive.vectors.remove(extra)
        for start in range(0, len(missing), 500):
            part = self.catalogue.passages(missing[start : start + 500])
            articles = {p.article_id: self.archive.article(p.article_id) for p in part.values()}
            owners = [articles[p.article_id] for p in part.values()]
            spans = [Span(p.start, p.end) for p in part.values()]
            self.archive.vectors.add(list(part), self.archive.embed_passages(owners, spans), owners)

    def begin(self, target: str) -> None:
        """Forget what was wrong with a target as a whole (a folder without articles, a feed that did not answer)."""
        self._note(target if readers.is_address(target) else readers.named(readers.located(target)), [])

    def origin(self, origin: str, readings: Iterable[Reading]) -> None:
        """Take in everything that one file or address holds, and let go of what it no longer holds."""
        self._seen.add(origin)
        before, now, failed, counts = self.catalogue.origin(origin), set(), [], Counter[str]()
        for reading in readings:
            if reading.article is None:
                failed.append(Failure(reading.place, reading.error))
            elif reading.article.id not in now:
                now.add(reading.article.id)
                counts[self._take(origin, reading.article)] += 1
        self.failed += failed
        self._note(origin, failed)
        if not failed:
            counts["removed"] += self._release(origin, before - now)
            edited = min(counts["added"], counts["removed"])  # an article without a URL gets a new id when edited
            counts.update({"added": -edited, "removed": -edited, "updated": edited})
        self.tally.update(counts)

    def vanished(self, target: str) -> None:
        """Let go of what came from files that are no longer in the folder `target`, and of what was wrong with them."""
        folder = None if readers.is_address(target) else readers.located(target)
        if folder and folder.is_dir():
            inside = readers.named(folder).rstrip("/") + "/"
            for origin in sorted(self.catalogue.origins_under(readers.named(folder)) - self._seen):
                self.tally["removed"] += self._release(origin, self.catalogue.origin(origin))
            for path, _ in self.catalogue.failures():  # a path, or a path:line
                if path.startswith(inside) and self._seen.isdisjoint((path, path.rpartition(":")[0])):
                    self._note(path, [])

    def finish(self) -> None:
        """Write what waits."""
        self._flush()
        self._merge_words()

    def _take(self, origin: str, article: Article) -> str:
        """Set an article down to be written if it has to be: "added", "updated" or "unchanged"."""
        if article.id in self._waiting:
            self._waiting[article.id][1].add(origin)
            return "unchanged"
        known, taken = self.catalogue.fingerprint(article.id), article.id in self._taken
        self._taken.add(article.id)
        if known == article.fingerprint or (known and taken):
            self.catalogue.link(origin, article.id)
            return "unchanged"
        self._waiting[article.id] = (article, {origin})
        self._waiting_chars += len(article.text)
        if self._waiting_chars >= _BATCH_CHARS:
            self._flush()
        return "updated" if known else "added"

    def _release(self, origin: str, article_ids: Iterable[str]) -> int:
        """Unlink articles from `origin` and remove those that no other place holds; how many those were."""
        removed: list[int] = []
        count = 0
        with self.catalogue.transaction():
            for article_id in sorted(article_ids):
                if self.catalogue.unlink(origin, article_id) and article_id not in self._waiting:
                    removed += self.catalogue.remove(article_id)
                    count += 1
        self._drop(removed)
        return count

    def _flush(self) -> None:
        """Embed and commit the articles that wait."""
        if not self._waiting:
            return
        waiting, self._waiting, self._waiting_chars = list(self._waiting.values()), {}, 0
        cut = [
            (article, span) for article, _ in waiting for span in passages(article.text, token_offsets(article.text))
        ]
        owners, spans = [article for article, _ in cut], [span for _, span in cut]
        vectors = self.archive.embed_passages(owners, spans)
        dropped: list[int] = []
        keys: list[int] = []
        with self.catalogue.transaction():
            for article, origins in waiting:
                dropped += self.catalogue.put(article)
                keys += self.catalogue.put_passages(article.id, [span for owner, span in cut if owner is article])
                for origin in origins:
                    self.catalogue.link(origin, article.id)
            self.archive.vectors.add(keys, vectors, owners)
        self._drop(dropped)
        self._words += words_of(keys, owners, spans)
        if len(self._words) >= _LEXICAL_BATCH:
            self._merge_words()

    def _drop(self, keys: list[int]) -> None:
        self.archive.vectors.remove(keys)
        self._dropped += keys

    def _merge_words(self) -> None:
        self.archive.counts.update(self._words, self._dropped)
        self.archive.counts.save()  # each time, for those who ask meanwhile
        self._words, self._dropped = [], []

    def _note(self, origin: str, failed: list[Failure]) -> None:
        with self.catalogue.transaction():
            self.catalogue.forgive(origin)
            for failure in failed:
                self.catalogue.fail(failure.path, failure.error)
