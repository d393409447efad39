"""bot.timely: a question about some days is answered from those days."""

from __future__ import annotations

from datetime import date

import pytest

from bot.dates import Period
from bot.reader import AnswerSpan, Findings
from bot.timely import ELSEWHEN, by_event, is_loose, relative, timely, wants_latest
from index.article import article
from index.passages import Span
from tests.test_compose import Saying

NOVEMBER = Period(date(2018, 11, 1), date(2018, 11, 30))
TODAY = date(2019, 6, 1)


def kept(text: str, published: date | None, about: Period | None) -> bool:
    one = article(text, published=published)
    span = AnswerSpan(one, 0, 4, Span(0, len(text)), 1.0, Saying(1))
    findings = timely(Findings((span,), 0.9, 0.5), about, TODAY)
    assert findings.spans == (span,)
    return findings.answerable == 0.9


@pytest.mark.parametrize(
    ("text", "published", "about", "is_kept"),
    [
        ("Nine died on Sunday.", date(2018, 11, 28), NOVEMBER, True),
        ("Nine died on 23 August.", date(2018, 11, 28), NOVEMBER, False),
        ("Nine died on 23 August 2018.", None, NOVEMBER, False),
        ("Nine died.", date(2018, 11, 28), NOVEMBER, True),
        ("Nine died.", date(2018, 12, 15), NOVEMBER, True),
        ("Nine died.", date(2019, 3, 1), NOVEMBER, False),
        ("Nine will run.", date(2018, 10, 31), NOVEMBER, True),
        ("Nine died.", date(2018, 10, 20), NOVEMBER, False),
        ("Nine died.", None, NOVEMBER, True),
        ("Nine died in November 2018.", date(2020, 1, 1), NOVEMBER, True),
        ("Nine died in 2016.", date(2018, 11, 28), Period(date(2017, 1, 1), None), False),
        ("Nine died.", date(2018, 11, 28), Period(date(2017, 1, 1), None), True),
        ("Nine died in 2014.", date(2018, 11, 28), Period(None, date(2015, 12, 31)), True),
        ("Nine died.", date(2018, 11, 28), None, True),
    ],
)
def test_what_an_article_tells_of_other_days_is_set_aside(text, published, about, is_kept):
    assert kept(text, published, about) is is_kept


def test_what_is_left_answers_as_likely_as_before():
    old, new = (article(text, published=date(2018, 11, 28)) for text in ("Nine died in 2014.", "Ten died on Sunday."))
    spans = tuple(AnswerSpan(one, 0, 3, Span(0, len(one.text)), 1.0, Saying(1)) for one in (old, new))
    findings = timely(Findings(spans, 0.9, 0.5), NOVEMBER, TODAY)
    assert (findings.spans, findings.answerable) == (spans[1:], 0.9)


def test_of_days_to_come_articles_tell_long_before():
    opening = Period(date(2020, 1, 1), date(2020, 12, 31))
    assert kept("Nine parks will open.", date(2019, 3, 1), opening)
    assert not kept("Nine parks opened.", date(2018, 10, 20), NOVEMBER)


def test_asked_for_the_news_of_this_week_another_day_in_the_sentence_counts_a_little_against_it():
    told = (("Nine, held since 2014, are free.", 28), ("Ten are free.", 27), ("Six fled.", 2))
    spans = []
    for place, (text, day) in enumerate(told):
        one = article(text, published=date(2018, 11, day))
        spans.append(AnswerSpan(one, 0, 3, Span(0, len(text)), 1.0 - place / 10, Saying(place)))
    week = Period(date(2018, 11, 22), date(2018, 11, 28))
    findings = timely(Findings(tuple(spans), 0.9, 0.5), week, date(2018, 11, 28), loose=True)
    assert [(span.text, span.score) for span in findings.spans] == [("Ten", 0.9), ("Nin", 1.0 - ELSEWHEN)]


@pytest.mark.parametrize(
    ("question", "loose"),
    [("Who was freed this week?", True), ("Who was freed last month?", True), ("Who was freed in May 2018?", False)],
)
def test_of_this_week_one_speaks_loosely(question, loose):
    assert is_loose(question) is loose


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("Who was mayor before the attack on Tazirbu?", ("before", "the attack on Tazirbu")),
        ("After the 2018 election, who resigned?", ("after", "the 2018 election")),
        ("What did he say following his release from prison?", ("following", "his release from prison")),
        ("Who testified before the committee?", None),
        ("Who was kidnapped after the man left?", None),
        ("What happened in the attack on Tazirbu?", None),
        ("Who died since 2016?", None),
    ],
)
def test_a_question_may_say_its_days_by_an_event(question, said):
    assert by_event(question) == said


@pytest.mark.parametrize(
    ("when", "days"),
    [
        ("before", Period(None, date(2018, 11, 22))),
        ("until", Period(None, date(2018, 11, 22))),
        ("since", Period(date(2018, 11, 23), None)),
        ("after", Period(date(2018, 11, 26), None)),
        ("following", Period(date(2018, 11, 26), None)),
        ("during", Period(date(2018, 11, 23), date(2018, 11, 25))),
    ],
)
def test_days_are_seen_from_an_event_s(when, days):
    assert relative(when, Period(date(2018, 11, 23), date(2018, 11, 25))) == days


def test_a_question_may_want_the_latest():
    assert wants_latest("What is the latest from Sirte?")
    assert wants_latest("Who currently commands the district?")
    assert not wants_latest("Who was late?")
