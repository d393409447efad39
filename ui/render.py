"""Answer to what a terminal and the web chat show. Pure functions; `ui.shown` says what, here it is escaped."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable
from typing import TYPE_CHECKING

from bot.answer import Answer, Quote
from ui.shown import Line, Quotation, citation, inert, pieces, respelt

if TYPE_CHECKING:
    from bot.evaluate import Scores

WIDTH = 100  # columns of plain text


def plain(answer: Answer) -> str:
    """For a terminal: the answer, then each quote's article; every line within WIDTH columns."""
    blocks = [_wrapped(paragraph) for paragraph in answer.text.split("\n\n")]
    if answer.near:
        blocks += [_wrapped(f"“{_one_line(quote.text)}” [{quote.number}]", "  ") for quote in answer.near]
    if answer.query != answer.question:
        blocks.append(_wrapped(f"Searched for: {answer.query}"))
    if answer.matched:
        blocks.append(_wrapped(f"Matched {respelt(answer)}."))
    blocks.append("\n".join(_source(quote) for quote in answer.quotes or answer.near))
    return "\n\n".join(block for block in blocks if block)


def scored(scores: Scores) -> str:
    """For a terminal: one line a measure."""
    lines = [
        f"{scores.questions:,} questions, {scores.answerable:,} of them with an answer",
        *(f"recall@{k}: {_share(share)} have a right answer in the first {k}" for k, share in scores.recall.items()),
        f"exact match: {_share(scores.exact_match)}",
        f"F1: {_share(scores.f1)}",
        f"quote recall: {_share(scores.quote_recall)} have a right answer in the first three quotes",
        f"abstention precision: {_share(scores.abstention_precision)} of those not answered have no answer",
        f"abstention recall: {_share(scores.abstention_recall)} of those without an answer are not answered",
        f"seconds: {scores.seconds_p50:.2f} (median), {scores.seconds_p95:.2f} (95th percentile)",
    ]
    wrong = ", ".join(f"{count:,} {stage}" for stage, count in sorted(scores.errors.items()))
    return "\n".join([*lines, f"went wrong in: {wrong}"] if wrong else lines)


def _share(share: float | None) -> str:
    return "none to score" if share is None else f"{share:.1%}"


def _source(quote: Quote) -> str:
    lines = [_wrapped(f"[{quote.number}] {_one_line(quote.title)}", "    ", first="")]
    lines.append(_wrapped(f"{_one_line(citation(quote))} · {quote.article_id}:{quote.start}-{quote.end}", "    "))
    if quote.url:
        lines.append(f"    {_one_line(quote.url)}")
    return "\n".join(lines)


def _wrapped(text: str, indent: str = "", first: str | None = None) -> str:
    return textwrap.fill(
        text,
        WIDTH,
        initial_indent=indent if first is None else first,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _one_line(text: str) -> str:
    return " ".join(text.split())


# Markdown, for the web chat and for chat programs -------------------------------------------------------------------

Link = Callable[[Quote], str]
"""Gives the address at which a quote is shown in its article."""
_SPACE = re.compile(r"\s+")
Escape = Callable[[str], str]
MARKUP = re.compile(r"[\\`*_{}\[\]<>#!|~$&@^=]|(?<=\w):(?=//)|(?<=www)\.", re.IGNORECASE)
"""What may be markup in any Markdown, or be made a link of."""
_PUNCTUATION = re.compile(r"[!-/:-@\[-`{-~]")
_MAX_TITLE_CHARS = 90
_ITALIC = {"query", "matched", "searched"}


def escaped(text: str) -> str:
    """`text` as one line of Markdown that means just that: ASCII other than letters, digits and spaces as entities."""
    return _PUNCTUATION.sub(lambda match: f"&#{ord(match[0])};", _SPACE.sub(" ", inert(text)))


def readable(text: str) -> str:
    """The same for Markdown that may also be seen as it is: a backslash before what would be markup, and no more."""
    return MARKUP.sub(r"\\\g<0>", _SPACE.sub(" ", inert(text)))


def markdown(answer: Answer, link: Link, escape: Escape = escaped) -> list[str]:
    """The answer as blocks of Markdown, to be joined by blank lines.

    The markup is all ours: no HTML, no image, no link but to a citation. What articles and questions say is escaped.
    """
    return [
        _line(piece, escape) if isinstance(piece, Line) else _quotation(piece, link, escape) for piece in pieces(answer)
    ]


def _line(line: Line, escape: Escape) -> str:
    text = "".join(f"**{escape(words.text)}**" if words.strong else escape(words.text) for words in line.words)
    return f"*{text}*" if line.kind in _ITALIC else text


def _quotation(quotation: Quotation, link: Link, escape: Escape) -> str:
    """The answers, the quote with their words in bold, and its citations."""
    bold = [words.strong and words.text[0].isalnum() and words.text[-1].isalnum() for words in quotation.words]
    words = "".join(  # between other characters the asterisks would be shown and not obeyed
        f"**{escape(part.text)}**" if is_bold else escape(part.text)
        for part, is_bold in zip(quotation.words, bold, strict=True)
    )
    pills = [" ".join(_pill(quote, link, escape) for quote in cited.quotes) for cited in quotation.cited]
    credited = [f"{pill} {escape(cited.who)}" for pill, cited in zip(pills, quotation.cited, strict=True)]
    said = " · ".join([*credited, quotation.note] if quotation.note else credited)
    lead = " · ".join(f"**{escape(text)}**" for text in quotation.answers)
    who = f", {escape(quotation.attributed)}" if quotation.attributed else ""
    return (f"{lead}{who}\n\n" if lead else "") + f"> “{words}”\n>\n> {said}"


def _pill(quote: Quote, link: Link, escape: Escape) -> str:
    title = escape(quote.title[:_MAX_TITLE_CHARS]).replace('"', '\\"')
    return f'[\\[{quote.number}\\]]({link(quote)} "{title}")'
