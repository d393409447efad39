"""Quotedesk in Teams: what people ask and press, and what they get."""

from __future__ import annotations

import json
import logging
import re
import time
from collections.abc import Callable
from typing import Any

import pytest

from bot.answer import Question
from bot.desk import Desk
from bot.feedback import FeedbackLog
from tests.desks import taken
from tests.payloads import PAYLOADS
from tests.stand_ins.teams import TeamsStandIn
from tests.stand_ins.teams_people import Delivery
from tests.teams.bots import BRIDGE, HOW_MANY, WHO, bot, seen
from ui.shown import FAILED
from ui.teams import bot as teams_bot

# The library makes a client that it has itself deprecated, for each App and each activity.
pytestmark = pytest.mark.filterwarnings("ignore:The bot client is deprecated:DeprecationWarning")


# Answers --------------------------------------------------------------------------------------------------------------


def test_an_answer_has_its_exact_quotes_its_citations_and_its_label(teams: TeamsStandIn, desk: Desk) -> None:
    asked = teams.personal_message(WHO, "Ann")
    said = teams.answer(asked)
    assert (asked.status, asked.complaint) == (200, None)
    expected = desk.ask(Question(WHO))
    assert len(expected.quotes) > 2
    for quote in expected.quotes:
        assert desk.article(quote.article_id).text[quote.start : quote.end] == quote.text
        whole = json.loads(said.citations[quote.number]["text"])["body"][-1]["inlines"][0]["text"]
        assert whole == " ".join(quote.text.split())
        assert f"[{quote.number}] " in said.text
    shown = [line for line in seen(said).splitlines() if line.startswith("> “")]
    assert shown
    assert {line[3:-1] for line in shown} <= {" ".join(quote.text.split()) for quote in expected.quotes}
    assert said.is_labelled_ai
    assert said.feedback == "default"
    assert 1 <= len(said.suggestions) <= 3
    assert teams.refusals == []


