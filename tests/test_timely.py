"""bot.timely: a question about some days is answered from those days."""

from __future__ import annotations

from datetime import date

import pytest

from bot.dates import Period
from bot.timely import ELSEWHEN, Timely, by_event, is_loose, relative, tells_of, wants_latest
from index.article import article
from index.passages import Span

NOVEMBER = Period(date(2018, 11, 1), date(2018, 11, 30))
TODAY = date(2019, 6, 1)


def lost(text: str, published: date | None, told: Timely) -> float | None:
    """What an answer loses by standing in `text`."""
    return told(article(text, published=published), Span(0, len(text)))


@pytest.mark.parametrize(
    ("text", "published", "about", "is_read"),
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
    ],
)
def test_what_an_article_tells_of_other_days_is_not_read(text, published, about, is_read):
    assert lost(text, published, Timely(about, TODAY)) == (0.0 if is_read else None)


def test_a_question_tells_of_no_days():
    assert lost("Who died in November 2018?", None, Timely(NOVEMBER, TODAY)) is None


def test_each_sentence_is_of_its_own_days():
    told = Timely(NOVEMBER, TODAY)
    one = article("Nine died in 2014. Ten died on Sunday.", published=date(2018, 11, 28))
    assert [told(one, Span(*place)) for place in ((0, 18), (19, 38))] == [None, 0.0]


def test_of_days_to_come_articles_tell_long_before():
    opening = Timely(Period(date(2020, 1, 1), date(2020, 12, 31)), TODAY)
    assert lost("Nine parks will open.", date(2019, 3, 1), opening) == 0.0
    assert lost("Nine parks opened.", date(2018, 10, 20), Timely(NOVEMBER, TODAY)) is None


@pytest.mark.parametrize(
    ("text", "day", "loss"),
    [("Nine, held since 2014, are free.", 28, ELSEWHEN), ("Ten are free.", 27, 0.0), ("Six fled.", 2, None)],
)
def test_asked_for_the_news_of_this_week_another_day_in_the_sentence_counts_a_little_against_it(text, day, loss):
    week = Period(date(2018, 11, 22), date(2018, 11, 28))
    assert lost(text, date(2018, 11, day), Timely(week, date(2018, 11, 28), loose=True)) == loss


def test_what_tells_of_another_event_is_not_read_whatever_its_days():
    told = Timely(NOVEMBER, TODAY, is_other=lambda sentence: "Tazirbu" in sentence)
    assert lost("Nine died in Tazirbu in November 2018.", None, told) is None
    assert lost("Nine died in Sirte in November 2018.", None, told) == 0.0


@pytest.mark.parametrize(
    ("question", "loose"),
    [("Who was freed this week?", True), ("Who was freed last month?", True), ("Who was freed in May 2018?", False)],
)
def test_of_this_week_one_speaks_loosely(question, loose):
    assert is_loose(question) is loose


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("Who was mayor before the attack on Tazirbu?", ("before", "the attack on Tazirbu", "Who was mayor?")),
        ("After the 2018 election, who resigned?", ("after", "the 2018 election", "who resigned?")),
        ("What did he say following his release?", ("following", "his release", "What did he say?")),
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


@pytest.mark.parametrize(
    ("sentence", "is_of_it"),
    [
        ("ISIS attacked Tazirbu.", True),
        ("Men struck the police station in Tazerbo.", True),
        ("Before the attack on Tazirbu, ISIS hit Fuqaha.", False),
        ("ISIS attacked Fuqaha.", False),
    ],
)
def test_what_tells_of_an_event_is_not_from_before_it(sentence, is_of_it):
    said = by_event("What did ISIS attack before the attack on Tazirbu?")
    words = {"the": ["the"], "attack": ["attack"], "on": ["on"], "tazirbu": ["tazirbu", "tazerbo"]}
    assert tells_of(said, words, is_name={"tazirbu"}.__contains__)(sentence) is is_of_it
    after = by_event("What did ISIS attack after the attack on Tazirbu?")
    assert not tells_of(after, words, is_name={"tazirbu"}.__contains__)(sentence)


def test_an_event_without_a_name_of_its_own_is_known_by_its_words():
    said = by_event("Who led Tazirbu before the attack on Tazirbu?")
    tells = tells_of(said, {"attack": ["attack", "raid"], "tazirbu": ["tazirbu"]}, is_name={"tazirbu"}.__contains__)
    assert tells("The raid on Tazirbu lasted an hour.")
    assert not tells("Ali led Tazirbu.")


def test_a_question_may_want_the_latest():
    assert wants_latest("What is the latest from Sirte?")
    assert wants_latest("Who currently commands the district?")
    assert not wants_latest("Who was late?")
