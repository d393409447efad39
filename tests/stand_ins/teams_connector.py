"""The stand-in over HTTP: the connector's REST interface, the keys of its tokens, and where a bot gets its own."""

from __future__ import annotations

import json
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.stand_ins.teams_authority import ISSUER, TOKEN_S, Authority
from tests.stand_ins.teams_chats import Chats
from tests.stand_ins.teams_rules import RefusedError, bad

Endpoint = Callable[[Request], Awaitable[Response]]
Call = Callable[[dict[str, str], Any], tuple[int, Any]]


@dataclass
class Calls:
    """What came in, as (method, path); what of it was refused; and what a test wants refused next."""

    seen: list[tuple[str, str]] = field(default_factory=list)
    refusals: list[RefusedError] = field(default_factory=list)
    refuse: list[tuple[str, RefusedError]] = field(default_factory=list)


def connector(chats: Chats, calls: Calls, authority: Authority, changed: threading.Condition) -> Starlette:
    """The connector, below /teams, and the keys with which it signs."""

    def route(path: str, method: str, call: Call) -> Route:
        async def endpoint(request: Request) -> Response:
            body = await request.body()
            try:
                with changed:
                    try:
                        calls.seen.append((method, request.url.path))
                        _admit(request, calls, authority)
                        status, answer = call(request.path_params, json.loads(body) if body else None)
                    finally:
                        changed.notify_all()
            except ValueError as error:
                return _refusal(calls, bad(f"the body is not JSON: {error}"))
            except RefusedError as error:
                return _refusal(calls, error)
            return JSONResponse(answer, status)

        return Route(f"/teams/v3/conversations/{path}", endpoint, methods=[method])

    def post(place: dict[str, str], activity: Any) -> tuple[int, Any]:
        return chats.post(place["chat"], activity)

    def reply(place: dict[str, str], activity: Any) -> tuple[int, Any]:
        return chats.post(place["chat"], {**activity, "replyToId": place["activity"]})

    def members(place: dict[str, str], _body: Any) -> tuple[int, Any]:
        return 200, chats.find(place["chat"]).people

    def paged(place: dict[str, str], _body: Any) -> tuple[int, Any]:
        return 200, {"members": chats.find(place["chat"]).people}

    def member(place: dict[str, str], _body: Any) -> tuple[int, Any]:
        for person in chats.find(place["chat"]).people:
            if place["member"] in (person["id"], person["aadObjectId"]):
                return 200, person
        raise RefusedError(404, "MemberNotFoundInConversation", "Member not found in the conversation.")

    async def keys(_request: Request) -> Response:
        return JSONResponse(authority.public_keys())

    async def metadata(request: Request) -> Response:
        address = str(request.url_for("keys"))
        return JSONResponse({"issuer": ISSUER, "jwks_uri": address, "id_token_signing_alg_values_supported": ["RS256"]})

    return Starlette(
        routes=[
            route("{chat}/activities", "POST", post),
            route("{chat}/activities/{activity}", "POST", reply),
            route("{chat}/activities/{activity}", "PUT", lambda at, new: chats.update(at["chat"], at["activity"], new)),
            route("{chat}/activities/{activity}", "DELETE", lambda at, _: chats.delete(at["chat"], at["activity"])),
            route("{chat}/activities/{activity}/members", "GET", members),
            route("{chat}/members", "GET", members),
            route("{chat}/pagedMembers", "GET", paged),
            route("{chat}/members/{member}", "GET", member),
            Route("/v1/.well-known/keys", keys, name="keys"),
            Route("/v1/.well-known/openidconfiguration", metadata),
        ]
    )


def _admit(request: Request, calls: Calls, authority: Authority) -> None:
    """Raise RefusedError for a call without a token of ours, and for one that a test wants refused."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme != "Bearer" or not authority.is_ours(token):
        raise RefusedError(401, "Unauthorized", "Authorization has been denied for this request.")
    for wanted in calls.refuse:
        if wanted[0] == request.method:
            calls.refuse.remove(wanted)
            raise wanted[1]


def _refusal(calls: Calls, error: RefusedError) -> Response:
    calls.refusals.append(error)
    wait = {} if error.retry_after_s is None else {"Retry-After": str(error.retry_after_s)}
    return JSONResponse(error.as_json(), error.status, headers=wait)


def login(authority: Authority, secret: str, url: str) -> Starlette:
    """Where a bot changes its id and secret for an access token."""
    base = f"{url}/{authority.tenant_id}"

    async def discovery(_request: Request) -> Response:
        places = {"authorization_endpoint": f"{base}/oauth2/authorize", "token_endpoint": f"{base}/oauth2/token"}
        return JSONResponse({"issuer": base, **places})

    async def token(request: Request) -> Response:
        form = await _form(request)
        if form.get("client_id") != authority.client_id or form.get("client_secret") != secret:
            return JSONResponse({"error": "invalid_client", "error_description": "The secret is not this bot's."}, 401)
        if form.get("grant_type") != "client_credentials" or form.get("scope") != f"{ISSUER}/.default":
            return JSONResponse(
                {"error": "invalid_scope", "error_description": f"{form.get('scope')} is unknown."}, 400
            )
        access = authority.outbound(authority.client_id)
        return JSONResponse({"token_type": "Bearer", "expires_in": TOKEN_S, "access_token": access})

    return Starlette(
        routes=[
            Route(f"/{authority.tenant_id}/.well-known/openid-configuration", discovery),
            Route(f"/{authority.tenant_id}/oauth2/token", token, methods=["POST"]),
        ]
    )


async def _form(request: Request) -> dict[str, str]:
    """The fields of a form, read here since Starlette's own reader wants another package."""
    return dict(parse_qsl((await request.body()).decode()))
