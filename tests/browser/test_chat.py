"""The chat as a person uses it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import COST, LAST, UNKNOWN, answer_of, answered, ask
from tests.servers import Server

DAYS = {
    "2024-03-02": "2 Mar 2024",
    "2024-03-05": "5 Mar 2024",
    "2024-02-11": "11 Feb 2024",
    "2024-02-20": "20 Feb 2024",
}


def quotations(page: Page) -> Locator:
    """The quotations of the last answer."""
    return page.locator("#chat .bot-row").last.locator("blockquote")


def shown(page: Page) -> list[str]:
    """The last answer's quotations, each with the line below it, white space tidied."""
    return [" ".join(text.split()) for text in quotations(page).all_inner_texts()]


def expected(quotes: list[Any], groups: list[list[int]]) -> list[str]:
    """What should be shown for those quotes, given the numbers that stand below each quotation."""
    by_number = {quote["number"]: quote for quote in quotes}
    made = []
    for group in groups:
        credited: dict[str, list[str]] = {}
        for number in group:
            quote = by_number[number]
            credited.setdefault(f"{quote['source']}, {DAYS[quote['published']]}", []).append(f"[{number}]")
        line = " · ".join(f"{' '.join(marks)} {who}" for who, marks in credited.items())
        made.append(f"“{by_number[group[0]]['text']}” {line}")
    return made


def test_a_question_is_answered_in_quotes_with_outlet_and_day(page: Page, server: Server) -> None:
    answer = answer_of(server, COST)
    ask(page, COST)
    groups = [finding["quotes"] for finding in answer["answers"]]
    assert [line.split(" · 2 independent")[0] for line in shown(page)] == expected(answer["quotes"], groups)
    assert any("Northport Herald, 2 Mar 2024" in line for line in shown(page))
    assert any("Coast Courier, 5 Mar 2024" in line for line in shown(page))


def test_a_citation_opens_its_article_with_exactly_the_quote_marked(page: Page, server: Server) -> None:
    answer = answer_of(server, COST)
    ask(page, COST)
    expect(page.locator("#drawer")).not_to_have_class(re.compile(r"\bopen\b"))
    for quote in answer["quotes"]:
        quotations(page).get_by_role("link", name=f"[{quote['number']}]").click()
        source = page.locator("#source")
        expect(source.get_by_role("heading", name=quote["title"])).to_be_visible()
        assert source.locator("mark").evaluate("mark => mark.textContent") == quote["text"]
        whole = source.locator(".source-text").evaluate("text => text.textContent")
        assert whole[quote["start"] : quote["end"]] == quote["text"]
        expect(source.locator("mark")).to_be_in_viewport()
        expect(source.locator(".source-outlet")).to_have_text(f"{quote['source']}, {DAYS[quote['published']]}")
        expect(source.get_by_text("Checked just now")).to_be_visible()
        link = source.get_by_role("link", name="Read the original")
        if quote["url"]:
            assert [link.get_attribute(name) for name in ("href", "target", "rel")] == [
                quote["url"],
                "_blank",
                "noopener noreferrer",
            ]
        else:
            expect(link).to_have_count(0)
    assert {bool(quote["url"]) for quote in answer["quotes"]} == {True, False}


