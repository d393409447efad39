"""The HTTP interface for other programs: questions in, the JSON of `ask --json` out."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from starlette.concurrency import run_in_threadpool

from bot.answer import Question
from bot.desk import Desk
from bot.question import QuestionError, from_json
from index.article import Article
from index.catalogue import UnknownArticleError

MAX_BODY_BYTES = 1_000_000


class BodyTooLargeError(ValueError):
    """A request body over MAX_BODY_BYTES."""


def routes(desk: Desk) -> APIRouter:
    """The endpoints that answer from `desk`. An error is `{"error": "one line"}`, with status 400, 404 or 413."""
    router = APIRouter()

    @router.get("/healthz")
    def health() -> Response:
        desk.coverage()  # raises, and so gives a 500, when the archive cannot be read
        return JSONResponse({"status": "ok"})

    @router.post("/v1/ask")
    async def ask(request: Request) -> Response:
        try:
            question = _question(await _body(request))
        except BodyTooLargeError as error:
            return _error(413, error)
        except QuestionError as error:
            return _error(400, error)
        answer = await run_in_threadpool(desk.ask, question)
        return JSONResponse(answer.as_json())

    @router.get("/v1/articles/{article_id}")
    def show(article_id: str) -> Response:
        try:
            return JSONResponse(_article_json(desk.article(article_id)))
        except UnknownArticleError as error:
            return _error(404, error)

    return router


async def _body(request: Request) -> bytes:
    """The request's body, read no further than MAX_BODY_BYTES."""
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > MAX_BODY_BYTES:
            raise BodyTooLargeError(f"the body is over {MAX_BODY_BYTES:,} bytes: ask one question at a time")
    return body


def _question(body: bytes) -> Question:
    """The Question in a request's body. QuestionError when it is not JSON, or no question."""
    try:
        record = json.loads(body)
    except (ValueError, RecursionError) as error:
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise QuestionError(f'the body is not JSON ({reason}): send {{"question": "..."}}') from error
    return from_json(record)


def _article_json(article: Article) -> dict[str, Any]:
    published = article.published.isoformat() if article.published else None
    return {**asdict(article), "published": published}


def _error(status: int, error: Exception) -> Response:
    return JSONResponse({"error": " ".join(str(error).split())}, status)
