"""index.web: pages, feeds and lists of articles fetched from a real server on this machine."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from index.readers import MAX_CHARS, Reading, read
from tests.conftest import free_port

Pages = dict[str, tuple[str, bytes] | int | str]
"""What stands at a path: (content type, body), an error status, or the path that it moved to."""


@pytest.fixture
def site() -> Iterator[Callable[[Pages], str]]:
    """A web site: give its pages, get its address."""
    served: Pages = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = served.get(self.path.partition("?")[0], 404)
            if isinstance(found, int):
                self.send_error(found)
            elif isinstance(found, str):
                self.send_response(302)
                self.send_header("Location", found)
                self.end_headers()
            else:
                self.send_response(200)
                self.send_header("Content-Type", found[0])
                self.send_header("Content-Length", str(len(found[1])))
                self.end_headers()
                self.wfile.write(found[1])

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, args=(0.05,))
    thread.start()

    def put(pages: Pages) -> str:
        served.update(pages)
        return f"http://127.0.0.1:{server.server_port}"

    yield put
    server.shutdown()
    server.server_close()
    thread.join()


def page(title: str, text: str, day: str = "2018-11-25") -> tuple[str, bytes]:
    html = f"""<!doctype html><html><head><title>{title}</title><meta property="og:site_name" content="The Herald">
    <meta property="article:published_time" content="{day}"></head><body><nav>Home Sport</nav><article><h1>{title}</h1>
    <p>{text} The rest of the report was not confirmed by the army on that day.</p></article></body></html>"""
    return "text/html; charset=utf-8", html.encode()


def one(readings: Iterator[Reading]) -> Reading:
    (reading,) = readings
    return reading


def test_a_page_is_an_article_with_its_address_and_what_it_states_about_itself(site):
    address = site({"/a": page("Nine killed", "Nine policemen were killed in the oasis of Tazirbu on Sunday.")})
    article = one(read(f"{address}/a?utm_source=x#top")).article
    assert article
    assert article.url == f"{address}/a"
    assert (article.title, article.source, article.published) == ("Nine killed", "The Herald", date(2018, 11, 25))
    assert "Nine policemen were killed in the oasis of Tazirbu on Sunday." in article.text
    assert "Sport" not in article.text


def test_a_page_that_moved_has_its_new_address(site):
    address = site({"/old": "/new", "/new": page("Moved", "Eleven civilians were taken away by the militants.")})
    reading = one(read(f"{address}/old"))
    assert reading.article
    assert reading.article.url == f"{address}/new"
    assert reading.origin == f"{address}/old"


RSS = """<?xml version="1.0"?><rss version="2.0"><channel><title>News</title><link>{0}/</link>
<item><title>A</title><link>{0}/a</link></item><item><link>{0}/gone</link></item><item><link>/b</link></item>
<item><title>no link</title></item><item><link>{0}/a</link></item></channel></rss>"""
ATOM = """<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><title>News</title><link href="{0}/"/>
<entry><link rel="self" href="{0}/x"/><link href="{0}/b"/></entry>
<entry><link rel="alternate" href="/a"/></entry></feed>"""


def feed_site(site: Callable[[Pages], str], feed: str, kind: str) -> str:
    address = site(
        {
            "/a": page("A", "Nine policemen were killed in the oasis of Tazirbu on Sunday."),
            "/b": page("B", "Eleven civilians were taken away by the militants on Sunday."),
        }
    )
    return site({"/feed": (kind, feed.format(address).encode())})


def test_an_rss_feed_gives_each_article_once_in_its_order_and_reports_what_is_gone(site):
    address = feed_site(site, RSS, "application/rss+xml")
    a, gone, b = read(f"{address}/feed")
    assert a.article
    assert b.article
    assert (a.article.title, b.article.title) == ("A", "B")
    assert (gone.article, gone.place, gone.error) == (None, f"{address}/gone", "the server answered 404 Not Found")
    assert [reading.origin for reading in (a, gone, b)] == [f"{address}/{name}" for name in ("a", "gone", "b")]


def test_an_atom_feed_is_followed_too(site):
    address = feed_site(site, ATOM, "application/atom+xml")
    assert [reading.article and reading.article.title for reading in read(f"{address}/feed")] == ["B", "A"]


def test_a_feed_may_not_reach_into_the_machine(site, tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("hidden words of this machine")
    feed = f'<!DOCTYPE rss [<!ENTITY e SYSTEM "{secret.as_uri()}">]><rss><item><link>{{0}}/&e;</link></item></rss>'
    address = feed_site(site, feed, "text/xml")
    assert not [reading for reading in read(f"{address}/feed") if "hidden" in str(reading)]


@pytest.mark.parametrize("path", ["/articles.jsonl", "/articles.jsonl.gz"])
def test_a_list_of_articles_is_read_line_by_line(site, path):
    lines = [json.dumps({"text": "One.", "title": "First"}), "{", json.dumps({"text": "Two.", "source": "S"})]
    content = "\n".join(lines).encode()
    address = site({path: ("application/octet-stream", gzip.compress(content) if path.endswith("gz") else content)})
    first, bad, second = read(address + path)
    assert first.article
    assert second.article
    assert (first.article.title, first.article.source) == ("First", "127.0.0.1")
    assert second.article.source == "S"
    assert bad.place == f"{address}{path}:2"
    assert bad.error.startswith("the line is not JSON")


def test_a_list_that_breaks_off_says_so(site):
    content = gzip.compress(b'{"text": "One."}\n' * 999)[:-12]
    address = site({"/a.jsonl.gz": ("application/gzip", content)})
    *_, last = read(f"{address}/a.jsonl.gz")
    assert last.article is None
    assert last.error.startswith("Compressed file ended before")


def test_plain_text_is_an_article_as_it_stands(site):
    address = site({"/a.txt": ("text/plain; charset=utf-8", "Published: 2018-11-25\nتازربو 👍".encode())})
    article = one(read(f"{address}/a.txt")).article
    assert article
    assert (article.text, article.published) == ("Published: 2018-11-25\nتازربو 👍", date(2018, 11, 25))
    assert article.url == f"{address}/a.txt"


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (404, "the server answered 404 Not Found"),
        (500, "the server answered 500 Internal Server Error"),
        (("text/html", b"<html><body></body></html>"), "empty: the page holds no article text"),
        (("text/plain", b""), "empty: it holds no text"),
        (("text/plain", b"\x89PNG\x00"), "it is binary, not text"),
        (("text/plain", b"x" * (MAX_CHARS + 1)), "the page is larger than 20,000,000 bytes"),
        ("/loop", "Exceeded maximum allowed redirects."),
    ],
    ids=["404", "500", "no article", "empty", "binary", "large", "loop"],
)
def test_an_address_without_an_article_says_why(site, content, error):
    address = site({"/loop": content})
    reading = one(read(f"{address}/loop"))
    assert (reading.article, reading.place, reading.error) == (None, f"{address}/loop", error)


def test_an_address_where_nothing_listens_says_so():
    address = f"http://127.0.0.1:{free_port()}/a"
    reading = one(read(address))
    assert (reading.article, reading.place) == (None, address)
    assert "refused" in reading.error


@pytest.mark.parametrize("address", ["http://", "http://127.0.0.1:99999/"])
def test_an_address_that_is_none_says_so(address):
    reading = one(read(address))
    assert reading.article is None
    assert reading.place == address
    assert reading.error
