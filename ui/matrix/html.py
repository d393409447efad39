"""Answer to Matrix: a message as plain text and as HTML. Pure functions; all escaping for Matrix is here."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from bot.answer import Answer, Quote
from index.article import Article
from ui.shown import MAX_LABEL_CHARS, Cited, Line, Quotation, Words, day, inert, pieces, web_page
from ui.source import CHANGED, CHECKED, Place, around

MAX_BYTES = 20_000
"""Of a message's two texts as JSON. An event may have 65,536, encryption takes a third of it, and an edit carries all
of it twice; nio writes what is not ASCII as six bytes before it encrypts it."""
MAX_LINE_BYTES = 3_000
MAX_AROUND_CHARS = 1_500
"""Of an article before a quote, and after it."""
_ITALIC = {"query", "matched", "searched"}
_PARAGRAPH_END = re.compile(r"\n[^\S\n]*\n\s*")


class Message(NamedTuple):
    """What is said, in plain words and in Matrix's HTML."""

    body: str
    html: str

    @property
    def size(self) -> int:
        """Bytes it takes in an event at the most."""
        return len(json.dumps([self.body, self.html]))


def plain(text: str) -> Message:
    """A message of nothing but `text`; its line ends stay."""
    return Message(inert(text), f"<p>{_text(text).replace(chr(10), '<br>')}</p>")


def answered(answer: Answer) -> Message:
    """The answer with its quotes and what can be done with it; when it is too long the last quotations are left out."""
    shown = pieces(answer)
    drawn = [_line(piece) if isinstance(piece, Line) else _quotation(piece) for piece in shown]
    quotations = [place for place, piece in enumerate(shown) if isinstance(piece, Quotation)]
    for kept in range(len(quotations), -1, -1):
        gone = quotations[kept:]
        parts = [part for place, part in enumerate(drawn) if place not in gone]
        if gone:
            numbers = [cited.number for place in gone for cited in _quotes(shown[place])]
            parts.insert(gone[0], _left_out(len(gone), numbers))
        message = _joined([*parts, _how(answer)])
        if message.size <= MAX_BYTES:
            break
    return message


def passage(article: Article, place: Place) -> Message:
    """The paragraph of the quote at `place`, the one before and the one after; its words bold, if they stand there."""
    head = _head(article)
    if not place.is_exact(article):
        return _joined([head, plain(CHANGED)])
    before, after = around(article.text, place.start, place.end, MAX_AROUND_CHARS)
    words = article.text[place.start : place.end]
    text = Message(
        inert(f"{before}>>{words}<<{after}"),
        f"<blockquote><p>{_paragraphs(before)}<strong>{_text(words)}</strong>{_paragraphs(after)}</p></blockquote>",
    )
    message = _joined([head, text, plain(CHECKED.format("marked"))._replace(html=_em(CHECKED.format("bold")))])
    if message.size > MAX_BYTES:
        return _joined([head, plain("This quote is too long to be shown in a message of Matrix.")])
    return message


# Pieces of an answer --------------------------------------------------------------------------------------------------


def _line(line: Line) -> Message:
    """A line; one that would fill a message by itself, as only a made-up question does, is cut."""
    words: Sequence[Words] = line.words
    while (drawn := _drawn(line.kind, words)).size > MAX_LINE_BYTES:
        last = words[-1]
        shorter = last.text[: len(last.text) * 3 // 4].rstrip("…")
        words = [*words[:-1], last._replace(text=f"{shorter}…")] if shorter else words[:-1]
    return drawn


def _drawn(kind: str, words: Iterable[Words]) -> Message:
    said = "".join(_strong(part.text) if part.strong else _text(part.text) for part in words)
    return Message(
        inert("".join(part.text for part in words)), f"<p><em>{said}</em></p>" if kind in _ITALIC else f"<p>{said}</p>"
    )


def _quotation(quotation: Quotation) -> Message:
    """The answers, the quote with their words in bold, and its citations."""
    who = f", {quotation.attributed}" if quotation.attributed else ""
    lead = f"<p>{' · '.join(map(_strong, quotation.answers))}{_text(who)}</p>" if quotation.answers else ""
    words = "".join(_strong(part.text) if part.strong else _text(part.text) for part in quotation.words)
    said = [*map(_cited, quotation.cited), *([quotation.note] if quotation.note else [])]
    plainly = [*map(_cited_plainly, quotation.cited), *([quotation.note] if quotation.note else [])]
    body = [" · ".join(quotation.answers) + who] if quotation.answers else []
    body += [f"“{''.join(part.text for part in quotation.words)}”", " · ".join(plainly)]
    return Message(inert("\n".join(body)), f"{lead}<blockquote><p>“{words}”</p><p>{' · '.join(said)}</p></blockquote>")


def _cited(cited: Cited) -> str:
    return " ".join([*(_anchor(quote.url, f"[{quote.number}]") for quote in cited.quotes), _text(cited.who)])


def _cited_plainly(cited: Cited) -> str:
    links = [link for quote in cited.quotes if (link := web_page(quote.url))]
    numbers = " ".join(f"[{quote.number}]" for quote in cited.quotes)
    return f"{numbers} {cited.who}" + (f" ({' '.join(links)})" if links else "")


def _quotes(piece: Line | Quotation) -> list[Quote]:
    return [quote for cited in piece.cited for quote in cited.quotes] if isinstance(piece, Quotation) else []


def _left_out(many: int, numbers: Sequence[int]) -> Message:
    which = f"{min(numbers)}" if len(numbers) == 1 else f"{min(numbers)} to {max(numbers)}"
    left = "1 more quotation is" if many == 1 else f"{many} more quotations are"
    return plain(f"This message is full: {left} left out. Reply with the number ({which}) to read one in its article.")


def _how(answer: Answer) -> Message:
    """What a person can do with an answer, there being no buttons."""
    quotes = answer.quotes or answer.near
    shows = f" Reply with a number, such as {quotes[0].number}, to read around that quote." if quotes else ""
    text = f"Was this useful? React with 👍 or 👎.{shows}"
    return Message(text, _em(text))


# An article ----------------------------------------------------------------------------------------------------------


def _head(article: Article) -> Message:
    title, outlet = article.title[:MAX_LABEL_CHARS], f"{article.source[:MAX_LABEL_CHARS]}, {day(article.published)}"
    link = web_page(article.url)
    return Message(
        inert(f"{title}\n{outlet}" + (f" ({link})" if link else "")),
        f"<p>{_strong(title)}<br>{_anchor(article.url, outlet)}</p>",
    )


def _paragraphs(text: str) -> str:
    return _PARAGRAPH_END.sub("</p><p>", _text(text))


# Markup --------------------------------------------------------------------------------------------------------------


def _joined(messages: Sequence[Message]) -> Message:
    return Message("\n\n".join(message.body for message in messages), "".join(message.html for message in messages))


def _anchor(url: str | None, label: str) -> str:
    link = web_page(url)
    return f'<a href="{html.escape(link)}">{_text(label)}</a>' if link else _text(label)


def _strong(text: str) -> str:
    return f"<strong>{_text(text)}</strong>"


def _em(text: str) -> str:
    return f"<p><em>{_text(text)}</em></p>"


def _text(text: str) -> str:
    return html.escape(inert(text))
