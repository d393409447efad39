"""bot.question: what a person typed is tidied and checked, and a follow-up becomes a question that stands alone."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given

from bot.answer import Question
from bot.question import MAX_CHARS, QuestionError, checked, from_json
from index.article import Scope
from tests.texts import texts


def test_white_space_is_tidied():
    question = Question("  who\n was \tkidnapped? ", ("What\nhappened? ",), Scope(sources=(" The  Herald ",)))
    assert checked(question) == Question(
        "who was kidnapped?", ("What happened?",), Scope(sources=("The Herald",)), None
    )


@given(texts)
def test_a_question_is_refused_or_becomes_one_line_that_can_be_written_down(text):
    try:
        tidy = checked(Question(text, (text,))).text
    except QuestionError as error:
        assert len(str(error)) < 300
    else:
        assert tidy == " ".join(tidy.split())
        assert tidy.encode("utf-8")
        assert 0 < len(tidy) <= MAX_CHARS


@pytest.mark.parametrize("text", ["", " \n", "?!", "— “”", "\u200b", "\x00"])
def test_a_question_without_words_is_refused(text):
    with pytest.raises(QuestionError, match="has no words: ask something"):
        checked(Question(text))


@pytest.mark.parametrize("text", ["7", "تازربو؟", "誰", "é"])
def test_one_letter_of_any_script_is_a_word(text):
    assert checked(Question(text)).text == text


def test_a_question_may_have_2000_characters_and_no_more():
    assert checked(Question("w" * 2_000)).text == "w" * 2_000
    with pytest.raises(QuestionError, match=r"^the question has 100,000 characters: ask in at most 2,000$"):
        checked(Question("w" * 100_000))


def test_earlier_questions_are_cut_rather_than_refused():
    assert checked(Question("who?", ("w" * 9_999,))).after == ("w" * 2_000,)


def test_days_that_run_backwards_are_refused():
    assert checked(Question("who?", scope=Scope(date(2018, 1, 1), date(2018, 1, 1))))
    with pytest.raises(QuestionError, match=r"^no day is from 2018-01-02 to 2018-01-01: swap the dates$"):
        checked(Question("who?", scope=Scope(date(2018, 1, 2), date(2018, 1, 1))))


def test_a_question_in_json_may_have_every_field_of_the_contract():
    assert from_json(
        {
            "question": "who?",
            "after": ["What happened?"],
            "from": "2018-01-01",
            "to": "2018-12-31",
            "source": ["A", "B"],
            "asked": "2018-11-26",
        }
    ) == Question(
        "who?", ("What happened?",), Scope(date(2018, 1, 1), date(2018, 12, 31), ("A", "B")), date(2018, 11, 26)
    )


def test_fields_of_a_question_may_be_left_out_or_null_and_a_list_of_one_may_be_bare():
    assert from_json({"question": "who?"}) == Question("who?")
    nothing = {"after": None, "from": None, "to": None, "source": None, "asked": None}
    assert from_json({"question": "who?", **nothing}) == Question("who?")
    assert from_json({"question": "who?", "source": "A", "after": "B"}) == Question(
        "who?", ("B",), Scope(sources=("A",))
    )


@pytest.mark.parametrize(
    ("record", "error"),
    [
        ([], "'[]' is not an object: write {\"question\": \"...\"}"),
        ("who?", "'who?' is not an object: write {\"question\": \"...\"}"),
        ({}, "question None is not text"),
        ({"question": 7}, "question 7 is not text"),
        ({"question": ""}, "the question '' has no words: ask something"),
        ({"question": "q", "a": 1}, "'a' is not a field of a question: use after, asked, from, question, source, to"),
        ({"question": "q", "from": "soon"}, "from 'soon' is not a day: write it as 2018-11-25"),
        ({"question": "q", "to": 20181125}, "to 20181125 is not a day: write it as 2018-11-25"),
        ({"question": "q", "asked": "2018-02-30"}, "asked '2018-02-30' is not a day: write it as 2018-11-25"),
        ({"question": "q", "source": 7}, "source 7 is not a list of texts"),
        ({"question": "q", "after": ["a", 7]}, "after ['a', 7] is not a list of texts"),
        ({"question": "q", "after": {"a": 1}}, "after {'a': 1} is not a list of texts"),
    ],
)  # fmt: skip
def test_json_that_is_no_question_names_the_field_and_the_fix(record, error):
    with pytest.raises(QuestionError) as caught:
        from_json(record)
    assert str(caught.value) == error


def test_an_error_repeats_only_the_start_of_a_long_value():
    for record in ({"question": "q", "from": "x" * 9_999}, ["x" * 9_999], {"question": ["x" * 9_999]}):
        with pytest.raises(QuestionError) as caught:
            from_json(record)
        assert len(str(caught.value)) < 150
