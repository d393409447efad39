"""What Teams is sent of an answer, and that nothing an article says becomes markup, nor too much for Teams."""

from __future__ import annotations

import html
import json
import re
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.answer import Answer, Finding, Quote, Respelling
from index.article import Article, article
from index.catalogue import Coverage
from tests.desks import shelf
from tests.payloads import PAYLOADS
from tests.rendered import OURS, PARSER, read_back, tags
from tests.stand_ins.teams_people import complaint
from tests.stand_ins.teams_rules import button, check, size
from tests.texts import texts
from ui.shown import inert
from ui.source import Place
from ui.teams.dialog import MAX_CONTEXT_CHARS, dialog
from ui.teams.message import MAX_BYTES, cut, escaped, follow_ups, message, plain, said, web_address

HERALD = Quote(
    1, "It cost four million, she said.", "a1", 0, 31, "Bridge", "Herald", date(2024, 3, 2), "https://h.example/a"
)
COURIER = Quote(2, "Repairs cost four million.", "b2", 5, 31, "Repairs", "Courier", None, None)
AGAIN = Quote(3, "The cost: four million.", "c3", 0, 23, "Cost", "Herald", date(2024, 3, 2), None)
COVERED = Coverage(12, date(2024, 3, 1), date(2024, 3, 9))
FOUND = Finding("four million", (1, 2, 3), 2)


def answer(*findings: Finding, near: tuple[Quote, ...] = (), query: str = "how much?", **more: Any) -> Answer:
    status = "answered" if findings else "unanswered"
    quotes = more.pop("quotes", (HERALD, COURIER, AGAIN) if findings else ())
    return Answer("how much?", query, status, "", findings, quotes, near, COVERED, **more)


def citations(activity: dict[str, Any]) -> dict[int, dict[str, Any]]:
    return {claim["position"]: claim["appearance"] for claim in activity["entities"][0]["citation"]}


def runs(card: dict[str, Any]) -> list[dict[str, Any]]:
    """All text runs of a card."""
    return [run for block in card["body"] for run in block.get("inlines", ())]


def actions(activity: dict[str, Any]) -> list[dict[str, Any]]:
    return activity["attachments"][0]["content"]["actions"]


# What is said ---------------------------------------------------------------------------------------------------------


def test_an_answer_is_its_words_the_quote_with_them_in_bold_and_who_says_so_with_a_mark_and_a_link() -> None:
    made = message(answer(FOUND))
    check(made)
    assert made["text"].split("\n\n") == [
        "**four million**",
        "> “It cost **four million**, she said.”\n>\n"
        "> [1] [Herald, 2 Mar 2024](https://h.example/a) · [3] Herald, 2 Mar 2024 · [2] Courier, undated"
        " · 2 independent sources",
        "*From the 12 articles searched, dated 1 Mar 2024 to 9 Mar 2024*",
    ]


def test_quotes_of_one_outlet_and_day_that_lead_nowhere_are_credited_together() -> None:
    quotes = (replace(HERALD, url=None), AGAIN, replace(AGAIN, number=4, url="https://h.example/d"))
    made = message(answer(Finding("four million", (1, 3, 4), 1), quotes=quotes))
    assert made["text"].split("\n>\n> ")[1].partition("\n")[0] == (
        "[4] [Herald, 2 Mar 2024](https://h.example/d) · [1] [3] Herald, 2 Mar 2024"
    )


def test_a_mark_opens_the_article_the_beginning_of_the_quote_and_all_of_it() -> None:
    long = replace(HERALD, text="word " * 100 + "end", source="The Herald of the Whole Region")
    shown = citations(message(answer(Finding(long.text, (1,), 1), quotes=(long,))))[1]
    assert (shown["name"], shown["url"]) == ("Bridge", "https://h.example/a")
    assert shown["abstract"].startswith("word word")
    assert (shown["abstract"][-1], len(shown["abstract"])) == ("…", 160)
    assert shown["keywords"] == ["The Herald of the Whole Reg…", "2 Mar 2024"]
    assert [run["text"] for run in runs(json.loads(shown["text"]))] == [
        "Bridge",
        "The Herald of the Whole Region, 2 Mar 2024",
        long.text,
    ]


