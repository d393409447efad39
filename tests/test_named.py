"""bot.named: what is told of other names than those asked about is no answer."""

from __future__ import annotations

import pytest

from bot.named import named
from bot.reader import AnswerSpan, Findings
from index.archive import Archive
from index.ingest import ingest
from index.passages import Span

TAZIRBU = "Eleven civilians were kidnapped in Tazirbu. Men of Omar took them."
KUFRA = "Two were kidnapped in Kufra. The us of it was gone."


class Gist:
    """A gist that is like no other."""

    def same(self, other: object) -> bool:
        return False

    def excludes(self, other: object) -> bool:
        return False


@pytest.fixture
def told(archive: Archive, write):
    """The findings that are left for some names, as the first words of their articles, and whether they answer."""
    ingest(archive, [str(write({"a.txt": TAZIRBU, "b.txt": KUFRA}))])
    every = {article.text: article for article, _, _ in archive.catalogue.articles_with_passages()}
    spans = tuple(AnswerSpan(every[text], 0, 6, Span(0, text.index(".") + 1), 1.0, Gist()) for text in (TAZIRBU, KUFRA))

    def left(*names: str) -> tuple[list[str], bool]:
        found = named(Findings(spans, 1.0, 0.5), names, archive)
        return [span.article.text.split()[0] for span in found.spans], found.answerable >= found.threshold

    return left


BOTH, FIRST = ["Eleven", "Two"], ["Eleven"]


@pytest.mark.parametrize("names", [["Tazirbu"], ["Tazerbo"], ["Omar"], ["Omar Tazirbu"], ["Tazirbu", "Omar"]])
def test_articles_that_lack_a_name_are_left_out(told, names):
    assert told(*names) == (FIRST, True)


@pytest.mark.parametrize("names", [["Kufra"], ["Tazirbu", "Kufra"], ["Amina Rashid"], ["Omar Rashid"]])
def test_where_the_best_article_or_the_archive_lacks_a_name_there_is_no_answer_and_all_stay_near(told, names):
    assert told(*names) == (BOTH, False)


@pytest.mark.parametrize("names", [[], ["US"], ["Sunday"], ["November 2018"]])
def test_days_and_what_is_written_as_a_common_word_are_not_looked_for(told, names):
    assert told(*names) == (BOTH, True)
