"""Two servers in a thread of their own: the connector, and the login over https."""

from __future__ import annotations

import socket
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from starlette.applications import Starlette

from tests.stand_ins.loops import LoopThread
from tests.stand_ins.teams_authority import write_certificate

Running = tuple[uvicorn.Server, Future[None]]


class Servers:
    """Where the stand-in listens, from the beginning; it answers from `start` to `stop`.

    `certificate` is the file with which a bot knows the login.
    """

    def __init__(self) -> None:
        self._places = (_place(), _place())
        self._folder = tempfile.TemporaryDirectory()
        self.certificate, self._key = write_certificate(Path(self._folder.name))
        self.url = f"http://127.0.0.1:{self._places[0].getsockname()[1]}"
        self.login_url = f"https://127.0.0.1:{self._places[1].getsockname()[1]}"

    def start(self, connector: Starlette, login: Starlette) -> None:
        """Answer, until `stop`."""
        self._connector, self._loop = connector, LoopThread("teams stand-in")
        self._loop.__enter__()
        tls = {"ssl_certfile": self.certificate, "ssl_keyfile": self._key}
        servers = _server(connector), _server(login, **tls)
        self._running = [self._serve(server, place) for server, place in zip(servers, self._places, strict=True)]

    def stop(self) -> None:
        """End both, and forget the certificate."""
        for running in self._running:
            _end(running)
        self._loop.__exit__()
        self._folder.cleanup()

    @contextmanager
    def connector_away(self) -> Iterator[None]:
        """Nobody listens at `url`."""
        _end(self._running[0])
        try:
            yield
        finally:
            place = _place(int(self.url.rpartition(":")[2]))
            self._running[0] = self._serve(_server(self._connector), place)

    def _serve(self, server: uvicorn.Server, place: socket.socket) -> Running:
        running = server, self._loop.start(server.serve([place]))
        while not server.started:
            time.sleep(0.01)
        return running


def _end(running: Running) -> None:
    server, ended = running
    server.should_exit = True
    ended.result(20)


def _place(port: int = 0) -> socket.socket:
    place = socket.socket()
    place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    place.bind(("127.0.0.1", port))
    return place


def _server(app: Starlette, **tls: Path) -> uvicorn.Server:
    quiet = {"log_level": "critical", "lifespan": "off", "ws": "none", "timeout_graceful_shutdown": 1}
    # A connection for each call: nobody has to close the clients of the bot, and its library does not.
    quiet["headers"] = [("Connection", "close")]
    return uvicorn.Server(uvicorn.Config(app, **quiet, **tls))
