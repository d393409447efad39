"""The source drawer: what a citation leads to, checked again at that moment."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from datetime import date

import pytest

from bot.answer import Quote
from index.article import Article, article
from tests.desks import shelf
from tests.payloads import PAYLOADS
from ui.source import Place, drawer

TEXT = "The bridge closed.\n\nRepairs cost <four> million, & more. ❄️ It snowed."
BRIDGE = article(
    TEXT,
    title="Bridge <closed>",
    source="Herald & Co",
    url="https://herald.example/bridge?a=1&b=2",
    published=date(2024, 3, 2),
    authors=("Mara Lindqvist", "J. Doe"),
)
COST = Quote.of(BRIDGE, 20, 55, 1)
OURS = {"div", "span", "button", "article", "p", "bdi", "h2", "a", "mark"}


def shown(address: str, *held: Article) -> str:
    """The drawer of a desk that has those articles."""
    return drawer(shelf(*held), address)


def text_of(made: str, pattern: str) -> str:
    found = re.search(pattern, made, re.DOTALL)
    return html.unescape(found[1]) if found else ""


def test_the_quote_is_marked_in_the_whole_article() -> None:
    made = shown(Place.of(COST).address, BRIDGE)
    assert text_of(made, r"<mark[^>]*>(.*)</mark>") == COST.text == "Repairs cost <four> million, & more"
    assert text_of(re.sub("</?mark[^>]*>", "", made), r'<div class="source-text" dir="auto">(.*)</div>') == TEXT
    assert text_of(made, "<h2[^>]*>(.*)</h2>") == "Bridge <closed>"
    assert "<bdi>Herald &amp; Co</bdi>, 2 Mar 2024" in made
    assert "By Mara Lindqvist, J. Doe" in made


def test_a_copied_quote_carries_who_said_so_when_and_where() -> None:
    assert text_of(shown(Place.of(COST).address, BRIDGE), 'data-copy="([^"]*)"') == (
        "“Repairs cost <four> million, & more”\nBridge <closed> (Herald & Co, 2 Mar 2024)\n"
        "https://herald.example/bridge?a=1&b=2"
    )


def test_the_original_opens_elsewhere_and_learns_nothing() -> None:
    assert (
        '<a href="https://herald.example/bridge?a=1&amp;b=2" target="_blank" rel="noopener noreferrer">'
        "Read the original at herald.example</a>"
    ) in shown(Place.of(COST).address, BRIDGE)


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "//x.example", "http:", None]
)
def test_only_the_address_of_a_web_page_becomes_a_link(url: str | None) -> None:
    assert "<a " not in shown(Place.of(COST).address, replace(BRIDGE, url=url))


def test_a_link_names_the_host_that_it_leads_to() -> None:
    disguised = replace(BRIDGE, url="https://herald.example@evil.example/")
    assert "Read the original at evil.example<" in shown(Place.of(COST).address, disguised)


def test_a_quote_that_no_longer_stands_there_is_not_marked() -> None:
    changed = replace(BRIDGE, text=TEXT.replace("four", "five"))
    made = shown(Place.of(COST).address, changed)
    assert "This quote no longer stands in the article" in made
    assert "<mark" not in made
    assert "five" in made


@pytest.mark.parametrize(("start", "end"), [(19, 55), (20, 54), (21, 56), (55, 20), (20, 20), (20, 999_999_999)])
def test_one_letter_more_or_less_is_another_quote(start: int, end: int) -> None:
    assert "<mark" not in shown(replace(Place.of(COST), start=start, end=end).address, BRIDGE)


def test_an_article_that_is_gone_is_said_to_be() -> None:
    assert "This article is no longer in the archive." in shown(Place.of(COST).address)


@pytest.mark.parametrize(
    "address", ["", "#cite-", "#cite-a-1-2", "#cite-a-1-2-x", "https://evil.example/#cite-a-1-2-x"]
)
def test_what_is_no_address_of_a_quote_leads_nowhere(address: str) -> None:
    assert "This link leads to no quote." in shown(address, BRIDGE)


@pytest.mark.parametrize("article_id", ["a1b2", "with-dash", "a/b?c#d", "ä", "a) b(", '"'])
def test_an_address_leads_back_to_its_place_whatever_the_id(article_id: str) -> None:
    place = replace(Place.of(COST), article_id=article_id)
    assert Place.at(place.address) == place
    assert re.fullmatch("#[A-Za-z0-9%._~-]+", place.address)


@pytest.mark.parametrize("payload", PAYLOADS)
def test_whatever_an_article_says_the_markup_is_ours(payload: str) -> None:
    text = f"{payload} and so on"
    hostile = article(text, title=payload, source=payload, url="http://HOST/<x>", authors=(payload, payload))
    made = shown(Place.of(Quote.of(hostile, 0, len(payload), 1)).address, hostile)
    assert set(re.findall(r"<\s*/?([a-zA-Z!?][^\s/>]*)", made)) <= OURS
    assert not re.findall(r"<[^>]*\s(on\w+|style|src)=", re.sub('"[^"]*"', '""', made))
    assert made.count("<mark") == 1
