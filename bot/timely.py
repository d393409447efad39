"""Answers from the days that a question is about: what an article tells of other days is set aside.

An event's day is what the sentence says it is; only where it says nothing does the article's own day count, which may
be a week earlier, as it is announced, or up to a month later. Of "this week" one speaks loosely: there another day in
the sentence of an article of that week counts a little against it, no more. A question may also say its days by an
event ("before the attack on Tazirbu"): the desk then asks when that was.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta

from bot.dates import Period, expressions, period
from bot.reader import AnswerSpan, Findings

TOLD_BEFORE, TOLD_WITHIN = timedelta(7), timedelta(31)
"""How long before and after an event an article that does not date it may be telling of it."""
ELSEWHEN = 0.5
"""What the score of an answer loses when its sentence speaks of other days than the news that is asked about."""
_LOOSE = re.compile(r"\b(?:this|last|past) (?:week|weekend|month)\b", re.IGNORECASE)
_LATEST = re.compile(r"\b(?:latest|newest|most recent|most recently|currently|current|right now|at the moment)\b", re.I)


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


def by_event(question: str) -> tuple[str, str] | None:
    """How `question` says its days by an event, and which ("before", "the attack on Tazirbu"), or None."""
    found = _EVENT.search(question)
    return (found["when"].lower(), found["event"].strip(" .!\"'”’")) if found else None


def relative(when: str, event: Period) -> Period:
    """The days that are "before", "until", "after", "following", "since" or "during" an event's."""
    if when in {"before", "until"}:
        return Period(None, event.start and event.start - timedelta(1))
    if when == "during":
        return event
    return Period(event.start if when == "since" else event.end and event.end + timedelta(1), None)


def wants_latest(question: str) -> bool:
    """Whether the newest articles are asked for."""
    return bool(_LATEST.search(question))


def is_loose(question: str) -> bool:
    """Whether `question` says its days as one does of the news: "this week", "last month"."""
    return bool(_LOOSE.search(question))


def timely(findings: Findings, about: Period | None, today: date, *, loose: bool = False) -> Findings:
    """`findings` without those of other days than `about`; when none is left, they answer nothing, and stay near.

    `loose`: what an article of those days tells is kept, and counts less where the sentence speaks of other days only.
    """
    if about is None:
        return findings
    sentences = {(span.article.id, span.evidence): span for span in findings.spans}
    losses = {place: _loss(span, about, today, loose) for place, span in sentences.items()}
    told = ((span, losses[span.article.id, span.evidence]) for span in findings.spans)
    spans = tuple(replace(span, score=span.score - loss) for span, loss in told if loss is not None)
    if not spans:
        return replace(findings, answerable=0.0)
    return replace(findings, spans=tuple(sorted(spans, key=lambda span: -span.score)))


def _loss(span: AnswerSpan, about: Period, today: date, loose: bool) -> float | None:
    """What the score of `span` loses by when it was: nothing, ELSEWHEN, or everything (None)."""
    start, end = span.evidence
    sentence, published = span.article.text[start:end], span.article.published
    stated = [period(sentence[place.start : place.end], published) for place in expressions(sentence)]
    known = [said for said in stated if said]
    if any(said.meets(about) for said in known):
        return 0.0
    if (known and not loose) or (published and not told_in(about, today).holds(published)):
        return None
    return ELSEWHEN if known else 0.0


def told_in(about: Period, today: date) -> Period:
    """The days on which articles may be published that tell of `about`; of days to come, all until then."""
    start = about.start if about.start and about.start <= today else None
    return Period(start and start - TOLD_BEFORE, about.end and about.end + TOLD_WITHIN)
