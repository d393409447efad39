"""A chat that others can reach: who logs in may ask, so often a minute, and is told when not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import ARTICLES, COST, WAIT_MS, ask
from tests.servers import Server, chatting
from ui.keys import Keys

NAME, WORDS = "ann", "correct horse"


@pytest.fixture(scope="module")
def closed(browser: Browser, make_home: Callable[[dict[str, str]], Path]) -> Iterator[Server]:
    """A server that asks for a name, and answers one question a minute of each."""
    home = make_home(ARTICLES)
    Keys(home).add_user(NAME, WORDS)
    settings = {"QUOTEDESK_PUBLIC_URL": "https://desk.example", "QUOTEDESK_QUESTIONS_A_MINUTE": "1"}
    with chatting(home, **settings) as server:
        yield server


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with browser.new_context(http_credentials={"username": NAME, "password": WORDS}) as context:
        context.set_default_timeout(WAIT_MS)
        yield context.new_page()


def test_without_a_name_there_is_no_chat(closed: Server, browser: Browser) -> None:
    with browser.new_context() as context:
        assert context.request.get(closed.url).status == 401


def test_who_logs_in_asks_and_is_told_when_it_was_too_often_with_the_question_back_in_its_box(
    closed: Server, page: Page
) -> None:
    page.goto(closed.url)
    ask(page, COST)
    page.get_by_label("Your question").fill("Who found cracks?")
    page.get_by_label("Your question").press("Enter")
    notice = page.locator("#notice").get_by_role("alert")
    expect(notice).to_contain_text("You asked 1 question in a minute: ask again in ")
    expect(page.get_by_label("Your question")).to_have_value("Who found cracks?")
