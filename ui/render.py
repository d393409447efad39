"""Answer to what a surface shows. Pure functions; whatever an article says is escaped here and nowhere else."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING

from bot.answer import Answer, Finding, Quote
from bot.compose import premise
from bot.proper import lower_first
from index.catalogue import Coverage

if TYPE_CHECKING:
    from bot.evaluate import Scores

WIDTH = 100  # columns of plain text


def day(published: date | None) -> str:
    """`25 Nov 2018`, or `undated`."""
    return f"{published.day} {published:%b %Y}" if published else "undated"


def articles(number: int) -> str:
    """`1 article`, `18 articles`."""
    return "1 article" if number == 1 else f"{number:,} articles"


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
    if answer.matched:
        blocks.append(_wrapped(f"Matched {_respelt(answer)}."))
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


def _respelt(answer: Answer) -> str:
    """`Tazirbu for Tazerbo`: the names that the quotes spell in another way."""
    return ", ".join(f"{name.found} for {name.asked}" for name in answer.matched)


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


# Markdown, for the web chat ------------------------------------------------------------------------------------------

Link = Callable[[Quote], str]
"""Gives the address, within the page, at which a quote is shown in its article."""
_BIDI = re.compile("[\u202a-\u202e\u2066-\u2069]")
_SPACE = re.compile(r"\s+")
_PUNCTUATION = re.compile(r"[!-/:-@\[-`{-~]")
_MAX_LABEL_CHARS = 90


def inert(text: str) -> str:
    """`text` without the characters that turn the direction in which what follows is written."""
    return _BIDI.sub("", text)


def escaped(text: str) -> str:
    """`text` as one line of Markdown that means just that: ASCII other than letters, digits and spaces as entities."""
    return _PUNCTUATION.sub(lambda match: f"&#{ord(match[0])};", _SPACE.sub(" ", inert(text)))


def markdown(answer: Answer, link: Link) -> list[str]:
    """The answer as blocks of Markdown, to be joined by blank lines.

    The markup is all ours: no HTML, no image, no link but to a citation. What articles and questions say is `escaped`.
    """
    quotes = {quote.number: quote for quote in answer.quotes}
    blocks = [_disagreement(answer.answers, quotes)] if answer.disagree else []
    for findings in answer.by_quotes():
        if cited := [quotes[number] for number in findings[0].quotes if number in quotes]:
            blocks.append(_findings(findings, cited, link))
    if answer.status == "unanswered":
        missing = " ".join(["", *map(escaped, premise(answer.absent, answer.apart))])
        blocks.append(f"**Not found** in {_searched(answer.searched)}.{missing}")
        if answer.near:
            blocks.append("The closest passages, which may not answer the question:")
        blocks += [_cited(escaped(quote.text), [quote], link) for quote in answer.near]
    if answer.query != answer.question:
        blocks.append(f"*Searched for: {escaped(answer.query)}*")
    if answer.matched:
        blocks.append(f"*Matched {escaped(_respelt(answer))}*")
    if answer.answers:
        blocks.append(f"*From {_searched(answer.searched)}*")
    return blocks


def _searched(coverage: Coverage) -> str:
    """`the 18 articles searched, dated 25 Nov 2018 to 28 Nov 2018`."""
    if not coverage.start:
        return f"the {articles(coverage.articles)} searched"
    days = day(coverage.start) if coverage.start == coverage.end else f"{day(coverage.start)} to {day(coverage.end)}"
    return f"the {articles(coverage.articles)} searched, dated {days}"


def _disagreement(findings: Sequence[Finding], quotes: Mapping[int, Quote]) -> str:
    """That the sources disagree, and who says what."""
    cited = ((finding, quotes[number]) for finding in findings for number in finding.quotes[:1] if number in quotes)
    sides = " · ".join(f"{escaped(finding.text)} ({escaped(citation(quote))})" for finding, quote in cited)
    return f"**The sources disagree**: {sides}"


def _findings(findings: Sequence[Finding], quotes: Sequence[Quote], link: Link) -> str:
    """The quote that holds them, with their words in bold where they are but a part of it, and all who say so."""
    first = findings[0]
    main = next((quote for quote in quotes if first.text in quote.text), quotes[0])
    note = f"{first.sources} independent sources" if first.sources > 1 else ""
    if first.text not in main.text or first.text == main.text:
        return _cited(escaped(main.text), quotes, link, note)
    lead = " · ".join(f"**{escaped(finding.text)}**" for finding in findings)
    who = f", {escaped(lower_first(first.attributed))}" if first.attributed else ""
    return f"{lead}{who}\n\n{_cited(_emphasized(main.text, [one.text for one in findings]), quotes, link, note)}"


def _emphasized(text: str, parts: Sequence[str]) -> str:
    """`text`, escaped, with those of `parts` in bold that stand in it, apart from each other."""
    done, end = "", 0
    for start, _, words in sorted((text.find(part), -len(part), part) for part in parts if part):
        if start >= end:
            # Between other characters the asterisks would be shown and not obeyed.
            bold = f"**{escaped(words)}**" if words[0].isalnum() and words[-1].isalnum() else escaped(words)
            done, end = f"{done}{escaped(text[end:start])}{bold}", start + len(words)
    return done + escaped(text[end:])


def _cited(words: str, quotes: Sequence[Quote], link: Link, note: str = "") -> str:
    """A quotation (`words` are escaped), then a citation of each quote, those of one outlet and day together."""
    saying: dict[str, list[str]] = {}
    for quote in quotes:
        pill = f'[\\[{quote.number}\\]]({link(quote)} "{escaped(quote.title[:_MAX_LABEL_CHARS])}")'
        saying.setdefault(escaped(f"{_short(quote.source)}, {day(quote.published)}"), []).append(pill)
    credited = [f"{' '.join(pills)} {who}" for who, pills in saying.items()]
    return f"> “{words}”\n>\n> {' · '.join([*credited, note] if note else credited)}"


def _short(label: str) -> str:
    return label if len(label) <= _MAX_LABEL_CHARS else label[:_MAX_LABEL_CHARS].rstrip() + "…"
