"""Desks over articles that a test writes itself."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

from bot.admission import Admission
from bot.answer import Asker
from bot.desk import Desk
from index.archive import Archive
from index.article import Article
from index.catalogue import UnknownArticleError
from tests.payloads import PAYLOADS

HOW_MANY = "How many policemen were killed in Tazirbu?"
"""What `hostile` answers, with words that would do harm around each number."""
EIGHT_OR_NINE = (
    ("A", "2018-11-25", "Nine policemen were killed in Tazirbu on Friday."),
    ("B", "2018-11-24", "Eight policemen were killed in Tazirbu on Friday."),
)

Write = Callable[..., Path]


def told(archive: Archive, write: Write, *articles: tuple[str, str, str], **more: Any) -> Desk:
    """A desk over articles given as (outlet, day, text)."""
    lines = [json.dumps({"source": source, "published": day, "text": text}) for source, day, text in articles]
    desk = Desk(archive, **more)
    desk.add([str(write({"a.jsonl": "\n".join(lines)}))])
    return desk


def hostile(archive: Archive, write: Write, *more: str) -> Desk:
    """A desk over articles that hold PAYLOADS, and `more` of that sort."""
    articles = [
        (f"Outlet {text}"[:80], "2018-11-25", f"{number} policemen were killed in Tazirbu {text} on Friday.")
        for number, text in enumerate([*PAYLOADS, *more], 3)
    ]
    return told(archive, write, *articles)


@contextmanager
def taken(admission: Admission) -> Iterator[None]:
    """All places are taken: who asks now waits in line."""
    for _ in admission.enter(Asker("test")):
        pass
    try:
        yield
    finally:
        admission.leave()


def shelf(*held: Article) -> Desk:
    """What a drawer or a dialog needs of a desk: these articles, by their ids."""

    class Shelf:
        def article(self, article_id: str) -> Article:
            for one in held:
                if one.id == article_id:
                    return one
            raise UnknownArticleError(article_id)

    return cast(Desk, Shelf())
