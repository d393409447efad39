"""Real servers for tests: `quotedesk chat` as a process of its own, on a free port of this machine."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import ROOT, free_port

START_S = 120
"""A start takes 3 s, but not on a machine that is busy with everything else."""


@dataclass(frozen=True)
class Server:
    """A server that answers at `url`; `ready` is the line with which it said so."""

    url: str
    ready: str
    process: subprocess.Popen[str]
    log: Path


def started(words: list[str], log: Path) -> subprocess.Popen[str]:
    """A Python process, run from the tree and without anybody's settings; what it logs goes to a file."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("QUOTEDESK_", "GRADIO_"))}
    with log.open("w") as errors:
        return subprocess.Popen(
            [sys.executable, *words],
            cwd=log.parent,
            env={**environment, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )


@contextmanager
def serving(words: list[str], log: Path) -> Iterator[Server]:
    """A process that prints its address when it answers, stopped at the end."""
    process = started(words, log)
    assert process.stdout is not None
    watchdog = threading.Timer(START_S, process.kill)
    watchdog.start()
    try:
        ready = process.stdout.readline()
        address = re.search(r"http://\S+", ready)
        assert address, f"no address but {ready!r}; the log: {log.read_text()}"
        watchdog.cancel()
        yield Server(address[0], ready.strip(), process, log)
    finally:
        watchdog.cancel()
        process.terminate()
        process.wait(20)
        process.stdout.close()


@contextmanager
def chatting(home: Path, port: int | None = None) -> Iterator[Server]:
    """`quotedesk chat` on that home; on any port that is free, unless one is given."""
    words = ["-m", "ui.cli", "--home", str(home), "chat", "--port", str(port or free_port())]
    with serving(words, home.parent / f"{home.name}.log") as server:
        yield server
