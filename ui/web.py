"""The web chat: a gradio page over the desk."""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import gradio as gr
from anyio import to_thread
from fastapi import FastAPI

from bot.answer import Answer, Question
from bot.desk import Desk
from bot.question import QuestionError, checked
from index.article import Scope
from ui import conversation, pieces
from ui.conversation import Chats, Turn
from ui.examples import examples
from ui.source import drawer

STATIC = Path(__file__).parent / "static"
AT_ONCE = 4
"""Questions that are answered at the same time; the next ones wait their turn."""
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
        favicon_path=str(STATIC / "favicon.svg"),
        theme=_theme(),
        head=_head(),
    )
    mounted: Any = app.routes[-1]
    closing: asyncio.Event = mounted.app.stop_event  # gradio sets it itself only where it runs the server itself
    return closing


class Page:
    """The page's components, and what happens when they are used."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._examples_of: datetime | None = None  # the state of the archive that they were made of
        self._found: list[str] = []
        with gr.Blocks(title="Quotedesk", fill_height=True, analytics_enabled=False) as self.blocks:
            self._kept = gr.BrowserState([], storage_key="quotedesk-chats", secret=_secret(desk.home))
            self._pending = gr.State("")  # the question that is being answered
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
            placeholder=pieces.WELCOME,
            buttons=[],
            feedback_options=None,
            latex_delimiters=[],
            allow_tags=False,
            line_breaks=False,
            group_consecutive_messages=False,
        )
        with gr.Column(elem_id="composer"):
            self._earlier = _html("earlier", js="quotedesk.earlier(element, trigger)")
            self._examples = _html("examples", js="quotedesk.examples(element, trigger)")
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
        filters = [self._start, self._end, self._outlets]
        answer = [self._chat, self._box, self._notice, self._kept, self._pending]
        opened = [*answer, self._earlier]
        options: Any = {"show_progress": "hidden", "api_visibility": "private"}
        limits: Any = {**options, "concurrency_limit": AT_ONCE, "concurrency_id": "ask", "trigger_mode": "once"}
        typed = self._box.submit(self._ask_typed, [self._box, self._kept, *filters], answer, **limits)
        clicked = self._examples.select(self._ask_example, [self._kept, *filters], answer, **limits)
        ends: Any = {**options, "cancels": [typed, clicked]}
        self._box.stop(self._stop, [self._box, self._kept, self._pending], answer, **ends)
        self._new.click(self._begin, [self._kept], opened, **ends)
        self._earlier.select(self._reopen, [self._kept], opened, **ends)
        self._source.select(self._open_source, None, [self._source, self._drawer], **options)
        left = [self._chat, self._earlier, self._about, self._outlets]
        self.blocks.load(self._restore, [self._kept], left, **options)
        self.blocks.load(self._suggest, None, [self._examples], **options)  # by itself: the first time it takes longer

    def _restore(self, kept: object) -> Update:
        """The page as it was left, with what the browser kept."""
        outlets = [source for source, _ in self._desk.status().sources[:MAX_OUTLETS]]
        return {
            self._chat: pieces.messages(conversation.turns(kept, self._desk)),
            self._earlier: pieces.earlier(kept),
            self._about: pieces.about(self._desk.coverage()),
            self._outlets: gr.Dropdown(choices=outlets),
        }

    def _suggest(self) -> str:
        """Example questions; made again only when the archive has changed."""
        changed = self._desk.status().changed
        if self._examples_of != changed:
            self._examples_of, self._found = changed, examples(self._desk)
        return pieces.examples(self._found)

    async def _ask_typed(self, text: str, *rest: Any) -> AsyncIterator[Update]:
        async for update in _abandonable(self._ask(text, *rest)):
            yield update

    async def _ask_example(self, event: gr.EventData, *rest: Any) -> AsyncIterator[Update]:
        async for update in _abandonable(self._ask(str(event._data["question"]), *rest)):
            yield update

    def _ask(self, text: str, kept: object, start: str, end: str, outlets: Sequence[str]) -> Iterator[Update]:
        """The answer as it comes about. A question that cannot be asked stays in its box, with the reason above it."""
        turns = conversation.turns(kept, self._desk)
        try:
            scope = Scope(_day(start, "From"), _day(end, "To"), tuple(outlets or ()))
            question = checked(Question(text, tuple(turn.question for turn in turns), scope))
        except QuestionError as error:
            yield {self._notice: pieces.notice(f"{str(error)[:1].upper()}{str(error)[1:]}.")}
            return
        before = [*pieces.messages(turns), pieces.asked(text)]
        busy = gr.Textbox(value="", submit_btn=False, stop_btn=True)
        yield {self._box: busy, self._pending: text, self._notice: "", self._chat: before}
        try:
            for event in self._desk.stream(question):
                for step in pieces.steps(event):
                    yield {self._chat: [*before, pieces.said(step)]}
                    time.sleep(PAUSE_S)
                if isinstance(event, Answer):
                    turns.append(Turn(text, event))
            yield {self._box: _idle(), self._pending: "", self._kept: conversation.continued(kept, turns)}
        except Exception:  # whatever it was: the page must stay usable, and the question must not be lost
            _log.exception("no answer to %r", text)
            yield {**self._undone(turns, text), self._notice: pieces.notice(FAILED)}

    def _stop(self, typed: str, kept: object, pending: str) -> Update:
        """The page as it was before the question that is being answered, which goes back into its box."""
        return self._undone(conversation.turns(kept, self._desk), typed or pending)

    def _undone(self, turns: Sequence[Turn], text: str) -> Update:
        return {self._chat: pieces.messages(turns), self._box: _idle(text), self._pending: ""}

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
            self._pending: "",
        }

    def _open_source(self, event: gr.EventData) -> Update:
        return {self._source: drawer(self._desk, str(event._data["address"])), self._drawer: gr.Sidebar(open=True)}


async def _abandonable(updates: Iterator[Update]) -> AsyncIterator[Update]:
    """`updates`, each made in a thread that is left to itself when it is no longer waited for: Stop works at once."""
    while (update := await to_thread.run_sync(next, updates, None, abandon_on_cancel=True)) is not None:
        yield update


def _idle(*text: str) -> Any:
    """The question box when nothing is being answered; what is typed in it stays, unless `text` is given."""
    return gr.Textbox(*text, submit_btn=True, stop_btn=False)


def _html(name: str, value: str = "", js: str | None = None) -> Any:
    """A place for HTML of ours, without gradio's own looks; `js` runs once it is there."""
    return gr.HTML(value, elem_id=name, js_on_load=js, apply_default_css=False)


def _head() -> str:
    """Our looks and our script; gradio's own `css` would rewrite selectors, so that some never match."""
    style, script = ((STATIC / name).read_text("utf-8") for name in ("chat.css", "chat.js"))
    return f"<style>{style}</style><script>{script}</script>"


def _theme() -> Any:
    """Fonts of the reader's own machine: gradio's default theme would have its own."""
    sans = ["system-ui", "-apple-system", "Segoe UI", "Roboto", "sans-serif"]
    return gr.themes.Base(primary_hue="blue", neutral_hue="slate", font=sans, font_mono=["ui-monospace", "monospace"])


def _secret(home: Path) -> str:
    """What the browser's copy of a conversation is encrypted with: made once, kept in the home for its owner only."""
    file = home / "browser-secret"
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
