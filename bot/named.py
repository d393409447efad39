"""Whether what was found is about the names in a question: what happened in Tazirbu is no answer about Benghazi."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bot.dates import expressions
from bot.reader import AnswerSpan, Findings
from index.archive import Archive
from index.lexical import terms


def named(findings: Findings, names: Sequence[str], archive: Archive) -> Findings:
    """`findings` without those of articles that lack one of `names`.

    Where the best is of such, or the archive lacks one altogether, they answer nothing. An article has a name when it
    has one word of it ("Musk" for "Elon Musk"), in any spelling. Days, and names that the archive writes as it does
    common words ("US"), are not looked for.
    """
    names = [name for name in names if not list(expressions(name))]
    wanted = [spelt for name in names if (spelt := _spellings(name, archive))]
    whole: dict[str, set[str]] = {}

    def has_all(span: AnswerSpan) -> bool:
        article, (start, end) = span.article, span.evidence
        here = {*terms(article.title), *terms(article.text[start:end])}
        lacking = [spelt for spelt in wanted if not here & spelt]
        if lacking and article.id not in whole:
            whole[article.id] = set(terms(article.text))
        return all(whole[article.id] & spelt for spelt in lacking)

    if not all(map(archive.knows, names)) or (findings.spans and not has_all(findings.spans[0])):
        return replace(findings, answerable=0.0)
    return replace(findings, spans=tuple(filter(has_all, findings.spans)))


def _spellings(name: str, archive: Archive) -> set[str]:
    """The terms that stand for one of the words of `name`."""
    found = archive.matches(name)
    return {
        match
        for term, matches in found.items()
        if not archive.lexical.is_common(term)
        for match, share in matches.items()
        if share == 1
    }