def test_all_who_say_so_can_be_read_word_for_word_behind_their_marks() -> None:
    shown = citations(message(answer(FOUND)))
    for quote in (HERALD, COURIER, AGAIN):
        assert runs(json.loads(shown[quote.number]["text"]))[-1]["text"] == quote.text


def test_an_answer_is_labelled_and_can_be_liked_or_not() -> None:
    made = message(answer(FOUND))
    assert made["entities"][0]["additionalType"] == ["AIGeneratedContent"]
    assert made["channelData"] == {"feedbackLoop": {"type": "default"}}


def test_each_quote_has_a_button_that_opens_it_in_its_article() -> None:
    made = message(answer(FOUND))
    assert [action["title"] for action in actions(made)] == ["[1] Herald", "[2] Courier", "[3] Herald"]
    data = button(made["attachments"][0]["content"], "[2] Courier")["data"]
    assert data["msteams"] == {"type": "task/fetch"}
    assert data["at"] == Place.of(COURIER).address
    assert data["among"] == [Place.of(quote).address for quote in (HERALD, COURIER, AGAIN)]


def test_not_found_is_said_and_what_came_closest_is_quoted() -> None:
    made = message(answer(near=(COURIER,), query="how much? really?"))
    check(made)
    assert made["text"].split("\n\n") == [
        "**Not found** in the 12 articles searched, dated 1 Mar 2024 to 9 Mar 2024.",
        "The closest passages, which may not answer the question:",
        "> “Repairs cost four million.”\n>\n> [2] Courier, undated",
        "*Searched for: how much? really?*",
    ]
    assert list(citations(made)) == [2]


def test_not_found_without_any_passage_has_nothing_to_press() -> None:
    made = message(answer())
    check(made)
    assert "attachments" not in made
    assert made["entities"][0]["citation"] == []


def test_disagreement_and_another_spelling_are_said() -> None:
    nine, ten = Finding("four million", (1,), 1), Finding("Repairs", (2,), 1)
    made = message(answer(nine, ten, disagree=True, matched=(Respelling("Tazerbo", "Tazirbu"),)))
    assert made["text"].startswith(
        "**The sources disagree**: four million (Herald, 2 Mar 2024) · Repairs (Courier, undated)"
    )
    assert "\n\n*Matched Tazirbu for Tazerbo*\n\n" in made["text"]


def test_suggested_are_three_questions_at_the_most() -> None:
    made = message(answer(FOUND), ["One?", "Two?", "Three?", "Four?"])
    check(made)
    assert [action["value"] for action in made["suggestedActions"]["actions"]] == ["One?", "Two?", "Three?"]
    assert "suggestedActions" not in message(answer(FOUND))


def test_one_goes_on_with_the_headlines_of_what_was_quoted() -> None:
    headlines = ("Bridge", "how much?", "A <b>bold</b> one", "x" * 200, "Repairs", "Bridge", "Third", "Fourth")
    quotes = tuple(replace(HERALD, number=number, title=title) for number, title in enumerate(headlines, 1))
    assert follow_ups(answer(FOUND, quotes=quotes)) == ["Bridge", "Repairs", "Third"]


def test_a_notice_is_plain_words() -> None:
    assert said("the question '*' has no words")["text"] == "the question '&#42;' has no words"


# How much is said -----------------------------------------------------------------------------------------------------


def long_answer(count: int, words: int) -> Answer:
    quotes = tuple(
        Quote(number, f"{number} said " + "word " * words, f"a{number}", 0, 9, f"Title {number}", "Herald", None, None)
        for number in range(1, count + 1)
    )
    return answer(*(Finding(quote.text, (quote.number,), 1) for quote in quotes), quotes=quotes)


def test_of_an_answer_that_is_too_long_the_last_quotations_are_left_out_and_counted() -> None:
    whole = long_answer(30, 500)
    made = message(whole)
    check(made)
    assert size(made) <= MAX_BYTES
    shown = [quote for quote in whole.quotes if quote.text.strip() in made["text"]]
    assert shown == list(whole.quotes[: len(shown)])
    assert 3 < len(shown) < 30
    assert made["text"].endswith(f"*{30 - len(shown)} more quotations are left out: Teams shows no longer message.*")
    assert len(citations(made)) == len(shown)


