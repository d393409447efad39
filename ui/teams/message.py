"""Answer to a Microsoft Teams message, as JSON. Pure functions; `ui.shown` says what is shown, here it is escaped.

What articles and questions say stands in the text with its markup as HTML entities. Teams turns Markdown into HTML, in
which an entity is only ever a character; which backslashes its Markdown obeys is nowhere written down. In cards, words
stand in text runs, which know no markup at all.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any, Final
from urllib.parse import quote as percent_encoded

from bot.answer import Answer, Quote
from ui.render import MARKUP
from ui.shown import MAX_URL_CHARS, Cited, Line, Piece, Quotation, Words, citation, day, inert, pieces, web_page
from ui.source import Place

Json = dict[str, Any]

MAX_BYTES: Final = 80 * 1024
"""Of a message as JSON in UTF-16: what Microsoft advises; what Teams refuses begins at about 100 KB."""
MAX_CITATIONS: Final = 20
MAX_BUTTONS: Final = 6
"""Buttons that Teams shows in one row; the quotes after them are reached with "Next quote"."""
MAX_SUGGESTIONS: Final = 3
CARD: Final = "application/vnd.microsoft.card.adaptive"
DIALOG: Final = "quote"
"""The name of the dialog that shows a quote in its article."""

_MAX_NAME, _MAX_ABSTRACT, _MAX_KEYWORD, _MAX_BUTTON, _MAX_SUGGESTION = 80, 160, 28, 40, 110
_MESSAGE = "https://schema.org/Message"
_SPACE = re.compile(r"\s+")
_SURROGATE = re.compile("[\ud800-\udfff]")
_ITALIC = {"query", "matched", "searched"}


# Words ------------------------------------------------------------------------------------------------------------


def characters(text: str) -> str:
    """`text` without what turns it around, and without halves of characters, which cannot be sent."""
    return _SURROGATE.sub("\ufffd", inert(text))


def plain(text: str) -> str:
    """`text` as one line, for where there is no markup."""
    return _SPACE.sub(" ", characters(text)).strip()


def escaped(text: str) -> str:
    """`text` as Markdown of Teams that means just that."""
    return MARKUP.sub(lambda match: f"&#{ord(match[0])};", _SPACE.sub(" ", characters(text)))


def cut(text: str, most: int) -> str:
    """The beginning of `text`, in `most` units of UTF-16 with the ellipsis that says so."""
    if len(text.encode("utf-16-le")) <= 2 * most:
        return text
    return text.encode("utf-16-le")[: 2 * (most - 1)].decode("utf-16-le", "ignore").rstrip() + "…"


def web_address(url: str | None) -> str | None:
    """`url` when it leads to a web page, with all that Markdown or a card could mistake percent-encoded."""
    page = web_page(characters(url or ""))
    address = percent_encoded(page or "", safe="%/:?=&;,@+$~#.-_")
    return address if address and len(address) <= MAX_URL_CHARS else None


# Messages ---------------------------------------------------------------------------------------------------------


def said(text: str, suggestions: Sequence[str] = ()) -> Json:
    """A message that is no answer: plain words, and questions to press."""
    return {"type": "message", "textFormat": "markdown", "text": escaped(text), **_suggested(suggestions)}


def message(answer: Answer, suggestions: Sequence[str] = ()) -> Json:
    """The answer. Of one that is too long for Teams the last quotations are left out, and it says how many."""
    shown = pieces(answer)
    total = sum(isinstance(piece, Quotation) for piece in shown)
    for kept in range(total, 0, -1):
        for passages in (True, False):
            whole = _message(_first(shown, kept), total - kept, suggestions, passages)
            if size(whole) <= MAX_BYTES:
                return whole
    lines = [piece for piece in shown if isinstance(piece, Line) and piece.kind != "disagree"]
    return _message(lines, total, suggestions, passages=False)


def size(activity: Json) -> int:
    """Bytes of a message as Teams counts them."""
    return len(json.dumps(activity, ensure_ascii=False).encode("utf-16-le", "surrogatepass"))


def follow_ups(answer: Answer) -> list[str]:
    """Questions to go on with: the headlines of what was quoted, those without anything that could be markup."""
    titles = dict.fromkeys(plain(quote.title) for quote in (*answer.quotes, *answer.near))
    fitting = (title for title in titles if title and len(title) <= _MAX_SUGGESTION and not MARKUP.search(title))
    return [title for title in fitting if title != answer.question][:MAX_SUGGESTIONS]


def _first(shown: Sequence[Piece], kept: int) -> list[Piece]:
    """All lines, and the first `kept` quotations."""
    quotations = [piece for piece in shown if isinstance(piece, Quotation)]
    left_out = {id(piece) for piece in quotations[kept:]}
    return [piece for piece in shown if id(piece) not in left_out]


def _message(shown: Sequence[Piece], left_out: int, suggestions: Sequence[str], passages: bool) -> Json:
    """Those pieces as a message; with the whole quote behind each citation, if `passages`."""
    blocks = [_line(piece) if isinstance(piece, Line) else _quotation(piece) for piece in shown]
    if left_out:
        more = "1 more quotation is" if left_out == 1 else f"{left_out} more quotations are"
        blocks.append(f"*{more} left out: Teams shows no longer message.*")
    quotes = _quotes(shown)
    root = {"type": _MESSAGE, "@type": "Message", "@context": "https://schema.org"}
    citations = [_citation(quote, passages) for quote in quotes[:MAX_CITATIONS]]
    return {
        "type": "message",
        "textFormat": "markdown",
        "text": "\n\n".join(blocks),
        "entities": [{**root, "additionalType": ["AIGeneratedContent"], "citation": citations}],
        "channelData": {"feedbackLoop": {"type": "default"}},
        **({"attachments": [attached(_buttons(quotes))]} if quotes else {}),
        **_suggested(suggestions),
    }


def _suggested(questions: Sequence[str]) -> Json:
    actions = [{"type": "imBack", "title": text, "value": text} for text in questions[:MAX_SUGGESTIONS]]
    return {"suggestedActions": {"to": [], "actions": actions}} if actions else {}


def _quotes(shown: Iterable[Piece]) -> list[Quote]:
    """The quotes cited, each once, by their numbers."""
    quotations = (piece for piece in shown if isinstance(piece, Quotation))
    cited = (quote for quotation in quotations for cited in quotation.cited for quote in cited.quotes)
    return [quote for _, quote in sorted({quote.number: quote for quote in cited}.items())]


# The text ---------------------------------------------------------------------------------------------------------


def _line(line: Line) -> str:
    text = "".join(f"**{escaped(words.text)}**" if words.strong else escaped(words.text) for words in line.words)
    return f"*{text}*" if line.kind in _ITALIC else text


def _quotation(quotation: Quotation) -> str:
    """The answers, the quote with their words in bold, and who says so, each with its mark and a link."""
    lead = " · ".join(f"**{escaped(text)}**" for text in quotation.answers)
    who = f", {escaped(quotation.attributed)}" if quotation.attributed else ""
    words = "".join(_words(part) for part in quotation.words)
    credited = [credit for cited in quotation.cited for credit in _credits(cited)]
    said_by = " · ".join([*credited, quotation.note] if quotation.note else credited)
    return (f"{lead}{who}\n\n" if lead else "") + f"> “{words}”\n>\n> {said_by}"


def _words(words: Words) -> str:
    """Bold where asterisks are obeyed: between other characters they would be shown."""
    is_bold = words.strong and words.text[0].isalnum() and words.text[-1].isalnum()
    return f"**{escaped(words.text)}**" if is_bold else escaped(words.text)


def _credits(cited: Cited) -> list[str]:
    """`[1] Outlet, 25 Nov 2018`: Teams makes the mark a citation; the rest leads to the page, where there is one."""
    who = escaped(cited.who)
    addresses = {quote.number: web_address(quote.url) for quote in cited.quotes}
    linked = [f"[{number}] [{who}]({url.replace('&', '&amp;')})" for number, url in addresses.items() if url]
    bare = " ".join(f"[{number}]" for number, url in addresses.items() if not url)
    return [*linked, f"{bare} {who}"] if bare else linked


# Citations and buttons --------------------------------------------------------------------------------------------


def _citation(quote: Quote, passage: bool) -> Json:
    """What opens at a mark: the article, the beginning of the quote and, with `passage`, all of it."""
    words = plain(quote.text)
    appearance = {
        "@type": "DigitalDocument",
        "name": cut(plain(quote.title) or plain(quote.source) or "Untitled", _MAX_NAME),
        "abstract": cut(words, _MAX_ABSTRACT),
        "keywords": [cut(plain(text), _MAX_KEYWORD) for text in (quote.source, day(quote.published)) if plain(text)],
    }
    if address := web_address(quote.url):
        appearance["url"] = address
    if passage:
        shown = card(
            [_block(plain(quote.title), weight="Bolder"), _block(plain(citation(quote)), isSubtle=True), _block(words)]
        )
        appearance |= {"text": json.dumps(shown, ensure_ascii=False), "encodingFormat": CARD}
    return {"@type": "Claim", "position": quote.number, "appearance": appearance}


def _buttons(quotes: Sequence[Quote]) -> Json:
    """A button a quote, that opens it in its article."""
    among = [Place.of(quote).address for quote in quotes]
    actions = [
        opening(cut(f"[{quote.number}] {plain(quote.source)}", _MAX_BUTTON), Place.of(quote).address, among)
        for quote in quotes[:MAX_BUTTONS]
    ]
    text = {"type": "TextBlock", "text": "Read in the article:", "isSubtle": True, "size": "Small", "wrap": True}
    return {**card([text]), "actions": actions}


def opening(title: str, at: str, among: Sequence[str], *, inside: bool = False) -> Json:
    """A button that opens the dialog at the quote of that address; or, `inside` the dialog, turns to it."""
    kind = {} if inside else {"msteams": {"type": "task/fetch"}}
    return {"type": "Action.Submit", "title": title, "data": {**kind, "dialog_id": DIALOG, "at": at, "among": [*among]}}


def attached(content: Json) -> Json:
    """A card as an attachment."""
    return {"contentType": CARD, "content": content}


def card(body: Sequence[Json]) -> Json:
    """An Adaptive Card, of the newest version that Teams shows everywhere."""
    return {"type": "AdaptiveCard", "version": "1.5", "body": [*body]}


def _block(text: str, **look: Any) -> Json:
    return text_block([{"type": "TextRun", "text": text, **look}])


def text_block(runs: Sequence[Json]) -> Json:
    """A paragraph of text runs, in which nothing is markup."""
    return {
        "type": "RichTextBlock",
        "inlines": [run for run in runs if run["text"]] or [{"type": "TextRun", "text": " "}],
    }
