"""bot.dates: which days words speak of, seen from the day they were written or asked on."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.dates import Period, asked_for, expressions, period

WRITTEN = date(2018, 11, 28)  # a Wednesday


def days(start: str | None, end: str | None = "") -> Period:
    last = start if end == "" else end
    return Period(date.fromisoformat(start) if start else None, date.fromisoformat(last) if last else None)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("on Tuesday", days("2018-11-27")),
        ("on Wednesday", days("2018-11-28")),
        ("last Thursday", days("2018-11-22")),
        ("yesterday", days("2018-11-27")),
        ("two days ago", days("2018-11-26")),
        ("last week", days("2018-11-19", "2018-11-25")),
        ("this week", days("2018-11-22", "2018-12-02")),
        ("last weekend", days("2018-11-24", "2018-11-25")),
        ("last month", days("2018-10-01", "2018-10-31")),
        ("in August", days("2018-08-01", "2018-08-31")),
        ("late August", days("2018-08-21", "2018-08-31")),
        ("early August", days("2018-08-01", "2018-08-11")),
        ("mid-August", days("2018-08-11", "2018-08-21")),
        ("in December", days("2017-12-01", "2017-12-31")),
        ("on 25 November", days("2018-11-25")),
        ("November 25th", days("2018-11-25")),
        ("Sunday, 25 November 2018", days("2018-11-25")),
        ("2018-11-25", days("2018-11-25")),
        ("in November 2016", days("2016-11-01", "2016-11-30")),
        ("in 2016", days("2016-01-01", "2016-12-31")),
        ("late 2016", days("2016-09-01", "2016-12-31")),
        ("last year", days("2017-01-01", "2017-12-31")),
    ],
)
def test_an_expression_means_the_days_that_a_reader_of_that_day_takes_it_for(text, said):
    (place,) = expressions(text)
    assert period(text[place.start : place.end], WRITTEN) == said


@pytest.mark.parametrize("text", ["it may rain", "they march on", "nine men", "in 1,400 places", "the sun", "2018-99"])
def test_words_that_only_look_like_dates_are_none(text):
    assert [period(text[e.start : e.end], WRITTEN) for e in expressions(text)] in (
        [],
        [days("2018-01-01", "2018-12-31")],
    )
    assert not list(expressions("it may rain, the sun sat and they march"))


def test_without_a_day_only_what_names_its_year_means_anything():
    assert period("Tuesday", None) is None
    assert period("25 November", None) is None
    assert period("25 November 2018", None) == days("2018-11-25")
    assert period("2018-11-25", None) == days("2018-11-25")
    assert period("2016", None) == days("2016-01-01", "2016-12-31")


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("What happened in November 2018?", days("2018-11-01", "2018-11-30")),
        ("Who was kidnapped since 2016?", days("2016-01-01", None)),
        ("What changed after 25 November?", days("2018-11-26", None)),
        ("Who ruled before 2015?", days(None, "2014-12-31")),
        ("What happened between May and July 2018?", days("2018-05-01", "2018-07-31")),
        ("What happened between May and July 2016?", days("2016-05-01", "2016-07-31")),
        ("What happened from 3 May 2018 to 5 May 2018?", days("2018-05-03", "2018-05-05")),
        ("Who won this week?", days("2018-11-22", "2018-12-02")),
        ("Who was kidnapped in Tazirbu?", None),
        ("May I ask who may come?", None),
        ("Who won the 2018 World Cup?", None),
        ("Which hit song from 1973 was copied?", None),
        ("In late August, what was hit?", days("2018-08-21", "2018-08-31")),
        ("What was hit two weeks ago?", days("2018-11-14")),
    ],
)
def test_a_question_may_say_which_days_it_is_about(question, said):
    assert asked_for(question, WRITTEN)[0] == said


@pytest.mark.parametrize(
    ("question", "rest"),
    [
        ("Who was kidnapped in Tazirbu in November 2018?", "Who was kidnapped in Tazirbu?"),
        ("In late August, what was hit?", "what was hit?"),
        ("What was hit between May and July 2018?", "What was hit?"),
        ("Who was taken since 2016 in Sirte?", "Who was taken in Sirte?"),
        ("Who won this week?", "Who won?"),
        ("Who won the 2018 World Cup?", "Who won the 2018 World Cup?"),
        ("Who won in the 2018 World Cup?", "Who won in the 2018 World Cup?"),
        ("What was hit in the last week of August 2018?", "What was hit?"),
    ],
)
def test_what_says_the_days_can_be_left_out(question, rest):
    assert asked_for(question, WRITTEN)[1] == rest


def test_periods_meet_where_they_share_a_day():
    november = days("2018-11-01", "2018-11-30")
    assert november.holds(date(2018, 11, 30))
    assert not november.holds(date(2018, 12, 1))
    assert november.meets(days("2018-11-30", None))
    assert not november.meets(days("2018-12-01", None))
    assert days(None, None).meets(november)


@given(st.text(max_size=80), st.dates(date(1990, 1, 1), date(2100, 1, 1)))
def test_no_text_breaks_it_and_every_period_runs_forward(text, day):
    for place in expressions(text):
        said = period(text[place.start : place.end], day)
        assert said is None or (said.start <= said.end)
    asked_for(text, day)
