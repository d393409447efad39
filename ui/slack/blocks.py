"""An answer as Slack shows it. Pure functions.

Whatever an article or a person says stands in rich text or plain text, which Slack shows as it is: nothing in it can be
markup, a mention or a link. The limits are those of Slack's Block Kit reference.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from bot.answer import Answer
from index.article import Article
from ui.render import readable
from ui.shown import Line, Quotation, day, inert, pieces, web_page
from ui.source import CHANGED, CHECKED, GONE, Place, around

MAX_BLOCKS, MAX_MESSAGE_CHARS, BLOCK_CHARS = 50, 13_000, 125
"""Of one message: its blocks, their characters together, and what each block counts for besides."""
MAX_TEXT_CHARS, MAX_PLACES, MAX_BUTTONS = 300, 40, 5
AROUND_CHARS = 1_400
"""Of an article, before and after the quote."""
USEFUL, PASSAGE, TURN = "useful", "passage", "turn"
_BELOW = ("query", "matched", "searched")
Block = dict[str, Any]


def summary(answer: Answer) -> str:
    """The answer in a line: what a notification says, and what a message begins with."""
    shown = pieces(answer)
    if isinstance(shown[0], Line) and shown[0].kind in ("not found", "disagree"):
        return inert(shown[0].text)
    said = [text for piece in shown if isinstance(piece, Quotation) for text in piece.answers or (piece.quote.text,)]
    line = _one_line(said[0])
    for number, text in enumerate(said[1:], 1):
        longer = f"{line} · {_one_line(text)}"
        if len(longer) > MAX_TEXT_CHARS:
            return f"{line} · and {len(said) - number} more"
        line = longer
    return line


def message(answer: Answer, answer_id: str) -> list[Block]:
    """All of a message but its first line: the quotations, what is to be said about them, and "useful" or not.

    What is too long for one message is left out from its end, quotation by quotation, and counted.
    """
    shown = pieces(answer)
    quotations = [piece for piece in shown if isinstance(piece, Quotation)]
    alone, lines = len(quotations) == 1, [piece for piece in shown if isinstance(piece, Line)]
    last = [*(_context(line.text) for line in lines if line.kind in _BELOW), _feedback(answer_id)]
    blocks = [_context(line.text) for line in lines if line.kind == "near"]
    for number, quotation in enumerate(quotations):
        more = [_quotation(quotation, alone), _passages(quotation)]
        if _cost([*blocks, *more, *last]) > MAX_MESSAGE_CHARS or len(blocks) + len(more) + len(last) >= MAX_BLOCKS:
            left = len(quotations) - number
            blocks.append(_context(f"{left} more did not fit here: ask for one of them, or narrow the question."))
            break
        blocks += more
    return [*blocks, *last]


def opening(answer: Answer) -> Block:
    """The first line of a message."""
    return {"type": "rich_text", "elements": [_section([_text(summary(answer), bold=True)])]}


def modal(article: Article, places: Sequence[Place], at: int) -> Block:
    """The article around the quote at `places[at]`; buttons lead to those before and after it."""
    place = places[at]
    parts = [_text(article.title, bold=True), _text(f"\n{article.source}, {day(article.published)}")]
    if link := _link(article.url, "\nRead the original"):
        parts += [link]
    blocks: list[Block] = [{"type": "rich_text", "elements": [_section(parts)]}, {"type": "divider"}]
    if place.is_exact(article):
        text = _around(article.text, place)
        checked = CHECKED.format("bold")
    else:
        text = [_text(article.text[: 2 * AROUND_CHARS])]
        checked = f"{CHANGED} It begins like this now."
    blocks += [{"type": "rich_text", "elements": [_section(text)]}, _context(checked)]
    turns = [("Previous quote", at - 1), ("Next quote", at + 1)]
    shown = [(label, where) for label, where in turns if 0 <= where < len(places)]
    if shown:
        buttons = [_button(f"{TURN}-{where}", label, str(where)) for label, where in shown]
        blocks.append({"type": "actions", "elements": buttons})
    kept = json.dumps([one.address for one in places[:MAX_PLACES]], separators=(",", ":"))
    return {**view(f"Quote {at + 1} of {len(places)}", blocks), "private_metadata": kept}


def gone() -> Block:
    """That there is no article to show."""
    return view("Quote", [_context(GONE)])


def view(title: str, blocks: Sequence[Block]) -> Block:
    """A modal; `title` has at most 24 characters."""
    return {
        "type": "modal",
        "title": _plain(title),
        "close": _plain("Close"),
        "blocks": list(blocks),
    }


def opened(pressed: str, blocks: Sequence[Block]) -> tuple[list[Place], int]:
    """The quotes that a message with these `blocks` lets one open, and which of them has the address `pressed`."""
    buttons = (element for block in blocks if block.get("type") == "actions" for element in block["elements"])
    addresses = [button["value"] for button in buttons if button["action_id"].startswith(PASSAGE)]
    addresses = [*dict.fromkeys(addresses)][:MAX_PLACES]
    if pressed not in addresses:  # what only one person sees comes without its blocks
        addresses = [pressed]
    return [Place.at(address) for address in addresses], addresses.index(pressed)


def turned(kept: str, pressed: str) -> tuple[list[Place], int]:
    """The quotes that a modal keeps in its `private_metadata`, and which of them a button in it leads to."""
    places, at = [Place.at(address) for address in json.loads(kept)], int(pressed)
    return places, min(max(at, 0), len(places) - 1)


def escaped(text: str) -> str:
    """`text` for where Slack reads mrkdwn: notifications, and the places that show no blocks."""
    return inert(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def markdown(text: str) -> str:
    """`text` for where Slack reads Markdown: a streamed message."""
    return readable(text).replace("\\&", "&amp;").replace("\\<", "&lt;").replace("\\>", "&gt;")


def notice(text: str) -> list[Block]:
    """Words of our own, as a message."""
    return [{"type": "rich_text", "elements": [_section([_text(text)])]}]


def home(lines: Sequence[str]) -> Block:
    """The app's home tab."""
    return {"type": "home", "blocks": [block for line in lines for block in notice(line)]}


