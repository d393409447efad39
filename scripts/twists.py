"""Questions that look answerable and are not: one thing in a real question turned, its paragraph left as it is.

The kinds are those that the authors of SQuAD 2.0 name for theirs (Rajpurkar et al., 2018, table 2): another entity, an
antonym, a negation, and roles exchanged; all words here come from the paragraph, its questions, or the lists below.
"""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace

from scripts.reader_data import NAME, Example

ANTONYMS = """
first last|first second|second third|third fourth|earliest latest|early late|earlier later|before after|north south|
northern southern|east west|eastern western|most least|more less|more fewer|highest lowest|higher lower|high low|
largest smallest|larger smaller|large small|biggest smallest|big small|best worst|better worse|good bad|long short|
longest shortest|old new|older younger|oldest youngest|increase decrease|increased decreased|increases decreases|
increasing decreasing|win lose|won lost|start end|started ended|begin end|began ended|beginning end|open close|
opened closed|buy sell|bought sold|arrive leave|arrived left|join leave|joined left|enter exit|entered left|
allow forbid|allowed forbade|support oppose|supported opposed|accept reject|accepted rejected|love hate|loved hated|
like dislike|liked disliked|male female|men women|man woman|father mother|son daughter|brother sister|husband wife|
king queen|public private|rich poor|common rare|easy difficult|strong weak|positive negative|major minor|inside outside|
above below|over under|upper lower|left right|front back|summer winter|day night|always never|often rarely|
many few|all none|usually rarely|maximum minimum|create destroy|created destroyed|build destroy|built destroyed|
founded dissolved|established abolished|include exclude|includes excludes|included excluded|gain lose|gained lost|
rise fall|rose fell|succeed fail|succeeded failed|success failure|advantage disadvantage|friend enemy|cause prevent|
caused prevented|causes prevents|help hinder|helped hindered|born buried|lived died|attack defend|attacked defended|
teach learn|taught learned|lend borrow|give take|gave took|given taken|send receive|sent received|appear disappear|
married divorced|known unknown|possible impossible|necessary unnecessary|similar different|same different|hot cold|
wet dry|heavy light|fast slow|modern ancient|natural artificial|local foreign|import export|parent child|teacher student
"""
_OPPOSITES: dict[str, list[str]] = defaultdict(list)
for _one, _other in (pair.split() for pair in ANTONYMS.replace("\n", "").split("|")):
    _OPPOSITES[_one].append(_other)
    _OPPOSITES[_other].append(_one)
_NEGATABLE = re.compile(r"\b(was|were|is|are|did|does|do|can|could|will|would|has|have|had|should)\b", re.IGNORECASE)
_NOT = re.compile(r"\s+(not|never)\b|n['’]t\b")
_WORD = re.compile(r"[a-z]{4,}")
_COMMON = frozenset(
    re.findall(
        r"\w+",
        """what which when where whose whom does have been were would could should about with from that this these those
        they them their there into than then also many much more most some other only used called known name type kind
        year time happened happen people""",
    )
)
_ENDINGS = ("tion", "ment", "ness", "ing", "ed", "ly", "er", "ist", "ous", "al", "s")


def twisted(examples: Sequence[Example], draw: random.Random) -> list[Example]:
    """For each answerable question, at most two twists of it, of kinds drawn at random."""
    siblings: dict[str, list[str]] = defaultdict(list)
    for example in examples:
        siblings[example.text].append(example.question)
    found = []
    for example in examples:
        if not example.answers:
            continue
        others = [question for question in siblings[example.text] if question != example.question]
        kinds: list[tuple[str, Callable[[], str | None]]] = [
            ("name", lambda e=example: _other_name(e, draw)),  # type: ignore[misc]
            ("antonym", lambda e=example: _antonym(e.question, draw)),  # type: ignore[misc]
            ("negation", lambda e=example: _negation(e.question, draw)),  # type: ignore[misc]
            ("roles", lambda e=example: _roles(e, draw)),  # type: ignore[misc]
            ("word", lambda e=example, o=others: _other_word(e, o, draw)),  # type: ignore[misc]
        ]
        draw.shuffle(kinds)
        near = example.answers[0][0]
        kept = 0
        for kind, twist in kinds:
            question = twist()
            if question and question not in siblings[example.text]:
                found.append(replace(example, kind=f"{example.kind} {kind}", question=question, answers=(), near=near))
                kept += 1
            if kept == 2:
                break
    return found


