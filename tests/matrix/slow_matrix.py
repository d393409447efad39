"""`quotedesk matrix` with a reader that takes its time: `python -m tests.matrix.slow_matrix HOME SECONDS`."""

from __future__ import annotations

import sys
import time
from typing import Any

from bot.desk import Desk, reader_of
from bot.reader import Findings, Reader
from bot.settings import load
from index.archive import Archive
from index.embedder import MiniLM
from ui import matrix
from ui.async_desk import AsyncDesk
from ui.workspaces import alone


class SlowReader:
    """Another reader, after `seconds`."""

    def __init__(self, reader: Reader, seconds: float) -> None:
        self._reader, self._seconds = reader, seconds

    def read(self, *words: Any, **named: Any) -> Findings:
        time.sleep(self._seconds)
        return self._reader.read(*words, **named)


if __name__ == "__main__":
    home, seconds = sys.argv[1:]
    settings = load(home)
    with (
        Archive(settings.home, embedder=MiniLM()) as archive,
        Desk(archive, reader=SlowReader(reader_of(archive), float(seconds))) as desk,
    ):
        alone(matrix.run, AsyncDesk(desk), settings)
