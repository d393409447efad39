"""bot.sentence_reader: the sentences of the passages, each exact, the best first, and how likely they answer at all."""

from __future__ import annotations

import pytest

from bot.reader import MAX_SENTENCE_CHARS, ReadPassage
from bot.sentence_reader import SentenceReader, Signals, answerable
from index.archive import Archive
from index.article import Article, article
from index.ingest import ingest
from index.passages import Span

LIBYA = article(
    "Nine policemen were killed in Tazirbu on Sunday. Bread prices rose.\n\nA caption without a stop\n"
    "Colonel al-Snoussi was abducted in Tazirbu."
)


@pytest.fixture
def reader(archive: Archive, write) -> SentenceReader:
    ingest(archive, [str(write({"a.txt": LIBYA.text, "b.txt": "The weather in Rome is fine in Spring."}))])
    return SentenceReader(archive)


def whole(one: Article, score: float = 1.0) -> ReadPassage:
    return ReadPassage(one, Span(0, len(one.text)), score)


def test_every_sentence_is_a_span_of_its_own_words_best_first(reader):
    findings = reader.read("Who was abducted in Tazirbu?", [whole(LIBYA)])
    read = [LIBYA.text[span.start : span.end] for span in findings.spans]
    assert read[0] == "Colonel al-Snoussi was abducted in Tazirbu."
    assert sorted(read) == [
        "A caption without a stop",
        "Bread prices rose.",
        "Colonel al-Snoussi was abducted in Tazirbu.",
        "Nine policemen were killed in Tazirbu on Sunday.",
    ]
    assert [span.score for span in findings.spans] == sorted((span.score for span in findings.spans), reverse=True)
    for span in findings.spans:
        assert span.evidence.start <= span.start < span.end <= span.evidence.end
        assert span.gist.same(span.gist)
        assert not span.gist.excludes(span.gist)


def test_only_what_lies_in_the_passage_is_read(reader):
    start = LIBYA.text.index("Bread")
    findings = reader.read("Bread?", [ReadPassage(LIBYA, Span(start, start + 18), 1.0)])
    assert [(span.start, span.end) for span in findings.spans] == [(start, start + 18)]


def test_nothing_to_read_answers_nothing(reader):
    findings = reader.read("who?", [])
    assert (findings.spans, findings.answerable) == ((), 0.0)


def test_a_sentence_that_asks_is_no_answer(reader):
    told = article("Was the colonel abducted? “Who knows?” The colonel was abducted in Tazirbu.")
    findings = reader.read("Was the colonel abducted?", [whole(told)])
    assert [span.text for span in findings.spans] == ["The colonel was abducted in Tazirbu."]


def test_a_table_of_a_sentence_is_never_quoted_whole(reader):
    long = article("word " * MAX_SENTENCE_CHARS + "end.")
    assert reader.read("word?", [whole(long)]).spans == ()


def test_a_question_about_what_is_there_is_likelier_answered_than_one_about_what_is_not(reader):
    there = reader.read("How many policemen were killed in Tazirbu?", [whole(LIBYA)])
    missing = reader.read("Who won the World Cup?", [whole(LIBYA)])
    assert there.answerable >= there.threshold > missing.answerable


def test_a_name_in_another_spelling_counts(reader):
    same = reader.read("Who was abducted in Tazirbu?", [whole(LIBYA)])
    other = reader.read("Who was abducted in Tazerbo?", [whole(LIBYA)])
    assert other.spans[0].start == same.spans[0].start
    assert other.answerable == pytest.approx(same.answerable, abs=0.05)


@pytest.mark.parametrize("better", [Signals(0.6, 0.5, 0.5), Signals(0.5, 0.6, 0.5), Signals(0.5, 0.5, 0.6)])
def test_every_signal_makes_an_answer_likelier(better):
    assert 0 < answerable(Signals(0.5, 0.5, 0.5)) < answerable(better) < 1
