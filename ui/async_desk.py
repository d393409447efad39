"""The desk for surfaces that speak asyncio: each step of an answer is made in a thread."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import TypeVar

from anyio import CapacityLimiter, to_thread

from bot.answer import Answer, Asker, Event, Question
from bot.desk import Desk

MAX_THREADS = 100
"""Those that answer, and those that wait in line; no more questions than wait in a full line come this far."""
Result = TypeVar("Result")


class AsyncDesk:
    """Asks `desk`. A question that nobody waits for any more is left to itself: cancelling works at once."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self._threads = CapacityLimiter(MAX_THREADS)

    async def ask(self, question: Question, asker: Asker) -> Answer:
        """As `Desk.ask`."""
        *_, answer = [event async for event in self.stream(question, asker)]
        assert isinstance(answer, Answer)  # noqa: S101 - what stream ends with
        return answer

    async def stream(self, question: Question, asker: Asker) -> AsyncIterator[Event]:
        """As `Desk.stream`."""
        events = self.desk.stream(question, asker)
        while (event := await self.call(lambda: next(events, None))) is not None:
            yield event

    async def call(self, work: Callable[[], Result]) -> Result:
        """What `work` gives, done in a thread."""
        return await to_thread.run_sync(work, abandon_on_cancel=True, limiter=self._threads)
