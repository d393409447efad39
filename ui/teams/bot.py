"""The bot in Microsoft Teams: what it does about each activity."""

from __future__ import annotations

import asyncio
import html
import json
import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakValueDictionary

from bot.admission import BusyError
from bot.answer import Answer, Asker, Question, Reading, Searching, Waiting
from bot.feedback import Feedback
from bot.question import QuestionError
from bot.settings import Room, Settings
from ui.async_desk import AsyncDesk
from ui.examples import examples
from ui.shown import FAILED, STOPPING, articles, sentence, waiting
from ui.teams.dialog import dialog, problem
from ui.teams.message import Json, follow_ups, message, plain, said
from ui.teams.reply import PACE_S, Reply, StoppedError, trying
from ui.threads import Threads

if TYPE_CHECKING:
    from microsoft_teams.api.activities import MessageActivity, MessageSubmitActionInvokeActivity
    from microsoft_teams.api.activities.install_update import InstalledActivity
    from microsoft_teams.api.models import ActivityBase
    from microsoft_teams.apps import ActivityContext, App

SURFACE: Final = "teams"
STOP_S: Final = 2.0
"""How long those who wait can be told that nothing comes."""
QUICK_S: Final = 0.7
"""An answer that is there within this time is sent at once; of others it is told how far they are."""
GREETING = "Ask me anything about {articles}: I answer in their own words, each quote checked against its article."
_log = logging.getLogger(__name__)


