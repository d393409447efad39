"""bot.answer: quotes that know whether they are exact, and the JSON that outside programs read."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

import pytest

from bot.answer import Answer, Finding, Mentions, Quote, Respelling
from index.article import article
from index.catalogue import Coverage
from tests.texts import FAMILY

ARTICLE = article(
    f"The {FAMILY} fled. Nine died.",
    title="Nine died",
    source="Herald",
    url="http://herald.test/1",
    published=date(2018, 11, 25),
)


def test_a_quote_is_a_slice_of_an_article_with_what_the_article_says_about_itself():
    quote = Quote.of(ARTICLE, 4, 14, 1)
    assert quote.text == f"{FAMILY} fled"
    assert (quote.number, quote.article_id, quote.start, quote.end) == (1, ARTICLE.id, 4, 14)
    assert (quote.title, quote.source, quote.url) == ("Nine died", "Herald", "http://herald.test/1")
    assert quote.published == date(2018, 11, 25)
    assert quote.is_exact(ARTICLE)


@pytest.mark.parametrize(
    "change",
    [
        {"text": "nine died."},
        {"text": "Nine died"},
        {"start": 17, "end": 27},
        {"start": 15},
        {"start": -10, "end": 99},
        {"end": 99},
        {"start": 9, "end": 9, "text": ""},
        {"article_id": "another"},
    ],
    ids=str,
)
def test_a_quote_is_not_exact_when_anything_about_it_is_off(change):
    quote = Quote.of(ARTICLE, 16, 26, 1)
    assert quote.text == "Nine died."
    assert quote.is_exact(ARTICLE)
    assert not replace(quote, **change).is_exact(ARTICLE)


def test_the_json_of_an_answer_is_that_of_the_contract():
    quote = Quote.of(ARTICLE, 16, 26, 1)
    answer = Answer(
        question="who died?",
        query="who died in Tazirbu?",
        status="answered",
        text="“Nine died.” [1]",
        answers=(Finding("Nine", (1,), 1),),
        quotes=(quote,),
        near=(),
        searched=Coverage(12, date(2015, 2, 17), None),
        seconds=0.12345,
        apart=(Mentions("Misrata", 3), Mentions("kidnapped", 5)),
        matched=(Respelling("Tazerbo", "Tazirbu"),),
    )
    assert json.loads(json.dumps(answer.as_json())) == {
        "question": "who died?",
        "query": "who died in Tazirbu?",
        "status": "answered",
        "text": "“Nine died.” [1]",
        "answers": [{"text": "Nine", "quotes": [1], "sources": 1, "attributed": ""}],
        "disagree": False,
        "quotes": [
            {
                "number": 1,
                "text": "Nine died.",
                "article_id": ARTICLE.id,
                "start": 16,
                "end": 26,
                "title": "Nine died",
                "source": "Herald",
                "published": "2018-11-25",
                "url": "http://herald.test/1",
            }
        ],
        "near": [],
        "searched": {"articles": 12, "from": "2015-02-17", "to": None},
        "absent": [],
        "apart": [{"text": "Misrata", "articles": 3}, {"text": "kidnapped", "articles": 5}],
        "matched": [{"asked": "Tazerbo", "found": "Tazirbu"}],
        "seconds": 0.123,
    }
