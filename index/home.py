"""The folder that holds all state, and the lock that whoever writes to it has."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import filelock

MAX_COMMAND_CHARS = 80
"""Of the command that holds a home, when it is named."""


class HomeInUseError(RuntimeError):
    """Another process has this home."""

    def __init__(self, home: Path, holder: str) -> None:
        super().__init__(f"{home} is in use by {holder}: stop that first, or give another home (QUOTEDESK_HOME)")


class HomeError(RuntimeError):
    """The home cannot be made or written to."""

    def __init__(self, home: Path, error: OSError) -> None:
        super().__init__(f"{home} cannot be the home ({error.strerror or error}): give another (QUOTEDESK_HOME)")


class HomeLock:
    """The lock on `home`, which is made when it is not there: one thread of one process has it at a time.

    Use it in `with`; who has it may take it again. Raises HomeInUseError, which names the holder, or HomeError.
    """

    def __init__(self, home: Path) -> None:
        self._home = home
        try:
            home.mkdir(0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise HomeError(home, error) from error
        self._lock = filelock.FileLock(home / "lock", timeout=0)

    def __enter__(self) -> HomeLock:
        holder = self._home / "holder"
        try:
            self._lock.acquire()
            holder.write_text(f"process {os.getpid()} ({_command()})", "utf-8", "replace")
        except filelock.Timeout:
            who = holder.read_text() if holder.exists() else ""
            raise HomeInUseError(self._home, who or "another process") from None
        except OSError as error:
            self._lock.release()
            raise HomeError(self._home, error) from error
        return self

    def __exit__(self, *_: object) -> None:
        self._lock.release()


def _command() -> str:
    """The program and the words it was called with, as far as they tell what it does."""
    words = [Path(sys.argv[0]).name, *sys.argv[1:]]
    return " ".join(words)[:MAX_COMMAND_CHARS]
