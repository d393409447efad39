"""A real Synapse homeserver on this machine, for tests: installed once, started in seconds, and it reaches nobody.

Synapse is AGPL software: it lives in an environment of its own and is only ever spoken to over HTTP. A test module says
`pytest_plugins = ["tests.matrix.synapse"]` and then has the fixtures `synapse` and `person`.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest
from filelock import FileLock

from tests.conftest import ROOT, free_port
from tests.matrix.encrypted_person import EncryptedPerson, background_loop
from tests.matrix.person import Person

VERSION = "1.163.2"
VENV = ROOT / ".bench" / "synapse-venv"
INSTALL_S, START_S, STOP_S = 900, 120, 20
"""An install takes 40 s and 220 MB, a start 3 s, but not on a machine that is busy with everything else."""

SERVER_NAME = "synapse.test"


class NotInstalledError(RuntimeError):
    """Synapse is not here and cannot be had; the message says why."""


@dataclass(frozen=True)
class User:
    """An account, logged in on one device."""

    user_id: str
    name: str
    password: str
    token: str
    device_id: str


class Synapse:
    """A homeserver at `url` with its data in `folder`; stopped and started again, it is the same one."""

    def __init__(self, folder: Path, python: Path | None = None) -> None:
        self._python = python or installed()
        self._folder = folder
        self._port = free_port()
        self._secret = secrets.token_hex(16)
        self._process: subprocess.Popen[bytes] | None = None
        self._numbers = count(1)
        self.url = f"http://127.0.0.1:{self._port}"
        self.log = folder / "log"
        folder.mkdir(parents=True, exist_ok=True)
        _write_signing_key(folder / "signing.key")
        # JSON is YAML.
        (folder / "homeserver.yaml").write_text(json.dumps(_configuration(folder, self._port, self._secret)))

    def __enter__(self) -> Synapse:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start to answer, on the same port as before."""
        assert self._process is None, "it runs"
        words = [self._python, "-m", "synapse.app.homeserver", "-c", "homeserver.yaml"]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(words, cwd=self._folder, env=_environment(), stdout=log, stderr=log)
        try:
            self._wait_until_it_answers(self._process)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End the process; what it knows stays in the folder."""
        process, self._process = self._process, None
        if process:
            process.terminate()
            try:
                process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def user(self, name: str) -> User:
        """A new account, shown as `name`; its id differs at each call, so that no test uses up another one's limits."""
        path = "/_synapse/admin/v1/register"
        localpart, password = f"{name.lower()}{next(self._numbers)}", secrets.token_hex(8)
        with httpx.Client(base_url=self.url, timeout=START_S, trust_env=False) as http:
            nonce = http.get(path).raise_for_status().json()["nonce"]
            words = "\0".join([nonce, localpart, password, "notadmin"])
            mac = hmac.new(self._secret.encode(), words.encode(), hashlib.sha1).hexdigest()
            account = {"nonce": nonce, "username": localpart, "displayname": name, "password": password, "mac": mac}
            made = http.post(path, json=account).raise_for_status().json()
        return User(made["user_id"], name, password, made["access_token"], made["device_id"])

    def _wait_until_it_answers(self, process: subprocess.Popen[bytes]) -> None:
        last = time.monotonic() + START_S
        while time.monotonic() < last:
            if process.poll() is not None:
                raise RuntimeError(f"Synapse ended with status {process.returncode}; its log: {self.log.read_text()}")
            with suppress(httpx.TransportError):
                if httpx.get(f"{self.url}/health", timeout=START_S, trust_env=False).is_success:
                    return
            time.sleep(0.05)
        raise RuntimeError(f"Synapse does not answer after {START_S} s; its log: {self.log.read_text()}")


