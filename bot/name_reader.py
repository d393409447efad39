"""Reads what a name is: "Nasr, the House member for Nofaliya", "al-Mismari is spokesman of the army".

The span reader, asked who Nasr is, looks for a name and finds another person's. Here the words must stand beside the
name that is asked about, in one of a few forms that news uses; where none does, nothing is found.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass

from bot.agree import said
from bot.proper import NO_NAMES, PARTICLES, POSSESSIVE
from bot.reader import MAX_SENTENCE_CHARS, AnswerSpan, Findings, ReadPassage, Told, ranked, statements
from bot.shape import Shape, asking, explained, shape_of
from index.archive import Archive
from index.article import Article
from index.lexical import terms
from index.passages import Span

THRESHOLD, RANK_WEIGHT = 0.5, 1.5
CLAUSE, FULL_NAME = 0.5, 1.0
"""How much less than a noun beside a name a clause counts ("who leads the council"), and its title and forenames."""
_WORD = re.compile(r"[^\W_](?:[\w'’.-]*[^\W_])?")
_BE = r"(?:is|are|was|were|became|has\s+been|had\s+been|have\s+been)"
_ROLE = r"(?:heads?|leaders?|chief|spokes\w+|deputy|former|chair\w*|founders?|members?)"
_NOUN = rf"(?:an?|one\s+of|his|her|its|their|\w*{_ROLE})\s"
_REST = r"""[^,.;:()"“”]*(?:\.(?=\w)[^,.;:()"“”]*)*"""
_SPOKE = r"(?:(?:is|was|were|are|has|had|have)\s+)?(?:\w+ing|said|says|told|spoke|added|agreed)\b"
_AFTER = re.compile(
    rf"""
      (?:,?\s+(?:who|which))?\s+{_BE}\s+(?:also\s+)?(?P<is>(?:{_NOUN}|the\s){_REST})
    | ,?\s+(?P<clause>(?:who|which)\s+(?!{_SPOKE}){_REST})
    | ,\s+(?P<aside>{_NOUN}{_REST})
    | ,\s+(?P<the>the\s{_REST})
    """,
    re.VERBOSE,
)
_BEFORE = re.compile(
    rf"(?:^|,\s|\b(?:by|and|said|told|with|to)\s)(?P<aside>(?:the\s|{_NOUN})(?:[^\s,.;:()“”]+\s?){{1,8}}),\s$",
    re.IGNORECASE,
)
_SENTENCE = re.compile(
    r"(?:(?!\b(?:who|which|that)\b).)*\b(?:is|are|was|were|has|had|says|said|told|will|would|can|could|leads|"
    r"following|next|year)\b"
)
_OF_A_PERSON, _OF_A_THING = {"is"}, {"is", "clause", "the"}
"""What speaks of something else after "the attack on Tazirbu", and after "the mayor of Tazirbu"."""
_OPENING = re.compile(
    r"(?:in|on|at|after|before|for|from|with|under|during|by|as|when|while|if|to)\s[^,]*$", re.IGNORECASE
)
_JOINT = re.compile(r"[ -]|\s+(?:of|for|and|the|de|del|la)\s+(?:the\s+)?")
_ARTICLE = ("al-", "el-")
_APART = re.compile(r"[,.]|$")
_TITLE = re.compile(r"[A-Z][\w.’'-]*(?:\s+(?:(?:of|the)\s+)*[A-Z][\w.’'-]*)*\s+$")
_IN = re.compile(r"(?<!\baccording )\b(?:of|in|on|at|for|from|to|near|over|against|and)\s+(?:the\s+)?$", re.IGNORECASE)
_CREDIT = re.compile(r"\b(?:Images?|Photos?|Video|Feedback|AFP|AP|PA|Reuters)\b")
_ONE = re.compile(r"who(?:['’]s| is| was)\b", re.IGNORECASE)
_CUT = re.compile(r"\s+(?:and|but|when|while|after|before|because|as|although)\s.*$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Name:
    """A name that is asked about: the terms of any of its words, those of its last, and how many words it has.

    `is_one` when it is asked who that is, and not what it is or who they are: such a name has a title, and forenames.
    """

    alike: Set[str]
    last: Set[str]
    words: int
    is_person: bool
    is_one: bool


class NameReader:
    """Reads with patterns; every sentence of the passages that has the name."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive

    def read(self, query: str, passages: Sequence[ReadPassage], told: Told = statements) -> Findings:
        """What is said of the name in `query`; when nothing is, the sentences that have it, which answer nothing."""
        asked = explained(query)
        if not asked:
            return Findings((), 0.0, THRESHOLD)
        name = self._name(asked, query)
        found: dict[tuple[str, Span], AnswerSpan] = {}
        having: list[AnswerSpan] = []
        for rank, passage in ranked(passages):
            for place in passage.sentences():
                article = passage.article
                sentence = article.text[place.start : place.end]
                if len(sentence) > MAX_SENTENCE_CHARS or name.last.isdisjoint(terms(sentence)):
                    continue
                if (loss := told(article, place)) is None:
                    continue
                score = RANK_WEIGHT * rank - loss
                having.append(_span(article, place, place, score))
                for words, less in explanations(sentence, name):
                    span = Span(place.start + words.start, place.start + words.end)
                    found.setdefault((article.id, span), _span(article, span, place, score - less))
        spans = sorted(found.values() or having, key=lambda span: -span.score)
        return Findings(tuple(spans), 1.0 if found else 0.0, THRESHOLD)

    def _name(self, asked: str, query: str) -> Name:
        alike = [
            {match for match, share in matches.items() if share == 1}
            for matches in self._archive.matches(asked).values()
        ]
        is_person, is_one = shape_of(query) is Shape.WHO, bool(_ONE.match(asking(query)))
        written = sum(word not in PARTICLES for word in _WORD.findall(asked))
        return Name(set().union(*alike), alike[-1], written, is_person, is_one)


