"""Reads whole sentences, for questions that no name, number or date answers: "Did they claim it?", "Tell me about".

A sentence is judged by its nearness in meaning to the question, the share of the question's telling words it holds, and
the rank of its passage. Whether there is an answer at all is judged from the best of these over everything read.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from bot.reader import MAX_SENTENCE_CHARS, AnswerSpan, Findings, Gist, ReadPassage, Told, ranked, statements
from bot.telling import Telling
from index.archive import Archive
from index.article import Article
from index.passages import Span

SENTENCES_READ = 30
"""Those that share most with the question, and whose passages come first, are compared with it in meaning."""
ALIKE = 0.75
"""Cosine at which two sentences are taken to say the same."""
NEARNESS_WEIGHT, WORDS_WEIGHT, RANK_WEIGHT = 1.0, 1.05, 0.52
BIAS, SENTENCE_NEARNESS, PASSAGE_WORDS, SENTENCE_WORDS = -7.37, 8.44, 3.33, 2.97
THRESHOLD = 0.18
_STEEP = 5.0
"""How many times less a sentence counts for each unit that its score is lower, as a logarithm."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """A unit vector (384,); sentences whose vectors are near say the same, and none excludes another."""

    vector: NDArray[np.float32]

    def same(self, other: Gist) -> bool:
        """Whether both say the same."""
        return isinstance(other, Meaning) and float(self.vector @ other.vector) >= ALIKE

    def excludes(self, other: Gist) -> bool:
        """Never: nearness cannot tell yes from no."""
        return False


@dataclass(frozen=True, slots=True)
class Judged:
    """A sentence with what speaks for it.

    Its nearness to the question (cosine), the share (0..1) of the question's telling words it holds, and the rank of
    its passage, from 1 for the first down to 0 for the last.
    """

    article: Article
    sentence: Span
    nearness: float
    words: float
    rank: float
    meaning: NDArray[np.float32]

    @property
    def score(self) -> float:
        """All three, weighed."""
        return NEARNESS_WEIGHT * self.nearness + WORDS_WEIGHT * self.words + RANK_WEIGHT * self.rank


@dataclass(frozen=True, slots=True)
class Signals:
    """What speaks for there being an answer.

    The best nearness (cosine) of a sentence, and the largest shares (0..1) of the question's telling words in one
    passage with its title and in one sentence.
    """

    nearness: float
    passage_words: float
    sentence_words: float


class SentenceReader:
    """Reads with the archive's own embedder and word counts; nothing else is loaded."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive

    def read(self, query: str, passages: Sequence[ReadPassage], told: Told = statements) -> Findings:
        """Every sentence of `passages` with its score, best first."""
        judged, signals = self.judge(query, passages, told)
        if signals is None:
            return Findings((), 0.0, THRESHOLD)
        spans = [
            AnswerSpan(one.article, *one.sentence, one.sentence, score, Meaning(one.meaning))
            for one in judged
            for score in [_STEEP * one.score - (told(one.article, one.sentence) or 0.0)]
        ]
        return Findings(tuple(sorted(spans, key=lambda span: -span.score)), answerable(signals), THRESHOLD)

    def judge(
        self, query: str, passages: Sequence[ReadPassage], told: Told = statements
    ) -> tuple[list[Judged], Signals | None]:
        """The sentences as judged, and the signals for there being an answer; ([], None) when none can be read."""
        found = [
            (rank, passage, span)
            for rank, passage in ranked(passages)
            for span in passage.sentences()
            if span.end - span.start <= MAX_SENTENCE_CHARS
        ]
        telling = Telling(self._archive, query)
        shares = [telling.share(passage.article.text[span.start : span.end]) for _, passage, span in found]
        likely = sorted(range(len(found)), key=lambda n: -(WORDS_WEIGHT * shares[n] + RANK_WEIGHT * found[n][0]))
        wanted = (n for n in likely if told(found[n][1].article, found[n][2]) is not None)
        read = sorted(islice(wanted, SENTENCES_READ))
        if not read:
            return [], None
        found, shares = [found[n] for n in read], [shares[n] for n in read]
        texts = [passage.article.text[span.start : span.end] for _, passage, span in found]
        wordings = self._archive.wordings(query)
        vectors = self._archive.embedder.embed([*wordings, *texts])
        meanings = vectors[len(wordings) :]
        nearness = (meanings @ vectors[: len(wordings)].T).max(axis=1)
        judged = [
            Judged(passage.article, span, float(nearness[number]), shares[number], rank, meanings[number])
            for number, (rank, passage, span) in enumerate(found)
        ]
        whole = [telling.share(f"{p.article.title} {p.text}") for p in passages]
        return judged, Signals(float(nearness.max()), max(whole), max(one.words for one in judged))


def answerable(signals: Signals) -> float:
    """How likely it is (0..1) that the passages behind `signals` hold the answer (scripts/fit_sentence_reader.py)."""
    x = (
        BIAS
        + SENTENCE_NEARNESS * signals.nearness
        + PASSAGE_WORDS * signals.passage_words
        + SENTENCE_WORDS * signals.sentence_words
    )
    return 1 / (1 + math.exp(-x))
