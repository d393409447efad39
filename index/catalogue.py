"""The catalogue: articles, their passages' offsets and where they came from, in one SQLite file.

It is the only copy of a text. Vectors (`store`) and word counts (`lexical`) are made from it and refer to its passages
by key; a key is never used twice, so what a crash leaves behind in them is unknown here, and passed over.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from threading import RLock

import numpy as np
from numpy.typing import NDArray

from index import tables
from index.article import Article, Passage, Scope, canonical_text
from index.passages import Span
from index.tables import opened


class CatalogueError(RuntimeError):
    """The catalogue cannot be used; the message names the file and what to do."""


class UnknownArticleError(LookupError):
    """No article has that id."""

    def __init__(self, article_id: str) -> None:
        super().__init__(f"no article has the id {article_id[:80]!r}: `ask --json` gives the ids of those it quotes")
        self.article_id = article_id


@dataclass(frozen=True, slots=True)
class Coverage:
    """What a Scope holds: how many articles, and the first and last day among those that are dated."""

    articles: int
    start: date | None
    end: date | None


class Catalogue:
    """Articles by id, passages by key. Safe to use from several threads."""

    def __init__(self, path: Path) -> None:
        self._lock, self._path = RLock(), path
        try:
            self._db = opened(path)
        except sqlite3.Error as error:
            raise _unusable(path, error) from error
        if tables.version(self._db) != tables.VERSION:
            raise CatalogueError(f"{path} was written by another version of Quotedesk: index into a new home")

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of the changes inside, or none."""
        with self._lock, self._told():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:  # a full disk has ended it already
                    self._db.execute("ROLLBACK")
                raise

    @contextmanager
    def _told(self) -> Iterator[None]:
        """What SQLite says, as a CatalogueError."""
        try:
            yield
        except sqlite3.Error as error:
            raise _unusable(self._path, error) from error

    # What it holds -------------------------------------------------------------------------------------------------

    @property
    def generation(self) -> int:
        """A number that grows whenever an article is stored or removed."""
        return int(self.state("generation") or 0)

    def article(self, article_id: str) -> Article:
        """The article of that id; UnknownArticleError when there is none."""
        rows = self._rows("SELECT * FROM articles WHERE id = ?", (canonical_text(article_id),))
        if not rows:
            raise UnknownArticleError(article_id)
        return _article(rows[0])

    def articles(self, article_ids: Sequence[str]) -> dict[str, Article]:
        """The articles of those ids that exist."""
        rows = self._rows(
            "SELECT a.* FROM json_each(?) i JOIN articles a ON a.id = i.value", (json.dumps(list(article_ids)),)
        )
        return {found.id: found for found in map(_article, rows)}

    def fingerprint(self, article_id: str) -> str | None:
        """The fingerprint of an article, None when it is not here."""
        rows = self._rows("SELECT fingerprint FROM articles WHERE id = ?", (article_id,))
        return rows[0][0] if rows else None

    def passages(self, keys: Sequence[int]) -> dict[int, Passage]:
        """The passages of those keys that exist."""
        rows = self._rows(
            'SELECT p.key, a.id, p."start", p."end" FROM json_each(?) k JOIN passages p ON p.key = k.value '
            "JOIN articles a ON a.key = p.article",
            (json.dumps(list(keys)),),
        )
        return {key: Passage(article_id, start, end) for key, article_id, start, end in rows}

    def published(self, keys: Sequence[int]) -> dict[int, date | None]:
        """The day of the article of each passage that exists."""
        rows = self._rows(
            "SELECT p.key, a.published FROM json_each(?) k JOIN passages p ON p.key = k.value "
            "JOIN articles a ON a.key = p.article",
            (json.dumps(list(keys)),),
        )
        return {key: date.fromisoformat(day) if day else None for key, day in rows}

    def passage_keys(self, scope: Scope) -> NDArray[np.int64]:
        """The keys (n,) of every passage inside `scope`, ascending."""
        where, values = _where(scope)
        rows = self._rows(
            f"SELECT p.key FROM passages p JOIN articles a ON a.key = p.article WHERE {where} ORDER BY p.key",  # noqa: S608
            values,
        )
        return np.fromiter((row[0] for row in rows), np.int64, len(rows))

    def passage_articles(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The keys (n,) of all passages, ascending, and the row of each one's article (n,)."""
        rows = np.array(self._rows("SELECT key, article FROM passages ORDER BY key", ()), np.int64).reshape(-1, 2)
        return rows[:, 0], rows[:, 1]

    def articles_with_passages(self) -> Iterator[tuple[Article, list[int], list[Span]]]:
        """Every article with the keys and spans of its passages, one in memory at a time."""
        for (key,) in self._rows("SELECT key FROM articles ORDER BY key", ()):
            rows = self._rows('SELECT key, "start", "end" FROM passages WHERE article = ? ORDER BY key', (key,))
            for article in map(
                _article, self._rows("SELECT * FROM articles WHERE key = ?", (key,))
            ):  # unless just gone
                yield article, [row[0] for row in rows], [Span(row[1], row[2]) for row in rows]

    def coverage(self, scope: Scope) -> Coverage:
        """How many articles `scope` holds, and their first and last day."""
        where, values = _where(scope)
        count, first, last = self._rows(
            f"SELECT COUNT(*), MIN(published), MAX(published) FROM articles a WHERE {where}",  # noqa: S608
            values,
        )[0]
        return Coverage(count, *(date.fromisoformat(day) if day else None for day in (first, last)))

    def count_passages(self) -> int:
        """How many passages there are."""
        return int(self._rows("SELECT COUNT(*) FROM passages", ())[0][0])

    def sources(self) -> list[tuple[str, int]]:
        """Every source with its number of articles, most first."""
        return self._rows("SELECT source, COUNT(*) AS n FROM articles GROUP BY source ORDER BY n DESC, source", ())

    def state(self, name: str) -> str | None:
        """A remembered value."""
        rows = self._rows("SELECT value FROM state WHERE name = ?", (name,))
        return rows[0][0] if rows else None

    def once(self, name: str, value: str) -> str:
        """The value remembered under a name; it is `value` from now on when there is none yet in any process."""
        if self.state(name) is None:
            with self.transaction():
                self._db.execute("INSERT OR IGNORE INTO state VALUES (?, ?)", (name, value))
        return self.state(name) or value

    # Changing it: inside `transaction` -------------------------------------------------------------------------------

    def remember(self, name: str, value: str) -> None:
        """Keep a value under a name."""
        self._db.execute("INSERT OR REPLACE INTO state VALUES (?, ?)", (name, value))

    def put(self, article: Article) -> list[int]:
        """Store an article, in place of what had its id; the keys of the passages that it then no longer has."""
        values = {
            "id": article.id,
            "text": article.text,
            "title": article.title,
            "source": article.source,
            "folded_source": article.source.casefold(),
            "url": article.url,
            "published": article.published.isoformat() if article.published else None,
            "authors": json.dumps(article.authors),
            "fingerprint": article.fingerprint,
        }
        names = ", ".join(values)
        changes = ", ".join(f"{name} = excluded.{name}" for name in values if name != "id")
        places = ", ".join(f":{name}" for name in values)
        dropped = self._drop_passages(article.id)
        self._db.execute(
            f"INSERT INTO articles ({names}) VALUES ({places}) ON CONFLICT (id) DO UPDATE SET {changes}",  # noqa: S608
            values,
        )
        self._changed()
        return dropped

    def put_passages(self, article_id: str, spans: Sequence[Span]) -> list[int]:
        """Store the passages of a stored article; their keys."""
        ((article,),) = self._rows("SELECT key FROM articles WHERE id = ?", (article_id,))
        query = 'INSERT INTO passages (article, "start", "end") VALUES (?, ?, ?)'
        return [int(self._db.execute(query, (article, *span)).lastrowid or 0) for span in spans]

    def remove(self, article_id: str) -> list[int]:
        """Remove an article; the keys of the passages that went with it."""
        dropped = self._drop_passages(article_id)
        self._db.execute("DELETE FROM articles WHERE id = ?", (article_id,))
        self._changed()
        return dropped

    def _drop_passages(self, article_id: str) -> list[int]:
        query = "DELETE FROM passages WHERE article = (SELECT key FROM articles WHERE id = ?) RETURNING key"
        return [key for (key,) in self._rows(query, (article_id,))]

    def _changed(self) -> None:
        self.remember("generation", str(self.generation + 1))
        self.remember("changed", datetime.now(UTC).isoformat(timespec="seconds"))

    # Where articles came from ----------------------------------------------------------------------------------------

    def origin(self, origin: str) -> set[str]:
        """The ids of the articles that came from `origin` (a file or an address)."""
        query = "SELECT a.id FROM origins o JOIN articles a ON a.key = o.article WHERE o.origin = ?"
        return {article_id for (article_id,) in self._rows(query, (origin,))}

    def origins_under(self, folder: str) -> set[str]:
        """The known origins inside `folder`."""
        prefix = folder.rstrip("/") + "/"
        query = "SELECT DISTINCT origin FROM origins WHERE substr(origin, 1, ?) = ?"
        return {origin for (origin,) in self._rows(query, (len(prefix), prefix))}

    def link(self, origin: str, article_id: str) -> None:
        """Note that an article came from `origin`."""
        self._rows("INSERT OR IGNORE INTO origins SELECT ?, key FROM articles WHERE id = ?", (origin, article_id))

    def unlink(self, origin: str, article_id: str) -> bool:
        """Note that `origin` no longer holds an article; whether it is now held by none, and may go."""
        self._db.execute(
            "DELETE FROM origins WHERE origin = ? AND article = (SELECT key FROM articles WHERE id = ?)",
            (origin, article_id),
        )
        query = "SELECT COUNT(*) FROM origins o JOIN articles a ON a.key = o.article WHERE a.id = ?"
        return not self._rows(query, (article_id,))[0][0]

    def failures(self) -> list[tuple[str, str]]:
        """What could not be read when it was last tried, as (path, error)."""
        return self._rows("SELECT path, error FROM failures ORDER BY path", ())

    def fail(self, path: str, error: str) -> None:
        """Note that `path` could not be read."""
        self._db.execute("INSERT OR REPLACE INTO failures VALUES (?, ?)", (path, error))

    def forgive(self, origin: str) -> None:
        """Forget failures at `origin`, or on a line of it: it is about to be read again."""
        self._db.execute(
            "DELETE FROM failures WHERE path = ? OR substr(path, 1, ?) = ?", (origin, len(origin) + 1, origin + ":")
        )

    def _rows(self, query: str, values: Sequence[object]) -> list[tuple]:  # type: ignore[type-arg]
        with self._lock, self._told():
            return self._db.execute(query, values).fetchall()


def _unusable(path: Path, error: sqlite3.Error) -> CatalogueError:
    return CatalogueError(f"{path} cannot be used ({error}): free the disk or use another home")


def _article(row: tuple) -> Article:  # type: ignore[type-arg]
    _, article_id, text, title, source, _, url, published, authors, _ = row
    day = date.fromisoformat(published) if published else None
    return Article(article_id, text, title, source, url, day, tuple(json.loads(authors)))


def _where(scope: Scope) -> tuple[str, list[str]]:
    clauses, values = ["1"], []
    if scope.start:
        clauses.append("(a.published IS NULL OR a.published >= ?)")
        values.append(scope.start.isoformat())
    if scope.end:
        clauses.append("(a.published IS NULL OR a.published <= ?)")
        values.append(scope.end.isoformat())
    if scope.sources:
        clauses.append("a.folded_source IN (SELECT value FROM json_each(?))")
        values.append(json.dumps([source.casefold() for source in scope.sources]))
    return " AND ".join(clauses), values
