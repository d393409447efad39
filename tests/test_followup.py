"""bot.followup: a question that leans on the conversation becomes one that can be understood by itself."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.followup import Turn, leans, stand_alone

KIDNAPPED = Turn("Who was kidnapped in Tazirbu?", ("Colonel Abdul Hamid al-Snoussi", "eleven civilians"))
ATTACK = Turn("Who carried out the attack on the Mabruk oil field?", ("ISIS",))
SPEAKER = Turn("Who is Ibrahim Nasr?", ("spokesman of the House of Representatives",))
NGOS = Turn("Which NGOs launched a joint mission?", ("Open Arms", "Mediterranea"))
SAID = Turn("What did Nasr say?", ("that remnants of ISIS were active",))
REGARDING = Turn("Regarding who was kidnapped in Tazirbu, were they set free?")
NASR = Turn("Who speaks for Nofaliya in the House?", ("Ibrahim Nasr",))


@pytest.mark.parametrize(
    ("text", "turns", "query"),
    [
        ("and how many were killed there?", [KIDNAPPED], "how many were killed in Tazirbu?"),
        ("And what about Misrata?", [KIDNAPPED], "Who was kidnapped in Misrata?"),
        ("and in Kufra?", [KIDNAPPED], "Who was kidnapped in Kufra?"),
        ("when was it?", [KIDNAPPED], "when was someone kidnapped in Tazirbu?"),
        ("And who did it?", [KIDNAPPED], "who kidnapped someone in Tazirbu?"),
        ("When was it?", [ATTACK], "When was the attack on the Mabruk oil field?"),
        ("Where was he taken?", [KIDNAPPED], "Where was Colonel Abdul Hamid al-Snoussi taken?"),
        ("what did he say?", [NASR], "what did Ibrahim Nasr say?"),
        ("what was his warning?", [NASR], "what was Ibrahim Nasr's warning?"),
        ("what did they tell him?", [NASR], "what did they tell Ibrahim Nasr?"),
        ("Were they set free?", [KIDNAPPED], "Regarding who was kidnapped in Tazirbu, were they set free?"),
        ("Why?", [ATTACK], "Why was it that someone carried out the attack on the Mabruk oil field?"),
        ("how many died?", [ATTACK], "how many died in the attack on the Mabruk oil field?"),
        ("how many died?", [KIDNAPPED], "how many died in Tazirbu?"),
        ("Where does he speak?", [SPEAKER], "Where does Ibrahim Nasr speak?"),
        ("Where are they based?", [NGOS], "Where are Open Arms and Mediterranea based?"),
        ("What did they say?", [ATTACK], "What did ISIS say?"),
        ("And in Misrata?", [SAID], "What did Nasr say in Misrata?"),
        ("Was it claimed?", [KIDNAPPED, REGARDING], "Regarding who was kidnapped in Tazirbu, was it claimed?"),
        (
            "Who else was kidnapped in Tazirbu?",
            [KIDNAPPED],
            "Besides Colonel Abdul Hamid al-Snoussi, who else was kidnapped in Tazirbu?",
        ),
    ],
)  # fmt: skip
def test_a_follow_up_takes_what_it_leans_on_with_it(text, turns, query):
    assert leans(text)
    assert stand_alone(text, turns) == query


@pytest.mark.parametrize(
    "text",
    [
        "Who won the election in Tripoli?",
        "When did the offensive on Sirte begin?",
        "Was there an attack in Derna?",
        "Are there policemen in Kufra?",
    ],
)
def test_a_question_that_stands_alone_is_left_as_it_is(text):
    assert not leans(text)
    assert stand_alone(text, [KIDNAPPED, ATTACK]) == text


def test_part_of_a_name_becomes_the_whole():
    assert stand_alone("What did Nasr say?", [NASR]) == "What did Ibrahim Nasr say?"
    assert stand_alone("What was Nasr's warning?", [NASR]) == "What was Ibrahim Nasr's warning?"
    assert stand_alone("What did Ahmed Nasr say?", [NASR]) == "What did Ahmed Nasr say?"


def test_the_latest_turn_counts_and_an_older_one_where_that_is_silent():
    assert stand_alone("Who was killed there?", [Turn("Where is Kufra?"), KIDNAPPED]) == "Who was killed in Tazirbu?"
    assert stand_alone("Who was killed there?", [KIDNAPPED, NASR]) == "Who was killed in Tazirbu?"


def test_names_in_lower_case_count_where_the_archive_knows_them_for_names():
    known = {"tazirbu", "misrata"}.__contains__
    asked = Turn("who was kidnapped in tazirbu")
    assert stand_alone("how many were killed there", [asked], known) == "how many were killed in tazirbu"
    assert stand_alone("and in misrata?", [asked], known) == "who was kidnapped in misrata"
    assert not leans("who was killed in misrata", known)
    assert leans("who was killed in misrata")


def test_a_conversation_about_one_thing_takes_its_name():
    said = [Turn("What group disbanded?", ("Zappa and the Mothers of Invention",))]
    for text, query in (
        ("Why did he think so?", "Why did Frank Zappa think so?"),
        ("What were their albums?", "What were Frank Zappa's albums?"),
        ("Was Frank happy?", "Was Frank Zappa happy?"),
        ("Who won the award?", "Regarding Frank Zappa, who won the award?"),
    ):
        assert stand_alone(text, said, topic="Frank Zappa") == query


def test_nothing_before_it_leaves_a_question_as_it_is():
    assert stand_alone("and when was it?", []) == "and when was it?"


@given(
    st.text(max_size=60), st.lists(st.builds(Turn, st.text(max_size=60), st.tuples(st.text(max_size=40))), max_size=3)
)
def test_any_words_give_a_query_that_still_holds_them_or_names(text, turns):
    query = stand_alone(text, turns)
    assert bool(query.strip()) >= bool(text.strip(" ?.!,"))
    assert len(query) <= len(text) * 40 + sum(len(t.question) + sum(map(len, t.answers)) for t in turns) * 40 + 60
