"""index.lexical: BM25 as the textbook has it, in arrays that can be changed, saved and lost without harm."""

from __future__ import annotations

import math
import random
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.lexical import K1, LEAST_TELLING, B, LexicalIndex, Words, common_terms, replaced, terms

Documents = dict[int, list[str]]


def built(documents: Documents) -> LexicalIndex:
    return LexicalIndex.empty().updated(Words(key, words, set()) for key, words in documents.items())


def textbook(documents: Documents, query: dict[str, float]) -> dict[int, float]:
    """Okapi BM25 with Lucene's idf, written down as slowly as it is defined, less the terms that tell too little."""
    mean = max(sum(map(len, documents.values())) / max(len(documents), 1), 1)
    held = {term: sum(term in words for words in documents.values()) for term in query}
    telling = {
        term: weight * math.log(1 + (len(documents) - held[term] + 0.5) / (held[term] + 0.5))
        for term, weight in query.items()
        if held[term]
    }
    scores = {}
    for key, words in documents.items():
        score = 0.0
        for term, worth in telling.items():
            count = min(Counter(words)[term], 255)
            if worth >= LEAST_TELLING * max(telling.values()):
                score += worth * count * (K1 + 1) / (count + K1 * (1 - B + B * len(words) / mean))
        if score:
            scores[key] = score
    return scores


_words = st.lists(st.sampled_from("abcdefg"), max_size=12)
_documents = st.dictionaries(st.integers(1, 10_000), _words, max_size=12).map(lambda d: dict(sorted(d.items())))
_query = st.dictionaries(st.sampled_from("abcdefgz"), st.sampled_from([1.0, 0.5, 2.0]), max_size=5)


@given(_documents, _query)
def test_scores_are_those_of_the_textbook(documents, query):
    found = built(documents).search(query, k=100)
    assert dict(found) == pytest.approx(textbook(documents, query), rel=1e-4)
    assert [score for _, score in found] == sorted((score for _, score in found), reverse=True)


def test_a_term_that_tells_next_to_nothing_is_not_searched_for():
    documents = {key: ["said"] for key in range(1, 101)}
    documents[7].append("tazirbu")
    index = built(documents)
    share = index.idf("said") / index.idf("tazirbu")
    assert share < LEAST_TELLING
    assert [key for key, _ in index.search({"said": 1.0, "tazirbu": 1.0}, k=5)] == [7]
    assert len(index.search({"said": 1.0}, k=5)) == 5, "alone, it is the most telling one there is"
    assert len(index.search({"said": 0.1 / share, "tazirbu": 1.0}, k=5)) == 5, "its weight counts too"


def test_a_score_worked_out_by_hand():
    index = built({1: ["oasis", "attack"], 2: ["court"]})
    ((key, score),) = index.search({"oasis": 1.0}, k=5)
    # idf = ln(1 + 1.5 / 1.5) = ln 2; two terms where the mean is 1.5: 0.9 * (0.6 + 0.4 * 2 / 1.5) = 1.02
    assert (key, score) == (1, pytest.approx(math.log(2) * 1.9 / (1 + 1.02)))


@given(_documents, _documents, st.data())
def test_adding_and_dropping_equals_building_from_what_is_left(first, second, data):
    later = {key + 10_000: words for key, words in second.items()}
    dropped = data.draw(st.lists(st.sampled_from([*first, 77_777]))) if first else []
    left = {key: words for key, words in {**first, **later}.items() if key not in dropped}
    changed = built(first).updated((Words(key, words, set()) for key, words in later.items()), dropped)
    fresh = built(left)
    assert changed.keys.tolist() == fresh.keys.tolist() == list(left)
    assert changed.lengths.tolist() == fresh.lengths.tolist()
    for term in "abcdefgz":
        assert changed.idf(term) == fresh.idf(term)
        assert changed.search({term: 1.0}, 100) == fresh.search({term: 1.0}, 100)


def test_an_index_is_not_changed_by_making_the_next_one():
    index = built({1: ["a"], 2: ["b"]})
    before = index.search({"a": 1.0, "b": 1.0}, 5)
    index.updated([Words(3, ["a", "c"], set())], [1])
    assert index.search({"a": 1.0, "b": 1.0}, 5) == before
    assert len(index) == 2


def test_a_word_counts_255_times_at_the_most():
    many, more = built({1: ["a"] * 255 + ["b"] * 745}), built({1: ["a"] * 600 + ["b"] * 400})
    assert many.search({"a": 1.0}, 1) == more.search({"a": 1.0}, 1)


def test_only_the_allowed_passages_are_found():
    index = built({1: ["a"], 2: ["a"], 3: ["a"]})
    assert [key for key, _ in index.search({"a": 1.0}, 5, np.array([1, 3, 99]))] == [1, 3]
    assert index.search({"a": 1.0}, 5, np.array([], np.int64)) == []


def test_at_most_k_are_found_and_equals_come_in_the_order_of_their_keys():
    index = built({key: ["a"] * (key % 2 + 1) for key in range(1, 9)})
    assert [key for key, _ in index.search({"a": 1.0}, 8)] == [1, 3, 5, 7, 2, 4, 6, 8]
    assert len(index.search({"a": 1.0}, 3)) == 3
    assert index.search({"a": 1.0}, 0) == []


