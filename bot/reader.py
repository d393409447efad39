"""What a reader is: passages in, places that answer out, with how likely they answer at all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from index.article import Article
from index.passages import Span, sentences


@dataclass(frozen=True, slots=True)
class ReadPassage:
    """A passage to be read, with its article; `score` is the retriever's, comparable within one question."""

    article: Article
    span: Span
    score: float

    @property
    def text(self) -> str:
        """The passage's own words."""
        return self.article.text[self.span.start : self.span.end]

    def sentences(self) -> list[Span]:
        """Its sentences, as places in its article."""
        offset = self.span.start
        return [Span(offset + start, offset + end) for start, end in sentences(self.text)]


class Gist(Protocol):
    """What an answer comes to, however it is worded."""

    def same(self, other: Gist) -> bool:
        """Whether both give one answer."""

    def excludes(self, other: Gist) -> bool:
        """Whether at most one of them can be right."""


@dataclass(frozen=True, slots=True)
class AnswerSpan:
    """Words that answer: `article.text[start:end]`. `evidence` is the sentence around them, which is what is quoted.

    `score` compares spans of one question: it is the logarithm of how much the span counts, so that those of spans with
    the same gist may be added up. One that is not good enough to stand `alone` only adds to what others say; one that
    is not even good enough to be `quoted` for that adds unseen.
    """

    article: Article
    start: int
    end: int
    evidence: Span
    score: float
    gist: Gist
    alone: bool = True
    quoted: bool = True

    @property
    def text(self) -> str:
        """The words themselves."""
        return self.article.text[self.start : self.end]


@dataclass(frozen=True, slots=True)
class Findings:
    """What a reader found: spans, best first, and how likely it is (0..1) that they answer the question at all.

    `threshold` is the least likelihood at which they should be given as an answer.
    """

    spans: tuple[AnswerSpan, ...]
    answerable: float
    threshold: float


MAX_SENTENCE_CHARS = 600
"""A longer sentence is a table or a list without stops: it is never quoted whole."""
Told = Callable[[Article, Span], float | None]
"""What the score of an answer loses by its sentence, a place in its article; None when that is not to be read."""


def statements(article: Article, sentence: Span) -> float | None:
    """Every sentence may answer but one that asks."""
    return None if asks(article.text[sentence.start : sentence.end]) else 0.0


def asks(sentence: str) -> bool:
    """Whether `sentence` is itself a question."""
    return sentence.rstrip(" \n\"'”’)").endswith("?")


class Reader(Protocol):
    """Anything that reads answers out of passages."""

    def read(self, query: str, passages: Sequence[ReadPassage], told: Told = statements) -> Findings:
        """The spans of `passages` that may answer `query`, in sentences that are to be read."""


def ranked(passages: Sequence[ReadPassage]) -> list[tuple[float, ReadPassage]]:
    """Each passage with its score on a scale from 0 (the last) to 1 (the first)."""
    best, worst = (pick((p.score for p in passages), default=0.0) for pick in (max, min))
    return [((p.score - worst) / (best - worst) if best > worst else 1.0, p) for p in passages]
