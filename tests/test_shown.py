"""ui.shown: what of an answer is shown on every surface, in plain words; each surface's markup has its own tests."""

from __future__ import annotations

from bot.answer import Finding
from tests.test_markdown import AGAIN, COURIER, HERALD, answer
from ui.shown import Line, Quotation, Words, pieces


def test_the_words_of_a_quotation_are_its_quote_s_with_the_answers_strong():
    quotation, searched = pieces(answer(Finding("four million", (1, 2, 3), 2, "She")))
    assert quotation == Quotation(
        HERALD,
        (Words("It cost "), Words("four million", strong=True), Words(", she said.")),
        (((HERALD, AGAIN), "Herald, 2 Mar 2024"), ((COURIER,), "Courier, undated")),
        ("four million",),
        "she",
        "2 independent sources",
    )
    assert searched.text == "From the 12 articles searched, dated 1 Mar 2024 to 9 Mar 2024"


def test_an_answer_that_is_the_whole_quote_is_shown_once():
    (quotation, _) = pieces(answer(Finding(COURIER.text, (2,), 1)))
    assert (quotation.words, quotation.answers) == ((Words(COURIER.text),), ())


def test_not_found_is_said_before_what_came_closest():
    kinds = [piece.kind if isinstance(piece, Line) else piece.quote for piece in pieces(answer(near=(COURIER, HERALD)))]
    assert kinds == ["not found", "near", COURIER, HERALD]
