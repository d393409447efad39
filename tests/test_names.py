"""index.names: one name in several spellings is found, and an ordinary word is never taken for a name."""

from __future__ import annotations

import pytest

from index.archive import Archive
from index.ingest import ingest
from index.names import Names, skeleton

SPELLINGS = [
    ("tazirbu", "tazerbo"),
    ("tazirbu", "tazirbou"),
    ("tazerbo", "tazirbou"),
    ("senussi", "snoussi"),
    ("qaddafi", "gadhafi"),
    ("qaddafi", "kadhafi"),
    ("qaddafi", "gaddafi"),
    ("bengazi", "benghazi"),
    ("nofaliya", "nawfaliyah"),
    ("abdulrahman", "abdelrahman"),
    ("misrata", "misratah"),
]


@pytest.mark.parametrize(("one", "other"), SPELLINGS, ids=lambda name: name)
def test_two_spellings_of_one_name_find_each_other(one, other):
    assert skeleton(one) == skeleton(other)
    assert Names([other]).spellings(one) == [other]
    assert Names([one]).spellings(other) == [one]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("tazirbu", "benghazi"),
        ("sirte", "surat"),
        ("mabruk", "marble"),
        ("derna", "durban"),
        ("kufra", "kafr"),
        ("tripoli", "trouble"),
        ("libya", "lebanon"),
        ("ahmed", "hamad"),
    ],
    ids=lambda name: name,
)
def test_two_names_that_only_look_alike_stay_apart(one, other):
    assert Names([other]).spellings(one) == []


def test_the_nearest_spelling_comes_first_and_the_word_itself_is_none():
    names = Names(["tazirbou", "tazerbo", "tazirbu", "sirte"])
    assert names.spellings("tazirbu") == ["tazirbou", "tazerbo"]
    assert names.spellings("tazirbu")[0] != "tazirbu"


def test_short_words_have_no_other_spellings():
    assert Names(["iraq", "irak"]).spellings("iraq") == []
    assert Names([]).spellings("tazirbu") == []


@pytest.fixture
def libya(archive: Archive, write) -> Archive:
    folder = write(
        {
            "a.txt": "Colonel al-Snoussi was taken in Tazirbu. Men of Qaddafi were seen in Nofaliya.",
            "b.txt": "The march began in Benghazi in March. Marching men said that March was hot.",
        }
    )
    ingest(archive, [str(folder)])
    return archive


def counted(archive: Archive, query: str) -> dict[str, set[str]]:
    """Each term of `query` with the terms that count as it in full."""
    return {
        term: {match for match, share in matches.items() if share == 1}
        for term, matches in archive.matches(query).items()
    }


@pytest.mark.parametrize(
    ("asked", "held"),
    [
        ("Tazerbo", "tazirbu"),
        ("Tazirbou", "tazirbu"),
        ("Senussi", "snoussi"),
        ("Gadhafi", "qaddafi"),
        ("Bengazi", "benghazi"),
        ("Nawfaliyah", "nofaliya"),
    ],
)
def test_a_name_is_found_in_the_spelling_of_the_archive(libya, asked, held):
    ((_, matched),) = counted(libya, asked).items()
    assert held in matched
    assert libya.search_lexical(asked, 5) == libya.search_lexical(held, 5) != []


def test_a_question_is_worded_with_the_spellings_of_the_archive(libya):
    assert libya.wordings("Who was taken in Tazerbo?") == ["Who was taken in Tazerbo?", "Who was taken in tazirbu?"]
    assert libya.wordings("Who was taken in Tazirbu?") == ["Who was taken in Tazirbu?"]


def test_two_names_are_respelt_in_one_wording(libya):
    asked = "Was Senussi seen in Tazerbo?"
    assert libya.wordings(asked) == [asked, "Was snoussi seen in tazirbu?"]


@pytest.mark.parametrize("word", ["march", "marched", "men", "said", "began", "taken"])
def test_an_ordinary_word_is_never_taken_for_a_name(libya, word):
    ((term, matched),) = counted(libya, word).items()
    assert matched == {term}


def test_an_ordinary_word_is_not_taken_for_a_name_that_has_its_consonants(archive, write):
    ingest(archive, [str(write({"a.txt": "Colonel Marish spoke. They march on Kufra."}))])
    assert skeleton("march") == skeleton("marish")
    assert counted(archive, "march") == {"march": {"march"}}
    assert counted(archive, "Mareesh") == {"mareesh": {"mareesh", "marish"}}


def test_an_ordinary_word_of_the_archive_is_never_what_a_name_stands_for(libya):
    # "begun" and "began" share their consonants; the archive writes "began" in lower case.
    assert counted(libya, "Begoon") == {"begoon": {"begoon"}}
