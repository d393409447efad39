"""Tokens of programs and passwords of people, kept hashed in the home, in `access.json`, for its owner only."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import filelock

PREFIX = "qd_"
"""What a token begins with, by which one that lies about is recognised."""
MIN_PASSWORD_CHARS = 8
_SCRYPT: dict[str, int] = {"n": 2**14, "r": 8, "p": 1}
_KINDS = ("tokens", "users")
_UNDO = {"tokens": "revoke", "users": "remove"}

Record = dict[str, str]


class AccessError(ValueError):
    """A name that is taken or not there, or a password that is too short; the message says which and what to do."""


class Keys:
    """The tokens and users of a home. Each question reads what another process may have changed since."""

    def __init__(self, home: Path) -> None:
        self._file = home / "access.json"
        self._read_at = -1
        self._kept: dict[str, list[Record]] = {kind: [] for kind in _KINDS}
        self._verified: dict[bytes, str] = {}

    @property
    def tokens(self) -> list[Record]:
        """Of each token its `name` and when it was `made`."""
        return [{"name": kept["name"], "made": kept["made"]} for kept in self._now()["tokens"]]

    @property
    def users(self) -> list[Record]:
        """Of each user the `name` and when it was `made`."""
        return [{"name": kept["name"], "made": kept["made"]} for kept in self._now()["users"]]

    def make_token(self, name: str) -> str:
        """A new token, which is kept nowhere else: only its SHA-256 is. AccessError when the name is taken."""
        token = PREFIX + secrets.token_urlsafe(32)
        self._add("tokens", name, {"sha256": _sha256(token)})
        return token

    def add_user(self, name: str, password: str) -> None:
        """Let a person in by name and password. AccessError when the name is taken or the password too short."""
        if len(password) < MIN_PASSWORD_CHARS:
            raise AccessError(
                f"a password of {len(password)} characters is too short: take {MIN_PASSWORD_CHARS} or more"
            )
        if ":" in name:
            raise AccessError(f"the name {name!r} has a colon, which browsers cannot send: take another")
        salt = secrets.token_hex(16)
        self._add("users", name, {"salt": salt, "scrypt": _scrypt(password, salt)})

    def remove(self, kind: str, name: str) -> None:
        """Forget a token ("tokens") or user ("users"). AccessError when there is none of that name."""
        with self._lock():
            kept = self._now()
            if not any(record["name"] == name for record in kept[kind]):
                known = ", ".join(record["name"] for record in kept[kind]) or "none"
                raise AccessError(f"there is no {kind[:-1]} {name!r} (there are: {known})")
            kept[kind] = [record for record in kept[kind] if record["name"] != name]
            self._write(kept)

    def token_name(self, token: str) -> str | None:
        """Whose token it is; None when it is none, or revoked."""
        digest = _sha256(token)
        found = (kept["name"] for kept in self._now()["tokens"] if hmac.compare_digest(kept["sha256"], digest))
        return next(found, None)

    def has_password(self, name: str, password: str) -> bool:
        """Whether that is the user's password. The first time it takes a moment, as it should."""
        user = next((kept for kept in self._now()["users"] if kept["name"] == name), None)
        if user is None:
            return False
        key = hashlib.sha256(f"{user['salt']}{password}".encode()).digest()
        if self._verified.get(key) == user["scrypt"]:
            return True
        if not hmac.compare_digest(_scrypt(password, user["salt"]), user["scrypt"]):
            return False
        self._verified[key] = user["scrypt"]
        return True

    def _add(self, kind: str, name: str, secret: Record) -> None:
        if not name.strip() or not name.isprintable():
            raise AccessError(f"{name!r} is not a name: give one that can be read")
        with self._lock():
            kept = self._now()
            if any(record["name"] == name for record in kept[kind]):
                raise AccessError(f"there is a {kind[:-1]} {name!r} already: {_UNDO[kind]} it first, or take another")
            made = datetime.now(UTC).isoformat(timespec="seconds")
            kept[kind].append({"name": name, "made": made, **secret})
            self._write(kept)

    def _lock(self) -> filelock.BaseFileLock:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        return filelock.FileLock(f"{self._file}.lock", timeout=10)

    def _now(self) -> dict[str, list[Record]]:
        try:
            changed = self._file.stat().st_mtime_ns
        except FileNotFoundError:
            return {kind: [] for kind in _KINDS}
        if changed != self._read_at:
            try:
                read: Any = json.loads(self._file.read_text("utf-8"))
                self._kept = {kind: list(read[kind]) for kind in _KINDS}
            except (ValueError, LookupError, TypeError) as error:
                raise AccessError(
                    f"{self._file} cannot be read ({error}): mend it, or remove it and begin anew"
                ) from error
            self._read_at = changed
        return self._kept

    def _write(self, kept: dict[str, list[Record]]) -> None:
        """Replace the file, which nobody may see half written."""
        beside = self._file.with_suffix(".new")
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            json.dump(kept, file, ensure_ascii=False, indent=1)
        beside.replace(self._file)


def _sha256(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _scrypt(password: str, salt: str) -> str:
    return hashlib.scrypt(password.encode(), salt=bytes.fromhex(salt), **_SCRYPT).hex()
