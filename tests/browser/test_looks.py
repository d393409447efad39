"""Looks that can be measured: contrast, light and dark, and the page on a phone."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import COST, ask
from tests.servers import Server

PHONE = {"width": 390, "height": 844}

COLOURS = """element => {
    const seen = [getComputedStyle(element).color];
    for (let at = element; at; at = at.parentElement) seen.push(getComputedStyle(at).backgroundColor);
    return seen;
}"""
"""The colour of an element's text, then the grounds behind it, the nearest first."""


def channels(colour: str) -> tuple[float, float, float, float]:
    red, green, blue, *alpha = (float(part) for part in re.findall(r"[\d.]+", colour))
    return red, green, blue, alpha[0] if alpha else 1.0


def luminance(colour: tuple[float, ...]) -> float:
    """Relative luminance (0..1), after WCAG 2."""
    parts = [c / 255 / 12.92 if c / 255 <= 0.04045 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in colour[:3]]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(element: Locator) -> float:
    """Contrast (1..21), after WCAG 2, of an element's text with the first ground behind it that hides all others."""
    text, *grounds = [channels(colour) for colour in element.evaluate(COLOURS)]
    ground = next(ground for ground in grounds if ground[3] == 1)
    assert text[3] == 1
    assert all(between[3] in (0, 1) for between in grounds), "a translucent ground: this sum would be wrong"
    lighter, darker = sorted((luminance(text), luminance(ground)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def test_the_sum_is_the_known_one(page: Page) -> None:
    page.evaluate(
        "document.body.insertAdjacentHTML('beforeend', '<i id=x style=\"color:#767676;background:#fff\">x</i>')"
    )
    assert round(contrast(page.locator("#x")), 2) == 4.54


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_its_ground(scheme: str, open_page: Callable[..., Page], server: Server) -> None:
    page = open_page(server.url, color_scheme=scheme)
    ground = channels(page.locator(".gradio-container").evaluate("page => getComputedStyle(page).backgroundColor"))
    assert (luminance(ground) < 0.1) == (scheme == "dark")
    card = page.locator("#examples button").first
    card.wait_for()
    told = [contrast(card), contrast(page.locator("#about p"))]
    ask(page, COST)
    pill = page.locator("#chat").get_by_role("link", name="[1]")
    line = page.locator("#chat blockquote p").nth(1)
    below = page.locator("#chat .bot-row em").last
    told += [
        contrast(part) for part in (pill, line, below, page.locator("#chat .user-row p"), page.locator("#below p"))
    ]
    pill.click()
    mark = page.locator("#source mark")
    expect(mark).to_be_visible()
    checked = page.locator("#source .source-check")
    told += [contrast(part) for part in (mark, page.locator(".source-text"), page.locator(".source-outlet"), checked)]
    pill.hover()
    told.append(contrast(pill))
    assert min(told) >= 4.5, told


def test_on_a_phone_nothing_runs_off_and_the_question_box_is_there(
    open_page: Callable[..., Page], server: Server
) -> None:
    page = open_page(server.url, **PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    ask(page, COST)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    for place in ("#chat .bot-row blockquote", "#question", "#question .submit-button", "#new-chat", "#filters-button"):
        box = page.locator(place).last.bounding_box()
        assert box is not None, place
        assert box["x"] >= 0, place
        assert box["x"] + box["width"] <= 390, place
        if "blockquote" not in place:
            assert box["y"] + box["height"] <= 844, place


def test_on_a_phone_the_drawer_covers_the_page(open_page: Callable[..., Page], server: Server) -> None:
    page = open_page(server.url, **PHONE)
    ask(page, COST)
    page.locator("#chat").get_by_role("link", name="[1]").first.click()
    expect(page.locator("#source mark")).to_be_in_viewport()
    page.wait_for_function("document.querySelector('#drawer').getBoundingClientRect().x === 0")
    over = '<i style="position: absolute; inset: 0; z-index: 2147480000"></i>'  # as high as gradio's scroll button
    page.locator("#chat").evaluate("(chat, over) => chat.insertAdjacentHTML('beforeend', over)", over)
    on_top = page.evaluate("Boolean(document.elementFromPoint(195, 422).closest('#drawer'))")
    assert on_top, "something of the chat shows through"
    assert page.locator("#drawer").bounding_box() == {"x": 0, "y": 0, **PHONE}
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.get_by_role("button", name="Close the source").click()
    expect(page.locator("#source mark")).to_be_hidden()
    expect(page.get_by_label("Your question")).to_be_in_viewport()


def test_the_question_asked_last_stands_on_top_with_its_answer_below(page: Page) -> None:
    for question in (COST, "What did Tom Adeyemi say?", COST):
        ask(page, question)
    box = page.locator("#chat .user-row").last.bounding_box()
    log = page.get_by_role("log").bounding_box()
    assert box is not None
    assert log is not None
    assert 0 <= box["y"] - log["y"] < 40


def test_beside_the_drawer_the_chat_stays_whole(page: Page) -> None:
    ask(page, COST)
    page.locator("#chat").get_by_role("link", name="[1]").click()
    expect(page.locator("#source mark")).to_be_in_viewport()
    page.wait_for_function(
        "document.querySelector('#drawer').getBoundingClientRect().right === innerWidth && "
        "document.querySelector('#question').getBoundingClientRect().right <= "
        "document.querySelector('#drawer').getBoundingClientRect().left"
    )
    assert page.locator("#drawer").bounding_box() == {"x": 820, "y": 0, "width": 460, "height": 800}
