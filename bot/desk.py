"""The desk: the one way in for every surface, and the one place where its parts are put together."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

from bot import compose
from bot.admission import Admission, BusyError
from bot.agree import Said
from bot.answer import Answer, Asker, Event, Mentions, Question, Quote, Reading, Respelling, Searching
from bot.dates import Period, asked_for
from bot.feedback import Feedback, FeedbackLog
from bot.memory import Memory
from bot.meter import Meter, Outcome, Unmetered
from bot.name_reader import NameReader
from bot.named import named
from bot.proper import NO_NAMES, names, never
from bot.question import checked
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
from index.home import HomeInUseError
from index.ingest import IngestReport, OnProgress, ingest
from index.lexical import words
from index.passages import Span

CORPUS = Path(__file__).parents[1] / "corpus"
"""The articles that ship."""

LEAST_WORDS = 2
"""Words, besides such as "who" and "in", that a question must have left when what says its days is taken out."""
FILLING_S = 120.0
"""How long another process that writes to an empty home is given to put a first article there."""
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

    `retriever` and `reader` replace the parts that come with it; `threads` texts are read at a time; `admission` says
    who may ask when, and `meter` is told what happens. Close it, or use it in `with`.
    """

    def __init__(
        self,
        archive: Archive,
        *,
        retriever: Retriever | None = None,
        reader: Reader | None = None,
        passages_read: int = 20,
        threads: int | None = None,
        admission: Admission | None = None,
    ) -> None:
        self._archive = archive
        self._admission = admission or Admission()
        self._feedback = FeedbackLog(archive.home)
        self.meter: Meter = Unmetered()
        self._retriever = retriever or FusedRetriever(archive)
        self._reader = reader or reader_of(archive, threads)
        self._passages_read = passages_read
        self._memory = Memory(archive, self.ask)

    @classmethod
    def open(cls, settings: Settings, embedder: Embedder | None = None) -> Desk:
        """The desk that `settings` describe. Raises what opening its archive raises."""
        embedder = embedder or MiniLM(settings.threads)
        archive = Archive(settings.home, chroma_url=settings.chroma_url, embedder=embedder)
        admission = Admission(settings.answers_at_once, settings.questions_waiting, settings.questions_a_minute)
        return cls(archive, passages_read=settings.passages_read, threads=settings.threads, admission=admission)

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

    def ask(self, question: Question, asker: Asker | None = None) -> Answer:
        """The answer, or "unanswered". QuestionError when it is no question, BusyError when `asker` must wait."""
        *_, answer = self.stream(question, asker)
        assert isinstance(answer, Answer)  # noqa: S101 - what stream ends with
        return answer

    def stream(self, question: Question, asker: Asker | None = None) -> Iterator[Event]:
        """The answer as it comes about: Waiting, Searching, Reading, Answer. Raises QuestionError and BusyError.

        Who asks over a surface is an `asker`, and waits in line with the others; a program of its own is none.
        """
        question = checked(question)
        yield from self._answering(question) if asker is None else self._admitted(question, asker)

    def _admitted(self, question: Question, asker: Asker) -> Iterator[Event]:
        outcome: Outcome = "failed"
        try:
            with self.meter.stage("waiting"):
                yield from self._admission.enter(asker)
            answer: Event | None = None
            try:
                for answer in self._answering(question):  # the last is given when the next may begin
                    if not isinstance(answer, Answer):
                        yield answer
            finally:
                self._admission.leave()
            assert isinstance(answer, Answer)  # noqa: S101 - what it ends with
            outcome = answer.status
            yield answer
        except BusyError:
            outcome = "refused"
            raise
        finally:
            self.meter.ended(asker.surface, outcome)

    def _answering(self, question: Question) -> Iterator[Event]:
        started, stage, generation = time.perf_counter(), self.meter.stage, self._archive.generation
        with stage("understanding"):
            query, searched = self._memory.stand_alone(question), self._archive.coverage(question.scope)
        yield Searching(query, searched)
        with stage("retrieving"):
            today = question.asked or date.today()
            undated, timely = self._timely(query, question.scope, today)
            about = timely.about if timely else asked_for(query, today)[0]
            passages = self.find(Query(undated, question.scope, today, about, wants_latest(query)))
        yield Reading(tuple(dict.fromkeys(passage.article.title for passage in passages)))
        with stage("reading"):
            findings = self._reader.read(undated, passages, timely or statements)
            if timely and not (findings.spans and (timely.loose or _answers(findings))):
                findings = replace(self._reader.read(undated, passages), answerable=0.0)  # of other days: near, no more
        with stage("composing"):
            mentioned = self._named(undated)
            findings = named(findings, mentioned, self._archive)
            answer = compose.compose(question, query, findings, searched)
            if answer.status == "unanswered":
                answer = compose.explained(answer, *self._premise(undated, mentioned, question.scope, passages))
            answer = self._matched(self.verified(answer))
            self._memory.remember(answer, question, generation)
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
            if hit.passage.article_id in articles and hit.passage.end <= len(articles[hit.passage.article_id].text)
        ]  # an article may have been removed or cut short since

    def search(self, question: Question, k: int = 10, asker: Asker | None = None) -> tuple[Quote, ...]:
        """The `k` passages that fit best, best first, as quotes. Raises QuestionError and BusyError."""
        question = checked(question)
        if asker is not None:
            for _ in self._admission.enter(asker):
                pass
        try:
            query = self._memory.stand_alone(question)
            found = self.find(Query(query, question.scope, question.asked or date.today()), k)
        finally:
            if asker is not None:
                self._admission.leave()
        return self._exact(tuple(Quote.of(p.article, p.span.start, p.span.end, n) for n, p in enumerate(found, 1)))

    def add(self, targets: Iterable[str], on_progress: OnProgress = _silent) -> IngestReport:
        """Read files, folders and addresses into the archive. HomeInUseError while another process does."""
        return ingest(self._archive, targets, on_progress)

    def add_corpus(self, on_progress: OnProgress = _silent) -> None:
        """Read the articles that ship into the archive while it is empty; who else is filling it is waited for."""
        ends = time.monotonic() + FILLING_S
        while self.is_empty:
            try:
                with self._archive.writing():
                    if self.is_empty:
                        self.add([str(CORPUS)], on_progress)
                    return
            except HomeInUseError:
                if time.monotonic() > ends:
                    raise
                time.sleep(0.1)

    @property
    def waiting(self) -> int:
        """How many questions wait for others to be answered."""
        return self._admission.waiting

    def feedback(self, feedback: Feedback, asker: Asker) -> None:
        """Keep what `asker` thought of an answer."""
        self._feedback.add(feedback, asker)

    def article(self, article_id: str) -> Article:
        """An article as stored; UnknownArticleError when there is none of that id."""
        return self._archive.article(article_id)

    def coverage(self, scope: Scope = EVERYTHING) -> Coverage:
        """How many articles can answer, and the days they cover."""
        return self._archive.coverage(scope)

    def status(self) -> Status:
        """What the archive holds."""
        return self._archive.status()
