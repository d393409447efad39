"""The web chat: a gradio page over the desk."""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import filelock
import gradio as gr
from anyio import to_thread
from fastapi import FastAPI

from bot.admission import BusyError
from bot.answer import Answer, Asker, Question
from bot.desk import Desk
from bot.question import QuestionError, checked
from index.article import Scope
from ui import conversation, look, pieces
from ui.conversation import Chats, Turn
from ui.examples import MAX_EXAMPLES, Examples
from ui.shown import sentence
from ui.source import drawer

PAUSE_S = 0.06
"""Between two quotes of an answer, so that they are seen to arrive."""
MAX_OUTLETS = 300
"""To choose from in the filters: those with the most articles."""
FAILED = "Something went wrong; the server's log says what. Your question is back in its box."
_log = logging.getLogger(__name__)

Update = dict[Any, Any]
"""New values of components, by component."""


def mount(app: FastAPI, desk: Desk) -> asyncio.Event:
    """Serve the chat at `/` of `app`. Set the event to end the requests that last as long as a page is open."""
    gr.mount_gradio_app(
        app,
        Page(desk).blocks,
        "/",
        footer_links=[],
        run_history=False,
        show_error=False,
        ssr_mode=False,
        pwa=False,
        mcp_server=False,
        app_kwargs={"docs_url": None, "redoc_url": None, "openapi_url": None},
        favicon_path=look.FAVICON,
        theme=look.theme(),
        head=look.head(),
    )
    mounted: Any = app.routes[-1]
    closing: asyncio.Event = mounted.app.stop_event  # gradio sets it itself only where it runs the server itself
    return closing


