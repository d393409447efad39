"""What is read of the passages found: the sentences that share most with the question, each with the one before it.

A whole passage is three times as long and was read no better (on half of the questions of a news quiz): in a short text
there is less to be led astray by, and the sentence before says who "he" is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, islice

from bot.reader import ReadPassage, Told, ranked, statements
from bot.telling import Telling
from index.article import Article
from index.lexical import terms
from index.passages import Span

SENTENCES_READ = 10
OWN_WEIGHT, RANK_WEIGHT = 0.5, 0.2
"""What the words of the sentence itself count beside those of its title and itself, and the rank of its passage."""
MAX_CHARS = 700
"""Windows that meet are one, up to so many code points."""


@dataclass(frozen=True, slots=True)
class Window:
    """`sentences` of an article, as places in it, that are read together.

    `rank` is their passage's, from 1 for the first down to 0, and `words` the share (0..1) of the question's telling
    words in one of the sentences with the article's title.
    """

    article: Article
    sentences: tuple[Span, ...]
    rank: float
    words: float

    @property
    def span(self) -> Span:
        """From the first of them to the last."""
        return Span(self.sentences[0].start, self.sentences[-1].end)

    @property
    def text(self) -> str:
        """The window's own words."""
        return self.article.text[self.span.start : self.span.end]


@dataclass(frozen=True, slots=True)
class _Sentence:
    passage: int
    place: int
    words: float
    score: float


def windows(passages: Sequence[ReadPassage], telling: Telling, told: Told = statements) -> list[Window]:
    """The windows of `passages` that are worth reading, in the order of the passages."""
    cut = [passage.sentences() for passage in passages]
    ranks = [rank for rank, _ in ranked(passages)]
    judged: list[_Sentence] = []
    for number, passage in enumerate(passages):
        title, text = set(terms(passage.article.title)), passage.article.text
        for place, sentence in enumerate(cut[number]):
            own = set(terms(text[sentence.start : sentence.end]))
            words = telling.share_of(own | title)
            score = words + OWN_WEIGHT * telling.share_of(own) + RANK_WEIGHT * ranks[number]
            judged.append(_Sentence(number, place, words, score))
    judged.sort(key=lambda one: (-one.score, one.passage, one.place))
    read = (one for one in judged if told(passages[one.passage].article, cut[one.passage][one.place]) is not None)
    chosen = sorted(islice(read, SENTENCES_READ), key=lambda one: (one.passage, one.place))
    found: list[Window] = []
    for number, group in groupby(chosen, key=lambda one: one.passage):
        found += _joined(passages[number].article, ranks[number], cut[number], list(group))
    return found


def _joined(article: Article, rank: float, cut: Sequence[Span], chosen: Sequence[_Sentence]) -> list[Window]:
    """One passage's windows, those that meet as one."""
    found: list[Window] = []
    for one in chosen:
        own = tuple(cut[max(one.place - 1, 0) : one.place + 1])
        last = found[-1] if found else None
        if last and own[0] in last.sentences and own[-1].end - last.span.start <= MAX_CHARS:
            found[-1] = Window(article, (*last.sentences, own[-1]), rank, max(last.words, one.words))
        else:
            found.append(Window(article, own, rank, one.words))
    return found
