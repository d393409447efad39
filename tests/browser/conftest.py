"""A real Chromium at a real server: the pages that the tests use, and what no page of ours may do."""

from __future__ import annotations

import json
import re
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from bot.desk import Desk
from index.archive import Archive
from index.embedder import MiniLM
from tests.servers import Server, chatting

WAIT_MS = 30_000
"""For anything to appear: it takes a tenth of a second, but not on a machine that is busy with everything else."""
expect.set_options(timeout=WAIT_MS)

ARTICLES = {
    "herald.md": """---
title: Storm closes the harbour bridge
source: Northport Herald
published: 2024-03-02
url: https://herald.example/bridge
---
The harbour bridge of Northport closed on Friday after a storm. Divers found cracks, said Mara Lindqvist.

Repairs of the harbour bridge will cost four million euros, Lindqvist said. “We need a year,” she added.
""",
    "courier.md": """---
title: Council doubts the price of the bridge
source: Coast Courier
published: 2024-03-05
---
Repairs of the harbour bridge will cost six million euros, the city council said on Tuesday. Ferries run until then.
""",
    "minutes.md": """---
title: Minutes of the harbour committee
source: Northport Council
published: 2024-02-20
---
"""
    + "\n\n".join(f"Item {number} of the meeting was put off until spring." for number in range(1, 80))
    + "\n\nA lighthouse keeper named Ottilie Brandt was thanked for forty years of service.\n",
    "chess.md": """---
title: Chess club moves to the library
source: Northport Herald
published: 2024-02-11
---
The chess club now meets in the library on Mondays. Its chairman, Tom Adeyemi, said the old hall was too cold.
""",
}
LAST = "Which lighthouse keeper was thanked for forty years of service?"
"""What the last sentence of a long article answers."""
COST = "How much will repairs of the harbour bridge cost?"
UNKNOWN = "Who won the football world cup in Qatar?"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def make_home(tmp_path_factory: pytest.TempPathFactory, embedder: MiniLM) -> Callable[[dict[str, str]], Path]:
    """A home with those articles."""

    def made(articles: dict[str, str]) -> Path:
        folder = tmp_path_factory.mktemp("articles")
        for name, text in articles.items():
            (folder / name).write_text(text, "utf-8")
        home = tmp_path_factory.mktemp("browser") / "home"
        with Desk(Archive(home, embedder=embedder)) as desk:
            assert desk.add([str(folder)]).failed == ()
        return home

    return made


@pytest.fixture(scope="session")
def server(browser: Browser, make_home: Callable[[dict[str, str]], Path]) -> Iterator[Server]:
    """The chat over ARTICLES; not started where there is no browser."""
    with chatting(make_home(ARTICLES)) as running:
        yield running


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Opens a page in a browser of its own; it may reach nothing but its server, ask nothing and report no error."""
    contexts: list[BrowserContext] = []
    wrong: list[str] = []

    def opened(url: str, *, width: int = 1280, height: int = 800, **options: Any) -> Page:
        context = browser.new_context(viewport={"width": width, "height": height}, **options)
        contexts.append(context)
        context.set_default_timeout(WAIT_MS)
        ours = (url, "data:", "blob:")
        context.on("request", lambda request: request.url.startswith(ours) or wrong.append(request.url))
        context.on("weberror", lambda error: wrong.append(f"uncaught: {error.error}"))
        context.on("dialog", lambda dialog: wrong.append(f"dialog: {dialog.message}"))
        context.on("console", lambda said: said.type != "error" or wrong.append(f"{said.text} ({said.location})"))
        page = context.new_page()
        page.goto(url)
        page.get_by_role("heading", name="Quotedesk").wait_for()
        return page

    yield opened
    for context in contexts:
        context.close()
    assert wrong == []


@pytest.fixture
def page(open_page: Callable[..., Page], server: Server) -> Page:
    """A fresh chat on a desktop."""
    return open_page(server.url)


def answer_of(server: Server, question: str, **more: Any) -> Any:
    """What the API of the same server answers."""
    body = json.dumps({"question": question, **more}).encode()
    with urllib.request.urlopen(f"{server.url}/v1/ask", body, timeout=60) as answer:  # noqa: S310 - our own server
        return json.load(answer)


def ask(page: Page, question: str) -> None:
    """Type a question, send it with Enter, and wait until its answer is complete."""
    page.get_by_label("Your question").fill(question)
    page.get_by_label("Your question").press("Enter")
    answered(page, question)


def answered(page: Page, question: str) -> None:
    """Wait until the last question asked is that one, and its answer is complete and kept."""
    page.locator("#chat .user-row").last.get_by_text(question, exact=True).wait_for()
    page.locator("#chat .bot-row").last.get_by_text(re.compile("articles? searched")).wait_for()
    page.get_by_role("button", name="Send").wait_for()
