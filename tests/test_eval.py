"""tests.eval: the measures themselves, and what they say of follow-ups where the benchmarks are."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.score import exact_match, f1, normalized

DATA = Path(__file__).parents[2] / "shared" / "data"


def test_answers_are_compared_without_case_punctuation_and_articles():
    assert normalized("The  “Eiffel” Tower, in Paris!") == "eiffel tower in paris"
    assert normalized("The Who", keep_articles=True) == "the who"
    assert normalized("$4.50") == "450"


@pytest.mark.parametrize(
    ("answer", "golds", "exact", "overlap"),
    [
        ("the Nine policemen", ["nine policemen"], True, 1.0),
        ("nine policemen", ["eight", "nine"], False, 2 / 3),
        ("ten", ["nine"], False, 0.0),
        ("nine nine", ["nine"], False, 2 / 3),
        ("the", ["a"], True, 1.0),
        ("", ["nine"], False, 0.0),
        ("nine", [], False, 0.0),
    ],
)
def test_exact_match_and_f1_are_those_of_squad(answer, golds, exact, overlap):
    assert exact_match(answer, golds) is exact
    assert f1(answer, golds) == pytest.approx(overlap)


def test_follow_ups_are_understood_better_than_by_naming_the_topic():
    pytest.importorskip("sacrebleu", reason="make eval installs it")
    if not (DATA / "follow-ups").is_dir():
        pytest.skip("needs CANARD in ../shared/data")
    from tests.eval import followups

    scored = {(name, half): (float(bleu), float(recall)) for name, half, _, bleu, recall in followups.rows(DATA)}
    naive, ours = (scored[name, "held out"] for name in ("title for the first pronoun", "Quotedesk"))
    assert ours[0] > naive[0] + 4
    assert ours[1] > naive[1] + 6


def test_spellings_of_names_that_training_never_saw_are_told_from_other_names():
    if not (DATA / "name-variants").is_dir():
        pytest.skip("needs name-variants in ../shared/data")
    from tests.eval import names

    scored = {name: (float(found), float(mistaken)) for name, _, found, _, mistaken in names.rows(DATA)}
    naive, lacking, held = list(scored.values())[:3]
    assert lacking[0] > naive[0] - 0.08
    assert lacking[1] < 0.02 < naive[1]
    assert held[0] > 0.5
    assert held[1] < 0.01
