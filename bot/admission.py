"""Who may ask when: so many questions a minute each, so many answered at a time, the others in the order they came."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Hashable, Iterator
from threading import Condition, Lock

from bot.answer import Asker, Waiting

MINUTE_S = 60.0
_RETRY_FULL_S = 10


class BusyError(RuntimeError):
    """A question that is not answered now; the message says why, `retry_after_s` when to ask again."""

    def __init__(self, message: str, retry_after_s: int) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class TooManyQuestionsError(BusyError):
    """This person has asked as many questions in the last minute as one may."""

    def __init__(self, most: int, retry_after_s: int) -> None:
        asked = "1 question" if most == 1 else f"{most} questions"
        super().__init__(f"you asked {asked} in a minute: ask again in {retry_after_s} s", retry_after_s)


class QueueFullError(BusyError):
    """As many questions wait as may."""

    def __init__(self, waiting: int) -> None:
        many = "1 question is" if waiting == 1 else f"{waiting} questions are"
        super().__init__(f"{many} waiting already: ask again in {_RETRY_FULL_S} s", _RETRY_FULL_S)


class Rate:
    """At most `most` times a minute each. `clock` gives seconds."""

    def __init__(self, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.most, self._clock = most, clock
        self._times: dict[Hashable, deque[float]] = {}
        self._lock = Lock()

    def wait_s(self, who: Hashable) -> int:
        """Seconds until `who` may do it once more; 0 when that is now, which then counts."""
        with self._lock:
            if left_s := self._left_s(who):
                return left_s
            self._times.setdefault(who, deque()).append(self._clock())
            return 0

    def left_s(self, who: Hashable) -> int:
        """The same, but nothing counts."""
        with self._lock:
            return self._left_s(who)

    def _left_s(self, who: Hashable) -> int:
        now = self._clock()
        for other in [other for other, times in self._times.items() if times[-1] <= now - MINUTE_S]:
            del self._times[other]
        times = self._times.get(who, deque())
        while times and times[0] <= now - MINUTE_S:
            times.popleft()
        return max(1, math.ceil(times[0] + MINUTE_S - now)) if len(times) >= self.most else 0


class Admission:
    """Lets `at_once` questions be answered at a time; up to `most_waiting` wait in line, first come, first served.

    `a_minute` bounds the questions of one person; who has no name is not counted. `clock` gives seconds.
    """

    def __init__(
        self, at_once: int = 4, most_waiting: int = 30, a_minute: int = 20, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._at_once, self._most_waiting = at_once, most_waiting
        self._rate = Rate(a_minute, clock)
        self._changed = Condition()
        self._answering = 0
        self._line: deque[object] = deque()

    @property
    def waiting(self) -> int:
        """How many questions wait."""
        return len(self._line)

    def enter(self, asker: Asker) -> Iterator[Waiting]:
        """Ends when the question may be answered; until then gives its place in line, again whenever that changes.

        Raises TooManyQuestionsError or QueueFullError. Whoever came to its end must `leave`; whoever gives up before
        that closes it.
        """
        with self._changed:
            if asker.person and (wait_s := self._rate.wait_s(asker)):
                raise TooManyQuestionsError(self._rate.most, wait_s)
            if not self._line and self._answering < self._at_once:
                self._answering += 1
                return
            if len(self._line) >= self._most_waiting:
                raise QueueFullError(len(self._line))
            ticket = object()
            self._line.append(ticket)
        told = 0
        try:
            while place := self._place(ticket, told):
                yield Waiting(place)
                told = place
        finally:
            self._step_out(ticket)

    def leave(self) -> None:
        """A question has been answered."""
        with self._changed:
            self._answering -= 1
            self._changed.notify_all()

    def _place(self, ticket: object, told: int) -> int:
        """The place in line, from 1, once it is another than the one `told`; 0 when it is this one's turn."""

        def turn() -> bool:
            return self._line[0] is ticket and self._answering < self._at_once

        with self._changed:
            self._changed.wait_for(lambda: turn() or self._line.index(ticket) + 1 != told)
            if not turn():
                return self._line.index(ticket) + 1
            self._answering += 1
            self._line.popleft()
            self._changed.notify_all()
            return 0

    def _step_out(self, ticket: object) -> None:
        with self._changed:
            if ticket in self._line:
                self._line.remove(ticket)
                self._changed.notify_all()
