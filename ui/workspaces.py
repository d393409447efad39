"""The team's workspaces that are set up: each runs inside the server, or alone."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
import threading
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from typing import Any

from fastapi import FastAPI

from bot.settings import Settings
from ui.async_desk import AsyncDesk

Surface = Callable[[FastAPI, AsyncDesk], AbstractAsyncContextManager[None]]
"""A workspace that is served too: it may add routes at once, and runs as long as it is entered."""
OnReady = Callable[[str], None]
"""Told where Quotedesk is ("in Slack, in Newsroom"), once it is there."""
Connects = Callable[[AsyncDesk, Settings, OnReady], Coroutine[Any, Any, None]]
"""A workspace that connects to its service by itself, and answers until it is cancelled."""
LIMIT_S = 4
"""Once told to stop: when the process ends come what may. A thread that works on an answer cannot be interrupted."""
_log = logging.getLogger(__name__)


def configured(settings: Settings) -> list[Surface]:
    """The workspaces that `settings` name. What each needs is imported by it alone."""
    surfaces: list[Surface] = []
    if settings.slack_bot_token or settings.slack_app_token:
        from ui import slack

        if settings.slack_bot_token and settings.slack_signing_secret and not settings.slack_app_token:
            surfaces.append(lambda app, desk: slack.mount(app, desk, settings))
        else:
            slack.check(settings)  # what is not set is said at once
            surfaces.append(inside("Slack", slack.run, settings))
    if settings.matrix_homeserver or settings.matrix_user:
        from ui import matrix

        matrix.account(settings)  # what is not set is said at once
        surfaces.append(inside("Matrix", matrix.run, settings))
    if settings.teams_client_id or settings.teams_client_secret or settings.teams_tenant_id:
        from ui import teams

        surfaces.append(lambda app, desk: teams.mount(app, desk, settings))
    return surfaces


def inside(name: str, run: Connects, settings: Settings) -> Surface:
    """A workspace as a task of the server; when it cannot go on, the others do, and standard error says why."""

    def ended(task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()):
            print(f"quotedesk: {name} is off: {' '.join(str(error).split())}", file=sys.stderr, flush=True)
            _log.debug("%s ended", name, exc_info=error)

    @asynccontextmanager
    async def running(_: FastAPI, desk: AsyncDesk) -> AsyncIterator[None]:
        task = asyncio.create_task(run(desk, settings, lambda where: print(f"Quotedesk is {where}.", flush=True)))
        task.add_done_callback(ended)
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait([task])

    return running


def alone(run: Connects, desk: AsyncDesk, settings: Settings) -> None:
    """Answer until SIGINT or SIGTERM, which end it within 5 s. Raises what `run` raises."""

    async def until_told() -> None:
        ready = "Quotedesk is {}. Stop it with Ctrl+C."
        task = asyncio.create_task(run(desk, settings, lambda where: print(ready.format(where), flush=True)))

        def stop() -> None:
            limit = threading.Timer(LIMIT_S, os._exit, (0,))
            limit.daemon = True
            limit.start()
            task.cancel()

        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop)
        with suppress(asyncio.CancelledError):
            await task

    asyncio.run(until_told())
