"""bot.members: a list is answered as its members, and a name that has an "and" in it is one."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.members import members, wants_several
from bot.shape import Shape


@pytest.mark.parametrize(
    ("text", "shape", "found"),
    [
        ("Ali Nasr, Omar and Hassan", Shape.WHO, ["Ali Nasr", "Omar", "Hassan"]),
        ("Ali Nasr, a judge, Omar, and Hassan", Shape.WHO, ["Ali Nasr, a judge", "Omar", "Hassan"]),
        ("the head of the council, Colonel Nasr and his brothers", Shape.WHO,
         ["the head of the council, Colonel Nasr", "his brothers"]),
        ("Colonel Nasr, head of the council", Shape.WHO, ["Colonel Nasr, head of the council"]),
        ("Ali, his wife and two guards", Shape.WHO, ["Ali", "his wife", "two guards"]),
        ("Ali and Omar", Shape.WHO, ["Ali", "Omar"]),
        ("policemen and civilians", Shape.WHO, ["policemen and civilians"]),
        ("Tazirbu and Kufra", Shape.WHERE, ["Tazirbu", "Kufra"]),
        ("Sirte, Libya", Shape.WHERE, ["Sirte, Libya"]),
        ("Health and Safety", Shape.WHAT, ["Health and Safety"]),
        ("rifles, fuel or water", Shape.WHAT, ["rifles", "fuel", "water"]),
        ("nine dead and ten hurt, and two more", Shape.HOW_MANY, ["nine dead and ten hurt, and two more"]),
        ("because of dust, heat and rain", Shape.WHY, ["because of dust, heat and rain"]),
        ("and Ali", Shape.WHO, ["and Ali"]),
    ],
)  # fmt: skip
def test_a_list_is_its_members(text, shape, found):
    assert [text[start:end] for start, end in members(text, shape)] == found


def test_where_several_are_asked_for_two_things_are_two():
    assert len(members("fuel and water", Shape.WHAT, several=True)) == 2
    assert len(members("Sirte, Libya", Shape.WHAT, several=True)) == 1
    assert len(members("Rodgers & Hammerstein", Shape.WHO)) == 2


@pytest.mark.parametrize(
    ("question", "several"),
    [
        ("Which two towns were attacked?", True),
        ("What are the main parties?", True),
        ("What 3 sites are there?", True),
        ("Which towns were attacked?", True),
        ("Which town was attacked?", False),
        ("What is the bus?", False),
        ("Two towns burned. Which man fled?", False),
        ("Which European countries signed?", True),
        ("Which court's judge fled?", False),
        ("Which group does she lead?", False),
        ("Which ones are left?", True),
        ("What does the council of the towns want?", False),
        ("Who leads the United States?", False),
    ],
)
def test_some_questions_ask_for_several(question, several):
    assert wants_several(question) is several


@given(st.text(alphabet="aAb ,;\nandor", max_size=60), st.sampled_from(Shape), st.booleans())
def test_members_stand_in_the_text_one_after_the_other(text, shape, several):
    found = members(text, shape, several=several)
    assert found
    assert found[0].start == 0
    assert found[-1].end == len(text)
    assert all(one.end < other.start for one, other in pairwise(found))
