"""Quotedesk in Slack: mentions, direct messages, threads, a slash command, and the passage behind each quote.

One thread is one conversation. Over Socket Mode (`run`) no address of ours needs to be reachable; over HTTP (`mount`)
Slack calls `/slack/events`, and each call's signature is checked.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import re
import uuid
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import aiohttp
from fastapi import FastAPI, Request, Response
from slack_bolt.adapter.fastapi.async_handler import AsyncSlackRequestHandler
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient

from bot.admission import BusyError
from bot.answer import Answer, Asker, Question
from bot.feedback import Feedback
from bot.question import QuestionError
from bot.settings import Room, Settings
from index.catalogue import UnknownArticleError
from ui import slack_blocks as blocks
from ui.api import body
from ui.async_desk import AsyncDesk
from ui.examples import Examples
from ui.shown import FAILED, articles, sentence
from ui.slack_reply import Reply, Where
from ui.source import Place
from ui.threads import Threads
from ui.workspaces import OnReady

EVENTS = "/slack/events"
MAX_PROMPTS, MAX_RETRIES = 4, 5
HOW = (
    "Ask me about the articles in the archive: mention me in a channel, write to me directly, or type "
    "/quotedesk and a question. In a thread of ours, just go on asking. I answer in exact quotes, or say that I found "
    "none."
)
WAITS_S = (1, 2, 5, 10)
"""How long to wait for Slack, again and again, when it does not answer at the start."""
_MENTION = re.compile(r"<@([A-Z0-9]+)(?:\|[^>]*)?>")
_LINK = re.compile(r"<(?:(?:https?|mailto):[^|>]*\|)?([^>]*)>")
_log = logging.getLogger(__name__)
Json = dict[str, Any]


class SlackSettingsError(ValueError):
    """A token is missing or not taken; the message says which and where to find it."""


class Slack:
    """Answers one workspace from `desk`."""

    def __init__(self, desk: AsyncDesk, settings: Settings) -> None:
        assert settings.slack_bot_token  # noqa: S101 - `check` has seen to it
        self._desk, self._rooms = desk, settings.rooms
        self._threads = Threads(desk.desk.home, "slack")
        self._client = AsyncWebClient(settings.slack_bot_token.get_secret_value(), base_url=settings.slack_api_url)
        self._client.retry_handlers.append(AsyncRateLimitErrorRetryHandler(max_retry_count=MAX_RETRIES))
        self._examples = Examples(desk.desk)
        self._answering: dict[asyncio.Task[None], str] = {}
        secret = settings.slack_signing_secret
        self.app = AsyncApp(client=self._client, signing_secret=secret.get_secret_value() if secret else None)
        self._listen()

    async def begin(self, app_token: str) -> str:
        """The workspace's name, as soon as Slack answers. SlackSettingsError when it does not take a token."""
        for wait_s in itertools.chain(WAITS_S, itertools.repeat(WAITS_S[-1])):
            asked = "slack_bot_token"
            try:
                told = await self._client.auth_test()
                asked = "slack_app_token"
                await self._client.apps_connections_open(app_token=app_token)
            except SlackApiError as error:
                raise SlackSettingsError(
                    f"Slack does not take {asked} ({error.response['error']}): copy it again"
                ) from error
            except (TimeoutError, OSError, aiohttp.ClientError) as error:
                _log.warning("Slack does not answer (%s): trying again in %s s", error, wait_s)
                await asyncio.sleep(wait_s)
            else:
                break
        return str(told.get("team") or told["team_id"])

    async def end(self) -> None:
        """Let go of what is under way."""
        for task in self._answering:
            task.cancel()
        await asyncio.gather(*self._answering, return_exceptions=True)
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
        if event.get("bot_id") or event.get("edited"):
            return
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
        task = asyncio.create_task(self._answer(where, _key(event), text))
        self._answering[task] = _key(event)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        del self._answering[task]
        if not task.cancelled() and (error := task.exception()):
            _log.error("a reply did not get to Slack", exc_info=error)

    async def _answer(self, where: Where, key: str, text: str) -> None:
        question = Question(text, self._threads.questions(key), self._room(where.channel).scope)
        answer_id, reply = uuid.uuid4().hex, Reply(self._client, where)
        await reply.begin(text)
        try:
            async for event in self._desk.stream(question, Asker("slack", where.user)):
                if isinstance(event, Answer):
                    self._threads.add(key, answer_id, event)  # before it is seen: somebody may press a button at once
                    await reply.finish(event, answer_id)
                else:
                    reply.show(event)
        except asyncio.CancelledError:
            await reply.abandon()
            raise
        except (QuestionError, BusyError) as error:
            await reply.say(sentence(error))
        except Exception:  # whatever it was, the person must be told, and the log must say it
            _log.exception("no answer in Slack to %r", text)
            await reply.say(FAILED)
        await reply.end()

    async def _stopped(self, event: Json) -> None:
        """The person pressed stop: Slack has ended the message, and waits to be told that we have ended too."""
        key = f"{event['channel']}/{event['thread_ts']}"
        for task in [task for task, asked_in in self._answering.items() if asked_in == key]:
            task.cancel()
        await self._client.agents_sessions_setStatus(
            channel_id=event["channel"], thread_ts=event["thread_ts"], status="active"
        )

    async def _commanded(self, ack: Any, command: Json, respond: Any) -> None:
        """A slash command: the answer is seen by whoever typed it."""
        await ack()
        text = _plain(command.get("text", ""))
        if not any(map(str.isalnum, text)):
            await respond(text=HOW, blocks=blocks.notice(HOW), response_type="ephemeral")
            return
        answer_id = uuid.uuid4().hex
        try:
            question = Question(text, scope=self._room(command["channel_id"]).scope)
            answer = await self._desk.ask(question, Asker("slack", command["user_id"]))
        except (QuestionError, BusyError) as error:
            said, shown = sentence(error), blocks.notice(sentence(error))
        except Exception:  # as above
            _log.exception("no answer in Slack to %r", text)
            said, shown = FAILED, blocks.notice(FAILED)
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
            await self._client.views_publish(user_id=event["user"], view=blocks.home(lines))
            return
        prompts = [{"title": question[:75], "message": question} for question in found[:MAX_PROMPTS]]
        if prompts:
            await self._client.assistant_threads_setSuggestedPrompts(channel_id=event["channel"], prompts=prompts)

    async def _judged(self, ack: Any, body: Json, action: Json, respond: Any) -> None:
        await ack()
        mark, _, answer_id = action["value"].partition(" ")
        if asked := self._threads.asked(answer_id):
            feedback, asker = (
                Feedback(asked.question, asked.query, useful=mark == "1"),
                Asker("slack", body["user"]["id"]),
            )
            await self._desk.call(lambda: self._desk.desk.feedback(feedback, asker))
            await respond(text="Thank you: noted.", response_type="ephemeral", replace_original=False)

    async def _passage(self, ack: Any, body: Json, action: Json) -> None:
        await ack()
        places, at = blocks.opened(action["value"], (body.get("message") or {}).get("blocks", []))
        await self._client.views_open(trigger_id=body["trigger_id"], view=await self._modal(places, at))

    async def _turned(self, ack: Any, body: Json, action: Json) -> None:
        await ack()
        places, at = blocks.turned(body["view"]["private_metadata"], action["value"])
        await self._client.views_update(view_id=body["view"]["id"], view=await self._modal(places, at))

    async def _modal(self, places: list[Place], at: int) -> Json:
        try:
            article = await self._desk.call(lambda: self._desk.desk.article(places[at].article_id))
        except UnknownArticleError:
            return blocks.gone()
        return blocks.modal(article, places, at)

    async def _say(self, where: Where, text: str) -> None:
        await Reply(self._client, where).say(text)

    def _room(self, channel: str) -> Room:
        return self._rooms.get(channel, Room())


