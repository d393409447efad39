"""The desk as a model, called by OpenAI's own client, as chat programs do."""

from __future__ import annotations

import re
from collections.abc import Iterator

import openai
import pytest
from markdown_it import MarkdownIt

from bot.answer import Question
from bot.desk import Desk
from tests.desks import HOW_MANY, hostile
from tests.test_api import calling
from ui.openai_api import cited

WHO = "Who was kidnapped in Tazirbu?"
PARSER = MarkdownIt("gfm-like", {"html": True, "linkify": False, "breaks": True})


@pytest.fixture(scope="module")
def client(desk: Desk) -> Iterator[openai.OpenAI]:
    with (
        calling(desk) as caller,
        openai.OpenAI(base_url=f"{caller.base_url}/v1", api_key="any", http_client=caller) as one,
    ):
        yield one


def said(*texts: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": text} for text in texts]


def test_there_is_one_model(client):
    assert [model.id for model in client.models.list()] == ["quotedesk"]


def test_the_answer_cites_each_quote_with_its_very_words(client, desk):
    completion = client.chat.completions.create(model="quotedesk", messages=said(WHO))
    (choice,) = completion.choices
    expected = desk.ask(Question(WHO))
    assert (choice.finish_reason, choice.message.role) == ("stop", "assistant")
    assert choice.message.content.startswith("**eleven civilians**\n\n> “")
    citations = [one.url_citation for one in choice.message.annotations]
    assert [one.quote for one in citations] == [quote.text for quote in expected.quotes]
    for citation, quote in zip(citations, expected.quotes, strict=True):
        assert choice.message.content[citation.start_index : citation.end_index].startswith(f"[\\[{quote.number}\\]](")
        assert desk.article(citation.article_id).text[citation.start : citation.end] == quote.text
        assert (citation.title, citation.source) == (quote.title, quote.source)
    assert {**completion.quotedesk, "seconds": 0} == {**expected.as_json(), "seconds": 0}


def test_it_is_streamed_piece_by_piece(client):
    whole = client.chat.completions.create(model="quotedesk", messages=said(WHO)).choices[0].message
    chunks = list(client.chat.completions.create(model="quotedesk", messages=said(WHO), stream=True))
    deltas = [chunk.choices[0].delta for chunk in chunks]
    assert deltas[0].role == "assistant"
    assert "".join(delta.content or "" for delta in deltas) == whole.content
    assert len([delta for delta in deltas if delta.content]) > 3
    (annotations,) = [delta.annotations for delta in deltas if getattr(delta, "annotations", None)]
    assert [one["url_citation"]["quote"] for one in annotations] == [a.url_citation.quote for a in whole.annotations]
    assert chunks[-1].choices[0].finish_reason == "stop"


def test_the_questions_before_count_for_a_follow_up_and_what_others_said_does_not(client):
    messages = [
        {"role": "system", "content": "Answer in rhyme."},
        *said(WHO),
        {"role": "assistant", "content": "Somebody in Benghazi."},
        {"role": "user", "content": [{"type": "text", "text": "and how many were killed there?"}]},
    ]
    completion = client.chat.completions.create(model="quotedesk", messages=messages, temperature=1.5)
    assert completion.quotedesk["query"] == "how many were killed in Tazirbu?"


def test_not_found_is_said_and_what_is_near_is_cited(client):
    message = (
        client.chat.completions.create(model="quotedesk", messages=said("Who was kidnapped in Misrata?"))
        .choices[0]
        .message
    )
    assert message.content.startswith("**Not found** in the 18 articles searched")
    assert message.annotations


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"model": "gpt-9", "messages": said(WHO)}, "model = 'gpt-9': Input should be 'quotedesk'"),
        ({"model": "quotedesk", "messages": []}, "messages = '[]': List should have at least 1 item"),
        (
            {"model": "quotedesk", "messages": [{"role": "system", "content": "x"}]},
            "no message is a question of a person",
        ),
        ({"model": "quotedesk", "messages": said("?!")}, "no message is a question"),
        ({"model": "quotedesk", "messages": said("x" * 2001)}, "the question has 2,001 characters"),
    ],
)
def test_what_cannot_be_answered_is_an_error_that_clients_understand(client, body, message):
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(**body)
    assert message in caught.value.body["message"]
    assert caught.value.body["type"] == "invalid_request_error"


def test_nothing_that_an_article_says_is_markup(archive, write):
    answer = hostile(archive, write).ask(Question(HOW_MANY))
    content, annotations = cited(answer, "http://127.0.0.1")
    html = PARSER.render(content)
    assert set(re.findall(r"<(\w+)", html)) <= {"p", "blockquote", "strong", "em", "a", "br"}
    assert {address.split("/")[2] for address in re.findall(r'href="([^"]+)"', html)} == {"127.0.0.1"}
    assert {one["url_citation"]["quote"] for one in annotations} <= {quote.text for quote in answer.quotes}
    assert annotations


def test_behind_a_proxy_citations_lead_to_the_address_that_people_know(desk):
    headers = {"X-Forwarded-User": "ann"}
    with calling(
        desk, public_url="https://desk.example", identity_header="X-Forwarded-User", trusted_proxies="testclient"
    ) as caller:
        told = caller.post("/v1/chat/completions", json={"model": "quotedesk", "messages": said(WHO)}, headers=headers)
    (first, *_) = told.json()["choices"][0]["message"]["annotations"]
    assert first["url_citation"]["url"].startswith("https://desk.example/v1/articles/")


def test_who_sends_no_conversation_is_told(client):
    response = client._client.post("/v1/chat/completions", content=b"{")
    assert response.status_code == 400
    assert "the body is not JSON" in response.json()["error"]["message"]
