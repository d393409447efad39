"""A question that leans on the conversation, made to stand alone: "and how many died there?" after one on Tazirbu.

Rules, no model. A pronoun takes the name it stands for; part of a name becomes the whole; "who else" says besides
whom; what is left with nothing of its own to go by is asked "regarding" what was asked before. Which of these pay was
found on one half of CANARD (Elgohary et al., 2019; `make eval` prints both halves).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal


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
IsName = Callable[[str], bool]
"""Whether a word in lower case is one that the articles only write with a capital."""
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
_WORD = re.compile(r"[^\W_][\w'’.-]*[^\W_]|[^\W_]")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_PARTICLES = _words("of the de la al el bin ibn von van and for")
_PLACED = _words("in at near from to outside inside around across towards toward into through")
_LED = _words("of on for by with about against over between")
NO_NAMES = _words(
    """
    i he she it they we you the a an in on at when what who whom whose where why how which did was were is are do does
    has have had can could will would should may might his her its their this that these those there then after before
    during and but as for from to of by with also although while since some one two three if yes no not all many most
    any both each however despite according because so or january february march april june july august september
    october november december monday tuesday wednesday thursday friday saturday sunday
    """
)
_EVENT = re.compile(
    r"\b(?:the|an?)\s+(?:[\w'’-]+\s+){1,3}?(?:of|on|in|at|near|against|by|with|between)\s+(?:the\s+)?[^\W\d_a-z][\w'’-]*"
    r"(?:\s+[^\W\d_a-z][\w'’-]*|\s+\d{4})*(?:(?:\s+[a-z]+){1,2}(?=\W*$))?"
)
_MOST_SAID = 3
_SHORT_ANSWER = 10  # words


def never(_word: str) -> bool:
    """No word is known for a name: only capital letters tell."""
    return False


def names(text: str, is_name: IsName = never) -> list[str]:
    """The names in `text`, in order, each by itself."""
    return [name for start, end in _names(text, is_name) for name in re.split(r" and (?:of |the )*", text[start:end])]


def leans(text: str, is_name: IsName = never) -> bool:
    """Whether a question cannot be understood without what was said before it."""
    if _PRONOUN.search(text) or _THERE.search(text) or _DEMONSTRATIVE.search(text) or _LEADING.match(text):
        return True
    return bool(_BARE.match(text) or _INSTEAD.match(text) or _ELSE.search(text)) or not any(_names(text, is_name))


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
    resolved = _with_whole_names(asked, said, topic)
    resolved, left = _without_pronouns(resolved, turns, said, topic)
    moored = not left and (resolved != asked or (any(_names(asked, is_name)) and not _BARE.match(asked)))
    if _ELSE.search(asked) and not _BESIDES.search(asked) and (known := _known(turns, topic, is_name)):
        resolved = f"Besides {known}, {lower_first(resolved)}"
        moored = moored or not topic
    if not moored and (subject := topic or _clause(turns)):
        resolved = f"Regarding {subject}, {lower_first(resolved)}"
    return resolved


def _instead(text: str, turns: Sequence[Turn], is_name: IsName) -> str | None:
    """The last question with its last name made another, for "What about Misrata?"."""
    start = _INSTEAD.match(text)
    if not start or not turns:
        return None
    given = text[start.end() :].strip(" ?.!")
    names = list(_names(turns[-1].question, is_name))
    if not names or not given or len(given.split()) > 4 or not any(_names(f"x {given}", is_name)):
        return None
    first, last = names[-1]
    return turns[-1].question[:first] + given + turns[-1].question[last:]


def _with_whole_names(text: str, said: Sequence[Mention], topic: str) -> str:
    """The first name of which only a part is given, whole."""
    for name in dict.fromkeys([topic, *(mention.text for mention in said)]):
        words = [word for word in name.split() if len(word) > 2 and word.lower() not in _PARTICLES]
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
    who = re.match(r"\W*(who|whom|which|what)\b", last.question, re.IGNORECASE)
    if kind != "person":
        if event := _EVENT.search(last.question):
            return event.group() if kind == "thing" else None
        named = [m for m in said if not m.in_answer and m.text in last.question]
        return named[0].text if len(named) == 1 and named[0].before not in _PLACED | _LED else None
    answered = " ".join(last.answers) if who else ""

    def unlikely(mention: Mention) -> tuple[bool, bool]:
        is_answer = mention.in_answer and mention.text in answered and mention.text not in last.question
        return not is_answer, " " not in mention.text

    return min((m for m in said if not m.is_place), key=unlikely, default=Mention("", "", False)).text or None


def _known(turns: Sequence[Turn], topic: str, is_name: IsName) -> str:
    """What the last answer already said: itself when short, else the names in it."""
    answers = turns[-1].answers if turns else ()
    if len(answers) == 1 and len(answers[0].split()) <= _SHORT_ANSWER:
        return answers[0].strip(" .,;")
    names = [text[start:end] for text in answers for start, end in _names(text, is_name)]
    others = [name for name in dict.fromkeys(names) if name.lower() not in topic.lower()]
    return " and ".join(others[:_MOST_SAID]) or topic


def _clause(turns: Sequence[Turn]) -> str:
    """The last question, to be spoken about."""
    return lower_first(turns[-1].question.strip(" ?.!")) if turns else ""


def _mentions(turns: Sequence[Turn], is_name: IsName) -> Iterator[Mention]:
    """Names in what was said, the latest turn first; those of a question, last first, before those of its answers."""
    for turn in reversed(turns):
        for text in (turn.question, *turn.answers):
            names = list(_names(text, is_name))
            for start, end in reversed(names) if text is turn.question else names:
                before = "".join(text[:start].split()[-1:]).lower()
                yield Mention(text[start:end], before, text is not turn.question)


def _names(text: str, is_name: IsName) -> Iterator[tuple[int, int]]:
    """Where the names in `text` stand: runs of words that are capitalized or known, with the particles between."""
    run: list[re.Match[str]] = []
    for match in [*_WORD.finditer(text), None]:
        word = match.group().removesuffix("'s").removesuffix("’s") if match else ""
        bare = re.sub("^(al|el)-", "", word)
        if match and word.lower() not in NO_NAMES and (bare[:1].isupper() or is_name(word.lower())):
            joined = run and text[run[-1].end() : match.start()].strip() in {"", "-"}
            if run and not joined:
                yield from _run(run)
                run = []
            run.append(match)
        elif run and not (match and match.group() in _PARTICLES and text[run[-1].end() : match.start()] == " "):
            yield from _run(run)
            run = []
        elif run and match:
            run.append(match)


def _run(run: list[re.Match[str]]) -> Iterator[tuple[int, int]]:
    while run and run[-1].group() in _PARTICLES:
        run = run[:-1]
    if run:
        last = run[-1].group()
        cut = 2 if last.endswith(("'s", "’s")) else 0
        yield run[0].start(), run[-1].end() - cut


def lower_first(text: str) -> str:
    """`text` with its first letter lowered, unless a name begins it."""
    first = text.split(maxsplit=1)[0] if text.split() else ""
    return text[0].lower() + text[1:] if first.lower().strip("?!.,") in {*NO_NAMES, "besides"} else text
