"""The chat on other sites: two origins in a real browser, one that may show it and one that may not."""

from __future__ import annotations

import os
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import ARTICLES, COST, WAIT_MS
from tests.servers import Server, chatting

LAUNCHER = "Ask our archive"
PAGE = """<!doctype html><meta http-equiv="Content-Security-Policy" content="style-src 'none'">
<title>A newspaper</title><h1>News</h1><p>All is well.</p>
<script src="{desk}/embed.js" data-greeting="Ask the <b>Herald</b>" data-colour="#b91c1c" data-label="{label}"
  data-ask="{cost}
  Who found cracks?"></script>"""
FRAME = '<!doctype html><title>A page</title><iframe src="{desk}/embed" width="600" height="700"></iframe>'


@contextmanager
def site(pages: Callable[[str], str]) -> Iterator[str]:
    """A web site of its own origin: what `pages` gives for a path."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(pages(self.path).encode())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield f"http://localhost:{server.server_port}"  # the desk is at 127.0.0.1: to a browser, another site
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="module")
def sites() -> Iterator[tuple[str, str, list[str]]]:
    """A site that may show the chat, one that may not, and the desk's address for their pages to name."""
    desk = [""]
    show = lambda path: (FRAME if path == "/frame" else PAGE).format(desk=desk[0], label=LAUNCHER, cost=COST)  # noqa: E731
    with site(show) as allowed, site(show) as other:
        yield allowed, other, desk


@pytest.fixture(scope="module", params=["open", "closed"])
def shown(
    request: pytest.FixtureRequest,
    browser: Browser,
    make_home: Callable[[dict[str, str]], Path],
    sites: tuple[str, str, list[str]],
) -> Iterator[Server]:
    """A server that lets the first site show its chat; "closed" when people must else say who they are."""
    settings = {"QUOTEDESK_EMBED_SITES": sites[0]}
    if request.param == "closed":
        settings["QUOTEDESK_IDENTITY_HEADER"] = "X-Forwarded-User"
    with chatting(make_home(ARTICLES), **settings) as server:
        sites[2][0] = server.url
        yield server


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A browser that starts anew."""
    with browser.new_context(viewport={"width": 1280, "height": 900}) as context:
        context.set_default_timeout(WAIT_MS)
        yield context.new_page()


def test_the_launcher_opens_the_chat_and_citations_and_the_drawer_work_inside(shown, sites, page):
    failures: list[str] = []
    page.on("pageerror", lambda error: failures.append(str(error)))
    page.goto(sites[0])
    launcher = page.get_by_role("button", name=LAUNCHER)
    assert launcher.evaluate("button => getComputedStyle(button).backgroundColor") == "rgb(185, 28, 28)"
    launcher.click()
    chat = page.frame_locator("#quotedesk iframe")
    expect(chat.get_by_role("heading", name="Ask the <b>Herald</b>")).to_be_visible()
    expect(chat.locator("#examples button")).to_have_text([COST, "Who found cracks?"])
    chat.locator("#examples button").first.click()
    pill = chat.locator("#chat a[href^='#cite-']").first
    pill.click()
    expect(chat.locator("#source-quote")).to_be_visible()
    expect(chat.locator(".source-check")).to_contain_text("Checked just now")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Close").last.click()
    expect(page.locator("#quotedesk iframe")).to_be_hidden()
    assert failures == []


def test_a_plain_frame_works_too_and_the_page_holds_no_secret(shown, sites, page):
    page.goto(f"{sites[0]}/frame")
    chat = page.frame_locator("iframe")
    expect(chat.get_by_role("heading", name="Ask the archive")).to_be_visible()
    script = urllib.request.urlopen(f"{shown.url}/embed.js").read().decode()  # noqa: S310
    assert "token" not in script and "secret" not in script and "cookie" not in script.lower()


def test_the_browser_itself_refuses_every_other_site(shown, sites, page):
    messages: list[str] = []
    page.on("console", lambda message: messages.append(message.text))
    page.goto(f"{sites[1]}/frame")
    page.wait_for_function("() => document.querySelector('iframe')")
    page.wait_for_timeout(1_500)
    assert any("frame-ancestors" in message for message in messages), messages
    refused = next(frame for frame in page.frames if frame.parent_frame)
    assert refused.locator("#chat").count() == 0


def test_a_page_of_another_site_cannot_read_what_the_desk_answers(shown, sites, page):
    page.goto(f"{sites[1]}/frame")
    asked = "url => fetch(url, {method: 'POST', body: '{\"question\": \"who?\"}', credentials: 'include'}).then(" \
            "answer => answer.text(), error => 'refused')"  # fmt: skip
    assert page.evaluate(asked, f"{shown.url}/v1/ask") == "refused"
    assert page.evaluate(asked, f"{shown.url}/healthz") == "refused"


def test_on_a_phone_it_fills_the_screen(shown, sites, browser):
    with browser.new_context(viewport={"width": 390, "height": 800}) as context:
        page = context.new_page()
        page.goto(sites[0])
        page.get_by_role("button", name=LAUNCHER).click()
        box = page.locator("#quotedesk iframe").bounding_box()
        assert (box["x"], box["y"], box["width"]) == (0, 0, 390)
        expect(page.frame_locator("#quotedesk iframe").locator("#question textarea")).to_be_visible()
        if folder := os.environ.get("QUOTEDESK_TEST_SHOTS"):
            page.screenshot(path=f"{folder}/embed-phone.png")
