"""Reads names, numbers, dates and other short answers, with the bundled span reader.

Every passage is read by itself. A place in it counts by its odds of being the answer and by the passage's rank; places
that say the same count together. Whether there is an answer at all is judged from the best place.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from bot.agree import said
from bot.dates import expressions
from bot.numbers import amount
from bot.reader import AnswerSpan, Findings, ReadPassage, ranked
from bot.score import normalized
from bot.shape import Shape, shape_of
from bot.span_model import Reading, ScoredSpan, SpanModel
from bot.telling import Telling
from bot.widen import widened
from index.archive import Archive
from index.lexical import replaced, terms
from index.passages import Span, sentences

ODDS_WEIGHT, RANK_WEIGHT = 0.5, 1.5
UNFIT = 4.0
"""What the odds of a place lose that is not of the kind asked for: no number for "how many", no time for "when"."""
LEAST_ODDS = 0.0
"""A place with lower odds than that is left out, unless it is the best there is."""
BIAS, BEST_ODDS, WORDS = -0.5, 0.35, 0.0
THRESHOLD = 0.35
MAX_SENTENCE_CHARS = 600
"""A longer sentence is a table or a list without stops: its part around the answer is quoted."""


@dataclass(frozen=True, slots=True)
class Signals:
    """What speaks for there being an answer.

    The log odds of the best place over there being none in its passage, and the share (0..1) of the question's telling
    words in that passage with its title.
    """

    odds: float
    words: float


class SpanReader:
    """Reads with the bundled model; names are put to each passage in its own spelling."""

    def __init__(self, archive: Archive, model: SpanModel) -> None:
        self._archive = archive
        self._model = model

    def read(self, query: str, passages: Sequence[ReadPassage]) -> Findings:
        """Every place of `passages` that may answer, best first."""
        found, signals = self.judge(query, passages)
        if signals is None:
            return Findings((), 0.0, THRESHOLD)
        return Findings(tuple(sorted(found, key=lambda span: -span.score)), answerable(signals), THRESHOLD)

    def judge(self, query: str, passages: Sequence[ReadPassage]) -> tuple[list[AnswerSpan], Signals | None]:
        """The places, and the signals for there being an answer; ([], None) when there are none."""
        shape, own = shape_of(query), set(normalized(query).split())
        spellings = self._archive.spellings(query)
        asked = [_respelt(query, spellings, f"{p.article.title} {p.text}") for p in passages]
        readings = self._model.read(asked, [(p.article.title, p.text) for p in passages])
        found: list[tuple[float, AnswerSpan]] = []
        best: tuple[float, ReadPassage] | None = None
        for (rank, passage), reading in zip(ranked(passages), readings, strict=True):
            whole = sentences(passage.text)
            for place in reading.spans:
                words = passage.text[place.start : place.end]
                if set(normalized(words).split()) <= own:
                    continue
                odds = place.score - (0.0 if _fits(words, shape) else UNFIT)
                if best is None or odds > best[0]:
                    best = odds, passage
                score = -math.log1p(math.exp(-ODDS_WEIGHT * odds)) + RANK_WEIGHT * rank
                found.append((odds, _answer(passage, _sentence(whole, place, passage.text), place, shape, score)))
        if best is None:
            return [], None
        odds, passage = best
        share = Telling(self._archive, query).share(f"{passage.article.title} {passage.text}")
        return [span for its, span in found if its >= min(odds, LEAST_ODDS)], Signals(odds, share)


def answerable(signals: Signals) -> float:
    """How likely it is (0..1) that the passages behind `signals` hold the answer (scripts/fit_span_reader.py)."""
    return 1 / (1 + math.exp(-(BIAS + BEST_ODDS * signals.odds + WORDS * signals.words)))


def listed(reading: Reading) -> tuple[ScoredSpan, ...]:
    """The members of the answer where it is a list, else the best span."""
    return reading.items if len(reading.items) > 1 else reading.spans[:1]


def _fits(words: str, shape: Shape) -> bool:
    if shape is Shape.HOW_MANY:
        return amount(words) is not None or any(map(str.isdigit, words))
    if shape is Shape.WHEN:
        return any(map(str.isdigit, words)) or next(expressions(words), None) is not None
    return True


def _answer(passage: ReadPassage, sentence: Span, place: ScoredSpan, shape: Shape, score: float) -> AnswerSpan:
    """The place in its article, widened inside its sentence."""
    inside = Span(max(place.start, sentence.start) - sentence.start, min(place.end, sentence.end) - sentence.start)
    wide = widened(passage.text[sentence.start : sentence.end], inside, shape)
    offset = passage.span.start + sentence.start
    start, end = offset + wide.start, offset + wide.end
    article = passage.article
    gist = said(article.text[start:end], article.published, shape)
    return AnswerSpan(article, start, end, Span(offset, offset + sentence.end - sentence.start), score, gist)


def _sentence(whole: Sequence[Span], place: ScoredSpan, text: str) -> Span:
    """The sentence of the passage that `place` begins in, cut around it when it is too long to be quoted."""
    found = next((s for s in whole if s.start <= place.start < s.end), Span(place.start, place.end))
    if found.end - found.start <= MAX_SENTENCE_CHARS:
        return found
    room = max(MAX_SENTENCE_CHARS - (place.end - place.start), 0) // 2
    start, end = max(found.start, place.start - room), min(found.end, place.end + room)
    start = text.find(" ", start, place.start) + 1 or start if start > found.start else start
    cut = text.rfind(" ", place.end, end)
    return Span(start, cut if end < found.end and cut > place.end else end)


def _respelt(query: str, spellings: dict[str, list[str]], text: str) -> str:
    """`query` with each name in the spelling that `text` has, where it has only another."""
    held = set(terms(text)) if spellings else set()
    for name, others in spellings.items():
        here = next((other for other in others if other in held), None)
        if here and name not in held:
            query = replaced(query, name, here)
    return query
