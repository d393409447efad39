"""Answers from the days that a question is about: what an article tells of other days is not read.

An event's day is what the sentence says it is; only where it says nothing does the article's own day count, which may
be a week earlier, as it is announced, or up to a month later. Of "this week" one speaks loosely: there another day in
the sentence of an article of that week counts a little against it, no more. A question may also say its days by an
event ("before the attack on Tazirbu"): the desk then asks when that was.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from datetime import date, timedelta
from typing import NamedTuple

from bot.dates import Period, cut, expressions, period
from bot.proper import NO_NAMES, IsName, never
from bot.reader import asks
from index.article import Article
from index.lexical import terms
from index.passages import Span

TOLD_BEFORE, TOLD_WITHIN = timedelta(7), timedelta(31)
"""How long before and after an event an article that does not date it may be telling of it."""
ELSEWHEN = 0.5
"""What the score of an answer loses when its sentence speaks of other days than the news that is asked about."""
_LOOSE = re.compile(r"\b(?:this|last|past) (?:week|weekend|month)\b", re.IGNORECASE)
_LATEST = re.compile(r"\b(?:latest|newest|most recent|most recently|currently|current|right now|at the moment)\b", re.I)
_BEFORE = frozenset({"before", "until"})
_SAYS_BEFORE = re.compile(rf"\b(?:{'|'.join(sorted(_BEFORE))})\b", re.IGNORECASE)
_EVENT = re.compile(
    r"\b(?P<when>before|until|after|following|since|during)\s+(?P<event>(?:the|his|her|its|their)\s+(?:[^\s,;?]+\s+){0,3}?"
    r"(?:attacks?|airstrikes?|strikes?|raids?|battles?|war|offensive|invasion|assault|siege|clash(?:es)?|bombings?|"
    r"shootings?|killings?|murders?|assassinations?|kidnappings?|abductions?|massacre|explosions?|blasts?|crash|coup|"
    r"protests?|riots?|uprising|revolution|elections?|vote|referendum|summit|meeting|talks|conference|visit|speech|deal|"
    r"agreement|ceasefire|truce|trial|verdict|ruling|sentencing|arrests?|release|resignation|appointment|inauguration|"
    r"death|funeral|wedding|birth|earthquake|storm|hurricane|floods?|wildfires?|eruption|outbreak|pandemic|match|final|"
    r"game|race|tournament|ceremony|festival|launch|landing|merger|takeover|sale|collapse)\b[^,;?]*)",
    re.IGNORECASE,
)


class ByEvent(NamedTuple):
    """How a question says its days by an event ("before"), which ("the attack on Tazirbu"), and the rest of it."""

    when: str
    event: str
    rest: str


def by_event(question: str) -> ByEvent | None:
    """The event that `question` says its days by, or None."""
    found = _EVENT.search(question)
    if not found:
        return None
    return ByEvent(found["when"].lower(), found["event"].strip(" .!\"'”’"), cut(question, Span(*found.span())))


def relative(when: str, event: Period) -> Period:
    """The days that are "before", "until", "after", "following", "since" or "during" an event's."""
    if when in _BEFORE:
        return Period(None, event.start and event.start - timedelta(1))
    if when == "during":
        return event
    return Period(event.start if when == "since" else event.end and event.end + timedelta(1), None)


def tells_of(said: ByEvent, words: Mapping[str, Collection[str]], is_name: IsName = never) -> Callable[[str], bool]:
    """Whether a sentence tells of the event itself, where a question asks what was before it.

    It does when it has each name of the event that the rest of the question has not (each of its `words` when there is
    none), or a term that counts as it, and does not say "before".
    """
    besides = set(terms(said.rest))
    own = [word for word in words if word not in NO_NAMES and word not in besides]
    marks = [words[word] for word in [word for word in own if is_name(word)] or own]

    def tells(sentence: str) -> bool:
        held = set(terms(sentence))
        return not _SAYS_BEFORE.search(sentence) and all(not held.isdisjoint(alike) for alike in marks)

    return tells if marks and said.when in _BEFORE else never


def wants_latest(question: str) -> bool:
    """Whether the newest articles are asked for."""
    return bool(_LATEST.search(question))


def is_loose(question: str) -> bool:
    """Whether `question` says its days as one does of the news: "this week", "last month"."""
    return bool(_LOOSE.search(question))


class Timely:
    """What a sentence loses by when it tells of: nothing, ELSEWHEN, or everything (None) when other days are meant.

    `loose`: what an article of those days tells is kept, and counts less where the sentence speaks of other days only.
    `is_other` tells sentences that are not meant, whatever days they say.
    """

    def __init__(
        self, about: Period, today: date, *, loose: bool = False, is_other: Callable[[str], bool] = never
    ) -> None:
        self.about, self.loose, self._is_other = about, loose, is_other
        self._published = told_in(about, today)
        self._judged: dict[tuple[str, Span], float | None] = {}

    def __call__(self, article: Article, sentence: Span) -> float | None:
        """What `article.text[sentence.start:sentence.end]` loses."""
        key = article.id, sentence
        if key not in self._judged:
            self._judged[key] = self._loss(article.text[sentence.start : sentence.end], article.published)
        return self._judged[key]

    def _loss(self, sentence: str, published: date | None) -> float | None:
        if asks(sentence) or self._is_other(sentence):
            return None
        stated = [period(sentence[place.start : place.end], published) for place in expressions(sentence)]
        known = [said for said in stated if said]
        if any(said.meets(self.about) for said in known):
            return 0.0
        if (known and not self.loose) or (published and not self._published.holds(published)):
            return None
        return ELSEWHEN if known else 0.0


def told_in(about: Period, today: date) -> Period:
    """The days on which articles may be published that tell of `about`; of days to come, all until then."""
    start = about.start if about.start and about.start <= today else None
    return Period(start and start - TOLD_BEFORE, about.end and about.end + TOLD_WITHIN)
