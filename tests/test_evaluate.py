"""bot.evaluate: what is scored over questions with known answers, and where it went wrong."""

from __future__ import annotations

import pytest

from bot.answer import Question
from bot.desk import Desk
from bot.evaluate import Gold, evaluate, gold_from_json, holds
from bot.question import QuestionError
from bot.reader import AnswerSpan, Findings
from index.ingest import ingest
from index.passages import Span
from tests.test_compose import Saying

TEXT = "Nine policemen were killed in Tazirbu. Ten fled to Kufra."


class Points:
    """A reader that points at given words of the first passage, the first at the best place; none: it abstains."""

    def __init__(self, *words: str) -> None:
        self._words = words

    def read(self, query, passages, _told):
        article = passages[0].article
        sentence = Span(0, article.text.index(".") + 1)
        spans = []
        for number, words in enumerate(self._words):
            start = article.text.index(words)
            place = sentence if start < sentence.end else Span(sentence.end + 1, len(article.text))
            spans.append(AnswerSpan(article, start, start + len(words), place, -number, Saying(number + 1)))
        return Findings(tuple(spans), 1.0 if spans else 0.0, 0.5)


@pytest.fixture
def scored(archive, write):
    ingest(archive, [str(write({"a.txt": TEXT}))])

    def score(reader: Points, *golds: tuple[str, ...]):
        desk = Desk(archive, reader=reader)
        return evaluate(desk, [Gold(Question("Who was killed in Tazirbu?"), answers) for answers in golds])

    return score


def test_a_right_answer_scores_in_full(scored):
    scores = scored(Points("Nine policemen"), ("the nine policemen", "9"))
    assert (scores.questions, scores.answerable, scores.errors) == (1, 1, {})
    assert scores.recall == {1: 1.0, 3: 1.0, 10: 1.0}
    assert (scores.exact_match, scores.f1, scores.quote_recall) == (1.0, 1.0, 1.0)
    assert (scores.abstention_precision, scores.abstention_recall) == (None, None)
    assert 0 < scores.seconds_p50 <= scores.seconds_p95


@pytest.mark.parametrize(
    ("words", "gold", "stage"),
    [
        (("Ten", "Nine policemen"), "Nine policemen", "composing"),
        (("Ten",), "Nine policemen", "reading"),
        ((), "Nine policemen", "reading"),
        (("Ten",), "the mayor", "retrieval"),
    ],
)
def test_a_wrong_answer_went_wrong_somewhere(scored, words, gold, stage):
    scores = scored(Points(*words), (gold,))
    assert (scores.exact_match, scores.errors) == (0.0, {stage: 1})


def test_half_right_words_score_by_how_many_are_right(scored):
    assert scored(Points("Nine"), ("nine policemen",)).f1 == pytest.approx(2 / 3)


def test_abstaining_is_right_where_there_is_no_answer(scored):
    scores = scored(Points(), ("Nine policemen",), ())
    assert (scores.abstention_precision, scores.abstention_recall) == (0.5, 1.0)
    assert scored(Points("Ten"), ()).abstention_recall == 0.0


def test_a_right_answer_stands_in_whole_words():
    assert holds("The nine, they said.", ["Nine"])
    assert not holds("Ninety fled.", ["nine"])


def test_scores_as_json_are_short_and_have_text_for_keys(scored):
    record = scored(Points("Nine"), ("nine policemen",)).as_json()
    assert record["recall"] == {"1": 1.0, "3": 1.0, "10": 1.0}
    assert (record["f1"], record["errors"]) == (0.6667, {"composing": 1})


def test_a_gold_is_a_question_with_its_answers():
    record = {"question": "who?", "answers": ["Nasr"], "from": "2018-01-01"}
    gold = gold_from_json(record)
    assert (gold.question.text, gold.answers, gold.question.scope.start.year) == ("who?", ("Nasr",), 2018)
    assert gold_from_json({"question": "who?", "answers": "Nasr"}).answers == ("Nasr",)
    assert gold_from_json({"question": "who?", "answers": []}).answers == ()


@pytest.mark.parametrize(
    ("record", "error"),
    [
        ([], "'[]' is not an object"),
        ({"question": "who?"}, "answers None is not a list of texts, empty for no answer"),
        ({"question": "who?", "answers": [7]}, "answers [7] is not a list of texts"),
        ({"question": "who?", "answers": ["..."]}, "is not a list of texts"),
        ({"question": "", "answers": []}, "the question '' has no words"),
    ],
)
def test_what_is_no_gold_names_what_is_wrong(record, error):
    with pytest.raises(QuestionError, match=r".") as caught:
        gold_from_json(record)
    assert error in str(caught.value)
