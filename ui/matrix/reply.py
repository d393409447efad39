"""How an answer comes into a room: as one message, unless it takes long."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from bot.answer import Event, Reading, Searching, Waiting
from ui.matrix.client import MatrixClient
from ui.matrix.events import Content, answering, content, edit
from ui.matrix.html import Message, plain
from ui.shown import articles, waiting
from ui.threads import Threads

SLOW_S = 3.0
"""After this long without an answer a message says that it is coming, and is later edited to be the answer.

Not at once: a homeserver lets a user send ten events and then one in 5 s, edits among them, and the 24 questions of
docs/questions.jsonl took 0.2 s in the middle and 2.8 s at the most, on two cores that had other work. Until then people
see that we are typing, which no limit counts. And one edit only, the last: each costs somebody else an answer.
"""


@dataclass(frozen=True, slots=True)
class Spot:
    """Where something is answered: `root` is the message that the thread hangs on, empty beside threads.

    `thread` is the conversation: the questions asked in it count for those after them. `to` is who is mentioned.
    """

    room: str
    event_id: str
    root: str
    thread: str
    to: str = ""

    @property
    def transaction(self) -> str:
        """What makes the same answer, sent again after a restart, the same message."""
        return self.event_id.removeprefix("$")


class Reply:
    """The reply at `spot`. Use it in `async with`: there it is seen that we are typing."""

    def __init__(self, client: MatrixClient, threads: Threads, spot: Spot) -> None:
        self._client, self._threads, self._spot = client, threads, spot
        self._doing = "Working on it"
        self._late: asyncio.Task[None] | None = None
        self._interim: asyncio.Task[str | None] | None = None

    async def __aenter__(self) -> Reply:
        await self._client.typing(self._spot.room, True)
        self._late = asyncio.create_task(self._announce())
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self._late:
            self._late.cancel()
        if kind is asyncio.CancelledError:  # no time to ask anything of a homeserver; typing ends by itself
            if self._interim:
                self._interim.cancel()
        else:
            await self._client.typing(self._spot.room, False)

    def note(self, event: Event) -> None:
        """How far the answer is."""
        if isinstance(event, Waiting):
            self._doing = waiting(event)
        elif isinstance(event, Searching):
            self._doing = f"Searching {articles(event.searched.articles)}"
        elif isinstance(event, Reading):
            self._doing = "Reading what was found"

    async def say(self, message: Message, *, notice: bool = False) -> str:
        """The reply; the id of the message that it is. Raises RefusedError."""
        if self._late:
            self._late.cancel()
        interim = await self._interim if self._interim else None
        if interim is None:
            return await self._send(message, "a", notice=notice)
        said = content(message, notice=notice, mention=self._spot.to)
        await self._client.send(self._spot.room, edit(said, interim), f"e{self._spot.transaction}")
        return interim

    async def _announce(self) -> None:
        """After a while send what is edited later. It is a task: what was sent and is not known of would stay."""
        if not self._threads.knows(self._mark):
            await asyncio.sleep(SLOW_S)
        self._interim = asyncio.create_task(self._announced())

    async def _announced(self) -> str | None:
        message = plain(f"{self._doing}. The answer will stand here.")
        if self._threads.knows(self._mark):  # before a restart: sent again it is that same message
            return await self._send(message, "p")
        said = self._answering(message, notice=False)
        event_id = await self._client.send_now(self._spot.room, said, f"p{self._spot.transaction}")
        if event_id:
            self._threads.is_new(self._mark)
        return event_id

    @property
    def _mark(self) -> str:
        return f"announced {self._spot.event_id}"

    async def _send(self, message: Message, kind: str, *, notice: bool = False) -> str:
        said = self._answering(message, notice=notice)
        return await self._client.send(self._spot.room, said, f"{kind}{self._spot.transaction}")

    def _answering(self, message: Message, *, notice: bool) -> Content:
        said = content(message, notice=notice, mention=self._spot.to)
        return answering(said, self._spot.event_id, self._spot.root)
