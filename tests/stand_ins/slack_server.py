"""The HTTP side of the stand-in: the Web API, Socket Mode's door, and response URLs."""

from __future__ import annotations

import json
import secrets
import time
from collections import defaultdict, deque
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from tests.stand_ins import slack_agent, slack_methods, slack_views  # noqa: F401 - they fill METHODS
from tests.stand_ins.slack_calls import METHODS, Arguments, content
from tests.stand_ins.slack_delivery import Sockets
from tests.stand_ins.slack_methods import ephemeral
from tests.stand_ins.slack_workspace import BOT_USER, Json, ResponseUrl, SlackError, Workspace

BOT_TOKEN, APP_TOKEN = "xoxb-stand-in", "xapp-stand-in"
USES, USABLE_S = 5, 30 * 60


@dataclass(frozen=True)
class Call:
    """A call of the Web API and its answer."""

    method: str
    args: Json
    answer: Json


class Server:
    """Answers the app. To be made and used within a running loop, but for `calls`, `faults` and `refuses`."""

    def __init__(self, work: Workspace, sockets: Sockets) -> None:
        self.work, self.sockets = work, sockets
        self.calls: list[Call] = []
        self.faults: defaultdict[str, deque[tuple[int, Json, dict[str, str]]]] = defaultdict(deque)
        self.refuses = False
        self.port = 0
        self._tickets: set[str] = set()

    async def start(self) -> web.AppRunner:
        """Listen on a free port of this machine."""
        app = web.Application(client_max_size=2**22)
        app.router.add_route("*", "/api/{method}", self._api)
        app.router.add_get("/link", self._link)
        app.router.add_post("/response/{name}", self._response)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.port = runner.addresses[0][1]
        return runner

    async def _api(self, request: web.Request) -> web.Response:
        method, args, token = request.match_info["method"], Arguments(await arguments(request)), bearer(request)
        token = args.pop("token", None) or token
        if self.faults[method]:
            status, answer, headers = self.faults[method].popleft()
        else:
            status, answer, headers = 200, self._answer(method, args, token), {}
        self.calls.append(Call(method, dict(args), answer))
        return web.json_response(answer, status=status, headers=headers)

    def _answer(self, method: str, args: Arguments, token: str | None) -> Json:
        try:
            with self.work.lock:
                return {"ok": True, **self._allowed(method, args, token)}
        except SlackError as error:
            return error.answer

    def _allowed(self, method: str, args: Arguments, token: str | None) -> Json:
        opening = method == "apps.connections.open"
        if not opening and method not in METHODS:
            raise SlackError("unknown_method", req_method=method)
        if token is None:
            raise SlackError("not_authed")
        if token not in (BOT_TOKEN, APP_TOKEN):
            raise SlackError("invalid_auth")
        if (token == APP_TOKEN) != opening:
            raise SlackError("not_allowed_token_type")
        if opening:
            return {"url": self._ticket()}
        known, manifest = METHODS[method], self.work.manifest
        if not manifest.grants(known.scopes):
            raise SlackError(
                "missing_scope", needed=",".join(known.scopes), provided=",".join(sorted(manifest.scopes()))
            )
        return known.run(self.work, args)

    def _ticket(self) -> str:
        if self.refuses:
            raise SlackError("internal_error")
        ticket = secrets.token_urlsafe(8)
        self._tickets.add(ticket)
        return f"ws://127.0.0.1:{self.port}/link?ticket={ticket}"

    async def _link(self, request: web.Request) -> web.StreamResponse:
        ticket = request.query.get("ticket", "")
        if self.refuses:
            return web.Response(status=503)
        if ticket not in self._tickets:  # each address is good for one connection
            return web.Response(status=403)
        self._tickets.remove(ticket)
        return await self.sockets.serve(request)

    def response_url(self, channel: str, user: str, message: Json | None = None) -> str:
        """An address at which the app may answer that person."""
        name = secrets.token_urlsafe(12)
        self.work.response_urls[name] = ResponseUrl(channel, user, message, time.monotonic())
        return f"http://127.0.0.1:{self.port}/response/{name}"

    async def _response(self, request: web.Request) -> web.Response:
        args = Arguments(await arguments(request))
        known = self.work.response_urls.get(request.match_info["name"])
        if known is None or time.monotonic() - known.made_s > USABLE_S:
            return web.Response(status=404, text="expired_url")
        known.uses += 1
        if known.uses > USES:
            return web.Response(status=404, text="used_url")
        try:
            with self.work.lock:
                if not args:
                    raise SlackError("no_text")
                respond(self.work, known, args)
        except SlackError as error:
            return web.Response(status=400, text=str(error))
        return web.Response(text="ok")


def respond(work: Workspace, known: ResponseUrl, args: Arguments) -> None:
    """Post, change or delete what an app says at a response URL; only the person sees it unless it says else."""
    place, old = work.conversations[known.channel], known.message
    if not args:  # an acknowledgement that says nothing
        return
    if args.flag("delete_original"):
        if old is None:
            raise SlackError("no_original")
        if old.get("is_ephemeral"):
            work.ephemerals.remove(old)
        else:
            del place.messages[old["ts"]]
        return
    said = content(args, most=None)
    if args.flag("replace_original") and old is not None:
        changed = {"text": "", "blocks": [], **said}
        if old.get("is_ephemeral"):
            old |= changed | {"blocks": work.named(changed["blocks"])}
        else:
            work.change(place, old, **changed)
    elif args.get("response_type") == "in_channel":
        work.add_message(place, BOT_USER, args.get("thread_ts"), **{"text": "", **said})
    else:
        ephemeral(work, place, known.user, args.get("thread_ts"), said)


def bearer(request: web.Request) -> str | None:
    given = request.headers.get("Authorization", "")
    return given.removeprefix("Bearer ") if given.startswith("Bearer ") else None


async def arguments(request: web.Request) -> dict[str, Any]:
    """What a call was given, in its address and its body."""
    args: dict[str, Any] = dict(request.query)
    if request.content_type == "application/json":
        given = json.loads(await request.text() or "{}")
        return args | (given if isinstance(given, dict) else {})
    return args | dict(await request.post())
