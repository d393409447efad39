"""bot.numbers: how many is meant, however it is written, and when two numbers may be one."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.numbers import agree, amount, is_count, is_measured, meet, same_unit


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("nine", 9, 9),
        ("Nine policemen", 9, 9),
        ("twenty-one civilians", 21, 21),
        ("one person", 1, 1),
        ("1,400", 1400, 1400),
        ("4.5 per cent", 4.5, 4.5),
        ("$1.2 million", 1_200_000, 1_200_000),
        ("5.3m", 5_300_000, 5_300_000),
        ("two million", 2_000_000, 2_000_000),
        ("half a million", 500_000, 500_000),
        ("a hundred", 100, 100),
        ("a dozen men", 12, 12),
        ("about 400", 360, 440),
        ("some 200 people", 180, 220),
        ("at least nine", 9, math.inf),
        ("more than four hundred", 400, math.inf),
        ("fewer than 50", 0, 50),
        ("three to five", 3, 5),
        ("between 1,000 and 2,000 soldiers", 1000, 2000),
        ("dozens of gunmen and nine dead", 9, 9),
    ],
)
def test_a_number_is_read_however_it_is_written(text, low, high):
    found = amount(text)
    assert (found.low, found.high) == (pytest.approx(low), pytest.approx(high))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "dozens",
        "eight of the ten",
        "hundreds of people",
        "no one",
        "one of the men",
        "many",
        "version 1.2.3",
        "2-1",
    ],
)
def test_what_is_no_number_is_none(text):
    assert amount(text) is None


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("nine", "9", True),
        ("nine", "eight", False),
        ("1,400", "1400", True),
        ("about 400", "410", True),
        ("about 400", "nearly 380", True),
        ("about 400", "500", False),
        ("at least nine", "nine", True),
        ("at least nine", "eleven", False),
        ("three to five", "four", True),
    ],
)
def test_numbers_agree_as_numbers(one, other, same):
    assert agree(amount(one), amount(other)) is same
    assert agree(amount(other), amount(one)) is same


def test_more_than_a_number_does_not_exclude_a_larger_one():
    assert meet(amount("at least nine"), amount("eleven"))
    assert not meet(amount("at least nine"), amount("eight"))


def test_numbers_of_different_things_are_told_apart():
    assert same_unit(amount("nine policemen"), amount("eight policemen"))
    assert same_unit(amount("nine"), amount("eight policemen"))
    assert not same_unit(amount("nine policemen"), amount("eleven civilians"))


@given(st.text(max_size=60))
def test_no_text_breaks_it(text):
    found = amount(text)
    assert found is None or found.low <= found.high


@given(st.integers(0, 10**9))
def test_digits_mean_themselves_with_or_without_commas(number):
    assert amount(str(number)).low == amount(f"{number:,}").low == number


def test_counting_is_told_from_measuring():
    assert is_measured("over 400 kilometers away")
    assert is_measured("nine percent of them")
    assert not is_measured("nine policemen were killed 400 kilometers away")
    assert is_count("How many people fled?")
    assert not is_count("How many miles did they walk?")
    assert not is_count("How long did it last?")
