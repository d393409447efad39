"""ui.render, for a terminal: the answer, then where each quote stands. Markdown for the web is in test_markdown."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from bot.answer import Answer, Finding, Quote, Respelling
from index.catalogue import Coverage
from ui.render import WIDTH, plain
from ui.shown import citation, day

HERALD = Quote(1, "Nine died.", "a" * 16, 120, 130, "Nine died", "Herald", date(2018, 11, 25), "http://herald.test/1")
POST = Quote(2, "Nine\nwere killed.", "b" * 16, 0, 17, "A long day\nin Tazirbu", "Post", None, None)
ANSWER = Answer(
    "who died?",
    "who died?",
    "answered",
    "“Nine died.”\u00a0[1]\u00a0[2]",
    (Finding("Nine", (1, 2), 2),),
    (HERALD, POST),
    (),
    Coverage(2, date(2018, 11, 25), date(2018, 11, 25)),
)


def test_an_answer_and_where_each_quote_stands():
    assert plain(ANSWER) == (
        "“Nine died.”\u00a0[1]\u00a0[2]\n"
        "\n"
        "[1] Nine died\n"
        "    Herald, 25 Nov 2018 · aaaaaaaaaaaaaaaa:120-130\n"
        "    http://herald.test/1\n"
        "[2] A long day in Tazirbu\n"
        "    Post, undated · bbbbbbbbbbbbbbbb:0-17"
    )


def test_no_answer_shows_the_closest_passages():
    near = replace(ANSWER, status="unanswered", text="Not found.", answers=(), quotes=(), near=(POST,))
    assert plain(near) == (
        "Not found.\n"
        "\n"
        "  “Nine were killed.” [2]\n"
        "\n"
        "[2] A long day in Tazirbu\n"
        "    Post, undated · bbbbbbbbbbbbbbbb:0-17"
    )


def test_what_was_searched_for_is_said_when_it_is_not_the_question():
    assert "\n\nSearched for: who died in Tazirbu?\n\n" in plain(replace(ANSWER, query="who died in Tazirbu?"))


def test_another_spelling_that_was_matched_is_named():
    matched = (Respelling("Tazerbo", "Tazirbu"), Respelling("Gadhafi", "Qaddafi"))
    assert "\n\nMatched Tazirbu for Tazerbo, Qaddafi for Gadhafi.\n\n" in plain(replace(ANSWER, matched=matched))


def test_nothing_at_all_is_one_line():
    assert plain(replace(ANSWER, text="Not found.", answers=(), quotes=())) == "Not found."


def test_lines_are_wrapped_between_words():
    long = plain(replace(ANSWER, text="word " * 60 + "end", quotes=(replace(HERALD, title="title " * 40),)))
    assert max(map(len, long.split("\n"))) <= WIDTH
    assert "-\n" not in plain(replace(ANSWER, text="a-b " * 60))


def test_days_and_citations():
    assert day(date(2018, 11, 5)) == "5 Nov 2018"
    assert day(None) == "undated"
    assert citation(HERALD) == "Herald, 25 Nov 2018"
