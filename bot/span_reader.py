"""Reads names, numbers, dates and other short answers, with the bundled span reader.

A few sentences of each passage are read by themselves (`bot.windows`). A place in them counts by its odds of being the
answer and by the passage's rank; places that say the same count together. Whether there is an answer at all is judged
from the best place.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from bot import roles
from bot.agree import said
from bot.dates import expressions
from bot.members import members, wants_several
from bot.numbers import amount, is_count, is_measured
from bot.proper import NO_NAMES
from bot.reader import MAX_SENTENCE_CHARS, AnswerSpan, Findings, ReadPassage, Told, statements
from bot.roles import Role
from bot.score import normalized
from bot.shape import IN_A_SENTENCE, Shape, shape_of, who_did
from bot.span_model import ScoredSpan, SpanModel
from bot.telling import Telling
from bot.widen import widened
from bot.windows import Window, windows
from index.archive import Archive
from index.lexical import replaced, terms
from index.passages import Span

SPANS_EACH = 3
"""Places that are taken from one window."""
ODDS_WEIGHT, RANK_WEIGHT = 0.25, 1.5
UNFIT = 4.0
"""What the odds of a place lose that is not of the kind asked for: no number for "how many", no letter for "who"."""
OF_ANOTHER = 5.0
"""What the score loses where somebody else said it than who is asked about: it is given when there is nothing else."""
ROLE = 2.0
"""What the odds gain or lose by who did it and to whom it was done (`bot.roles`), where that can be told."""
LIKE_VERB = 0.65
"""How like (0..1) the question's verb another must be to count as it there."""
LEAST_ODDS, LEAST_IN_ROLE, LEAST_OF_ONE = 0.0, -3.0, 2.0
"""The odds from which a place stands as an answer beside a better one; otherwise it only adds to what others say.

Of "who was kidnapped" all answers are wanted, and one that is said to have been kidnapped needs less; of "how many" and
"when" only one is right, and others are shown where the sources disagree.
"""
LEAST_QUOTED = 0.0
"""The odds from which it is quoted for what others say."""
BIAS, BEST_ODDS, WORDS, UNKNOWN = -1.32, 0.221, 2.89, -0.82
THRESHOLD = 0.28
_THEY = frozenset({"he", "she", "it", "they"})