def installed() -> Path:
    """The Python that has Synapse, installed first where it is missing. Raises NotInstalledError."""
    python, done = VENV / "bin" / "python", VENV / f"installed-{VERSION}"
    VENV.parent.mkdir(exist_ok=True)
    with FileLock(f"{VENV}.lock"):
        if not done.exists():
            _run("-m", "venv", "--clear", "--without-pip", str(VENV))
            # Wheels only: to compile its Rust takes minutes and a compiler.
            wheels = ["--only-binary", ":all:", "--retries", "1", f"matrix-synapse=={VERSION}"]
            _run("-m", "pip", "--disable-pip-version-check", "--python", str(python), "install", "--quiet", *wheels)
            done.touch()
    return python


def _run(*words: str) -> None:
    try:
        run = subprocess.run([sys.executable, *words], capture_output=True, text=True, timeout=INSTALL_S, check=False)
    except subprocess.TimeoutExpired as error:
        raise NotInstalledError(f"Synapse was not installed within {INSTALL_S} s") from error
    if run.returncode:
        said = [line for line in run.stderr.splitlines() if line.strip()] or ["it said nothing"]
        told = next((line for line in reversed(said) if line.startswith("ERROR")), said[-1])
        raise NotInstalledError(f"Synapse {VERSION} cannot be installed from PyPI (no network?): {told}")


def _configuration(folder: Path, port: int, secret: str) -> dict[str, Any]:
    """Accounts by shared secret, nothing to and from other servers, and what a server limits when nobody says a word.

    The defaults that a bot meets (so many at once, then so many a second): all that one user does in rooms, be it to
    write, edit, react, redact, join or make one: 10, 0.2; joins: 10, 0.1; rooms made: 10, 0.016; invitations into rooms
    that are there, to one user: 5, 0.003; logins from one address or to one account: 5, 0.003. Typing and read receipts
    are free. All tests share an address: `user` gives a token, and only what tests logging in may log in.
    """
    return {
        "server_name": SERVER_NAME,
        "pid_file": str(folder / "pid"),
        "signing_key_path": str(folder / "signing.key"),
        "media_store_path": str(folder / "media"),
        "database": {"name": "sqlite3", "args": {"database": str(folder / "homeserver.db")}},
        "listeners": [
            {"port": port, "type": "http", "bind_addresses": ["127.0.0.1"], "resources": [{"names": ["client"]}]}
        ],
        "registration_shared_secret": secret,
        "macaroon_secret_key": secret,
        "form_secret": secret,
        "bcrypt_rounds": 4,  # passwords are thrown away with the test: no need to spend 0.3 s on each
        "report_stats": False,
        "trusted_key_servers": [],
        "federation_domain_whitelist": [],
        "send_federation": False,
        "url_preview_enabled": False,
        "push": {"enabled": False},
        "presence": {"enabled": False},
    }


def _write_signing_key(path: Path) -> None:
    if not path.exists():
        path.write_text(f"ed25519 a_test {base64.b64encode(secrets.token_bytes(32)).decode().rstrip('=')}\n")


def _environment() -> dict[str, str]:
    """What a process of another environment must not inherit is where ours finds its modules."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}


# The fixtures --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def synapse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Synapse]:
    """One homeserver for all tests; skips them where there can be none."""
    try:
        python = installed()
    except NotInstalledError as error:
        pytest.skip(str(error))
    with Synapse(tmp_path_factory.mktemp("synapse"), python) as server:
        yield server


@pytest.fixture(scope="session")
def nio_loop() -> Iterator[asyncio.AbstractEventLoop]:
    """The one loop for matrix-nio: what a test itself does with nio must run there too, or in another process."""
    with background_loop() as loop:
        yield loop


@pytest.fixture
def person(synapse: Synapse, nio_loop: asyncio.AbstractEventLoop, tmp_path: Path) -> Iterator[Callable[..., Person]]:
    """People for one test: `person("Ann")`, or `person("Ann", encrypted=True)` who can read encrypted rooms."""
    with ExitStack() as people:

        def made(name: str, *, encrypted: bool = False) -> Person:
            user = synapse.user(name)
            if encrypted:
                return people.enter_context(EncryptedPerson(synapse.url, user, tmp_path / user.device_id, nio_loop))
            return people.enter_context(Person(synapse.url, user))

        yield made
