"""The dialog of Microsoft Teams that shows a quote in its article, checked again each time it is opened."""

from __future__ import annotations

from typing import Any

from bot.desk import Desk
from index.article import Article
from index.catalogue import UnknownArticleError
from ui.shown import day
from ui.source import CHANGED, CHECKED, GONE, Place, around
from ui.teams.message import Json, attached, card, characters, cut, opening, plain, text_block, web_address

MAX_CONTEXT_CHARS = 1_500
"""Of the article, before a quote and after it."""
MAX_QUOTES = 100
_MAX_TITLE = 60


def dialog(desk: Desk, data: object) -> Json:
    """What a button with that `data` opens: the article around the quote, or why there is none."""
    pressed = data if isinstance(data, dict) else {}
    at, among = str(pressed.get("at")), _addresses(pressed.get("among"))
    try:
        place = Place.at(at)
        article = desk.article(place.article_id)
    except ValueError:
        return shown("Quotedesk", card([_text("This button leads to no quote.")]))
    except UnknownArticleError:
        return shown("Quotedesk", card([_text(GONE)]))
    body = _about(article)
    if place.is_exact(article):
        body += [_text(CHECKED.format("marked"), isSubtle=True)]
        body += _around(article.text, place.start, place.end)
    else:
        body += [_text(CHANGED, weight="Bolder")]
    return shown(
        cut(plain(article.source) or "Quotedesk", _MAX_TITLE), {**card(body), "actions": _actions(article, at, among)}
    )


def shown(title: str, content: Json) -> Json:
    """The answer to Teams that opens a dialog with that card, or puts it in place of the one that is open."""
    value = {"title": title, "width": "medium", "height": "large", "card": attached(content)}
    return {"task": {"type": "continue", "value": value}}


def problem(text: str) -> Json:
    """A dialog that says only that."""
    return shown("Quotedesk", card([_text(text)]))


def _addresses(value: object) -> list[str]:
    """The quotes one can turn to: what the client sent back, which may be anything."""
    listed = value if isinstance(value, list) else []
    return [text for text in listed if isinstance(text, str)][:MAX_QUOTES]


def _about(article: Article) -> list[Json]:
    authors = f" · {', '.join(article.authors)}" if article.authors else ""
    return [
        _text(plain(article.title), weight="Bolder", size="Large"),
        _text(plain(f"{article.source}, {day(article.published)}{authors}"), isSubtle=True),
    ]


def _around(text: str, start: int, end: int) -> list[Json]:
    """The quote, marked, in its paragraph; and the one before and the one after."""
    before, after = around(text, start, end, MAX_CONTEXT_CHARS)
    marked = _run(text[start:end], highlight=True, weight="Bolder")
    return [text_block([run for run in (_run(before), marked, _run(after)) if run["text"]])]


def _actions(article: Article, at: str, among: list[str]) -> list[Json]:
    """To the quotes beside this one in the answer, and to where the article was published."""
    here = among.index(at) if at in among else -1
    actions = []
    if here > 0:
        actions.append(opening("Previous quote", among[here - 1], among, inside=True))
    if 0 <= here < len(among) - 1:
        actions.append(opening("Next quote", among[here + 1], among, inside=True))
    if address := web_address(article.url):
        actions.append({"type": "Action.OpenUrl", "title": "Read the original", "url": address})
    return actions


def _text(text: str, **look: Any) -> Json:
    return text_block([_run(text, **look)])


def _run(text: str, **look: Any) -> Json:
    return {"type": "TextRun", "text": characters(text), **look}
