"""Conversations outside the web page: which questions were asked in a thread, and which events have been dealt with."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path
from threading import Lock
from typing import NamedTuple

from bot.answer import Answer
from ui.source import Place

MAX_TURNS = 20
"""Questions of a thread that count for a follow-up: the last ones."""
KEPT_S = 90 * 86_400
"""How long questions and events are remembered."""
WAIT_S = 30.0
"""For another workspace that writes."""
_SCHEMA = """
CREATE TABLE IF NOT EXISTS turns (
    surface TEXT NOT NULL, thread TEXT NOT NULL, message TEXT NOT NULL, question TEXT NOT NULL, query TEXT NOT NULL,
    at REAL NOT NULL);
CREATE INDEX IF NOT EXISTS turns_thread ON turns (surface, thread);
CREATE INDEX IF NOT EXISTS turns_message ON turns (surface, message);
CREATE TABLE IF NOT EXISTS places (
    surface TEXT NOT NULL, message TEXT NOT NULL, number INTEGER NOT NULL, address TEXT NOT NULL, at REAL NOT NULL,
    PRIMARY KEY (surface, message, number)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS events (
    surface TEXT NOT NULL, event TEXT NOT NULL, at REAL NOT NULL, PRIMARY KEY (surface, event)) WITHOUT ROWID;
"""


class Asked(NamedTuple):
    """A question as it was put, and as it was searched for."""

    question: str
    query: str


class Threads:
    """What one surface remembers, in the home; it outlives the process. Close it, or use it in `with`."""

    def __init__(self, home: Path, surface: str) -> None:
        self._surface, self._lock = surface, Lock()
        self._db = sqlite3.connect(
            home / "threads.sqlite3", check_same_thread=False, isolation_level=None, timeout=WAIT_S
        )
        self._db.executescript(_SCHEMA)
        for table in ("turns", "places", "events"):
            self._db.execute(f"DELETE FROM {table} WHERE at < ?", (time.time() - KEPT_S,))  # noqa: S608 - our own names

    def __enter__(self) -> Threads:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._db.close()

    def is_new(self, event: str) -> bool:
        """Whether `event` is dealt with for the first time; it no longer is after that."""
        added = "INSERT OR IGNORE INTO events VALUES (?, ?, ?)"
        with self._lock:
            return self._db.execute(added, (self._surface, event, time.time())).rowcount == 1

    def knows(self, event: str) -> bool:
        """Whether `event` has been dealt with; asking changes nothing."""
        return bool(self._rows("SELECT 1 FROM events WHERE surface = ? AND event = ?", self._surface, event))

    def add(self, thread: str, message: str, answer: Answer) -> None:
        """Note that `answer` was given in `thread`, as the message of that id."""
        row = (self._surface, thread, message, answer.question, answer.query, time.time())
        quotes = (*answer.quotes, *answer.near)
        places = [(self._surface, message, quote.number, Place.of(quote).address, time.time()) for quote in quotes]
        with self._lock:
            self._db.execute("INSERT INTO turns VALUES (?, ?, ?, ?, ?, ?)", row)
            self._db.executemany("INSERT OR REPLACE INTO places VALUES (?, ?, ?, ?, ?)", places)

    def questions(self, thread: str) -> tuple[str, ...]:
        """The last MAX_TURNS questions answered in `thread`, oldest first; none when it is not one of ours."""
        found = "SELECT question FROM turns WHERE surface = ? AND thread = ? ORDER BY rowid DESC LIMIT ?"
        return tuple(question for (question,) in reversed(self._rows(found, self._surface, thread, MAX_TURNS)))

    def asked(self, message: str) -> Asked | None:
        """What the answer in the message of that id was about; None when it is none of ours."""
        rows = self._rows("SELECT question, query FROM turns WHERE surface = ? AND message = ?", self._surface, message)
        return Asked(*rows[-1]) if rows else None

    def thread(self, message: str) -> str | None:
        """The thread in which the message of that id answered; None when it is none of ours."""
        rows = self._rows("SELECT thread FROM turns WHERE surface = ? AND message = ?", self._surface, message)
        return rows[-1][0] if rows else None

    def places(self, thread: str) -> dict[int, str]:
        """The address of each quote of the last answer in `thread`, by the quote's number (`ui.source.Place.at`)."""
        found = (
            "SELECT number, address FROM places WHERE surface = ? AND message = "
            "(SELECT message FROM turns WHERE surface = ? AND thread = ? ORDER BY rowid DESC LIMIT 1) ORDER BY number"
        )
        return {int(number): address for number, address in self._rows(found, self._surface, self._surface, thread)}

    def _rows(self, query: str, *values: object) -> list[tuple[str, ...]]:
        with self._lock:
            return self._db.execute(query, values).fetchall()
