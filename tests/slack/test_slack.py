"""Quotedesk in Slack: the real Bolt app over the real desk, beside a stand-in of Slack that has Slack's limits.

The app has the scopes and events of the manifest in docs/slack, and nothing beyond.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import yaml

from bot.admission import Admission
from bot.answer import Question
from bot.desk import Desk
from bot.feedback import FeedbackLog
from bot.settings import Settings
from tests.conftest import ROOT, completed, wait_until
from tests.desks import EIGHT_OR_NINE, HOW_MANY, hostile, taken, told
from tests.stand_ins.loops import LoopThread
from tests.stand_ins.slack import SlackStandIn
from ui import slack as adapter
from ui.async_desk import AsyncDesk
from ui.shown import FAILED, STOPPING, inert
from ui.slack.app import HOW

MANIFEST = yaml.safe_load((ROOT / "docs/slack/manifest.yaml").read_text("utf-8"))
WHO, WHERE = "Who was kidnapped in Tazirbu?", "and how many were killed there?"
Json = dict[str, Any]


@pytest.fixture
def slack() -> Iterator[SlackStandIn]:
    with SlackStandIn(MANIFEST) as slack:
        yield slack


def settings(slack: SlackStandIn, **more: Any) -> Settings:
    tokens = {"slack_bot_token": slack.bot_token, "slack_app_token": slack.app_token, "slack_api_url": slack.url}
    return Settings(**{**tokens, **more})


@contextmanager
def running(slack: SlackStandIn, desk: Desk, **more: Any) -> Iterator[LoopThread]:
    """The app, connected by Socket Mode."""

    async def start() -> asyncio.Task[None]:
        return asyncio.create_task(adapter.run(AsyncDesk(desk), settings(slack, **more), print))

    async def stop(task: asyncio.Task[None]) -> None:
        task.cancel()
        await asyncio.wait([task])

    with LoopThread("slack") as loop:
        task = loop.run(start())
        try:
            slack.wait_for(lambda: slack.connections or task.done())
            yield loop
        finally:
            loop.run(stop(task))


@pytest.fixture
def app(slack: SlackStandIn, desk: Desk) -> Iterator[None]:
    (desk.home / "threads.sqlite3").unlink(missing_ok=True)  # each test has threads of its own
    with running(slack, desk):
        yield


def answer_to(slack: SlackStandIn, question: Json, number: int = 1) -> Json:
    """The app's reply number `number` in the thread of `question`, once it is complete."""

    def found() -> Json | None:
        replies = [one for one in slack.replies(question) if one["user"] == slack.bot_user]
        done = [one for one in replies if one.get("blocks") and any(b["type"] == "rich_text" for b in one["blocks"])]
        return done[number - 1] if len(done) >= number else None

    return slack.wait_for(found, 30)


def texts(value: object, kind: str) -> list[str]:
    """The words of each rich text part of that kind, in order."""
    if isinstance(value, list):
        return [text for one in value for text in texts(one, kind)]
    if not isinstance(value, dict):
        return []
    if value.get("type") == kind:
        return ["".join(part["text"] for part in value["elements"])]
    return [text for one in value.values() for text in texts(one, kind)]


def quotes(message: Json) -> list[str]:
    """The quotes that a message shows."""
    return [text.removeprefix("“").removesuffix("”") for text in texts(message["blocks"], "rich_text_quote")]


def contexts(blocks: list[Json]) -> str:
    return "\n".join(one["text"] for block in blocks if block["type"] == "context" for one in block["elements"])


def buttons(blocks: list[Json]) -> list[Json]:
    return [element for block in blocks if block["type"] == "actions" for element in block["elements"]]


# Asking --------------------------------------------------------------------------------------------------------------


def test_a_mention_is_answered_in_its_thread_in_exact_quotes(slack, app, desk):
    question = slack.mention("#general", "nadia", WHO)
    answer = answer_to(slack, question)
    expected = desk.ask(Question(WHO))
    assert answer["thread_ts"] == question["ts"]
    assert answer["text"].startswith("eleven civilians · several policemen and civilians · "), (
        "what a notification says"
    )
    shown = quotes(answer)
    assert shown and set(shown) <= {quote.text for quote in expected.quotes}
    outlets = "\n".join(texts(answer["blocks"], "rich_text_section"))
    assert "[1] [2] [3] Quotedesk, after an unsigned Libyan report, 25 Nov 2018" in outlets
    assert "From the 18 articles searched" in contexts(answer["blocks"])
    assert slack.pinged(answer) == set()


