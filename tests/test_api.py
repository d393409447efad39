"""The API: what other programs send, what they get, and that nothing they send breaks it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from bot.admission import Admission
from bot.answer import Event, Question
from bot.desk import Desk
from bot.feedback import FeedbackLog
from bot.settings import Settings
from index.archive import Archive
from index.article import Scope
from index.embedder import MiniLM
from ui import api
from ui.app import FAILED, programs
from ui.async_desk import AsyncDesk
from ui.gate import Access, Gate

BRIDGE = """---
title: Bridge closed
source: Northport Herald
published: 2024-03-02
url: https://herald.example/bridge
---
The harbour bridge closed on Friday. ❄️ It snowed. Repairs of the bridge will cost four million euros, Ann Lee said.
"""


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, embedder: MiniLM) -> Iterator[Desk]:
    """A desk that has one article."""
    folder = tmp_path_factory.mktemp("articles")
    (folder / "bridge.md").write_text(BRIDGE, "utf-8")
    with Desk(Archive(tmp_path_factory.mktemp("home"), embedder=embedder)) as opened:
        opened.add([str(folder)])
        yield opened


@pytest.fixture(scope="module")
def client(desk: Desk) -> Iterator[TestClient]:
    """A caller on this machine; whatever the app raises would be raised here, and not become a 500."""
    with calling(desk) as caller:
        yield caller


def calling(desk: Desk, *, raising: bool = True, **settings: Any) -> TestClient:
    """A caller of the server without its chat page, which is gradio's."""
    access = Access.of(Settings(home=desk.home, **settings))
    served = Gate(programs(AsyncDesk(desk), access), access)
    return TestClient(served, "http://127.0.0.1:7860", raise_server_exceptions=raising)


def ask(client: TestClient, body: object) -> httpx.Response:
    return client.post("/v1/ask", content=body if isinstance(body, bytes) else json.dumps(body).encode())


def test_it_is_healthy_when_it_can_answer(client: TestClient) -> None:
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_an_answer_is_the_one_the_desk_gives(client: TestClient, desk: Desk) -> None:
    body = {
        "question": "What will they cost?",
        "after": ["Who said what about repairs of the bridge?"],
        "from": "2024-01-01",
        "to": "2024-12-31",
        "source": ["Northport Herald"],
        "asked": "2024-03-03",
    }
    scope = Scope(date(2024, 1, 1), date(2024, 12, 31), ("Northport Herald",))
    expected = desk.ask(Question(body["question"], tuple(body["after"]), scope, date(2024, 3, 3))).as_json()
    answer = ask(client, body).json()
    assert answer.pop("seconds") >= 0
    del expected["seconds"]
    assert answer == expected
    assert answer["query"] == "Regarding who said what about repairs of the bridge, what will they cost?"


def test_every_quote_stands_in_the_article_where_it_says(client: TestClient) -> None:
    quotes = ask(client, {"question": "How much will repairs of the bridge cost?"}).json()["quotes"]
    assert quotes
    for quote in quotes:
        article = client.get(f"/v1/articles/{quote['article_id']}").json()
        assert article["text"][quote["start"] : quote["end"]] == quote["text"]
        assert {name: article[name] for name in ("title", "source", "published", "url")} == {
            "title": "Bridge closed",
            "source": "Northport Herald",
            "published": "2024-03-02",
            "url": "https://herald.example/bridge",
        }


def test_half_a_surrogate_pair_which_is_json_but_no_text_does_no_harm(client: TestClient) -> None:
    answer = ask(client, b'{"question": "who is \\ud800?", "after": ["\\udfff?"], "source": ["\\ud800"]}')
    assert (answer.status_code, answer.json()["question"]) == (200, "who is \ufffd?")


