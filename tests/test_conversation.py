"""What the browser keeps of conversations, and how it comes back."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bot.answer import Question
from bot.desk import Desk
from ui import conversation
from ui.conversation import MAX_CHARS, MAX_CHATS, MAX_TURNS, Turn, answer_from_json


def asked(desk: Desk, question: str) -> Turn:
    return Turn(question, desk.ask(Question(question)))


def kept(*chats: list[Turn]) -> Any:
    """What a browser holds after those chats, the last one open: JSON, through and through."""
    state: Any = []
    for chat in chats:
        state = conversation.continued(conversation.begun(state), chat)
    return json.loads(json.dumps(state))


@pytest.fixture(scope="module")
def police(desk: Desk) -> Turn:
    return asked(desk, "How many policemen were killed in Tazirbu?")


@pytest.fixture(scope="module")
def unknown(desk: Desk) -> Turn:
    return asked(desk, "Who won the chess championship in Baku?")


def test_an_answer_survives_the_journey(police: Turn, unknown: Turn) -> None:
    assert police.answer.quotes
    assert unknown.answer.near
    for turn in (police, unknown):
        record = turn.answer.as_json()
        assert answer_from_json(json.loads(json.dumps(record))).as_json() == record


def test_a_chat_comes_back_as_it_was(desk: Desk, police: Turn, unknown: Turn) -> None:
    came = conversation.turns(kept([police, unknown]), desk)
    assert [(turn.question, turn.answer.as_json()) for turn in came] == [
        (turn.question, turn.answer.as_json()) for turn in (police, unknown)
    ]


def test_a_quote_that_was_changed_on_the_way_does_not_come_back(desk: Desk, police: Turn) -> None:
    state = kept([police])
    quotes = state[0][0]["answer"]["quotes"]
    assert len(quotes) > 3
    quotes[1]["text"] = "x" + quotes[1]["text"][1:]
    quotes[2]["start"] += 1
    quotes[3]["article_id"] = "gone"
    (came,) = conversation.turns(state, desk)
    left = police.answer.quotes[:1] + police.answer.quotes[4:]
    assert [quote.number for quote in came.answer.quotes] == [quote.number for quote in left]


@pytest.mark.parametrize(
    "state",
    [
        None,
        {},
        "x",
        7,
        [],
        [[]],
        [7],
        [None, "x"],
        [["x", 7, None, {}]],
        [[{"question": "who?"}]],
        [[{"question": "x", "answer": {}}]],
    ],
)
def test_what_is_no_conversation_is_an_empty_one(state: object, desk: Desk) -> None:
    assert conversation.turns(state, desk) == []
    assert conversation.earlier(state) == []
    assert conversation.begun(state)[0] == []


@pytest.mark.parametrize("name", ["question", "query", "status", "answers", "quotes", "near", "searched"])
@pytest.mark.parametrize("value", [None, 7, "x", [], {}, [None]])
def test_a_turn_that_lacks_or_garbles_something_is_passed_over_or_mended(
    name: str, value: object, desk: Desk, police: Turn, unknown: Turn
) -> None:
    state = kept([police, unknown])
    state[0][0]["answer"][name] = value
    came = conversation.turns(state, desk)
    assert came[-1].answer.as_json() == unknown.answer.as_json()
    assert len(came) in (1, 2)


def test_a_new_chat_keeps_the_ones_before_it_to_be_opened_again(desk: Desk, police: Turn, unknown: Turn) -> None:
    state = conversation.begun(kept([police], [unknown]))
    assert conversation.turns(state, desk) == []
    assert conversation.earlier(state) == [(1, unknown.question), (2, police.question)]
    state = conversation.reopened(state, 2)
    assert [turn.question for turn in conversation.turns(state, desk)] == [police.question]
    assert conversation.earlier(state) == [(1, unknown.question)]
    assert conversation.begun(conversation.begun(state)) == conversation.begun(state)
    assert conversation.reopened(state, 99) == state


def test_a_browser_is_not_filled_without_end(police: Turn) -> None:
    many = kept(*[[police] * (MAX_TURNS + 5)] * (MAX_CHATS + 5))
    assert [len(chat) for chat in many] == [MAX_TURNS] * len(many)
    assert 1 < len(many) <= MAX_CHATS
    assert len(json.dumps(many)) <= MAX_CHARS
