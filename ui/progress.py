"""What a person at a terminal sees while articles are read."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from tqdm import tqdm

    from bot.desk import Desk


class Bar:
    """A progress bar on standard error, on a terminal only."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._bar: tqdm[NoReturn] | None = None
        self._shown = sys.stderr.isatty()

    def __enter__(self) -> Bar:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.close()

    def show(self, done: int, total: int | None) -> None:
        """Move the bar to `done` of `total` articles."""
        if not self._shown:
            return
        if self._bar is None:
            from tqdm import tqdm

            self._bar = tqdm(total=total, desc=self._what, unit=" articles", dynamic_ncols=True, leave=False)
        self._bar.update(done - self._bar.n)


def filled(desk: Desk) -> Desk:
    """The desk with something to answer from: on an empty home, the articles that ship, which it says it reads."""
    if desk.is_empty:
        print(f"{desk.home} is empty: indexing the articles that ship with Quotedesk.", file=sys.stderr)
        with Bar("Indexing") as bar:
            desk.add_corpus(bar.show)
    return desk
