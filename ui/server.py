"""One process: the web chat, the API, MCP and the workspaces, on one port."""

from __future__ import annotations

import errno
import inspect
import os
import signal
import socket
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, Any, NoReturn

import uvicorn

from bot.desk import Desk
from bot.settings import Settings
from ui.async_desk import AsyncDesk
from ui.gate import Access
from ui.progress import filled
from ui.shown import articles
from ui.workspaces import Surface, configured

if TYPE_CHECKING:
    from ui.app import Guard

GRACE_S, LIMIT_S = 3, 4
"""Once told to stop: what answers under way get to finish, and when the process ends come what may."""


class ListenError(RuntimeError):
    """The server cannot listen where it was told to; the message names the place and the fix."""


def serve(settings: Settings) -> None:
    """Serve until SIGINT or SIGTERM, which end it within 5 s also while pages are open, with exit status 0."""
    access = Access.of(settings)
    with listening(settings.host, settings.port) as listener, Desk.open(settings) as desk:
        run(filled(desk), listener, access, configured(settings))


def run(desk: Desk, listener: socket.socket, access: Access, surfaces: Sequence[Surface] = ()) -> NoReturn:
    """Answer on `listener` from `desk`, and leave the process with status 0 when it is told to stop."""
    for number in (signal.SIGINT, signal.SIGTERM):  # uvicorn raises them again, for us, once it has ended in peace
        signal.signal(number, _leave)
    os.environ.update(_quiet(desk))
    with _without_stubs():
        from ui.app import app  # imports gradio, which reads those variables then

    guard = app(AsyncDesk(desk), access, surfaces)
    ready = f"Quotedesk is at {_address(listener)} ({articles(desk.coverage().articles)}). Stop it with Ctrl+C."
    config = uvicorn.Config(  # the gate reads what proxies say, and knows which of them to believe
        guard, log_level="warning", ws="none", proxy_headers=False, timeout_graceful_shutdown=GRACE_S
    )
    _Server(config, guard, ready).run(sockets=[listener])
    sys.exit(0)


def listening(host: str, port: int) -> socket.socket:
    """A socket that holds the address but refuses callers until the server is ready. Raises ListenError."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
    except (OSError, OverflowError) as error:
        raise ListenError(f"{host}:{port} is not an address to listen on ({error}): give --host and --port") from error
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except (OSError, OverflowError) as error:
        listener.close()
        taken = isinstance(error, OSError) and error.errno == errno.EADDRINUSE
        reason = "another program listens there" if taken else str(error)
        raise ListenError(
            f"cannot listen on {host} port {port} ({reason}): give another port, as in --port {_other(port)}"
        ) from error
    return listener


class _Server(uvicorn.Server):
    """uvicorn, that prints a line once it answers, and neither waits for pages to be closed nor for ever."""

    def __init__(self, config: uvicorn.Config, guard: Guard, ready: str) -> None:
        super().__init__(config)
        self._guard = guard
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to answer."""
        await super().startup(sockets)
        if self.started:
            print(self._ready, flush=True)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop to answer."""
        limit = threading.Timer(LIMIT_S, os._exit, (0,))  # a thread that works on an answer cannot be interrupted
        limit.daemon = True
        limit.start()
        self._guard.let_go()
        await super().shutdown(sockets)


def _leave(_number: int, _frame: FrameType | None) -> NoReturn:
    sys.exit(0)


def _quiet(desk: Desk) -> dict[str, str]:
    """What keeps gradio from calling home, and from writing anywhere but into the desk's home."""
    return {
        "GRADIO_ANALYTICS_ENABLED": "False",
        "HF_HUB_OFFLINE": "1",
        "GRADIO_TEMP_DIR": str(desk.home / "gradio"),
    }


@contextmanager
def _without_stubs() -> Iterator[None]:
    """Keeps gradio, while it is imported, from writing stubs for editors beside its source.

    That takes half of its import, on every start, and is outside the home. It gives up where a class has no file.
    """
    getfile = inspect.getfile

    def found(thing: Any) -> str:
        if isinstance(thing, type) and thing.__module__.startswith("gradio."):
            raise OSError("not looked for")
        return getfile(thing)

    inspect.getfile = found  # type: ignore[assignment]
    try:
        yield
    finally:
        inspect.getfile = getfile


def _other(port: int) -> int:
    return port + 1 if 1024 <= port < 65535 else 7861


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
