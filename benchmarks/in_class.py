"""One split of the in-class study: 13 networks on nested parts, beside their bare products.

    python benchmarks/in_class.py

The parts are those of `small`: 20,000 samples of 784 numbers, 7 % of them hard, 90:10, every kept
share. Three contestants take turns, with one thread each, as a cell of the study has it:

- the descent of `steelyard.training`, whole: products, activations, small layers, steps;
- the bare products of the first layer, forward and gradient, over the very same blocks of rows by
  torch's own ``@``: what no plain loop over these networks can do without;
- the same by oneDNN, which the descent uses: its own floor.

Asked for: at most 1.8 times the bare products.
"""

from __future__ import annotations

import time

import numpy as np
import torch
from side_by_side import in_words, machine, ratio, spread, take_turns, torch_threads

from steelyard.records.recipe import Recipe
from steelyard.training.descent import descend
from steelyard.training.onednn import product
from steelyard.training.row_groups import row_groups
from steelyard.training.stack import Stack
from steelyard.workflow.in_class.splits import split_pools

N, INPUTS, CLASSES, STEPS, ROUNDS = 20_000, 784, 10, 10, 7
KEEP_EASY = (0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.5, 0.75, 1)
KEEP_HARD = (0, 0.25, 0.5, 0.75)
ROWS = 1024
OURS, BARE, FASTER = "descent", "torch's products", "oneDNN's products"
SHAPES = {
    "layer0.weight": (20, INPUTS), "layer0.bias": (20,), "layer1.weight": (20, 20),
    "layer1.bias": (20,), "layer2.weight": (CLASSES, 20), "layer2.bias": (CLASSES,),
}  # fmt: skip
RECIPE = Recipe(
    "mlp", widths=(20, 20), activation="tanh", initialisation="uniform", optimiser="sgd",
    momentum=0.0, learning_rate=0.1, schedule="constant", batch_size=None, epochs=STEPS,
)  # fmt: skip


def subsets() -> np.ndarray:
    """Return the parts of one split, (13, N)."""
    hard = np.arange(N) < 0.07 * N
    split = split_pools(np.arange(N), hard, 0.9, KEEP_EASY, KEEP_HARD, seed=0, number=0)
    return np.stack(list(split.parts.values()))


def main() -> None:
    """Print the record."""
    parts = subsets()
    draws = torch.Generator().manual_seed(0)
    X = torch.randn(N, INPUTS, generator=draws)
    y = torch.randint(CLASSES, (N,), generator=draws)
    blocks = [
        (X[rows], X[rows].T.contiguous(), len(group.members))
        for group in row_groups(parts)
        for rows in map(torch.from_numpy, np.array_split(group.rows, -(-len(group.rows) // ROWS)))
    ]
    weights = [torch.randn(20 * m, INPUTS, generator=draws) for _, _, m in blocks]
    errors = [torch.randn(20 * m, len(x), generator=draws) for x, _, m in blocks]

    def descent() -> dict[str, float]:
        stack = Stack.initial(RECIPE, SHAPES, range(len(parts)), torch.device("cpu"))
        ends: list[float] = []  # what is prepared once for 500 steps comes before the first

        def end(_: int) -> None:
            ends.append(time.perf_counter())

        descend(stack, X, y, CLASSES, parts, after_epoch=end)
        return {OURS: float(np.median(np.diff(ends)))}

    @torch.no_grad()
    def plain() -> dict[str, float]:
        started = time.perf_counter()
        for (x, _, _), weight, error in zip(blocks, weights, errors, strict=True):
            _ = weight @ x.T, error @ x
        return {BARE: time.perf_counter() - started}

    @torch.no_grad()
    def onednn() -> dict[str, float]:
        started = time.perf_counter()
        for (x, columns, _), weight, error in zip(blocks, weights, errors, strict=True):
            _ = product(weight, x), product(error, columns)
        return {FASTER: time.perf_counter() - started}

    with torch_threads(1):
        rows = take_turns({OURS: descent, BARE: plain, FASTER: onednn}, ROUNDS)
    flops = 4 * 20 * INPUTS * float(parts.sum())
    times = {name: ratio(rows[OURS], rows[name]) for name in (BARE, FASTER)}
    found = {
        "a split of the in-class study": {
            "what": f"{len(parts)} networks on {N:,} x {INPUTS}, one thread; a step is "
            f"{flops / 1e9:.2f} GFLOP in the first layer",
            "seconds_a_step": {name: spread(values) for name, values in rows.items()},
            "times_as_long": times,
            "claims": {"at most 1.8 times the bare products": times[BARE]["median"] <= 1.8},
        },
        "machine": machine(),
    }
    print(in_words(found))


if __name__ == "__main__":
    main()
