"""Stopping: an answer that takes too long, and the server while a page is open."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import ARTICLES, COST, ask
from tests.conftest import free_port
from tests.servers import Server, chatting, ended, serving

SLOW = Path(__file__).parent / "slow_desk.py"


@pytest.fixture(scope="module")
def slow(browser: Browser, make_home: Callable[[dict[str, str]], Path]) -> Iterator[Server]:
    """A chat whose answers are a long time coming."""
    home = make_home(ARTICLES)
    with serving([str(SLOW), str(home), str(free_port())], home.parent / "slow.log") as running:
        yield running


def begin(page: Page, question: str) -> None:
    """Ask, and wait until the answer is under way."""
    page.get_by_label("Your question").fill(question)
    page.get_by_label("Your question").press("Enter")
    page.locator("#chat .bot-row").get_by_text("Reading").wait_for()


def test_stop_takes_the_question_back_into_its_box(slow: Server, open_page: Callable[..., Page]) -> None:
    page = open_page(slow.url)
    begin(page, COST)
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_label("Your question")).to_have_value(COST)
    expect(page.locator("#chat .message-row")).to_have_count(0)
    expect(page.get_by_role("button", name="Send")).to_be_visible()
    begin(page, COST)


def test_stop_leaves_what_is_being_typed(slow: Server, open_page: Callable[..., Page]) -> None:
    page = open_page(slow.url)
    begin(page, COST)
    page.get_by_label("Your question").fill("And who")
    page.get_by_label("Your question").press("Enter")
    page.wait_for_timeout(1_000)  # for nothing to happen: one question at a time
    expect(page.locator("#chat .user-row")).to_have_text([COST])
    expect(page.get_by_label("Your question")).to_have_value("And who")
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("button", name="Send")).to_be_visible()
    expect(page.get_by_label("Your question")).to_have_value("And who")


def test_a_new_chat_ends_the_answer_under_way(slow: Server, open_page: Callable[..., Page]) -> None:
    page = open_page(slow.url)
    begin(page, COST)
    page.get_by_role("button", name="New chat").click()
    expect(page.locator("#chat .message-row")).to_have_count(0)
    expect(page.get_by_role("button", name="Send")).to_be_visible()


def test_an_answer_that_fails_gives_the_question_back_and_the_log_says_why(
    slow: Server, open_page: Callable[..., Page]
) -> None:
    page = open_page(slow.url)
    question = "Which pillars did the storm break?"
    page.get_by_label("Your question").fill(question)
    page.get_by_label("Your question").press("Enter")
    expect(page.locator("#notice").get_by_role("alert")).to_contain_text("Something went wrong")
    expect(page.get_by_label("Your question")).to_have_value(question)
    expect(page.locator("#chat .message-row")).to_have_count(0)
    assert f"ZeroDivisionError: {question}" in slow.log.read_text()


def test_the_server_ends_within_5_s_although_an_answer_is_under_way(
    browser: Browser, make_home: Callable[[dict[str, str]], Path]
) -> None:
    home = make_home(ARTICLES)
    with serving([str(SLOW), str(home), str(free_port())], home.parent / "slow.log") as server:
        page = browser.new_context().new_page()
        page.goto(server.url)
        begin(page, COST)
        assert ended(server.process) < 5
        page.context.close()


def test_the_server_ends_within_5_s_although_pages_are_open_and_a_conversation_outlives_it(
    browser: Browser, make_home: Callable[[dict[str, str]], Path]
) -> None:
    home, port = make_home(ARTICLES), free_port()
    pages = [browser.new_context().new_page() for _ in range(2)]
    with chatting(home, port) as server:
        for page in pages:
            page.goto(server.url)
            page.get_by_role("heading", name="Quotedesk").wait_for()
        ask(pages[0], COST)
        said = pages[0].locator("#chat .message-row").all_inner_texts()
        assert ended(server.process) < 5
    assert "Traceback" not in server.log.read_text()
    with chatting(home, port) as server:
        pages[0].goto(server.url)
        expect(pages[0].locator("#chat .message-row")).to_have_count(2)
        assert pages[0].locator("#chat .message-row").all_inner_texts() == said
    for page in pages:
        page.context.close()
