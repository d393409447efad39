"""The desk for agents: the tools, as the official client sees them, over HTTP and over standard input and output."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
from mcp.client.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client

from bot.admission import Admission
from bot.answer import Asker, Question
from bot.desk import Desk
from tests.conftest import CommandLine, completed
from tests.servers import chatting
from ui.async_desk import AsyncDesk
from ui.mcp import server

WHO = "Who was kidnapped in Tazirbu?"
Work = Callable[[Client], Coroutine[Any, Any, Any]]


def talk(desk: Desk, work: Work) -> Any:
    """What `work` gives, done with a client of the server itself."""

    async def talking() -> Any:
        async with Client(server(AsyncDesk(desk))) as client:
            return await work(client)

    return completed(talking())


def called(desk: Desk, tool: str, **arguments: Any) -> Any:
    return talk(desk, lambda client: client.call_tool(tool, arguments))


def test_there_are_three_tools_that_say_what_they_take_and_give(desk):
    tools = {tool.name: tool for tool in talk(desk, lambda client: client.list_tools()).tools}
    assert set(tools) == {"ask", "search", "open_article"}
    assert set(tools["ask"].input_schema["properties"]) == {
        "question", "after", "published_from", "published_to", "sources",
    }  # fmt: skip
    assert {"status", "quotes", "near"} <= set(tools["ask"].output_schema["properties"])
    assert all(tool.annotations.read_only_hint for tool in tools.values())


def test_ask_gives_the_answer_as_data_and_as_text(desk):
    result, expected = called(desk, "ask", question=WHO), desk.ask(Question(WHO))
    assert {**result.structured_content, "seconds": 0} == {**expected.as_json(), "seconds": 0}
    assert all(quote.text in " ".join(result.content[0].text.split()) for quote in expected.quotes[:1])


def test_a_follow_up_and_a_scope_are_understood(desk):
    told = called(desk, "ask", question="and how many were killed there?", after=[WHO], published_from="2018-11-26")
    assert told.structured_content["query"] == "how many were killed in Tazirbu?"
    assert told.structured_content["searched"]["from"] >= "2018-11-26"


def test_search_gives_passages_that_stand_in_their_articles(desk):
    passages = called(desk, "search", query="kidnapped in Tazirbu", k=3).structured_content["passages"]
    assert len(passages) == 3
    for passage in passages:
        assert desk.article(passage["article_id"]).text[passage["start"] : passage["end"]] == passage["text"]


def test_an_article_is_opened_as_it_is_stored(desk):
    (quote, *_) = desk.ask(Question(WHO)).quotes
    result = called(desk, "open_article", article_id=quote.article_id)
    assert result.structured_content["text"] == result.content[0].text == desk.article(quote.article_id).text


@pytest.mark.parametrize(
    ("tool", "arguments", "message"),
    [
        ("ask", {"question": "?!"}, "has no words: ask something"),
        ("ask", {"question": WHO, "published_from": "2019-01-01", "published_to": "2018-01-01"}, "swap the dates"),
        ("search", {"query": WHO, "k": 51}, "less than or equal to 50"),
        ("open_article", {"article_id": "none"}, "no article has the id 'none'"),
    ],
)
def test_what_cannot_be_done_is_told_to_the_agent(desk, tool, arguments, message):
    result = called(desk, tool, **arguments)
    assert result.is_error
    assert message in result.content[0].text


def test_too_many_questions_are_told_too(archive):
    desk = Desk(archive, admission=Admission(at_once=1, most_waiting=0))
    held = desk.stream(Question("Who?"), Asker("web"))
    next(held)
    result = called(desk, "ask", question=WHO)
    held.close()
    assert result.is_error and "ask again in 10 s" in result.content[0].text


def test_over_standard_input_and_output(filled: CommandLine):
    python, *words = filled.command("mcp")
    command = StdioServerParameters(command=python, args=words, env=filled.environment(), cwd=str(filled.folder))

    async def talking() -> Any:
        async with Client(stdio_client(command)) as client:
            return await client.call_tool("ask", {"question": WHO})

    result = completed(talking())
    assert result.structured_content["answers"][0]["text"] == "eleven civilians"


@pytest.mark.served
def test_over_http_each_person_has_so_many_questions_a_minute(corpus_home: Path):
    async def talking(url: str) -> list[Any]:
        async with Client(streamable_http_client(f"{url}/mcp")) as client:
            asked = {"question": WHO}
            return [await client.call_tool("ask", asked), await client.call_tool("search", {"query": "Tazirbu"})]

    with chatting(corpus_home, QUOTEDESK_QUESTIONS_A_MINUTE="1") as server:
        answer, refused = completed(talking(server.url))
    assert not answer.is_error
    assert refused.is_error and "you asked 1 question in a minute: ask again in" in refused.content[0].text
