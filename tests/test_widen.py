"""bot.widen: the answer is what a person would say, in the sentence's own words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.shape import Shape
from bot.widen import attribution, widened
from index.lexical import terms
from index.passages import Span


def grown(sentence: str, words: str, shape: Shape) -> str:
    start = sentence.index(words)
    span = widened(sentence, Span(start, start + len(words)), shape)
    return sentence[span.start : span.end]


SNOUSSI = (
    "They took Colonel Abdul Hamid al-Snoussi, head of the Tazirbu Security Directorate, and his brothers from home."
)


@pytest.mark.parametrize(
    ("sentence", "words", "shape", "answer"),
    [
        (SNOUSSI, "al-Snoussi", Shape.WHO, "Colonel Abdul Hamid al-Snoussi, head of the Tazirbu Security Directorate"),
        (SNOUSSI, "Hamid al-Snoussi, head of the Tazirbu Security Directorate, and his", Shape.WHO,
         "Colonel Abdul Hamid al-Snoussi, head of the Tazirbu Security Directorate"),
        ("Ten were hurt near Nasr, the service noted.", "Nasr", Shape.WHO, "Nasr"),
        ("They met Nasr, a mayor.", "Nasr, a mayor.", Shape.WHO, "Nasr, a mayor"),
        ("He works for Acme Inc.", "Acme Inc.", Shape.WHAT, "Acme Inc."),
        ("Then Nasr, who was tired, spoke.", "Nasr", Shape.WHO, "Nasr"),
        ("Ahmed Nasr, and his men, fled.", "Nasr, and his", Shape.WHO, "Ahmed Nasr"),
        ("Nobody knows Nasr's Tazirbu home.", "Nasr", Shape.WHO, "Nasr"),
        ("Then came Nasr of Sirte and Senussi.", "Nasr", Shape.WHO, "Nasr"),
        ("Then came the University of Tazirbu's Sirte branch.", "University of Tazirbu", Shape.WHAT,
         "University of Tazirbu"),
        ("It was in Ras Lanuf that it burned.", "Lanuf", Shape.WHERE, "Ras Lanuf"),
        ("They met in the city of Sirte.", "Sirte", Shape.WHERE, "Sirte"),
        ("About 400 people fled.", "400", Shape.HOW_MANY, "About 400"),
        ("At least nine policemen died.", "nine policemen", Shape.HOW_MANY, "At least nine policemen"),
        ("Nine died and ten fled.", "Nine", Shape.HOW_MANY, "Nine"),
        ("Nine were killed and ten were hurt.", "Nine were killed and ten", Shape.HOW_MANY, "ten"),
        ("It began on 25 November 2018 at dawn.", "November", Shape.WHEN, "25 November 2018"),
        ("It began in late August.", "August", Shape.WHEN, "late August"),
        ("They left because the road, and", "because the road, and", Shape.WHY, "because the road"),
    ],
)  # fmt: skip
def test_the_answer_is_what_a_person_would_say(sentence, words, shape, answer):
    assert grown(sentence, words, shape) == answer


@pytest.mark.parametrize(("verb", "number"), [("killed", "nine people"), ("hurt", "ten")])
def test_of_two_numbers_that_of_the_question_s_verb_is_meant(verb, number):
    sentence = "On Sunday nine people were killed and ten were hurt."
    both = Span(sentence.index("nine"), sentence.index(" were hurt"))
    start, end = widened(sentence, both, Shape.HOW_MANY, {*terms(f"how many were {verb}"), "die"})
    assert sentence[start:end] == number


def test_what_the_question_says_of_a_person_is_not_said_again():
    start = SNOUSSI.index("Colonel")
    name = Span(start, start + len("Colonel Abdul Hamid al-Snoussi"))
    asked = set(terms("who is head of the Tazirbu security directorate"))
    assert widened(SNOUSSI, name, Shape.WHO, asked) == name
    assert widened(SNOUSSI, name, Shape.WHO, asked - set(terms("Tazirbu"))).end > name.end


@pytest.mark.parametrize(
    ("sentence", "words", "who"),
    [
        ("Nine policemen were killed, police said.", "Nine policemen", "police said"),
        ("Eleven were taken, according to the council's deputy.", "Eleven", "according to the council's deputy"),
        ("The army claimed that forty militants died.", "forty militants", "The army claimed"),
        ("The mayor denied paying a ransom.", "a ransom", "The mayor denied"),
        ("Nine policemen were killed.", "Nine policemen", ""),
        ("Nasr, of the House, has confirmed that ISIS is active.", "ISIS", ""),
        ("Ibrahim Nasr said that the gate was hit.", "Ibrahim Nasr", ""),
        ("The head of the council, Omar, also reported that Nasr was taken.", "Nasr", ""),
        ("It is over, according to Nasr, a judge.", "a judge", ""),
        ("According to Nasr, nine died.", "nine", "According to Nasr"),
    ],
)
def test_who_is_said_to_have_said_it(sentence, words, who):
    start = sentence.index(words)
    assert attribution(sentence, Span(start, start + len(words))) == who


@given(st.text(max_size=80), st.data(), st.sampled_from(Shape))
def test_it_stays_inside_the_sentence(sentence, data, shape):
    start, end = sorted(data.draw(st.tuples(*[st.integers(0, len(sentence))] * 2)))
    span = widened(sentence, Span(start, end), shape)
    assert 0 <= span.start <= span.end <= len(sentence)
    assert attribution(sentence, span) in sentence


def test_an_attack_that_is_claimed_is_nothing_that_is_said():
    sentence = "ISIS has claimed several attacks since it lost Sirte in 2016."
    assert attribution(sentence, Span(sentence.index("2016"), len(sentence) - 1)) == ""
    claimed = "ISIS claimed that nine had died."
    assert attribution(claimed, Span(claimed.index("nine"), claimed.index("nine") + 4)) == "ISIS claimed"
