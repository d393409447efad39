"""The catalogue's file: its tables, and how it is made once although several processes may begin at the same time."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

VERSION = 1
"""Of the tables; another one means another version of Quotedesk."""
_TABLES = """
CREATE TABLE articles (
    key INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, text TEXT NOT NULL, title TEXT NOT NULL,
    source TEXT NOT NULL, folded_source TEXT NOT NULL, url TEXT, published TEXT, authors TEXT NOT NULL,
    fingerprint TEXT NOT NULL);
CREATE TABLE passages (
    key INTEGER PRIMARY KEY AUTOINCREMENT, article INTEGER NOT NULL REFERENCES articles ON DELETE CASCADE,
    "start" INTEGER NOT NULL, "end" INTEGER NOT NULL);
CREATE INDEX passages_article ON passages (article);
CREATE TABLE origins (
    origin TEXT NOT NULL, article INTEGER NOT NULL REFERENCES articles ON DELETE CASCADE,
    PRIMARY KEY (origin, article)) WITHOUT ROWID;
CREATE INDEX origins_article ON origins (article);
CREATE TABLE failures (path TEXT PRIMARY KEY, error TEXT NOT NULL);
CREATE TABLE state (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""
_INDEX = "CREATE INDEX IF NOT EXISTS articles_scope ON articles (published, folded_source)"
"""What a scope asks for, without the texts: a home that an earlier version began gets it when it is opened."""
_BUSY_S = 30.0
"""How long another process is waited for: those who read wait for nobody, those who write or make the file do."""


def opened(path: Path) -> sqlite3.Connection:
    """The file at `path`, made when it is not there, for any thread. Raises sqlite3.Error."""
    db = sqlite3.connect(path, timeout=_BUSY_S, check_same_thread=False, isolation_level=None)
    _use_wal(db)
    db.execute("PRAGMA synchronous = NORMAL")
    db.execute("PRAGMA foreign_keys = ON")
    if version(db) == 0:
        _make(db)
    if version(db) == VERSION:
        db.execute(_INDEX)
    return db


def version(db: sqlite3.Connection) -> int:
    """Of the tables in the file; 0 when there are none."""
    return int(db.execute("PRAGMA user_version").fetchone()[0])


def _use_wal(db: sqlite3.Connection) -> None:
    """Let others read while one writes."""
    ends = time.monotonic() + _BUSY_S
    while True:
        try:
            db.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:  # when two do this to a new file, SQLite waits for neither
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > ends:
                raise
            time.sleep(0.05)


def _make(db: sqlite3.Connection) -> None:
    db.execute("BEGIN IMMEDIATE")
    if version(db) == 0:  # and not made by another process just now
        for statement in _TABLES.split(";"):
            db.execute(statement)
        db.execute(f"PRAGMA user_version = {VERSION}")
    db.execute("COMMIT")
