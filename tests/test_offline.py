"""Promise 2: it works with nothing but the install. No part of the program even tries to reach another machine."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT, CommandLine, free_port
from tests.outside import OutsideConnectionError, is_local

WHO = "who was kidnapped in Tazirbu"

# Loaded by Python before anything else: notes and refuses every attempt to reach another machine.
RECORDER = """
import os, socket, sys
sys.path.append({root!r})
from tests.outside import is_local

def noting(original, host_of):
    def call(*values, **named):
        host = host_of(*values, **named)
        if not is_local(host):
            with open({record!r}, "a") as record:
                print(original.__name__, repr(host), file=record)
            raise OSError(f"refused: {{host!r}}")
        return original(*values, **named)
    return call

def peer(connection, address, *_):
    return address[0] if connection.family in (socket.AF_INET, socket.AF_INET6) else None

def recipient(connection, _data, *rest):
    return peer(connection, rest[-1])

for name in ("connect", "connect_ex"):
    setattr(socket.socket, name, noting(getattr(socket.socket, name), peer))
socket.socket.sendto = noting(socket.socket.sendto, recipient)
for name in ("getaddrinfo", "gethostbyname", "gethostbyname_ex", "gethostbyaddr"):
    setattr(socket, name, noting(getattr(socket, name), lambda host, *_, **__: host))
"""

HUSHES = ("CI", "GITHUB_ACTIONS", "TF_BUILD", "DO_NOT_TRACK", "ORT_DISABLE_TELEMETRY", "ORT_RUNNING_UNIT_TESTS")
"""Variables that silence libraries where tests run, and not where people do."""

Start = Callable[..., tuple[list[str], dict[str, str]]]
"""The words and the environment that start a command under watch."""


def answers_from_an_empty_home(start: Start, folder: Path) -> None:
    """Index the articles that ship, and answer a question."""
    words, environment = start("ask", WHO, "--json")
    run = subprocess.run(words, env=environment, cwd=folder, capture_output=True, timeout=300, check=True)
    assert json.loads(run.stdout)["status"] == "answered"


def post(address: str, value: dict[str, Any]) -> Any:
    request = urllib.request.Request(address, json.dumps(value).encode(), {"Content-Type": "application/json"})  # noqa: S310
    with urllib.request.urlopen(request, timeout=120) as answer:  # noqa: S310
        return json.load(answer)


def serves_the_chat(start: Start, folder: Path, stay_s: float = 0) -> None:
    """Start the chat, ask it whether it is well and one question, and end it `stay_s` later."""
    port = free_port()
    words, environment = start("chat", "--port", str(port))
    with (folder / "chat.log").open("wb") as log:
        chat = subprocess.Popen(words, env=environment, cwd=folder, stdout=log, stderr=log, start_new_session=True)
    try:
        for _ in range(1_200):
            with socket.socket() as probe:
                if not probe.connect_ex(("127.0.0.1", port)):
                    break
            assert chat.poll() is None, (folder / "chat.log").read_text()
            time.sleep(0.1)
        address = f"http://127.0.0.1:{port}"
        with urllib.request.urlopen(f"{address}/healthz", timeout=120) as health:  # noqa: S310
            assert health.status == 200
        with urllib.request.urlopen(f"{address}/", timeout=120) as page:  # noqa: S310
            assert page.status == 200
        assert post(f"{address}/v1/ask", {"question": WHO})["status"] == "answered"
        time.sleep(stay_s)
    finally:
        os.killpg(chat.pid, signal.SIGTERM)  # strace itself does not listen to it, what it runs does
        chat.wait(30)


# Seen from Python ----------------------------------------------------------------------------------------------------


@pytest.fixture
def record(tmp_path: Path) -> Path:
    """What was attempted, one line each; empty when nothing was."""
    path = tmp_path / "record"
    path.touch()
    return path


@pytest.fixture
def watched(quotedesk: CommandLine, record: Path, tmp_path: Path) -> Start:
    """Start a command of which every attempt is noted by its own Python, and refused."""
    folder = tmp_path / "recorder"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(RECORDER.format(root=str(ROOT), record=str(record)))
    path = os.pathsep.join([str(folder), str(ROOT)])

    def start(*words: str) -> tuple[list[str], dict[str, str]]:
        return quotedesk.command(*words), quotedesk.environment(PYTHONPATH=path)

    return start


def test_the_watch_notes_and_refuses_what_it_should(watched, record):
    (python, *_), environment = watched()
    code = """
