"""What was answered lately, and how a question that leans on it is put so that it stands alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from bot.answer import Answer, Question
from bot.followup import RECENT, Turn, leans, stand_alone
from bot.question import MAX_CHARS
from index.archive import Archive

REMEMBERED = 500
"""Answers whose words are kept for the follow-ups to them; no question is ever answered from these."""
REMEMBERED_TURNS = 20
"""Questions before this one that are looked at: each may lean on the one before it."""


class Memory:
    """The words of the last answers from `archive`; `ask` finds again what is not, or no longer, remembered."""

    def __init__(self, archive: Archive, ask: Callable[[Question], Answer]) -> None:
        self._archive, self._ask = archive, ask
        self._remembered: dict[tuple[object, ...], tuple[str, ...]] = {}

    def stand_alone(self, question: Question) -> str:
        """The query: the question, with what it leans on in those before it and in their answers."""
        if not question.after or not leans(question.text, self._archive.is_name):
            return question.text
        turns: list[Turn] = []
        earlier = [text for text in question.after if any(map(str.isalnum, text))][-REMEMBERED_TURNS:]
        for place, text in enumerate(earlier):
            query = stand_alone(text, turns, self._archive.is_name)[:MAX_CHARS]
            is_recent = place >= len(earlier) - RECENT
            turns.append(Turn(query, self._told(replace(question, text=query, after=()), ask=is_recent)))
        return stand_alone(question.text, turns, self._archive.is_name)[:MAX_CHARS]

    def remember(self, answer: Answer, question: Question, generation: tuple[int, int]) -> None:
        """Keep what was answered to `question`, asked when the archive was of that generation."""
        self._remembered[self._key(answer.query, question, generation)] = tuple(
            finding.text for finding in answer.answers
        )
        while len(self._remembered) > REMEMBERED:
            self._remembered.pop(next(iter(self._remembered)), None)

    def _told(self, question: Question, *, ask: bool) -> tuple[str, ...]:
        """What was answered to a question of this conversation; when that was not here, or long ago, it may `ask`."""
        known = self._remembered.get(self._key(question.text, question, self._archive.generation), None if ask else ())
        if known is None:
            known = tuple(finding.text for finding in self._ask(question).answers)
        return known

    @staticmethod
    def _key(query: str, question: Question, generation: tuple[int, int]) -> tuple[object, ...]:
        return query, question.scope, question.asked, generation
