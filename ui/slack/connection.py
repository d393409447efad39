"""The ways to Slack: Socket Mode, for which no address of ours needs to be reachable, or HTTP with signed calls."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import aiohttp
from fastapi import FastAPI, Request, Response
from slack_bolt.adapter.fastapi.async_handler import AsyncSlackRequestHandler
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.settings import Settings
from ui.api import body
from ui.async_desk import AsyncDesk
from ui.slack.app import Slack
from ui.workspaces import OnReady

EVENTS = "/slack/events"
WAITS_S = (1, 2, 5, 10)
"""How long to wait for Slack, again and again, when it does not answer at the start."""
ACK_S = 1.0
"""What acknowledging may take when we are told to stop; Slack gives three seconds."""
_log = logging.getLogger(__name__)


class SlackSettingsError(ValueError):
    """A token is missing or not taken; the message says which and where to find it."""


def check(settings: Settings) -> None:
    """SlackSettingsError unless both tokens that Socket Mode needs are set."""
    if not settings.slack_bot_token:
        raise SlackSettingsError(
            "slack_bot_token is not set (QUOTEDESK_SLACK_BOT_TOKEN): Slack shows it under OAuth & Permissions, xoxb-..."
        )
    if not settings.slack_app_token:
        raise SlackSettingsError(
            "slack_app_token is not set (QUOTEDESK_SLACK_APP_TOKEN): make one with the scope connections:write under "
            "Basic Information, App-Level Tokens, xapp-..."
        )


async def run(desk: AsyncDesk, settings: Settings, on_ready: OnReady) -> None:
    """Answer over Socket Mode until cancelled; it connects again by itself. Raises SlackSettingsError.

    `on_ready` is told where Quotedesk is, once it is there.
    """
    check(settings)
    assert settings.slack_app_token  # noqa: S101 - `check` has seen to it
    slack = Slack(desk, settings)
    token = settings.slack_app_token.get_secret_value()
    socket = _Socket(slack.app, token)
    try:
        team = await _team(slack.client, token)
        await socket.connect()
        on_ready(f"in Slack, in {team}")
        await asyncio.Event().wait()
    finally:
        await socket.acknowledged()
        await slack.end()
        await socket.close()


class _Socket:
    """Bolt's connection. What it has taken it acknowledges, and what comes later it leaves: Slack sends that again."""

    def __init__(self, app: AsyncApp, token: str) -> None:
        self._handler: Any = AsyncSocketModeHandler(app, token)
        self._under_way: set[asyncio.Task[Any]] = set()
        self._is_ending = False
        self._handler.client.socket_mode_request_listeners = [self._take]

    async def connect(self) -> None:
        """Until `close`; it connects again by itself."""
        await self._handler.connect_async()

    async def acknowledged(self) -> None:
        """Take nothing more, and return once all that was taken is acknowledged."""
        self._is_ending = True
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=ACK_S)

    async def close(self) -> None:
        """Let go of the connection."""
        await self._handler.close_async()

    async def _take(self, client: Any, request: Any) -> None:
        if self._is_ending:
            return
        task = asyncio.ensure_future(self._handler.handle(client, request))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        await task


async def _team(client: AsyncWebClient, app_token: str) -> str:
    """The workspace's name, as soon as Slack answers. SlackSettingsError when it does not take a token."""
    for wait_s in itertools.chain(WAITS_S, itertools.repeat(WAITS_S[-1])):
        asked = "slack_bot_token"
        try:
            told = await client.auth_test()
            asked = "slack_app_token"
            await client.apps_connections_open(app_token=app_token)
        except SlackApiError as error:
            raise SlackSettingsError(
                f"Slack does not take {asked} ({error.response['error']}): copy it again"
            ) from error
        except (TimeoutError, OSError, aiohttp.ClientError) as error:
            _log.warning("Slack does not answer (%s): trying again in %s s", error, wait_s)
            await asyncio.sleep(wait_s)
        else:
            break
    return str(told.get("team") or told["team_id"])


def mount(app: FastAPI, desk: AsyncDesk, settings: Settings) -> AbstractAsyncContextManager[None]:
    """Answer over HTTP at EVENTS of `app` for as long as what this gives is entered. Raises SlackSettingsError."""
    slack = Slack(desk, settings)
    handler = AsyncSlackRequestHandler(slack.app)

    @app.post(EVENTS, include_in_schema=False)
    async def events(request: Request) -> Response:
        await body(request)  # whoever sends too much is refused before the signature is looked at
        answered: Response = await handler.handle(request)
        return answered

    @asynccontextmanager
    async def running() -> AsyncIterator[None]:
        try:
            yield
        finally:
            await slack.end()

    return running()
