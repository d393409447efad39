"""Quotedesk in Slack: mentions, direct messages, threads, a slash command, and the passage behind each quote.

One thread is one conversation. Over Socket Mode (`run`) no address of ours needs to be reachable; over HTTP (`mount`)
Slack calls `/slack/events`, and each call's signature is checked.
"""

from __future__ import annotations

import asyncio
import logging
import re
import uuid
from collections.abc import Coroutine
from typing import Any

from slack_bolt.async_app import AsyncApp
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient

from bot.admission import BusyError
from bot.answer import Answer, Asker, Question
from bot.feedback import Feedback
from bot.question import QuestionError
from bot.settings import Room, Settings
from index.catalogue import UnknownArticleError
from ui.async_desk import AsyncDesk
from ui.examples import Examples
from ui.shown import FAILED, STOPPING, articles, sentence
from ui.slack import blocks
from ui.slack.reply import Reply, Where
from ui.source import Place
from ui.threads import Threads

MAX_PROMPTS, MAX_RETRIES = 4, 5
HOW = (
    "Ask me about the articles in the archive: mention me in a channel, write to me directly, or type "
    "/quotedesk and a question. In a thread of ours, just go on asking. I answer in exact quotes, or say that I found "
    "none."
)
FINISH_S, TELL_S = 1.5, 1.0
"""When we are told to stop: what answers under way get to finish, and what it may take to tell the others."""
_MENTION = re.compile(r"<@([A-Z0-9]+)(?:\|[^>]*)?>")
_LINK = re.compile(r"<(?:(?:https?|mailto):[^|>]*\|)?([^>]*)>")
_log = logging.getLogger(__name__)
Json = dict[str, Any]


