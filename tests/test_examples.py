"""The questions to begin with."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from bot.answer import Question
from bot.desk import Desk
from index.archive import Archive
from ui.examples import MAX_EXAMPLES, examples


def test_they_come_from_the_articles_and_are_answered(desk: Desk) -> None:
    made = examples(desk)
    assert len(made) == len(set(made)) == MAX_EXAMPLES
    for question in made:
        answer = desk.ask(Question(question))
        assert answer.status == "answered"
        assert question.startswith("What did ") or question in {quote.title for quote in answer.quotes}


def test_an_empty_archive_has_none(archive: Archive) -> None:
    assert examples(Desk(archive)) == []


@pytest.mark.parametrize(
    ("sentence", "question"),
    [
        ("Mara Lindqvist said the bridge would cost four million.", "What did Mara Lindqvist say?"),
        ("Mara Lindqvist, who runs the harbour, said it would cost four million.", "What did Mara Lindqvist say?"),
        ("The City Council said it would cost four million.", "What did the City Council say?"),
        ("The mayor said that the bridge would cost four million.", "Bridge"),
    ],
)
def test_who_is_quoted_is_asked_about(
    sentence: str, question: str, archive: Archive, write: Callable[..., Path]
) -> None:
    desk = Desk(archive)
    desk.add([str(write({"a.md": f"---\ntitle: Bridge\nsource: Herald\n---\n{sentence}"}))])
    assert question in examples(desk)
