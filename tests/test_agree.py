"""bot.agree: two answers are one, or exclude each other, by what they mean and not by how they are written."""

from __future__ import annotations

from datetime import date

import pytest

from bot.agree import said
from bot.shape import Shape

WRITTEN = date(2018, 11, 28)  # a Wednesday


def both(one: str, other: str, shape: Shape) -> tuple[bool, bool]:
    first, second = said(one, WRITTEN, shape), said(other, WRITTEN, shape)
    assert (first.same(second), first.excludes(second)) == (second.same(first), second.excludes(first))
    return first.same(second), first.excludes(second)


@pytest.mark.parametrize(
    ("one", "other", "is_same", "excludes"),
    [
        ("nine", "9", True, False),
        ("nine policemen", "eight policemen", False, True),
        ("nine policemen", "eleven civilians", False, False),
        ("at least nine", "eleven", False, False),
        ("about 400", "410", True, False),
        ("dozens", "nine", False, False),
        ("1,400", "1400 people", True, False),
    ],
)
def test_numbers(one, other, is_same, excludes):
    assert both(one, other, Shape.HOW_MANY) == (is_same, excludes)


@pytest.mark.parametrize(
    ("one", "other", "is_same", "excludes"),
    [
        ("on Sunday", "25 November", True, False),
        ("in November 2018", "25 November", True, False),
        ("on Sunday", "on Friday", False, True),
        ("2016", "November 2018", False, True),
        ("2016", "on Sunday", False, False),
        ("at dawn", "on Sunday", False, False),
    ],
)
def test_times(one, other, is_same, excludes):
    assert both(one, other, Shape.WHEN) == (is_same, excludes)


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("Colonel Abdul Hamid al-Snoussi", "al-Senussi", True),
        ("the Islamic State", "Islamic State", True),
        ("Tazirbu", "Tazerbo", True),
        ("President Macron", "Emmanuel Macron", True),
        ("Nine policemen", "the policemen", True),
        ("Benghazi", "Tripoli", False),
        ("Ibrahim Nasr", "Ibrahim Ali", False),
    ],
)
def test_names_and_other_words(one, other, is_same):
    assert both(one, other, Shape.WHO) == (is_same, False)


def test_days_are_those_of_the_article_that_says_them():
    early, late = said("on Sunday", date(2018, 11, 20), Shape.WHEN), said("on Sunday", WRITTEN, Shape.WHEN)
    assert early.excludes(late)
    assert not said("on Sunday", None, Shape.WHEN).excludes(late)