class Bot:
    """Answers what `app` receives, from `desk`; `threads` remembers. All of it runs on one event loop."""

    def __init__(self, app: App, desk: AsyncDesk, threads: Threads, settings: Settings) -> None:
        self._desk, self._threads, self._settings = desk, threads, settings
        self._tasks: set[asyncio.Task[None]] = set()
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._examples: list[str] | None = None
        app.on_message(self._take)
        app.on_install_add(self._installed)
        app.on_message_submit_feedback(self._thumb)
        app.on_dialog_open(self._open)
        app.on_dialog_submit(self._open)

    async def stop(self) -> None:
        """End what is under way; who waits for an answer is told."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=STOP_S)

    # Activities

    async def _take(self, context: ActivityContext[MessageActivity]) -> None:
        """Take a message; it is answered in the background, since Teams waits 15 s and then sends it again."""
        if self._is_for_us(context) and self._is_new(context.activity):
            self._begin(self._answer(context))

    async def _installed(self, context: ActivityContext[InstalledActivity]) -> None:
        """Greet who added the bot to their chats."""
        if self._is_our_tenant(context.activity) and self._is_new(context.activity):
            self._begin(self._greet(context))

    async def _thumb(self, context: ActivityContext[MessageSubmitActionInvokeActivity]) -> None:
        """Keep what somebody thought of an answer."""
        activity = context.activity
        asked = self._threads.asked(_message_key(activity, activity.reply_to_id or ""))
        if not asked or not self._is_our_tenant(activity):
            _log.info("feedback on a message that is none of ours, or too old")
            return
        given = activity.value.action_value
        feedback = Feedback(asked.question, asked.query, given.reaction == "like", _comment(given.feedback))
        await self._desk.call(lambda: self._desk.desk.feedback(feedback, _asker(activity)))

    async def _open(self, context: ActivityContext[Any]) -> Any:
        """Open the dialog that a button asks for, or turn to another quote in it."""
        if not self._is_our_tenant(context.activity):
            return problem("This button leads to no quote.")
        try:
            return await self._desk.call(lambda: dialog(self._desk.desk, context.activity.value.data))
        except Exception:
            _log.exception("no article for a button in Teams")
            return problem(FAILED)

    # Whether

    def _is_for_us(self, context: ActivityContext[MessageActivity]) -> bool:
        """Whether somebody asks us: in a chat of two, where we are mentioned, or in a thread of a channel of ours."""
        activity = context.activity
        kind = activity.conversation.conversation_type
        if not self._is_our_tenant(activity) or (activity.value is not None and not activity.text.strip()):
            return False  # a button of a card without a question
        if kind == "personal" or activity.is_recipient_mentioned():
            return True
        is_reply = kind == "channel" and bool(self._threads.questions(activity.conversation.id))
        return is_reply and not self._room(activity).only_mentioned

    def _is_our_tenant(self, activity: ActivityBase) -> bool:
        """Whether it comes from the organisation whose bot this is: the archive is for nobody else."""
        data = activity.channel_data
        ours = self._settings.teams_tenant_id
        named = (activity.conversation.tenant_id, data.tenant.id if data and data.tenant else None)
        others = [tenant for tenant in named if tenant not in (None, ours)]
        for other in others[:1]:
            _log.warning("nothing is answered to tenant %s: teams_tenant_id is %s", other, ours)
        return not others

    def _is_new(self, activity: ActivityBase) -> bool:
        return self._threads.is_new(f"{activity.conversation.id}/{activity.id}")

    def _room(self, activity: ActivityBase) -> Room:
        """What holds in the channel or the chat."""
        return self._settings.rooms.get(_place(activity), Room())

    # Answers

    def _begin(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer(self, context: ActivityContext[MessageActivity]) -> None:
        """Answer a message, or say in one sentence why not."""
        reply = Reply(context)
        thread = context.activity.conversation.id
        try:
            async with self._locks.setdefault(thread, asyncio.Lock()):  # the one before it counts for a follow-up
                await self._answered(context, reply)
        except StoppedError:
            _log.info("an answer was stopped by who asked")
        except (BusyError, QuestionError) as error:
            await _say(reply, sentence(error))
        except asyncio.CancelledError:
            await _say(reply, STOPPING)
            raise
        except Exception:
            _log.exception("no answer to a question in Teams")
            await _say(reply, FAILED)

    async def _answered(self, context: ActivityContext[MessageActivity], reply: Reply) -> None:
        activity = context.activity
        thread = activity.conversation.id
        question = Question(_question(activity), self._threads.questions(thread), self._room(activity).scope)
        answer = await self._followed(question, _asker(activity), reply)
        is_personal = activity.conversation.conversation_type == "personal"
        sent = await reply.end(message(answer, follow_ups(answer) if is_personal else ()))
        self._threads.add(thread, _message_key(activity, sent), answer)

    async def _followed(self, question: Question, asker: Asker, reply: Reply) -> Answer:
        """The answer; if it takes a while, the person is told how far it is."""
        progress = Progress()
        asking = asyncio.create_task(self._asked(question, asker, progress))
        wait_s = QUICK_S
        try:
            while not (await asyncio.wait({asking}, timeout=wait_s))[0]:
                await reply.progress(progress.line, waits=progress.waits)
                wait_s = PACE_S
            return asking.result()
        finally:
            asking.cancel()

    async def _asked(self, question: Question, asker: Asker, progress: Progress) -> Answer:
        async for event in self._desk.stream(question, asker):
            if isinstance(event, Answer):
                return event
            progress.line, progress.waits = _told(event), isinstance(event, Waiting)
        raise RuntimeError("the desk ended without an answer")

    async def _greet(self, context: ActivityContext[InstalledActivity]) -> None:
        """Say what this is; in a chat of two with questions to begin with."""
        from microsoft_teams.api.activities import MessageActivityInput

        try:
            is_personal = context.activity.conversation.conversation_type == "personal"
            if is_personal and self._examples is None:
                self._examples = await self._desk.call(lambda: examples(self._desk.desk))
            coverage = await self._desk.call(lambda: self._desk.desk.coverage())
            greeting = GREETING.format(articles=articles(coverage.articles))
            text = greeting if is_personal else f"{greeting} Mention me in a message to ask."
            whole = MessageActivityInput.model_validate(said(text, (self._examples or []) if is_personal else ()))
            await trying(lambda: context.send(whole))
        except Exception:
            _log.exception("nobody was greeted in Teams")


class Progress:
    """How far an answer is, in words."""

    line = "Searching …"
    waits = False


async def _say(reply: Reply, text: str) -> None:
    """Say `text`; that it cannot be said is logged."""
    try:
        with suppress(StoppedError):
            await reply.end(said(text))
    except Exception:
        _log.exception("cannot say in Teams: %s", text)


def _told(event: Waiting | Searching | Reading) -> str:
    match event:
        case Waiting():
            return f"{waiting(event)} …"
        case Searching():
            return f"Searching {articles(event.searched.articles)} …"
        case Reading():
            return "Reading what was found …"


def _question(activity: MessageActivity) -> str:
    """What was written, without the bot's name; the names of others stay."""
    from microsoft_teams.api.activities.utils import StripMentionsTextOptions

    activity.strip_mentions_text(StripMentionsTextOptions(account_id=activity.recipient.id))
    activity.strip_mentions_text(StripMentionsTextOptions(tag_only=True))
    return plain(html.unescape(activity.text))


def _place(activity: ActivityBase) -> str:
    """The id of the channel or the chat, without that of the thread."""
    data = activity.channel_data
    return (data.channel.id if data and data.channel else None) or activity.conversation.id.partition(";")[0]


def _message_key(activity: ActivityBase, message_id: str) -> str:
    return f"{activity.conversation.id.partition(';')[0]}/{message_id}"


def _asker(activity: ActivityBase) -> Asker:
    return Asker(SURFACE, activity.from_.aad_object_id or activity.from_.id)


def _comment(form: str) -> str:
    """The words in the form that Teams sends with a thumb."""
    try:
        sent: Json = json.loads(form)
        return str(sent.get("feedbackText") or "")
    except (ValueError, AttributeError):
        return ""
