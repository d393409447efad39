"""bot.windows: of the passages found, the sentences that share most with the question are read, with the one before."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import pytest

from bot import windows as module
from bot.reader import ReadPassage
from bot.telling import Telling
from bot.windows import Window, windows
from index.archive import Archive
from index.article import Article, article
from index.ingest import ingest
from index.passages import Span

MARKET = article("Bread prices rose. The mayor spoke. He blamed the drought. Rain is due. Schools open in May.")
BRIDGE = article("The bridge fell at noon. Nobody crossed it. The mayor was away.", title="Bridge")
Find = Callable[..., list[Window]]


@pytest.fixture
def found(archive: Archive, write) -> Find:
    ingest(archive, [str(write({"a.txt": MARKET.text, "b.txt": BRIDGE.text}))])

    def found(query: str, *read: Article) -> list[Window]:
        passages = [ReadPassage(one, Span(0, len(one.text)), 1.0 - n / 10) for n, one in enumerate(read)]
        return windows(passages, Telling(archive, query))

    return found


def test_the_sentence_that_shares_most_is_read_with_the_one_before(found: Find, monkeypatch):
    monkeypatch.setattr(module, "SENTENCES_READ", 1)
    (window,) = found("He blamed the drought?", MARKET, BRIDGE)
    assert window.text == "The mayor spoke. He blamed the drought."
    assert (window.rank, window.words) == (1.0, 1.0)


def test_windows_that_meet_are_one(found: Find, monkeypatch):
    monkeypatch.setattr(module, "SENTENCES_READ", 2)
    (window,) = found("Which mayor blamed the drought?", MARKET)
    assert window.text == "Bread prices rose. The mayor spoke. He blamed the drought."


def test_windows_that_would_be_too_long_together_stay_apart(found: Find, monkeypatch):
    monkeypatch.setattr(module, "SENTENCES_READ", 2)
    monkeypatch.setattr(module, "MAX_CHARS", 40)
    one, other = found("Which mayor blamed the drought?", MARKET)
    assert (one.text, other.text) == ("Bread prices rose. The mayor spoke.", "The mayor spoke. He blamed the drought.")


def test_a_title_counts_for_each_of_its_sentences(found: Find, monkeypatch):
    monkeypatch.setattr(module, "SENTENCES_READ", 1)
    (window,) = found("Was the mayor away from the bridge?", MARKET, BRIDGE)
    assert window.text == "Nobody crossed it. The mayor was away."
    assert window.article is BRIDGE


def test_only_what_lies_in_the_passage_is_read(archive: Archive, found: Find):
    start, end = MARKET.text.index("He"), MARKET.text.index(" Schools")
    (window,) = windows([ReadPassage(MARKET, Span(start, end), 1.0)], Telling(archive, "drought?"))
    assert window.text == "He blamed the drought. Rain is due."
    assert MARKET.text[window.span.start : window.span.end] == window.text


def test_of_many_sentences_no_more_are_read_than_may_be(found: Find):
    long = article(" ".join(f"The mayor of town {n} spoke." for n in range(99)))
    read = found("Which mayor spoke?", long)
    assert sum(window.text.count("spoke") for window in read) <= 2 * module.SENTENCES_READ
    assert all(one.span.end <= other.span.start for one, other in pairwise(read))


def test_nothing_found_is_nothing_to_read(found: Find):
    assert found("who?") == []
