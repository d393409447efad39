"""bot.span_reader: names, numbers and dates out of passages, in whichever spelling, and when there are none."""

from __future__ import annotations

from datetime import date

import pytest

from bot.reader import MAX_SENTENCE_CHARS, ReadPassage
from bot.span_model import SpanModel
from bot.span_reader import SpanReader
from index.archive import Archive
from index.article import Article, article
from index.ingest import ingest
from index.passages import Span

TAZIRBU = article(
    "Nine policemen were killed in Tazirbu on Sunday, police said. Bread prices rose.\n\n"
    "Colonel Abdul Hamid al-Snoussi, head of the Tazirbu Security Directorate, was abducted.",
    title="Attack on Tazirbu",
    source="Herald",
    published=date(2018, 11, 28),
)
TAZERBO = article("At least nine policemen were killed in Tazerbo on 25 November.", title="Tazerbo", source="Post")


@pytest.fixture(scope="module")
def model() -> SpanModel:
    return SpanModel(threads=2)


@pytest.fixture
def reader(archive: Archive, write, model) -> SpanReader:
    ingest(archive, [str(write({"a.txt": TAZIRBU.text, "b.txt": TAZERBO.text}))])
    return SpanReader(archive, model)


def whole(*articles: Article) -> list[ReadPassage]:
    return [ReadPassage(one, Span(0, len(one.text)), 1.0 - n / 10) for n, one in enumerate(articles)]


def words(span) -> str:
    return span.article.text[span.start : span.end]


def test_the_answer_stands_first_inside_the_sentence_that_proves_it(reader):
    findings = reader.read("Who was abducted in Tazirbu?", whole(TAZIRBU))
    best = findings.spans[0]
    assert words(best) == "Colonel Abdul Hamid al-Snoussi, head of the Tazirbu Security Directorate"
    start, end = best.evidence
    assert TAZIRBU.text[start:end].startswith("Colonel")
    assert TAZIRBU.text[start:end].endswith("abducted.")
    assert findings.answerable > findings.threshold
    assert [span.score for span in findings.spans] == sorted((span.score for span in findings.spans), reverse=True)


@pytest.mark.parametrize(
    "question", ["Why did bread prices rise?", "How did bread prices rise?", "What happened to bread prices?"]
)
def test_why_how_and_what_happened_are_answered_by_a_whole_sentence(reader, question):
    told = article("Nine men met in Kufra. Bread prices rose fast because the road from Kufra was cut. Rain is due.")
    best = reader.read(question, whole(told)).spans[0]
    assert words(best) == "Bread prices rose fast because the road from Kufra was cut."


def test_what_somebody_said_is_not_answered_with_the_words_of_another(reader):
    told = article(
        "The council asked for calm in Kufra. The mission, which met in Kufra, asked for the release of all."
    )
    for question in ("What did the mission ask for in Kufra?", "What did the council ask for in Kufra?"):
        best, *others = reader.read(question, whole(told)).spans
        assert words(best).split()[1].strip(",") in question
        assert not [span for span in others if span.alone]
    told = article("The council met. They asked for calm in Kufra.")
    assert words(reader.read("What did the council ask for?", whole(told)).spans[0]) == "They asked for calm in Kufra."


def test_a_person_is_given_without_what_the_question_says_already(reader):
    told = article("Chibani Hamoud, the Libyan ambassador to France, spoke in Paris.")
    assert words(reader.read("Who is the Libyan ambassador to France?", whole(told)).spans[0]) == "Chibani Hamoud"
    spoke = words(reader.read("Who spoke in Paris?", whole(told)).spans[0])
    assert spoke == "Chibani Hamoud, the Libyan ambassador to France"


def test_a_member_of_a_list_that_the_question_says_is_no_answer(reader):
    spans = reader.read("Which towns does it protect?", whole(article("The army protects towns and villages."))).spans
    assert "villages" in map(words, spans)
    assert "towns" not in map(words, spans)


def test_a_question_in_an_article_is_read_with_what_follows_but_is_no_answer(reader):
    told = article("Who was abducted in Kufra, Amina Rashid? The judge Omar Saleh was abducted in Kufra.")
    spans = reader.read("Who was abducted in Kufra?", whole(told)).spans
    assert words(spans[0]) == "Omar Saleh"
    assert not [span for span in spans if "Rashid" in words(span)]


def test_a_list_is_answered_as_its_members_each_in_the_sentence(reader):
    told = article("Gunmen abducted Ali Nasr, a judge, Omar Saleh and Hassan Ahmed in Kufra on Sunday.")
    spans = [span for span in reader.read("Who was abducted in Kufra?", whole(told)).spans if span.alone]
    assert [words(span) for span in spans] == ["Ali Nasr, a judge", "Omar Saleh", "Hassan Ahmed"]
    assert len({(span.evidence, span.score) for span in spans}) == 1


def test_a_number_keeps_its_at_least_and_means_a_number(reader):
    findings = reader.read("How many policemen were killed in Tazirbu?", whole(TAZIRBU, TAZERBO))
    said = {span.article.source: span for span in reversed(findings.spans)}
    assert words(said["Herald"]).startswith("Nine")
    assert words(said["Post"]).startswith("At least nine")
    assert said["Herald"].gist.same(said["Post"].gist)


def test_a_place_in_another_spelling_is_asked_about_in_the_article_s_own(reader):
    one = reader.read("How many policemen were killed in Tazirbu?", whole(TAZERBO))
    other = reader.read("How many policemen were killed in Tazerbo?", whole(TAZERBO))
    assert one.answerable == pytest.approx(other.answerable)
    assert one.answerable > one.threshold


def test_another_place_is_not_answered_with_what_happened_here(reader):
    findings = reader.read("How many policemen were killed in Derna?", whole(TAZIRBU, TAZERBO))
    assert findings.answerable < findings.threshold


def test_an_answer_is_never_made_of_the_question_s_own_words(reader):
    findings = reader.read("Who was killed in Tazirbu on Sunday?", whole(TAZIRBU))
    assert not {"Tazirbu", "Sunday", "on Sunday"} & set(map(words, findings.spans))


def test_who_did_it_is_no_answer_to_whom_it_was_done(reader):
    one = article("Eleven civilians were kidnapped when ISIS militants struck a police station in Tazirbu.")
    findings = reader.read("Who was kidnapped in Tazirbu?", whole(one))
    assert [words(span) for span in findings.spans if span.alone] == ["Eleven civilians"]


def test_a_distance_fits_no_question_that_counts_people(reader):
    one = article("The attackers took them over 400 kilometers away from Tazirbu.")

    def score(question: str) -> float:
        (found,) = (span for span in reader.read(question, whole(one)).spans if "400" in words(span))
        return found.score

    counted = score("How many people did the attackers take away from Tazirbu?")
    assert counted < score("How many kilometers away from Tazirbu did the attackers take them?") - 1


def test_nothing_to_read_answers_nothing(reader):
    findings = reader.read("who?", [])
    assert (findings.spans, findings.answerable) == ((), 0.0)


def test_of_a_very_long_sentence_the_part_around_the_answer_is_quoted(reader):
    filler = "and they marched and sang " * 30
    long = article(f"They left home {filler}until nine policemen were killed in Tazirbu {filler}and slept.")
    findings = reader.read("How many policemen were killed in Tazirbu?", whole(long))
    for span in findings.spans:
        assert span.evidence.start <= span.start < span.end <= span.evidence.end
        assert span.evidence.end - span.evidence.start <= MAX_SENTENCE_CHARS + 1
