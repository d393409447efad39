"""ui.threads: what a surface remembers of its conversations, also when it is started again."""

from __future__ import annotations

from dataclasses import replace

from bot.answer import Finding
from tests.test_markdown import COURIER, answer
from ui import threads
from ui.source import Place
from ui.threads import Asked, Threads

WHO = replace(answer(Finding("four million", (1,), 1)), question="Who?", query="Who?")
WHEN = replace(WHO, question="and when?", query="When was it?")


def test_the_questions_of_a_thread_are_told_oldest_first_also_by_the_next_process(tmp_path):
    with Threads(tmp_path, "slack") as before:
        before.add("C1/1", "m1", WHO)
        before.add("C1/1", "m2", WHEN)
        before.add("C1/2", "m3", WHO)
    with Threads(tmp_path, "slack") as now:
        assert now.questions("C1/1") == ("Who?", "and when?")
        assert now.questions("C1/3") == ()
        assert now.asked("m2") == Asked("and when?", "When was it?")
        assert now.asked("m9") is None


def test_only_the_last_questions_of_a_long_thread_count(tmp_path):
    with Threads(tmp_path, "slack") as kept:
        for number in range(threads.MAX_TURNS + 5):
            kept.add("C1/1", f"m{number}", replace(WHO, question=f"Who is {number}?"))
        assert len(kept.questions("C1/1")) == threads.MAX_TURNS
        assert kept.questions("C1/1")[-1] == f"Who is {threads.MAX_TURNS + 4}?"


def test_an_event_is_new_once(tmp_path):
    with Threads(tmp_path, "slack") as first:
        assert [first.is_new("Ev1"), first.is_new("Ev2"), first.is_new("Ev1")] == [True, True, False]
    with Threads(tmp_path, "slack") as again, Threads(tmp_path, "teams") as other:
        assert [again.is_new("Ev1"), other.is_new("Ev1")] == [False, True]


def test_what_is_old_is_forgotten(tmp_path, monkeypatch):
    with Threads(tmp_path, "slack") as first:
        first.add("C1/1", "m1", WHO)
        first.is_new("Ev1")
    monkeypatch.setattr(threads, "KEPT_S", -1)
    with Threads(tmp_path, "slack") as later:
        assert (later.questions("C1/1"), later.is_new("Ev1")) == ((), True)


def test_whether_an_event_is_known_can_be_asked_without_noting_it(tmp_path):
    with Threads(tmp_path, "matrix") as kept:
        assert [kept.knows("Ev1"), kept.is_new("Ev1"), kept.knows("Ev1")] == [False, True, True]


def test_an_answer_is_found_in_its_thread_and_the_quotes_of_a_thread_s_last_one_by_their_numbers(tmp_path):
    with Threads(tmp_path, "matrix") as before:
        before.add("C1/1", "m1", WHO)
        before.add("C1/1", "m2", answer(near=(COURIER,)))
        before.add("C1/2", "m3", WHO)
    with Threads(tmp_path, "matrix") as now, Threads(tmp_path, "slack") as other:
        assert [now.thread("m2"), now.thread("m3"), now.thread("m4")] == ["C1/1", "C1/2", None]
        assert now.places("C1/1") == {2: Place.of(COURIER).address}
        assert list(now.places("C1/2")) == [1, 2, 3]
        assert (now.places("C1/3"), other.places("C1/2"), other.thread("m2")) == ({}, {}, None)
