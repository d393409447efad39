"""bot.shape: what kind of answer is asked for."""

from __future__ import annotations

import pytest

from bot.shape import Shape, asking, explained, shape_of, who_did


@pytest.mark.parametrize(
    ("question", "shape"),
    [
        ("who was kidnapped in Tazirbu", Shape.WHO),
        ("By whom were they taken?", Shape.WHO),
        ("Which politician spoke for Nofaliya?", Shape.WHO),
        ("When did it happen?", Shape.WHEN),
        ("In which year was Sirte taken?", Shape.WHEN),
        ("What day was it?", Shape.WHEN),
        ("Where is Kufra?", Shape.WHERE),
        ("About 100 soldiers will travel to which US state to learn how to march?", Shape.WHERE),
        ("how many policemen were killed", Shape.HOW_MANY),
        ("What was the death toll in Tazirbu?", Shape.HOW_MANY),
        ("Since 2016, how much was paid?", Shape.HOW_MANY),
        ("Why did they leave?", Shape.WHY),
        ("What caused the fire?", Shape.WHY),
        ("How did they escape?", Shape.HOW),
        ("What did Nasr say?", Shape.ACCOUNT),
        ("What did the UN mission ask for?", Shape.ACCOUNT),
        ("What happened in Tazirbu?", Shape.ACCOUNT),
        ("What has Nasr done since 2016?", Shape.ACCOUNT),
        ("What were the men doing in Sirte?", Shape.ACCOUNT),
        ("What did the council buy?", Shape.WHAT),
        ("What company did Nasr say he bought?", Shape.WHAT),
        ("What is the proposed price?", Shape.WHAT),
        ("The gate was hit in August. Which gate?", Shape.WHAT),
        ("Did ISIS claim the attack?", Shape.YES_NO),
        ("Wasn't he taken?", Shape.YES_NO),
        ("Is that who was taken?", Shape.YES_NO),
        ("Tell me about Tazirbu", Shape.STATEMENT),
        ("Regarding who was kidnapped in Tazirbu, when was it?", Shape.WHEN),
        ("Besides the colonel, who else was taken?", Shape.WHO),
        ("???", Shape.STATEMENT),
    ],
)
def test_a_question_asks_for_a_kind_of_answer(question, shape):
    assert shape_of(question) is shape


@pytest.mark.parametrize(
    ("question", "who"),
    [
        ("What did the council say about bread?", "the council"),
        ("Rain fell. What has Nasr promised?", "Nasr"),
        ("What did Nasr buy?", ""),
        ("What was said?", ""),
        ("Who said so?", ""),
    ],
)
def test_a_question_may_ask_what_somebody_said(question, who):
    assert who_did(question) == who


@pytest.mark.parametrize(
    ("question", "name"),
    [
        ("Who is Nasr?", "Nasr"),
        ("what was Operation Dignity", "Operation Dignity"),
        ("He spoke to the UN. What is the UN?", "UN"),
        ("Who's al-Mismari?", "al-Mismari"),
        ("Who is the mayor of Tazirbu?", None),
        ("Who is Nasr's brother?", None),
        ("Who is Nasr and where does he live?", None),
        ("What did Nasr say?", None),
    ],
)
def test_a_question_may_ask_what_a_name_is(question, name):
    assert explained(question) == name


def test_the_last_sentence_asks():
    assert asking("The gate was hit this week. When was it built?") == "When was it built"
    assert asking("When was it built?") == "When was it built"