def test_it_is_streamed_with_what_is_being_done(slack, app):
    answer = answer_to(slack, slack.mention("#general", "nadia", WHO))
    streamed = slack.stream(answer)
    assert (streamed.state, streamed.recipient) == ("completed", slack.user("nadia"))
    assert streamed.tasks["answer"]["title"] == "Searched 18 articles"
    assert streamed.tasks["answer"]["status"] == "complete"


def test_in_a_thread_of_ours_one_goes_on_asking_without_a_mention(slack, app):
    question = slack.mention("#general", "nadia", WHO)
    answer_to(slack, question)
    slack.say("#general", "omar", WHERE, question["ts"])
    second = answer_to(slack, question, 2)
    assert "nine" in second["text"].lower()
    assert "Searched for: how many were killed in Tazirbu?" in contexts(second["blocks"])


def test_a_message_that_is_changed_to_mention_it_is_answered_once(slack, app):
    said = slack.say("#general", "nadia", WHO)
    slack.edit(said, f"<@{slack.bot_user}> {WHO}")
    answer_to(slack, said)
    slack.edit(said, f"<@{slack.bot_user}> {WHO.upper()}")
    answer_to(slack, slack.mention("#general", "nadia", "Where was the attack?"))
    assert len([one for one in slack.replies(said) if one["user"] == slack.bot_user]) == 1


def test_other_bots_are_not_answered(slack, app):
    theirs = slack.mention("#general", "weather", WHO, bot_id="B0WEATHER")
    direct = slack.direct_message("nadia", WHO)
    answer_to(slack, direct)
    question = slack.mention("#general", "nadia", WHO)
    answer_to(slack, question)
    slack.say("#general", "weather", WHERE, question["ts"], bot_id="B0WEATHER")
    slack.say("#general", "omar", "and when was it?", question["ts"])
    answer_to(slack, question, 2)
    assert slack.replies(theirs) == []
    assert len([one for one in slack.replies(question) if one["user"] == slack.bot_user]) == 2


def test_what_people_say_to_each_other_is_left_alone(slack, app):
    question = slack.mention("#general", "nadia", WHO)
    answer_to(slack, question)
    slack.say("#general", "nadia", f"<@{slack.user('omar')}> have you seen this?", question["ts"])
    elsewhere = slack.say("#general", "omar", "Who was kidnapped in Tazirbu?")
    slack.say("#general", "nadia", "and when?", elsewhere["ts"])
    last = slack.mention("#general", "nadia", "When was the attack on Tazirbu?")
    answer_to(slack, last)
    assert slack.replies(elsewhere) == [one for one in slack.replies(elsewhere) if one["user"] == slack.user("nadia")]
    assert len([one for one in slack.replies(question) if one["user"] == slack.bot_user]) == 1


def test_a_direct_message_is_answered_as_a_conversation_that_shows_we_are_at_it(slack, app):
    question = slack.direct_message("nadia", WHO)
    answer_to(slack, question)
    slack.wait_for(lambda: slack.session(question).get("status") == "active")
    assert slack.session(question)["title"] == WHO
    slack.direct_message("nadia", WHERE, thread_ts=question["ts"])
    assert "nine" in answer_to(slack, question, 2)["text"].lower()


def test_the_slash_command_answers_who_typed_it_alone(slack, app):
    slack.slash_command("/quotedesk", "nadia", WHO)
    (answer,) = slack.wait_for(lambda: slack.ephemerals("nadia"))
    assert answer["text"].startswith("eleven civilians · ")
    assert "nine policemen dead, and eleven civilians were kidnapped" in quotes(answer)[0]
    assert slack.messages("#general") == []
    (opened,) = [b for b in buttons(answer["blocks"]) if b["text"]["text"] == "Open passage [1]"]
    slack.click(answer, opened["action_id"])
    slack.wait_for(lambda: slack.views)


