"""What the tests share: the real embedder, a fresh archive, a desk over the shipped articles, and the command line.

No test may open a connection that leaves this machine: what tries to is refused, and the test fails.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import pytest
from hypothesis import settings

from bot.desk import CORPUS, Desk
from index.archive import Archive
from index.embedder import MiniLM
from index.ingest import ingest
from tests.outside import OutsideConnectionError, is_local

CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
Found = TypeVar("Found")
ROOT = Path(__file__).parents[1]
ORIGINALS = ROOT.parent / "shared" / "data" / "articles"
"""Five scraped articles that the project may be tested with but does not ship."""

# The same examples on every run and no deadline: the machine may be busy. To look for new ones:
# pytest --hypothesis-profile=explore
settings.register_profile("repeatable", deadline=None, derandomize=True)
settings.register_profile("explore", deadline=None, max_examples=2_000)
settings.load_profile("repeatable")


@pytest.fixture(scope="session", autouse=True)
def refuse_outside_connections() -> Iterator[None]:
    """Every connection and look-up goes through a check of where it leads."""

    def checked(original: Callable[..., Any], host_of: Callable[..., object]) -> Callable[..., Any]:
        def call(*values: Any, **named: Any) -> Any:
            host = host_of(*values, **named)
            if not is_local(host):
                raise OutsideConnectionError(host)
            return original(*values, **named)

        return call

    def peer(connection: socket.socket, address: Any) -> object:
        return address[0] if connection.family in (socket.AF_INET, socket.AF_INET6) else None

    with pytest.MonkeyPatch.context() as patch:
        for name in ("connect", "connect_ex"):
            patch.setattr(socket.socket, name, checked(getattr(socket.socket, name), peer))
        for name in ("getaddrinfo", "gethostbyname", "gethostbyname_ex"):
            patch.setattr(socket, name, checked(getattr(socket, name), lambda host, *_, **__: host))
        yield


@pytest.fixture(scope="session")
def embedder() -> MiniLM:
    """The bundled embedder, loaded once."""
    return MiniLM()


@pytest.fixture
def archive(tmp_path: Path, embedder: MiniLM) -> Iterator[Archive]:
    """An empty archive of its own."""
    with Archive(tmp_path / "home", embedder=embedder) as archive:
        yield archive


@pytest.fixture(scope="session")
def desk(tmp_path_factory: pytest.TempPathFactory, embedder: MiniLM) -> Iterator[Desk]:
    """A desk over the shipped articles. Tests only ask it: what changes an archive takes `archive`."""
    archive = Archive(tmp_path_factory.mktemp("desk") / "home", embedder=embedder)
    ingest(archive, [str(CORPUS)])
    with Desk(archive) as desk:
        yield desk


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Write files: `write({"a.txt": "text", "b/c.txt": b"bytes"})` gives the folder that then holds them."""

    def written(files: Mapping[str, str | bytes], folder: str = "articles") -> Path:
        place = tmp_path / folder
        place.mkdir(exist_ok=True)
        for name, content in files.items():
            path = place / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
        return place

    return written


class Run(NamedTuple):
    """What a command left behind."""

    returncode: int
    stdout: str
    stderr: str

    @property
    def json(self) -> Any:
        """Standard output as the one JSON value that it holds."""
        return json.loads(self.stdout)

    @property
    def json_lines(self) -> list[Any]:
        """Standard output as one JSON value a line."""
        return [json.loads(line) for line in self.stdout.splitlines()]


class CommandLine:
    """`quotedesk` as a process, with a home and a working folder of its own."""

    def __init__(self, home: Path, folder: Path) -> None:
        self.home, self.folder = home, folder

    def command(self, *words: str) -> list[str]:
        """The words that start it."""
        return [sys.executable, "-m", "ui.cli", *words]

    def environment(self, **more: str) -> dict[str, str]:
        """The environment it runs in: no settings but its home, and `more`."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("QUOTEDESK_")}
        path = os.pathsep.join(filter(None, [str(ROOT), kept.get("PYTHONPATH", "")]))
        return {**kept, "PYTHONPATH": path, "QUOTEDESK_HOME": str(self.home), **more}

    def __call__(self, *words: str, stdin: str = "", timeout_s: float = 120, **environment: str) -> Run:
        done = subprocess.run(
            self.command(*words),
            input=stdin.encode("utf-8"),
            capture_output=True,
            cwd=self.folder,
            env=self.environment(**environment),
            timeout=timeout_s,
            check=False,
        )
        # An article is printed exactly as it is stored: no line end may be changed on the way here.
        return Run(done.returncode, done.stdout.decode("utf-8"), done.stderr.decode("utf-8"))


@pytest.fixture
def quotedesk(tmp_path: Path) -> CommandLine:
    """The command line with an empty home: `quotedesk("ask", "Who?").returncode`."""
    (tmp_path / "work").mkdir()
    return CommandLine(tmp_path / "home", tmp_path / "work")


@pytest.fixture(scope="session")
def corpus_home(tmp_path_factory: pytest.TempPathFactory, embedder: MiniLM) -> Path:
    """A home with the shipped articles, held by nobody: for commands that only ask."""
    home = tmp_path_factory.mktemp("corpus") / "home"
    with Archive(home, embedder=embedder) as archive:
        ingest(archive, [str(CORPUS)])
    return home


@pytest.fixture
def filled(quotedesk: CommandLine, corpus_home: Path) -> CommandLine:
    """The command line over the shipped articles; for commands that change nothing."""
    quotedesk.home = corpus_home
    return quotedesk


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """A real Chromium; one for all tests, as a process can only have one."""
    chromium = os.environ.get("QUOTEDESK_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if not chromium:
        pytest.skip("no Chromium: install it (apt-get install chromium) or name one in QUOTEDESK_CHROMIUM")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_FLAGS)
        yield browser
        browser.close()


def completed(work: Coroutine[Any, Any, Found]) -> Found:
    """What a coroutine gives: run in a thread, since the one of the tests has the browser's loop."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()


def wait_until(holds: Callable[[], object], limit_s: float = 30) -> None:
    """Returns as soon as it `holds`; fails when it does not within `limit_s`."""
    ends = time.monotonic() + limit_s
    while not holds():
        assert time.monotonic() < ends, f"not within {limit_s} s"
        time.sleep(0.01)


def free_port() -> int:
    """A port of this machine on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
