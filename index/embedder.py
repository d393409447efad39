"""The bundled embedder: all-MiniLM-L6-v2 as an int8 ONNX graph, run by onnxruntime on the CPU.

`models/MODEL_CARD.md` says where the weights come from and what was measured.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from index.graphs import Session, checked, cores, session

MODELS = Path(__file__).parent / "models"
GRAPH, GRAPH_SHA256 = "all-minilm-l6-v2.int8.onnx", "489e3a28c3e9929f4885fadbc822901d312027761ac4a79c91db1e914afa86df"
VOCABULARY, VOCABULARY_SHA256 = "tokenizer.json", "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"
MAX_TOKENS = 256
"""Word pieces of a text that the model reads, its two markers included; what is beyond is not seen."""


class Embedder(Protocol):
    """Anything that turns texts into vectors whose dot product is their likeness."""

    name: str
    """Which model made the vectors; an archive refuses vectors of another."""
    dimensions: int

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors of shape (len(texts), dimensions)."""


class MiniLM:
    """The bundled embedder. `threads` texts are embedded at a time, each on one core; all cores when None.

    It loads in the background, in about a quarter of a second, and the first text waits for it. The files' hashes are
    checked then: DamagedModelError when they differ from the released ones.
    """

    name = f"all-MiniLM-L6-v2 int8 {GRAPH_SHA256[:12]}"
    dimensions = 384

    def __init__(self, threads: int | None = None) -> None:
        self._pool = ThreadPoolExecutor(threads or cores(), thread_name_prefix="embed")
        self._session = self._pool.submit(_load)

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors of shape (len(texts), 384). A text is read up to MAX_TOKENS word pieces."""
        if not texts:
            return np.empty((0, self.dimensions), dtype=np.float32)
        encodings = tokenizer().encode_batch(list(texts))
        ids = [encoding.ids[: MAX_TOKENS - 1] + encoding.ids[-1:] for encoding in encodings]
        # One text a call and a call a core: nothing is padded, and no core waits for another.
        run = map if len(ids) == 1 else self._pool.map
        return np.concatenate(list(run(self._embed_one, ids)))

    def _embed_one(self, ids: list[int]) -> NDArray[np.float32]:
        inputs = {"input_ids": np.array([ids], dtype=np.int64)}
        vectors: NDArray[np.float32] = self._session.result().run(None, inputs)[0]
        return vectors


def _load() -> Session:
    tokenizer()
    return session(checked(MODELS / GRAPH, GRAPH_SHA256))


def token_offsets(text: str) -> list[tuple[int, int]]:
    """The (start, end) of each word piece of `text`, in code points, without the model's markers."""
    offsets: list[tuple[int, int]] = tokenizer().encode(text, add_special_tokens=False).offsets
    return offsets


@cache
def tokenizer() -> Tokenizer:
    """The embedder's word-piece tokenizer, which neither pads nor cuts."""
    loaded = Tokenizer.from_str(checked(MODELS / VOCABULARY, VOCABULARY_SHA256).decode("utf-8"))
    loaded.no_padding()
    loaded.no_truncation()
    return loaded