def test_an_empty_index_finds_nothing():
    assert LexicalIndex.empty().search({"a": 1.0}, 5) == []
    assert LexicalIndex.empty().names() == []


def test_a_rare_word_is_more_telling_than_a_frequent_one_and_an_unknown_one_most_of_all():
    index = built({1: ["a", "b"], 2: ["a"], 3: ["a"]})
    assert index.idf("z") > index.idf("b") > index.idf("a") > 0


def test_terms_are_stems_without_case_and_accents():
    assert terms("Kidnapping the KIDNAPPED, e\u0301te\u0301 Été") == ["kidnap", "the", "kidnap", "ete", "ete"]
    assert terms("al-Snoussi's 3,000 x_y") == ["al", "snoussi", "s", "3", "000", "x", "y"]
    assert terms("قتل تسعة — 👍 \u200b") == ["قتل", "تسعة"]
    assert terms("") == []


def test_a_word_is_common_when_it_is_written_in_lower_case():
    assert common_terms("The Police said that police of Tazirbu fled.") == {"said", "that", "polic", "of", "fled"}
    index = LexicalIndex.empty().updated(
        [
            Words(1, terms("March on Tazirbu"), common_terms("March on Tazirbu")),
            Words(2, terms("a march"), common_terms("a march")),
        ]
    )
    assert index.names() == ["tazirbu"]
    assert index.is_common("march")
    assert not index.is_common("tazirbu")
    assert not index.is_common("unheard")


def test_a_name_stays_one_when_it_is_written_in_lower_case_now_and_then():
    told = [Words(key, ["benghazi"], {"benghazi"} if key == 0 else set()) for key in range(12)]
    index = LexicalIndex.empty().updated(told)
    assert not index.is_common("benghazi")
    assert index.by_spelling().spellings(["bengazi"])["bengazi"] == ["benghazi"]
    fewer = index.updated([], dropped=range(4, 12))
    assert fewer.is_common("benghazi")
    assert fewer.by_spelling().spellings(["bengazi"])["bengazi"] == []
    again = fewer.updated([Words(key, ["benghazi"], set()) for key in range(20, 40)])
    assert again.by_spelling().spellings(["bengazi"])["bengazi"] == ["benghazi"]


def test_a_name_that_no_passage_holds_any_more_is_none():
    index = LexicalIndex.empty().updated([Words(1, ["tazirbu"], set()), Words(2, ["kufra"], set())])
    fewer = index.updated([], dropped=[1])
    assert fewer.names() == ["kufra"]
    assert fewer.by_spelling().spellings(["tazerbo"])["tazerbo"] == []


def test_one_word_of_a_text_is_replaced_in_every_form_of_it():
    assert replaced("In Tazerbo, TAZERBO!", "tazerbo", "tazirbu") == "In tazirbu, tazirbu!"
    assert replaced("Tazerbos", "benghazi", "x") == "Tazerbos"


def test_what_is_saved_is_loaded(tmp_path):
    index = LexicalIndex.empty().updated(
        [Words(5, ["a", "b", "a"], {"b"}), Words(9, ["قتل"], set()), Words(12, [], set())], []
    )
    index.save(tmp_path, generation=3)
    saved = LexicalIndex.load(tmp_path)
    assert saved is not None
    assert saved.generation == 3
    loaded = saved.counts
    assert loaded.vocabulary == index.vocabulary
    assert loaded.names() == ["a", "قتل"]
    assert (loaded.forms.hashes == index.forms.hashes).all()
    assert loaded.search({"a": 1.0, "قتل": 1.0}, 5) == index.search({"a": 1.0, "قتل": 1.0}, 5)
    assert [path.name for path in tmp_path.iterdir()] == ["lexical.npz"]


def test_an_empty_index_is_saved_and_loaded(tmp_path):
    LexicalIndex.empty().save(tmp_path, generation=0)
    saved = LexicalIndex.load(tmp_path)
    assert saved is not None
    assert (saved.generation, len(saved.counts), saved.counts.vocabulary) == (0, 0, {})


def test_what_was_saved_last_is_told_from_what_was_before(tmp_path):
    assert (LexicalIndex.stamp(tmp_path), LexicalIndex.load(tmp_path)) == (None, None)
    stamps = set()
    for generation in range(20):
        built({1: ["a"]}).save(tmp_path, generation)
        stamps.add(LexicalIndex.stamp(tmp_path))
        assert LexicalIndex.load(tmp_path).generation == generation
    assert len(stamps) == 20


def test_a_file_that_was_cut_off_or_damaged_is_not_loaded(tmp_path):
    built({1: ["a", "b"], 2: ["b"]}).save(tmp_path, generation=3)
    path: Path = tmp_path / "lexical.npz"
    whole = path.read_bytes()
    chance = random.Random(7)
    broken = [whole[:size] for size in (0, 1, 50, len(whole) // 2, len(whole) - 1)]
    broken += [b"PK\x03\x04" + bytes(200), b"not an archive at all", b"\x93NUMPY" + bytes(20)]
    for _ in range(20):
        place = chance.randrange(len(whole))
        broken.append(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
    for content in broken:
        path.write_bytes(content)
        saved = LexicalIndex.load(tmp_path)  # a byte that holds nothing may be another
        whole_index = built({1: ["a", "b"], 2: ["b"]})
        assert saved is None or saved.counts.search({"b": 1.0}, 5) == whole_index.search({"b": 1.0}, 5)