@pytest.mark.parametrize("asked", ["", "?!"])
def test_who_asks_nothing_is_told_how_to_ask(slack, app, asked):
    slack.slash_command("/quotedesk", "nadia", asked)
    (told,) = slack.wait_for(lambda: slack.ephemerals("nadia"))
    question = slack.mention("#general", "nadia", asked)
    assert told["text"] == answer_to(slack, question)["text"] == HOW


def test_not_found_is_said_with_the_closest_passages(slack, app):
    answer = answer_to(slack, slack.mention("#general", "nadia", "Who was kidnapped in Misrata?"))
    assert answer["text"].startswith("Not found in the 18 articles searched, dated 25 Nov 2018 to 28 Nov 2018.")
    assert "The closest passages, which may not answer the question:" in contexts(answer["blocks"])
    assert quotes(answer)


def test_who_is_said_to_have_said_it_stands_with_the_answer(slack, archive, write):
    said = "Repairs of the bridge in Tazirbu will cost four million, Mara Lindqvist said."
    with running(slack, told(archive, write, ("A", "2018-11-25", said))) as _:
        answer = answer_to(slack, slack.mention("#general", "nadia", "How much will repairs of the bridge cost?"))
    assert "four million, Mara Lindqvist said" in texts(answer["blocks"], "rich_text_section")


def test_sources_that_disagree_are_both_in_the_notification(slack, archive, write):
    desk = told(archive, write, *EIGHT_OR_NINE)
    with running(slack, desk):
        answer = answer_to(slack, slack.mention("#general", "nadia", HOW_MANY))
    assert answer["text"] == "The sources disagree: Nine (A, 25 Nov 2018) · Eight (B, 24 Nov 2018)"


# The passage ---------------------------------------------------------------------------------------------------------


def test_the_passage_opens_with_the_article_around_the_quote_and_leads_to_the_others(slack, app, desk):
    answer = answer_to(slack, slack.mention("#general", "nadia", WHO))
    every = buttons(answer["blocks"])
    slack.click(answer, every[0]["action_id"], user="nadia")
    (view,) = slack.wait_for(lambda: slack.views)
    assert view["title"]["text"] == f"Quote 1 of {len(every)}"
    bold = [
        p["text"]
        for b in view["blocks"]
        for e in b.get("elements", [])
        for p in e.get("elements", [])
        if p.get("style")
    ]
    quote = desk.ask(Question(WHO)).quotes[0]
    assert bold == [quote.title, quote.text]
    (section,) = [text for text in texts(view["blocks"], "rich_text_section") if quote.text in text]
    assert section.strip("… ") in desk.article(quote.article_id).text
    assert "Checked just now" in contexts(view["blocks"])
    assert [button["text"]["text"] for button in buttons(view["blocks"])] == ["Next quote"]
    slack.click_view(view, buttons(view["blocks"])[0]["action_id"], "nadia")
    turned = slack.wait_for(lambda: [one for one in slack.views if "Quote 2" in one["title"]["text"]])[0]
    assert [button["text"]["text"] for button in buttons(turned["blocks"])] == ["Previous quote", "Next quote"]


def test_a_quote_that_no_longer_stands_is_said_to_be_gone(slack, archive, write):
    desk = told(archive, write, EIGHT_OR_NINE[0])
    with running(slack, desk):
        answer = answer_to(slack, slack.mention("#general", "nadia", HOW_MANY))
        desk.add(
            [str(write({"a.jsonl": json.dumps({"source": "A", "published": "2018-11-25", "text": "All are well."})}))]
        )
        slack.click(answer, buttons(answer["blocks"])[0]["action_id"], user="nadia")
        (view,) = slack.wait_for(lambda: slack.views)
    assert "no longer" in contexts(view["blocks"])


# Feedback, the app's page, channels ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("choice", "useful"), [("positive", True), ("negative", False)])
def test_useful_or_not_is_kept_and_thanked_for(slack, app, desk, choice, useful):
    answer = answer_to(slack, slack.mention("#general", "nadia", WHO))
    slack.click(answer, "useful", user="omar", choice=choice)
    slack.wait_for(lambda: slack.ephemerals("omar"))
    kept = FeedbackLog(desk.home).read()[-1]
    assert (kept["surface"], kept["person"], kept["question"]) == ("slack", slack.user("omar"), WHO)
    assert kept["useful"] is useful


