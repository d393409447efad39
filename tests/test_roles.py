"""bot.roles: who did it, and to whom it was done."""

from __future__ import annotations

import pytest

from bot.roles import Asked, Role, asked, role, whole_object
from index.lexical import terms
from index.passages import Span

AGENT, PATIENT = Role.AGENT, Role.PATIENT


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("Who was kidnapped in Tazirbu?", Asked(PATIENT, "kidnap")),
        ("How many policemen were killed?", Asked(PATIENT, "kill")),
        ("How many were killed in Tazirbu?", Asked(PATIENT, "kill")),
        ("Which party leader has been arrested?", Asked(PATIENT, "arrest")),
        ("Who was shot?", Asked(PATIENT, "shot")),
        ("Who kidnapped the colonel?", Asked(AGENT, "kidnap")),
        ("Which group claimed the attack?", Asked(AGENT, "claim")),
        ("How many people died?", Asked(AGENT, "die")),
        ("Who did ISIS kidnap in Tazirbu?", Asked(PATIENT, "kidnap")),
        ("Whom did the army of Libya arrest?", Asked(PATIENT, "arrest")),
        ("Who is the mayor of Sirte?", None),
        ("Where was he taken?", None),
        ("Who was it killed by?", None),
    ],
)
def test_a_question_s_words_tell_which_is_asked_for(question, wanted):
    assert asked(question) == wanted


@pytest.mark.parametrize(
    ("sentence", "words", "its"),
    [
        ("Eleven civilians were kidnapped when ISIS militants struck.", "Eleven civilians", PATIENT),
        ("Eleven civilians were kidnapped when ISIS militants struck.", "ISIS militants", AGENT),
        ("The attackers also abducted 11 people.", "The attackers", AGENT),
        ("The attackers also abducted 11 people.", "11 people", PATIENT),
        ("Snoussi, who heads the police, was abducted with his brothers by gunmen.", "Snoussi", PATIENT),
        ("Snoussi, who heads the police, was abducted with his brothers by gunmen.", "his brothers", PATIENT),
        ("Snoussi, who heads the police, was abducted with his brothers by gunmen.", "gunmen", AGENT),
        ("Nine policemen died and eleven civilians were kidnapped.", "Nine policemen", None),
        ("Gunmen abducted the mayor, Omar Said, and his brothers.", "his brothers", PATIENT),
        ("Gunmen abducted the mayor and killed his brothers.", "his brothers", None),
        ("He told of the kidnapping of the mayor.", "the mayor", PATIENT),
        ("People abducted in Sirte were freed.", "People", None),
        ("Bread is dear in Misrata.", "Bread", None),
    ],
)
def test_what_stands_where_around_a_verb_did_or_suffered_it(sentence, words, its):
    start = sentence.index(words)
    verbs = set(terms("kidnap abduct"))
    assert role(sentence, Span(start, start + len(words)), verbs.__contains__) is its


@pytest.mark.parametrize(
    ("sentence", "words", "whole"),
    [
        (
            "Gunmen abducted the mayor, Omar Said, and his brothers.",
            "brothers",
            "the mayor, Omar Said, and his brothers",
        ),
        ("Gunmen abducted Omar Said.", "Said", "Said"),
        ("Gunmen abducted the mayor and killed his brothers.", "his brothers", "his brothers"),
        ("The mayor was abducted with his brothers.", "his brothers", "his brothers"),
    ],
)
def test_of_several_that_it_was_done_to_all_are_given(sentence, words, whole):
    start = sentence.index(words)
    found = whole_object(sentence, Span(start, start + len(words)), set(terms("kidnap abduct")).__contains__)
    assert sentence[found.start : found.end] == whole
