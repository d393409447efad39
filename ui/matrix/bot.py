"""The desk in the rooms of a Matrix homeserver: it answers mentions, direct messages, and replies in its threads."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary

import nio

from bot.admission import BusyError, Rate, TooManyQuestionsError
from bot.answer import Answer, Asker, Question
from bot.feedback import Feedback
from bot.question import QuestionError
from bot.settings import Room, Settings
from index.catalogue import UnknownArticleError
from ui.async_desk import AsyncDesk
from ui.matrix import events
from ui.matrix.client import MatrixClient, RefusedError
from ui.matrix.html import Message, answered, passage, plain
from ui.matrix.login import client_of, cursor_file, folder, log_in, login_file
from ui.matrix.reply import Reply, Spot
from ui.matrix.signing import sign_device
from ui.shown import FAILED, articles, day
from ui.source import Place
from ui.threads import Threads
from ui.workspaces import OnReady

UNREADABLE = "I cannot read a message here: its key has not reached me. Please send it again."
_log = logging.getLogger(__name__)


async def run(desk: AsyncDesk, settings: Settings, on_ready: OnReady) -> None:
    """Serve until cancelled. `on_ready` is told where Quotedesk is, once it is there.

    Raises a `ui.matrix.login.MatrixError` when it cannot be there.
    """
    login = await log_in(settings)
    heard, kept = cursor_file(login, settings.home), login_file(settings.home)
    device = client_of(login, settings.home)
    client = MatrixClient(device, heard, kept)
    try:
        password = settings.matrix_password.get_secret_value() if settings.matrix_password else ""
        await sign_device(device, login, folder(settings.home), password)
        with Threads(settings.home, "matrix") as threads:
            bot = _Bot(desk, settings, client, threads)

            def ready(rooms: int) -> None:
                many = "1 room" if rooms == 1 else f"{rooms} rooms"
                on_ready(f"{login.user_id} on {login.homeserver}, in {many}")

            await client.listen(bot, ready)
    finally:
        await client.close()


class _Bot:
    """What is said in rooms, to the desk and back."""

    def __init__(self, desk: AsyncDesk, settings: Settings, client: MatrixClient, threads: Threads) -> None:
        self._desk, self._rooms, self._client, self._threads = desk, settings.rooms, client, threads
        self._under_way: set[str] = set()
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._told: dict[str, float] = {}
        self._asides = Rate(settings.questions_a_minute)

    # ui.matrix.client.Listener

    async def joined(self, room: nio.MatrixRoom) -> None:
        """Say how to ask, once."""
        async with self._once(f"greeted {room.room_id}") as is_new:
            if is_new:
                said = events.content(self._greeting(room), notice=True)
                await self._client.send(room.room_id, said, f"g{room.room_id.lstrip('!')}")

    async def hear(self, room: nio.MatrixRoom, event: nio.Event) -> None:
        """Answer a message that is for us, keep what a reaction says of an answer."""
        if event.sender == self._client.user_id:
            return
        if isinstance(event, nio.ReactionEvent):
            async with self._once(event.event_id) as is_new:
                if is_new:
                    await self._feedback(event)
        elif isinstance(event, nio.RoomMessageText):
            names = [room.user_name(self._client.user_id) or "", self._client.user_id[1:].partition(":")[0]]
            said = events.said(event.source, self._client.user_id, names)
            if said and self._is_for_us(room, said):
                async with self._once(event.event_id) as is_new:
                    if is_new:
                        await self._answer(room, said)

    async def unreadable(self, room: nio.MatrixRoom, event: nio.MegolmEvent) -> None:
        """Where only one other is, it was for us."""
        if self._is_direct(room):
            async with self._once(event.event_id) as is_new:
                if is_new:
                    said = events.content(plain(UNREADABLE), notice=True)
                    await self._client.send(room.room_id, said, f"u{event.event_id.lstrip('$')}")

    @asynccontextmanager
    async def _once(self, event: str) -> AsyncIterator[bool]:
        """Whether `event` is to be dealt with. Noted when that is over: who is cut off before does it again."""
        is_new = event not in self._under_way and not self._threads.knows(event)
        if not is_new:
            yield False
            return
        self._under_way.add(event)
        try:
            yield True
        except RefusedError as error:
            _log.warning("not said: %s", error)
        finally:
            self._under_way.discard(event)
        self._threads.is_new(event)

    # What is asked

    def _is_direct(self, room: nio.MatrixRoom) -> bool:
        return bool(room.member_count == 2)

    def _is_for_us(self, room: nio.MatrixRoom, said: events.Said) -> bool:
        if said.mentioned or self._room(room.room_id).only_mentioned:
            return said.mentioned
        if self._is_direct(room):
            return True
        ours = said.thread and self._threads.knows(f"in thread {said.thread}")
        return not said.to_others and bool(ours or (said.reply_to and self._threads.thread(said.reply_to)))

    def _room(self, room: str) -> Room:
        return self._rooms.get(room) or Room()

    def _spot(self, room: nio.MatrixRoom, said: events.Said) -> Spot:
        """Where to answer: in its thread; in the one of the answer it replies to; else in one of its own.

        Where only one other is, all beside threads is one conversation, and answered there.
        """
        name, is_direct = room.room_id, self._is_direct(room)
        to = "" if is_direct else said.sender
        if said.thread:
            return Spot(name, said.event_id, said.thread, self._threads.thread(said.thread) or said.thread, to)
        thread = self._threads.thread(said.reply_to) if said.reply_to else None
        if is_direct and not (thread and thread.startswith("$")):
            return Spot(name, said.event_id, "", name, to)
        thread = thread or said.event_id
        is_root = thread.startswith("$") and (thread != said.event_id or said.can_root)
        return Spot(name, said.event_id, thread if is_root else "", thread, to)

    async def _answer(self, room: nio.MatrixRoom, said: events.Said) -> None:
        spot = self._spot(room, said)
        turn = self._turns.setdefault(spot.thread, asyncio.Lock())
        async with turn, Reply(self._client, self._threads, spot) as reply:  # a follow-up waits for what it follows
            self._threads.is_new(f"in thread {spot.thread}")
            try:
                await self._deal_with(room, spot, said, reply)
            except (BusyError, QuestionError) as error:
                await self._refuse(said.sender, error, reply)
            except RefusedError:
                raise
            except Exception:
                _log.exception("a question was not answered")
                await reply.say(plain(FAILED), notice=True)

    async def _deal_with(self, room: nio.MatrixRoom, spot: Spot, said: events.Said, reply: Reply) -> None:
        number = events.number(said.text)
        if not said.text or said.text.casefold() == "help":
            self._count(said.sender)
            await reply.say(self._greeting(room), notice=True)
        elif number is not None and (places := self._threads.places(spot.thread)):
            self._count(said.sender)
            await reply.say(await self._passage(number, places))
        else:
            scope = self._room(spot.room).scope
            question = Question(said.text, self._threads.questions(spot.thread), scope)
            answer = await self._asked(question, Asker("matrix", said.sender), reply)
            self._threads.add(spot.thread, await reply.say(answered(answer)), answer)

    def _count(self, sender: str) -> None:
        """What is no question of the desk, but holds up the answers to others all the same."""
        if wait_s := self._asides.wait_s(sender):
            raise TooManyQuestionsError(self._asides.most, wait_s)

    async def _asked(self, question: Question, asker: Asker, reply: Reply) -> Answer:
        async for event in self._desk.stream(question, asker):
            if isinstance(event, Answer):
                return event
            reply.note(event)
        raise AssertionError("a stream ends with an Answer")

    async def _refuse(self, sender: str, error: BusyError | QuestionError, reply: Reply) -> None:
        """Say why; who asks too often is told once, as each message holds up the answers to the others."""
        text = f"{str(error)[:1].upper()}{str(error)[1:]}."
        if isinstance(error, TooManyQuestionsError):
            now = time.monotonic()
            if self._told.get(sender, 0) > now:
                return
            self._told[sender] = now + error.retry_after_s
            text += " What you ask before then stays unanswered."
        await reply.say(plain(text), notice=True)

    async def _passage(self, number: int, places: dict[int, str]) -> Message:
        """The article around a quote of the last answer, checked again."""
        if number not in places:
            return plain(f"The last answer here has no quote {number}: its quotes are {_listed(sorted(places))}.")
        place = Place.at(places[number])
        try:
            article = await self._desk.call(lambda: self._desk.desk.article(place.article_id))
        except UnknownArticleError:
            return plain("This article is no longer in the archive.")
        return passage(article, place)

    async def _feedback(self, event: nio.ReactionEvent) -> None:
        useful, asked = events.useful(event.key), self._threads.asked(event.reacts_to)
        if useful is not None and asked:
            feedback, asker = Feedback(*asked, useful), Asker("matrix", event.sender)
            await self._desk.call(lambda: self._desk.desk.feedback(feedback, asker))

    def _greeting(self, room: nio.MatrixRoom) -> Message:
        covered = self._desk.desk.coverage(self._room(room.room_id).scope)
        days = f", {day(covered.start)} to {day(covered.end)}" if covered.start else ""
        name = room.user_name(self._client.user_id) or self._client.user_id
        how = (
            "Ask me a question here" if self._is_direct(room) else f"Mention me with a question, as in “{name}: Who …?”"
        )
        return plain(
            f"{how}, and I answer from {articles(covered.articles)}{days}. Every answer is a quote, checked word for "
            "word against the article it comes from; whether it is true is for you to judge."
        )


def _listed(numbers: list[int]) -> str:
    return " and ".join(filter(None, [", ".join(map(str, numbers[:-1])), str(numbers[-1])]))
