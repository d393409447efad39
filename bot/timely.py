"""Answers from the days that a question is about: what an article tells of other days is set aside.

An event's day is what the sentence says it is; only where it says nothing does the article's own day count, which may
be a week earlier, as it is announced, or up to a month later. A question may also say its days by an event ("before the
attack on Tazirbu"): the desk then asks when that was.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

from bot.dates import Period, expressions, period
from bot.reader import AnswerSpan, Findings

TOLD_BEFORE, TOLD_WITHIN = timedelta(7), timedelta(31)
"""How long before and after an event an article that does not date it may be telling of it."""
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


def timely(findings: Findings, about: Period | None) -> Findings:
    """`findings` without those of other days than `about`; when none is left, they answer nothing, and stay near."""
    if about is None:
        return findings
    sentences = {(span.article.id, span.evidence): span for span in findings.spans}
    told = {place for place, span in sentences.items() if _is_of(span, about)}
    spans = tuple(span for span in findings.spans if (span.article.id, span.evidence) in told)
    return replace(findings, spans=spans) if spans else replace(findings, answerable=0.0)


def _is_of(span: AnswerSpan, about: Period) -> bool:
    start, end = span.evidence
    sentence, published = span.article.text[start:end], span.article.published
    stated = [period(sentence[place.start : place.end], published) for place in expressions(sentence)]
    if known := [said for said in stated if said]:
        return any(said.meets(about) for said in known)
    if published is None:
        return True
    return told_in(about).holds(published)


def told_in(about: Period) -> Period:
    """The days on which articles may be published that tell of `about`."""
    return Period(about.start and about.start - TOLD_BEFORE, about.end and about.end + TOLD_WITHIN)
