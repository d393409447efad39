"""bot.compose: spans that say the same become one answer with several quotes; too little becomes "not found"."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

import pytest

from bot.answer import Answer, Finding, Question
from bot.compose import MARGIN, MAX_FINDINGS, MAX_NEAR, MAX_QUOTES_EACH, compose
from bot.reader import AnswerSpan, Findings
from index.article import Article, article
from index.catalogue import Coverage
from index.passages import Span

SEARCHED = Coverage(12, date(2015, 2, 17), date(2018, 11, 25))


@dataclass(frozen=True)
class Saying:
    """A gist that is a number: like numbers say the same; one and its negative exclude each other."""

    number: int

    def same(self, other: Saying) -> bool:
        return self == other

    def excludes(self, other: Saying) -> bool:
        return self.number == -other.number != 0


def span(one: Article, words: str, score: float, gist: int, evidence: str = "") -> AnswerSpan:
    """The span of `words` in an article, inside `evidence`; spans with one `gist` say the same."""
    start, around = one.text.index(words), one.text.index(evidence or words)
    place = Span(around, around + len(evidence or words))
    return AnswerSpan(one, start, start + len(words), place, score, Saying(gist))


def composed(*spans: AnswerSpan, answerable: float = 1.0, searched: Coverage = SEARCHED) -> Answer:
    return compose(Question("who?"), "who was it?", Findings(spans, answerable, 0.5), searched)


def says(source: str, text: str = "Nine died. Ten fled.") -> Article:
    return article(text, source=source)


def test_one_span_is_an_answer_with_one_quote_its_sentence():
    herald = says("Herald")
    answer = composed(span(herald, "Nine", 1.0, 0, evidence="Nine died."))
    assert (answer.question, answer.query, answer.status) == ("who?", "who was it?", "answered")
    assert answer.answers == (Finding("Nine", (1,), 1),)
    assert [(quote.number, quote.text, quote.source) for quote in answer.quotes] == [(1, "Nine died.", "Herald")]
    assert (answer.near, answer.searched, answer.disagree) == ((), SEARCHED, False)
    assert answer.text == "Nine\u00a0[1]: “Nine died.”"


def test_spans_that_say_the_same_are_one_answer_and_the_best_speaks_for_it():
    herald, post = says("Herald"), says("Post", "Nine were killed. Ten fled.")
    answer = composed(
        span(post, "Nine were killed.", 1.0, 1), span(herald, "Ten fled.", 0.9, 2), span(herald, "Nine died.", 0.8, 1)
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


def test_an_answer_that_counts_far_less_than_the_best_is_not_shown():
    herald = says("Herald")
    best = span(herald, "Nine died.", 1.0, 1)
    for score, answers in ((1.0 - MARGIN + 0.01, 2), (1.0 - MARGIN - 0.01, 1)):
        assert len(composed(best, span(herald, "Ten fled.", score, 2)).answers) == answers


def test_what_several_say_counts_more_than_what_one_says_a_little_better():
    herald, post, times = says("Herald"), says("Post", "Ten fled. They ran."), says("Times", "Ten fled. All of them.")
    fled = [span(one, "Ten", 0.9, 2, evidence="Ten fled.") for one in (herald, post, times)]
    answer = composed(span(herald, "Nine died.", 1.0, 1), *fled)
    assert [(finding.text, finding.sources) for finding in answer.answers] == [("Ten", 3), ("Nine died.", 1)]


def test_answers_that_exclude_each_other_stand_side_by_side_the_newest_first():
    old = article("Eight died. It rained.", source="Post", published=date(2018, 11, 24))
    new = article("Nine died, police said.", source="Herald", published=date(2018, 11, 25))
    eight = span(old, "Eight", 1.0, -9, evidence="Eight died.")
    nine = span(new, "Nine", 0.5, 9, evidence="Nine died, police said.")
    answer = composed(eight, nine)
    assert answer.disagree
    assert [finding.text for finding in answer.answers] == ["Nine", "Eight"]
    assert answer.text == (
        "The sources disagree: Nine (Herald, 25 Nov 2018) · Eight (Post, 24 Nov 2018)\n\n"
        "Nine, police said\u00a0[1]: “Nine died, police said.”\n\n"
        "Eight\u00a0[2]: “Eight died.”"
    )
    assert not composed(eight, span(new, "Nine", 0.5, 7, evidence="Nine died, police said.")).disagree


def test_the_members_of_a_list_are_told_with_one_quote():
    herald, all_of_it = says("Herald", "Ali and Omar fled. Nine died."), "Ali and Omar fled."
    ali, omar = (span(herald, name, 1.0, number, evidence=all_of_it) for number, name in enumerate(("Ali", "Omar")))
    answer = composed(ali, omar, span(herald, "Nine", 0.5, 3, evidence="Nine died."))
    assert [finding.text for finding in answer.answers] == ["Ali", "Omar", "Nine"]
    assert answer.text == "Ali · Omar\u00a0[1]: “Ali and Omar fled.”\n\nNine\u00a0[2]: “Nine died.”"


def test_an_answer_is_as_new_as_what_is_shown_for_it():
    eight = span(article("Eight died.", source="Post", published=date(2018, 11, 24)), "Eight", 1.0, -9)
    nine = span(article("Nine died.", source="Herald", published=date(2018, 11, 25)), "Nine", 0.5, 9)
    later = article("Eight were there.", source="Times", published=date(2018, 12, 1))
    unseen = replace(span(later, "Eight", -3.0, -9), alone=False, quoted=False)
    assert [finding.text for finding in composed(eight, nine, unseen).answers] == ["Nine", "Eight"]


def test_a_surname_alone_is_given_with_the_names_that_another_article_has_before_it():
    herald, post = says("Herald", "Al-Snoussi was taken."), says("Post", "Colonel Hamid al-Snoussi was taken.")
    (finding,) = composed(span(herald, "Al-Snoussi", 1.0, 1), span(post, "Colonel Hamid al-Snoussi", 0.5, 1)).answers
    assert finding == Finding("Colonel Hamid al-Snoussi", (1, 2), 2)
    north = says("Post", "South Carolina was flooded.")
    (place,) = composed(
        span(says("Herald", "Carolina."), "Carolina", 1.0, 1), span(north, "South Carolina", 0.5, 1)
    ).answers
    assert place.text == "Carolina"


def test_what_cannot_stand_alone_only_adds_to_what_others_say():
    herald, post = says("Herald"), says("Post", "Ten fled. They ran.")
    nine = span(herald, "Nine", 1.0, 1, evidence="Nine died.")
    doubtful = replace(span(post, "Ten", 0.9, 2, evidence="Ten fled."), alone=False)
    assert [finding.text for finding in composed(nine, doubtful).answers] == ["Nine"]
    assert [finding.text for finding in composed(doubtful).answers] == ["Ten"]


def test_what_is_not_good_enough_to_be_quoted_is_not_and_makes_no_source():
    herald, post = says("Herald"), says("Post", "Nine were there. They ran.")
    nine = span(herald, "Nine", 0.5, 1, evidence="Nine died.")
    unsaid = replace(span(post, "Nine", 0.9, 1, evidence="Nine were there."), alone=False, quoted=False)
    answer = composed(unsaid, nine)
    assert answer.answers == (Finding("Nine", (1,), 1),)
    assert [quote.text for quote in answer.quotes] == ["Nine died."]


def test_two_numbers_of_one_article_are_two_things_unless_another_gives_one_of_them():
    herald, post = says("Herald"), says("Post", "Nine were killed. Ten fled.")
    nine, ten = span(herald, "Nine died.", 1.0, 9), span(herald, "Ten fled.", 0.9, -9)
    assert not composed(nine, ten).disagree
    assert composed(nine, ten, span(post, "Nine were killed.", 0.8, 9)).disagree


def test_one_sentence_that_holds_two_answers_is_quoted_once():
    herald = says("Herald", "Nine died and ten fled.")
    nine, ten = (span(herald, words, 1.0, number, evidence=herald.text) for number, words in enumerate(("Nine", "ten")))
    answer = composed(nine, ten)
    assert [(finding.text, finding.quotes) for finding in answer.answers] == [("Nine", (1,)), ("ten", (1,))]
    assert len(answer.quotes) == 1


def test_a_sentence_that_an_article_repeats_is_quoted_once():
    herald = says("Herald", "Nine died. And again: Nine died.")
    first = span(herald, "Nine died.", 1.0, 0)
    second = AnswerSpan(herald, 22, 32, Span(22, 32), 0.9, first.gist)
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
