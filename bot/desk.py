"""The desk: the one way in for every surface, and the one place where its parts are put together."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

from bot import compose
from bot.agree import Said
from bot.answer import Answer, Event, Mentions, Question, Quote, Reading, Respelling, Searching
from bot.dates import Period, asked_for
from bot.followup import RECENT, Turn, leans, stand_alone
from bot.name_reader import NameReader
from bot.named import named
from bot.proper import NO_NAMES, names, never
from bot.question import MAX_CHARS, checked
from bot.reader import Findings, Reader, ReadPassage, statements
from bot.retriever import FusedRetriever, Query, Retriever
from bot.sentence_reader import SentenceReader
from bot.settings import Settings
from bot.shape import ByShape, asking
from bot.span_model import SpanModel
from bot.span_reader import SpanReader
from bot.telling import Telling
from bot.timely import ByEvent, Timely, by_event, is_loose, relative, tells_of, wants_latest
from index.archive import Archive, Status
from index.article import EVERYTHING, Article, Scope
from index.catalogue import Coverage, UnknownArticleError
from index.embedder import Embedder, MiniLM
from index.ingest import IngestReport, OnProgress, ingest
from index.lexical import words
from index.passages import Span

CORPUS = Path(__file__).parents[1] / "corpus"
"""The articles that ship."""

REMEMBERED = 500
"""Answers whose words are kept for the follow-ups to them; no question is ever answered from these."""

REMEMBERED_TURNS = 20
"""Questions before this one that are looked at: each may lean on the one before it."""
LEAST_WORDS = 2
"""Words, besides such as "who" and "in", that a question must have left when what says its days is taken out."""
NEAREST = 3
"""Passages in which a word of an unanswered question is looked for, to tell what they do speak of."""


def _answers(findings: Findings) -> bool:
    return findings.answerable >= findings.threshold


def _silent(_done: int, _total: int | None) -> None:
    pass


def reader_of(archive: Archive, threads: int | None = None) -> Reader:
    """The reader that comes with the desk; `threads` texts are read at a time, one a core when None."""
    return ByShape(NameReader(archive), SpanReader(archive, SpanModel(threads)), SentenceReader(archive))


class Desk:
    """Answers questions from an archive. Every quote it gives out has just been found, word for word, in its article.

    `retriever` and `reader` replace the parts that come with it; `threads` texts are read at a time. Close it, or use
    it in `with`.
    """

    def __init__(
        self,
        archive: Archive,
        *,
        retriever: Retriever | None = None,
        reader: Reader | None = None,
        passages_read: int = 20,
        threads: int | None = None,
    ) -> None:
        self._archive = archive
        self._retriever = retriever or FusedRetriever(archive)
        self._reader = reader or reader_of(archive, threads)
        self._passages_read = passages_read
        self._remembered: dict[tuple[object, ...], tuple[str, ...]] = {}

    @classmethod
    def open(cls, settings: Settings, embedder: Embedder | None = None) -> Desk:
        """The desk that `settings` describe. Raises what opening its archive raises."""
        embedder = embedder or MiniLM(settings.threads)
        archive = Archive(settings.home, chroma_url=settings.chroma_url, embedder=embedder)
        return cls(archive, passages_read=settings.passages_read, threads=settings.threads)

    def __enter__(self) -> Desk:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the archive."""
        self._archive.close()

    @property
    def home(self) -> Path:
        """The folder that holds all state."""
        return self._archive.home

    @property
    def is_empty(self) -> bool:
        """Whether there is no article to answer from."""
        return self._archive.is_empty

    def ask(self, question: Question) -> Answer:
        """The answer, or "unanswered". QuestionError when it is no question."""
        *_, answer = self.stream(question)
        assert isinstance(answer, Answer)  # noqa: S101 - what stream ends with
        return answer

    def stream(self, question: Question) -> Iterator[Event]:
        """The answer as it comes about: Searching, Reading, Answer. QuestionError when it is no question."""
        started = time.perf_counter()
        question = checked(question)
        query, searched = self._stand_alone(question), self._archive.coverage(question.scope)
        yield Searching(query, searched)
        today = question.asked or date.today()
        undated, timely = self._timely(query, question.scope, today)
        about = timely.about if timely else asked_for(query, today)[0]
        passages = self.find(Query(undated, question.scope, today, about, wants_latest(query)))
        yield Reading(tuple(dict.fromkeys(passage.article.title for passage in passages)))
        findings = self._reader.read(undated, passages, timely or statements)
        if timely and not (findings.spans and (timely.loose or _answers(findings))):
            findings = replace(self._reader.read(undated, passages), answerable=0.0)  # of other days: near, no more
        mentioned = self._named(undated)
        findings = named(findings, mentioned, self._archive)
        answer = compose.compose(question, query, findings, searched)
        if answer.status == "unanswered":
            answer = compose.explained(answer, *self._premise(undated, mentioned, question.scope, passages))
        answer = self._matched(self.verified(answer))
        self._remember(answer, question)
        yield replace(answer, seconds=time.perf_counter() - started)

    def _timely(self, query: str, scope: Scope, today: date) -> tuple[str, Timely | None]:
        """What of `query` is to be found and read, and which sentences are of the days it asks about, if it does.

        What says the days is not read: they are told from days by themselves, and a reader is only led astray by "in
        November 2018", a search by "before the attack on Tazirbu". Where little else is said ("what happened in
        2018?") it is all kept.
        """
        sentence = asking(query)
        days, rest = asked_for(sentence, today)
        undated = query.replace(sentence, rest)
        is_other: Callable[[str], bool] = never
        if not days and (event := by_event(query)):
            undated, days = event.rest, self._about_event(event, scope, today)
            is_other = tells_of(event, self._archive.matches(event.event), self._archive.is_name)
        if not days:
            return query, None
        loose = is_loose(sentence)
        enough = not loose and sum(word not in NO_NAMES for word in words(undated.lower())) >= LEAST_WORDS
        return undated if enough else query, Timely(days, today, loose=loose, is_other=is_other)

    def _about_event(self, said: ByEvent, scope: Scope, today: date) -> Period | None:
        """The days that are said by an event, which the articles say the day of; None when they do not."""
        asked = f"When was {said.event}?"
        findings = self._reader.read(asked, self.find(Query(asked, scope, today)))
        if not _answers(findings):
            return None
        dated = (span.gist.period for span in findings.spans if isinstance(span.gist, Said) and span.gist.period)
        return next((relative(said.when, period) for period in dated), None)

    def _matched(self, answer: Answer) -> Answer:
        """`answer` with the names that its quotes spell in another way."""
        quoted = [f"{quote.title} {quote.text}" for quote in (*answer.quotes, *answer.near)]
        respelt = self._archive.respellings(answer.query, quoted)
        return replace(answer, matched=tuple(Respelling(*names) for names in respelt))

    def _named(self, query: str) -> list[str]:
        """The names in `query`; the word that begins it is none because of its capital letter."""
        lowered = query[:1].lower() + query[1:]
        found = dict.fromkeys(names(lowered, self._archive.is_name))
        return [query[: len(name)] if lowered.startswith(name) else name for name in found]

    def _premise(
        self, query: str, mentioned: Sequence[str], scope: Scope, found: Sequence[ReadPassage]
    ) -> tuple[tuple[str, ...], tuple[Mentions, ...]]:
        """The names `mentioned` that no article in `scope` has; and a name and a word of `query` that none has both of.

        The word is the most telling one that the best passages hold.
        """
        having = {name: self._archive.mentioning(name, scope) for name in mentioned}
        absent = tuple(name for name, articles in having.items() if not articles)
        word = Telling(self._archive, query).most_telling(passage.text for passage in found[:NEAREST])
        if word is None:
            return absent, ()
        of_word = self._archive.mentioning(word, scope)
        name = next((name for name, articles in having.items() if not articles & of_word), None)
        apart = (Mentions(name, len(having[name])), Mentions(word, len(of_word))) if name and of_word else ()
        return absent, apart

    def _stand_alone(self, question: Question) -> str:
        """The query: the question, with what it leans on in those before it and in their answers."""
        if not question.after or not leans(question.text, self._archive.is_name):
            return question.text
        turns: list[Turn] = []
        earlier = [text for text in question.after if any(map(str.isalnum, text))][-REMEMBERED_TURNS:]
        for place, text in enumerate(earlier):
            query = stand_alone(text, turns, self._archive.is_name)[:MAX_CHARS]
            is_recent = place >= len(earlier) - RECENT
            turns.append(Turn(query, self._told(replace(question, text=query, after=()), ask=is_recent)))
        return stand_alone(question.text, turns, self._archive.is_name)[:MAX_CHARS]

    def _told(self, question: Question, *, ask: bool) -> tuple[str, ...]:
        """What was answered to a question of this conversation; when that was not here, or long ago, it may `ask`."""
        known = self._remembered.get(self._key(question.text, question), None if ask else ())
        if known is None:
            known = tuple(finding.text for finding in self.ask(question).answers)
        return known

    def _remember(self, answer: Answer, question: Question) -> None:
        self._remembered[self._key(answer.query, question)] = tuple(finding.text for finding in answer.answers)
        while len(self._remembered) > REMEMBERED:
            self._remembered.pop(next(iter(self._remembered)), None)

    def _key(self, query: str, question: Question) -> tuple[object, ...]:
        return query, question.scope, question.asked, self._archive.catalogue.generation

    def verified(self, answer: Answer) -> Answer:
        """`answer` without the quotes that do not stand, word for word, in the articles as stored now.

        What rests on none of its quotes goes with them; an answer of which nothing is left is unanswered.
        """
        quotes, near = self._exact(answer.quotes), self._exact(answer.near)
        if quotes == answer.quotes and near == answer.near:
            return answer
        return compose.without(answer, quotes, near)

    def _exact(self, quotes: tuple[Quote, ...]) -> tuple[Quote, ...]:
        return tuple(quote for quote in quotes if self._is_exact(quote))

    def _is_exact(self, quote: Quote) -> bool:
        try:
            return quote.is_exact(self._archive.article(quote.article_id))
        except UnknownArticleError:
            return False

    def find(self, query: Query, k: int | None = None) -> list[ReadPassage]:
        """The `k` passages that fit `query` best, best first; as many as are read when None."""
        hits = self._retriever.retrieve(query, k or self._passages_read)
        articles = self._archive.articles(list({hit.passage.article_id for hit in hits}))
        return [
            ReadPassage(articles[hit.passage.article_id], Span(hit.passage.start, hit.passage.end), hit.score)
            for hit in hits
            if hit.passage.article_id in articles
        ]

    def add(self, targets: Iterable[str], on_progress: OnProgress = _silent) -> IngestReport:
        """Read files, folders and addresses into the archive."""
        return ingest(self._archive, targets, on_progress)

    def add_corpus(self, on_progress: OnProgress = _silent) -> IngestReport:
        """Read the articles that ship into the archive."""
        return self.add([str(CORPUS)], on_progress)

    def article(self, article_id: str) -> Article:
        """An article as stored; UnknownArticleError when there is none of that id."""
        return self._archive.article(article_id)

    def coverage(self, scope: Scope = EVERYTHING) -> Coverage:
        """How many articles can answer, and the days they cover."""
        return self._archive.coverage(scope)

    def status(self) -> Status:
        """What the archive holds."""
        return self._archive.status()
