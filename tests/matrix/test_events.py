"""What stands in the events of Matrix: who is meant, what is asked, in which thread; and how ours are written."""

from __future__ import annotations

from typing import Any

import pytest

from ui.matrix.events import Said, answering, content, edit, number, said, useful
from ui.matrix.html import plain

ME = "@desk:server"
NAMES = ("Quotedesk", "desk")
LINK = '<a href="https://matrix.to/#/%40desk%3Aserver">Quotedesk</a>: who?'


def heard(body: object = "who?", more: dict[str, Any] | None = None, sender: str = "@ann:server") -> Said | None:
    written = {"msgtype": "m.text", "body": body, **(more or {})}
    return said({"event_id": "$1", "sender": sender, "content": written}, ME, NAMES)


def mentions(*users: str) -> dict[str, Any]:
    return {"m.mentions": {"user_ids": list(users)}}


@pytest.mark.parametrize(
    ("body", "more"),
    [
        ("Quotedesk: who?", mentions(ME)),
        ("Quotedesk who?", mentions(ME)),
        ("@desk:server who?", mentions(ME, "@ben:server")),
        ("@desk who?", mentions()),  # typed, not picked from what the client offers
        ("quotedesk, who?", mentions()),
        ("Quotedesk: who?", {}),
        ("Quotedesk: who?", {"formatted_body": LINK}),
    ],
)
def test_a_mention_is_heard_and_is_no_part_of_the_question(body: str, more: dict[str, Any]) -> None:
    message = heard(body, more)
    assert message and message.mentioned
    assert message.text == "who?"


@pytest.mark.parametrize(
    ("body", "more"),
    [
        ("Desk research says so", {}),
        ("desk clerks were kidnapped", mentions()),
        ("Quotedesks: who?", mentions()),
        ("Quotedesk: ask Ben", mentions("@ben:server")),
        ("who?", {"m.mentions": "broken"}),
        ("who?", {"m.mentions": {"user_ids": ME}}),
    ],
)
def test_what_only_looks_like_a_mention_is_none(body: str, more: dict[str, Any]) -> None:
    message = heard(body, more)
    assert message and not message.mentioned
    assert message.to_others == (more == mentions("@ben:server"))


@pytest.mark.parametrize(
    "message",
    [
        heard(sender=ME),
        heard(more={"msgtype": "m.notice"}),
        heard(body=None),
        heard(more={"m.relates_to": {"rel_type": "m.replace", "event_id": "$0"}}),
    ],
)
def test_what_programs_say_what_we_say_and_edits_are_not_answered(message: Said | None) -> None:
    assert message is None


def test_a_thread_and_what_is_answered_in_it() -> None:
    thread: dict[str, Any] = {"rel_type": "m.thread", "event_id": "$0", "m.in_reply_to": {"event_id": "$9"}}
    message = in_reply({**thread, "is_falling_back": True})
    assert (message.thread, message.reply_to, message.can_root) == ("$0", "", False)
    message = in_reply(thread)
    assert (message.thread, message.reply_to) == ("$0", "$9")
    message = in_reply({"m.in_reply_to": {"event_id": "$9"}}, "> <@desk:server> Nine.\n> Ten.\n\nwho?")
    assert (message.thread, message.reply_to, message.can_root, message.text) == ("", "$9", True, "who?")


def in_reply(relation: dict[str, Any], body: str = "who?") -> Said:
    message = heard(body, {"m.relates_to": relation})
    assert message
    return message


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("1", 1),
        ("[12]", 12),
        ("show 3", 3),
        ("Show [3].", 3),
        ("1234", None),
        ("1 or 2", None),
        ("one", None),
        ("", None),
    ],
)
def test_a_number_alone_asks_for_a_quote(text: str, asked: int | None) -> None:
    assert number(text) == asked


@pytest.mark.parametrize(
    ("key", "says"),
    [
        *((key, True) for key in ("👍", "👍️", "👍🏿", "✅", "✔️", "+1")),
        *((key, False) for key in ("👎", "👎🏼", "❌", "-1")),
        *((key, None) for key in ("🎉", "")),
    ],
)
def test_reactions_that_judge_an_answer(key: str, says: bool | None) -> None:
    assert useful(key) is says


def test_our_messages_name_who_is_meant_and_hang_in_the_thread() -> None:
    made = answering(content(plain("a < b"), mention="@ann:server"), "$2", "$1")
    assert made == {
        "msgtype": "m.text",
        "body": "a < b",
        "format": "org.matrix.custom.html",
        "formatted_body": "<p>a &lt; b</p>",
        "m.mentions": {"user_ids": ["@ann:server"]},
        "m.relates_to": {
            "rel_type": "m.thread",
            "event_id": "$1",
            "is_falling_back": True,
            "m.in_reply_to": {"event_id": "$2"},
        },
    }
    beside = answering(content(plain("a"), notice=True), "$2", "")
    assert beside["m.relates_to"] == {"m.in_reply_to": {"event_id": "$2"}}
    assert (beside["msgtype"], beside["m.mentions"]) == ("m.notice", {})


def test_an_edit_carries_the_new_words_and_calls_nobody_again() -> None:
    new = content(plain("Nine."), mention="@ann:server")
    made = edit(new, "$5")
    assert (made["body"], made["m.mentions"], made["m.new_content"]) == ("* Nine.", {}, new)
    assert made["m.relates_to"] == {"rel_type": "m.replace", "event_id": "$5"}