def _span(article: Article, place: Span, sentence: Span, score: float) -> AnswerSpan:
    gist = said(article.text[place.start : place.end], article.published, Shape.WHAT)
    return AnswerSpan(article, *place, sentence, score, gist)


def explanations(sentence: str, name: Name) -> Iterator[tuple[Span, float]]:
    """Where `sentence` says what `name` is, and how much less that counts than the best does."""
    for found in _runs(sentence, name):
        before = sentence[: found.start]
        after = _AFTER.match(sentence, found.end)
        kind = after.lastgroup if after else None
        if after and kind and not _is_of_another(kind, before, is_person=name.is_person):
            words = _CUT.sub("", after[kind])
            if kind == "clause" or _is_noun(words):
                start = after.start(kind)
                yield Span(start, start + len(words.rstrip())), CLAUSE if kind == "clause" else 0.0
        title = _TITLE.search(before)
        start = title.start() if title and _is_title(title.group()) else found.start
        aside = _BEFORE.search(sentence[:start])
        if aside and _APART.match(sentence, found.end) and _is_noun(aside["aside"]):
            yield Span(*aside.span("aside")), 0.0
        elif (
            start < found.start and name.is_one and len(_WORD.findall(sentence[found.start : found.end])) >= name.words
        ):
            yield Span(start, found.end), FULL_NAME


def _is_of_another(kind: str, before: str, *, is_person: bool) -> bool:
    """Whether what follows a name, with `before` in front of it, rather speaks of what the name belongs to."""
    if kind in (_OF_A_PERSON if is_person else _OF_A_THING) and _IN.search(before):
        return True
    return kind in {"aside", "the"} and bool(_OPENING.match(before))


def _is_noun(words: str) -> bool:
    """Whether `words` are of two at least, and no sentence of their own."""
    return " " in words.strip() and not _SENTENCE.match(words)


def _is_title(words: str) -> bool:
    """Whether `words` before a name belong to it: no "Though", no photographer's credit."""
    return words.split()[0].lower() not in NO_NAMES and not _CREDIT.search(words)


def _runs(sentence: str, name: Name) -> Iterator[Span]:
    """Where the last word of the name stands, with those of its words before it: of a thing, all of them."""
    run: list[re.Match[str]] = []
    for word in [*(word for word in _WORD.finditer(sentence) if word.group() not in PARTICLES), None]:
        if run and not (
            word and _JOINT.fullmatch(sentence, run[-1].end(), word.start()) and _is_of(word.group(), name)
        ):
            if not name.last.isdisjoint(terms(run[-1].group())) and (name.is_person or len(run) >= name.words):
                yield Span(run[0].start(), run[-1].start() + len(POSSESSIVE.sub("", run[-1].group())))
            run = []
        if word and _is_of(word.group(), name):
            run.append(word)


def _is_of(word: str, name: Name) -> bool:
    return (word[:1].isupper() or word.startswith(_ARTICLE)) and not name.alike.isdisjoint(terms(word))
