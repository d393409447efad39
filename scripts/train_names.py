"""Train what tells the spellings of a name: `index/models/names.npz`.

    make names

Two Latin spellings are one name when both may render the same Arabic one, so a small network learns how each Latin
letter, between its neighbours, is written in Arabic: as one letter, or not at all (short vowels are not written). It is
taught Arabic names with their Latin spellings (`name-variants`); which letter stands for which is not given, so all
ways of lining the two up count (their probabilities are summed). A quarter of the Arabic names, chosen by a hash, is
never seen: `tests/eval/names.py` measures on those. Cross-validation on the rest is printed.
"""

from __future__ import annotations

import argparse
import hashlib
import math
import random
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from index.transcriber import Transcriber, letters
from scripts.names_data import Cluster, clusters, pairs

TARGET = Path(__file__).parents[1] / "index" / "models" / "names.npz"
EMBEDDED, HIDDEN, DROPOUT = 32, 256, 0.3
EPOCHS, BATCH, RATE, DECAY = 40, 64, 5e-3, 1e-3
WORST = -20.0
"""Log-probability below which a pair is taken for noise and teaches nothing."""
FOLDS = 3
FALSE_POSITIVES = 0.02


class Network(nn.Module):
    """Letters (batch, length + 2) to log-probabilities (batch, length, 1 + Arabic letters); 0 is nothing."""

    def __init__(self, arabic: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(27, EMBEDDED)
        self.hidden = nn.Conv1d(EMBEDDED, HIDDEN, 3)
        self.out = nn.Linear(HIDDEN, 1 + arabic)
        self.dropout = nn.Dropout(DROPOUT)

    def forward(self, codes: Tensor) -> Tensor:
        embedded = self.dropout(self.embedding(codes)).transpose(1, 2)
        hidden = torch.relu(self.hidden(embedded)).transpose(1, 2)
        return functional.log_softmax(self.out(self.dropout(hidden)), -1)


class Batch(NamedTuple):
    """Latin letters (n, length + 2) and how many; Arabic letters (n, longest), from 1, and how many."""

    latin: Tensor
    lengths: Tensor
    arabic: Tensor
    written: Tensor


def likelihood(network: Network, batch: Batch) -> Tensor:
    """The log-probabilities (n,) of the Arabic names given the Latin ones, over all ways of lining them up."""
    shares = network(batch.latin)
    none = torch.full((len(batch.latin), 1), -1e9)
    reached = torch.cat([none + 1e9, none.expand(-1, batch.arabic.shape[1])], 1)
    states = [reached]
    for place in range(shares.shape[1]):
        kept = reached + shares[:, place, :1]
        written = torch.cat([none, reached[:, :-1] + shares[:, place].gather(1, batch.arabic)], 1)
        reached = torch.logaddexp(kept, written)
        states.append(reached)
    return torch.stack(states, 1)[torch.arange(len(batch.latin)), batch.lengths, batch.written]


def trained(known: list[Cluster], alphabet: str, seed: int) -> dict[str, NDArray[np.float32]]:
    """The weights that `Transcriber` takes, learnt from `known`."""
    torch.manual_seed(seed)
    told = [(latin, one.arabic) for one in known for latin in one.latin if len(latin) >= len(one.arabic)]
    codes = torch.tensor(letters([latin for latin, _ in told]).astype(np.int64))
    arabic = torch.zeros(len(told), max(len(name) for _, name in told), dtype=torch.long)
    for row, (_, name) in enumerate(told):
        arabic[row, : len(name)] = torch.tensor([alphabet.index(letter) + 1 for letter in name])
    every = Batch(codes, (codes > 0).sum(1), arabic, (arabic > 0).sum(1))
    network = Network(len(alphabet))
    optimizer = torch.optim.AdamW(network.parameters(), RATE, weight_decay=DECAY)
    steps = EPOCHS * math.ceil(len(told) / BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=steps)
    for _ in range(EPOCHS):
        for rows in torch.randperm(len(told)).split(BATCH):
            loss = -likelihood(network, Batch(*(each[rows] for each in every))).clamp(min=WORST).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    tally = Counter("".join(one.arabic for one in known))
    with torch.no_grad():
        table = torch.einsum("le,hec->clh", network.embedding.weight, network.hidden.weight)
        weights = {
            "table": table,
            "bias": network.hidden.bias,
            "out": network.out.weight.T,
            "out_bias": network.out.bias,
            "frequency": torch.tensor([(tally[letter] + 1) / tally.total() for letter in alphabet]),
        }
        return {name: value.numpy().astype(np.float16) for name, value in weights.items()}


def main() -> None:
    """Cross-validate, train on all of the split, and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the folder that holds name-variants/")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    known = list(clusters(arguments.data, "train"))
    random.Random(arguments.seed).shuffle(known)
    alphabet = "".join(sorted({letter for one in known for letter in one.arabic}))
    told: tuple[list[float], list[float]] = [], []
    for fold in range(FOLDS):
        rest = [one for place, one in enumerate(known) if place % FOLDS != fold]
        model = transcriber(trained(rest, alphabet, arguments.seed))
        for scores, found in zip(told, pairs(known[fold::FOLDS]), strict=True):
            scores += [model.evidence(one, other) for one, other in found]
    same, others = map(np.array, told)
    least = np.quantile(others, 1 - FALSE_POSITIVES)
    found = f"{(same >= least).mean():.3f} of {len(same):,} pairs at {FALSE_POSITIVES}, evidence {least:.2f}"
    print(f"by evidence alone, cross-validated: {found}")
    np.savez(TARGET, **trained(known, alphabet, arguments.seed))
    print(f"{TARGET.name}: {TARGET.stat().st_size:,} bytes, {hashlib.sha256(TARGET.read_bytes()).hexdigest()}")


def transcriber(weights: dict[str, NDArray[np.float32]]) -> Transcriber:
    """The runtime's, with those weights."""
    return Transcriber(**{name: value.astype(np.float32) for name, value in weights.items()})


if __name__ == "__main__":
    main()