def _quotation(quotation: Quotation, alone: bool) -> Block:
    """The answers, unless they are all of the message's first line, the quote, and who says so."""
    elements: list[Block] = []
    if quotation.answers and not (alone and not quotation.attributed):
        who = f", {quotation.attributed}" if quotation.attributed else ""
        elements.append(_section([_text(" · ".join(quotation.answers), bold=True), *([_text(who)] if who else [])]))
    words = [_text(words.text, bold=words.strong) for words in quotation.words]
    elements.append({"type": "rich_text_quote", "elements": [_text("“"), *words, _text("”")]})
    elements.append(_section(list(_cited(quotation))))
    return {"type": "rich_text", "elements": elements}


def _cited(quotation: Quotation) -> Iterator[Block]:
    for number, (quotes, who) in enumerate(quotation.cited):
        yield _text((" · " if number else "") + " ".join(f"[{quote.number}]" for quote in quotes) + " ")
        yield _link(quotes[0].url, who) or _text(who)
    if quotation.note:
        yield _text(f" · {quotation.note}")


def _passages(quotation: Quotation) -> Block:
    """A button for each quote, which opens its passage."""
    quotes = [quote for cited in quotation.cited for quote in cited.quotes][:MAX_BUTTONS]
    buttons = [_button(f"{PASSAGE}-{q.number}", f"Open passage [{q.number}]", Place.of(q).address) for q in quotes]
    return {"type": "actions", "elements": buttons}


def _around(text: str, place: Place) -> list[Block]:
    """The words around a quote, and itself in bold."""
    before, after = around(text, place.start, place.end, AROUND_CHARS)
    parts = [(before, False), (text[place.start : place.end], True), (after, False)]
    return [_text(words, bold=bold) for words, bold in parts if words]


def _feedback(answer_id: str) -> Block:
    """Whether it was useful; `answer_id` comes back with the press."""
    positive = {"text": _plain("Useful"), "value": f"1 {answer_id}"}
    negative = {"text": _plain("Not useful"), "value": f"0 {answer_id}"}
    pressed = {
        "type": "feedback_buttons",
        "action_id": USEFUL,
        "positive_button": positive,
        "negative_button": negative,
    }
    return {"type": "context_actions", "elements": [pressed]}


def _button(action: str, label: str, value: str) -> Block:
    return {"type": "button", "action_id": action, "text": _plain(label), "value": value}


def _section(elements: list[Block]) -> Block:
    return {"type": "rich_text_section", "elements": elements}


def _text(text: str, *, bold: bool = False) -> Block:
    return {"type": "text", "text": inert(text), **({"style": {"bold": True}} if bold else {})}


def _link(url: str | None, text: str) -> Block | None:
    """A link to a web page, and to nothing else."""
    page = web_page(url)
    return {"type": "link", "url": page, "text": inert(text)} if page else None


def _context(text: str) -> Block:
    return {"type": "context", "elements": [_plain(inert(text)[:2_000])]}


def _plain(text: str) -> Block:
    return {"type": "plain_text", "text": text, "emoji": False}


def _one_line(text: str) -> str:
    line = " ".join(inert(text).split())
    return line if len(line) <= MAX_TEXT_CHARS else line[: MAX_TEXT_CHARS - 1].rstrip() + "…"


def _cost(blocks: Sequence[Block]) -> int:
    return sum(BLOCK_CHARS + _chars(block) for block in blocks) + MAX_TEXT_CHARS


def _chars(value: object) -> int:
    if isinstance(value, dict):
        return sum(map(_chars, value.values()))
    return sum(map(_chars, value)) if isinstance(value, list) else len(str(value))