def _other_name(example: Example, draw: random.Random) -> str | None:
    """One of the question's names or numbers, made another of the paragraph's that is no answer and no part of it."""
    golds = " ".join(example.text[s.start : s.end] for spans in example.answers for s in spans).casefold()
    inside = [match.group() for match in NAME.finditer(example.text)]
    places = list(NAME.finditer(example.question))
    draw.shuffle(places)
    for place in places:
        name = place.group()
        asked = example.question.casefold()
        others = sorted(
            {
                other
                for other in inside
                if other[0].isdigit() == name[0].isdigit()
                and len(other) > 2
                and other.casefold() not in asked
                and other.casefold() not in golds
                and not set(other.casefold().split()) & set(name.casefold().split())
            }
        )
        if others:
            return example.question[: place.start()] + draw.choice(others) + example.question[place.end() :]
    return None


def _antonym(question: str, draw: random.Random) -> str | None:
    places = [m for m in re.finditer(r"[A-Za-z]+", question) if m.group().lower() in _OPPOSITES]
    if not places:
        return None
    place = draw.choice(places)
    other = draw.choice(_OPPOSITES[place.group().lower()])
    other = other.capitalize() if place.group()[0].isupper() else other
    return question[: place.start()] + other + question[place.end() :]


def _negation(question: str, draw: random.Random) -> str | None:
    """The question with a "not", a "never" or an "n't" put in."""
    if _NOT.search(question) or re.match(
        r"(how (many|much|long|old|far)|when|in what year)\b", question, re.IGNORECASE
    ):
        return None
    place = _NEGATABLE.search(question)
    if not place:
        return None
    after = question[place.end() :]
    if draw.random() < 0.5 and place.group().lower() not in {"will", "can"}:
        return question[: place.end()] + "n't" + after
    if place.group().lower() in {"did", "does", "do", "can", "could", "will", "would", "should"}:
        words = after.split(" ")
        if len(words) < 4:
            return None
        spot = draw.randint(2, min(3, len(words) - 1))
        return question[: place.end()] + " ".join([*words[:spot], draw.choice(["not", "never"]), *words[spot:]])
    return question[: place.end()] + draw.choice([" not", " never"]) + after


def _roles(example: Example, draw: random.Random) -> str | None:
    """Two of the question's names, or two of its nouns that the paragraph holds too, in each other's place."""
    question, held = example.question, example.text.casefold()
    names = list(NAME.finditer(question))
    words = [m for m in _WORD.finditer(question) if m.group() not in _COMMON and f" {m.group()}" in held]
    for places in (names, words):
        pairs = [
            (one, other)
            for one in places
            for other in places
            if one.end() < other.start() and (places is names or _ending(one.group()) == _ending(other.group()))
        ]
        if pairs and (places is words or draw.random() < 0.8):
            one, other = draw.choice(pairs)
            between = question[one.end() : other.start()]
            if between.strip() in {"and", "or", ",", "and the"}:
                continue
            return question[: one.start()] + other.group() + between + one.group() + question[other.end() :]
    return None


def _other_word(example: Example, others: Sequence[str], draw: random.Random) -> str | None:
    """One of the question's words made one of like form out of another question on the paragraph."""
    places = [m for m in _WORD.finditer(example.question) if m.group() not in _COMMON]
    draw.shuffle(places)
    pool = sorted({word for other in others for word in _WORD.findall(other) if word not in _COMMON})
    asked = set(_WORD.findall(example.question))
    for place in places:
        like = [
            w for w in pool if w not in asked and _ending(w) == _ending(place.group()) and w[:4] != place.group()[:4]
        ]
        if like:
            return example.question[: place.start()] + draw.choice(like) + example.question[place.end() :]
    return None


def _ending(word: str) -> str:
    return next((ending for ending in _ENDINGS if word.endswith(ending)), "")
