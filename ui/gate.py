"""Who is let in: every request passes here first, and what is behind learns who sent it."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import ipaddress
import secrets
import time
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from urllib.parse import urlsplit

from anyio import to_thread
from starlette.datastructures import Headers
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from bot.admission import Rate
from bot.settings import Settings
from ui.keys import AccessError, Keys

SIGNED = ("/healthz", "/embed.js", "/embed", "/slack/", "/api/messages")
"""Beginnings of paths that need no identity: they tell nothing, or check a signature of their own."""
PROGRAMS = ("/v1/", "/mcp", "/metrics", "/docs", "/openapi.json")
"""Beginnings of the paths that programs ask, with a token."""
MAX_BODY_BYTES = 8_000_000
"""Of any request: a browser sends its conversations with each question. Programs have lower limits of their own."""
TICKET, TICKET_S = "quotedesk-embed", 12 * 3_600
"""The cookie that a page of ours gets inside a site that may show it, and how long it lasts."""
MAX_FAILURES = 10
"""Wrong passwords or tokens a minute from one address."""


class NoAccessError(RuntimeError):
    """The server can be reached from elsewhere, and nobody is named who may."""

    def __init__(self, place: str) -> None:
        super().__init__(
            f"{place} can be reached from other machines and nobody is named who may ask: add a person (quotedesk user "
            "add NAME) or a program (quotedesk token add NAME), set identity_header, or listen on 127.0.0.1"
        )


@dataclass(frozen=True)
class Access:
    """What holds for the requests to one server."""

    keys: Keys
    needed: bool
    """Whether who asks must say who they are; if not, the server goes only by names of this machine (else a page
    elsewhere could have its own name lead here, and read what is answered)."""
    identity_header: str | None
    trusted: frozenset[str]
    origins: frozenset[str]
    sites: frozenset[str]
    counts_addresses: bool
    """Whether people who are nobody in particular are told apart by their address."""
    public_url: str | None = None
    secret: bytes = field(repr=False, default=b"")

    @classmethod
    def of(cls, settings: Settings) -> Access:
        """What `settings` say. NoAccessError when others could reach the server, and nobody is allowed to."""
        keys, reachable = Keys(settings.home), not is_loopback(settings.host)
        needed = reachable or bool(settings.public_url or settings.identity_header)
        if needed and not (keys.users or keys.tokens or settings.identity_header):
            raise NoAccessError(settings.public_url or settings.host)
        return cls(
            keys,
            needed,
            settings.identity_header,
            frozenset(settings.trusted_proxies),
            frozenset(settings.allowed_origins),
            frozenset(settings.embed_sites),
            needed or "questions_a_minute" in settings.model_fields_set,
            settings.public_url,
            secrets.token_bytes(32),
        )

    def ticket(self) -> str:
        """What lets a page in an allowed site ask, for TICKET_S; it is worth nothing after a restart."""
        ends = str(int(time.time()) + TICKET_S)
        return f"{ends}.{self._signature(ends)}"

    def is_ticket(self, ticket: str) -> bool:
        """Whether `ticket` is one of ours, and still good."""
        ends, _, signature = ticket.partition(".")
        own = hmac.compare_digest(signature.encode(), self._signature(ends).encode())
        return own and ends.isascii() and ends.isdecimal() and int(ends) >= time.time()

    def _signature(self, text: str) -> str:
        return hmac.new(self.secret, text.encode(), hashlib.sha256).hexdigest()


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach `host`."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


class Gate:
    """An ASGI app around another. Who asks is in `scope["state"]["person"]`: a name, an address, or empty."""

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self._app, self._access = app, access
        self._failures = Rate(MAX_FAILURES)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or pass it on."""
        if scope["type"] == "http":
            refusal = await self._refusal(scope)
            if refusal:
                await refusal(scope, receive, send)
                return
        await self._app(scope, receive, send)

    async def _refusal(self, scope: Scope) -> Response | None:
        headers, access = Headers(scope=scope), self._access
        host, origin = headers.get("host", ""), headers.get("origin")
        if not access.needed and host and not is_loopback(_hostname(host)):
            return _error(421, f"this server does not answer as {host[:80]!r}: set public_url to the address it has")
        if origin and origin.partition("://")[2].lower() != host.lower() and origin not in access.origins:
            return _error(403, f"pages of {origin[:80]} may not ask here: add it to allowed_origins")
        if problem := _too_long(scope["path"], headers):
            return problem
        address = self._address(scope, headers)
        if wait_s := self._failures.left_s(address):
            return _error(429, f"too many wrong tries: ask again in {wait_s} s", {"Retry-After": str(wait_s)})
        try:
            person = await to_thread.run_sync(self._person, scope, headers)
        except AccessError as error:
            return _error(503, str(error))
        if person is None and access.needed and not _is_signed(scope["path"]):
            if "authorization" in headers:
                self._failures.wait_s(address)
            return _unknown(scope["path"])
        scope.setdefault("state", {})["person"] = person or (address if access.counts_addresses else "")
        return None

    def _person(self, scope: Scope, headers: Headers) -> str | None:
        """Who sent the request; None when they did not say, or it is not true."""
        access = self._access
        header = access.identity_header
        if header and self._is_trusted(scope) and (name := headers.get(header, "").strip()):
            return name
        scheme, _, credentials = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            token = access.keys.token_name(credentials.strip())
            return token and f"token {token}"
        if scheme.lower() == "basic":
            return self._user(credentials)
        is_chat = not scope["path"].startswith(PROGRAMS)  # a ticket is for the page in the frame, and for nothing else
        if is_chat and access.sites and access.is_ticket(_cookie(headers, TICKET)):
            return f"embed {self._address(scope, headers)}"
        return None

    def _user(self, credentials: str) -> str | None:
        try:
            name, _, password = base64.b64decode(credentials, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return None
        return name if self._access.keys.has_password(name, password) else None

    def _is_trusted(self, scope: Scope) -> bool:
        return bool(scope.get("client")) and scope["client"][0] in self._access.trusted

    def _address(self, scope: Scope, headers: Headers) -> str:
        """Where the request came from, as a proxy that is trusted says."""
        forwarded = headers.get("x-forwarded-for", "").rpartition(",")[2].strip()
        return forwarded if forwarded and self._is_trusted(scope) else (scope.get("client") or ("",))[0]


def _too_long(path: str, headers: Headers) -> Response | None:
    """Why a body is not read: it is too long, or does not say how long it is where nobody counts."""
    length = headers.get("content-length", "0")
    if not length.isascii() or not length.isdecimal() or int(length) > MAX_BODY_BYTES:
        return _error(413, f"the body is over {MAX_BODY_BYTES:,} bytes")
    if "transfer-encoding" in headers and not path.startswith((*PROGRAMS, *SIGNED)):
        return _error(411, "say how long the body is: Content-Length")
    return None


def _unknown(path: str) -> Response:
    """Nobody we know."""
    is_program = path.startswith(PROGRAMS[:3])
    scheme = "Bearer" if is_program else 'Basic realm="Quotedesk", charset="UTF-8"'
    how = "send a token (Authorization: Bearer qd_...)" if is_program else "log in"
    return _error(401, f"this server answers only those it knows: {how}", {"WWW-Authenticate": scheme})


def _hostname(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _is_signed(path: str) -> bool:
    return any(path == own or (own.endswith("/") and path.startswith(own)) for own in SIGNED)


def _cookie(headers: Headers, name: str) -> str:
    try:
        found = SimpleCookie(headers.get("cookie", "")).get(name)
    except CookieError:
        return ""
    return found.value if found else ""


def _error(status: int, message: str, headers: dict[str, str] | None = None) -> Response:
    return JSONResponse({"error": " ".join(message.split())}, status, headers)
