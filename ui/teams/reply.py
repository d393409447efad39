"""How something is said in Microsoft Teams in answer to a message: streamed, posted or edited, and tried again."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final

from httpx import ConnectError, ConnectTimeout, HTTPError, HTTPStatusError

from ui.teams.message import Json, said

if TYPE_CHECKING:
    from microsoft_teams.api.activities import MessageActivity, MessageActivityInput, SentActivity, TypingActivityInput
    from microsoft_teams.apps import ActivityContext

PACE_S: Final = 1.1
"""Between two requests of one streamed message; Teams takes one a second."""
STREAMED_S: Final = 100.0
"""How long one message is streamed; Teams ends it after two minutes."""
WAITS_S: Final = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
"""Before a request is sent again that Teams was away or too busy for, unless it says how long: a minute in all."""
MAX_WAIT_S: Final = 30.0
_AGAIN = {412, 429, 502, 503, 504}
_log = logging.getLogger(__name__)


class StoppedError(RuntimeError):
    """The person pressed Stop while the answer was streamed: nothing more may be said."""


class Reply:
    """What is said in answer to one message: lines that tell how far it is, then a message.

    In a chat of two the lines are informative updates of a streamed message. Elsewhere Teams knows no streams: there is
    a sign of typing, and waiting in line is told in a message, into which the answer is then put.
    """

    def __init__(self, context: ActivityContext[MessageActivity]) -> None:
        self._context = context
        self._is_personal = context.activity.conversation.conversation_type == "personal"
        self._began_s = self._last_s = 0.0
        self._stream: str | None = None
        self._requests = 0
        self._told = ""
        self._notice: str | None = None
        self._is_open = True

    async def progress(self, line: str, *, waits: bool) -> None:
        """Tell how far it is, where that has changed; whether it `waits` in line. Raises StoppedError."""
        if line == self._told or not self._is_open:
            return
        self._told = line
        try:
            await (self._update(line) if self._is_personal else self._notify(line if waits else ""))
        except HTTPError as error:
            self._is_open = False
            if _is_stop(error):
                raise StoppedError from error
            _log.info("Teams does not show how far an answer is: %s", _reason(error))

    async def end(self, message: Json) -> str:
        """Say `message`; its id. Raises StoppedError, and HTTPError when Teams does not take it."""
        from microsoft_teams.api.activities import MessageActivityInput

        if self._stream:
            final = MessageActivityInput.model_validate({**message, "id": self._stream}).add_stream_final()
            try:
                await self._streamed(final)
            except HTTPError as error:
                if _is_stop(error):
                    raise StoppedError from error
                _log.info("Teams does not take the end of a streamed message: %s", _reason(error))
            else:
                return self._stream
            finally:
                self._stream = None
        return await self._posted(message)

    async def _posted(self, message: Json) -> str:
        """In place of what was said about waiting, if anything was, or as a message of its own."""
        from microsoft_teams.api.activities import MessageActivityInput

        if self._notice:
            edited = MessageActivityInput.model_validate({**message, "id": self._notice})
            self._notice = None
            try:
                return (await trying(lambda: self._context.send(edited))).id
            except HTTPError as error:
                _log.info("Teams does not take the edit of a message: %s", _reason(error))
        whole = MessageActivityInput.model_validate(message)
        return (await trying(lambda: self._context.send(whole))).id

    async def _update(self, line: str) -> None:
        """An informative update; the first begins the streamed message."""
        from microsoft_teams.api.activities import TypingActivityInput
        from microsoft_teams.api.models import ChannelData

        if self._began_s and time.monotonic() - self._began_s > STREAMED_S:
            return
        update = TypingActivityInput().with_text(line).with_channel_data(ChannelData(stream_type="informative"))
        if self._stream:
            update.with_id(self._stream)
        self._requests += 1
        sent = await self._streamed(update.add_stream_update(self._requests))
        if not self._stream:
            self._stream, self._began_s = sent.id, self._last_s

    async def _streamed(self, activity: TypingActivityInput | MessageActivityInput) -> SentActivity:
        """Send a piece of a streamed message, no sooner than it may be."""
        place = self._context.conversation_ref
        activity.from_, activity.conversation, activity.reply_to_id = place.bot, place.conversation, place.activity_id
        await asyncio.sleep(max(0.0, self._last_s + PACE_S - time.monotonic()) if self._last_s else 0.0)
        try:
            return await trying(
                lambda: self._context.api.conversations.create_activity(place.conversation.id, activity)
            )
        finally:
            self._last_s = time.monotonic()

    async def _notify(self, waiting: str) -> None:
        """That the question waits in line, once; or else a sign of typing."""
        from microsoft_teams.api.activities import MessageActivityInput, TypingActivityInput

        if waiting and not self._notice:
            notice = MessageActivityInput.model_validate(said(waiting))
            self._notice = (await trying(lambda: self._context.send(notice))).id
        elif not waiting and not self._last_s:
            self._last_s = time.monotonic()
            await self._context.send(TypingActivityInput())


async def trying(send: Callable[[], Awaitable[SentActivity]]) -> SentActivity:
    """What `send` gives, sent again while Teams is too busy, after as long as it says. Raises HTTPError."""
    for wait_s in WAITS_S:
        try:
            return await send()
        except (ConnectError, ConnectTimeout):
            await asyncio.sleep(wait_s)
        except HTTPStatusError as error:
            if error.response.status_code not in _AGAIN:
                raise
            told = error.response.headers.get("Retry-After", "")
            await asyncio.sleep(min(float(told), MAX_WAIT_S) if told.isascii() and told.isdecimal() else wait_s)
    return await send()


def _is_stop(error: HTTPError) -> bool:
    """Whether the person stopped the streamed message."""
    return (
        isinstance(error, HTTPStatusError) and error.response.status_code == 403 and "cancel" in _reason(error).lower()
    )


def _reason(error: HTTPError) -> str:
    if isinstance(error, HTTPStatusError):
        return f"{error.response.status_code} {error.response.text[:200]}"
    return f"{type(error).__name__} {error}"
