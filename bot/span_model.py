"""The bundled span reader: a question and a text in; the places in the text that answer it out, by an int8 ONNX graph.

`models/MODEL_CARD.md` says how it was trained and what it scored.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from index.embedder import tokenizer
from index.graphs import checked, cores, session
from index.passages import Span

GRAPH = Path(__file__).parent / "models" / "minilm-reader.int8.onnx"
GRAPH_SHA256 = "c07c4da46bd8147b7abb254340f386cccc72d5dedce0244322e367ffd6ef1c06"
MAX_QUESTION, MAX_TITLE, MAX_TOKENS = 48, 24, 320
"""Word pieces that are read of a question, of a title, and of all, markers included."""
MAX_SPAN_TOKENS, MAX_SPANS = 30, 5
"""The longest answer, and how many are given for one text."""
CLS, SEP = 101, 102
_START, _END, _BEGIN, _INSIDE = range(4)


@dataclass(frozen=True, slots=True)
class ScoredSpan:
    """A place in the text, `text[start:end]`, with its log odds of being the answer over there being none."""

    start: int
    end: int
    score: float


@dataclass(frozen=True, slots=True)
class Reading:
    """What one text says to a question.

    `spans` do not overlap, best first. `items` are the members of an answer that is a list, in their order in the text;
    their scores are chances (0..1).
    """

    spans: tuple[ScoredSpan, ...]
    items: tuple[ScoredSpan, ...]


class SpanModel:
    """Reads `threads` texts at a time, each on one core; all cores when None. It loads in the background."""

    def __init__(self, threads: int | None = None, graph: Path = GRAPH, sha256: str = GRAPH_SHA256) -> None:
        self._pool = ThreadPoolExecutor(threads or cores(), thread_name_prefix="read")
        self._session = self._pool.submit(lambda: session(checked(graph, sha256)))

    def read(self, questions: Sequence[str], texts: Sequence[tuple[str, str]]) -> list[Reading]:
        """What each (title, text) says to its question; up to MAX_TOKENS are read, question and title included."""
        if not texts:
            return []
        asked = _tokens(questions)
        titles = _tokens([title for title, _ in texts])
        bodies = tokenizer().encode_batch([text for _, text in texts], add_special_tokens=False)

        def one(place: int) -> Reading:
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
        loaded: ort.InferenceSession = self._session.result()
        inputs = {"input_ids": np.array([ids], np.int64), "segments": np.array([segments], np.int64)}
        logits: NDArray[np.float32] = loaded.run(None, inputs)[0][0]
        return logits[len(before) : -1], float(logits[0, _START] + logits[0, _END])


def _tokens(texts: Sequence[str]) -> list[list[int]]:
    return [encoding.ids for encoding in tokenizer().encode_batch(list(texts), add_special_tokens=False)]


def decoded(logits: NDArray[np.float32], nothing: float, offsets: NDArray[np.int64]) -> Reading:
    """Logits of a text's tokens (n, 4) and their (start, end) offsets (n or more, 2) to places in the text."""
    count = len(logits)
    if not count:
        return Reading((), ())
    scores = logits[:, _START, None] + logits[None, :, _END]
    allowed = np.tri(count, k=MAX_SPAN_TOKENS - 1, dtype=bool) & ~np.tri(count, k=-1, dtype=bool)
    scores = np.where(allowed, scores, -np.inf)
    spans: list[ScoredSpan] = []
    taken = np.zeros(count, bool)
    tried = min(4 * MAX_SPAN_TOKENS, scores.size)
    best = np.argpartition(-scores, tried - 1, axis=None)[:tried]
    for flat in best[np.argsort(-scores.ravel()[best], kind="stable")]:
        start, end = divmod(int(flat), count)
        if not np.isfinite(scores[start, end]) or len(spans) == MAX_SPANS:
            break
        if not taken[start : end + 1].any():
            taken[start : end + 1] = True
            spans.append(ScoredSpan(int(offsets[start, 0]), int(offsets[end, 1]), float(scores[start, end]) - nothing))
    return Reading(tuple(spans), _items(_chance(logits[:, _BEGIN]), _chance(logits[:, _INSIDE]), offsets))


def _chance(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    return (1 / (1 + np.exp(-logits))).astype(np.float32)


LEAST_INSIDE, LEAST_BEGIN = 0.5, 0.5


def _items(
    begin: NDArray[np.float32],
    inside: NDArray[np.float32],
    offsets: NDArray[np.int64],
    least_inside: float = LEAST_INSIDE,
    least_begin: float = LEAST_BEGIN,
) -> tuple[ScoredSpan, ...]:
    """Runs of tokens inside an answer, parted where another begins."""
    found: list[Span] = []
    for place in np.flatnonzero(inside > least_inside):
        if found and found[-1].end == place and begin[place] <= least_begin:
            found[-1] = Span(found[-1].start, int(place) + 1)
        else:
            found.append(Span(int(place), int(place) + 1))
    return tuple(
        ScoredSpan(int(offsets[s.start, 0]), int(offsets[s.end - 1, 1]), float(inside[s.start : s.end].mean()))
        for s in found
    )
