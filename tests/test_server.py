"""`quotedesk chat` as a process: how it starts, what it refuses, how it ends."""

from __future__ import annotations

import json
import signal
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.client import HTTPResponse
from pathlib import Path

import pytest

from tests.servers import Server, chatting, ended, open_page, started

pytestmark = pytest.mark.served


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server on a home that was empty."""
    with chatting(tmp_path_factory.mktemp("served") / "home") as running:
        yield running


def get(server: Server, path: str, **headers: str) -> HTTPResponse:
    request = urllib.request.Request(server.url + path, headers=headers)  # noqa: S310 - our own server
    try:
        answer = urllib.request.urlopen(request, timeout=30)  # noqa: S310
    except urllib.error.HTTPError as error:
        answer = error
    with answer:
        answer.body = answer.read()
    return answer


def test_an_empty_home_is_filled_with_the_articles_that_ship_and_the_address_is_printed(server: Server) -> None:
    assert server.ready == f"Quotedesk is at {server.url} (18 articles). Stop it with Ctrl+C."
    assert "is empty: indexing the articles that ship with Quotedesk." in server.log.read_text()


def test_what_it_keeps_for_browsers_only_its_owner_may_read(server: Server) -> None:
    get(server, "/")
    secret = server.log.parent / "home" / "browser-secret"
    assert secret.stat().st_mode & 0o777 == 0o600
    assert len(secret.read_text()) >= 32


def test_it_answers_when_it_says_so(server: Server) -> None:
    assert json.loads(get(server, "/healthz").body) == {"status": "ok"}


@pytest.mark.parametrize("path", ["/", "/healthz", "/v1/articles/none", "/config", "/theme.css", "/no-such-page"])
def test_every_response_forbids_what_a_page_does_not_need(server: Server, path: str) -> None:
    headers = get(server, path).headers
    policy = dict(directive.split(" ", 1) for directive in headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == policy["connect-src"] == policy["form-action"] == "'self'"
    assert policy["img-src"] == "'self' data: blob:"
    assert policy["object-src"] == "'none'"
    assert policy["frame-ancestors"] == "'self'"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"


@pytest.mark.parametrize("path", ["/", "/config", "/v1/articles/none", "/gradio_api/info"])
def test_no_other_site_may_read_what_it_answers(server: Server, path: str) -> None:
    headers = get(server, path, Origin="https://evil.example", Host="desk.example").headers
    assert "Access-Control-Allow-Origin" not in headers
    assert "Access-Control-Allow-Credentials" not in headers


@pytest.mark.parametrize("path", ["upload", "file=/etc/passwd", "file/etc/passwd", "proxy=http://127.0.0.1/", "runs"])
def test_what_gradio_offers_beyond_the_chat_is_closed(server: Server, path: str) -> None:
    assert get(server, f"/gradio_api/{path}").status == 404


@pytest.mark.parametrize("path", ["redoc", "gradio_api/docs"])
def test_no_page_that_would_load_from_elsewhere(server: Server, path: str) -> None:
    assert get(server, f"/{path}").status == 404


def test_a_port_that_is_taken_gives_one_line_that_names_it_and_the_fix(server: Server, tmp_path: Path) -> None:
    port = int(server.url.rsplit(":", 1)[1])
    log = tmp_path / "log"
    second = started(["-m", "ui.cli", "--home", str(tmp_path / "home"), "chat", "--port", str(port)], log)
    assert second.communicate(timeout=60) == ("", None)
    assert second.returncode == 1
    assert log.read_text() == (
        f"quotedesk: cannot listen on 127.0.0.1 port {port} (another program listens there): "
        f"give another port, as in --port {port + 1}\n"
    )


def test_a_host_that_is_not_this_machine_gives_one_line_that_names_it(tmp_path: Path) -> None:
    log = tmp_path / "log"
    words = ["-m", "ui.cli", "--home", str(tmp_path / "home"), "chat", "--host", "192.0.2.1"]
    process = started(words, log, QUOTEDESK_IDENTITY_HEADER="X-Forwarded-User")
    assert process.communicate(timeout=60) == ("", None)
    assert process.returncode == 1
    assert log.read_text().startswith("quotedesk: cannot listen on 192.0.2.1 port 7860")
    assert log.read_text().count("\n") == 1


def test_an_address_that_others_can_reach_is_not_served_before_somebody_may_ask(tmp_path: Path) -> None:
    log = tmp_path / "log"
    process = started(["-m", "ui.cli", "--home", str(tmp_path / "home"), "chat", "--host", "0.0.0.0"], log)
    assert process.communicate(timeout=60) == ("", None)
    assert process.returncode == 1
    assert log.read_text().startswith("quotedesk: 0.0.0.0 can be reached from other machines and nobody is named")
    assert log.read_text().count("\n") == 1


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_within_5_s_although_a_page_listens(ending: signal.Signals, tmp_path: Path) -> None:
    with chatting(tmp_path / "home") as server, open_page(server):
        assert ended(server.process, ending) < 5
    assert "Traceback" not in server.log.read_text()
