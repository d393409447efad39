"""index.article: the canonical text, ids that depend on nothing but what an article is, and labels."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.article import EVERYTHING, Scope, article, canonical_text, canonical_url, headline, site
from tests.texts import texts


@pytest.mark.parametrize(
    ("given_text", "stored"),
    [
        ("one\r\ntwo\rthree\n", "one\ntwo\nthree\n"),
        ("\ufeffone", "one"),
        ("a\x00b\x1bc\x7fd\x0be", "abcde"),
        ("tab\tstays", "tab\tstays"),
        ("half a pair: \ud83d", "half a pair: \ufffd"),
        ("e\u0301 stays two, \u00e9 stays one", "e\u0301 stays two, \u00e9 stays one"),
        ("zero\u200bwidth\u200djoiner\u2028separator", "zero\u200bwidth\u200djoiner\u2028separator"),
    ],
)
def test_the_canonical_text_changes_line_ends_control_characters_and_halves_of_pairs_and_nothing_else(
    given_text, stored
):
    assert canonical_text(given_text) == stored


@given(texts)
def test_a_canonical_text_holds_no_carriage_return_or_control_character_and_can_be_written_as_utf_8(text):
    stored = canonical_text(text)
    assert not set(stored) & {chr(code) for code in range(32) if chr(code) not in "\t\n"}
    assert stored.encode("utf-8").decode("utf-8") == stored


@given(st.text(alphabet=st.characters(exclude_categories=["Cc", "Cs"]), min_size=1).filter(lambda t: t[0] != "\ufeff"))
def test_a_text_without_control_characters_is_stored_as_it_is(text):
    assert canonical_text(text) == text


@pytest.mark.parametrize(
    "url",
    [
        "https://example.org/news/1",
        "HTTPS://Example.ORG/news/1/",
        "https://example.org/news/1#comments",
        "https://example.org/news/1?utm_source=feed&fbclid=x",
        "  https://example.org/news/1 ",
    ],
)
def test_one_address_has_one_spelling_and_gives_one_id(url):
    assert canonical_url(url) == "https://example.org/news/1"
    assert article("Old text.", url=url).id == article("New text.", url="https://example.org/news/1").id


def test_a_query_that_is_no_tracking_is_part_of_the_address():
    assert canonical_url("http://x.org/a?id=1&utm_medium=b&page=") == "http://x.org/a?id=1&page="


def test_an_address_that_is_none_is_refused_by_name():
    with pytest.raises(ValueError, match=r"url 'http://\[' is not an address"):
        article("Text.", url="http://[")


def test_without_an_address_the_id_comes_from_the_outlet_the_day_the_title_and_the_text():
    one = article("Text.", title="T", source="S", published=date(2018, 11, 25))
    assert one.id == article("Text.", title="T", source="S", published=date(2018, 11, 25)).id
    assert one.id == article("Text.", title="T", source="S", published=date(2018, 11, 25), authors=("A",)).id
    assert one.id == article("Text.", title="T", source="S", published=date(2018, 11, 25), file_name="a.txt").id
    others = [
        article("Text!", title="T", source="S", published=date(2018, 11, 25)),
        article("Text.", title="U", source="S", published=date(2018, 11, 25)),
        article("Text.", title="T", source="R", published=date(2018, 11, 25)),
        article("Text.", title="T", source="S", published=date(2018, 11, 26)),
    ]
    assert len({one.id, *(other.id for other in others)}) == 5
    assert len(one.id) == 16


@pytest.mark.parametrize(
    "change",
    [
        {"id": "0" * 16},
        {"text": "Other."},
        {"title": "Other"},
        {"source": "Other"},
        {"url": "http://other.org"},
        {"published": date(2020, 1, 1)},
        {"authors": ("Other",)},
    ],
    ids=lambda change: next(iter(change)),
)
def test_the_fingerprint_changes_with_every_field(change):
    one = article("Text.", title="T", source="S", url="http://x.org/a", published=date(2018, 11, 25), authors=("A",))
    assert one.fingerprint == replace(one).fingerprint
    assert one.fingerprint != replace(one, **change).fingerprint


@pytest.mark.parametrize("text", ["", " \n\t ", "\x00\x1b", "\ufeff", "\r\n"])
def test_an_article_without_text_is_refused(text):
    with pytest.raises(ValueError, match="empty: it holds no text"):
        article(text)


def test_the_source_is_the_outlet_or_else_the_site_or_else_the_file():
    assert article("Text.", source=" The\nHerald ", url="http://www.x.org/a", file_name="a.txt").source == "The Herald"
    assert article("Text.", url="http://www.x.org/a", file_name="a.txt").source == "x.org"
    assert article("Text.", file_name="a.txt").source == "a.txt"
    assert article("Text.").source == "unnamed"


def test_labels_are_one_line_of_printable_text_whatever_they_came_as():
    made = article(
        "Text.",
        title="A\n b\x00\ud800",
        url="http://x.org/\ud800",
        authors=(" Ann\n", "", "\udcff"),
        file_name="\udce9",
    )
    assert made.title == "A b\ufffd"
    assert made.url == "http://x.org/\ufffd"
    assert made.authors == ("Ann", "\ufffd")
    assert article("Text.", file_name="caf\udce9.txt").source == "caf\ufffd.txt"


def test_a_headline_is_the_first_line_that_says_something():
    assert headline("\n in \n\n More losses in Sirte \nText.") == "More losses in Sirte"
    assert headline("a\nb") == "a b"
    assert article("in\n\nMore losses in Sirte\n\nText.").title == "More losses in Sirte"


def test_a_headline_is_cut_at_a_word():
    assert headline("word " * 30, max_chars=12) == "word word…"
    assert headline("one two, three", max_chars=9) == "one two…"
    assert headline("x" * 200) == "x" * 90 + "…"


def test_a_site_is_its_host_without_www():
    assert site("https://www.Example.org:8080/a") == "example.org"
    assert site("nonsense") == ""


def test_a_scope_is_open_when_no_side_of_it_is_closed():
    assert EVERYTHING.is_open
    assert not Scope(start=date(2018, 1, 1)).is_open
    assert not Scope(end=date(2018, 1, 1)).is_open
    assert not Scope(sources=("A",)).is_open


def test_an_article_cannot_be_changed():
    with pytest.raises(FrozenInstanceError):
        article("Text.").text = "Other."  # type: ignore[misc]
