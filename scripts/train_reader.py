"""Train the reader that ships in `bot/models/`: MiniLM, taught to point at answers and to say when there is none.

    make reader

See `scripts/reader_data.py` for what it learns from. Each token gets four logits: start and end of the answer (softmax
over the text and the first marker, which stands for "no answer"), begin and inside of an answer (one sigmoid each, for
lists). All annotators count: the target is the share of them who chose a token. Training begins with short windows of
the texts, for speed, and ends with whole ones; the weights that are kept are a moving average. It saves itself as it
goes and starts again where it stopped. `scripts/build_reader.py` makes the graph that ships from what it leaves.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor, nn

from bot.span_model import CLS, MAX_QUESTION, MAX_TITLE, MAX_TOKENS, SEP
from index.passages import Span, sentences
from scripts.minilm import WIDTH, Encoder, published
from scripts.reader_data import Example, items, moved, qamr, retrieved, squad, swapped
from scripts.twists import twisted

PAD = 0
START, END, BEGIN, INSIDE = range(4)
TOKENIZER = Path(__file__).parents[1] / "index" / "models" / "tokenizer.json"


class SpanReader(nn.Module):
    """Token ids and segments (batch, length) to four logits a token, (batch, length, 4)."""

    def __init__(self, weights: dict[str, Tensor], dropout: float = 0.1) -> None:
        super().__init__()
        self.encoder = Encoder(weights, two_segments=True, dropout=dropout)
        self.head = nn.Linear(WIDTH, 4)
        nn.init.normal_(self.head.weight, std=0.02)
        nn.init.zeros_(self.head.bias)

    def forward(self, input_ids: Tensor, segments: Tensor, mask: Tensor | None = None) -> Tensor:
        logits: Tensor = self.head(self.encoder(input_ids, segments, mask))
        return logits


@dataclass(frozen=True, slots=True)
class Encoded:
    """An example as the network sees it: `first` is the place of the text's first token.

    `spans` are (start, end, weight) in tokens, ends inclusive, weights summing to 1; (0, 0, 1) means no answer. `tags`
    are (start, end, weight) of single items.
    """

    ids: list[int]
    first: int
    spans: list[tuple[int, int, float]]
    tags: list[tuple[int, int, float]]


def encode(tokenizer: Tokenizer, example: Example, window: int, draw: random.Random) -> Encoded | None:
    """`example` with its text cut to sentences of at most `window` tokens around an answer; None when that fails."""
    question = tokenizer.encode(example.question, add_special_tokens=False).ids[:MAX_QUESTION]
    title = tokenizer.encode(example.title, add_special_tokens=False).ids[:MAX_TITLE]
    text = tokenizer.encode(example.text, add_special_tokens=False)
    places = np.array(text.offsets).reshape(-1, 2)
    if len(places) > window:
        span = _window(example, places, window, draw)
        kept = np.flatnonzero((places[:, 0] >= span.start) & (places[:, 1] <= span.end))[:window]
    else:
        kept = np.arange(len(places))
    if not len(kept):
        return None
    ids = [CLS, *question, SEP, *title, SEP]
    first = len(ids)
    ids += [text.ids[n] for n in kept] + [SEP]
    starts, ends = places[kept, 0], places[kept, 1]
    spans, tags = [], []
    share = 1 / max(len(example.answers), 1)
    for answer in example.answers:
        longest = max(answer, key=lambda one: one.end - one.start)
        if found := _tokens(longest, starts, ends, first):
            spans.append((*found, share))
        parts = items(example.text, longest) if len(answer) == 1 else answer
        tags += [(*found, share) for part in parts if (found := _tokens(part, starts, ends, first))]
    if example.answers and not spans:
        return None
    total = sum(weight for *_, weight in spans)
    spans = [(start, end, weight / total) for start, end, weight in spans] or [(0, 0, 1.0)]
    return Encoded(ids, first, spans, tags) if len(ids) <= MAX_TOKENS else None


def _tokens(span: Span, starts: NDArray[np.int64], ends: NDArray[np.int64], first: int) -> tuple[int, int] | None:
    inside = np.flatnonzero((starts < span.end) & (ends > span.start))
    if not len(inside) or starts[inside[0]] > span.start or ends[inside[-1]] < span.end:
        return None
    return int(inside[0]) + first, int(inside[-1]) + first


def _window(example: Example, places: NDArray[np.int64], window: int, draw: random.Random) -> Span:
    """A run of sentences, at random, with an answer in it when there is one."""
    found = sentences(example.text)
    sizes = [int(((places[:, 0] >= s.start) & (places[:, 1] <= s.end)).sum()) for s in found]
    target = draw.choice(draw.choice(example.answers)) if example.answers else example.near
    if target:
        first = next((n for n, s in enumerate(found) if s.end > target.start), 0)
        last = next((n for n, s in enumerate(found) if s.end >= target.end), len(found) - 1)
    else:
        first = last = draw.randrange(len(found))
    while True:
        total = sum(sizes[first : last + 1])
        sides = [
            n
            for n in (first - 1, last + 1)
            if 0 <= n < len(found) and total + sizes[n] <= window and n not in (first, last)
        ]
        if not sides:
            return Span(found[first].start, found[last].end)
        side = draw.choice(sides)
        first, last = min(first, side), max(last, side)


@dataclass(frozen=True, slots=True)
class Batch:
    """Padded tensors: `ids`, `segments`, `mask` (batch, length); `targets` (batch, length, 4)."""

    ids: Tensor
    segments: Tensor
    mask: Tensor
    text: Tensor
    targets: Tensor


def batch(encoded: Sequence[Encoded]) -> Batch:
    """The examples side by side."""
    length = max(len(one.ids) for one in encoded)
    ids = torch.full((len(encoded), length), PAD)
    segments = torch.zeros((len(encoded), length), dtype=torch.int64)
    targets = torch.zeros((len(encoded), length, 4))
    mask = torch.zeros((len(encoded), length), dtype=torch.bool)
    for row, one in enumerate(encoded):
        size = len(one.ids)
        ids[row, :size] = torch.tensor(one.ids)
        segments[row, one.first : size] = 1
        mask[row, :size] = True
        for start, end, weight in one.spans:
            targets[row, start, START] += weight
            targets[row, end, END] += weight
        for start, end, weight in one.tags:
            targets[row, start, BEGIN] += weight
            targets[row, start : end + 1, INSIDE] += weight
    text = (segments == 1) & mask & (ids != SEP)
    return Batch(ids, segments, mask, text, targets.clamp(max=1))


def loss_of(logits: Tensor, given: Batch) -> Tensor:
    """Cross-entropy of start and end, and ten times that of the two tags, most of which are blank."""
    allowed = given.text.clone()
    allowed[:, 0] = True
    ends = logits[..., :2].masked_fill(~allowed.unsqueeze(-1), -1e4)
    spans = -(given.targets[..., :2] * ends.log_softmax(1)).sum((1, 2)).mean() / 2
    tags = nn.functional.binary_cross_entropy_with_logits(
        logits[..., 2:][given.text], given.targets[..., 2:][given.text]
    )
    return spans + 10 * tags


@dataclass(frozen=True)
class Phase:
    """A stretch of training: windows of at most `window` tokens, and how often each kind of example is seen in it."""

    window: int
    shares: dict[str, float]


_EVERY = {"wiki": 1.0, "reddit": 1.0, "amazon": 1.0, "squad2": 1.0}
_SOME = {"wiki": 1.0, "reddit": 0.4, "amazon": 0.4, "squad2": 3.0}
_WINDOWS = {"wiki": 1.0, "reddit": 0.2, "amazon": 0.2, "squad2": 1.0}
PHASES = {
    "short": Phase(72, {**_EVERY, "qamr": 1.0, "swapped": 0.3, "moved": 0.1}),
    "middle": Phase(128, {**_EVERY, "qamr": 0.5, "swapped": 0.4, "moved": 0.1}),
    "whole": Phase(256, {**_EVERY, "qamr": 0.2, "swapped": 0.5, "moved": 0.1}),
    "windows": Phase(80, {**_WINDOWS, "qamr": 0.15, "swapped": 0.1, "twisted": 0.1, "retrieved": 0.55}),
    "hard": Phase(144, {**_SOME, "qamr": 0.1, "swapped": 0.2, "moved": 0.2, "twisted": 0.35}),
}


def batches(examples: Sequence[Encoded], tokens: int, draw: random.Random) -> list[list[Encoded]]:
    """Examples of like length together, at most `tokens` with their padding; in random order."""
    order = sorted(examples, key=lambda one: (len(one.ids), draw.random()))
    found: list[list[Encoded]] = [[]]
    for one in order:
        if found[-1] and (len(found[-1]) + 1) * len(one.ids) > tokens:
            found.append([])
        found[-1].append(one)
    draw.shuffle(found)
    return found


def gather(data: Path, phase: Phase, number: int, tokenizer: Tokenizer) -> list[Encoded]:
    """What one phase learns from; the same whenever it is asked for."""
    draw = random.Random(number)
    own = {kind: list(squad(data, kind, "train")) for kind in ("wiki", "reddit", "amazon", "squad2")}
    asked = [example for examples in own.values() for example in examples]
    kinds = {**own, "qamr": list(qamr(data, "train")), "swapped": swapped(asked, draw)}
    if "twisted" in phase.shares:
        kinds["twisted"] = twisted(asked, draw)
    if "retrieved" in phase.shares:
        kinds["retrieved"] = retrieved([*own["wiki"], *own["squad2"], *own["reddit"], *kinds["qamr"]], draw)
    chosen = []
    for kind, examples in kinds.items():
        times, rest = divmod(phase.shares.get(kind, 0), 1)
        chosen += int(times) * examples + draw.sample(examples, round(rest * len(examples)))
    everything = [*asked, *kinds["qamr"]]
    chosen += moved(draw.sample(everything, round(phase.shares.get("moved", 0) * len(everything))), draw)
    encoded = [encode(tokenizer, example, phase.window, draw) for example in chosen]
    return [one for one in encoded if one]


def train(arguments: argparse.Namespace) -> None:
    """All phases, one learning rate over them: up over the first twentieth, down to zero at the end."""
    torch.manual_seed(arguments.seed)
    torch.set_flush_denormal(True)
    tokenizer = Tokenizer.from_file(str(TOKENIZER))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    model = SpanReader(published())
    if arguments.start:
        model.load_state_dict(torch.load(arguments.start, weights_only=True))
    trained = [weight for weight in model.parameters() if weight.requires_grad]
    average = [weight.detach().clone() for weight in trained]
    optimizer = torch.optim.AdamW(trained, lr=arguments.rate, weight_decay=0.01, fused=True)
    plan: list[list[Encoded]] = []
    for number, name in enumerate(arguments.phases):
        phase = PHASES[name]
        draw = random.Random(arguments.seed * 100 + number)
        encoded = gather(arguments.data, phase, arguments.seed * 100 + number, tokenizer)
        found = batches(encoded, arguments.tokens, draw)
        size = sum(len(one.ids) for one in encoded)
        print(f"{name}: {len(encoded):,} examples, {size:,} tokens, {len(found):,} steps", flush=True)
        plan += found
    saved = arguments.work / "state.pt"
    done = 0
    if saved.exists():
        state = torch.load(saved, weights_only=True)
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        average, done = state["average"], state["step"]
    model.train()
    started, seen, losses = time.perf_counter(), 0, []
    for step in range(done, len(plan)):
        share = step / len(plan)
        for group in optimizer.param_groups:
            group["lr"] = arguments.rate * min(share / 0.05, (1 - share) / 0.95)
        given = batch(plan[step])
        loss = loss_of(model(given.ids, given.segments, given.mask), given)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(trained, 1.0)
        optimizer.step()
        keep = min(0.998, 1 - 1 / (step + 1))
        torch._foreach_lerp_(average, [weight.detach() for weight in trained], 1 - keep)
        losses.append(loss.item())
        seen += int(given.mask.sum())
        if step % 100 == 99:
            rate = seen / (time.perf_counter() - started)
            print(f"step {step + 1:,} of {len(plan):,}: loss {np.mean(losses):.3f}, {rate:,.0f} tokens/s", flush=True)
            losses.clear()
        if step % 200 == 199 or step + 1 == len(plan):
            _save(saved, model, optimizer, average, step + 1)
    if done < len(plan):
        for weight, mean in zip(trained, average, strict=True):
            weight.data = mean
        torch.save(model.state_dict(), arguments.work / "reader.pt")


def _save(path: Path, model: nn.Module, optimizer: torch.optim.Optimizer, average: list[Tensor], step: int) -> None:
    scratch = path.with_suffix(".new")
    state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "average": average, "step": step}
    torch.save(state, scratch)
    scratch.replace(path)


def main() -> None:
    """Train, or go on training."""
    parser = argparse.ArgumentParser(description="Train the reader.")
    parser.add_argument("--data", type=Path, required=True, help="the folder with squadshifts, squad2-half and qamr")
    parser.add_argument("--work", type=Path, default=Path("build/reader"), help="where state and result are kept")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rate", type=float, default=2e-4, help="the highest learning rate")
    parser.add_argument("--tokens", type=int, default=3200, help="tokens in a batch")
    parser.add_argument("--phases", nargs="+", choices=list(PHASES), default=["short", "middle", "whole"])
    parser.add_argument("--start", type=Path, help="begin with the weights in this file")
    arguments = parser.parse_args()
    arguments.work.mkdir(parents=True, exist_ok=True)
    train(arguments)


if __name__ == "__main__":
    main()
