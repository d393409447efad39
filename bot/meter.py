"""What a desk tells whoever measures it: the questions, how they ended, and how long each stage took."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Literal, Protocol

Stage = Literal["waiting", "understanding", "retrieving", "reading", "composing"]
Outcome = Literal["answered", "unanswered", "refused", "failed"]
"""refused: the person asked too much, or too many were waiting; failed: there was an error, or nobody waited for it."""


class Meter(Protocol):
    """Anything that keeps such figures."""

    def ended(self, surface: str, outcome: Outcome) -> None:
        """A question that came from `surface` ended so."""

    def stage(self, name: Stage) -> AbstractContextManager[object]:
        """To be entered for as long as the stage lasts."""


class Unmetered:
    """Keeps none."""

    def ended(self, surface: str, outcome: Outcome) -> None:
        """Nothing is kept."""

    def stage(self, name: Stage) -> AbstractContextManager[object]:
        """Nothing is measured."""
        return nullcontext()
