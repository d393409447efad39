"""Markdown for the web chat: what it says, and that nothing an article says becomes markup."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.answer import Answer, Finding, Quote, Respelling
from index.catalogue import Coverage
from tests.payloads import PAYLOADS
from tests.rendered import OURS, PARSER, read_back, tags
from ui.render import escaped, markdown
from ui.shown import inert

HERALD = Quote(1, "It cost four million, she said.", "a1", 0, 31, "Bridge", "Herald", date(2024, 3, 2), None)
COURIER = Quote(2, "Repairs cost four million.", "b2", 5, 31, "Repairs", "Courier", None, None)
AGAIN = Quote(3, "The cost: four million.", "c3", 0, 23, "Cost", "Herald", date(2024, 3, 2), None)
COVERED = Coverage(12, date(2024, 3, 1), date(2024, 3, 9))


def link(quote: Quote) -> str:
    return f"#cite-{quote.article_id}"


def answer(
    *findings: Finding, near: tuple[Quote, ...] = (), disagree: bool = False, query: str = "how much?"
) -> Answer:
    status = "answered" if findings else "unanswered"
    quotes = (HERALD, COURIER, AGAIN) if findings else ()
    return Answer("how much?", query, status, "", findings, quotes, near, COVERED, disagree=disagree)


def test_a_quote_has_its_citations_and_who_says_so_when() -> None:
    finding = Finding("Repairs cost four million.", (2,), 1)
    assert markdown(answer(finding), link) == [
        '> “Repairs cost four million&#46;”\n>\n> [\\[2\\]](#cite-b2 "Repairs") Courier&#44; undated',
        "*From the 12 articles searched&#44; dated 1 Mar 2024 to 9 Mar 2024*",
    ]


def test_words_that_are_part_of_a_sentence_come_first_and_are_bold_in_it() -> None:
    (block, _) = markdown(answer(Finding("four million", (1, 2, 3), 2)), link)
    assert block == (
        "**four million**\n\n"
        "> “It cost **four million**&#44; she said&#46;”\n>\n"
        '> [\\[1\\]](#cite-a1 "Bridge") [\\[3\\]](#cite-c3 "Cost") Herald&#44; 2 Mar 2024'
        ' · [\\[2\\]](#cite-b2 "Repairs") Courier&#44; undated · 2 independent sources'
    )


def test_what_rests_on_the_same_quotes_is_shown_with_them_once() -> None:
    she, cost = Finding("she", (1,), 1), Finding("four million", (1,), 1)
    (block, _) = markdown(answer(she, cost), link)
    assert block.startswith("**she** · **four million**\n\n> “It cost **four million**&#44; **she** said&#46;”\n")
    apart = markdown(answer(she, cost, disagree=True), link)
    assert [block.split("\n")[0] for block in apart[1:3]] == ["**she**", "**four million**"]
    (within, _) = markdown(answer(Finding("four", (1,), 1), cost), link)
    assert "> “It cost **four million**&#44; she said" in within


def test_disagreement_is_said_first() -> None:
    nine, ten = Finding("four million", (1,), 1), Finding("Repairs", (2,), 1)
    assert markdown(answer(nine, ten, disagree=True), link)[0] == (
        "**The sources disagree**&#58; four million &#40;Herald&#44; 2 Mar 2024&#41; · "
        "Repairs &#40;Courier&#44; undated&#41;"
    )


def test_who_is_said_to_have_said_it_stands_with_the_answer() -> None:
    (block, _) = markdown(answer(Finding("four million", (1,), 1, "She said")), link)
    assert block.startswith("**four million**, she said\n\n> ")


def test_another_spelling_that_was_matched_is_named() -> None:
    found = replace(answer(Finding("four million", (1,), 1)), matched=(Respelling("Tazerbo", "Tazirbu"),))
    assert "*Matched Tazirbu for Tazerbo*" in markdown(found, link)


def test_not_found_names_what_was_searched_and_quotes_what_came_closest() -> None:
    assert markdown(answer(near=(COURIER,), query="how much? really?"), link) == [
        "**Not found** in the 12 articles searched&#44; dated 1 Mar 2024 to 9 Mar 2024&#46;",
        "The closest passages&#44; which may not answer the question&#58;",
        '> “Repairs cost four million&#46;”\n>\n> [\\[2\\]](#cite-b2 "Repairs") Courier&#44; undated',
        "*Searched for&#58; how much&#63; really&#63;*",
    ]


def test_a_finding_without_a_quote_is_not_shown() -> None:
    assert markdown(answer(Finding("four million", (7,), 1)), link) == [
        "*From the 12 articles searched&#44; dated 1 Mar 2024 to 9 Mar 2024*"
    ]


@given(st.text(max_size=60) | st.sampled_from(PAYLOADS))
def test_escaped_text_is_read_back_as_one_paragraph_of_that_very_text(text: str) -> None:
    said = read_back(escaped(text))
    if "\x00" not in text:  # which Markdown replaces, and which no stored article has
        assert said == " ".join(inert(text).split())


@pytest.mark.parametrize("payload", PAYLOADS)
def test_whatever_an_article_says_the_markup_is_ours(payload: str) -> None:
    text = f"{payload} or four million {payload}"
    hostile = Quote(1, text, "a1", 0, len(text), payload, payload, None, payload)
    found = Answer(
        payload, f"{payload}?", "answered", payload, (Finding("four million", (1,), 1),), (hostile,), (), COVERED
    )
    near = Answer(payload, f"{payload}?", "unanswered", payload, (), (), (hostile,), COVERED)
    for made in (found, near):
        rendered = PARSER.render("\n\n".join(markdown(made, link)))
        assert tags(rendered) <= OURS
        assert re.findall(r"<a href=\"([^\"]*)\"", rendered) == ["#cite-a1"]
        assert rendered.count("<blockquote>") == 1


def test_no_character_turns_the_direction_of_what_is_written_after_it() -> None:
    assert escaped("\u202eabc\u202d\u2066def\u2069") == "abcdef"
