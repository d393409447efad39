"""How Slack hands things to an app: over Socket Mode or HTTP, again when the app does not acknowledge in time."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import time
import urllib.parse
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import aiohttp
from aiohttp import web

from tests.stand_ins.slack_workspace import APP, Json


@dataclass
class Attempt:
    """One time that something was handed over. `status` is that of HTTP, `reason` why it was sent again."""

    number: int
    reason: str | None
    answered: bool = False
    status: int | None = None


@dataclass
class Delivery:
    """Something for the app: "events_api", "slash_commands" or "interactive", and what came back."""

    kind: str
    payload: Json
    on_response: Callable[[Json | None], object] = lambda _: None
    attempts: list[Attempt] = field(default_factory=list)
    acknowledged: bool = False
    given_up: bool = False
    response: Json | None = None
    problem: str | None = None
    """Why Slack did not do what the response says."""

    @property
    def event(self) -> Json:
        """The event itself, of an Events API delivery."""
        event: Json = self.payload["event"]
        return event


@dataclass(frozen=True)
class Outcome:
    """What came of an attempt. `failure` is Slack's reason for sending again, None when it was acknowledged."""

    failure: str | None = None
    response: Json | None = None
    status: int | None = None
    again: bool = True


class Transport(Protocol):
    """A way to the app."""

    async def send(self, delivery: Delivery, attempt: Attempt) -> Outcome: ...


async def deliver(delivery: Delivery, transport: Transport, retry_after_s: tuple[float, ...], first: Attempt) -> None:
    """Hand it over, and again after each of `retry_after_s`; commands and clicks are not sent again."""
    attempt = first
    pauses = iter(retry_after_s if delivery.kind == "events_api" else ())
    while True:
        delivery.attempts.append(attempt)
        outcome = await transport.send(delivery, attempt)
        attempt.status = outcome.status
        if outcome.failure is None:
            attempt.answered = delivery.acknowledged = True
            delivery.response = outcome.response
            delivery.on_response(outcome.response)
            return
        pause = next(pauses, None)
        if pause is None or not outcome.again:
            delivery.given_up = True
            return
        await asyncio.sleep(pause)
        attempt = Attempt(attempt.number + 1, outcome.failure)


class Sockets:
    """Socket Mode: the app's connections, and the envelopes that wait to be acknowledged."""

    def __init__(self, ack_s: float) -> None:
        self._ack_s = ack_s
        self._waiting: dict[str, asyncio.Future[Json | None]] = {}
        self._connected = asyncio.Event()
        self._lines: dict[web.WebSocketResponse, asyncio.Transport] = {}

    @property
    def open(self) -> int:
        """How many connections the app has."""
        return len(self._lines)

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        """Hold one connection of the app until it is closed."""
        connection = web.WebSocketResponse(heartbeat=None)
        await connection.prepare(request)
        assert isinstance(request.transport, asyncio.Transport)
        self._lines[connection] = request.transport
        await connection.send_json(self._hello())
        self._connected.set()
        try:
            async for message in connection:
                if message.type == aiohttp.WSMsgType.TEXT:
                    self._acknowledged(json.loads(message.data))
        finally:
            self._gone(connection)
        return connection

    def _hello(self) -> Json:
        debug = {"host": "stand-in", "build_number": 1, "approximate_connection_time": 18060}
        counted = {"num_connections": len(self._lines), "connection_info": {"app_id": APP}}
        return {"type": "hello", **counted, "debug_info": debug}

    def _acknowledged(self, answer: Json) -> None:
        waiting = self._waiting.get(answer.get("envelope_id", ""))
        if waiting is not None and not waiting.done():
            waiting.set_result(answer.get("payload"))

    def _gone(self, connection: web.WebSocketResponse) -> None:
        self._lines.pop(connection, None)
        if not self._lines:
            self._connected.clear()

    async def send(self, delivery: Delivery, attempt: Attempt) -> Outcome:
        """Send an envelope to one connection, the oldest. While there is none it waits, and loses no attempt."""
        envelope = str(uuid.uuid4())
        answers = delivery.kind == "slash_commands" or delivery.payload.get("type") == "view_submission"
        message: Json = {"envelope_id": envelope, "payload": delivery.payload, "type": delivery.kind}
        message |= {"accepts_response_payload": answers}
        if delivery.kind == "events_api":
            message |= {"retry_attempt": attempt.number, "retry_reason": attempt.reason or ""}
        self._waiting[envelope] = asyncio.get_running_loop().create_future()
        try:
            await self._connected.wait()
            await next(iter(self._lines)).send_json(message)
            response = await asyncio.wait_for(self._waiting[envelope], self._ack_s)
        except (TimeoutError, ConnectionError, StopIteration):
            return Outcome("timeout")
        finally:
            del self._waiting[envelope]
        return Outcome(response=response if answers else None)

    async def drop(self, reason: str | None) -> None:
        """End every connection; with a reason Slack says goodbye first, else the line is cut."""
        for connection, transport in list(self._lines.items()):
            self._gone(connection)
            if reason is not None:
                await connection.send_json({"type": "disconnect", "reason": reason, "debug_info": {"host": "stand-in"}})
                await connection.close()
            else:
                transport.abort()


@dataclass(frozen=True)
class Http:
    """HTTP: signed requests to the app's address. A `secret` of somebody else or an `age_s` of minutes forges them."""

    url: str
    secret: str
    age_s: int
    ack_s: float

    async def send(self, delivery: Delivery, attempt: Attempt) -> Outcome:
        """Post it."""
        body, kind = encoded(delivery)
        headers = {"Content-Type": kind, "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)"}
        headers |= signed(body, self.secret, int(time.time()) - self.age_s)
        if attempt.number:
            headers |= {"X-Slack-Retry-Num": str(attempt.number), "X-Slack-Retry-Reason": attempt.reason or ""}
        try:
            async with (
                aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=self.ack_s)) as client,
                client.post(self.url, data=body.encode(), headers=headers) as answer,
            ):
                return outcome(answer.status, await answer.text(), answer.headers.get("X-Slack-No-Retry") != "1")
        except TimeoutError:
            return Outcome("http_timeout")
        except aiohttp.ClientError:
            return Outcome("connection_failed")


def outcome(status: int, text: str, again: bool) -> Outcome:
    if not 200 <= status < 300:
        return Outcome("http_error", status=status, again=again)
    response = json.loads(text) if text.startswith("{") else {"text": text} if text else None
    return Outcome(response=response, status=status)


def encoded(delivery: Delivery) -> tuple[str, str]:
    """The body and its type: JSON for events, a form for commands, JSON in a form for clicks."""
    form = "application/x-www-form-urlencoded"
    if delivery.kind == "events_api":
        return json.dumps(delivery.payload), "application/json"
    if delivery.kind == "slash_commands":
        return urllib.parse.urlencode(delivery.payload), form
    return urllib.parse.urlencode({"payload": json.dumps(delivery.payload)}), form


def signed(body: str, secret: str, at_s: int) -> dict[str, str]:
    """The headers by which an app knows that Slack sent the body, and when."""
    digest = hmac.new(secret.encode(), f"v0:{at_s}:{body}".encode(), hashlib.sha256).hexdigest()
    return {"X-Slack-Request-Timestamp": str(at_s), "X-Slack-Signature": f"v0={digest}"}