def test_a_quote_is_copied_with_who_said_so_when(page: Page, server: Server) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    ask(page, COST)
    quotations(page).get_by_role("link", name="[1]").click()
    page.get_by_role("button", name="Copy quote").click()
    quote = answer_of(server, COST)["quotes"][0]
    expect(page.locator(".source-copy.copied")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()").split("\n")
    assert copied[:2] == [f"“{quote['text']}”", f"{quote['title']} ({quote['source']}, {DAYS[quote['published']]})"]


def test_a_quote_far_down_in_a_long_article_comes_into_view(page: Page) -> None:
    ask(page, LAST)
    quotations(page).get_by_role("link", name="[1]").click()
    expect(page.locator("#source mark")).to_contain_text("Ottilie Brandt")
    expect(page.locator("#source mark")).to_be_in_viewport(ratio=1)
    assert page.locator("#drawer .sidebar-content").evaluate("pane => pane.scrollHeight > 2 * pane.clientHeight")


def test_escape_closes_the_drawer_and_gives_the_focus_back(page: Page) -> None:
    ask(page, COST)
    pill = quotations(page).get_by_role("link", name="[1]")
    pill.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#source-quote")).to_be_visible()
    expect(page.locator("#source-quote")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#source-quote")).to_be_hidden()
    expect(pill).to_be_focused()


def test_a_quote_that_does_not_stand_in_the_article_is_said_not_to(page: Page) -> None:
    ask(page, COST)
    pill = quotations(page).get_by_role("link", name="[1]")
    pill.evaluate("pill => pill.setAttribute('href', pill.getAttribute('href').replace(/.{16}$/, '0123456789abcdef'))")
    pill.click()
    expect(page.locator("#source").get_by_role("alert")).to_contain_text("no longer stands in the article")
    expect(page.locator("#source mark")).to_have_count(0)


def test_what_is_not_found_is_said_with_what_was_searched_and_what_came_closest(page: Page, server: Server) -> None:
    answer = answer_of(server, UNKNOWN)
    assert answer["status"] == "unanswered"
    ask(page, UNKNOWN)
    said = page.locator("#chat .bot-row").last
    expect(said).to_contain_text("Not found in the 4 articles searched, dated 11 Feb 2024 to 5 Mar 2024.")
    assert shown(page) == expected(answer["near"], [[quote["number"]] for quote in answer["near"]])
    said.get_by_role("link", name="[1]").click()
    assert page.locator("#source mark").evaluate("mark => mark.textContent") == answer["near"][0]["text"]


def test_a_follow_up_is_understood_with_what_was_asked_before(page: Page, server: Server) -> None:
    follow_up = "And who said so?"
    query = answer_of(server, follow_up, after=[COST])["query"]
    assert query != follow_up
    ask(page, COST)
    ask(page, follow_up)
    expect(page.locator("#chat .bot-row").last).to_contain_text(f"Searched for: {query}")


def test_a_reload_keeps_the_conversation_and_so_do_its_follow_ups(page: Page, server: Server) -> None:
    ask(page, UNKNOWN)
    ask(page, COST)
    said = page.locator("#chat .message-row").all_inner_texts()
    page.reload()
    expect(page.locator("#chat .message-row")).to_have_count(4)
    assert page.locator("#chat .message-row").all_inner_texts() == said
    ask(page, "And who said so?")
    query = answer_of(server, "And who said so?", after=[UNKNOWN, COST])["query"]
    expect(page.locator("#chat .bot-row").last).to_contain_text(f"Searched for: {query}")


def test_a_new_chat_is_empty_and_the_one_before_can_be_opened_again(page: Page) -> None:
    ask(page, COST)
    page.get_by_role("button", name="New chat").click()
    expect(page.locator("#chat .message-row")).to_have_count(0)
    expect(page.get_by_role("heading", name="Ask the archive")).to_be_visible()
    ask(page, UNKNOWN)
    page.get_by_role("button", name="New chat").click()
    page.locator("#earlier").get_by_role("button", name=COST).click()
    expect(page.locator("#chat .user-row")).to_have_text([COST])
    expect(quotations(page).first).to_be_visible()
    page.reload()
    expect(page.locator("#chat .user-row")).to_have_text([COST])


def test_an_example_is_asked_with_a_click(page: Page) -> None:
    example = page.locator("#examples").get_by_role("button").first
    question = example.inner_text()
    example.click()
    answered(page, question)
    expect(quotations(page).first).to_be_visible()
    expect(page.locator("#examples")).to_be_hidden()


@pytest.mark.parametrize(
    ("question", "reason"),
    [
        ("long " * 500, "The question has 2,499 characters: ask in at most 2,000."),
        ("?!", "The question '?!' has no words: ask something."),
    ],
)
def test_what_cannot_be_asked_stays_in_its_box_with_the_reason(page: Page, question: str, reason: str) -> None:
    box = page.get_by_label("Your question")
    box.fill(question)
    box.press("Enter")
    expect(page.locator("#notice").get_by_role("alert")).to_have_text(reason)
    expect(box).to_have_value(question)
    expect(page.locator("#chat .message-row")).to_have_count(0)
    ask(page, COST)
    expect(page.locator("#notice").get_by_role("alert")).to_have_count(0)


def test_filters_say_which_articles_may_answer(page: Page, server: Server) -> None:
    page.get_by_role("button", name="Filters").click()
    page.get_by_label("From").fill("2024-03-01")
    page.get_by_label("Outlets").click()
    page.get_by_role("option", name="Coast Courier").click()
    ask(page, COST)
    expect(page.locator("#chat .bot-row").last).to_contain_text("From the 1 article searched, dated 5 Mar 2024")
    answer = answer_of(server, COST, source=["Coast Courier"], **{"from": "2024-03-01"})
    assert shown(page) == expected(answer["quotes"], [finding["quotes"] for finding in answer["answers"]])
    page.get_by_label("To", exact=True).fill("2024-02-01")
    page.get_by_label("Your question").fill("Who?")
    page.get_by_label("Your question").press("Enter")
    expect(page.get_by_role("alert")).to_have_text("No day is from 2024-03-01 to 2024-02-01: swap the dates.")


def test_a_line_break_is_typed_with_shift(page: Page) -> None:
    box = page.get_by_label("Your question")
    box.fill("How much will repairs")
    box.press("Shift+Enter")
    box.type("of the harbour bridge cost?")
    expect(box).to_have_value("How much will repairs\nof the harbour bridge cost?")
    box.press("Enter")
    answered(page, COST)


def test_everything_has_a_name(page: Page) -> None:
    ask(page, COST)
    quotations(page).get_by_role("link", name="[1]").click()
    expect(page.get_by_role("button", name="Close the source")).to_be_visible()
    assert page.title() == "Quotedesk"
    assert page.locator("html").get_attribute("lang") == "en"
    names = page.locator("button:visible, textarea:visible, input:visible, a:visible").evaluate_all(
        "all => all.map(one => one.innerText || one.ariaLabel || one.labels?.[0]?.innerText || one.outerHTML)"
    )
    assert [name for name in names if name.startswith("<")] == []
    assert page.locator("[aria-label*='#cite-']").count() == 0, "a screen reader would read out Markdown"


def test_an_answer_comes_bit_by_bit(page: Page) -> None:
    page.evaluate(
        """() => {
            window.seen = [];
            new MutationObserver(() => {
                const said = document.querySelector("#chat .bot-row")?.innerText;
                if (said && said !== window.seen.at(-1)) window.seen.push(said);
            }).observe(document.querySelector("#chat"), {childList: true, subtree: true, characterData: true});
        }"""
    )
    ask(page, UNKNOWN)
    seen = page.evaluate("window.seen")
    assert seen[0] == f"Searching 4 articles for “{UNKNOWN}”"
    assert any(step.startswith("Reading ") for step in seen[1:3])
    quoted = [step.count("“") for step in seen[2:]]
    assert quoted == sorted(quoted)
    assert quoted[0] < quoted[-1]
