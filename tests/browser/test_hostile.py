"""Articles that try to run, to phone home or to break the page: all they get to be is text."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import answer_of, ask
from tests.payloads import HOST, PAYLOADS
from tests.servers import Server, chatting
from ui.shown import inert

SHIPS = [
    "Almond",
    "Birch",
    "Cedar",
    "Dogwood",
    "Elder",
    "Fir",
    "Ginkgo",
    "Hazel",
    "Juniper",
    "Katsura",
    "Larch",
    "Maple",
    "Nutmeg",
    "Oak",
    "Pine",
    "Quince",
]
PAIRS = [" ".join(PAYLOADS[number : number + 2]) for number in range(0, len(PAYLOADS), 2)]
"""Two payloads an article: every article is asked about and opened."""
TAGS = {"SPAN", "P", "BLOCKQUOTE", "STRONG", "EM", "A"}
"""What an answer is made of."""
LOADERS = "script, style:not(svg style), link, meta, base, img, image, iframe, frame, object, embed, video, audio, form"
SOURCE_TAGS = {"DIV", "SPAN", "BUTTON", "ARTICLE", "P", "BDI", "H2", "A", "MARK"}


@pytest.fixture(scope="module")
def hits() -> Iterator[tuple[str, list[str]]]:
    """The address of a listener, and what was asked of it: nothing may ever be."""
    asked: list[str] = []

    class Listener(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<p>heard")

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Listener) as listener:
        Thread(target=listener.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{listener.server_address[1]}", asked
        listener.shutdown()


def article(ship: str, payload: str) -> dict[str, object]:
    """An article that says about a ship of its own what no other does, with the payload wherever it can stand."""
    return {
        "text": f"The ferry {ship} sank at noon {payload} near the coast.\n\n{payload}\n\nThat was all.",
        "title": f"{ship}: {payload}",
        "source": payload,
        "url": f"http://{HOST}/{ship}?{payload}",
        "authors": [payload],
        "published": "2024-03-02",
    }


@pytest.fixture(scope="module")
def hostile(
    browser: Browser, hits: tuple[str, list[str]], make_home: Callable[[dict[str, str]], Path]
) -> Iterator[Server]:
    """The chat over an article for each payload."""
    lines = [json.dumps(article(ship, payload)) for ship, payload in zip(SHIPS, PAIRS, strict=False)]
    with chatting(make_home({"hostile.jsonl": "\n".join(lines).replace(HOST, hits[0]) + "\n"})) as running:
        yield running


def strangers(page: Page, place: str, tags: set[str], link: str) -> list[str]:
    """The elements below `place` that are not of `tags`, have an attribute that ours never have, or link elsewhere."""
    found = page.locator(place).evaluate_all(
        """roots => roots.flatMap(root => [...root.querySelectorAll("*")]).map(one =>
            [one.tagName, [...one.attributes].map(with_ => with_.name + "=" + with_.value), one.outerHTML])"""
    )
    odd = re.compile(rf"(on\w+|style|src|srcset|action|background|poster)=|href=(?!{link})", re.IGNORECASE)
    return [made for tag, attributes, made in found if tag not in tags or any(map(odd.match, attributes))]


def loaders(page: Page) -> int:
    """How many elements on the page could load something, run something or send something."""
    return page.locator("body").locator(LOADERS).count()


def tidied(text: str) -> str:
    return " ".join(inert(text).split())


def test_whatever_articles_say_it_stays_text(
    open_page: Callable[..., Page], hostile: Server, hits: tuple[str, list[str]]
) -> None:
    page = open_page(hostile.url)
    harmless = loaders(page)
    page.get_by_role("button", name="Filters").click()
    page.get_by_label("Outlets").click()
    page.get_by_role("option").nth(len(PAIRS) - 1).wait_for()
    page.locator("#examples button").first.wait_for()
    for ship in SHIPS[: len(PAIRS)]:
        question = f"When did the ferry {ship} sink?"
        ask(page, question)
        quote = next(quote for quote in answer_of(hostile, question)["quotes"] if f"ferry {ship}" in quote["text"])
        said = page.locator("#chat .bot-row").last
        assert f"“{tidied(quote['text'])}”" in map(tidied, said.locator("blockquote p").all_inner_texts())
        said.get_by_role("link", name=f"[{quote['number']}]", exact=True).click()
        mark = page.locator("#source mark")
        expect(mark).to_contain_text(ship)
        assert mark.evaluate("mark => mark.textContent") == inert(quote["text"])
        assert strangers(page, "#source .html-container > div", SOURCE_TAGS, "https?://") == []
    assert strangers(page, "#chat .message-content", TAGS, "#cite-") == []
    page.reload()
    expect(page.locator("#chat .message-row")).to_have_count(2 * len(PAIRS))
    assert strangers(page, "#chat .message-content", TAGS, "#cite-") == []
    assert loaders(page) == harmless
    assert page.evaluate("window.hit") is None
    assert hits[1] == []


def test_whatever_a_person_types_it_stays_text(
    open_page: Callable[..., Page], hostile: Server, hits: tuple[str, list[str]]
) -> None:
    page = open_page(hostile.url)
    harmless = loaders(page)
    typed = " ".join(PAYLOADS[:-1]).replace(HOST, hits[0])
    page.get_by_label("Your question").fill(typed)
    page.get_by_label("Your question").press("Enter")
    page.locator("#chat .bot-row").get_by_text("articles searched").wait_for()
    assert tidied(page.locator("#chat .user-row").inner_text()) == tidied(typed)
    page.get_by_role("button", name="Send").wait_for()
    page.get_by_role("button", name="New chat").click()
    assert tidied(page.locator("#earlier button").inner_text()) == tidied(typed)
    page.locator("#earlier button").click()
    page.locator("#chat .user-row").wait_for()
    assert strangers(page, "#chat .message-content", TAGS, "#cite-") == []
    assert loaders(page) == harmless
    assert page.evaluate("window.hit") is None
    assert hits[1] == []


def test_the_policy_stops_even_what_gets_in(browser: Browser, server: Server, hits: tuple[str, list[str]]) -> None:
    """The second wall; and that the listener, which heard nothing above, does hear."""
    host, asked = hits
    smuggled = f"<img src=http://{host}/image.png><iframe src=http://{host}/frame></iframe>"
    context = browser.new_context()
    page = context.new_page()
    page.goto(server.url)
    page.evaluate("() => { window.stopped = []; }")
    page.evaluate(
        "document.addEventListener('securitypolicyviolation', event => window.stopped.push(event.blockedURI))"
    )
    page.evaluate("markup => document.body.insertAdjacentHTML('beforeend', markup)", smuggled)
    page.wait_for_function("window.stopped.length === 2")
    assert asked == []
    page.goto(f"http://{host}/")
    page.evaluate("markup => document.body.insertAdjacentHTML('beforeend', markup)", smuggled)
    page.frame_locator("iframe").locator("body").wait_for(state="attached")
    context.close()
    assert "/frame" in asked
    asked.clear()
