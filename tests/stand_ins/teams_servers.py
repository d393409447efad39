"""Two servers in a thread of their own: the connector, and the login over https."""

from __future__ import annotations

import asyncio
import socket
import tempfile
import threading
import time
from pathlib import Path

import uvicorn
from starlette.applications import Starlette

from tests.stand_ins.teams_authority import write_certificate


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
        self._servers = (_server(connector), _server(login, ssl_certfile=self.certificate, ssl_keyfile=self._key))
        self._thread = threading.Thread(target=asyncio.run, args=[self._serve()], name="teams stand-in")
        self._thread.start()
        while not all(server.started for server in self._servers):
            time.sleep(0.01)

    def stop(self) -> None:
        """End both, and forget the certificate."""
        for server in self._servers:
            server.should_exit = True
        self._thread.join()
        self._folder.cleanup()

    async def _serve(self) -> None:
        pairs = zip(self._servers, self._places, strict=True)
        await asyncio.gather(*(server.serve([place]) for server, place in pairs))


def _place() -> socket.socket:
    place = socket.socket()
    place.bind(("127.0.0.1", 0))
    return place


def _server(app: Starlette, **tls: Path) -> uvicorn.Server:
    quiet = {"log_level": "critical", "lifespan": "off", "ws": "none", "timeout_graceful_shutdown": 1}
    # A connection for each call: nobody has to close the clients of the bot, and its library does not.
    quiet["headers"] = [("Connection", "close")]
    return uvicorn.Server(uvicorn.Config(app, **quiet, **tls))