def test_an_answer_that_is_there_at_once_is_one_message(teams: TeamsStandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(teams_bot, "QUICK_S", 30)  # at once, on a machine that may be busy
    asked = teams.personal_message(HOW_MANY, "Bea")
    said = teams.answer(asked)
    assert (said.streamed, said.edits, len(teams.messages(asked)), teams.streams(asked)) == (False, 0, 1, [])


def test_not_found_is_said_with_the_closest_passages(teams: TeamsStandIn) -> None:
    said = teams.answer(teams.personal_message("Who won the 2018 World Cup?", "Cem"))
    assert seen(said).startswith("Not found in the 18 articles searched")
    assert "> “" in said.text
    assert said.citations


def test_a_follow_up_counts_what_was_asked_before_in_the_same_chat_only(teams: TeamsStandIn) -> None:
    teams.answer(teams.personal_message("How many policemen were killed in Tazirbu?", "Dag"))
    after = teams.personal_message("And who was kidnapped there?", "Dag")
    assert "Searched for:" in teams.answer(after).text
    assert "Tazirbu" in teams.answer(after).text.split("Searched for:")[1]
    alone = teams.answer(teams.personal_message("And who was kidnapped there?", "Eve"))
    assert "Tazirbu" not in alone.text.partition("Searched for:")[2]


def test_a_mention_in_a_channel_is_answered_in_its_thread_which_is_the_conversation(teams: TeamsStandIn) -> None:
    first = teams.channel_mention(HOW_MANY, person="Fay")
    said = teams.answer(first)
    assert said.conversation.endswith(f";messageid={first.id}")
    assert "> “" in said.text
    assert said.suggestions == []
    second = teams.answer(teams.channel_mention("And who was kidnapped there?", first.id, "Gus"))
    assert second.conversation == said.conversation
    assert "Tazirbu" in second.text.split("Searched for:")[1]
    assert teams.refusals == []


def test_in_a_group_the_scope_of_its_room_holds(teams: TeamsStandIn) -> None:
    said = teams.answer(teams.group_message(WHO, "Hal"))
    assert seen(said).startswith("Not found in the 0 articles searched")


def unmentioned(teams: TeamsStandIn, text: str, thread: str, person: str) -> Delivery:
    """What a bot gets that may read a whole channel: a reply in a thread that mentions nobody."""
    activity = teams._activity(teams.channel(), person, type="message", text=text)
    activity["conversation"]["id"] += f";messageid={thread}"
    return teams._deliver(activity)


def test_a_reply_that_mentions_nobody_is_answered_in_a_thread_of_ours_unless_the_room_wants_mentions(
    teams: TeamsStandIn, desk: Desk
) -> None:
    first = teams.channel_mention(HOW_MANY, person="Ida")
    teams.answer(first)
    assert unmentioned(teams, "Where was it?", first.id, "Ida").status == 200
    with bot(teams, desk):  # no room is set
        elsewhere = unmentioned(teams, "Where was it?", "1600000000000", "Ida")
        within = unmentioned(teams, "Where was it in Tazirbu?", first.id, "Ida")
        teams.wait_for(lambda: len(teams.messages(within)) > 1)
        teams.answer(teams.personal_message(WHO, "Ida"))  # by then any answer would be there
        assert elsewhere.status == 200
        assert teams.messages(elsewhere) == []
    assert len(teams.messages(first)) == 2


# How it is said -------------------------------------------------------------------------------------------------------


def test_what_takes_a_while_is_streamed_in_order(
    stand_in: TeamsStandIn, small: Callable[..., Desk], caplog: pytest.LogCaptureFixture
) -> None:
    desk = small(BRIDGE, at_once=1)
    before = len(stand_in.refusals)
    with bot(stand_in, desk):
        with taken(desk._admission):
            asked = stand_in.personal_message("What would repairs of the bridge cost?", "Jan")
            stream = stand_in.wait_for(lambda: stand_in.streams(asked))[0]
            stand_in.wait_for(lambda: stream.informative)
            assert stand_in.messages(asked) == []
        said = stand_in.answer(asked)
    assert stream.informative[0] == "Waiting in line, place 1 …"
    assert said.streamed
    assert "four million" in said.text
    assert said.is_labelled_ai
    assert said.cards
    assert said.reply_to == asked.id
    assert len(stand_in.messages(asked)) == 1
    assert len(stand_in.refusals) == before


def test_who_presses_stop_is_told_nothing_more(stand_in: TeamsStandIn, small: Callable[..., Desk]) -> None:
    desk = small(BRIDGE, at_once=1)
    before = len(stand_in.refusals)
    with bot(stand_in, desk):
        with taken(desk._admission):
            asked = stand_in.personal_message("What would repairs of the bridge cost?", "Kai")
            stand_in.wait_for(lambda: stand_in.streams(asked))
            stand_in.stop(asked)
        stand_in.wait_for(lambda: len(stand_in.refusals) > before)
        assert stand_in.refusals[-1].message == "Content stream was canceled by user."
        stand_in.personal_message("What collapsed on Saturday?", "Kai")
        (said,) = stand_in.wait_for(lambda: [one for one in stand_in.messages(asked) if "collapsed" in one.text])
        assert stand_in.messages(asked) == [said]


def test_in_a_channel_waiting_in_line_is_told_in_the_message_that_becomes_the_answer(
    stand_in: TeamsStandIn, small: Callable[..., Desk]
) -> None:
    desk = small(BRIDGE, at_once=1)
    with bot(stand_in, desk):
        with taken(desk._admission):
            asked = stand_in.channel_mention("What would repairs of the bridge cost?", person="Lea")
            told = stand_in.wait_for(lambda: stand_in.messages(asked))[0]
            assert told.text == "Waiting in line, place 1 …"
        said = stand_in.wait_for(lambda: [one for one in stand_in.messages(asked) if one.edits])[0]
    assert said.id == told.id
    assert "four million" in said.text


def test_it_waits_as_long_as_teams_says_and_tries_again(teams: TeamsStandIn) -> None:
    teams.refuse_next("POST", 429, "Throttled", retry_after_s=1)
    teams.refuse_next("POST", 412, "PreconditionFailed", retry_after_s=0)
    asked = teams.personal_message(HOW_MANY, "Mia")
    assert "> “" in teams.answer(asked).text
    assert [refused.status for refused in teams.refusals] == [429, 412]
    assert len(teams.messages(asked)) == 1


def test_what_cannot_be_said_while_teams_is_away_is_said_when_it_is_back(stand_in: TeamsStandIn, desk: Desk) -> None:
    with bot(stand_in, desk):
        stand_in.answer(stand_in.personal_message(HOW_MANY, "Mio"))
        with stand_in.connector_away():
            asked = stand_in.personal_message(HOW_MANY, "Mio")
            time.sleep(2)
        assert "> “" in stand_in.answer(asked).text
        assert len(stand_in.messages(asked)) == 2


def test_the_same_activity_sent_again_is_answered_once_also_after_a_restart(teams: TeamsStandIn, desk: Desk) -> None:
    asked = teams.personal_message(HOW_MANY, "Noa")
    teams.answer(asked)
    assert teams.redeliver(asked).status == 200
    with bot(teams, desk):
        assert teams.redeliver(asked).status == 200
        teams.answer(teams.personal_message(WHO, "Noa"))
    assert len(teams.messages(asked)) == 2


def test_a_failure_is_told_in_one_sentence_and_logged(
    stand_in: TeamsStandIn, small: Callable[..., Desk], caplog: pytest.LogCaptureFixture
) -> None:
    desk = small(BRIDGE)
    with bot(stand_in, desk):
        desk.close()
        said = stand_in.answer(stand_in.personal_message("What would repairs cost?", "Oda"))
    assert seen(said) == FAILED
    (record,) = [one for one in caplog.records if one.name == "ui.teams.bot"]
    assert record.exc_info
    assert record.levelno == logging.ERROR


def test_what_is_no_question_and_who_asks_too_often_is_told(stand_in: TeamsStandIn, small: Callable[..., Desk]) -> None:
    desk = small(BRIDGE, a_minute=1)
    with bot(stand_in, desk):
        assert seen(stand_in.answer(stand_in.personal_message("*?*", "Pia"))) == (
            "The question '*?*' has no words: ask something."
        )
        stand_in.answer(stand_in.personal_message("What would repairs cost?", "Pia"))
        refused = stand_in.answer(stand_in.personal_message("Who is Mara Lindqvist?", "Pia"))
        assert re.fullmatch(r"You asked 1 question in a minute: ask again in \d+ s\.", seen(refused))


def test_hostile_articles_and_people_are_quoted_word_for_word_and_no_more(
    stand_in: TeamsStandIn, small: Callable[..., Desk]
) -> None:
    payloads = [payload for payload in PAYLOADS if "\n" not in payload][:8]
    said_so = {
        f"{number}.txt": f"The harbour master said so. The ship Ortega {number} sank at {payload} near Arn today."
        for number, payload in enumerate(payloads)
    }
    desk = small(said_so)
    before = len(stand_in.refusals)
    with bot(stand_in, desk):
        said = stand_in.answer(stand_in.personal_message(f"Which ship sank near Arn? {PAYLOADS[0]} <at>x</at>", "Quy"))
    assert "<" not in said.text
    assert "![" not in said.text
    assert re.findall(r"\]\(", said.text) == []
    assert said.cards
    assert len(stand_in.refusals) == before


# What people press ----------------------------------------------------------------------------------------------------


def test_thumbs_are_kept_with_the_question(teams: TeamsStandIn, desk: Desk) -> None:
    said = teams.answer(teams.personal_message(WHO, "Rex"))
    liked = teams.feedback(said, like=True, words="well found")
    assert (liked.status, liked.complaint) == (200, None)
    teams.feedback(said, like=False).status  # noqa: B018 - waits
    kept = [one for one in FeedbackLog(desk.home).read() if one["question"] == WHO]
    assert [(one["surface"], one["useful"], one["comment"]) for one in kept[-2:]] == [
        ("teams", True, "well found"),
        ("teams", False, ""),
    ]
    assert kept[-1]["person"]


def test_a_thumb_in_a_channel_is_kept_too(teams: TeamsStandIn, desk: Desk) -> None:
    said = teams.answer(teams.channel_mention(HOW_MANY, person="Sal"))
    before = len(FeedbackLog(desk.home).read())
    assert teams.feedback(said, like=True).complaint is None
    assert len(FeedbackLog(desk.home).read()) == before + 1


def test_a_button_opens_the_article_around_the_quote_and_turns_to_the_next(teams: TeamsStandIn, desk: Desk) -> None:
    said = teams.answer(teams.personal_message(WHO, "Tom"))
    quotes = desk.ask(Question(WHO)).quotes
    opened = teams.press(said, said.cards[0]["actions"][0]["title"])
    assert opened.complaint is None
    card = opened.body["task"]["value"]["card"]["content"]
    assert marked(card) == [quotes[0].text]
    following = next(action for action in card["actions"] if action["title"] == "Next quote")
    turned = teams.submit_dialog(following["data"], said)
    assert turned.complaint is None
    assert marked(turned.body["task"]["value"]["card"]["content"]) == [quotes[1].text]


def marked(card: dict[str, Any]) -> list[str]:
    runs = [run for block in card["body"] for run in block["inlines"]]
    return [run["text"] for run in runs if run.get("highlight")]


def test_a_button_without_a_quote_is_no_question(teams: TeamsStandIn) -> None:
    said = teams.answer(teams.personal_message(HOW_MANY, "Uma"))
    assert teams.submit({"some": "data"}, said).status == 200
    asked = teams.personal_message("Who claimed the attack on Tazirbu?", "Uma")
    assert "ISIS" in teams.answer(asked).text
    assert len(teams.messages(asked)) == 2


def test_who_adds_the_bot_is_greeted_with_questions_that_it_answers(teams: TeamsStandIn, desk: Desk) -> None:
    greeted = teams.answer(teams.install("Vic"))
    assert greeted.text == (
        "Ask me anything about 18 articles: I answer in their own words, each quote checked against its article."
    )
    assert len(greeted.suggestions) == 3
    # The stand-in's buttons are pressed by Ada.
    assert "Not found" not in teams.answer(teams.choose(teams.answer(teams.install()), greeted.suggestions[0])).text
