"""The bundled span reader: a question and a text in; the places in the text that answer it out, by an int8 ONNX graph.

`models/MODEL_CARD.md` says how it was trained and what it scored.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.embedder import tokenizer
from index.graphs import Session, checked, cores, session

GRAPH = Path(__file__).parent / "models" / "minilm-reader.int8.onnx"
GRAPH_SHA256 = "c07c4da46bd8147b7abb254340f386cccc72d5dedce0244322e367ffd6ef1c06"
MAX_QUESTION, MAX_TITLE, MAX_TOKENS = 48, 24, 320
"""Word pieces that are read of a question, of a title, and of all, markers included."""
MAX_SPAN_TOKENS, MAX_SPANS = 30, 5
"""The longest answer, and how many are given for one text."""
CLS, SEP = 101, 102
_START, _END = range(2)
"""Of the graph's four logits a token; the others, of list members, were of no use (the model card)."""


@dataclass(frozen=True, slots=True)
class ScoredSpan:
    """A place in the text, `text[start:end]`, with its log odds of being the answer over there being none."""

    start: int
    end: int
    score: float


class SpanModel:
    """Reads `threads` texts at a time, each on one core; all cores when None. It loads in the background."""

    def __init__(self, threads: int | None = None, graph: Path = GRAPH, sha256: str = GRAPH_SHA256) -> None:
        self._pool = ThreadPoolExecutor(threads or cores(), thread_name_prefix="read")
        self._session = self._pool.submit(lambda: session(checked(graph, sha256)))

    def read(self, questions: Sequence[str], texts: Sequence[tuple[str, str]]) -> list[tuple[ScoredSpan, ...]]:
        """The places of each (title, text) that may answer its question, apart from each other, best first.

        Up to MAX_TOKENS are read, question and title included.
        """
        if not texts:
            return []
        asked = _tokens(questions)
        titles = _tokens([title for title, _ in texts])
        bodies = tokenizer().encode_batch([text for _, text in texts], add_special_tokens=False)

        def one(place: int) -> tuple[ScoredSpan, ...]:
            body = bodies[place]
            logits, nothing = self._logits(asked[place][:MAX_QUESTION], titles[place][:MAX_TITLE], body.ids)
            return decoded(logits, nothing, np.array(body.offsets, np.int64).reshape(-1, 2))

        longest_first = sorted(range(len(texts)), key=lambda place: -len(bodies[place].ids))
        read = dict(zip(longest_first, self._pool.map(one, longest_first), strict=True))
        return [read[place] for place in range(len(texts))]

    def _logits(self, asked: list[int], title: list[int], body: list[int]) -> tuple[NDArray[np.float32], float]:
        """Logits of the text's tokens (n, 4), and what "no answer" scores."""
        before = [CLS, *asked, SEP, *title, SEP]
        ids = [*before, *body[: MAX_TOKENS - len(before) - 1], SEP]
        segments = [0] * len(before) + [1] * (len(ids) - len(before))
        loaded: Session = self._session.result()
        inputs = {"input_ids": np.array([ids], np.int64), "segments": np.array([segments], np.int64)}
        logits: NDArray[np.float32] = loaded.run(None, inputs)[0][0]
        return logits[len(before) : -1], float(logits[0, _START] + logits[0, _END])


def _tokens(texts: Sequence[str]) -> list[list[int]]:
    return [encoding.ids for encoding in tokenizer().encode_batch(list(texts), add_special_tokens=False)]


def decoded(logits: NDArray[np.float32], nothing: float, offsets: NDArray[np.int64]) -> tuple[ScoredSpan, ...]:
    """Logits of a text's tokens (n, 2 or more) and their (start, end) offsets (n or more, 2) to places in the text."""
    count = len(logits)
    if not count:
        return ()
    ends = np.pad(logits[:, _END], (0, MAX_SPAN_TOKENS - 1), constant_values=-np.inf)
    scores = logits[:, _START, None] + np.lib.stride_tricks.sliding_window_view(ends, MAX_SPAN_TOKENS)
    spans: list[ScoredSpan] = []
    taken = np.zeros(count, bool)
    tried = min(4 * MAX_SPAN_TOKENS, scores.size)
    best = np.argpartition(-scores, tried - 1, axis=None)[:tried]
    for flat in best[np.argsort(-scores.ravel()[best], kind="stable")]:
        start, more = divmod(int(flat), MAX_SPAN_TOKENS)
        if not np.isfinite(scores[start, more]) or len(spans) == MAX_SPANS:
            break
        end = start + more
        if not taken[start : end + 1].any():
            taken[start : end + 1] = True
            spans.append(ScoredSpan(int(offsets[start, 0]), int(offsets[end, 1]), float(scores[start, more]) - nothing))
    return tuple(spans)
