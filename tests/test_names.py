"""index.names: one name in several spellings is found, and an ordinary word is never taken for a name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index import transcriber as module
from index.archive import Archive
from index.embedder import MODELS
from index.graphs import DamagedModelError
from index.ingest import ingest
from index.names import Names, kept_forms, same, skeleton
from index.transcriber import FORMS, NONE, plain, transcriber

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
    ("misrata", "misurata"),
    ("hussein", "husayn"),
    ("osama", "usama"),
    ("iraq", "irak"),
    ("kyiv", "kiev"),
    ("hezbollah", "hizbullah"),
    ("zelensky", "zelenskiy"),
    ("tchaikovsky", "chaikovskii"),
]


@pytest.mark.parametrize(("one", "other"), SPELLINGS, ids=lambda name: name)
def test_two_spellings_of_one_name_find_each_other(one, other):
    assert Names([other]).spellings([one])[one] == [other]
    assert Names([one]).spellings([other])[other] == [one]


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
        ("andrew", "andrea"),
        ("obama", "osama"),
        ("israel", "ismail"),
        ("russia", "rice"),
        ("biden", "baden"),
    ],
    ids=lambda name: name,
)
def test_two_names_that_only_look_alike_stay_apart(one, other):
    assert Names([other]).spellings([one])[one] == []


def test_the_nearest_spelling_comes_first_and_the_word_itself_is_none():
    names = Names(["tazirbou", "tazerbo", "tazirbu", "sirte"])
    assert names.spellings(["tazirbu"])["tazirbu"] == ["tazirbou", "tazerbo"]
    assert names.spellings(["tazirbu"])["tazirbu"][0] != "tazirbu"


def test_many_words_are_looked_up_at_once_as_one_by_one():
    held = ["tazerbo", "benghazi", "snoussi", "jazeera"]
    asked = ["tazirbou", "bengazi", "senussi", "aljazeera", "tazirbou", "abu", "sirte"]
    together = Names(held).spellings(asked)
    assert together == {word: Names(held).spellings([word])[word] for word in asked}
    assert [len(together[word]) for word in asked] == [1, 1, 1, 1, 1, 0, 0]


def test_what_has_no_letters_or_too_few_has_no_other_spellings():
    assert Names(["abu", "abo"]).spellings(["abu"])["abu"] == []
    assert Names(["2018", "2019", "قتل"]).spellings(["2018"])["2018"] == []
    assert Names([]).spellings(["tazirbu"])["tazirbu"] == []


@pytest.mark.parametrize(
    ("one", "other"), [("jazeera", "aljazeera"), ("snoussi", "alsenussi"), ("aljazeera", "eljazeera")]
)
def test_a_name_is_found_with_and_without_the_article_joined_to_it(one, other):
    assert Names([other]).spellings([one])[one] == [other]
    assert Names([one]).spellings([other])[other] == [one]


def test_a_word_that_is_here_needs_more_evidence_than_one_that_is_not():
    assert Names(["khalefe"]).spellings(["khalifa"])["khalifa"] == ["khalefe"]
    assert Names(["khalefe", "khalifa"]).spellings(["khalifa"])["khalifa"] == []
    assert Names(["jazeera", "aljazeera"]).spellings(["jazeera"])["jazeera"] == []


def test_the_kinds_of_consonants_find_what_the_transcriber_does_not_know():
    assert transcriber().evidence("gadhafi", "qaddafi") == NONE
    assert skeleton("gadhafi") == skeleton("qaddafi") == "kdf"
    assert same("gadhafi", "qaddafi")


def test_letters_of_other_kinds_count_as_those_nearest():
    assert plain("Łódź Sana\u2019a Møller") == "lodzsanaamoller"


@given(st.lists(st.text(max_size=30), max_size=5))
def test_any_words_can_be_looked_up_and_do_not_change_what_others_are_found_by(words):
    together, alone = kept_forms(words), [kept_forms([word]) for word in words]
    assert together.hashes.shape == together.weights.shape == (len(words), FORMS + 1)
    for row, one in enumerate(alone):
        assert sorted(together.hashes[row]) == sorted(one.hashes[0])
    assert all(word not in Names(words).spellings([word])[word] for word in words)


def test_both_of_a_pair_say_the_same():
    pairs = [(one, other) for one, other in SPELLINGS if same(one, other)]
    assert pairs
    assert all(same(other, one) for one, other in pairs)


def test_a_file_that_is_not_the_released_one_is_refused(tmp_path, monkeypatch):
    content = bytearray((MODELS / module.FILE).read_bytes())
    content[-1] ^= 1
    (tmp_path / module.FILE).write_bytes(content)
    monkeypatch.setattr(module, "MODELS", tmp_path)
    with pytest.raises(DamagedModelError, match=module.FILE):
        transcriber.__wrapped__()


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


def test_a_name_that_the_archive_has_keeps_its_spelling(archive, write):
    ingest(archive, [str(write({"a.txt": "Men came to Tazirbu. Others left Tazerbo."}))])
    assert archive.spellings("Tazirbu") == {"tazirbu": ["tazerbo"]}
    assert archive.wordings("Who came to Tazirbu?") == ["Who came to Tazirbu?"]


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
