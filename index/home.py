"""The folder that holds all state, which one process at a time may use."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import filelock


class HomeInUseError(RuntimeError):
    """Another process has this home."""

    def __init__(self, home: Path, holder: str) -> None:
        super().__init__(f"{home} is in use by {holder}: stop that first, or give another home (QUOTEDESK_HOME)")


class HomeError(RuntimeError):
    """The home cannot be made or written to."""

    def __init__(self, home: Path, error: OSError) -> None:
        super().__init__(f"{home} cannot be the home ({error.strerror or error}): give another (QUOTEDESK_HOME)")


def held(home: Path) -> filelock.BaseFileLock:
    """The lock on `home`, made when it is not there; release it. HomeInUseError, HomeError when it cannot be had."""
    holder, lock = home / "holder", filelock.FileLock(home / "lock", timeout=0)
    try:
        home.mkdir(parents=True, exist_ok=True)
        lock.acquire()
        holder.write_text(f"process {os.getpid()} ({' '.join([Path(sys.argv[0]).name, *sys.argv[1:2]])})")
    except filelock.Timeout:
        who = holder.read_text() if holder.exists() else "another process"
        raise HomeInUseError(home, who) from None
    except OSError as error:
        lock.release()
        raise HomeError(home, error) from error
    return lock