def test_not_found_is_an_answer_too(client: TestClient) -> None:
    answer = ask(client, {"question": "Who won the chess championship in Baku?"})
    assert answer.status_code == 200
    assert answer.json()["status"] == "unanswered"
    assert answer.json()["quotes"] == []


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"", "the body is not JSON"),
        (b"{", "the body is not JSON"),
        (b"\xff\xfe", "the body is not JSON"),
        (b"[" * 100_000, "the body is not JSON (it is nested too deeply)"),
        ([], "'[]' is not an object"),
        ({}, "question None is not text"),
        ({"question": " ?! "}, "has no words"),
        ({"question": "a" * 2_001}, "the question has 2,001 characters: ask in at most 2,000"),
        ({"question": "who?", "sources": []}, "'sources' is not a field of a question"),
        ({"question": "who?", "from": "yesterday"}, "from 'yesterday' is not a day: write it as 2018-11-25"),
        ({"question": "who?", "from": 20240101}, "from 20240101 is not a day"),
        ({"question": "who?", "source": {"name": "x"}}, "is not a list of texts"),
        ({"question": "who?", "after": [1]}, "is not a list of texts"),
    ],
)
def test_what_is_no_question_gets_one_line_that_says_why(client: TestClient, body: object, error: str) -> None:
    answer = ask(client, body)
    assert answer.status_code == 400
    assert error in answer.json()["error"]
    assert "\n" not in answer.json()["error"]


def test_dates_the_wrong_way_round_are_in_conflict(client: TestClient) -> None:
    answer = ask(client, {"question": "who?", "from": "2024-02-01", "to": "2024-01-01"})
    assert (answer.status_code, answer.json()) == (
        409,
        {"error": "no day is from 2024-02-01 to 2024-01-01: swap the dates"},
    )


def test_a_body_over_a_megabyte_is_not_read(client: TestClient) -> None:
    within = {"question": "who?", "after": ["x" * (api.MAX_BODY_BYTES - 100)]}
    assert ask(client, within).status_code == 200
    answer = ask(client, {"question": "who?", "after": ["x" * api.MAX_BODY_BYTES]})
    assert (answer.status_code, answer.json()) == (
        413,
        {"error": "the body is over 1,000,000 bytes: ask one question at a time"},
    )


def events(response: httpx.Response) -> list[tuple[str, Any]]:
    """The server-sent events of a response: name and data."""
    assert response.headers["content-type"].startswith("text/event-stream")
    found = []
    for event in response.text.strip().split("\n\n"):
        name, data = event.split("\n")
        found.append((name.removeprefix("event: "), json.loads(data.removeprefix("data: "))))
    return found


@pytest.mark.parametrize(("more", "headers"), [({"stream": True}, {}), ({}, {"Accept": "text/event-stream"})])
def test_an_answer_comes_event_by_event_on_request(
    client: TestClient, more: dict[str, Any], headers: dict[str, str]
) -> None:
    question = {"question": "How much will repairs of the bridge cost?"}
    whole = ask(client, question).json()
    (searching, reading, answer) = events(client.post("/v1/ask", json={**question, **more}, headers=headers))
    assert searching == ("searching", {"query": question["question"], "articles": 1})
    assert reading == ("reading", {"titles": ["Bridge closed"]})
    assert answer[0] == "answer"
    assert {**answer[1], "seconds": 0} == {**whole, "seconds": 0}


def test_what_is_no_question_is_refused_before_any_event(client: TestClient) -> None:
    answer = client.post("/v1/ask", json={"question": "?!", "stream": True})
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/json")
    assert ask(client, {"question": "who?", "stream": "yes"}).json() == {
        "error": "stream 'yes' is neither true nor false"
    }


def test_whether_an_answer_was_useful_is_kept(client: TestClient, desk: Desk) -> None:
    sent = {"question": "and when?", "query": "when was it?", "useful": False, "comment": "Too late."}
    assert client.post("/v1/feedback", json=sent).status_code == 204
    kept = FeedbackLog(desk.home).read()[-1]
    assert {name: kept[name] for name in sent} == sent
    assert kept["surface"] == "api"
    wrong = client.post("/v1/feedback", json={"question": "who?"})
    assert (wrong.status_code, "useful" in wrong.json()["error"]) == (400, True)


