"""A person in a Matrix client who can read and write in encrypted rooms, for tests."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import nio

from tests.matrix.person import WAIT_S, Event, Person

if TYPE_CHECKING:
    from tests.matrix.synapse import User

Result = TypeVar("Result")


@contextmanager
def background_loop() -> Iterator[asyncio.AbstractEventLoop]:
    """An event loop in a thread, for everything in this process that uses matrix-nio.

    In a thread: the tests of the web chat keep a loop running in the main one. One for all: nio's stores take turns in
    binding the same classes to their own file, so two threads at once read and write each other's keys.
    """
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield loop
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


class EncryptedPerson(Person):
    """Somebody who can also read and write in encrypted rooms; who trusts every device, as most people do."""

    def __init__(self, url: str, user: User, store: Path, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(url, user)
        store.mkdir()
        self._loop = loop
        self._client = nio.AsyncClient(url, user.user_id, user.device_id, str(store))
        self._run(self._started(user))  # from here on others find this device and can write to it

    def __exit__(self, *_: object) -> None:
        self._run(self._closed())
        super().__exit__()

    def _send(self, room: str, kind: str, content: Event) -> str:
        async def sent() -> str:
            await self._sync()
            answer = await self._client.room_send(room, kind, content, ignore_unverified_devices=True)
            assert isinstance(answer, nio.RoomSendResponse), answer
            return str(answer.event_id)

        return self._run(sent())

    def _events(self, room: str) -> list[Event]:
        events = super()._events(room)

        async def readable() -> list[Event]:
            await self._sync()  # after the events: their keys were sent before them
            return [self._readable(room, event) for event in events]

        return self._run(readable())

    def _readable(self, room: str, event: Event) -> Event:
        parsed = nio.Event.parse_event(event)
        if not isinstance(parsed, nio.MegolmEvent):
            return event
        parsed.room_id = room
        try:
            return {**self._client.decrypt_event(parsed).source, "secret": True}
        except nio.EncryptionError:  # the key has not come yet, or never will
            return event

    async def _started(self, user: User) -> None:
        self._client.restore_login(user.user_id, user.device_id, user.token)
        await self._sync()

    async def _closed(self) -> None:
        await self._client.close()
        if self._client.store:
            self._client.store.database.close()

    async def _sync(self) -> None:
        client = self._client
        await client.sync(full_state=not client.next_batch)
        if client.should_upload_keys:
            await client.keys_upload()
        if client.should_query_keys:
            await client.keys_query()
        if client.should_claim_keys:
            await client.keys_claim(client.get_users_for_key_claiming())
        await client.send_to_device_messages()

    def _run(self, work: Coroutine[Any, Any, Result]) -> Result:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(WAIT_S)