def test_a_quote_that_alone_is_too_long_is_not_cut() -> None:
    made = message(long_answer(1, 20_000))
    check(made)
    assert "word word" not in made["text"]
    assert made["text"].endswith("*1 more quotation is left out: Teams shows no longer message.*")


def test_of_many_quotes_twenty_have_a_citation_and_six_a_button() -> None:
    made = message(long_answer(25, 5))
    check(made)
    assert (len(citations(made)), len(actions(made))) == (20, 6)
    assert len(actions(made)[0]["data"]["among"]) == 25
    assert "> [25] Herald, undated" in made["text"]


@given(st.text(max_size=30), st.integers(2, 12))
def test_what_is_cut_is_a_beginning_as_short_as_teams_counts(text: str, most: int) -> None:
    if any("\ud800" <= character <= "\udfff" for character in text):
        return
    made = cut(text, most)
    assert len(made.encode("utf-16-le")) <= 2 * most
    assert made == text or (made.endswith("…") and text.startswith(made[:-1]))


# What articles say ----------------------------------------------------------------------------------------------------


@given(st.text(max_size=60) | st.sampled_from(PAYLOADS))
def test_escaped_text_is_read_back_as_one_paragraph_of_that_very_text(text: str) -> None:
    said = read_back(escaped(text))
    if "\x00" not in text:  # which Markdown replaces, and which no stored article has
        assert said == re.sub("[\ud800-\udfff]", "\ufffd", " ".join(inert(text).split()))


@pytest.mark.parametrize("payload", PAYLOADS)
def test_whatever_an_article_says_the_markup_is_ours(payload: str) -> None:
    text = f"{payload} or four million {payload}"
    hostile = Quote(1, text, "a1", 0, len(text), payload, payload, None, payload)
    found = answer(Finding("four million", (1,), 1), quotes=(hostile,), query=f"{payload}?", absent=(payload,))
    near = answer(near=(hostile,), query=f"{payload}?", absent=(payload,))
    for made in (message(found), message(near)):
        check(made)
        rendered = PARSER.render(made["text"])
        assert tags(rendered) <= OURS - {"a"}
        assert rendered.count("<blockquote>") == 1
        assert plain(text) in " ".join(html.unescape(re.sub("<[^>]*>", "", rendered)).split())
        assert "url" not in citations(made)[1]
        kinds = {block["type"] for block in json.loads(citations(made)[1]["text"])["body"]}
        assert kinds == {"RichTextBlock"}  # which knows no markup


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_notice_is_text_whatever_it_repeats(payload: str) -> None:
    assert tags(PARSER.render(said(f"the question {payload!r} is bad")["text"])) == {"p"}


@given(texts)
def test_any_article_makes_a_message_that_teams_takes(text: str) -> None:
    body = f"{text} four million"
    quote = Quote(1, body, "a1", 0, len(body), text, text, None, f"https://h.example/{text}")
    made = message(answer(Finding("four million", (1,), 1), quotes=(quote,)))
    check(made)
    json.dumps(made, ensure_ascii=False).encode("utf-8")
    assert escaped(body).replace("four million", "**four million**") in made["text"] or "four million" in text


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("https://h.example/a?b=1&c=(2)#d", "https://h.example/a?b=1&c=%282%29#d"),
        ('http://h.example/a[c]<d>"', "http://h.example/a%5Bc%5D%3Cd%3E%22"),
        ("http://h.example/a b", None),
        ("javascript:alert(1)", None),
        ("https://", None),
        ("https://[h", None),
        ("ftp://h.example/a", None),
        ("https://h.example/" + "a" * 3_000, None),
        (None, None),
    ],
)
def test_a_link_leads_to_a_web_page_or_nowhere(url: str | None, address: str | None) -> None:
    assert web_address(url) == address


def test_a_link_with_brackets_stays_one_link() -> None:
    quote = replace(HERALD, url="https://h.example/a)![x](http://evil.example/&copy;y")
    rendered = PARSER.render(message(answer(Finding("four million", (1,), 1), quotes=(quote,)))["text"])
    assert re.findall('href="([^"]*)"', rendered) == [
        "https://h.example/a%29%21%5Bx%5D%28http://evil.example/&amp;copy;y"
    ]
    assert tags(rendered) <= OURS


# The dialog -----------------------------------------------------------------------------------------------------------

