"""Answer spans to an Answer: those that say the same together, with their quotes; or "not found", with what is near."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from bot.answer import Answer, Finding, Mentions, Question, Quote
from bot.proper import lower_first
from bot.reader import AnswerSpan, Findings
from bot.widen import attribution
from index.article import Article
from index.catalogue import Coverage
from index.passages import Span

MAX_FINDINGS, MAX_QUOTES_EACH, MAX_NEAR = 8, 4, 3
MARGIN = 2.0
"""How much less than the best an answer may count, as a logarithm, and still be shown: a seventh."""
_ONE_NAME = re.compile(r"[A-ZÀ-ÖØ-Þ][\w'’-]+")
_FORENAME = (
    r"(?!(?:The|New|Old|North|South|East|West|Northern|Southern|Eastern|Western|Central|Saint|San|Los|Las|Port)\b)"
    r"[A-ZÀ-ÖØ-Þ][\w'’.-]*"
)
NO_BREAK_SPACE = "\u00a0"


@dataclass(slots=True)
class _Group:
    """Spans that say the same, best first."""

    spans: list[AnswerSpan] = field(default_factory=list)

    @property
    def weight(self) -> float:
        """How much they count together, as a logarithm."""
        best = self.spans[0].score
        return best + math.log(sum(math.exp(span.score - best) for span in self.spans))

    @property
    def newest(self) -> date:
        """The latest day on which one of those that are shown was published."""
        return max(span.article.published or date.min for span in self.shown)

    @property
    def shown(self) -> list[AnswerSpan]:
        """Those that may be quoted, such as stand alone first."""
        return sorted([span for span in self.spans if span.quoted] or self.spans[:1], key=lambda span: not span.alone)

    @property
    def stands(self) -> bool:
        """Whether one of them is good enough to be an answer."""
        return any(span.alone for span in self.spans)

    def excludes(self, other: _Group) -> bool:
        """Whether both cannot be right; what one article says twice are two things, "nine died and ten were hurt"."""
        articles = {span.article.id for span in (*self.spans, *other.spans)}
        return len(articles) > 1 and self.spans[0].gist.excludes(other.spans[0].gist)


def compose(question: Question, query: str, findings: Findings, searched: Coverage) -> Answer:
    """The Answer to `question`: `findings` when they are likely enough to answer it."""
    spans = _distinct(findings.spans)
    if not spans or findings.answerable < findings.threshold:
        near = tuple(_quote(span, number) for number, span in enumerate(_distinct_evidence(spans)[:MAX_NEAR], 1))
        text = _not_found(searched, near)
        return Answer(question.text, query, "unanswered", text, (), (), near, searched)
    groups = _groups(spans)
    disagree = any(one.excludes(other) for one in groups for other in groups)
    if disagree:
        groups.sort(key=lambda group: group.newest, reverse=True)
    answers: list[Finding] = []
    quotes: dict[tuple[str, Span], Quote] = {}
    for group in groups:
        in_full = _in_full(group.shown)
        shown = _distinct_evidence([in_full, *group.shown])[:MAX_QUOTES_EACH]
        for span in shown:
            quotes.setdefault((span.article.id, span.evidence), _quote(span, len(quotes) + 1))
        numbers = tuple(quotes[span.article.id, span.evidence].number for span in shown)
        sources = _independent([span.article for span in shown])
        answers.append(Finding(in_full.text, numbers, sources, _attributed(in_full)))
    given, proof = tuple(answers), tuple(quotes.values())
    return _told(Answer(question.text, query, "answered", "", given, proof, (), searched, disagree=disagree))


def explained(answer: Answer, absent: tuple[str, ...], apart: tuple[Mentions, ...]) -> Answer:
    """The unanswered `answer`, with the names that no article mentions, and what none mentions together."""
    text = _not_found(answer.searched, answer.near, absent, apart)
    return replace(answer, text=text, absent=absent, apart=apart)


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
        text = _not_found(answer.searched, near, answer.absent, answer.apart)
        return replace(answer, status="unanswered", text=text, answers=(), quotes=(), near=near, disagree=False)
    disagree = answer.disagree and len(answers) > 1
    return _told(replace(answer, answers=tuple(answers), quotes=quotes, disagree=disagree))


def _groups(spans: Sequence[AnswerSpan]) -> list[_Group]:
    """Spans that say the same, together; those that count most first, and beside the first only what stands alone."""
    groups: list[_Group] = []
    for span in spans:
        home = next((group for group in groups if group.spans[0].gist.same(span.gist)), None)
        if home is None:
            groups.append(home := _Group())
        home.spans.append(span)
    groups.sort(key=lambda group: -group.weight)
    first, *others = groups
    near = (group for group in others if group.stands and group.weight >= first.weight - MARGIN)
    return [first, *near][:MAX_FINDINGS]


def _in_full(spans: Sequence[AnswerSpan]) -> AnswerSpan:
    """The best of `spans`; where that is one name alone, the first that gives the names before it too."""
    best = spans[0]
    if not _ONE_NAME.fullmatch(best.text):
        return best
    full = re.compile(rf"(?:{_FORENAME}\s+){{1,3}}(?i:{re.escape(best.text)})")
    return next((span for span in spans if full.fullmatch(span.text)), best)


def _attributed(span: AnswerSpan) -> str:
    """Who is said to have said it in the sentence that is quoted."""
    start, end = span.evidence
    if (span.start, span.end) == span.evidence:
        return ""
    return attribution(span.article.text[start:end], Span(span.start - start, span.end - start))


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
    seen: set[tuple[str, str, str]] = set()
    kept = []
    for span in spans:
        text = span.article.text
        mark = (span.article.id, text[span.start : span.end], text[span.evidence.start : span.evidence.end])
        if mark not in seen:
            seen.add(mark)
            kept.append(span)
    return kept


def _distinct_evidence(spans: Sequence[AnswerSpan]) -> list[AnswerSpan]:
    """The first span of each sentence."""
    return list({(span.article.id, span.evidence): span for span in reversed(spans)}.values())[::-1]


def _quote(span: AnswerSpan, number: int) -> Quote:
    return Quote.of(span.article, span.evidence.start, span.evidence.end, number)


def _told(answer: Answer) -> Answer:
    """`answer` with its text, as a person reads it: each finding with its marks and the sentence that proves it."""
    told = {quote.number: quote for quote in answer.quotes}
    lines = [_line(findings, told) for findings in answer.by_quotes()]
    if answer.disagree:
        sides = " · ".join(f"{_one_line(one.text)} ({_credit(told[one.quotes[0]])})" for one in answer.answers)
        lines.insert(0, f"The sources disagree: {sides}")
    return replace(answer, text="\n\n".join(lines))


def _line(findings: Sequence[Finding], told: Mapping[int, Quote]) -> str:
    """Findings that rest on the same quotes."""
    first = findings[0]
    quotes = [told[number] for number in first.quotes if number in told]
    marks = "".join(f"{NO_BREAK_SPACE}[{quote.number}]" for quote in quotes)
    words = " · ".join(_one_line(finding.text) for finding in findings)
    proof = next((quote for quote in quotes if first.text in quote.text), None)
    if proof is None or proof.text == first.text:
        return f"“{words}”{marks}"
    who = f", {lower_first(first.attributed)}" if first.attributed else ""
    return f"{words}{_one_line(who)}{marks}: “{_one_line(proof.text)}”"


def _credit(quote: Quote) -> str:
    day = quote.published
    return f"{quote.source}, {day.day} {day:%b %Y}" if day else quote.source


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _not_found(
    searched: Coverage, near: Sequence[Quote], absent: Sequence[str] = (), apart: Sequence[Mentions] = ()
) -> str:
    articles = f"{searched.articles:,} article{'' if searched.articles == 1 else 's'}"
    days = (
        f" ({searched.start} to {searched.end})"
        if searched.start and searched.start != searched.end
        else (f" ({searched.start})" if searched.start else "")
    )
    missing = " ".join(["", *premise(absent, apart)])
    closest = " The closest passages:" if near else ""
    return f"Not found in the {articles} searched{days}.{missing}{closest}"


def premise(absent: Sequence[str], apart: Sequence[Mentions]) -> list[str]:
    """What is known of why there is no answer, a sentence each."""
    told = [f"None of them mentions {listed(absent)}."] if absent else []
    if apart:
        name, word = apart
        speak = f"{word.articles:,} mention{'s' if word.articles == 1 else ''} “{word.text}” or a word like it"
        if name.articles:
            has = f"{name.articles:,} mention{'s' if name.articles == 1 else ''} {name.text}"
            told.append(f"{has}, {speak}, but none both.")
        else:
            told.append(f"{speak}.")
    return told


def listed(names: Sequence[str]) -> str:
    """`A`, `A or B`, `A, B or C`."""
    *most, last = names
    return f"{', '.join(most)} or {last}" if most else last