def test_the_app_s_page_suggests_questions_that_the_archive_answers(slack, app, desk):
    slack.open_app("nadia")
    channel = slack.direct_message("nadia", "?")["channel"]
    prompts = slack.wait_for(lambda: slack.prompts(channel), 60)
    assert 0 < len(prompts) <= 4
    assert desk.ask(Question(prompts[0]["message"])).status == "answered"
    slack.open_app("nadia", "home")
    home = slack.wait_for(lambda: slack.home("nadia"), 60)
    assert "The archive holds 18 articles." in texts(home["blocks"], "rich_text_section")


def test_a_channel_may_have_its_own_outlets_and_days_and_answer_only_where_mentioned(slack, desk):
    room = slack.channel("#desk")
    rooms = {room: {"sources": ["Quotedesk, after Asharq Al-Awsat"], "only_mentioned": True}}
    with running(slack, desk, rooms=rooms):
        question = slack.mention("#desk", "nadia", WHO)
        answer = answer_to(slack, question)
        assert "eleven civilians" not in answer["text"]
        assert "several policemen and civilians" in answer["text"]
        slack.say("#desk", "nadia", WHERE, question["ts"])
        slack.mention("#desk", "nadia", "and when was it?", question["ts"])
        answer_to(slack, question, 2)
    assert len([one for one in slack.replies(question) if one["user"] == slack.bot_user]) == 2


# What goes wrong -----------------------------------------------------------------------------------------------------


def test_what_an_article_says_is_text_whatever_it_says(slack, archive, write):
    desk = hostile(archive, write, "<!channel> <@U1> <!here> <http://HOST/x|Tazirbu> *bold* :smile: @channel")
    with running(slack, desk):
        answer = answer_to(slack, slack.mention("#general", "nadia", HOW_MANY))
    known = {inert(quote.text) for quote in desk.ask(Question(HOW_MANY)).quotes}
    assert quotes(answer) and set(quotes(answer)) <= known
    assert slack.pinged(answer) == set()
    assert {part["type"] for part in parts(answer["blocks"])} <= {"text", "link"}


def parts(blocks: list[Json]) -> Iterator[Json]:
    """The parts of all rich text."""
    for block in blocks:
        if block["type"] == "rich_text":
            for element in block["elements"]:
                yield from element["elements"]


def test_an_event_that_is_sent_twice_is_answered_once_also_after_a_restart(slack, desk):
    with running(slack, desk):
        question = slack.mention("#general", "nadia", WHO)
        answer_to(slack, question)
        slack.redeliver(slack.events("app_mention")[0])
        slack.redeliver(slack.events("message")[0])
        answer_to(slack, slack.mention("#general", "nadia", "When was the attack on Tazirbu?"))
    with running(slack, desk):
        slack.redeliver(slack.events("app_mention")[0])
        answer_to(slack, slack.mention("#general", "nadia", "Where was the attack?"))
    assert len([one for one in slack.replies(question) if one["user"] == slack.bot_user]) == 1


@pytest.mark.parametrize("method", ["chat.startStream", "chat.stopStream"])
def test_slack_s_429_is_waited_for(slack, app, method):
    slack.rate_limit_next(method, 1)
    answer = answer_to(slack, slack.mention("#general", "nadia", WHO))
    assert len(slack.calls(method)) >= 2
    assert answer["text"].startswith("eleven civilians")


@pytest.mark.parametrize(
    ("method", "error"),
    [("chat.startStream", "not_allowed_token_type"), ("chat.stopStream", "message_not_in_streaming_state")],
)
def test_where_slack_takes_no_stream_the_answer_is_posted_whole(slack, app, method, error):
    slack.fail_next(method, error)
    question = slack.mention("#general", "nadia", WHO)
    slack.wait_for(lambda: slack.calls("chat.postMessage"))
    answers = slack.wait_for(lambda: [one for one in slack.replies(question) if one.get("blocks")])
    assert quotes(answers[-1])
    posted = slack.calls("chat.postMessage")[-1].args
    assert (posted["unfurl_links"], posted["unfurl_media"]) in ((False, False), ("false", "false"), ("0", "0"))


