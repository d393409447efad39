"""index.passages: sentences and passages are exact slices of the text, in order, and lose nothing but white space."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.article import canonical_text
from index.embedder import token_offsets
from index.passages import MAX_TOKENS, Span, passages, sentences
from tests.texts import FAMILY, texts

canonical = texts.map(canonical_text)


def cut(text: str) -> list[str]:
    return [text[span.start : span.end] for span in sentences(text)]


def windows(text: str, max_tokens: int = MAX_TOKENS) -> list[str]:
    return [text[span.start : span.end] for span in passages(text, token_offsets(text), max_tokens)]


def assert_exact(text: str, spans: list[Span]) -> None:
    """Each span is a slice without white space around it; they are in order, apart, and nothing is between them."""
    end = 0
    for span in spans:
        assert end <= span.start < span.end <= len(text)
        assert text[span.start : span.end] == text[span.start : span.end].strip()
        assert not text[end : span.start].strip()
        end = span.end
    assert not text[end:].strip()


@given(canonical)
def test_sentences_are_exact_slices_that_cover_everything_but_white_space(text):
    assert_exact(text, sentences(text))


@given(canonical, st.integers(1, 40))
def test_passages_are_exact_slices_that_cover_everything_within_their_token_budget(text, max_tokens):
    offsets = token_offsets(text)
    spans = passages(text, offsets, max_tokens)
    assert_exact(text, spans)
    for span in spans:
        # Several tokens may come out of one code point, and that is never cut.
        starts = [start for start, _ in offsets if span.start <= start < span.end]
        assert len(starts) <= max_tokens or len(set(starts)) == 1


@given(canonical)
def test_every_sentence_that_fits_lies_in_one_passage(text):
    offsets = token_offsets(text)
    spans = passages(text, offsets, 20)
    for sentence in sentences(text):
        if sum(sentence.start <= start < sentence.end for start, _ in offsets) <= 20:
            assert any(span.start <= sentence.start and sentence.end <= span.end for span in spans)


def test_a_text_of_three_sentences():
    assert sentences("One came. Two went! Who stayed?") == [(0, 9), (10, 19), (20, 31)]


def test_abbreviations_and_initials_do_not_end_a_sentence():
    text = "Spokesman Brig. Gen. Ahmed al-Mismari of the U.S. command said 3.5 million went. He left."
    assert cut(text) == [
        "Spokesman Brig. Gen. Ahmed al-Mismari of the U.S. command said 3.5 million went.",
        "He left.",
    ]


def test_a_quotation_keeps_its_closing_mark():
    assert cut("“Let them go now.” The soldier called out.") == ["“Let them go now.”", "The soldier called out."]


def test_captions_headings_and_list_items_stay_by_themselves():
    text = "Home / News\n\nMore losses in Sirte\n(Author: the desk)\n- Nine dead\n- Ten hurt\nOn Tuesday they advanced."
    assert cut(text) == [
        "Home / News",
        "More losses in Sirte",
        "(Author: the desk)",
        "- Nine dead",
        "- Ten hurt",
        "On Tuesday they advanced.",
    ]


HARD_WRAPPED = """\
On Tuesday, Libyan forces that are fighting in Sirte captured several houses
of the group, which brought the city closer to full liberation. Some groups
of civilians in Sirte managed to escape.
The next paragraph follows without an empty line."""


def test_text_that_was_wrapped_by_an_editor_is_joined():
    assert cut(HARD_WRAPPED) == [
        "On Tuesday, Libyan forces that are fighting in Sirte captured several houses\n"
        "of the group, which brought the city closer to full liberation.",
        "Some groups\nof civilians in Sirte managed to escape.",
        "The next paragraph follows without an empty line.",
    ]


def test_text_that_was_wrapped_with_carriage_returns_is_joined_just_so():
    assert cut(canonical_text(HARD_WRAPPED.replace("\n", "\r\n"))) == cut(HARD_WRAPPED)


@pytest.mark.parametrize("gap", ["\n\n", "\n \n", "\n\t\n", "\n   \n  \n"])
def test_an_empty_line_ends_a_sentence_also_when_it_holds_white_space(gap):
    line = "A long line of the kind that an editor breaks, which has no full stop at its end"
    assert cut(f"{line}{gap}and this is another paragraph") == [line, "and this is another paragraph"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("قتل تسعة. هل اختطف أحد؟ نعم.", ["قتل تسعة.", "هل اختطف أحد؟", "نعم."]),
        (f"A family {FAMILY} fled. They 👍🏽 live.", [f"A family {FAMILY} fled.", "They 👍🏽 live."]),
        ("Le de\u0301pute\u0301 parla. Il partit.", ["Le de\u0301pute\u0301 parla.", "Il partit."]),
        ("\u200bZero\u200bwidth\u200b stays.", ["\u200bZero\u200bwidth\u200b stays."]),
        ("死者は九人。十人が負傷。", ["死者は九人。", "十人が負傷。"]),
        ("x" * 10_000, ["x" * 10_000]),
        ("\u00a0Padded.\u2003", ["Padded."]),
        ("", []),
        (" \n\t\u00a0\n", []),
    ],
    ids=["Arabic", "emoji", "combining", "zero-width", "Japanese", "one word", "wide spaces", "empty", "white space"],
)
def test_scripts_and_odd_code_points(text, expected):
    assert cut(text) == expected


def test_a_passage_takes_whole_sentences_as_long_as_they_fit():
    text = "One two three. Four five six. Seven eight nine."  # four tokens each, with the full stop
    assert windows(text, 8) == ["One two three. Four five six.", "Seven eight nine."]
    assert windows(text, 7) == ["One two three.", "Four five six.", "Seven eight nine."]
    assert windows(text) == [text]


def test_a_sentence_longer_than_a_passage_is_cut_between_words():
    assert windows("one two three four five", 2) == ["one two", "three four", "five"]
    long = " ".join(["word"] * 1_000)
    assert [len(window.split()) for window in windows(long)] == [200] * 5


def test_a_word_of_many_tokens_is_cut_where_a_token_ends():
    word = "Donaudampfschifffahrtsgesellschaft"
    assert "".join(windows(word, 3)) == word
    assert len(windows(word, 3)) > 1


def test_an_empty_text_has_no_passages():
    assert passages("", []) == []


def test_a_word_list_of_a_megabyte_takes_seconds_not_hours():
    started = time.monotonic()
    assert len(sentences("word\n" * 200_000)) == 1
    assert time.monotonic() - started < 20
