"""Messages of Slack, made of answers of any size: never more than Slack takes, and no quote cut."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from bot.answer import Answer, Finding, Quote
from index.catalogue import Coverage
from tests.stand_ins.slack_limits import block_problems, too_long
from ui.slack.blocks import message, opening, summary


def answer(lengths: list[int]) -> Answer:
    """Findings that each rest on one quote of so many characters."""
    texts = [f"{number} " + "x" * (length - 2) for number, length in enumerate(lengths, 10)]
    quotes = tuple(
        Quote(number, text, f"a{number}", 0, len(text), "Title", "Herald", None, None)
        for number, text in enumerate(texts, 1)
    )
    findings = tuple(Finding(text[:2], (number,), 1) for number, text in enumerate(texts, 1))
    return Answer("How many?", "How many?", "answered", "", findings, quotes, (), Coverage(12, None, None))


@given(st.lists(st.integers(5, 4_000), min_size=1, max_size=70))
def test_any_answer_makes_a_message_that_slack_takes_whose_quotes_are_whole_or_counted(lengths: list[int]) -> None:
    made = answer(lengths)
    blocks = [opening(made), *message(made, "id")]
    assert block_problems(blocks) == []
    assert len(blocks) <= 50
    assert not too_long(blocks)
    assert len(summary(made)) <= 400
    said = json.dumps(blocks, ensure_ascii=False)
    shown = [quote for quote in made.quotes if f'{quote.text[2:]}"' in said and f'"{quote.text[:2]}"' in said]
    left = len(made.quotes) - len(shown)
    assert (f"{left} more did not fit here" in said) == (left > 0)


def test_a_short_answer_is_shown_whole() -> None:
    assert "did not fit" not in json.dumps(message(answer([300] * 8), "id"))
