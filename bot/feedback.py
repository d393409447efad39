"""Whether people found an answer useful: one JSON object a line, in the home."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock

from bot.answer import Asker

FILE = "feedback.jsonl"
MAX_COMMENT_CHARS = 2_000


@dataclass(frozen=True, slots=True)
class Feedback:
    """What a person thought of the answer to `question`, which was searched for as `query`."""

    question: str
    query: str
    useful: bool
    comment: str = ""


class FeedbackLog:
    """Writes feedback down, and reads it again."""

    def __init__(self, home: Path) -> None:
        self._file, self._lock = home / FILE, Lock()

    def add(self, feedback: Feedback, asker: Asker) -> None:
        """Write one line, with the time in UTC."""
        at = datetime.now(UTC).isoformat(timespec="seconds")
        record = {"at": at, **asdict(asker), **asdict(feedback), "comment": feedback.comment[:MAX_COMMENT_CHARS]}
        line = json.dumps(record, ensure_ascii=True) + "\n"
        with self._lock, self._file.open("ab", buffering=0) as file:  # at once: other processes write there too
            file.write(line.encode("ascii"))

    def read(self) -> list[dict[str, object]]:
        """All that was written, oldest first."""
        if not self._file.exists():
            return []
        return [json.loads(line) for line in self._file.read_text("ascii").splitlines()]
