"""The web application: the API and the chat side by side, and the headers that every response carries."""

from __future__ import annotations

import asyncio

from fastapi import FastAPI
from starlette.datastructures import MutableHeaders
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import JSONResponse
from starlette.types import Message, Receive, Scope, Send

from bot.desk import Desk
from ui import api, web

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
"""What a page of ours may load and send: nothing but from and to this server, whatever an article contains."""
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
UNUSED = ("upload", "proxy=", "file", "stream", "process_recording", "vibe", "undo-vibe", "run-history", "runs", "dev")
"""Beginnings of gradio's routes that write files, read files or fetch addresses; the chat needs none of them."""


def app(desk: Desk) -> Guard:
    """Everything that answers on the port."""
    parent = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    parent.include_router(api.routes(desk))
    closing = web.mount(parent, desk)
    parent.add_middleware(CORSMiddleware, allow_origins=())  # no other site may read what this one answers
    return Guard(parent, closing)


class Guard:
    """An ASGI app around another: puts HEADERS on every response, closes what is UNUSED, and lets go of open pages.

    `closing` ends the request with which each open page holds the server.
    """

    def __init__(self, app: FastAPI, closing: asyncio.Event) -> None:
        self._app = app
        self.let_go = closing.set

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif scope["path"].startswith(tuple(f"/gradio_api/{name}" for name in UNUSED)):
            await JSONResponse({"error": "not here"}, 404)(scope, receive, guarded)
        else:
            await self._app(scope, receive, guarded)
