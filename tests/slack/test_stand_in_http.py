"""The stand-in of Slack with the real Bolt app behind an address: signed requests, and retries that say so."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from aiohttp import web
from slack_bolt.async_app import AsyncApp

from tests.slack.test_stand_in_app import SOON_S, Heard, bolt
from tests.stand_ins.loops import LoopThread
from tests.stand_ins.slack import SlackStandIn

Json = dict[str, Any]


@pytest.fixture
def slack() -> Iterator[SlackStandIn]:
    with SlackStandIn(retry_after_s=(0, 0, 0)) as slack:
        yield slack


@contextmanager
def listening(slack: SlackStandIn, register: Callable[[AsyncApp], None]) -> Iterator[str]:
    """A Bolt app that is reached by HTTP, at the address that this gives."""

    async def start() -> web.AppRunner:
        runner = web.AppRunner(bolt(slack, register).web_app(), access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        return runner

    with LoopThread("bolt") as loop:
        runner = loop.run(start())
        try:
            yield f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events"
        finally:
            loop.run(runner.cleanup())


def test_over_http_everything_is_signed(slack: SlackStandIn) -> None:
    heard = Heard()

    def register(app: AsyncApp) -> None:
        heard.register(app)

        @app.command("/quotes")
        async def asked(ack: Any, command: Json) -> None:
            await ack(f"Looking for {command['text']}")

    with listening(slack, register) as url:
        slack.post_to(url)
        question = slack.mention("#general", "nadia", "Who was kidnapped?")
        slack.wait_for(lambda: slack.replies(question))
        slack.slash_command("/quotes", "nadia", "Tazirbu & Kufra")
        slack.wait_for(lambda: slack.ephemerals("nadia"))
    assert slack.ephemerals("nadia")[0]["text"] == "Looking for Tazirbu & Kufra"
    assert {attempt.status for one in slack.delivered for attempt in one.attempts} == {200}


@pytest.mark.parametrize("forged", [{"secret": "guessed"}, {"age_s": 301}])
def test_over_http_a_forged_or_stale_signature_is_for_the_app_to_refuse(slack: SlackStandIn, forged: Json) -> None:
    heard = Heard()
    with listening(slack, heard.register) as url:
        slack.post_to(url, **forged)
        slack.direct_message("nadia", "Hello")
        slack.wait_for(lambda: slack.delivered[0].given_up)
    assert heard.bodies == []
    assert [one.status for one in slack.delivered[0].attempts] == [401] * 4


def test_over_http_a_retry_says_so_in_its_headers() -> None:
    seen: list[tuple[str | None, str | None]] = []

    async def handle(request: web.Request) -> web.Response:
        seen.append((request.headers.get("X-Slack-Retry-Num"), request.headers.get("X-Slack-Retry-Reason")))
        if len(seen) == 1:
            return web.Response(status=500)
        if len(seen) == 2:
            await asyncio.sleep(5 * SOON_S)
        return web.Response(status=503, headers={"X-Slack-No-Retry": "1"})

    async def start() -> web.AppRunner:
        app = web.Application()
        app.router.add_post("/", handle)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        return runner

    with SlackStandIn(ack_s=SOON_S, retry_after_s=(0, 0, 0)) as slack, LoopThread("app") as loop:
        runner = loop.run(start())
        slack.post_to(f"http://127.0.0.1:{runner.addresses[0][1]}/")
        slack.direct_message("nadia", "Hello")
        slack.wait_for(lambda: slack.delivered[0].given_up)
        loop.run(runner.cleanup())
    assert seen == [(None, None), ("1", "http_error"), ("2", "http_timeout")]
