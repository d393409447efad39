"""Microsoft Teams: a door at /api/messages in the web application, and behind it the bot on a thread of its own.

The library of Teams waits in places for Microsoft's servers with its event loop: it has one to itself, so that the web
chat goes on meanwhile. What is not from Teams never comes that far.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Final

from anyio import fail_after, to_thread
from fastapi import FastAPI, Request
from starlette.responses import JSONResponse, Response

from bot.settings import PREFIX, Settings
from ui.api import BodyTooLargeError, body, problem
from ui.async_desk import AsyncDesk
from ui.teams.thread import TeamsThread

PATH: Final = "/api/messages"
BODY_S: Final = 15
"""How long a body may take to come; Teams itself waits no longer."""
_NAMES = ("teams_client_id", "teams_client_secret", "teams_tenant_id")
_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_log = logging.getLogger(__name__)


class TeamsSettingsError(ValueError):
    """Settings with which there can be no bot in Teams; the message names the value and the fix."""


def check(settings: Settings) -> None:
    """TeamsSettingsError unless all that Teams needs is set, and looks as it should."""
    missing = [name for name in _NAMES if not getattr(settings, name)]
    if missing:
        variables = ", ".join(f"{PREFIX}{name.upper()}" for name in missing)
        raise TeamsSettingsError(f"{' and '.join(missing)} not set: Teams needs {variables} too (docs/teams.md)")
    if not _GUID.fullmatch(settings.teams_client_id or ""):
        raise TeamsSettingsError(
            f"teams_client_id = {str(settings.teams_client_id)[:80]!r} is no application id: copy "
            '"Application (client) ID" from the app\'s registration'
        )
    secret = settings.teams_client_secret
    if secret and _GUID.fullmatch(secret.get_secret_value()):
        raise TeamsSettingsError('teams_client_secret is the id of a secret: copy its "Value", not its "Secret ID"')


def mount(app: FastAPI, desk: AsyncDesk, settings: Settings, **options: Any) -> AbstractAsyncContextManager[None]:
    """Add the door to `app`, before what takes every other path; the bot runs as long as the context is entered.

    `options` go over ours to `microsoft_teams.apps.App`, for other clouds. Raises TeamsSettingsError.
    """
    check(settings)
    thread = TeamsThread(desk.desk, settings, options)
    app.add_api_route(PATH, Door(thread).take, methods=["POST"], include_in_schema=False)
    return _running(thread)


@asynccontextmanager
async def _running(thread: TeamsThread) -> AsyncIterator[None]:
    await to_thread.run_sync(thread.start)
    try:
        yield
    finally:
        await to_thread.run_sync(thread.stop)


class Door:
    """Takes what is sent to /api/messages: refuses what is too long, no JSON or not from Teams, passes on the rest."""

    def __init__(self, thread: TeamsThread) -> None:
        self._thread = thread

    async def take(self, request: Request) -> Response:
        """Answer one request."""
        try:
            with fail_after(BODY_S):
                activity = json.loads(await body(request))
            if not isinstance(activity, dict):
                raise ValueError("it is no object")
        except BodyTooLargeError as error:
            return problem(error)
        except TimeoutError:
            return JSONResponse({"error": f"the body took over {BODY_S} s"}, 408)
        except (ValueError, RecursionError):
            return JSONResponse({"error": "the body is no JSON object"}, 400)
        status, answer = await self._thread.handle(activity, dict(request.headers))
        return Response(status_code=status) if answer is None else JSONResponse(answer, status)
