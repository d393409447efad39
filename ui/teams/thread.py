"""The thread on which the library of Microsoft Teams runs, with an event loop of its own."""

from __future__ import annotations

import asyncio
import logging
import os
import threading
import warnings
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, Final

from anyio import CapacityLimiter, to_thread

from bot.desk import Desk
from bot.settings import Settings
from ui.async_desk import AsyncDesk
from ui.teams.bot import SURFACE, Bot
from ui.threads import Threads

if TYPE_CHECKING:
    from microsoft_teams.apps import App
    from microsoft_teams.apps.http.adapter import HttpMethod, HttpRouteHandler

SERVICE_URL: Final = "https://smba.trafficmanager.net/teams"
CALL_S: Final = 10.0
"""How long one request to Teams may take."""
STOP_S: Final = 2.7
CHECKS_AT_ONCE: Final = 8
Result = tuple[int, object]
_UNAUTHORIZED: Result = (401, {"error": "this is not from Teams, or not for this bot"})
_CLOSED: Result = (503, {"error": "the bot of Teams is not running"})
_log = logging.getLogger(__name__)


class TeamsThread:
    """Runs the bot; `options` go over ours to the library's App. Start it once and stop it once."""

    def __init__(self, desk: Desk, settings: Settings, options: dict[str, Any]) -> None:
        self._desk, self._settings, self._options = desk, settings, options
        self._route = Route()
        self._stopping = asyncio.Event()
        self._running = threading.Event()
        self._ready: Future[asyncio.AbstractEventLoop] = Future()
        self._thread = threading.Thread(target=self._run, name="teams", daemon=True)
        self._checks: CapacityLimiter | None = None

    def start(self) -> None:
        """Returns when activities are taken. Raises what kept it from that."""
        self._thread.start()
        self._ready.result()
        self._running.set()

    def stop(self) -> None:
        """Returns when all is ended, after STOP_S come what may."""
        self._running.clear()
        loop = self._ready.result()
        if not loop.is_closed():
            loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(STOP_S)

    async def handle(self, activity: dict[str, Any], headers: dict[str, str]) -> Result:
        """Status and body of the answer to a request; called on the event loop of the web application."""
        if not self._running.is_set():
            return _CLOSED
        self._checks = self._checks or CapacityLimiter(CHECKS_AT_ONCE)
        token = headers.get("authorization", "")
        refusal = await to_thread.run_sync(self._refusal, token, activity.get("serviceUrl"), limiter=self._checks)
        if refusal or not self._running.is_set():
            return refusal or _CLOSED
        passed_on = asyncio.run_coroutine_threadsafe(self._route(activity, headers), self._ready.result())
        try:
            return await asyncio.wrap_future(passed_on)
        except asyncio.CancelledError:
            if self._running.is_set():
                raise
            return _CLOSED

    def _refusal(self, authorization: str, service_url: object) -> Result | None:
        """Why that sender is not let in; None for Teams. It may have to fetch Microsoft's keys, which takes a while.

        The library checks the same again, but waits for the keys with its event loop; nor does a stranger's token make
        it fetch any from here on.
        """
        import jwt

        scheme, _, token = authorization.partition(" ")
        if scheme != "Bearer" or not isinstance(service_url, str) or not service_url:
            return _UNAUTHORIZED
        try:
            asyncio.run(self._route.validator.validate_token(token, service_url))
        except jwt.PyJWKClientConnectionError:
            _log.exception("the keys with which Teams signs cannot be fetched")
            return 503, {"error": "the keys with which Teams signs cannot be fetched"}
        except jwt.PyJWTError as error:
            _log.info("a request that is not from Teams was refused: %s", type(error).__name__)
            return _UNAUTHORIZED
        return None

    # On the thread

    def _run(self) -> None:
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        try:
            loop.run_until_complete(self._serve(loop))
        except BaseException as error:
            if not self._ready.done():
                self._ready.set_exception(error)
            else:
                _log.exception("the bot of Teams ended")
        finally:
            self._running.clear()
            loop.close()

    async def _serve(self, loop: asyncio.AbstractEventLoop) -> None:
        _load()
        app = _app(self._settings, self._route, self._options)
        with Threads(self._desk.home, SURFACE) as threads:
            # A desk of its own, since what counts its threads belongs to one event loop.
            bot = Bot(app, AsyncDesk(self._desk), threads, self._settings)
            await app.initialize()
            self._ready.set_result(loop)
            await self._stopping.wait()
            await bot.stop()
            await _end_the_rest()
        await app.http_client.http.aclose()


async def _end_the_rest() -> None:
    """Cancel what else runs on this event loop, which is about to be closed."""
    rest = asyncio.all_tasks() - {asyncio.current_task()}
    for task in rest:
        task.cancel()
    if rest:
        await asyncio.wait(rest, timeout=0.2)


class Route:
    """What the library takes for its web server: keeps the one handler that it registers, to be called by us."""

    validator: Any

    def __init__(self) -> None:
        self._handler: HttpRouteHandler | None = None

    def register_route(self, method: HttpMethod, path: str, handler: HttpRouteHandler) -> None:
        """The library wants requests to `path` to be given to `handler`."""
        self._handler = handler

    def serve_static(self, path: str, directory: str) -> None:
        """Never called: we have no pages in Teams."""

    async def start(self, port: int) -> None:
        """Never called: the web application listens."""

    async def stop(self) -> None:
        """Never called either."""

    async def __call__(self, activity: dict[str, Any], headers: dict[str, str]) -> Result:
        """Status and body of the library's answer."""
        assert self._handler is not None  # noqa: S101 - set before anything is taken
        answer = await self._handler({"body": activity, "headers": headers})
        return answer["status"], answer["body"]


def _app(settings: Settings, route: Route, options: dict[str, Any]) -> App:
    """The library's App: whatever it would else look up in the environment is given."""
    from microsoft_teams.api.auth.cloud_environment import PUBLIC
    from microsoft_teams.apps import App
    from microsoft_teams.apps.auth import TokenValidator
    from microsoft_teams.common import ClientOptions

    secret = settings.teams_client_secret
    given: dict[str, Any] = {
        "client_id": settings.teams_client_id,
        "client_secret": secret.get_secret_value() if secret else None,
        "tenant_id": settings.teams_tenant_id,
        "service_url": SERVICE_URL,
        "cloud": PUBLIC,
        "client": ClientOptions(timeout=CALL_S),
        "http_server_adapter": route,
        "dangerously_allow_unauthenticated_requests": False,
        "state": False,
        "fetch_user_token": False,
        **options,
    }
    route.validator = TokenValidator.for_service(given["client_id"], cloud=given["cloud"])
    return App(**given)


def _load() -> None:
    """Import the library. Its import loads a file .env of the working folder: the environment stays as it was."""
    for message, category in (("", FutureWarning), ("The bot client is deprecated", DeprecationWarning)):
        warnings.filterwarnings("ignore", message, category, module=r"microsoft_teams(\.|$)")
    before = set(os.environ)
    import microsoft_teams.apps  # noqa: F401 - takes 2 s

    for name in set(os.environ) - before:
        del os.environ[name]
