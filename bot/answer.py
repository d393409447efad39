"""Question, Quote and Answer: what goes into the desk and what comes out of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

from index.article import EVERYTHING, Article, Scope
from index.catalogue import Coverage


@dataclass(frozen=True, slots=True)
class Question:
    """What a person asks: `after` are the questions before it in the conversation, oldest first.

    `scope` says which articles may answer, `asked` the day of the question: today when None.
    """

    text: str
    after: tuple[str, ...] = ()
    scope: Scope = EVERYTHING
    asked: date | None = None


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks: on which `surface` ("web", "slack"), and which `person` there; empty where nobody is told apart."""

    surface: str
    person: str = ""


@dataclass(frozen=True, slots=True)
class Quote:
    """Words of an article, `article.text[start:end]` in code points, and who published them when."""

    number: int
    text: str
    article_id: str
    start: int
    end: int
    title: str
    source: str
    published: date | None
    url: str | None

    @classmethod
    def of(cls, article: Article, start: int, end: int, number: int) -> Quote:
        """The quote of `article` at those offsets."""
        text = article.text[start:end]
        return cls(number, text, article.id, start, end, article.title, article.source, article.published, article.url)

    def is_exact(self, article: Article) -> bool:
        """Whether these very words stand at this very place of `article`."""
        inside = 0 <= self.start < self.end <= len(article.text)
        return inside and article.id == self.article_id and article.text[self.start : self.end] == self.text


@dataclass(frozen=True, slots=True)
class Finding:
    """One answer: words out of its quotes (their numbers), and how many independent sources carry it.

    `attributed` is who the first of them says it was said by, in its words ("police said"), or empty.
    """

    text: str
    quotes: tuple[int, ...]
    sources: int
    attributed: str = ""


@dataclass(frozen=True, slots=True)
class Mentions:
    """Words of a query, and how many of the articles searched mention them."""

    text: str
    articles: int


@dataclass(frozen=True, slots=True)
class Respelling:
    """A name as it was `asked` for, and as the quotes spell it."""

    asked: str
    found: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What the desk says. `text` is plain text.

    Only when it is unanswered, `near` holds the closest passages, `absent` the names in the query that no article
    searched mentions, and `apart` a name and a word of it that none mentions together. `matched` are the names that the
    quotes have only in another spelling.
    """

    question: str
    query: str
    status: Literal["answered", "unanswered"]
    text: str
    answers: tuple[Finding, ...]
    quotes: tuple[Quote, ...]
    near: tuple[Quote, ...]
    searched: Coverage
    seconds: float = 0.0
    disagree: bool = False
    absent: tuple[str, ...] = ()
    apart: tuple[Mentions, ...] = ()
    matched: tuple[Respelling, ...] = ()

    def by_quotes(self) -> list[tuple[Finding, ...]]:
        """The findings in their order, those that rest on the same quotes together: the members of a list."""
        together: dict[tuple[object, ...], list[Finding]] = {}
        for place, finding in enumerate(self.answers):
            alone = (place,) if self.disagree else ()
            together.setdefault((finding.quotes, finding.attributed, *alone), []).append(finding)
        return [tuple(findings) for findings in together.values()]

    def as_json(self) -> dict[str, Any]:
        """The answer as outside programs read it (README, "The JSON")."""
        return {
            "question": self.question,
            "query": self.query,
            "status": self.status,
            "text": self.text,
            "answers": [
                {"text": a.text, "quotes": list(a.quotes), "sources": a.sources, "attributed": a.attributed}
                for a in self.answers
            ],
            "disagree": self.disagree,
            "quotes": [_quote_json(quote) for quote in self.quotes],
            "near": [_quote_json(quote) for quote in self.near],
            "searched": {
                "articles": self.searched.articles,
                "from": _iso(self.searched.start),
                "to": _iso(self.searched.end),
            },
            "absent": list(self.absent),
            "apart": [{"text": words.text, "articles": words.articles} for words in self.apart],
            "matched": [{"asked": name.asked, "found": name.found} for name in self.matched],
            "seconds": round(self.seconds, 3),
        }


@dataclass(frozen=True, slots=True)
class Waiting:
    """What comes before the first event while other questions are answered: the place in line, 1 for the next."""

    place: int


@dataclass(frozen=True, slots=True)
class Searching:
    """The first event of a streamed answer: what is searched for, in how many articles."""

    query: str
    searched: Coverage


@dataclass(frozen=True, slots=True)
class Reading:
    """The second event: the passages found, whose articles are being read."""

    titles: tuple[str, ...] = field(default=())


Event = Waiting | Searching | Reading | Answer
"""What `Desk.stream` yields; the last one is the Answer."""


def _quote_json(quote: Quote) -> dict[str, Any]:
    return {
        "number": quote.number,
        "text": quote.text,
        "article_id": quote.article_id,
        "start": quote.start,
        "end": quote.end,
        "title": quote.title,
        "source": quote.source,
        "published": _iso(quote.published),
        "url": quote.url,
    }


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None
