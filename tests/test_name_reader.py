"""bot.name_reader: what a name is, told by the words beside it, in any of its spellings."""

from __future__ import annotations

import pytest

from bot.name_reader import Name, NameReader, explanations
from bot.reader import MAX_SENTENCE_CHARS, ReadPassage
from index.archive import Archive
from index.article import Article, article
from index.ingest import ingest
from index.passages import Span

NASR = Name(alike={"amran", "nasr"}, last={"nasr"}, words=1, is_person=True, is_one=True)
SIRTE = Name(alike={"sirt"}, last={"sirt"}, words=1, is_person=False, is_one=False)
"""Sirte, which is "sirt" as a term."""


def whole(*articles: Article) -> list[ReadPassage]:
    return [ReadPassage(one, Span(0, len(one.text)), 1.0 - n / 10) for n, one in enumerate(articles)]


def told(sentence: str, name: Name) -> list[str]:
    return [sentence[span.start : span.end] for span, _ in explanations(sentence, name)]


@pytest.mark.parametrize(
    ("sentence", "explained"),
    [
        ("Nasr, the House member for Nofaliya, spoke.", ["the House member for Nofaliya"]),
        ("The House member for Nofaliya, Amran Nasr, spoke.", ["The House member for Nofaliya"]),
        ("Nasr, who represents Nofaliya, spoke.", ["who represents Nofaliya"]),
        ("Amran Nasr, who is a judge, spoke.", ["a judge"]),
        ("Nasr was the mayor of Kufra and left in May.", ["the mayor of Kufra"]),
        ("According to Nasr, a judge, all is well.", ["a judge"]),
        ("Judge Omar Nasr’s men spoke.", ["Judge Omar Nasr"]),
        ("Nasr, former mayor of Kufra, and Ali spoke.", ["former mayor of Kufra"]),
    ],
)
def test_what_stands_beside_a_name_says_who_that_is(sentence, explained):
    assert told(sentence, NASR) == explained


@pytest.mark.parametrize(
    "sentence",
    [
        "Nasr spoke in Kufra on Sunday.",
        "Nasr, who was speaking in Kufra, agreed.",
        "Nasr was seen in Kufra.",
        "Nasr and Ali, a judge, spoke.",
        "In a letter to Nasr, the council asked for help.",
        "The attack on Nasr was the second in a month.",
        "Amran, a judge, spoke.",
        "Though Nasr spoke, nobody came.",
        "Getty Images Nasr in Kufra",
        "Nasr, the council said, is well.",
    ],
)
def test_what_is_told_of_something_else_does_not(sentence):
    assert told(sentence, NASR) == []


@pytest.mark.parametrize(
    ("sentence", "explained"),
    [
        ("It lost Sirte, a city on the coast.", ["a city on the coast"]),
        ("Sirte, which lies on the coast, is calm.", ["which lies on the coast"]),
        ("The mayor of Sirte, who fled, spoke.", []),
        ("The attack on Sirte, the second in a month, failed.", []),
        ("Old Sirte is calm.", []),
    ],
)
def test_a_thing_is_not_taken_for_what_it_belongs_to(sentence, explained):
    assert told(sentence, SIRTE) == explained


def test_a_thing_is_known_by_all_of_its_name():
    council = Name({"elder", "council", "of", "sirt"}, {"sirt"}, 3, is_person=False, is_one=False)
    assert told("The Elder Council of Sirte, which met in May, spoke.", council) == ["which met in May"]
    assert told("Men fled Sirte, which lies on the coast.", council) == []


def test_forenames_and_title_belong_to_one_person_whose_whole_name_was_not_asked_for():
    assert told("Colonel Amran Nasr spoke.", Name({"amran", "nasr"}, {"nasr"}, 2, is_person=True, is_one=True)) == [
        "Colonel Amran Nasr"
    ]
    assert told("Colonel Nasr spoke.", Name({"amran", "nasr"}, {"nasr"}, 2, is_person=True, is_one=True)) == []
    assert told("Two Nasr spoke.", Name({"nasr"}, {"nasr"}, 1, is_person=True, is_one=False)) == []


@pytest.fixture
def reader(archive: Archive, write) -> NameReader:
    texts = {"a.txt": "Abdul al-Snoussi, a judge, spoke in Tazirbu.", "b.txt": "Ali spoke in Tazerbo, an oasis."}
    ingest(archive, [str(write(texts))])
    return NameReader(archive)


def test_a_name_is_explained_in_any_spelling_by_the_sentence_it_stands_in(reader):
    judge, oasis = article("Abdul al-Snoussi, a judge, spoke in Tazirbu."), article("Ali spoke in Tazerbo, an oasis.")
    findings = reader.read("Who is al-Senussi?", whole(oasis, judge))
    best = findings.spans[0]
    assert (best.text, judge.text[best.evidence.start : best.evidence.end]) == ("a judge", judge.text)
    assert findings.answerable > findings.threshold
    assert [span.text for span in reader.read("What is Tazirbu?", whole(oasis, judge)).spans] == ["an oasis"]


def test_the_last_sentence_asks_who_it_is_and_no_other_question_is_read(reader):
    told = whole(article("Colonel Abdul al-Snoussi spoke."))
    for question in ("Who is al-Snoussi?", "Men came to Tazirbu. Who is al-Snoussi?"):
        assert [span.text for span in reader.read(question, told).spans] == ["Colonel Abdul al-Snoussi"]
    assert reader.read("Who spoke of al-Snoussi?", told).spans == ()


def test_what_says_more_comes_before_the_name_in_full(reader):
    findings = reader.read("Who is al-Snoussi?", whole(article("Colonel Abdul al-Snoussi, a judge, spoke.")))
    assert [span.text for span in findings.spans] == ["a judge", "Colonel Abdul al-Snoussi"]


def test_a_name_that_nothing_explains_is_not_found_and_its_sentences_are_near(reader):
    told = article("Ali went to Tazirbu. Bread is dear. He left Tazirbu.")
    findings = reader.read("What is Tazirbu?", whole(told))
    assert findings.answerable < findings.threshold
    assert [span.text for span in findings.spans] == ["Ali went to Tazirbu.", "He left Tazirbu."]
    assert reader.read("What is Tazirbu?", []).spans == ()


def test_sentences_of_other_days_and_tables_are_not_read(reader):
    oasis = article("Ali spoke in Tazerbo, an oasis. " + "Tazirbu, a word " * MAX_SENTENCE_CHARS)
    none = reader.read("What is Tazirbu?", whole(oasis), lambda _article, _sentence: None)
    assert (none.spans, none.answerable) == ((), 0.0)
    less = reader.read("What is Tazirbu?", whole(oasis), lambda _article, _sentence: 0.5).spans
    (same,) = reader.read("What is Tazirbu?", whole(oasis)).spans
    assert [span.score for span in less] == [same.score - 0.5]