@dataclass(frozen=True, slots=True)
class Asked:
    """The question that is being answered, as typed and as asked."""

    text: str
    question: Question


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the browser is to keep once the question is answered; None when it was not, with the `reason`."""

    kept: Chats | None
    reason: str = ""


class Page:
    """The page's components, and what happens when they are used."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._examples = Examples(desk)
        with gr.Blocks(title="Quotedesk", fill_height=True, analytics_enabled=False) as self.blocks:
            self._kept = gr.BrowserState([], storage_key="quotedesk-chats", secret=_secret(desk.home))
            self._asked = gr.State(None)
            self._outcome = gr.State(None)
            self._lay_out()
            self._connect()

    def _lay_out(self) -> None:
        with gr.Row(elem_id="top"):
            self._about = _html("about")
            self._new = gr.Button("New chat", elem_id="new-chat", size="sm", scale=0)
        self._chat = gr.Chatbot(
            elem_id="chat",
            label="Conversation",
            show_label=False,
            container=False,
            layout="panel",
            height="100%",
            autoscroll=False,  # the page's script brings the question into view instead, with the answer below it
            placeholder=pieces.welcome(),
            buttons=[],
            feedback_options=None,
            latex_delimiters=[],
            allow_tags=False,
            line_breaks=False,
            group_consecutive_messages=False,
        )
        with gr.Column(elem_id="composer"):
            self._earlier = _html("earlier", js="quotedesk.earlier(element, trigger)")
            self._suggested = _html("examples", js="quotedesk.examples(element, trigger)")
            with gr.Row(elem_id="filters"):  # the script makes the first two date fields
                self._start = gr.Textbox(label="From", placeholder="2018-11-01", max_lines=1, min_width=110)
                self._end = gr.Textbox(label="To", placeholder="2018-11-30", max_lines=1, min_width=110)
                self._outlets = gr.Dropdown(label="Outlets", multiselect=True, choices=[], min_width=200, scale=2)
            self._notice = _html("notice")
            self._box = gr.Textbox(
                elem_id="question",
                label="Your question",
                show_label=False,
                container=False,
                placeholder="Ask about the articles",
                lines=1,
                max_lines=6,
                submit_btn=True,
                autofocus=True,
            )
            _html("below", pieces.BELOW, "quotedesk.composer(element)")
        self._drawer = gr.Sidebar(open=False, position="right", width="min(100vw, 460px)", elem_id="drawer")
        with self._drawer:
            self._source = _html("source", js="quotedesk.source(element, trigger)")

    def _connect(self) -> None:
        """What leads to what. Asking takes three steps: accept the question, answer it bit by bit, settle.

        Only the conversation is updated bit by bit: gradio may skip all but the last of such updates.
        """
        quick: Any = {"show_progress": "hidden", "api_visibility": "private"}
        slow: Any = {**quick, "concurrency_limit": None}  # the desk itself has them wait in line
        filters = [self._start, self._end, self._outlets]
        accepted = [self._chat, self._box, self._notice, self._asked]
        settled = [self._chat, self._box, self._notice, self._asked, self._outcome, self._kept]
        opened = [*settled, self._earlier]
        answering = []
        for accept in (
            self._box.submit(self._accept, [self._box, self._kept, self._asked, *filters], accepted, **quick),
            self._suggested.select(self._accept_example, [self._kept, self._asked, *filters], accepted, **quick),
        ):
            answer = accept.then(self._answer, [self._asked, self._kept], [self._chat, self._outcome], **slow)
            answer.success(self._settle, [self._asked, self._outcome, self._kept], settled, **quick)
            answering.append(answer)
        ends: Any = {**quick, "cancels": answering}
        self._box.stop(self._stop, [self._box, self._asked, self._kept], settled, **ends)
        self._new.click(self._begin, [self._kept], opened, **ends)
        self._earlier.select(self._reopen, [self._kept], opened, **ends)
        self._source.select(self._open_source, None, [self._source, self._drawer], **quick)
        left = [self._chat, self._earlier, self._about, self._outlets]
        self.blocks.load(self._restore, [self._kept], left, **quick)
        self.blocks.load(self._suggest, None, [self._suggested], **quick)  # by itself: the first time it takes longer

    def _restore(self, kept: object, request: gr.Request) -> Update:
        """The page as it was left, with what the browser kept; and, in another site, with that site's greeting."""
        outlets = [source for source, _ in self._desk.status().sources[:MAX_OUTLETS]]
        said: Any = pieces.messages(conversation.turns(kept, self._desk))
        return {
            self._chat: gr.Chatbot(said, placeholder=pieces.welcome(request.query_params.get("greeting", ""))),
            self._earlier: pieces.earlier(kept),
            self._about: pieces.about(self._desk.coverage()),
            self._outlets: gr.Dropdown(choices=outlets),
        }

    def _suggest(self, request: gr.Request) -> str:
        """Questions to begin with: the embedding site's own, else some that the archive answers."""
        if given := [question for question in request.query_params.getlist("ask") if question.strip()]:
            return pieces.examples(given[:MAX_EXAMPLES])
        return pieces.examples(self._examples.now())

    def _accept_example(self, event: gr.EventData, *rest: Any) -> Update:
        return self._accept(str(event._data["question"]), *rest)

    def _accept(
        self, text: str, kept: object, asked: Asked | None, start: str, end: str, outlets: Sequence[str]
    ) -> Update:
        """Show the question and empty its box. One that cannot be asked stays there, with the reason above it."""
        if asked:  # the one before is still being answered
            return {self._notice: ""}
        turns = conversation.turns(kept, self._desk)
        try:
            scope = Scope(_day(start, "From"), _day(end, "To"), tuple(outlets or ()))
            question = checked(Question(text, tuple(turn.question for turn in turns), scope))
        except QuestionError as error:
            return {self._notice: pieces.notice(sentence(error))}
        return {
            self._chat: [*pieces.messages(turns), pieces.asked(text)],
            self._box: gr.Textbox(value="", submit_btn=False, stop_btn=True),
            self._notice: "",
            self._asked: Asked(text, question),
        }

    async def _answer(self, asked: Asked | None, kept: object, request: gr.Request) -> AsyncIterator[Update]:
        updates = self._answering(asked, kept, _asker(request)) if asked else iter(())
        # Each is made in a thread that is left to itself when nobody waits for it any more: Stop works at once.
        while (update := await to_thread.run_sync(next, updates, None, abandon_on_cancel=True)) is not None:
            yield update

    def _answering(self, asked: Asked, kept: object, asker: Asker) -> Iterator[Update]:
        """The conversation while the answer comes about; at the end, the outcome."""
        try:
            turns = conversation.turns(kept, self._desk)
            before = [*pieces.messages(turns), pieces.asked(asked.text)]
            for event in self._desk.stream(asked.question, asker):
                for step in pieces.steps(event):
                    said = [*before, pieces.said(step)]
                    yield {self._chat: said}
                    time.sleep(PAUSE_S)
                if isinstance(event, Answer):
                    turns.append(Turn(asked.text, event))
            yield {self._chat: said, self._outcome: Outcome(conversation.continued(kept, turns))}
        except BusyError as error:
            yield {self._outcome: Outcome(None, sentence(error))}
        except Exception:  # whatever it was: the page must stay usable, and the question must not be lost
            _log.exception("no answer to %r", asked.text)
            yield {self._outcome: Outcome(None, FAILED)}

    def _settle(self, asked: Asked | None, outcome: Outcome | None, kept: object) -> Update:
        """The page ready for the next question; what it is to keep."""
        if not asked or not outcome:
            return {self._notice: gr.skip()}
        if outcome.kept is None:
            return {**self._undone(kept, asked.text), self._notice: pieces.notice(outcome.reason)}
        return {self._kept: outcome.kept, self._box: _idle(), self._asked: None, self._outcome: None}

    def _stop(self, typed: str, asked: Asked | None, kept: object) -> Update:
        return self._undone(kept, typed or (asked.text if asked else ""))

    def _undone(self, kept: object, text: str) -> Update:
        """The page as it was before the question that is being answered; `text` is in the question box."""
        said = pieces.messages(conversation.turns(kept, self._desk))
        return {self._chat: said, self._box: _idle(text), self._asked: None, self._outcome: None}

    def _begin(self, kept: object) -> Update:
        return self._opened(conversation.begun(kept))

    def _reopen(self, event: gr.EventData, kept: object) -> Update:
        return self._opened(conversation.reopened(kept, int(event._data["chat"])))

    def _opened(self, kept: Chats) -> Update:
        """The page with the first of these chats."""
        return {
            self._chat: pieces.messages(conversation.turns(kept, self._desk)),
            self._earlier: pieces.earlier(kept),
            self._box: _idle(),
            self._notice: "",
            self._kept: kept,
            self._asked: None,
            self._outcome: None,
        }

    def _open_source(self, event: gr.EventData) -> Update:
        return {self._source: drawer(self._desk, str(event._data["address"])), self._drawer: gr.Sidebar(open=True)}


