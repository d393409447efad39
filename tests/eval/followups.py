"""Follow-ups made to stand alone, on CANARD (Elgohary et al., 2019): BLEU and ROUGE-1 recall against a human's rewrite.

The conversation is about a Wikipedia article, whose title is its topic. The conversations are dealt into two halves by
a hash: the rules were chosen on `tuned`, of `held out` only these figures were looked at.
"""

from __future__ import annotations

import json
import re
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import sacrebleu

from bot.followup import Turn, stand_alone

_IN_BRACKETS = re.compile(r"\s*\([^)]*\)")
_FIRST_PRONOUN = re.compile(r"\b(?:he|him|his|she|her|hers|it|its|they|them|their|theirs)\b", re.IGNORECASE)
_NO_ANSWER = "i don't know"


@dataclass(frozen=True)
class FollowUp:
    """A question in its conversation, and how a person would ask it alone."""

    text: str
    turns: list[Turn]
    title: str
    rewrite: str
    half: str


def rows(data: Path) -> Iterator[tuple[str, ...]]:
    """What is rewritten, by which rule, on which half: questions, BLEU, ROUGE-1 recall (both in hundredths)."""
    found = list(follow_ups(data))
    rules: dict[str, Callable[[FollowUp], str]] = {
        "as asked": lambda one: one.text,
        "title for the first pronoun": lambda one: _FIRST_PRONOUN.sub(lambda _: one.title, one.text, count=1),
        "Quotedesk": lambda one: stand_alone(one.text, one.turns, topic=_IN_BRACKETS.sub("", one.title)),
    }
    for half in ("tuned", "held out", "all"):
        chosen = [one for one in found if half in (one.half, "all")]
        for name, rule in rules.items():
            written = [rule(one) for one in chosen]
            wanted = [one.rewrite for one in chosen]
            bleu = sacrebleu.corpus_bleu(written, [wanted], lowercase=True).score
            recall = sum(map(rouge_1_recall, written, wanted)) / len(chosen)
            yield name, half, f"{len(chosen):,}", f"{bleu:.1f}", f"{100 * recall:.1f}"


def follow_ups(data: Path) -> Iterator[FollowUp]:
    """Every question of CANARD's file."""
    for record in json.loads((data / "follow-ups" / "canard.json").read_text("utf-8")):
        title, _, *said = record["History"]
        turns = [
            Turn(question, () if answer.lower().startswith(_NO_ANSWER) else (answer,))
            for question, answer in zip(said[::2], said[1::2], strict=True)
        ]
        half = "tuned" if zlib.crc32(f"canard{record['QuAC_dialog_id']}".encode()) % 2 == 0 else "held out"
        yield FollowUp(record["Question"], turns, title, record["Rewrite"], half)


def rouge_1_recall(written: str, wanted: str) -> float:
    """The share (0..1) of the words of `wanted` that are in `written`."""
    held, words = (Counter(re.findall(r"[a-z0-9]+", text.lower())) for text in (written, wanted))
    return (held & words).total() / max(words.total(), 1)