class Slack:
    """Answers one workspace from `desk`."""

    def __init__(self, desk: AsyncDesk, settings: Settings) -> None:
        assert settings.slack_bot_token  # noqa: S101 - `check` has seen to it
        self._desk, self._rooms, self._is_ending = desk, settings.rooms, False
        self._threads = Threads(desk.desk.home, "slack")
        self.client = AsyncWebClient(settings.slack_bot_token.get_secret_value(), base_url=settings.slack_api_url)
        self.client.retry_handlers.append(AsyncRateLimitErrorRetryHandler(max_retry_count=MAX_RETRIES))
        self._examples = Examples(desk.desk)
        self._answering: dict[asyncio.Task[None], str] = {}
        secret = settings.slack_signing_secret
        self.app = AsyncApp(client=self.client, signing_secret=secret.get_secret_value() if secret else None)
        self._listen()

    async def end(self) -> None:
        """Give what is under way FINISH_S to be answered, tell the others that nothing comes, and let go."""
        if self._answering:
            _, late = await asyncio.wait(self._answering, timeout=FINISH_S)
            self._is_ending = True
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late, timeout=TELL_S)
        self._threads.close()

    def _listen(self) -> None:
        self.app.event("app_mention")(self._mentioned)
        self.app.event("message")(self._written)
        self.app.event("app_home_opened")(self._opened)
        self.app.event("agent_session_stopped")(self._stopped)
        self.app.command(re.compile("^/"))(self._commanded)
        self.app.action(blocks.USEFUL)(self._judged)
        self.app.action(re.compile(f"^{blocks.PASSAGE}-"))(self._passage)
        self.app.action(re.compile(f"^{blocks.TURN}-"))(self._turned)

    # What people do ----------------------------------------------------------------------------------------------

    async def _mentioned(self, event: Json, body: Json) -> None:
        if not event.get("bot_id"):
            await self._ask(event, body)

    async def _written(self, event: Json, body: Json) -> None:
        """A message: to us alone, or in a thread that we answered in and to nobody else."""
        if event.get("subtype") or event.get("bot_id") or not event.get("user"):
            return
        mentioned = _MENTION.findall(event.get("text", ""))
        if event.get("channel_type") != "im":
            is_ours = bool(event.get("thread_ts")) and bool(self._threads.questions(_key(event)))
            if mentioned or not is_ours or self._room(event["channel"]).only_mentioned:
                return
        await self._ask(event, body)

    async def _ask(self, event: Json, body: Json) -> None:
        """Answer what was written, once: a mention is told as two events, and any event may come again."""
        if not self._threads.is_new(f"{event['channel']}/{event['ts']}"):
            return
        where = Where(event["channel"], _thread(event), event["user"], body.get("team_id", ""))
        text = _plain(event.get("text", ""))
        if not any(map(str.isalnum, text)):
            await self._say(where, HOW)
            return
        self._begin(self._answer(where, _key(event), text), _key(event))

    def _begin(self, work: Coroutine[Any, Any, None], key: str) -> None:
        """Do it in the background: Slack waits 3 s, and then sends the event again."""
        task = asyncio.create_task(work)
        self._answering[task] = key
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        del self._answering[task]
        if not task.cancelled() and (error := task.exception()):
            _log.error("a reply did not get to Slack", exc_info=error)

    async def _answer(self, where: Where, key: str, text: str) -> None:
        question = Question(text, self._threads.questions(key), self._room(where.channel).scope)
        answer_id, reply = uuid.uuid4().hex, Reply(self.client, where)
        await reply.begin(text)
        try:
            async for event in self._desk.stream(question, Asker("slack", where.user)):
                if isinstance(event, Answer):
                    self._threads.add(key, answer_id, event)  # before it is seen: somebody may press a button at once
                    await reply.finish(event, answer_id)
                else:
                    reply.show(event)
        except asyncio.CancelledError as error:
            await reply.abandon()
            if not self._is_ending:  # the person pressed stop
                raise
            await reply.say(_told(error, text))
        except Exception as error:  # whatever it was, the person must be told
            await reply.say(_told(error, text))
        await reply.end()

    async def _stopped(self, event: Json) -> None:
        """The person pressed stop: Slack has ended the message, and waits to be told that we have ended too."""
        key = f"{event['channel']}/{event['thread_ts']}"
        for task in [task for task, asked_in in self._answering.items() if asked_in == key]:
            task.cancel()
        await self.client.agents_sessions_setStatus(
            channel_id=event["channel"], thread_ts=event["thread_ts"], status="active"
        )

    async def _commanded(self, ack: Any, command: Json, respond: Any) -> None:
        """A slash command: the answer is seen by whoever typed it."""
        await ack()
        text = _plain(command.get("text", ""))
        if any(map(str.isalnum, text)):
            self._begin(self._respond(text, command, respond), "command")
        else:
            await respond(text=HOW, blocks=blocks.notice(HOW), response_type="ephemeral")

    async def _respond(self, text: str, command: Json, respond: Any) -> None:
        answer_id = uuid.uuid4().hex
        try:
            question = Question(text, scope=self._room(command["channel_id"]).scope)
            answer = await self._desk.ask(question, Asker("slack", command["user_id"]))
        except (Exception, asyncio.CancelledError) as error:  # as above
            said = _told(error, text)
            shown = blocks.notice(said)
        else:
            self._threads.add(f"command/{answer_id}", answer_id, answer)
            said, shown = blocks.summary(answer), [blocks.opening(answer), *blocks.message(answer, answer_id)]
        await respond(text=blocks.escaped(said), blocks=shown, response_type="ephemeral", unfurl_links=False)

    async def _opened(self, event: Json) -> None:
        """The app's page is opened: questions to begin with, in the conversation; how to ask, on the home tab."""
        found = await self._desk.call(self._examples.now)
        if event.get("tab") == "home":
            coverage = await self._desk.call(self._desk.desk.coverage)
            lines = [f"The archive holds {articles(coverage.articles)}.", HOW, *found]
            await self.client.views_publish(user_id=event["user"], view=blocks.home(lines))
            return
        prompts = [{"title": question[:75], "message": question} for question in found[:MAX_PROMPTS]]
        if prompts:
            await self.client.assistant_threads_setSuggestedPrompts(channel_id=event["channel"], prompts=prompts)

    async def _judged(self, ack: Any, body: Json, action: Json, respond: Any) -> None:
        await ack()
        mark, _, answer_id = action["value"].partition(" ")
        if asked := self._threads.asked(answer_id):
            feedback = Feedback(asked.question, asked.query, useful=mark == "1")
            asker = Asker("slack", body["user"]["id"])
            await self._desk.call(lambda: self._desk.desk.feedback(feedback, asker))
            await respond(text="Thank you: noted.", response_type="ephemeral", replace_original=False)

    async def _passage(self, ack: Any, body: Json, action: Json) -> None:
        await ack()
        places, at = blocks.opened(action["value"], (body.get("message") or {}).get("blocks", []))
        await self.client.views_open(trigger_id=body["trigger_id"], view=await self._modal(places, at))

    async def _turned(self, ack: Any, body: Json, action: Json) -> None:
        await ack()
        places, at = blocks.turned(body["view"]["private_metadata"], action["value"])
        await self.client.views_update(view_id=body["view"]["id"], view=await self._modal(places, at))

    async def _modal(self, places: list[Place], at: int) -> Json:
        try:
            article = await self._desk.call(lambda: self._desk.desk.article(places[at].article_id))
        except UnknownArticleError:
            return blocks.gone()
        return blocks.modal(article, places, at)

    async def _say(self, where: Where, text: str) -> None:
        await Reply(self.client, where).say(text)

    def _room(self, channel: str) -> Room:
        return self._rooms.get(channel, Room())


def _told(error: BaseException, text: str) -> str:
    """What a person is told who gets no answer to `text`."""
    if isinstance(error, asyncio.CancelledError):
        return STOPPING
    if isinstance(error, QuestionError | BusyError):
        return sentence(error)
    _log.error("no answer in Slack to %r", text, exc_info=error)
    return FAILED


def _thread(event: Json) -> str:
    return str(event.get("thread_ts") or event["ts"])


def _key(event: Json) -> str:
    return f"{event['channel']}/{_thread(event)}"


def _plain(text: str) -> str:
    """What a person wrote, without whom it is to, and with links and "&amp;" as they were typed."""
    text = _LINK.sub(r"\1", _MENTION.sub(" ", text))
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&").strip()