@pytest.mark.parametrize(
    ("method", "path", "status", "error"),
    [
        ("GET", "/v1/ask", 405, "GET is not for this: use POST"),
        ("DELETE", "/v1/articles/x", 405, "DELETE is not for this: use GET"),
        ("POST", "/healthz", 405, "POST is not for this: use GET"),
        ("POST", "/v1/asks", 404, "there is no '/v1/asks': see /docs"),
    ],
)
def test_what_is_not_there_is_said(client: TestClient, method: str, path: str, status: int, error: str) -> None:
    answer = client.request(method, path)
    assert (answer.status_code, answer.json()) == (status, {"error": error})


def test_a_failure_is_told_without_internals(archive: Archive, caplog: pytest.LogCaptureFixture) -> None:
    class Broken(Desk):
        def _answering(self, question: Question) -> Iterator[Event]:
            raise ZeroDivisionError("secret detail")
            yield

    with calling(Broken(archive), raising=False) as client:
        answer = ask(client, {"question": "who?"})
    assert (answer.status_code, answer.json()) == (500, {"error": FAILED})
    assert "secret detail" in caplog.text


def test_who_asks_too_often_is_told_when_to_ask_again(archive: Archive) -> None:
    with calling(Desk(archive, admission=Admission(a_minute=1)), questions_a_minute=1) as client:
        assert ask(client, {"question": "who?"}).status_code == 200
        answer = ask(client, {"question": "who?"})
    assert answer.status_code == 429
    assert answer.json()["error"].startswith("you asked 1 question in a minute: ask again in ")
    assert 0 < int(answer.headers["Retry-After"]) <= 60


def test_figures_for_prometheus(client: TestClient) -> None:
    def figures() -> dict[str, float]:
        lines = [line for line in client.get("/metrics").text.splitlines() if not line.startswith("#")]
        return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}

    before = figures()
    ask(client, {"question": "How much will repairs of the bridge cost?"})
    ask(client, {"question": "Who won the chess championship in Baku?"})
    after = figures()
    assert all(name.startswith("quotedesk_") for name in after)

    def grew(name: str) -> float:
        return after[name] - before.get(name, 0)

    assert grew('quotedesk_questions_total{outcome="answered",surface="api"}') == 1
    assert grew('quotedesk_questions_total{outcome="unanswered",surface="api"}') == 1
    assert grew('quotedesk_abstentions_total{surface="api"}') == 1
    for stage in ("waiting", "understanding", "retrieving", "reading", "composing"):
        assert grew(f'quotedesk_stage_seconds_count{{stage="{stage}"}}') == 2
    assert after["quotedesk_articles"] == 1
    assert 0 <= after["quotedesk_index_age_seconds"] < 3600
    assert after["quotedesk_questions_waiting"] == 0


def test_every_endpoint_is_on_the_openapi_page_which_loads_nothing_from_elsewhere(client: TestClient) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    assert set(paths) >= {"/v1/ask", "/v1/chat/completions", "/v1/models", "/v1/articles/{article_id}", "/healthz"}
    page = client.get("/docs")
    addresses = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert addresses and all(address.startswith("/") for address in addresses)
    assert all(client.get(address).status_code == 200 for address in addresses)


def test_an_article_that_is_not_there_gets_404(client: TestClient) -> None:
    answer = client.get("/v1/articles/none")
    assert answer.status_code == 404
    assert answer.json()["error"].startswith("no article has the id 'none'")


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
_fields = st.sampled_from(["question", "after", "from", "to", "source", "asked"])
_texts = st.text(max_size=20) | st.dates().map(str) | st.lists(st.text(max_size=20), max_size=3)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.dictionaries(_fields, _texts | _json, max_size=6) | _json)
def test_whatever_is_sent_gets_an_answer_or_a_reason(client: TestClient, body: object) -> None:
    answer = ask(client, json.dumps(body).encode())
    assert answer.status_code in (200, 400, 409)
    assert answer.json().keys() >= ({"status", "quotes"} if answer.status_code == 200 else {"error"})
