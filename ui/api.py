"""The HTTP interface for other programs: questions in, the JSON of `ask --json` out, whole or event by event."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import asdict
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from fastapi.sse import EventSourceResponse, format_sse_event

from bot.admission import BusyError, QueueFullError, TooManyQuestionsError
from bot.answer import Answer, Asker, Event, Question, Searching
from bot.feedback import Feedback
from bot.question import DatesError, QuestionError, from_json
from index.catalogue import UnknownArticleError
from ui.async_desk import AsyncDesk
from ui.wire import AnswerOut, ArticleOut, FeedbackBody, QuestionBody, problems

MAX_BODY_BYTES = 1_000_000
EVENT_STREAM = "text/event-stream"


class BodyTooLargeError(ValueError):
    """A request body over MAX_BODY_BYTES."""


PROBLEMS: dict[type[Exception], int] = {
    BodyTooLargeError: 413,
    DatesError: 409,  # each is right by itself, which is all that a schema can say
    QuestionError: 400,
    UnknownArticleError: 404,
    TooManyQuestionsError: 429,
    QueueFullError: 503,
}
"""The errors that callers may get, and their HTTP status."""


def routes(desk: AsyncDesk) -> APIRouter:
    """The endpoints that answer from `desk`. An error is `{"error": "one line"}` with its status (`problem`)."""
    router = APIRouter()

    @router.post(
        "/v1/ask",
        response_model=AnswerOut,
        responses={200: {"content": {EVENT_STREAM: {}}}, **problems(400, 409, 413, 429, 503)},
        openapi_extra={"requestBody": body_schema(QuestionBody)},
    )
    async def ask(request: Request) -> Response:
        """Answer a question: the JSON of `ask --json`, or server-sent events on request.

        The events are `waiting`, `searching`, `reading`, and at the end `answer` with that JSON, or `error`.
        """
        record = await json_body(request)
        wants_events = EVENT_STREAM in request.headers.get("accept", "")
        if isinstance(record, dict):
            wants_events = _flag(record.pop("stream", None), "stream") or wants_events
        question, asker = from_json(record), who(request, "api")
        if not wants_events:
            return JSONResponse((await desk.ask(question, asker)).as_json())
        return await event_stream(_events(desk, question, asker))

    @router.get("/v1/articles/{article_id}", response_model=ArticleOut, responses=problems(404))
    async def show(article_id: str) -> Response:
        """An article, exactly as it is stored: quotes give offsets into its text."""
        article = await desk.call(lambda: desk.desk.article(article_id))
        return JSONResponse(ArticleOut.of(article).model_dump(mode="json"))

    @router.post(
        "/v1/feedback",
        status_code=204,
        responses=problems(400, 413),
        openapi_extra={"requestBody": body_schema(FeedbackBody)},
    )
    async def feedback(request: Request) -> Response:
        """Say whether an answer was useful."""
        record = await json_body(request)
        try:
            body = FeedbackBody.model_validate(record)
        except ValueError as error:
            raise QuestionError(f"this is no feedback: {error}") from error
        asker = who(request, "api")
        await desk.call(lambda: desk.desk.feedback(Feedback(**body.model_dump()), asker))
        return Response(status_code=204)

    return router


def who(request: Request, surface: str) -> Asker:
    """Who sent a request, as the gate says."""
    return Asker(surface, getattr(request.state, "person", ""))


def problem(error: Exception) -> Response:
    """The answer to a request that led to `error`; what is not foreseen is raised again."""
    headers = {"Retry-After": str(error.retry_after_s)} if isinstance(error, BusyError) else None
    return JSONResponse({"error": " ".join(str(error).split())}, status_of(error), headers)


def status_of(error: Exception) -> int:
    """The HTTP status that says what kind of error it is."""
    return next(status for kind, status in PROBLEMS.items() if isinstance(error, kind))


async def body(request: Request) -> bytes:
    """The request's body, read no further than MAX_BODY_BYTES."""
    read = b""
    async for piece in request.stream():
        read += piece
        if len(read) > MAX_BODY_BYTES:
            raise BodyTooLargeError(f"the body is over {MAX_BODY_BYTES:,} bytes: ask one question at a time")
    request._body = read  # so that `request.body()` gives it to whoever reads it next
    return read


async def json_body(request: Request) -> Any:
    """The JSON in a request's body. QuestionError when it is none."""
    try:
        return json.loads(await body(request))
    except (ValueError, RecursionError) as error:
        if isinstance(error, BodyTooLargeError):
            raise
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise QuestionError(f'the body is not JSON ({reason}): send {{"question": "..."}}') from error


def body_schema(model: Any) -> dict[str, Any]:
    """What OpenAPI says of a body that is read here, and not by FastAPI, so that errors are one line."""
    schema = model.model_json_schema(by_alias=True)
    return {"required": True, "content": {"application/json": {"schema": _inlined(schema, schema.pop("$defs", {}))}}}


def _inlined(schema: Any, definitions: dict[str, Any]) -> Any:
    """`schema` with what it refers to in its place: references lead nowhere in another document."""
    if isinstance(schema, list):
        return [_inlined(part, definitions) for part in schema]
    if not isinstance(schema, dict):
        return schema
    if reference := schema.get("$ref"):
        return _inlined(definitions[reference.rpartition("/")[2]], definitions)
    return {name: _inlined(part, definitions) for name, part in schema.items()}


async def event_stream(events: AsyncIterator[bytes]) -> Response:
    """`events` as a response; an error before the first is raised, so that it has its status."""
    first = await anext(events)

    async def every() -> AsyncIterator[bytes]:
        yield first
        async for event in events:
            yield event

    return EventSourceResponse(every())


async def _events(desk: AsyncDesk, question: Question, asker: Asker) -> AsyncIterator[bytes]:
    async for event in desk.stream(question, asker):
        yield format_sse_event(event=type(event).__name__.lower(), data_str=json.dumps(_event_json(event)))


def _event_json(event: Event) -> dict[str, Any]:
    if isinstance(event, Answer):
        return event.as_json()
    if isinstance(event, Searching):
        return {"query": event.query, "articles": event.searched.articles}
    return asdict(event)


def _flag(value: object, name: str) -> bool:
    if value is not None and not isinstance(value, bool):
        raise QuestionError(f"{name} {value!r:.40} is neither true nor false")
    return bool(value)
