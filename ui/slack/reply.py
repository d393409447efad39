"""One reply in a Slack thread: what is being done is shown while it is, then the answer takes its place."""

from __future__ import annotations

import asyncio
import logging
from typing import Any, NamedTuple

from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from bot.answer import Answer, Event, Searching, Waiting
from ui.shown import articles, waiting
from ui.slack import blocks

MAX_TASK_CHARS = MAX_TITLE_CHARS = 200
_log = logging.getLogger(__name__)


class Where(NamedTuple):
    """A thread, and the person who asked in it."""

    channel: str
    thread: str
    user: str
    team: str


class Reply:
    """Streams while the answer comes about, as far as Slack takes it; what counts is that the answer gets there.

    Progress never holds the answer up: of several steps that come while one is being sent, only the last is sent.
    """

    def __init__(self, client: AsyncWebClient, where: Where) -> None:
        self._client, self._where = client, where
        self._stream: Any = None
        self._next: Event | None = None
        self._sending: asyncio.Task[None] | None = None
        self._streams, self._is_sending = True, False

    async def begin(self, question: str) -> None:
        """Say that we are at it: in a conversation with us alone, Slack then shows a stop button."""
        self._sending = asyncio.create_task(self._set_status("processing", question))

    async def end(self) -> None:
        """Say that we are done: Slack would show us at work for an hour, whatever became of the message."""
        await self._set_status("active")

    async def _set_status(self, status: str, title: str | None = None) -> None:
        if not self._where.channel.startswith("D"):
            return
        channel, thread = self._where.channel, self._where.thread
        about = {"title": title[:MAX_TITLE_CHARS], "initiator_user_id": self._where.user} if title else {}
        try:
            await self._client.agents_sessions_setStatus(channel_id=channel, thread_ts=thread, status=status, **about)
        except (SlackClientError, OSError) as error:
            _log.info("Slack shows no status here (%s)", error)

    def show(self, event: Event) -> None:
        """Show what is being done, soon."""
        self._next = event
        if not self._is_sending:
            self._is_sending, before = True, self._sending
            self._sending = asyncio.create_task(self._send(before))

    async def finish(self, answer: Answer, answer_id: str) -> None:
        """Give the answer: a line that notifications show too, then its quotes."""
        await self._sent()
        last = blocks.message(answer, answer_id)
        said = blocks.summary(answer)
        if self._stream is not None and self._stream.ts and self._streams:
            try:
                await self._stream.stop(
                    chunks=[_task("complete", f"Searched {articles(answer.searched.articles)}")],
                    markdown_text=blocks.markdown(said),
                    blocks=last,
                    session_status="active",
                )
                return
            except SlackApiError as error:
                if error.response["error"] == "stopped_by_user":
                    return
                _log.warning("Slack ended a streamed answer (%s): it is posted whole", error.response["error"])
        await self._post(said, [blocks.opening(answer), *last])

    async def say(self, text: str) -> None:
        """Give words of ours in place of an answer."""
        await self._sent()
        if self._stream is not None and self._stream.ts and self._streams:
            try:
                await self._stream.stop(markdown_text=blocks.markdown(text), session_status="active")
                return
            except SlackApiError as error:
                _log.warning("Slack ended a streamed message (%s): it is posted whole", error.response["error"])
        await self._post(text, blocks.notice(text))

    async def abandon(self) -> None:
        """There will be no answer: show no more of what is being done."""
        if self._sending:
            self._sending.cancel()
            self._sending = None

    async def _post(self, text: str, shown: list[blocks.Block]) -> None:
        await self._client.chat_postMessage(
            channel=self._where.channel,
            thread_ts=self._where.thread,
            text=blocks.escaped(text),
            blocks=shown,
            unfurl_links=False,
            unfurl_media=False,
        )

    async def _sent(self) -> None:
        self._next = None
        if self._sending:
            await self._sending

    async def _send(self, before: asyncio.Task[None] | None) -> None:
        if before:
            await before
        while (event := self._next) is not None and self._streams:
            self._next = None
            try:
                await self._progress(event)
            except (SlackClientError, OSError) as error:
                self._streams = False  # the answer will be posted whole
                _log.info("Slack takes no streamed message here (%s)", error)
        self._is_sending = False

    async def _progress(self, event: Event) -> None:
        if self._stream is None:
            self._stream = await self._client.chat_stream(
                channel=self._where.channel,
                thread_ts=self._where.thread,
                recipient_user_id=self._where.user,
                recipient_team_id=self._where.team,
            )
        await self._stream.append(chunks=[_task("in_progress", _title(event))])


def _title(event: Event) -> str:
    if isinstance(event, Waiting):
        return waiting(event)
    if isinstance(event, Searching):
        return f"Searching {articles(event.searched.articles)}"
    return "Reading what fits best"


def _task(status: str, title: str) -> dict[str, str]:
    return {"type": "task_update", "id": "answer", "title": title[:MAX_TASK_CHARS], "status": status}
