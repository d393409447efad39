"""Serves the chat over a home with a reader that takes its time, or breaks: `slow_desk.py HOME PORT`."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path

from bot.desk import Desk
from bot.reader import Findings, ReadPassage, Told, statements
from bot.sentence_reader import SentenceReader
from index.archive import Archive
from ui.server import listening, run

SLOW_S = 60
BREAK = "break"


class SlowReader(SentenceReader):
    """Waits before it reads; breaks when it is asked to."""

    def read(self, query: str, passages: Sequence[ReadPassage], told: Told = statements) -> Findings:
        """What a SentenceReader finds, SLOW_S later."""
        if BREAK in query:
            raise ZeroDivisionError(query)
        time.sleep(SLOW_S)
        return super().read(query, passages, told)


if __name__ == "__main__":
    home, port = sys.argv[1:]
    with Archive(Path(home)) as archive:
        run(Desk(archive, reader=SlowReader(archive)), listening("127.0.0.1", int(port)))
