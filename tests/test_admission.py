"""Who may ask when: the line, its places, and how many questions a person has."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Thread

import pytest

from bot.admission import Admission, QueueFullError, TooManyQuestionsError
from bot.answer import Asker, Waiting
from tests.conftest import wait_until

ANN, BEN = Asker("web", "ann"), Asker("web", "ben")
NOBODY = Asker("web")


def places(entering: Iterator[Waiting], into: list[int]) -> Thread:
    """Waits in a thread of its own; the places it is told go `into` a list, and 0 when it may begin."""

    def wait() -> None:
        into.extend(waiting.place for waiting in entering)
        into.append(0)

    thread = Thread(target=wait)
    thread.start()
    return thread


def test_where_there_is_room_nobody_waits():
    admission = Admission(at_once=2)
    assert list(admission.enter(NOBODY)) == list(admission.enter(NOBODY)) == []
    assert next(admission.enter(NOBODY)) == Waiting(1)


def test_the_others_wait_in_the_order_they_came_and_are_told_their_place():
    admission = Admission(at_once=1)
    list(admission.enter(NOBODY))
    second, third = admission.enter(NOBODY), admission.enter(NOBODY)
    assert (next(second), next(third)) == (Waiting(1), Waiting(2))
    assert admission.waiting == 2
    told: list[int] = []
    thread = places(third, told)
    admission.leave()
    thread.join(0.2)
    assert told == [], "it is the second's turn, however long that takes"
    assert list(second) == []
    wait_until(lambda: told == [1])
    admission.leave()
    thread.join(10)
    assert told == [1, 0]
    assert admission.waiting == 0


def test_who_gives_up_makes_room_in_the_line():
    admission = Admission(at_once=1)
    list(admission.enter(NOBODY))
    second, third = admission.enter(NOBODY), admission.enter(NOBODY)
    next(second), next(third)
    second.close()
    assert next(third) == Waiting(1)


def test_a_line_that_is_full_takes_nobody_and_says_how_many_wait():
    admission = Admission(at_once=1, most_waiting=1)
    list(admission.enter(NOBODY))
    waiting = admission.enter(NOBODY)
    next(waiting)
    with pytest.raises(QueueFullError, match=r"^1 question is waiting already: ask again in 10 s$"):
        next(admission.enter(NOBODY))


def test_a_person_has_so_many_questions_a_minute_and_is_told_when_to_ask_again():
    now = [0.0]
    admission = Admission(at_once=9, a_minute=2, clock=lambda: now[0])
    list(admission.enter(ANN))
    now[0] = 20
    list(admission.enter(ANN))
    now[0] = 30
    with pytest.raises(TooManyQuestionsError, match=r"^you asked 2 questions in a minute: ask again in 30 s$") as told:
        list(admission.enter(ANN))
    assert told.value.retry_after_s == 30
    list(admission.enter(BEN))
    now[0] = 60
    list(admission.enter(ANN))


def test_who_is_not_told_apart_is_not_counted():
    admission = Admission(at_once=9, a_minute=1)
    for _ in range(3):
        list(admission.enter(NOBODY))


def test_a_refused_question_does_not_count():
    now = [0.0]
    admission = Admission(at_once=9, a_minute=1, clock=lambda: now[0])
    list(admission.enter(ANN))
    for now[0] in (20, 40, 59):
        with pytest.raises(TooManyQuestionsError):
            list(admission.enter(ANN))
    now[0] = 60
    list(admission.enter(ANN))
