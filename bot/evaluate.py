"""How well the desk answers questions whose answers are known: retrieval, reading, composing and abstaining, apart."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from bot.answer import Answer, Question
from bot.desk import Desk
from bot.question import QuestionError, from_json
from bot.retriever import Query
from bot.score import exact_match, f1, normalized

RECALL_AT = (1, 3, 10)
QUOTES = 3
"""The quotes in which the right answer is looked for."""
OnProgress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Gold:
    """A question and every way to put its right answer; none when the archive cannot answer it."""

    question: Question
    answers: tuple[str, ...]


def gold_from_json(record: object) -> Gold:
    """The Gold in a JSON object: a question's fields, and `answers`. QuestionError names what is wrong."""
    if not isinstance(record, dict):
        raise QuestionError(f'{str(record)[:40]!r} is not an object: write {{"question": "...", "answers": ["..."]}}')
    answers = record.get("answers")
    answers = [answers] if isinstance(answers, str) else answers
    if not isinstance(answers, list) or not all(isinstance(answer, str) and normalized(answer) for answer in answers):
        raise QuestionError(f"answers {record.get('answers')!r:.40} is not a list of texts, empty for no answer")
    return Gold(from_json({name: value for name, value in record.items() if name != "answers"}), tuple(answers))


@dataclass(frozen=True, slots=True)
class Scores:
    """Shares (0..1; None where there was nothing to score) over the questions, and seconds an answer.

    `recall` is by how many passages were looked at; `errors` counts the answerable questions whose first answer is not
    exactly right by where it went wrong: no passage read holds it, no answer or quote does, or another was put first.
    """

    questions: int
    answerable: int
    recall: dict[int, float | None]
    exact_match: float | None
    f1: float | None
    quote_recall: float | None
    abstention_precision: float | None
    abstention_recall: float | None
    errors: dict[str, int]
    seconds_p50: float
    seconds_p95: float

    def as_json(self) -> dict[str, Any]:
        """The scores for outside programs, shares to four places."""
        rounded = {key: round(value, 4) if isinstance(value, float) else value for key, value in asdict(self).items()}
        recall = {str(k): None if share is None else round(share, 4) for k, share in self.recall.items()}
        return {**rounded, "recall": recall}


def evaluate(desk: Desk, golds: Sequence[Gold], on_progress: OnProgress | None = None) -> Scores:
    """Ask every question and score the answers. `golds` must not be empty."""
    found, seconds = [], []
    for number, gold in enumerate(golds, 1):
        answer = desk.ask(gold.question)
        seconds.append(answer.seconds)
        found.append((gold, answer, _holding(desk, gold, answer)))
        if on_progress:
            on_progress(number, len(golds))
    answerable = [one for one in found if one[0].answers]
    refused = [gold for gold, answer, _ in found if answer.status == "unanswered"]
    firsts = [(_first(answer), gold.answers) for gold, answer, _ in answerable]
    return Scores(
        len(found),
        len(answerable),
        {k: _mean([any(holding[:k]) for *_, holding in answerable]) for k in RECALL_AT},
        _mean([exact_match(text, golds) for text, golds in firsts]),
        _mean([f1(text, golds) for text, golds in firsts]),
        _mean([_in_quotes(gold, answer) for gold, answer, _ in answerable]),
        _mean([not gold.answers for gold in refused]),
        _mean([answer.status == "unanswered" for gold, answer, _ in found if not gold.answers]),
        dict(Counter(error for one in answerable if (error := _error(*one)))),
        _quantile(seconds, 0.5),
        _quantile(seconds, 0.95),
    )


def _holding(desk: Desk, gold: Gold, answer: Answer) -> list[bool]:
    """Which of the passages found hold a right answer, best first."""
    query = Query(answer.query, gold.question.scope, gold.question.asked or date.today())
    return [holds(passage.text, gold.answers) for passage in desk.find(query, max(RECALL_AT))]


def holds(text: str, answers: Sequence[str]) -> bool:
    """Whether one of `answers` stands in `text`, compared as `normalized`, in whole words."""
    inside = f" {normalized(text)} "
    return any(f" {normalized(answer)} " in inside for answer in answers)


def _first(answer: Answer) -> str:
    return answer.answers[0].text if answer.answers else ""


def _in_quotes(gold: Gold, answer: Answer) -> bool:
    return any(holds(quote.text, gold.answers) for quote in answer.quotes[:QUOTES])


def _error(gold: Gold, answer: Answer, holding: Sequence[bool]) -> str | None:
    if exact_match(_first(answer), gold.answers):
        return None
    if not any(holding):
        return "retrieval"
    told = [*(finding.text for finding in answer.answers), *(quote.text for quote in (*answer.quotes, *answer.near))]
    return "composing" if any(holds(text, gold.answers) for text in told) else "reading"


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


def _quantile(values: Sequence[float], share: float) -> float:
    return sorted(values)[math.ceil(share * len(values)) - 1]
