"""The desk as a model for chat programs: the part of OpenAI's HTTP interface that they use.

The answer is Markdown; its citations are annotations, as OpenAI gives those of web pages, and carry the quotes as well.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import AsyncIterator
from typing import Annotated, Any, Literal
from urllib.parse import quote as percent_encoded

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from fastapi.sse import format_sse_event
from pydantic import BaseModel, ConfigDict, Field, StrictBool, ValidationError

from bot.answer import Answer, Asker, Question, Quote
from bot.question import QuestionError, checked
from ui.api import PROBLEMS, body_schema, event_stream, json_body, problem, status_of, who
from ui.async_desk import AsyncDesk
from ui.render import markdown, readable
from ui.shown import web_page

MODEL = "quotedesk"
MAX_MESSAGES = 200
_USAGE = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}  # no language model reads or writes anything


_FROM_A_PERSON: Any = {
    "type": "object",
    "required": ["role", "content"],
    "properties": {"role": {"const": "user"}, "content": {"type": "string", "pattern": r"[^\W_]"}},
}
"""At least one message is a question: JSON Schema, for what the types below cannot say."""


class Part(BaseModel):
    """A part of a message; only texts are read."""

    model_config = ConfigDict(extra="allow")

    type: str
    text: str = ""


class Message(BaseModel):
    """What a person said is a question; what others said is passed over."""

    model_config = ConfigDict(extra="allow")

    role: Literal["developer", "system", "user", "assistant", "tool", "function"]
    content: str | list[Part] | None = None

    @property
    def text(self) -> str:
        """Its words."""
        if isinstance(self.content, list):
            return "\n".join(part.text for part in self.content)
        return self.content or ""


class ChatBody(BaseModel):
    """A conversation to be answered; what else is sent, such as a temperature, changes nothing."""

    model_config = ConfigDict(extra="allow")

    model: Literal["quotedesk"]
    messages: Annotated[
        list[Message], Field(min_length=1, max_length=MAX_MESSAGES, json_schema_extra={"contains": _FROM_A_PERSON})
    ]
    stream: StrictBool | None = None


class ModelOut(BaseModel):
    """A model that there is."""

    id: str
    object: Literal["model"] = "model"
    created: int = 0
    owned_by: str = "quotedesk"


class ModelsOut(BaseModel):
    """The models that there are."""

    object: Literal["list"] = "list"
    data: list[ModelOut]


class OpenAIErrorOut(BaseModel):
    """What went wrong, as clients of this interface expect it."""

    error: dict[str, str | None]


def routes(desk: AsyncDesk, public_url: str | None = None) -> APIRouter:
    """The endpoints, answered from `desk`; `public_url` is the address that callers know the server by."""
    router = APIRouter()

    @router.get("/v1/models", response_model=ModelsOut)
    def models() -> ModelsOut:
        """The models that there are: the desk."""
        return ModelsOut(data=[ModelOut(id=MODEL)])

    @router.post(
        "/v1/chat/completions",
        responses={
            200: {"content": {"application/json": {"schema": {"type": "object"}}, "text/event-stream": {}}},
            **{status: {"model": OpenAIErrorOut} for status in (400, 413, 429, 503)},
        },
        openapi_extra={"requestBody": body_schema(ChatBody)},
    )
    async def complete(request: Request) -> Response:
        """Answer the last question of a conversation; those before it count for a follow-up."""
        try:
            body = _chat(await json_body(request))
            question, asker = _question(body), who(request, "openai")
            completion, base = _Completion(), public_url or str(request.base_url).rstrip("/")
            if body.stream:
                return await event_stream(_chunks(desk, question, asker, completion, base))
            return JSONResponse(completion.whole(await desk.ask(question, asker), base))
        except tuple(PROBLEMS) as error:
            return _error(error)

    return router


def _chat(record: Any) -> ChatBody:
    try:
        return ChatBody.model_validate(record)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the body"
        raise QuestionError(f"{where} = {str(first['input'])[:40]!r}: {first['msg']}") from error


def _question(body: ChatBody) -> Question:
    said = [message.text for message in body.messages if message.role == "user"]
    asked = [text for text in said if any(map(str.isalnum, text))]
    if not asked:
        raise QuestionError('no message is a question of a person: send {"role": "user", "content": "Who ...?"}')
    return checked(Question(asked[-1], tuple(asked[:-1])))


class _Completion:
    """One answer, as a whole or in chunks."""

    def __init__(self) -> None:
        self._common = {
            "id": f"chatcmpl-{secrets.token_hex(12)}",
            "created": int(time.time()),
            "model": MODEL,
        }

    def whole(self, answer: Answer, base: str) -> dict[str, Any]:
        """All at once; `quotedesk` is the JSON of `/v1/ask`."""
        content, annotations = cited(answer, base)
        message = {"role": "assistant", "content": content, "refusal": None, "annotations": annotations}
        choice = {"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}
        return {
            **self._common, "object": "chat.completion", "choices": [choice], "usage": _USAGE,
            "quotedesk": answer.as_json(),
        }  # fmt: skip

    def chunk(self, delta: dict[str, Any], finish_reason: str | None = None, **more: Any) -> bytes:
        """A piece of it."""
        choice = {"index": 0, "delta": delta, "finish_reason": finish_reason, "logprobs": None}
        record = {**self._common, "object": "chat.completion.chunk", "choices": [choice], **more}
        return format_sse_event(data_str=json.dumps(record))


async def _chunks(
    desk: AsyncDesk, question: Question, asker: Asker, completion: _Completion, base: str
) -> AsyncIterator[bytes]:
    is_first = True
    async for event in desk.stream(question, asker):
        if is_first:
            yield completion.chunk({"role": "assistant", "content": ""})
            is_first = False
        if isinstance(event, Answer):
            blocks = markdown(event, lambda quote: address(quote, base), readable)
            for number, block in enumerate(blocks):
                yield completion.chunk({"content": f"\n\n{block}" if number else block})
            yield completion.chunk({"annotations": cited(event, base)[1]})
            yield completion.chunk({}, "stop", usage=_USAGE, quotedesk=event.as_json())
    yield format_sse_event(data_str="[DONE]")


def cited(answer: Answer, base: str) -> tuple[str, list[dict[str, Any]]]:
    """The answer in Markdown, and where in it each quote is cited, with the quote itself."""
    content = "\n\n".join(markdown(answer, lambda quote: address(quote, base), readable))
    annotations, end = [], 0
    for quote in sorted((*answer.quotes, *answer.near), key=lambda quote: content.find(f"[\\[{quote.number}\\]](")):
        mark = f"[\\[{quote.number}\\]]({address(quote, base)}"
        start = content.find(mark, end)
        if start >= 0:
            end = content.index(")", start + len(mark)) + 1
            annotations.append({"type": "url_citation", "url_citation": _citation(quote, start, end, base)})
    return content, annotations


def _citation(quote: Quote, start: int, end: int, base: str) -> dict[str, Any]:
    return {
        "start_index": start,
        "end_index": end,
        "url": address(quote, base),
        "title": quote.title,
        "quote": quote.text,
        "article_id": quote.article_id,
        "start": quote.start,
        "end": quote.end,
        "source": quote.source,
        "published": quote.published.isoformat() if quote.published else None,
    }


def address(quote: Quote, base: str) -> str:
    """Where the article can be read: where it was published, if that is known, else here."""
    page = web_page(quote.url)
    return _safe(page) if page else f"{base}/v1/articles/{_safe(quote.article_id)}"


def _safe(text: str) -> str:
    """An address in which nothing can end a Markdown link."""
    return percent_encoded(text, safe=":/?#@!$&'*+,;=%~-._")


def _error(error: Exception) -> Response:
    answer = problem(error)
    kind = "invalid_request_error" if status_of(error) in (400, 413) else "rate_limit_error"
    shown = {"message": json.loads(bytes(answer.body))["error"], "type": kind, "param": None, "code": None}
    headers = {name: answer.headers[name] for name in ("retry-after",) if name in answer.headers}
    return JSONResponse({"error": shown}, answer.status_code, headers)
