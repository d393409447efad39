"""`make eval`: one table of what is reached on public benchmarks, whose data lie in a folder of their own.

python -m tests.eval [--data FOLDER]
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable
from pathlib import Path

from tests.eval import followups

ROOT = Path(__file__).parents[2]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="make eval", description=__doc__)
    default = os.environ.get("EVAL_DATA", str(ROOT.parent / "shared" / "data"))
    parser.add_argument("--data", type=Path, default=Path(default))
    arguments = parser.parse_args()
    if not arguments.data.is_dir():
        sys.exit(f"no folder {arguments.data}: give --data or EVAL_DATA")
    show(("follow-ups, CANARD", "half", "questions", "BLEU", "ROUGE-1 recall"), followups.rows(arguments.data))


def show(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> None:
    """Print a Markdown table."""
    print("| " + " | ".join(head) + " |")
    print("|" + "|".join("---:" if place > 1 else "---" for place in range(len(head))) + "|")
    for row in rows:
        print("| " + " | ".join(row) + " |")
    print()


if __name__ == "__main__":
    main()
