"""Answer spans to an Answer: like ones together, each with its quotes; or "not found", with what came closest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bot.answer import Answer, Finding, Question, Quote
from bot.reader import AnswerSpan, Findings
from index.article import Article
from index.catalogue import Coverage

MAX_FINDINGS, MAX_QUOTES_EACH, MAX_NEAR = 5, 3, 3
ALIKE = 0.75
"""Cosine at which two sentences are taken to say the same."""
MARGIN = 0.6
"""How far below the best score a span may be and still be shown."""
NO_BREAK_SPACE = "\u00a0"


def compose(question: Question, query: str, findings: Findings, threshold: float, searched: Coverage) -> Answer:
    """The Answer to `question`: `findings` when they are at least `threshold` likely to answer it."""
    spans = _distinct(findings.spans)
    if not spans or findings.answerable < threshold:
        near = tuple(_quote(span, number) for number, span in enumerate(spans[:MAX_NEAR], 1))
        text = _not_found(searched, bool(near))
        return Answer(question.text, query, "unanswered", text, (), (), near, searched)
    answers: list[Finding] = []
    quotes: list[Quote] = []
    for group in _groups(spans):
        numbers = range(len(quotes) + 1, len(quotes) + 1 + len(group))
        quotes += [_quote(span, number) for number, span in zip(numbers, group, strict=True)]
        best = group[0]
        sources = _independent([span.article for span in group])
        answers.append(Finding(best.article.text[best.start : best.end], tuple(numbers), sources))
    text = "\n\n".join(map(_sentence, answers))
    return Answer(question.text, query, "answered", text, tuple(answers), tuple(quotes), (), searched)


def without(answer: Answer, quotes: tuple[Quote, ...], near: tuple[Quote, ...]) -> Answer:
    """`answer` with only those of its quotes; numbers stay as they are. What stands in none of them goes."""
    left = {quote.number: quote for quote in quotes}
    answers = []
    for finding in answer.answers:
        numbers = tuple(number for number in finding.quotes if number in left)
        if any(finding.text in left[number].text for number in numbers):
            sources = len({left[number].source.casefold() for number in numbers})
            answers.append(replace(finding, quotes=numbers, sources=min(finding.sources, sources)))
    if not answers:
        text = _not_found(answer.searched, bool(near))
        return replace(answer, status="unanswered", text=text, answers=(), quotes=(), near=near, disagree=False)
    text = "\n\n".join(map(_sentence, answers))
    return replace(answer, text=text, answers=tuple(answers), quotes=quotes)


def _groups(spans: Sequence[AnswerSpan]) -> list[list[AnswerSpan]]:
    """Spans that say the same, together; best group first, best span of it first."""
    groups: list[list[AnswerSpan]] = []
    for span in spans:
        if span.score < spans[0].score - MARGIN:
            break
        home = max(groups, key=lambda group: float(group[0].meaning @ span.meaning), default=None)
        if home and float(home[0].meaning @ span.meaning) >= ALIKE:
            if len(home) < MAX_QUOTES_EACH:
                home.append(span)
        elif len(groups) < MAX_FINDINGS:
            groups.append([span])
    return groups


def _independent(articles: Sequence[Article]) -> int:
    """How many sources there are that did not print one another's text: reprints of one story are one."""
    circles: list[set[str]] = []
    for article in articles:
        marks = {f"source {article.source.casefold()}", f"text {' '.join(article.text.split())}"}
        touched = [circle for circle in circles if circle & marks]
        circles = [circle for circle in circles if not circle & marks] + [marks.union(*touched)]
    return len(circles)


def _distinct(spans: Sequence[AnswerSpan]) -> list[AnswerSpan]:
    """Each place of an article once, and one sentence of an article once however often the article repeats it."""
    seen: set[tuple[str, str]] = set()
    kept = []
    for span in spans:
        mark = (span.article.id, span.article.text[span.evidence.start : span.evidence.end])
        if mark not in seen:
            seen.add(mark)
            kept.append(span)
    return kept


def _quote(span: AnswerSpan, number: int) -> Quote:
    return Quote.of(span.article, span.evidence.start, span.evidence.end, number)


def _sentence(finding: Finding) -> str:
    marks = "".join(f"{NO_BREAK_SPACE}[{number}]" for number in finding.quotes)
    return f"“{' '.join(finding.text.split())}”{marks}"


def _not_found(searched: Coverage, near: bool) -> str:
    articles = f"{searched.articles:,} article{'' if searched.articles == 1 else 's'}"
    days = (
        f" ({searched.start} to {searched.end})"
        if searched.start and searched.start != searched.end
        else (f" ({searched.start})" if searched.start else "")
    )
    closest = " The closest passages:" if near else ""
    return f"Not found in the {articles} searched{days}.{closest}"
