"""`make eval`: one table of what is reached on public benchmarks, whose data lie in a folder of their own.

python -m tests.eval [--data FOLDER] [--home FOLDER]
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable
from pathlib import Path

from tests.eval import followups, names, reading, realtimeqa

ROOT = Path(__file__).parents[2]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="make eval", description=__doc__)
    default = os.environ.get("EVAL_DATA", str(ROOT.parent / "shared" / "data"))
    parser.add_argument("--data", type=Path, default=Path(default))
    home = ROOT / ".bench" / "home-all"
    parser.add_argument("--home", type=Path, default=home, help="the archive of RealTimeQA's articles, made when empty")
    arguments = parser.parse_args()
    if not arguments.data.is_dir():
        sys.exit(f"no folder {arguments.data}: give --data or EVAL_DATA")
    data = arguments.data
    show(("follow-ups, CANARD", "half", "questions", "BLEU", "ROUGE-1 recall"), followups.rows(data))
    show(("spellings of names", "of one name", "found", "of others", "taken for one"), names.rows(data))
    show(("reading", "questions", "EM", "F1", "refused, 0.8 kept"), reading.rows(data))
    show(("lists, MultiSpanQA", "questions", "precision", "recall", "exact-match F1"), reading.list_rows(data))
    head = ("RealTimeQA 2023", "questions", "EM", "F1", "quote recall@3", "not answered", "passage@10", "went wrong in")
    show(head, realtimeqa.rows(data / "realtimeqa-2023", arguments.home))


def show(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> None:
    """Print a Markdown table."""
    print("| " + " | ".join(head) + " |")
    print("|" + "|".join("---:" if place else "---" for place in range(len(head))) + "|")
    for row in rows:
        print("| " + " | ".join(row) + " |")
    print()


if __name__ == "__main__":
    main()
