"""Answer to what a surface shows. Pure functions; whatever an article says is escaped here and nowhere else."""

from __future__ import annotations

import textwrap
from datetime import date

from bot.answer import Answer, Quote

WIDTH = 100  # columns of plain text


def day(published: date | None) -> str:
    """`25 Nov 2018`, or `undated`."""
    return f"{published.day} {published:%b %Y}" if published else "undated"


def citation(quote: Quote) -> str:
    """Who says so and when: `Outlet, 25 Nov 2018`."""
    return f"{quote.source}, {day(quote.published)}"


def plain(answer: Answer) -> str:
    """For a terminal: the answer, then each quote's article; every line within WIDTH columns."""
    blocks = [_wrapped(paragraph) for paragraph in answer.text.split("\n\n")]
    if answer.near:
        blocks += [_wrapped(f"“{_one_line(quote.text)}” [{quote.number}]", "  ") for quote in answer.near]
    if answer.query != answer.question:
        blocks.append(_wrapped(f"Searched for: {answer.query}"))
    blocks.append("\n".join(_source(quote) for quote in answer.quotes or answer.near))
    return "\n\n".join(block for block in blocks if block)


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