def test_a_failure_is_told_without_internals(slack, archive, write):
    class Broken(Desk):
        def _answering(self, question):
            raise ZeroDivisionError("secret detail")
            yield

    with running(slack, Broken(archive)):
        answer = answer_to(slack, slack.mention("#general", "nadia", WHO))
        slack.slash_command("/quotedesk", "nadia", WHO)
        (told,) = slack.wait_for(lambda: slack.ephemerals("nadia"))
    assert answer["text"] == told["text"] == FAILED


def test_who_asks_too_often_is_told_when_to_ask_again(slack, archive, write):
    desk = told(archive, write, ("A", "2018-11-25", "Nine died."), admission=Admission(a_minute=1))
    with running(slack, desk):
        answer_to(slack, slack.mention("#general", "nadia", WHO))
        refused = answer_to(slack, slack.mention("#general", "nadia", WHO))
        other = answer_to(slack, slack.mention("#general", "omar", WHO))
    assert refused["text"].startswith("You asked 1 question in a minute: ask again in ")
    assert other["text"].startswith("Not found")


def test_pressing_stop_ends_it_and_nothing_more_is_said(slack, archive, write):
    class Slow(Desk):
        def _answering(self, question):
            yield from list(super()._answering(question))[:1]
            waiting.wait(20)
            yield from super()._answering(question)

    waiting = threading.Event()
    with running(slack, Slow(archive)):
        question = slack.direct_message("nadia", WHO)
        streamed = slack.wait_for(lambda: [one for one in slack.replies(question) if one["user"] == slack.bot_user])[0]
        slack.stop(streamed)
        slack.wait_for(lambda: slack.session(question)["status"] == "active")
        waiting.set()
        after = slack.direct_message("omar", "Who else?")
        slack.wait_for(lambda: [one for one in slack.replies(after) if "Not found" in one["text"]], 30)
    assert slack.message(streamed)["blocks"] == []
    assert slack.calls("chat.postMessage") == []


def test_what_was_taken_is_answered_before_it_stops(slack, desk):
    desk.ask(Question(WHO))  # so that nothing is to be loaded
    with running(slack, desk):
        question = slack.mention("#general", "nadia", WHO)
        slack.wait_for(lambda: slack.delivered[-1].acknowledged)
    assert quotes(answer_to(slack, question))


def test_who_waits_in_line_when_it_stops_is_told(slack, archive, write):
    desk = told(archive, write, *EIGHT_OR_NINE, admission=Admission(at_once=1))
    slack.rate_limit_next("chat.startStream", 60)  # of the first: it cannot even show that it waits
    with taken(desk._admission), running(slack, desk):
        mention, direct = slack.mention("#general", "nadia", HOW_MANY), slack.direct_message("omar", HOW_MANY)
        slack.slash_command("/quotedesk", "zoe", HOW_MANY)
        slack.wait_for(lambda: len(slack.calls("chat.startStream")) == 2 and slack.delivered[-1].acknowledged)
    said = [one["text"] for asked in (mention, direct) for one in slack.replies(asked)]
    assert said == [STOPPING, STOPPING]
    assert [one["text"] for one in slack.ephemerals("zoe")] == [STOPPING]
    assert not slack.delivered[-1].acknowledged, "what comes after that, Slack is to send again"


def test_it_connects_again_after_slack_was_away(slack, app):
    answer_to(slack, slack.mention("#general", "nadia", WHO))
    slack.refuse_connections()
    slack.drop_connection()
    wait_until(lambda: slack.connections == 0)
    missed = slack.mention("#general", "nadia", "When was the attack on Tazirbu?")
    slack.accept_connections()
    answer_to(slack, missed)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"slack_bot_token": "xoxb-wrong"}, r"Slack does not take slack_bot_token \(invalid_auth\): copy it again"),
        ({"slack_app_token": "xapp-wrong"}, r"Slack does not take slack_app_token \(invalid_auth\): copy it again"),
        ({"slack_bot_token": None}, "slack_bot_token is not set"),
        ({"slack_app_token": None}, "slack_app_token is not set"),
    ],
)
def test_a_token_that_is_wrong_is_named(slack, desk, change, message):
    with pytest.raises(adapter.SlackSettingsError, match=message):
        completed(adapter.run(AsyncDesk(desk), settings(slack, **change), print))
