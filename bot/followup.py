"""A question that leans on the conversation, made to stand alone: "and how many died there?" after one on Tazirbu.

Rules, no model. A pronoun takes the name it stands for; part of a name becomes the whole; "who else" says besides
whom; what is left with nothing of its own to go by is asked "regarding" what was asked before. Which of these pay was
found on one half of CANARD (Elgohary et al., 2019; `make eval` prints both halves).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from bot.ellipsis import asked_again
from bot.proper import NO_NAMES, PARTICLES, IsName, lower_first, name_spans, never, wordset


@dataclass(frozen=True, slots=True)
class Turn:
    """What was asked before, as it stood alone, and the answers to it, best first."""

    question: str
    answers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Mention:
    """A name in what was said before; `before` is the word that stands before it, in lower case."""

    text: str
    before: str
    in_answer: bool

    @property
    def is_place(self) -> bool:
        """Whether something is said to be in it, go to it or come from it."""
        return self.before in _PLACED


RECENT = 3
"""Turns that are looked back at."""
_Kind = Literal["person", "thing", "many"]
_PRONOUNS: dict[str, tuple[_Kind, bool]] = {
    **dict.fromkeys(("he", "him", "she"), ("person", False)),
    **dict.fromkeys(("his", "hers"), ("person", True)),
    "her": ("person", False),
    "it": ("thing", False),
    "its": ("thing", True),
    **dict.fromkeys(("they", "them"), ("many", False)),
    **dict.fromkeys(("their", "theirs"), ("many", True)),
}
_PRONOUN = re.compile(r"\b(" + "|".join(sorted(_PRONOUNS, key=len, reverse=True)) + r")\b", re.IGNORECASE)
_NO_NOUN = re.compile(
    r"\s*(?:$|[?.!,]|(?:to|for|in|on|at|with|from|and|or|as|by|about|of|the|a|an|after|before|when|while|if|into|out|up|"
    r"become|get|go|do|make|feel|leave|win|have|be)\b)",
    re.IGNORECASE,
)
_DEMONSTRATIVE = re.compile(r"\b(this|that|these|those|then|so)\b", re.IGNORECASE)
_THERE = re.compile(
    r"(?<!\bis )(?<!\bare )(?<!\bwas )(?<!\bwere )(?<!\bbe )(?<!\bbeen )\bthere\b(?! (?:is|are|was|were)\b)", re.I
)
_LEADING = re.compile(r"^\W*(?:and|but|so|or|also|then|ok|okay)\b[\s,]*", re.IGNORECASE)
_INSTEAD = re.compile(
    r"^\W*(?:(?:and|but|or|so)\s+)*(?:(?:what|how) about|(?:and|or) (?:in|at|near|for|from))\s+", re.I
)
_ELSE = re.compile(r"\b(else|other|others|another)\b", re.IGNORECASE)
_BESIDES = re.compile(r"\b(besides|other than|aside from|apart from|in addition to|along with|except)\b", re.IGNORECASE)
_BARE = re.compile(
    r"^\W*(?:who|whom|when|where|why|how|what|which|how many|how much|how long|how old)\W*$", re.IGNORECASE
)
_SPOKEN_ABOUT = re.compile(r"regarding (.+), [^,]+$", re.IGNORECASE | re.DOTALL)


_PLACED = wordset("in at near from to outside inside around across towards toward into through")
_LED = wordset("of on for by with about against over between")
_EVENT = re.compile(
    r"\b(?:the|an?)\s+(?:[\w'’-]+\s+){1,3}?(?:of|on|in|at|near|against|by|with|between)\s+(?:the\s+)?[^\W\d_a-z][\w'’-]*"
    r"(?:\s+[^\W\d_a-z][\w'’-]*|\s+\d{4})*(?:(?:\s+[a-z]+){1,2}(?=\W*$))?"
)
_MOST_SAID = 3
_SHORT_ANSWER = 10  # words


def leans(text: str, is_name: IsName = never) -> bool:
    """Whether a question cannot be understood without what was said before it."""
    if _PRONOUN.search(text) or _THERE.search(text) or _DEMONSTRATIVE.search(text) or _LEADING.match(text):
        return True
    return bool(_BARE.match(text) or _INSTEAD.match(text) or _ELSE.search(text)) or not any(name_spans(text, is_name))


def stand_alone(text: str, turns: Sequence[Turn], is_name: IsName = never, topic: str = "") -> str:
    """`text` as a question that can be understood by itself, after `turns`, oldest first.

    `topic` is the name that the whole conversation is about, when it has one: the title of the article it is on.
    """
    if not turns and not topic:
        return text
    if instead := _instead(text, turns, is_name):
        return instead
    said = list(_mentions(turns[-RECENT:], is_name))
    asked = _LEADING.sub("", text) or text
    clause = _clause(turns)
    is_event = _EVENT.search(clause) and re.search(r"\bit\b", asked, re.IGNORECASE)
    if not topic and not is_event and (again := asked_again(asked, clause)):
        return again
    resolved = _with_whole_names(asked, said, topic)
    resolved, left = _without_pronouns(resolved, turns, said, topic)
    moored = not left and (resolved != asked or (any(name_spans(asked, is_name)) and not _BARE.match(asked)))
    if _ELSE.search(asked) and not _BESIDES.search(asked) and (known := _known(turns, topic, is_name)):
        resolved = f"Besides {known}, {lower_first(resolved)}"
        moored = moored or not topic
    if not moored and not topic and not left and not _BARE.match(asked) and (where := _where(clause, is_name)):
        return f"{resolved.rstrip(' ?.!')} {where}?"
    if not moored and (subject := topic or clause):
        resolved = f"Regarding {subject}, {lower_first(resolved)}"
    return resolved


def _instead(text: str, turns: Sequence[Turn], is_name: IsName) -> str | None:
    """The last question with its last name made another, for "What about Misrata?"."""
    start = _INSTEAD.match(text)
    if not start or not turns:
        return None
    given = text[start.end() :].strip(" ?.!")
    names = list(name_spans(turns[-1].question, is_name))
    if not names or not given or len(given.split()) > 4 or not any(name_spans(f"x {given}", is_name)):
        return None
    first, last = names[-1]
    question = turns[-1].question
    placed = start.group().split()[-1].lower()
    if placed in _PLACED and not question[:first].rstrip().lower().endswith(tuple(f" {word}" for word in _PLACED)):
        return f"{question.rstrip(' ?.!')} {placed} {given}?"
    return question[:first] + given + question[last:]


def _with_whole_names(text: str, said: Sequence[Mention], topic: str) -> str:
    """The first name of which only a part is given, whole."""
    for name in dict.fromkeys([topic, *(mention.text for mention in said)]):
        words = [word for word in name.split() if len(word) > 2 and word.lower() not in PARTICLES]
        if not 1 < len(name.split()) <= 4 or name.lower() in text.lower():
            continue
        places = {w: m for w in words if (m := re.search(rf"\b{re.escape(w)}(s|['’]s|)\b", text, re.IGNORECASE))}
        if len(places) == 1:
            (place,) = places.values()
            if name != topic and (not place.group()[0].isupper() or _in_longer_name(text, place)):
                continue
            return text[: place.start()] + name + ("'s" if place.group(1) else "") + text[place.end() :]
    return text


def _in_longer_name(text: str, place: re.Match[str]) -> bool:
    before, after = text[: place.start()].split()[-1:], text[place.end() :].split()[:1]
    return any(word[0].isupper() and word.lower() not in NO_NAMES for word in (*before, *after))


def _without_pronouns(text: str, turns: Sequence[Turn], said: Sequence[Mention], topic: str) -> tuple[str, bool]:
    """`text` with the first pronoun of each kind made a name; and whether one is left that no name was found for."""
    done: set[_Kind] = set()
    left = False

    def named(match: re.Match[str]) -> str:
        nonlocal left
        kind, possessive = _PRONOUNS[match.group().lower()]
        if kind in done:
            return match.group()
        name = topic or _antecedent(kind, turns, said)
        if not name:
            left = True
            return match.group()
        done.add(kind)
        if match.group().lower() in {"her", "his"}:
            possessive = not _NO_NOUN.match(text[match.end() :])
        return f"{name}'s" if possessive else name

    resolved = _PRONOUN.sub(named, text)
    if _THERE.search(resolved) and (place := next((m.text for m in said if m.is_place), "")):
        resolved = _THERE.sub(f"in {place}", resolved, count=1)
    elif not topic and (_THERE.search(resolved) or _DEMONSTRATIVE.search(resolved)):
        left = True
    return resolved, left and not done


def _antecedent(kind: _Kind, turns: Sequence[Turn], said: Sequence[Mention]) -> str | None:
    """What a pronoun of that kind stands for after `turns`."""
    if not turns:
        return None
    last = turns[-1]
    asked_of = [mention for mention in said if not mention.in_answer and mention.text in last.question]
    if kind == "person":
        return _person(last, asked_of, said)
    if kind == "many" and (group := _group(last, said)):
        return group
    if event := _EVENT.search(last.question):
        return event.group() if kind == "thing" else None
    return asked_of[0].text if len(asked_of) == 1 and asked_of[0].before not in _PLACED | _LED else None


def _person(last: Turn, asked_of: Sequence[Mention], said: Sequence[Mention]) -> str | None:
    """Whom "he" or "she" means: of "Who is Nasr?" Nasr, else whom the answer names, else who was named last."""
    if re.match(r"\W*who (?:is|was)\b", last.question, re.IGNORECASE):
        whom = next((mention.text for mention in asked_of if mention.before in {"is", "was"}), None)
        if whom:
            return whom
    who = re.match(r"\W*(who|whom|which|what)\b", last.question, re.IGNORECASE)
    answered = " ".join(last.answers) if who else ""

    def unlikely(mention: Mention) -> tuple[bool, bool]:
        is_answer = mention.in_answer and mention.text in answered and mention.text not in last.question
        return not is_answer, " " not in mention.text

    return min((m for m in said if not m.is_place), key=unlikely, default=Mention("", "", False)).text or None


def _group(last: Turn, said: Sequence[Mention]) -> str:
    """Whom "they" means: what the answers to "Which NGOs?" name, or the one name of a group that is the answer."""
    is_group = len(last.answers) == 1 and " " not in last.answers[0]
    if not is_group and not re.match(r"\W*(?:which|what)\b", last.question, re.IGNORECASE):
        return ""
    named = (m.text for m in said if m.in_answer and any(m.text in answer for answer in last.answers))
    return " and ".join(list(dict.fromkeys(named))[:_MOST_SAID])


def _known(turns: Sequence[Turn], topic: str, is_name: IsName) -> str:
    """What the last answer already said: itself when short, else the names in it."""
    answers = turns[-1].answers if turns else ()
    if len(answers) == 1 and len(answers[0].split()) <= _SHORT_ANSWER:
        return answers[0].strip(" .,;")
    names = [text[start:end] for text in answers for start, end in name_spans(text, is_name)]
    others = [name for name in dict.fromkeys(names) if name.lower() not in topic.lower()]
    return " and ".join(others[:_MOST_SAID]) or topic


def _clause(turns: Sequence[Turn]) -> str:
    """The last question, to be spoken about; where that spoke about another, that one."""
    if not turns:
        return ""
    question = turns[-1].question.strip(" ?.!")
    spoken_about = _SPOKEN_ABOUT.match(question)
    return lower_first(spoken_about[1] if spoken_about else question)


def _where(clause: str, is_name: IsName) -> str:
    """The event or the place that the last question names: "in the attack on Tazirbu", "in Tazirbu"."""
    if event := _EVENT.search(clause):
        return f"in {event.group()}"
    places = [(start, end) for start, end in name_spans(clause, is_name) if clause[:start].split()[-1:] == ["in"]]
    return f"in {clause[places[-1][0] : places[-1][1]]}" if places else ""


def _mentions(turns: Sequence[Turn], is_name: IsName) -> Iterator[Mention]:
    """Names in what was said, the latest turn first; those of a question, last first, before those of its answers."""
    for turn in reversed(turns):
        for text in (turn.question, *turn.answers):
            names = list(name_spans(text, is_name))
            for start, end in reversed(names) if text is turn.question else names:
                before = "".join(text[:start].split()[-1:]).lower()
                yield Mention(text[start:end], before, text is not turn.question)
