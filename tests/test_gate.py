"""ui.gate: who is let in, by which name what is behind knows them, and what the others are told."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.testclient import TestClient
from starlette.types import Receive, Scope, Send

from bot.settings import Settings
from ui import gate
from ui.gate import Access, Gate, NoAccessError
from ui.keys import Keys

HERE, ELSEWHERE = ("127.0.0.1", 5000), ("192.0.2.7", 5000)
REACHABLE = {"host": "0.0.0.0"}


async def who(scope: Scope, receive: Receive, send: Send) -> None:
    """Says who the gate says is asking."""
    await JSONResponse({"person": Request(scope).state.person})(scope, receive, send)


def door(home: Path, client: tuple[str, int] = ELSEWHERE, name: str = "desk.example", **settings: object) -> TestClient:
    access = Access.of(Settings(home=home, **settings))
    return TestClient(Gate(who, access), base_url=f"http://{name}", client=client)


def person(response: Response) -> str:
    assert response.status_code == 200, response.text
    return response.json()["person"]


def refused(response: Response, status: int) -> str:
    assert response.status_code == status, response.text
    return response.json()["error"]


def basic(name: str, password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()}


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    """Those of the home, with one user."""
    made = Keys(tmp_path)
    made.add_user("ann", "correct horse")
    return made


# Where only this machine can reach it --------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["127.0.0.1:7860", "localhost:7860", "[::1]:7860", "127.0.0.1"])
def test_on_this_machine_nobody_needs_a_name(tmp_path, host):
    assert person(door(tmp_path, HERE, host).get("/")) == ""


def test_who_is_nobody_in_particular_is_told_apart_by_address_once_a_rate_is_set(tmp_path):
    assert person(door(tmp_path, HERE, "localhost", questions_a_minute=5).get("/")) == "127.0.0.1"


def test_any_other_name_for_it_is_refused_as_a_page_could_have_its_own_name_lead_here(tmp_path):
    assert refused(door(tmp_path, HERE, "evil.example").get("/v1/ask"), 421) == (
        "this server does not answer as 'evil.example': set public_url to the address it has"
    )


def test_a_key_that_a_client_sends_because_it_must_is_not_looked_at(tmp_path):
    assert person(door(tmp_path, HERE, "localhost").get("/", headers={"Authorization": "Bearer any"})) == ""


def test_a_body_that_is_too_long_or_of_no_known_length_is_not_read(tmp_path):
    client = door(tmp_path, HERE, "localhost")
    long = {"Content-Length": str(gate.MAX_BODY_BYTES + 1)}
    assert refused(client.post("/gradio_api/queue/join", content=b"x", headers=long), 413)
    assert refused(client.post("/gradio_api/queue/join", content=iter([b"x"])), 411)
    assert person(client.post("/v1/ask", content=iter([b"x"]))) == ""


# Where others can ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("settings", [REACHABLE, {"public_url": "https://desk.example"}, {"host": "192.0.2.1"}])
def test_a_server_that_others_can_reach_does_not_start_before_somebody_may_ask(tmp_path, settings):
    with pytest.raises(NoAccessError, match=r"can be reached from other machines .* \(quotedesk user add NAME\)"):
        Access.of(Settings(home=tmp_path, **settings))
    Keys(tmp_path).make_token("bot")
    assert Access.of(Settings(home=tmp_path, **settings)).needed


def test_a_person_comes_in_by_name_and_password(tmp_path, keys):
    client = door(tmp_path, **REACHABLE)
    assert person(client.get("/", headers=basic("ann", "correct horse"))) == "ann"
    answer = client.get("/", headers=basic("ann", "wrong"))
    assert refused(answer, 401) == "this server answers only those it knows: log in"
    assert answer.headers["WWW-Authenticate"].startswith("Basic ")
    assert refused(client.get("/", headers={"Authorization": "Basic ?"}), 401)
    assert refused(client.get("/"), 401)


@pytest.mark.parametrize("path", ["/v1/ask", "/mcp", "/metrics"])
def test_a_program_comes_in_by_its_token_until_that_is_revoked(tmp_path, path):
    token = Keys(tmp_path).make_token("bot")
    client = door(tmp_path, **REACHABLE)
    assert person(client.get(path, headers={"Authorization": f"Bearer {token}"})) == "token bot"
    Keys(tmp_path).remove("tokens", "bot")
    answer = client.get(path, headers={"Authorization": f"Bearer {token}"})
    assert refused(answer, 401) == (
        "this server answers only those it knows: send a token (Authorization: Bearer qd_...)"
    )
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_wrong_tries_are_held_up_and_those_of_others_are_not(tmp_path, keys):
    client = door(tmp_path, **REACHABLE)
    for _ in range(gate.MAX_FAILURES):
        assert refused(client.get("/", headers=basic("ann", "wrong")), 401)
    answer = client.get("/", headers=basic("ann", "correct horse"))
    assert "too many wrong tries: ask again in" in refused(answer, 429)
    assert 0 < int(answer.headers["Retry-After"]) <= 60
    other = TestClient(client.app, base_url="http://desk.example", client=("192.0.2.8", 1))
    assert person(other.get("/", headers=basic("ann", "correct horse"))) == "ann"


def test_a_proxy_says_who_it_is_and_nobody_else_can(tmp_path):
    settings = {"identity_header": "X-Forwarded-User", "trusted_proxies": "10.0.0.9"}
    told = {"X-Forwarded-User": "ann@desk.example"}
    assert person(door(tmp_path, ("10.0.0.9", 1), **settings).get("/", headers=told)) == "ann@desk.example"
    assert refused(door(tmp_path, ELSEWHERE, **settings).get("/", headers=told), 401)
    assert refused(door(tmp_path, ("10.0.0.9", 1), **settings).get("/"), 401)


def test_behind_a_proxy_wrong_tries_are_counted_by_the_address_it_forwards(tmp_path, keys):
    client = door(tmp_path, HERE, **REACHABLE)
    for number in range(gate.MAX_FAILURES + 1):
        headers = {**basic("ann", "wrong"), "X-Forwarded-For": f"198.51.100.1, 192.0.2.{number}"}
        assert refused(client.get("/", headers=headers), 401)


@pytest.mark.parametrize("path", ["/healthz", "/embed.js", "/slack/events", "/api/messages"])
def test_what_tells_nothing_or_checks_signatures_itself_needs_no_name(tmp_path, keys, path):
    assert person(door(tmp_path, **REACHABLE).get(path)) == "192.0.2.7"


@pytest.mark.parametrize("path", ["/slack", "/healthz/x", "/embed.json", "/embedded", "/", "/config"])
def test_and_nothing_else(tmp_path, keys, path):
    assert refused(door(tmp_path, **REACHABLE).get(path), 401)


def test_a_damaged_file_of_keys_lets_nobody_in_and_says_so(tmp_path, keys):
    client = door(tmp_path, **REACHABLE)
    (tmp_path / "access.json").write_text("[]")
    assert "access.json cannot be read" in refused(client.get("/", headers=basic("ann", "correct horse")), 503)


# Pages of other sites ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://localhost:9", "http://localhost.evil.example"]
)
def test_pages_of_other_sites_may_not_ask(tmp_path, origin):
    client = door(tmp_path, HERE, "localhost:7860")
    assert "may not ask here: add it to allowed_origins" in refused(client.post("/", headers={"Origin": origin}), 403)


def test_its_own_pages_and_those_of_allowed_sites_may(tmp_path):
    client = door(tmp_path, HERE, "localhost:7860", allowed_origins="https://news.example")
    for origin in ("http://localhost:7860", "https://news.example"):
        assert person(client.post("/", headers={"Origin": origin})) == ""


# Pages inside another site -------------------------------------------------------------------------------------------


def test_a_page_inside_an_allowed_site_has_a_ticket_that_no_other_server_honours_and_that_ends(
    tmp_path, keys, monkeypatch
):
    access = Access.of(Settings(home=tmp_path, embed_sites="https://news.example", **REACHABLE))
    client = TestClient(Gate(who, access), base_url="http://desk.example", client=ELSEWHERE)
    ticket = access.ticket()
    assert person(client.get("/", headers={"Cookie": f"other=1; {gate.TICKET}={ticket}"})) == "embed 192.0.2.7"
    for path in ("/v1/ask", "/mcp", "/metrics", "/docs"):
        assert refused(client.get(path, headers={"Cookie": f"{gate.TICKET}={ticket}"}), 401), "a ticket is for the chat"
    for wrong in (ticket[:-1], f"9{ticket}", "", "é"):
        assert refused(client.get("/", headers={"Cookie": f"{gate.TICKET}={wrong}".encode()}), 401)
    other = Access.of(Settings(home=tmp_path, embed_sites="https://news.example", **REACHABLE))
    assert not other.is_ticket(ticket)
    monkeypatch.setattr(gate, "TICKET_S", -1)
    assert not access.is_ticket(access.ticket())
