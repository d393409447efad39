"""What the chat page shows, piece by piece: Markdown for the conversation, HTML for what is around it."""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence

from bot.answer import Answer, Event, Quote, Reading, Searching, Waiting
from index.catalogue import Coverage
from ui import conversation
from ui.conversation import Turn
from ui.render import escaped, markdown
from ui.shown import articles, day, inert, waiting
from ui.source import Place

MAX_EARLIER = 4
MAX_TITLES, MAX_TITLE_CHARS = 3, 90
MAX_GREETING_CHARS = 80
WELCOME = "Ask the archive"
PROMISE = "Every answer is a quote, checked word for word against the article it comes from."
BELOW = (
    '<button type="button" id="filters-button" aria-expanded="false" aria-controls="filters">Filters</button>'
    "<p>Quotes are checked word for word. Whether they are true is for you to judge.</p>"
)
"""What stands below the question box."""

Message = dict[str, str]
"""A message as gradio takes it: `role`, and `content` in Markdown."""


def welcome(greeting: str = "") -> str:
    """What an empty conversation shows."""
    return f"## {escaped(greeting.strip()[:MAX_GREETING_CHARS]) or WELCOME}\n{PROMISE}"


def messages(turns: Sequence[Turn]) -> list[Message]:
    """A conversation."""
    return [message for turn in turns for message in (asked(turn.question), said("\n\n".join(_blocks(turn.answer))))]


def asked(question: str) -> Message:
    """What the person typed."""
    return {"role": "user", "content": escaped(question)}


def said(markdown: str) -> Message:
    """What the desk says, in Markdown of ours."""
    return {"role": "assistant", "content": markdown}


def steps(event: Event) -> Iterator[str]:
    """The Markdown to show for an event, each in place of the one before: an answer comes quote by quote."""
    if isinstance(event, Waiting):
        yield f"*{waiting(event)}*"
    elif isinstance(event, Searching):
        yield f"*Searching {articles(event.searched.articles)} for “{escaped(event.query)}”*"
    elif isinstance(event, Reading):
        titles = "; ".join(title[:MAX_TITLE_CHARS] for title in event.titles[:MAX_TITLES])
        yield f"*Reading {escaped(titles)}*" if titles else "*Reading*"
    else:
        blocks = _blocks(event)
        yield from ("\n\n".join(blocks[:shown]) for shown in range(1, len(blocks) + 1))


def notice(message: str) -> str:
    """Why a question was not asked."""
    return f'<p role="alert">{html.escape(inert(message))}</p>'


def about(coverage: Coverage) -> str:
    """The name of the product and what there is to ask about."""
    days = f", {day(coverage.start)} to {day(coverage.end)}" if coverage.start else ""
    return f"<h1>Quotedesk</h1><p>{articles(coverage.articles)}{days}</p>"


def examples(questions: Sequence[str]) -> str:
    """Cards that ask a question when they are clicked."""
    return "".join(_button("question", question, question) for question in questions)


def earlier(kept: object) -> str:
    """Buttons that open the chats before this one again."""
    listed = conversation.earlier(kept)[:MAX_EARLIER]
    buttons = "".join(_button("chat", str(number), question) for number, question in listed)
    return f"<span>Earlier chats</span>{buttons}" if buttons else ""


def _button(name: str, value: str, label: str) -> str:
    """A button with `data-name="value"`, which the page's script reports when it is clicked."""
    return f'<button type="button" data-{name}="{html.escape(value)}">{html.escape(inert(label))}</button>'


def _blocks(answer: Answer) -> list[str]:
    return markdown(answer, _address)


def _address(quote: Quote) -> str:
    return Place.of(quote).address
