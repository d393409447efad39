"""What every surface shows of an answer, and in which order: the quotes with their citations, and lines about them.

Each surface draws these pieces in its own markup, and does its own escaping; the words here are plain.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal, NamedTuple
from urllib.parse import urlsplit

from bot.answer import Answer, Finding, Quote, Waiting
from bot.compose import premise
from bot.proper import lower_first
from index.catalogue import Coverage

MAX_LABEL_CHARS = 90
"""Of an outlet's name."""
MAX_URL_CHARS = 2_000
FAILED = "Something went wrong here, so there is no answer. The desk's log says what; please ask again."
"""What a person is told when there was an error: true, and no internals."""
STOPPING = "The desk is being stopped and cannot answer this: ask again in a minute."
"""What is told to those who were waiting for an answer then."""
_BIDI = re.compile("[\u202a-\u202e\u2066-\u2069]")


class Words(NamedTuple):
    """A stretch of text; `strong` is what it is about."""

    text: str
    strong: bool = False


class Cited(NamedTuple):
    """Quotes of one outlet and day, and how both are named."""

    quotes: tuple[Quote, ...]
    who: str


@dataclass(frozen=True, slots=True)
class Line:
    """A line about the answer."""

    kind: Literal["disagree", "not found", "near", "query", "matched", "searched"]
    words: tuple[Words, ...]

    @property
    def text(self) -> str:
        """Its words."""
        return "".join(words.text for words in self.words)


@dataclass(frozen=True, slots=True)
class Quotation:
    """A quote, and who says so: `words` are exactly its text, with the answers in them strong.

    `answers` are those that are but a part of it, `attributed` who is said to have said them, `cited` all who say so.
    """

    quote: Quote
    words: tuple[Words, ...]
    cited: tuple[Cited, ...]
    answers: tuple[str, ...] = ()
    attributed: str = ""
    note: str = ""


Piece = Line | Quotation


def inert(text: str) -> str:
    """`text` without the characters that turn the direction in which what follows is written."""
    return _BIDI.sub("", text)


def day(published: date | None) -> str:
    """`25 Nov 2018`, or `undated`."""
    return f"{published.day} {published:%b %Y}" if published else "undated"


def articles(number: int) -> str:
    """`1 article`, `18 articles`."""
    return "1 article" if number == 1 else f"{number:,} articles"


def citation(quote: Quote) -> str:
    """Who says so and when: `Outlet, 25 Nov 2018`."""
    return f"{quote.source}, {day(quote.published)}"


def waiting(event: Waiting) -> str:
    """What is said to who waits in line."""
    return f"Waiting in line, place {event.place}"


def sentence(reason: object) -> str:
    """A reason, as a sentence to the person."""
    words = str(reason)
    return words[:1].upper() + words[1:] + ("" if words.endswith((".", "?", "!")) else ".")


def web_page(url: str | None) -> str | None:
    """`url`, when it is the address of a page in the web and nothing else."""
    if not url or len(url) > MAX_URL_CHARS or not url.isprintable() or " " in url:
        return None
    try:
        parts = urlsplit(url)
        return url if parts.scheme in ("http", "https") and parts.hostname else None
    except ValueError:
        return None


def respelt(answer: Answer) -> str:
    """`Tazirbu for Tazerbo`: the names that the quotes spell in another way."""
    return ", ".join(f"{name.found} for {name.asked}" for name in answer.matched)


def pieces(answer: Answer) -> list[Piece]:
    """The answer, piece by piece."""
    quotes = {quote.number: quote for quote in answer.quotes}
    shown: list[Piece] = [_disagreement(answer.answers, quotes)] if answer.disagree else []
    for findings in answer.by_quotes():
        if cited := [quotes[number] for number in findings[0].quotes if number in quotes]:
            shown.append(_quotation(findings, cited))
    if answer.status == "unanswered":
        missing = " ".join(["", *premise(answer.absent, answer.apart)])
        found = Words("Not found", strong=True), Words(f" in {_searched(answer.searched)}.{missing}")
        shown.append(Line("not found", found))
        if answer.near:
            shown.append(_line("near", "The closest passages, which may not answer the question:"))
        shown += [_whole(quote) for quote in answer.near]
    if answer.query != answer.question:
        shown.append(_line("query", f"Searched for: {answer.query}"))
    if answer.matched:
        shown.append(_line("matched", f"Matched {respelt(answer)}"))
    if answer.answers:
        shown.append(_line("searched", f"From {_searched(answer.searched)}"))
    return shown


def _line(kind: Literal["near", "query", "matched", "searched"], text: str) -> Line:
    return Line(kind, (Words(text),))


def _searched(coverage: Coverage) -> str:
    """`the 18 articles searched, dated 25 Nov 2018 to 28 Nov 2018`."""
    if not coverage.start:
        return f"the {articles(coverage.articles)} searched"
    days = day(coverage.start) if coverage.start == coverage.end else f"{day(coverage.start)} to {day(coverage.end)}"
    return f"the {articles(coverage.articles)} searched, dated {days}"


def _disagreement(findings: Sequence[Finding], quotes: Mapping[int, Quote]) -> Line:
    """That the sources disagree, and who says what."""
    cited = ((finding, quotes[number]) for finding in findings for number in finding.quotes[:1] if number in quotes)
    sides = " · ".join(f"{finding.text} ({citation(quote)})" for finding, quote in cited)
    return Line("disagree", (Words("The sources disagree", strong=True), Words(f": {sides}")))


def _quotation(findings: Sequence[Finding], quotes: Sequence[Quote]) -> Quotation:
    """The quote that holds them, with their words marked where they are but a part of it, and all who say so."""
    first = findings[0]
    main = next((quote for quote in quotes if first.text in quote.text), quotes[0])
    note = f"{first.sources} independent sources" if first.sources > 1 else ""
    if first.text not in main.text or first.text == main.text:
        return _whole(main, quotes, note)
    texts = [finding.text for finding in findings]
    return Quotation(main, _marked(main.text, texts), _cited(quotes), tuple(texts), lower_first(first.attributed), note)


def _whole(quote: Quote, quotes: Sequence[Quote] = (), note: str = "") -> Quotation:
    return Quotation(quote, (Words(quote.text),), _cited(quotes or [quote]), note=note)


def _marked(text: str, parts: Sequence[str]) -> tuple[Words, ...]:
    """`text`, with those of `parts` strong that stand in it, apart from each other."""
    marked, end = [], 0
    for start, _, words in sorted((text.find(part), -len(part), part) for part in parts if part):
        if start >= end:
            marked += [Words(text[end:start]), Words(words, strong=True)]
            end = start + len(words)
    return tuple(words for words in (*marked, Words(text[end:])) if words.text)


def _cited(quotes: Sequence[Quote]) -> tuple[Cited, ...]:
    """A citation of each quote, those of one outlet and day together."""
    saying: dict[str, list[Quote]] = {}
    for quote in quotes:
        saying.setdefault(f"{_short(quote.source)}, {day(quote.published)}", []).append(quote)
    return tuple(Cited(tuple(said), who) for who, said in saying.items())


def _short(label: str) -> str:
    return label if len(label) <= MAX_LABEL_CHARS else label[:MAX_LABEL_CHARS].rstrip() + "…"