import socket
for attempt in (
    lambda: socket.create_connection(("example.org", 80)),
    lambda: socket.socket().connect(("192.0.2.1", 80)),
    lambda: socket.socket(type=socket.SOCK_DGRAM).sendto(b"", ("192.0.2.1", 53)),
):
    try:
        attempt()
    except OSError as error:
        print(error)
"""
    run = subprocess.run([python, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert run.stdout.splitlines() == ["refused: 'example.org'", "refused: '192.0.2.1'", "refused: '192.0.2.1'"]
    assert record.read_text().splitlines() == ["getaddrinfo 'example.org'", "connect '192.0.2.1'", "sendto '192.0.2.1'"]


def test_the_first_question_on_an_empty_home_reaches_nobody(watched, record, tmp_path):
    answers_from_an_empty_home(watched, tmp_path)
    assert record.read_text() == ""


@pytest.mark.served
def test_the_chat_reaches_nobody(watched, record, tmp_path):
    serves_the_chat(watched, tmp_path)
    assert record.read_text() == ""


# Seen from the operating system, where native code shows too ---------------------------------------------------------

_ADDRESS = re.compile(r'sa_family=AF_INET6?\b.*?(?:inet_addr\("([^"]+)"\)|inet_pton\(AF_INET6, "([^"]+)")')


def attempts(trace: str) -> list[str]:
    """The lines of a trace in which something was sent to another machine."""
    found = []
    for line in trace.splitlines():
        address = _ADDRESS.search(line)
        if address and not is_local(address[1] or address[2]):
            found.append(line)
    return found


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    return tmp_path / "trace"


@pytest.fixture
def traced(quotedesk: CommandLine, trace: Path) -> Start:
    """Start a command of which the system calls are traced, those of native code included."""
    strace = shutil.which("strace")
    if not strace:
        pytest.skip("strace is not installed: native code cannot be watched here")
    words = [strace, "-f", "-qq", "-e", "trace=connect,sendto,sendmsg,sendmmsg", "-o", str(trace)]
    probe = subprocess.run([*words, "true"], capture_output=True, text=True, check=False)
    if probe.returncode:
        pytest.skip(f"strace may not watch a process here: {probe.stderr.strip()}")
    environment = {name: value for name, value in quotedesk.environment().items() if name not in HUSHES}
    return lambda *command: ([*words, *quotedesk.command(*command)], environment)


def test_the_trace_shows_what_it_should(traced, trace):
    (*strace, _python, _m, _module), environment = traced()
    attempt = "import socket; s = socket.socket(type=socket.SOCK_DGRAM); s.connect(('192.0.2.1', 9))"
    subprocess.run([*strace, _python, "-c", attempt], env=environment, check=False)
    assert len(attempts(trace.read_text())) == 1


def test_the_system_sees_the_first_question_reach_nobody(traced, trace, tmp_path):
    answers_from_an_empty_home(traced, tmp_path)
    assert attempts(trace.read_text()) == []


@pytest.mark.served
def test_the_system_sees_the_chat_reach_nobody(traced, trace, tmp_path):
    serves_the_chat(traced, tmp_path, stay_s=15)  # onnxruntime, when it is let, calls its maker after ten
    assert attempts(trace.read_text()) == []


def test_nothing_is_written_outside_its_home(quotedesk, tmp_path):
    """onnxruntime, when it is let, keeps a device's number in the person's folder."""
    (tmp_path / "person").mkdir()
    person = {"HOME": str(tmp_path / "person"), "XDG_CACHE_HOME": "", **dict.fromkeys(HUSHES, "")}
    assert quotedesk("ask", WHO, "--json", **person).json["status"] == "answered"
    assert list((tmp_path / "person").iterdir()) == list(quotedesk.folder.iterdir()) == []


# The tests themselves ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["example.org", "192.0.2.1", "2001:db8::1"])
def test_no_test_can_reach_another_machine(host):
    with pytest.raises(OutsideConnectionError, match=f"a test tried to reach '{host}'"):
        socket.create_connection((host, 80), timeout=1)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as connection, pytest.raises(OutsideConnectionError):
        connection.connect((host, 9))


def test_this_machine_can_be_reached():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        for host in ("127.0.0.1", "localhost"):
            socket.create_connection((host, listener.getsockname()[1]), timeout=5).close()