TEXT = "First paragraph.\n\nThe bridge closed. Repairs cost *four* million. It snowed.\n\nThird paragraph.\n\nFourth."
ARTICLE = article(TEXT, title="Bridge <closed>", source="Herald", url="https://h.example/a", published=date(2024, 3, 2))
START = TEXT.index("Repairs")
COST = Quote.of(ARTICLE, START, TEXT.index(" It snowed"), 1)
CLOSED = Quote.of(ARTICLE, TEXT.index("The bridge"), START - 1, 2)


def opened(data: object, *held: Article) -> dict[str, Any]:
    """The card of the dialog, of a desk that has those articles."""
    shown = dialog(shelf(*held), data)
    assert complaint({"type": "invoke", "name": "task/fetch"}, 200, shown) is None
    return shown["task"]["value"]["card"]["content"]


def pressed(quote: Quote, *among: Quote) -> dict[str, Any]:
    return {"at": Place.of(quote).address, "among": [Place.of(one).address for one in among]}


def test_the_dialog_marks_the_quote_among_a_paragraph_before_and_after() -> None:
    card = opened(pressed(COST, COST), ARTICLE)
    said = [run["text"] for run in runs(card)]
    assert said == [
        "Bridge <closed>",
        "Herald, 2 Mar 2024",
        "Checked just now: the marked words stand in the article, letter for letter.",
        "First paragraph.\n\nThe bridge closed. ",
        "Repairs cost *four* million.",
        " It snowed.\n\nThird paragraph.",
    ]
    assert [run["text"] for run in runs(card) if run.get("highlight")] == [COST.text]
    assert {block["type"] for block in card["body"]} == {"RichTextBlock"}
    assert button(card, "Read the original")["url"] == "https://h.example/a"


def test_one_turns_from_quote_to_quote_within_the_dialog() -> None:
    first = opened(pressed(CLOSED, CLOSED, COST), ARTICLE)
    assert [action["title"] for action in first["actions"]] == ["Next quote", "Read the original"]
    second = opened(button(first, "Next quote")["data"], ARTICLE)
    assert [run["text"] for run in runs(second) if run.get("highlight")] == [COST.text]
    back = opened(button(second, "Previous quote")["data"], ARTICLE)
    assert back == first


def test_a_quote_that_no_longer_stands_there_is_not_shown() -> None:
    changed = replace(ARTICLE, text=TEXT.replace("four", "five"))
    said = [run["text"] for run in runs(opened(pressed(COST), changed))]
    assert said[-1] == "This quote no longer stands in the article, which has changed since."
    assert not any("five" in text for text in said)


@pytest.mark.parametrize("data", [None, {}, [], "x", {"at": 7}, {"at": "#cite-a-0-1-0", "among": 3}, {"among": [None]}])
def test_a_button_that_is_none_of_ours_leads_nowhere(data: object) -> None:
    assert [run["text"] for run in runs(opened(data, ARTICLE))] == ["This button leads to no quote."]


def test_an_article_that_is_gone() -> None:
    assert [run["text"] for run in runs(opened(pressed(COST)))] == ["This article is no longer in the archive."]


def test_of_endless_paragraphs_the_dialog_shows_what_is_near() -> None:
    long = "before " * 1_000 + "HERE IT IS." + " after" * 1_000
    whole = article(long, title="Long", source="Herald")
    quote = Quote.of(whole, long.index("HERE"), long.index(" after"), 1)
    before, marked, after = (run["text"] for run in runs(opened(pressed(quote), whole))[-3:])
    assert marked == "HERE IT IS."
    assert before.startswith("… before") and before.endswith("before ") and len(before) <= MAX_CONTEXT_CHARS + 2
    assert after.startswith(" after") and after.endswith("after …") and len(after) <= MAX_CONTEXT_CHARS + 2


@pytest.mark.parametrize("payload", PAYLOADS)
def test_in_the_dialog_hostile_words_are_words(payload: str) -> None:
    text = f"{payload}\n\n{payload} It is so. {payload}\n\n{payload}"
    hostile = article(text, title=payload, source=payload, url=payload)
    start = hostile.text.index("It is so.")
    card = opened(pressed(Quote.of(hostile, start, start + 9, 1)), hostile)
    assert {block["type"] for block in card["body"]} == {"RichTextBlock"}
    assert card["actions"] == []
