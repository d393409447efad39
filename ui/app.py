"""The web application: the chat, the API, MCP and the embed side by side, and what every response carries."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import Any

from fastapi import FastAPI, Request
from fastapi_offline import FastAPIOffline
from starlette.datastructures import MutableHeaders
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot import __version__
from ui import api, embed, mcp, openai_api, web
from ui.async_desk import AsyncDesk
from ui.gate import Access, Gate
from ui.metrics import Metrics
from ui.shown import FAILED
from ui.workspaces import Surface

POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval'",  # gradio builds its page with both
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "media-src 'self' blob:",
        "connect-src 'self'",
        "font-src 'self' data:",
        "form-action 'self'",
        "object-src 'none'",
        "base-uri 'self'",
        "frame-ancestors 'self'",
    )
)
"""What a page of ours may load and send: nothing but from and to this server, whatever an article contains. Which other
sites may show it is added at the end."""
UNUSED = ("upload", "proxy=", "file", "stream", "process_recording", "vibe", "undo-vibe", "run-history", "runs", "dev")
"""Beginnings of gradio's routes that write files, read files or fetch addresses; the chat needs none of them."""
_log = logging.getLogger(__name__)


def app(desk: AsyncDesk, access: Access, surfaces: Sequence[Surface] = ()) -> Guard:
    """Everything that answers on the port."""
    parent = programs(desk, access, surfaces)
    closing = web.mount(parent, desk.desk)
    return Guard(Gate(parent, access), closing, sites=sorted(access.sites))


def programs(desk: AsyncDesk, access: Access, surfaces: Sequence[Surface] = ()) -> FastAPI:
    """Everything but the chat and the gate: the API, MCP, the embed's script, the workspaces."""
    metrics = Metrics(desk.desk)
    desk.desk.meter = metrics
    protocol = mcp.server(desk)
    running: list[AbstractAsyncContextManager[Any]] = []

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            for surface in running:
                await stack.enter_async_context(surface)
            yield

    parent = FastAPIOffline(title="Quotedesk", version=__version__, docs_url="/docs", redoc_url=None, lifespan=lifespan)
    routers = api.routes(desk), openai_api.routes(desk, access.public_url), metrics.routes(), embed.routes(access)
    for router in routers:
        parent.include_router(router)
    running.append(mcp.mount(parent, protocol))
    running += [surface(parent, desk) for surface in surfaces]
    rest = Elsewhere([route for router in routers for route in router.routes])
    paths = "/v1/{rest:path}", "/healthz", "/metrics", "/slack/{rest:path}", "/api/{rest:path}"
    parent.router.routes += [Route(path, rest) for path in paths]
    for kind in api.PROBLEMS:
        parent.add_exception_handler(kind, _problem)
    parent.add_exception_handler(Exception, _failed)
    parent.add_middleware(  # no other site may read what this one answers
        CORSMiddleware,
        allow_origins=sorted(access.origins),
        allow_credentials=True,
        allow_methods=["GET", "POST"],
        allow_headers=["Authorization", "Content-Type"],
    )
    return parent


async def _problem(_: Request, error: Exception) -> Response:
    return api.problem(error)


async def _failed(request: Request, error: Exception) -> Response:
    _log.error("no answer to %s %s", request.method, request.url.path, exc_info=error)
    return JSONResponse({"error": FAILED}, 500)


class Elsewhere:
    """What else programs may try under their paths: the chat, which takes all others, is not asked for it."""

    def __init__(self, known: Sequence[BaseRoute]) -> None:
        self._known = [route for route in known if isinstance(route, Route)]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Say that there is no such endpoint, or that it has another method."""
        path, method = scope["path"], scope["method"]
        fitting = [route for route in self._known if route.path_regex.match(path)]
        allowed = ", ".join(sorted({name for route in fitting for name in route.methods or ()}))
        answer = JSONResponse({"error": f"there is no {path[:80]!r}: see /docs"}, 404)
        if allowed:
            problem = f"{method} is not for this: use {allowed}"
            answer = JSONResponse({"error": problem}, 405, {"Allow": allowed})
        await answer(scope, receive, send)


class Guard:
    """An ASGI app around another: puts headers on every response, closes what is UNUSED, and lets go of open pages.

    `closing` ends the request with which each open page holds the server; `sites` may show its pages in theirs.
    """

    def __init__(self, app: ASGIApp, closing: asyncio.Event, sites: list[str]) -> None:
        self._app = app
        self._headers = {
            "Content-Security-Policy": " ".join([POLICY, *sites]),
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
        }
        self.let_go = closing.set

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(self._headers)
            await send(message)

        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif scope["path"].startswith(tuple(f"/gradio_api/{name}" for name in UNUSED)):
            await JSONResponse({"error": "not here"}, 404)(scope, receive, guarded)
        else:
            await self._app(scope, receive, guarded)
