"""A place on a Matrix homeserver that is never lost: what is said there is heard once, what we say arrives once."""

from __future__ import annotations

import asyncio
import itertools
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import nio

from ui.matrix.events import Content
from ui.matrix.login import AWAY, TokenError, write_secret

POLL_MS = 30_000
AT_ONCE = 50
"""Events of a room that come with a sync; those before them are fetched."""
MOST_PAGES = 20
"""Pages of 100 events that are fetched of a room, when more was said while we were away."""
UNREADABLE_S = 60
"""How long the key to a message may take to come."""
TYPING_MS = 30_000
SOON_S = 1.0
JOIN_TRIES = 60
"""Five minutes: another server, from which we were invited, may be gone for good."""
_PASSING = (None, "M_LIMIT_EXCEEDED", "M_UNKNOWN", "M_UNKNOWN_TOKEN")
"""Errors after which a message may still arrive; with the token, once we are logged in again."""
_log = logging.getLogger(__name__)


class RefusedError(RuntimeError):
    """The homeserver will not take a message, also not later."""


class Listener(Protocol):
    """Who hears what is said."""

    async def joined(self, room: nio.MatrixRoom) -> None:
        """We have just followed an invitation."""

    async def hear(self, room: nio.MatrixRoom, event: nio.Event) -> None:
        """Something was said, perhaps not for the first time. Deals with its own failures."""

    async def unreadable(self, room: nio.MatrixRoom, event: nio.MegolmEvent) -> None:
        """Something was said to which we have no key."""