def _asker(request: gr.Request) -> Asker:
    """Who sent a request, as the gate says."""
    surface = "embed" if "embed" in request.query_params else "web"
    return Asker(surface, getattr(request.state, "person", ""))


def _idle(*text: str) -> Any:
    """The question box when nothing is being answered; what is typed in it stays, unless `text` is given."""
    return gr.Textbox(*text, submit_btn=True, stop_btn=False)


def _html(name: str, value: str = "", js: str | None = None) -> Any:
    """A place for HTML of ours, without gradio's own looks; `js` runs once it is there."""
    return gr.HTML(value, elem_id=name, js_on_load=js, apply_default_css=False)


def _secret(home: Path) -> str:
    """What the browser's copy of a conversation is encrypted with: made once, kept in the home for its owner only."""
    file, lock = home / "browser-secret", filelock.FileLock(home / "browser-secret.lock")
    with lock:  # another chat on this home may begin just now
        if not file.exists() or not file.read_text("ascii"):
            with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT, 0o600), "w") as made:
                made.write(secrets.token_urlsafe(24))
        return file.read_text("ascii")


def _day(text: str, name: str) -> date | None:
    """The day in a filter, None when it is empty."""
    if not (text or "").strip():
        return None
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise QuestionError(f"{name}: {text!r:.40} is not a day; write it as 2018-11-25") from None
