"""Questions that leave out what they are about: "when was it?" after "Who was kidnapped in Tazirbu?".

They ask about what the question before took for granted. So that one is asked again with the new question word, and
what it asked for is "someone", "something" or the thing that was counted: "when was someone kidnapped in Tazirbu?".
"Who says so?" asks the same once more: every answer shows whose words it rests on.
"""

from __future__ import annotations

import re

_AUXILIARY = "is|are|was|were|has|have|had|will|would|can|could|may|might|should"
_IT = r"(?:it|that|this|they|he|she)"
_HOW = re.compile(
    rf"^\W*(?P<how>when|where|why|how(?: come)?|since when|(?:in|on) (?:which|what) \w+)"
    rf"(?:\s+(?:{_AUXILIARY}|did|does|do)\s+{_IT}"
    r"(?:\s+(?:be|been|happen(?:ed)?|occur(?:red)?|start|begin|end|take place|do|done)(?:\s+(?:it|that|this|so))?)?)?"
    r"\W*$",
    re.IGNORECASE,
)
_SOURCE = re.compile(
    r"^\W*(?:who\s+(?:says?|said|claims?|claimed|reported|reports)\s+(?:so|that|this|it)|says\s+who|according\s+to\s+whom?|"
    r"how\s+do\s+you\s+know(?:\s+(?:that|this|it))?|what(?:['’]s|\s+is|\s+are)\s+(?:the|your)\s+sources?)\W*$",
    re.IGNORECASE,
)
_BY_WHOM = re.compile(
    rf"^\W*(?:by whom?|who\s+(?:did|has done|(?:is|was) (?:behind|responsible for))\s+{_IT})\W*$", re.IGNORECASE
)
_THING = r"(?:[\w'’-]+\s+){0,3}?[\w'’-]+"
_SUBJECT = rf"(?P<subject>who|what|how many|(?:which|what|how many)\s+{_THING})"
_FIRST = re.compile(rf"^\W*(?:who|whom|what|which|when|where|why|how|did|do|does|{_AUXILIARY})\b", re.IGNORECASE)
_NO_PARTICIPLE = r"(?!(?:the|a|an|his|her|its|their|in|on|at|from|behind)\b|[A-Z])"
_DONE = re.compile(rf"^\W*{_SUBJECT}\s+(?P<auxiliary>(?i:{_AUXILIARY}))\s+{_NO_PARTICIPLE}(?P<rest>.+)$", re.S)
_DID = re.compile(rf"^\W*{_SUBJECT}\s+(?P<rest>(?:\w+ed|took|went|won|led|shot|hit|held|left|met|fled)\b.*)$", re.S)
_OBJECT = re.compile(
    rf"^\W*(?P<object>who|whom|what|(?:which|what|how many)\s+{_THING})\s+(?P<auxiliary>did|do|does)\s+(?P<rest>.+)$",
    re.S,
)
_DOING = re.compile(r"\b(?:did|do|does|done)\b", re.IGNORECASE)
_INVERTED = re.compile(rf"^\W*(?:(?:when|where|why|how)\s+)?(?P<rest>(?:did|do|does|{_AUXILIARY})\s+.+)$", re.S)


def asked_again(text: str, before: str) -> str | None:
    """What `text` asks, in full, where it leaves out what the question `before` was about; else None."""
    how, whom = _HOW.match(text), _BY_WHOM.match(text)
    before = before.strip(" ?.!")
    if before and _SOURCE.match(text):
        return f"{before}?"
    before = _FIRST.sub(lambda match: match.group().lower(), before)
    if whom:
        done = _DONE.match(before)
        verb = re.match(r"(?:been\s+)?(\w+ed)\b", done["rest"]) if done else None
        return f"who {verb[1]} {_some(done['subject'])}{done['rest'][verb.end() :]}?" if done and verb else None
    if not how:
        return None
    asked = how["how"]
    if found := _OBJECT.match(before):
        thing = "" if found["object"] == "what" else f" {_some(found['object'])}"
        return f"{asked} {found['auxiliary']} {found['rest']}{thing}?"
    if found := _DONE.match(before):
        return f"{asked} {found['auxiliary']} {_some(found['subject'])} {found['rest']}?"
    if found := _DID.match(before):
        return f"{asked} was it that {_some(found['subject'])} {found['rest']}?"
    found = _INVERTED.match(before)
    if found and _DOING.search(text) and not _DOING.match(found["rest"]):
        return None
    return f"{asked} {found['rest']}?" if found else None


def _some(asked_for: str) -> str:
    """What takes the place of what was asked for: "someone", "something", "people" or the thing itself."""
    if asked_for in {"who", "whom"}:
        return "someone"
    if asked_for == "how many":
        return "people"
    return re.sub(r"^(?:which|what|how many)\s+", "", asked_for) if " " in asked_for else "something"