class MatrixClient:
    """Our device. `heard` is the file that tells up to where all was heard and dealt with."""

    def __init__(self, client: nio.AsyncClient, heard: Path, login_file: Path) -> None:
        self._client, self._heard, self._login_file = client, heard, login_file
        self._turn = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()
        self._batches: deque[tuple[str, asyncio.Task[None]]] = deque()
        self._sealed: list[tuple[float, str, nio.MegolmEvent]] = []

    @property
    def user_id(self) -> str:
        """Ours."""
        return str(self._client.user_id)

    # Hearing

    async def listen(self, listener: Listener, on_ready: Callable[[int], None]) -> None:
        """Until cancelled. `on_ready` is told the number of rooms once we hear. Raises TokenError."""
        since = self._heard.read_text() if self._heard.exists() else ""
        try:
            for is_first in itertools.chain([True], itertools.repeat(False)):
                got = await self._synced(since, whole=is_first)
                await self._exchange_keys()
                self._unseal(listener)
                task = self._start(self._deal_with(got, since, listener))
                self._batches.append((got.next_batch, task))
                task.add_done_callback(self._note)
                since = got.next_batch
                if is_first:
                    on_ready(len(self._client.rooms))
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def close(self) -> None:
        """Let go of the connection and of the keys."""
        await self._client.close()
        if self._client.store:
            self._client.store.database.close()

    async def _synced(self, since: str, *, whole: bool) -> nio.SyncResponse:
        """What came after `since`. The first time with the rooms as a `whole`, which the client does not keep."""
        limits = {"room": {"timeline": {"limit": AT_ONCE}}}
        waits = _waits()
        for is_first in itertools.chain([True], itertools.repeat(False)):
            try:
                got = await self._client.sync(0 if whole else POLL_MS, limits, since=since or None, full_state=whole)
            except AWAY as error:
                got = nio.SyncError(f"{type(error).__name__}: {error}")
            if isinstance(got, nio.SyncResponse):
                if not is_first:
                    _log.warning("the homeserver is back")
                return got
            if got.status_code in ("M_UNKNOWN_TOKEN", "M_MISSING_TOKEN", "M_USER_DEACTIVATED"):
                raise TokenError(self.user_id, self._login_file)
            if is_first:
                _log.warning("the homeserver is away (%s); trying again until it is back", got.message)
            await asyncio.sleep((got.retry_after_ms or 0) / 1000 or next(waits))
        raise AssertionError("it tries for ever")

    async def _deal_with(self, got: nio.SyncResponse, since: str, listener: Listener) -> None:
        """Follow invitations and tell all that was said. What was said before our time we leave be."""
        invited = [self._join(room) for room in got.rooms.invite]
        rooms = [self._tell(room, info.timeline, since, listener) for room, info in got.rooms.join.items() if since]
        for failed in await asyncio.gather(*invited, *rooms, return_exceptions=True):
            if isinstance(failed, Exception):
                _log.error("not dealt with", exc_info=failed)
            elif isinstance(failed, BaseException):
                raise failed

    async def _tell(self, name: str, timeline: Any, since: str, listener: Listener) -> None:
        room, events = self._client.rooms[name], list(timeline.events)
        is_new = any(self._is_ours(event, "join") and event.prev_membership != "join" for event in events)
        if timeline.limited and not (is_new and self._since_invitation(events)):
            events = await self._missed(name, timeline.prev_batch, since, is_new) + events
        if is_new:
            events = self._since_invitation(events) or events
            await listener.joined(room)
        for event in events:
            if isinstance(event, nio.MegolmEvent) and event.sender != self.user_id:
                self._sealed.append((time.monotonic(), name, event))
        await asyncio.gather(*(listener.hear(room, event) for event in events))

    async def _missed(self, room: str, start: str | None, since: str, is_new: bool) -> list[nio.Event]:
        """The events of a room from before `start`: after `since`, or where we are new, after our invitation."""
        events: list[nio.Event] = []
        for _ in range(MOST_PAGES):
            got = await self._insisted(
                partial(self._client.room_messages, room, start, None if is_new else since, limit=100)
            )
            events += got.chunk
            start = got.end
            if not start or not got.chunk or (is_new and self._since_invitation(got.chunk[::-1])):
                break
        return events[::-1]

    def _since_invitation(self, events: list[nio.Event]) -> list[nio.Event]:
        """From our last invitation on; empty when that is not among them."""
        places = [place for place, event in enumerate(events) if self._is_ours(event, "invite")]
        return events[places[-1] :] if places else []

    def _is_ours(self, event: nio.Event, membership: str) -> bool:
        is_member = isinstance(event, nio.RoomMemberEvent) and event.state_key == self.user_id
        return is_member and event.membership == membership

    async def _join(self, room: str) -> None:
        try:
            await self._insisted(lambda: self._client.join(room), JOIN_TRIES)
        except RefusedError as error:  # taken back since, or of a server that is gone
            _log.warning("not joined: %s", error)

    def _note(self, _: object) -> None:
        """Keep up to where everything has been dealt with."""
        heard = ""
        while self._batches and self._batches[0][1].done() and not self._batches[0][1].cancelled():
            heard, _task = self._batches.popleft()
        if heard:
            write_secret(self._heard, heard)

    # Encryption

    async def _exchange_keys(self) -> None:
        """What the sync said is due; what fails now is due again after the next one."""
        client = self._client
        due = [
            (client.should_upload_keys, client.keys_upload),
            (client.should_query_keys, client.keys_query),
            (client.should_claim_keys, lambda: client.keys_claim(client.get_users_for_key_claiming())),
            (True, client.send_to_device_messages),
        ]
        for is_due, exchange in due:
            if is_due:
                try:
                    got = await exchange()
                except (*AWAY, nio.LocalProtocolError) as error:
                    got = nio.ErrorResponse(str(error))
                if isinstance(got, nio.ErrorResponse):
                    _log.warning("keys for encryption were not exchanged: %s", got)

    def _unseal(self, listener: Listener) -> None:
        """Tell what can be read now: keys may come after what they open."""
        sealed, self._sealed = self._sealed, []
        for came, name, event in sealed:
            try:
                opened = self._client.decrypt_event(event)
            except nio.EncryptionError:
                if time.monotonic() - came < UNREADABLE_S:
                    self._sealed.append((came, name, event))
                elif room := self._client.rooms.get(name):
                    self._start(listener.unreadable(room, event))
            else:
                if room := self._client.rooms.get(name):
                    self._start(listener.hear(room, opened))

    # Saying

    async def send(self, room: str, content: Content, transaction: str) -> str:
        """Say it, when the homeserver takes it; the event's id. Said again, it is the same event. Raises RefusedError.

        One after the other, in the order of coming: the limits of a homeserver hold for all that a user says.
        """
        async with self._turn:
            return str((await self._insisted(lambda: self._sent(room, content, transaction))).event_id)

    async def send_now(self, room: str, content: Content, transaction: str) -> str | None:
        """The same if that can be within SOON_S; else None, and it is not said."""
        try:
            async with asyncio.timeout(SOON_S):
                await self._turn.acquire()
        except TimeoutError:
            return None
        try:
            got = await self._sent(room, content, transaction)
            return str(got.event_id) if isinstance(got, nio.RoomSendResponse) else None
        except (*AWAY, nio.LocalProtocolError):
            return None
        finally:
            self._turn.release()

    async def typing(self, room: str, is_typing: bool) -> None:
        """Let them see that we are at it; no limit counts that, and if it fails nothing is lost."""
        with suppress(*AWAY, nio.LocalProtocolError):
            await self._client.room_typing(room, is_typing, TYPING_MS)

    async def _sent(self, room: str, content: Content, transaction: str) -> Any:
        return await self._client.room_send(
            room, "m.room.message", content, tx_id=transaction, ignore_unverified_devices=True
        )

    async def _insisted(self, call: Callable[[], Awaitable[Any]], tries: int = -1) -> Any:
        """What `call` gives, tried again while we say too much or the homeserver is away. Raises RefusedError.

        `tries` bounds how often an error without a name is taken for a homeserver that is away.
        """
        waits = _waits()
        while True:
            try:
                got = await call()
            except AWAY:
                await asyncio.sleep(next(waits))
                continue
            except (nio.LocalProtocolError, nio.OlmTrustError) as error:  # as when we were sent out of the room
                raise RefusedError(str(error)) from error
            if not isinstance(got, nio.ErrorResponse):
                return got
            tries -= got.status_code != "M_LIMIT_EXCEEDED"
            if not tries or got.status_code not in _PASSING:
                raise RefusedError(str(got))
            await asyncio.sleep((got.retry_after_ms or 0) / 1000 or next(waits))

    def _start(self, work: Any) -> asyncio.Task[None]:
        task: asyncio.Task[None] = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


def _waits() -> Iterator[float]:
    """Seconds until the next try."""
    return itertools.chain([0.5, 1, 2], itertools.repeat(5))