def _thread(event: Json) -> str:
    return str(event.get("thread_ts") or event["ts"])


def _key(event: Json) -> str:
    return f"{event['channel']}/{_thread(event)}"


def _plain(text: str) -> str:
    """What a person wrote, without whom it is to, and with links and "&amp;" as they were typed."""
    text = _LINK.sub(r"\1", _MENTION.sub(" ", text))
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&").strip()


def check(settings: Settings) -> None:
    """SlackSettingsError unless both tokens that Socket Mode needs are set."""
    if not settings.slack_bot_token:
        raise SlackSettingsError(
            "slack_bot_token is not set (QUOTEDESK_SLACK_BOT_TOKEN): Slack shows it under OAuth & Permissions, xoxb-..."
        )
    if not settings.slack_app_token:
        raise SlackSettingsError(
            "slack_app_token is not set (QUOTEDESK_SLACK_APP_TOKEN): make one with the scope connections:write under "
            "Basic Information, App-Level Tokens, xapp-..."
        )


async def run(desk: AsyncDesk, settings: Settings, on_ready: OnReady) -> None:
    """Answer over Socket Mode until cancelled; it connects again by itself. Raises SlackSettingsError.

    `on_ready` is told where Quotedesk is, once it is there.
    """
    check(settings)
    assert settings.slack_app_token  # noqa: S101 - `check` has seen to it
    slack = Slack(desk, settings)
    token = settings.slack_app_token.get_secret_value()
    handler: Any = AsyncSocketModeHandler(slack.app, token)
    try:
        team = await slack.begin(token)
        await handler.connect_async()
        on_ready(f"in Slack, in {team}")
        await asyncio.Event().wait()
    finally:
        await handler.close_async()
        await slack.end()


def mount(app: FastAPI, desk: AsyncDesk, settings: Settings) -> AbstractAsyncContextManager[None]:
    """Answer over HTTP at EVENTS of `app` for as long as what this gives is entered. Raises SlackSettingsError."""
    slack = Slack(desk, settings)
    handler = AsyncSlackRequestHandler(slack.app)

    @app.post(EVENTS, include_in_schema=False)
    async def events(request: Request) -> Response:
        await body(request)  # whoever sends too much is refused before the signature is looked at
        answered: Response = await handler.handle(request)
        return answered

    @asynccontextmanager
    async def running() -> AsyncIterator[None]:
        try:
            yield
        finally:
            await slack.end()

    return running()
