"""Claim: torch.compile gains too little on a stack of perceptrons to be worth its waiting.

Forward and backward of a stack of 25 networks 784-20-20-10, batch 128, as they are and compiled, in
turns, one thread.

    python benchmarks/ensemble_compiled.py [--json]

Needs a C compiler; "not run" where there is none. Run by benchmarks/ensemble.py as well.
"""

from __future__ import annotations

import argparse
import json
import shutil
import time
from collections.abc import Callable

import torch
from side_by_side import in_words, machine, ratio, spread, take_turns

from steelyard.records import Recipe
from steelyard.training.losses import member_losses
from steelyard.training.networks import NETWORKS

RECIPE = Recipe("mlp", widths=(20, 20))
MEMBERS, BATCH, INPUTS, CLASSES = 25, 128, 784, 10
ROUNDS, STEPS = 7, 100

Loss = Callable[[dict[str, torch.Tensor], torch.Tensor, torch.Tensor], torch.Tensor]


def loss(weights: dict[str, torch.Tensor], x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """Return the sum of the members' losses."""
    return member_losses(NETWORKS["mlp"].forward(RECIPE, weights, x, True), y).sum()


def microseconds(name: str, function: Loss, n_steps: int) -> dict[str, float]:
    """Return microseconds a network-step of forward and backward."""
    shapes = NETWORKS["mlp"].shapes(RECIPE, (INPUTS,), CLASSES)
    weights = {
        part: (0.05 * torch.randn(MEMBERS, *shape)).requires_grad_()
        for part, shape in shapes.items()
    }
    x, y = torch.randn(BATCH, INPUTS), torch.randint(CLASSES, (BATCH,))
    started = time.perf_counter()
    for _ in range(n_steps):
        torch.autograd.grad(function(weights, x, y), list(weights.values()))
    return {name: 1e6 * (time.perf_counter() - started) / (n_steps * MEMBERS)}


def compare() -> dict | str:
    """Return the comparison, or why there is none."""
    if shutil.which("gcc") is None and shutil.which("cc") is None:
        return "not run: no C compiler"
    torch.set_num_threads(1)
    compiled = torch.compile(loss)
    started = time.perf_counter()
    microseconds("compiled", compiled, 1)
    seconds = time.perf_counter() - started
    for function in (loss, compiled):
        microseconds("warm", function, 20)
    rows = take_turns(
        {
            "as it is": lambda: microseconds("as it is", loss, STEPS),
            "compiled": lambda: microseconds("compiled", compiled, STEPS),
        },
        ROUNDS,
    )
    return {
        "what": f"forward and backward of a stack of {MEMBERS}, 1 thread; compiled in "
        f"{seconds:.0f} s",
        "microseconds_a_network_step": {name: spread(values) for name, values in rows.items()},
        "ratios": {"compiled / as it is": ratio(rows["compiled"], rows["as it is"])},
    }


def main() -> None:
    """Compare, and say where."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found = {"torch.compile": compare(), "machine": machine()}
    print(json.dumps(found, indent=2) if options.json else in_words(found))


if __name__ == "__main__":
    main()
