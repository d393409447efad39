"""The API: what other programs send, what they get, and that nothing they send breaks it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date

import httpx
import pytest
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from bot.answer import Question
from bot.desk import Desk
from index.archive import Archive
from index.article import Scope
from index.embedder import MiniLM
from ui import api

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
    """A caller; whatever the API raises would be raised here, and not become a 500."""
    app = FastAPI()
    app.include_router(api.routes(desk))
    with TestClient(app) as caller:
        yield caller


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
        ({"question": "who?", "from": "2024-02-01", "to": "2024-01-01"}, "swap the dates"),
        ({"question": "who?", "source": {"name": "x"}}, "is not a list of texts"),
        ({"question": "who?", "after": [1]}, "is not a list of texts"),
    ],
)
def test_what_is_no_question_gets_one_line_that_says_why(client: TestClient, body: object, error: str) -> None:
    answer = ask(client, body)
    assert answer.status_code == 400
    assert error in answer.json()["error"]
    assert "\n" not in answer.json()["error"]


def test_a_body_over_a_megabyte_is_not_read(client: TestClient) -> None:
    within = {"question": "who?", "after": ["x" * (api.MAX_BODY_BYTES - 100)]}
    assert ask(client, within).status_code == 200
    answer = ask(client, {"question": "who?", "after": ["x" * api.MAX_BODY_BYTES]})
    assert (answer.status_code, answer.json()) == (
        413,
        {"error": "the body is over 1,000,000 bytes: ask one question at a time"},
    )


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
    assert answer.status_code in (200, 400)
    assert answer.json().keys() >= ({"status", "quotes"} if answer.status_code == 200 else {"error"})
