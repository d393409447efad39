"""Real servers for tests, each a process of its own on a free port of this machine: `quotedesk chat`, `chroma run`."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
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


def started(words: list[str], log: Path, **settings: str) -> subprocess.Popen[str]:
    """A Python process, run from the tree with `settings` and nobody else's; what it logs goes to a file."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("QUOTEDESK_", "GRADIO_"))}
    with log.open("w") as errors:
        return subprocess.Popen(
            [sys.executable, *words],
            cwd=log.parent,
            env={**environment, **settings, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )


@contextmanager
def serving(words: list[str], log: Path, says: str = r"http://\S+", **settings: str) -> Iterator[Server]:
    """A process that prints its address when it answers, as `says` finds it, stopped at the end."""
    process = started(words, log, **settings)
    assert process.stdout is not None
    watchdog = threading.Timer(START_S, process.kill)
    watchdog.start()
    try:
        printed = iter(process.stdout.readline, "")
        ready, address = next(((line, found[0]) for line in printed if (found := re.search(says, line))), ("", ""))
        assert address, f"it printed no address; the log: {log.read_text()}"
        watchdog.cancel()
        yield Server(address, ready.strip(), process, log)
    finally:
        watchdog.cancel()
        process.terminate()
        process.wait(20)
        process.stdout.close()


def ended(process: subprocess.Popen[str], number: signal.Signals = signal.SIGTERM) -> float:
    """Seconds from that signal to the end of the process, which must be a good one."""
    asked = time.monotonic()
    process.send_signal(number)
    assert process.wait(20) == 0
    return time.monotonic() - asked


@contextmanager
def open_page(server: Server) -> Iterator[None]:
    """What holds `quotedesk chat` for as long as a page is open in a browser."""
    host, port = server.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as page:
        page.sendall(f"GET /gradio_api/heartbeat/abc HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n".encode())
        assert page.recv(12) == b"HTTP/1.1 200"
        yield


@contextmanager
def chatting(home: Path, port: int | None = None, **settings: str) -> Iterator[Server]:
    """`quotedesk chat` on that home, with those settings; on any port that is free, unless one is given."""
    words = ["-m", "ui.cli", "--home", str(home), "chat", "--port", str(port or free_port())]
    with serving(words, home.parent / f"{home.name}.log", **settings) as server:
        yield server


@contextmanager
def chroma(folder: Path, port: int | None = None) -> Iterator[str]:
    """A Chroma server, from the same environment as the tests, on what `folder` holds; gives its address."""
    port = port or free_port()
    words = ["run", "--path", str(folder), "--host", "127.0.0.1", "--port", str(port)]
    log = folder.parent / f"{folder.name}.log"
    with log.open("ab") as output:
        server = subprocess.Popen([Path(sys.executable).with_name("chroma"), *words], stdout=output, stderr=output)
    try:
        ends = time.monotonic() + START_S
        while True:
            with socket.socket() as probe:
                if not probe.connect_ex(("127.0.0.1", port)):
                    break
            assert server.poll() is None, log.read_text()
            assert time.monotonic() < ends, log.read_text()
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(20)
