"""The stand-in of Slack with the real Bolt app on the other side of Socket Mode."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient

from tests.slack.test_stand_in import button, modal, rating, section
from tests.slack.test_stand_in_agent import INPUT
from tests.stand_ins.loops import LoopThread
from tests.stand_ins.slack import SlackStandIn

Json = dict[str, Any]
SOON_S = 0.5
"""When Slack sends again what is not acknowledged; in truth that takes three seconds."""


@pytest.fixture
def slack() -> Iterator[SlackStandIn]:
    with SlackStandIn(retry_after_s=(0, 0, 0)) as slack:
        yield slack


def bolt(slack: SlackStandIn, register: Callable[[AsyncApp], None]) -> AsyncApp:
    client = AsyncWebClient(slack.bot_token, base_url=slack.url)
    app = AsyncApp(client=client, signing_secret=slack.signing_secret)
    register(app)
    return app


@contextmanager
def connected(slack: SlackStandIn, register: Callable[[AsyncApp], None]) -> Iterator[None]:
    """A Bolt app that is connected by Socket Mode."""

    async def start() -> AsyncSocketModeHandler:
        handler = AsyncSocketModeHandler(bolt(slack, register), slack.app_token, ping_interval=0.2)
        await handler.connect_async()
        return handler

    with LoopThread("bolt") as loop:
        handler = loop.run(start())
        try:
            slack.wait_for(lambda: slack.connections)
            yield
        finally:
            loop.run(handler.close_async())


class Heard:
    """An app that notes the events it gets, and answers mentions."""

    def __init__(self) -> None:
        self.bodies: list[Json] = []
        self.retries: list[str | None] = []

    def register(self, app: AsyncApp) -> None:
        @app.event("app_mention")
        async def mentioned(body: Json, say: Any) -> None:
            self.bodies.append(body)
            await say(text="Nine people", thread_ts=body["event"].get("thread_ts", body["event"]["ts"]))

        @app.event("message")
        async def written(body: Json, req: Any) -> None:
            self.bodies.append(body)
            self.retries.append(req.headers.get("x-slack-retry-num", [None])[0])

    def kinds(self) -> list[str]:
        return [body["event"]["type"] for body in self.bodies]


def test_a_mention_reaches_the_app_as_two_events_of_one_message(slack: SlackStandIn) -> None:
    heard = Heard()
    with connected(slack, heard.register):
        question = slack.mention("#general", "nadia", "Who was kidnapped?")
        (answer,) = slack.wait_for(lambda: slack.replies(question))
        slack.wait_for(lambda: len(heard.bodies) == 2)
    assert answer["text"] == "Nine people"
    assert sorted(heard.kinds()) == ["app_mention", "message"]
    assert len({body["event_id"] for body in heard.bodies}) == 2
    assert {body["event"]["ts"] for body in heard.bodies} == {question["ts"]}
    assert [
        one.event["bot_id"] for one in slack.events("message") if "bot_id" in one.event
    ]  # Bolt keeps its own words from it


def test_events_have_the_fields_of_the_real_ones(slack: SlackStandIn) -> None:
    reply = slack.say("#general", "omar", "And when?", slack.say("#general", "nadia", "Who?")["ts"])
    body = slack.events("message")[1].payload
    assert body["event_id"].startswith("Ev") and body["event_context"].startswith("4-")
    assert (body["type"], body["team_id"], body["is_ext_shared_channel"]) == ("event_callback", slack.team, False)
    assert body["authorizations"][0] | {"user_id": slack.bot_user, "is_bot": True} == body["authorizations"][0]
    event = body["event"]
    assert (event["channel_type"], event["user"], event["text"]) == ("channel", reply["user"], "And when?")
    assert (event["thread_ts"], event["parent_user_id"]) == (reply["thread_ts"], slack.user("nadia"))
    assert event["event_ts"] == event["ts"] and event["client_msg_id"] and event["blocks"]


def test_only_what_the_manifest_subscribes_to_is_sent() -> None:
    manifest = {"settings": {"event_subscriptions": {"bot_events": ["app_mention", "message.im"]}}}
    with SlackStandIn(manifest) as slack:
        slack.mention("#general", "nadia", "Who?")
        slack.direct_message("nadia", f"<@{slack.bot_user}> Who?")  # no app_mention: it is said to the app anyway
        slack.say(slack.channel("#apart", with_bot=False), "nadia", f"<@{slack.bot_user}> Who?")
        sent = [(one.event["type"], one.event.get("channel_type")) for one in slack.delivered]
        assert sent == [("app_mention", None), ("message", "im")]
        with pytest.raises(ValueError, match="/quotes is not a valid command"):
            slack.slash_command("/quotes", "nadia")


def test_what_else_people_do_is_told(slack: SlackStandIn) -> None:
    said = slack.say("#general", "nadia", "Helo")
    slack.edit(said, "Hello")
    edited = slack.events("message")[1].event
    assert (edited["subtype"], edited["message"]["text"], edited["previous_message"]["text"]) == (
        "message_changed",
        "Hello",
        "Helo",
    )
    slack.react(said, "omar", "thumbsup")
    assert slack.events("reaction_added")[0].event["item"]["ts"] == said["ts"]
    slack.open_app("nadia")
    assert slack.events("app_home_opened")[0].event["tab"] == "messages"
    root = slack.open_assistant("nadia")
    thread = slack.events("assistant_thread_started")[0].event["assistant_thread"]
    assert (thread["thread_ts"], thread["context"]["channel_id"]) == (root["ts"], said["channel"])


def test_what_is_not_acknowledged_comes_again_with_the_same_event_id() -> None:
    seen: list[tuple[str, str | None]] = []
    failing = asyncio.Event()

    def register(app: AsyncApp) -> None:
        @app.middleware
        async def late(body: Json, req: Any, next: Any) -> None:  # noqa: A002 - Bolt's name
            seen.append((body["event_id"], req.headers.get("x-slack-retry-num", [None])[0]))
            if len(seen) < 3:
                await failing.wait()
            await next()

        Heard().register(app)

    with SlackStandIn(ack_s=SOON_S, retry_after_s=(0, 0, 0)) as slack, connected(slack, register):
        slack.say("#general", "nadia", "Hello")
        (delivery,) = slack.delivered
        slack.wait_for(lambda: delivery.acknowledged)
    assert [number for _, number in seen] == ["0", "1", "2"]
    assert len({event_id for event_id, _ in seen}) == 1
    assert [one.reason for one in delivery.attempts] == [None, "timeout", "timeout"]


def test_an_event_is_given_up_after_three_retries_and_a_click_at_once() -> None:
    with SlackStandIn(ack_s=SOON_S, retry_after_s=(0, 0, 0)) as slack, connected(slack, deaf):
        slack.say("#general", "nadia", "Hello")
        command = slack.slash_command("/quotes", "nadia")
        slack.wait_for(lambda: all(one.given_up for one in slack.delivered))
        assert [len(one.attempts) for one in slack.delivered] == [4, 1]
        assert not command.acknowledged


def deaf(app: AsyncApp) -> None:
    @app.middleware
    async def never(**_: Any) -> None:
        await asyncio.sleep(60)


def test_an_acknowledged_event_can_be_sent_once_more(slack: SlackStandIn) -> None:
    heard = Heard()
    with connected(slack, heard.register):
        slack.direct_message("nadia", "Hello")
        slack.wait_for(lambda: slack.delivered[0].acknowledged)
        slack.redeliver(slack.delivered[0])
        slack.wait_for(lambda: len(heard.bodies) == 2)
    assert heard.bodies[0] == heard.bodies[1]
    assert heard.retries == ["0", "1"]


@pytest.mark.parametrize("reason", [None, "refresh_requested"])
def test_the_app_connects_again_and_misses_nothing(slack: SlackStandIn, reason: str | None) -> None:
    heard = Heard()
    with connected(slack, heard.register):
        slack.refuse_connections()
        slack.drop_connection(reason)
        slack.direct_message("nadia", "Hello")
        slack.wait_for(lambda: len(slack.calls("apps.connections.open")) > 1)
        assert heard.bodies == [] and slack.connections == 0
        slack.accept_connections()
        slack.wait_for(lambda: heard.bodies)
        slack.wait_for(lambda: slack.delivered[0].acknowledged)


def test_a_command_is_answered_at_once_and_later(slack: SlackStandIn) -> None:
    def register(app: AsyncApp) -> None:
        @app.command("/quotes")
        async def asked(ack: Any, respond: Any, command: Json) -> None:
            await ack(f"Looking for {command['text']}")
            await respond(text="Nine people", response_type="in_channel")

    with connected(slack, register):
        command = slack.slash_command("/quotes", "nadia", "Tazirbu")
        slack.wait_for(lambda: slack.messages("#general", "Nine people"))
        slack.wait_for(lambda: command.acknowledged)
    assert [one["text"] for one in slack.ephemerals("nadia")] == ["Looking for Tazirbu"]


def test_a_response_url_is_good_for_five_answers(slack: SlackStandIn) -> None:
    answers: list[tuple[int, str]] = []

    def register(app: AsyncApp) -> None:
        @app.command("/quotes")
        async def asked(ack: Any, respond: Any) -> None:
            await ack()
            for number in range(6):
                answer = await respond(text=str(number))
                answers.append((answer.status_code, answer.body))

    with connected(slack, register):
        slack.slash_command("/quotes", "nadia")
        slack.wait_for(lambda: len(answers) == 6)
    assert answers == [(200, "ok")] * 5 + [(404, "used_url")]
    assert [one["text"] for one in slack.ephemerals("nadia")] == list("01234")


def test_a_click_and_a_modal_make_the_round(slack: SlackStandIn) -> None:
    form = modal(callback_id="why", submit={"type": "plain_text", "text": "Send"}, blocks=[INPUT])
    values: list[str] = []

    def register(app: AsyncApp) -> None:
        @app.event("message")
        async def written(say: Any) -> None:
            rated = {"type": "context_actions", "elements": [rating(action_id="rating")]}
            await say(text="Nine", blocks=[section("Nine", accessory=button()), rated])

        @app.action("rating")
        async def rate(ack: Any, body: Json, client: AsyncWebClient) -> None:
            await ack()
            values.append(body["actions"][0]["value"])
            await client.views_open(trigger_id=body["trigger_id"], view=form)

        @app.action("more")
        async def more(ack: Any, respond: Any) -> None:
            await ack()
            await respond(text="More", replace_original=True)

        @app.view("why")
        async def why(ack: Any, view: Json) -> None:
            given = view["state"]["values"]["why"]["text"]["value"]
            values.append(given)
            await (ack() if len(given) > 3 else ack(response_action="errors", errors={"why": "Say more"}))

    with connected(slack, register):
        slack.direct_message("nadia", "Who?")
        (answer,) = slack.wait_for(lambda: [one for one in slack.direct_messages("nadia") if one["text"] == "Nine"])
        with pytest.raises(ValueError, match=r"nothing to press is 'less': there is \['more', 'rating'\]"):
            slack.click(answer, "less")
        slack.click(answer, "rating", choice="negative")
        (view,) = slack.wait_for(lambda: slack.views)
        with pytest.raises(ValueError, match="text must be filled in"):
            slack.submit_view(view)
        slack.submit_view(view, text="No")
        slack.wait_for(lambda: slack.views[0].get("errors") == {"why": "Say more"})
        slack.submit_view(view, text="Wrong day")
        slack.wait_for(lambda: not slack.views)
        slack.click(answer, "more")
        slack.wait_for(lambda: slack.message(answer)["text"] == "More")
    assert values == ["bad", "No", "Wrong day"]


def test_an_app_that_waits_as_told_gets_through_a_rate_limit(slack: SlackStandIn) -> None:
    heard = Heard()

    def register(app: AsyncApp) -> None:
        app.client.retry_handlers.append(AsyncRateLimitErrorRetryHandler(max_retry_count=1))
        heard.register(app)

    slack.rate_limit_next("chat.postMessage", retry_after_s=1)
    with connected(slack, register):
        question = slack.mention("#general", "nadia", "Who?")
        slack.wait_for(lambda: slack.replies(question))
    assert [call.answer["ok"] for call in slack.calls("chat.postMessage")] == [False, True]
