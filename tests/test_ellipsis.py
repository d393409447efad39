"""bot.ellipsis: "when was it?" asks about what the question before took for granted."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.ellipsis import asked_again
from bot.followup import Turn, leans, stand_alone


@pytest.mark.parametrize(
    ("before", "text", "query"),
    [
        ("Who was kidnapped in Tazirbu?", "when was it?", "when was someone kidnapped in Tazirbu?"),
        ("Who was kidnapped in Tazirbu?", "Who did it?", "who kidnapped someone in Tazirbu?"),
        ("How many were killed in Tazirbu?", "and where?", None),
        ("How many were killed in Tazirbu?", "why?", "why were people killed in Tazirbu?"),
        ("How many people have been freed?", "When did it happen?", "When have people been freed?"),
        ("How many people have been killed in Sirte?", "who was behind it", "who killed people in Sirte?"),
        ("Which towns were attacked in 2016?", "how?", "how were towns attacked in 2016?"),
        ("Which two NGOs launched a joint mission?", "Why?", "Why was it that two NGOs launched a joint mission?"),
        ("Who attacked the gate?", "when was that?", "when was it that someone attacked the gate?"),
        ("What happened at the gate?", "in which year?", "in which year was it that something happened at the gate?"),
        ("What did Nasr say?", "where?", "where did Nasr say?"),
        ("Who did ISIS kidnap?", "when did they do it?", "when did ISIS kidnap someone?"),
        ("How many people did ISIS kidnap?", "where was this?", "where did ISIS kidnap people?"),
        ("When did the army attack Sirte?", "why did it do that?", "why did the army attack Sirte?"),
        ("Did ISIS claim the attack?", "When?", "When did ISIS claim the attack?"),
        ("Where are Open Arms from?", "why did they do it?", None),
        ("Who is Ibrahim Nasr?", "why?", None),
        ("Who was the mayor of Sirte?", "when?", None),
        ("Who attacked the gate?", "who did it?", None),
        ("Who was kidnapped in Tazirbu?", "when was Sirte taken?", None),
        ("Who was kidnapped in Tazirbu?", "when was he born?", None),
        ("Tell me about Tazirbu", "when was it?", None),
    ],
)  # fmt: skip
def test_the_question_before_is_asked_again_with_the_new_question_word(before, text, query):
    assert asked_again(text, before) == query


@pytest.mark.parametrize(
    "text",
    ["Who says so?", "says who", "And who said that?", "according to whom?", "How do you know?", "What is the source?"],
)
def test_who_says_so_asks_the_same_once_more(text):
    before = Turn("Who was kidnapped in Tazirbu?", ("Ali",))
    assert leans(text)
    assert stand_alone(text, [before]) == "who was kidnapped in Tazirbu?"


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_words_are_a_question_or_none(text, before):
    query = asked_again(text, before)
    assert query is None or query.endswith("?")