@dataclass(frozen=True, slots=True)
class Signals:
    """What speaks for there being an answer.

    The log odds of the best place over there being none in its window, the share (0..1) of the question's telling words
    in that window, and the share of them that the archive has nowhere.
    """

    odds: float
    words: float
    unknown: float


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a question asks for: the shape, its own words, and the role that is asked for to which verbs (stems).

    `alike` are the terms that count as one of its words; `told_by` those that count as the verb ("dead" for "killed").
    `is_count` when people or things are to be counted, and nothing measured; `several` when a list is asked for;
    `who` are the terms of whoever is said to have said or done it ("What did the council say?").
    """

    shape: Shape
    words: frozenset[str]
    alike: frozenset[str]
    role: Role | None
    verbs: frozenset[str]
    told_by: frozenset[str]
    is_count: bool
    several: bool
    who: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Place:
    """A place `inside` a sentence of a window, and what it is there to the verb of the question.

    `loss` is what its score loses by what the sentence tells of; `tells` when that has the verb, or a word like it;
    `is_meant` when it has whoever is asked about.
    """

    window: Window
    sentence: Span
    inside: Span
    odds: float
    loss: float
    role: Role | None
    tells: bool
    is_meant: bool


class SpanReader:
    """Reads with the bundled model; names are put to each passage in its own spelling."""

    def __init__(self, archive: Archive, model: SpanModel) -> None:
        self._archive = archive
        self._model = model

    def read(self, query: str, passages: Sequence[ReadPassage], told: Told = statements) -> Findings:
        """Every place of `passages` that may answer, best first."""
        found, signals = self.judge(query, passages, told)
        if signals is None:
            return Findings((), 0.0, THRESHOLD)
        return Findings(tuple(sorted(found, key=lambda span: -span.score)), answerable(signals), THRESHOLD)

    def judge(
        self, query: str, passages: Sequence[ReadPassage], told: Told = statements
    ) -> tuple[list[AnswerSpan], Signals | None]:
        """The places, and the signals for there being an answer; ([], None) when there are none."""
        wanted = self._wanted(query)
        spellings = self._archive.spellings(query)
        telling = Telling(self._archive, query)
        texts = windows(passages, telling, told)
        question = f"{query.rstrip(' ?.!')}?"
        asked_of = [_respelt(question, spellings, f"{w.article.title} {w.text}") for w in texts]
        readings = self._model.read(asked_of, [(w.article.title, w.text) for w in texts])
        places = [
            place
            for window, reading in zip(texts, readings, strict=True)
            for scored in reading[:SPANS_EACH]
            if (place := _place(window, scored, wanted, told))
        ]
        if not places:
            return [], None
        if wanted.shape is Shape.HOW_MANY:
            places = _of_the_verb(places, wanted)
        places.sort(key=lambda place: (not place.is_meant, -place.odds))
        best, found = places[0], dict[tuple[str, int, int], AnswerSpan]()
        for place in places:
            alone = place is best or _stands(place, wanted)
            quoted = alone or (place.odds >= LEAST_QUOTED and place.role in (None, wanted.role))
            for span in _answers(place, wanted):
                one = replace(span, alone=alone, quoted=quoted)
                found.setdefault((one.article.id, one.start, one.end), one)
        return list(found.values()), Signals(best.odds, best.window.words, telling.unknown())

    def _wanted(self, query: str) -> Wanted:
        role = roles.asked(query)
        matches = self._archive.matches(query)
        told_by = matches.get(role.verb, {}) if role else {}
        return Wanted(
            shape_of(query),
            words=frozenset(normalized(query).split()),
            alike=frozenset(match for found in matches.values() for match in found),
            role=role and role.role,
            verbs=frozenset(verb for verb, likeness in told_by.items() if likeness >= LIKE_VERB),
            told_by=frozenset(told_by),
            is_count=is_count(query),
            several=wants_several(query),
            who=frozenset(
                match for word in terms(who_did(query)) if word not in NO_NAMES for match in matches.get(word, ())
            ),
        )


def answerable(signals: Signals) -> float:
    """How likely it is (0..1) that the passages behind `signals` hold the answer (scripts/fit_span_reader.py)."""
    x = BIAS + BEST_ODDS * signals.odds + WORDS * signals.words + UNKNOWN * signals.unknown
    return 1 / (1 + math.exp(-x))


def _place(window: Window, scored: ScoredSpan, wanted: Wanted, told: Told) -> _Place | None:
    """The place with its odds, by whether it is of the kind asked for.

    None when it says but the question's words, or its sentence is not to be read.
    """
    text, offset = window.text, window.span.start
    words = text[scored.start : scored.end]
    if set(normalized(words).split()) <= wanted.words:
        return None
    sentence = _sentence(window, scored)
    loss = told(window.article, Span(offset + sentence.start, offset + sentence.end))
    if loss is None:
        return None
    sentence = _quotable(sentence, scored, text)
    inside = Span(max(scored.start, sentence.start) - sentence.start, min(scored.end, sentence.end) - sentence.start)
    held = set(terms(text[sentence.start : sentence.end]))
    fits = _fits(words, wanted.shape) and not (wanted.is_count and is_measured(text[scored.start : sentence.end]))
    is_meant = not wanted.who or not (wanted.who | _THEY).isdisjoint(held)
    loss += 0.0 if is_meant else OF_ANOTHER
    odds = scored.score - (0.0 if fits else UNFIT)
    role = None
    tells = not wanted.told_by.isdisjoint(held)
    if wanted.role:
        role = roles.role(text[sentence.start : sentence.end], inside, wanted.verbs.__contains__)
        odds += 0.0 if role is None else ROLE if role is wanted.role else -ROLE
    return _Place(window, sentence, inside, odds, loss, role, tells, is_meant)


def _of_the_verb(places: Sequence[_Place], wanted: Wanted) -> list[_Place]:
    """The places of numbers; where one of a sentence is said of the question's verb, the others are of other things.

    In "nine were killed and ten hurt", asked how many were hurt, nine is no answer.
    """
    said: dict[tuple[Window, Span], float] = {}
    for place in places:
        if place.role and place.role is wanted.role:
            said[place.window, place.sentence] = max(place.odds, said.get((place.window, place.sentence), place.odds))
    other = Role.AGENT if wanted.role is Role.PATIENT else Role.PATIENT
    return [
        place
        if place.role or (most := said.get((place.window, place.sentence))) is None
        else replace(place, odds=min(place.odds, most) - ROLE, role=other)
        for place in places
    ]


def _stands(place: _Place, wanted: Wanted) -> bool:
    """Whether the place may be an answer beside a better one."""
    if place.role not in (None, wanted.role) or not place.is_meant:
        return False
    if wanted.shape in (Shape.HOW_MANY, Shape.WHEN):
        return place.odds >= LEAST_OF_ONE and (place.tells or not wanted.role)
    return place.odds >= LEAST_IN_ROLE if place.role else place.odds >= LEAST_ODDS and not wanted.role


def _fits(words: str, shape: Shape) -> bool:
    if shape is Shape.HOW_MANY:
        return amount(words) is not None or any(map(str.isdigit, words))
    if shape is Shape.WHEN:
        return any(map(str.isdigit, words)) or next(expressions(words), None) is not None
    if shape in (Shape.WHO, Shape.WHERE):
        return any(word not in NO_NAMES and not word.isdigit() for word in normalized(words).split())
    return True


def _answers(place: _Place, wanted: Wanted) -> Iterator[AnswerSpan]:
    """The place in its article, widened inside its sentence; where that is a list, its members."""
    window, sentence, shape = place.window, place.sentence, wanted.shape
    text = window.text[sentence.start : sentence.end]
    wide = Span(0, len(text)) if shape in IN_A_SENTENCE else widened(text, place.inside, shape, wanted.alike)
    if shape is Shape.WHO and place.role is Role.PATIENT:
        wide = roles.whole_object(text, wide, wanted.verbs.__contains__)
    article, offset = window.article, window.span.start + sentence.start
    score = RANK_WEIGHT * window.rank - math.log1p(math.exp(-ODDS_WEIGHT * place.odds)) - place.loss
    evidence = Span(offset, offset + sentence.end - sentence.start)
    for member in members(text[wide.start : wide.end], shape, several=wanted.several):
        start, end = offset + wide.start + member.start, offset + wide.start + member.end
        if set(normalized(article.text[start:end]).split()) <= wanted.words:
            continue
        gist = said(article.text[start:end], article.published, shape)
        yield AnswerSpan(article, start, end, evidence, score, gist)


def _sentence(window: Window, place: ScoredSpan) -> Span:
    """The sentence, in the window's text, that `place` begins in."""
    start = window.span.start
    whole = (Span(one.start - start, one.end - start) for one in window.sentences)
    return next((one for one in whole if one.start <= place.start < one.end), Span(place.start, place.end))


def _quotable(sentence: Span, place: ScoredSpan, text: str) -> Span:
    """`sentence`, cut around `place` when it is too long to be quoted."""
    if sentence.end - sentence.start <= MAX_SENTENCE_CHARS:
        return sentence
    room = max(MAX_SENTENCE_CHARS - (place.end - place.start), 0) // 2
    start, end = max(sentence.start, place.start - room), min(sentence.end, place.end + room)
    start = text.find(" ", start, place.start) + 1 or start if start > sentence.start else start
    cut = text.rfind(" ", place.end, end)
    return Span(start, cut if end < sentence.end and cut > place.end else end)


def _respelt(query: str, spellings: dict[str, list[str]], text: str) -> str:
    """`query` with each name in the spelling that `text` has, where it has only another."""
    held = set(terms(text)) if spellings else set()
    for name, others in spellings.items():
        here = next((other for other in others if other in held), None)
        if here and name not in held:
            query = replaced(query, name, here)
    return query
