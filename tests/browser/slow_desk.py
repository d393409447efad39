"""Serves the chat over a home with a reader that takes its time, or breaks: `slow_desk.py HOME PORT`."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence

from bot.admission import Admission
from bot.desk import Desk
from bot.reader import Findings, ReadPassage, Told, statements
from bot.sentence_reader import SentenceReader
from bot.settings import Settings
from index.archive import Archive
from ui.call import log
from ui.gate import Access
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
    log()
    settings = Settings(home=home)
    with Archive(settings.home) as archive:
        admission = Admission(at_once=50)  # a question that was stopped is read to its end, and holds its place so long
        desk = Desk(archive, reader=SlowReader(archive), admission=admission)
        run(desk, listening("127.0.0.1", int(port)), Access.of(settings))
