"""Make the reader that ships in `bot/models/` from what `scripts/train_reader.py` left, and print what it scores.

    make reader

The scores are those of the graph that ships, read as the program reads, over articles that training never saw.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic

from bot.score import exact_match, f1
from bot.span_model import GRAPH, SpanModel
from scripts.minilm import published, sha256
from scripts.reader_data import FILES, Example, Split, squad
from scripts.train_reader import SpanReader

KEPT = (0.95, 0.9, 0.85, 0.8, 0.7)


def main() -> None:
    """Export, quantize, score."""
    parser = argparse.ArgumentParser(description="Make the reader that ships.")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--work", type=Path, default=Path("build/reader"))
    parser.add_argument("--split", choices=["dev", "test"], default="test")
    parser.add_argument("--score-only", type=Path, help="score this graph and make none")
    arguments = parser.parse_args()
    if arguments.score_only:
        report(arguments.score_only, arguments.data, arguments.split)
        return
    model = SpanReader(published())
    model.load_state_dict(torch.load(arguments.work / "reader.pt", weights_only=True))
    with tempfile.TemporaryDirectory() as scratch:
        plain = Path(scratch) / "fp32.onnx"
        export(model, plain)
        GRAPH.parent.mkdir(exist_ok=True)
        quantize_dynamic(plain, GRAPH, weight_type=QuantType.QInt8, per_channel=True, nodes_to_exclude=["/head/MatMul"])
        report(plain, arguments.data, arguments.split)
    report(GRAPH, arguments.data, arguments.split)


def export(model: SpanReader, target: Path) -> None:
    """Write the graph: input_ids and segments (batch, length) to logits (batch, length, 4)."""
    example = torch.ones((2, 8), dtype=torch.int64)
    torch.onnx.export(
        model.eval(),
        (example, example),
        str(target),
        input_names=["input_ids", "segments"],
        output_names=["logits"],
        dynamic_axes={name: {0: "batch", 1: "length"} for name in ("input_ids", "segments", "logits")},
        opset_version=17,
        dynamo=False,
    )


def report(graph: Path, data: Path, split: Split) -> None:
    """Print the scores of one graph."""
    digest = sha256(graph)
    model = SpanModel(graph=graph, sha256=digest)
    print(f"{graph.name}: {graph.stat().st_size:,} bytes, sha256 {digest}")
    for kind in FILES:
        asked = list(squad(data, kind, split))
        best = read(model, asked)
        held = [(e, text) for e, (text, _) in zip(asked, best, strict=True) if e.answers]
        golds = [[e.text[s.start : s.end] for spans in e.answers for s in spans] for e, _ in held]
        exact = np.mean([exact_match(text, gold) for (_, text), gold in zip(held, golds, strict=True)])
        overlap = np.mean([f1(text, gold) for (_, text), gold in zip(held, golds, strict=True)])
        print(f"  {kind}: EM {exact:.1%}, F1 {overlap:.1%} over {len(held):,} answerable questions")
        if len(held) < len(asked):
            scores = np.array([score for _, score in best])
            answerable = np.array([bool(e.answers) for e in asked])
            for share in KEPT:
                least = np.quantile(scores[answerable], 1 - share)
                refused = (scores[~answerable] < least).mean()
                print(f"    keeping {share:.0%} of them (score {least:.2f}) refuses {refused:.1%} of the rest")


def read(model: SpanModel, asked: Sequence[Example]) -> list[tuple[str, float]]:
    """The best span's text and score for each question; ("", -inf) where there is none."""
    found = []
    for example in asked:
        (reading,) = model.read([example.question], [(example.title, example.text)])
        best = reading[0] if reading else None
        found.append((example.text[best.start : best.end], best.score) if best else ("", -np.inf))
    return found


if __name__ == "__main__":
    main()
