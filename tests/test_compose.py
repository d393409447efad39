"""bot.compose: spans that say the same become one answer with several quotes; too little becomes "not found"."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from bot.answer import Answer, Finding, Question
from bot.compose import ALIKE, MARGIN, MAX_FINDINGS, MAX_NEAR, MAX_QUOTES_EACH, compose
from bot.reader import AnswerSpan, Findings
from index.article import Article, article
from index.catalogue import Coverage
from index.passages import Span

SEARCHED = Coverage(12, date(2015, 2, 17), date(2018, 11, 25))


def span(one: Article, words: str, score: float, meaning: int, evidence: str = "") -> AnswerSpan:
    """The span of `words` in an article; spans with one `meaning` say the same, others have nothing in common."""
    start, around = one.text.index(words), one.text.index(evidence or words)
    vector = np.eye(10, dtype=np.float32)[meaning]
    place = Span(around, around + len(evidence or words))
    return AnswerSpan(one, start, start + len(words), place, score, vector)


def composed(*spans: AnswerSpan, answerable: float = 1.0, searched: Coverage = SEARCHED) -> Answer:
    return compose(Question("who?"), "who was it?", Findings(spans, answerable), 0.5, searched)


def says(source: str, text: str = "Nine died. Ten fled.") -> Article:
    return article(text, source=source)


def test_one_span_is_an_answer_with_one_quote_its_sentence():
    herald = says("Herald")
    answer = composed(span(herald, "Nine", 1.0, 0, evidence="Nine died."))
    assert (answer.question, answer.query, answer.status) == ("who?", "who was it?", "answered")
    assert answer.answers == (Finding("Nine", (1,), 1),)
    assert [(quote.number, quote.text, quote.source) for quote in answer.quotes] == [(1, "Nine died.", "Herald")]
    assert (answer.near, answer.searched, answer.disagree) == ((), SEARCHED, False)
    assert answer.text == "“Nine”\u00a0[1]"


def test_spans_that_say_the_same_are_one_answer_and_the_best_speaks_for_it():
    herald, post = says("Herald"), says("Post", "Nine were killed. Ten fled.")
    answer = composed(
        span(post, "Nine were killed.", 1.0, 0), span(herald, "Ten fled.", 0.9, 1), span(herald, "Nine died.", 0.8, 0)
    )
    assert answer.answers == (Finding("Nine were killed.", (1, 2), 2), Finding("Ten fled.", (3,), 1))
    assert [quote.text for quote in answer.quotes] == ["Nine were killed.", "Nine died.", "Ten fled."]
    assert answer.text == "“Nine were killed.”\u00a0[1]\u00a0[2]\n\n“Ten fled.”\u00a0[3]"


def test_an_outlet_counts_once_however_often_it_says_it_and_however_it_is_written():
    spans = [span(says(name, f"Nine died, {name}."), "Nine died", 1.0, 0) for name in ("Herald", "HERALD")]
    assert [finding.sources for finding in composed(*spans).answers] == [1]


def test_an_answer_has_at_most_so_many_quotes_and_there_are_at_most_so_many_answers():
    same = [span(says(f"Outlet {number}", f"Nine died {number}."), "Nine", 1.0, 0) for number in range(9)]
    assert [len(finding.quotes) for finding in composed(*same).answers] == [MAX_QUOTES_EACH]
    other = [span(says("Herald", f"Number {number}."), "Number", 1.0, number) for number in range(9)]
    assert len(composed(*other).answers) == MAX_FINDINGS


def test_a_span_far_below_the_best_is_not_shown():
    herald = says("Herald")
    near, far = 1.0 - MARGIN + 0.01, 1.0 - MARGIN - 0.01
    best = span(herald, "Nine died.", 1.0, 0)
    assert len(composed(best, span(herald, "Ten fled.", near, 1)).answers) == 2
    assert len(composed(best, span(herald, "Ten fled.", far, 1)).answers) == 1


@pytest.mark.parametrize(("likeness", "answers"), [(ALIKE + 0.01, 1), (ALIKE - 0.01, 2)])
def test_how_alike_two_sentences_must_be_to_say_the_same(likeness, answers):
    meaning = np.array([likeness, (1 - likeness**2) ** 0.5, *[0] * 8], np.float32)
    one, other = span(says("Herald"), "Nine died.", 1.0, 0), span(says("Post"), "Ten fled.", 0.9, 0)
    other = AnswerSpan(other.article, other.start, other.end, other.evidence, other.score, meaning)
    assert len(composed(one, other).answers) == answers


def test_a_sentence_that_an_article_repeats_is_quoted_once():
    herald = says("Herald", "Nine died. And again: Nine died.")
    first = span(herald, "Nine died.", 1.0, 0)
    second = AnswerSpan(herald, 22, 32, Span(22, 32), 0.9, first.meaning)
    assert herald.text[22:32] == "Nine died."
    assert [(quote.start, quote.end) for quote in composed(first, second).quotes] == [(0, 10)]


def test_too_little_is_not_found_with_the_closest_passages():
    spans = [span(says("Herald", f"Number {number}."), f"Number {number}.", 1.0, number) for number in range(9)]
    answer = composed(*spans, answerable=0.49)
    assert (answer.status, answer.answers, answer.quotes) == ("unanswered", (), ())
    assert [quote.number for quote in answer.near] == list(range(1, MAX_NEAR + 1))
    assert [quote.text for quote in answer.near] == [f"Number {number}." for number in range(MAX_NEAR)]
    assert answer.text == ("Not found in the 12 articles searched (2015-02-17 to 2018-11-25). The closest passages:")
    assert composed(*spans, answerable=0.5).status == "answered"


@pytest.mark.parametrize(
    ("searched", "text"),
    [
        (Coverage(0, None, None), "Not found in the 0 articles searched."),
        (Coverage(1, None, None), "Not found in the 1 article searched."),
        (Coverage(1_234, date(2018, 1, 1), date(2018, 1, 1)), "Not found in the 1,234 articles searched (2018-01-01)."),
    ],
)  # fmt: skip
def test_nothing_at_all_says_what_was_searched(searched, text):
    answer = composed(searched=searched)
    assert (answer.status, answer.near, answer.text) == ("unanswered", (), text)


def test_an_answer_over_two_lines_is_written_on_one():
    herald = says("Herald", "Nine\npolicemen   died.")
    answer = composed(span(herald, "Nine\npolicemen   died.", 1.0, 0))
    assert answer.text == "“Nine policemen died.”\u00a0[1]"
    assert answer.answers[0].text == answer.quotes[0].text == "Nine\npolicemen   died."
