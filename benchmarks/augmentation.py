"""Claim: flips and crops cost little beside the training step whose images they change.

    python benchmarks/augmentation.py [--rounds 7] [--steps 20]

The small CNN of the hardness studies trains one network on random images of bytes, in one thread,
by turns as it is, with flips, and with flips and crops; processor time of the whole call, ratios
paired by round. Beside them how long the flips and crops of one batch take by themselves.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace

import numpy as np
import torch
from side_by_side import in_words, machine, ratio, spread, take_turns, torch_threads

from steelyard.records import Labelled, Recipe
from steelyard.studies.hardness_resampling import SMALL_CNN
from steelyard.training import Member, Prepared, fit_ensemble, prepare
from steelyard.training.augmentation import Augmentation

PLAIN, FLIPS, BOTH = "as it is", "flips", "flips and crops"
ALONE = "flips and crops of a batch alone"


def main() -> None:
    """Print the record."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--steps", type=int, default=20)
    options = parser.parse_args()
    found: dict[str, object] = {
        f"{side} x {side}": compared(side, options.rounds, options.steps) for side in (16, 32)
    }
    found["machine"] = machine()
    print(in_words(found))


def compared(side: int, rounds: int, steps: int) -> dict:
    """Compare trainings on images of one size."""
    batch = SMALL_CNN.batch_size
    draws = np.random.default_rng(0)
    pixels = draws.integers(0, 256, (steps * batch, side, side, 3)).astype(np.uint8)
    labels = np.arange(len(pixels)) % 10
    data = Labelled(pixels, labels, tuple("abcdefghij"), np.arange(len(pixels)))
    prepared = prepare(data, model="cnn")
    recipe = replace(SMALL_CNN, epochs=2)
    flips = replace(recipe, augmentation=("flip",))
    both = replace(recipe, augmentation=("flip", "crop"), crop_padding=side // 8)
    contestants = {
        name: lambda name=name, one=one: {name: step_time(prepared, one, steps)}
        for name, one in ((PLAIN, recipe), (FLIPS, flips), (BOTH, both))
    }
    contestants[ALONE] = lambda: {ALONE: batch_time(prepared, both, steps)}
    with torch_threads(1):
        take_turns(contestants, 1)
        rows = take_turns(contestants, rounds)
    return {
        "what": f"batches of {batch} images, 3 x {side} x {side}; milliseconds of processor time",
        "milliseconds_a_step": {name: spread(values) for name, values in rows.items()},
        "ratios": {
            **{f"{name} / {PLAIN}": ratio(rows[name], rows[PLAIN]) for name in (FLIPS, BOTH)},
            f"{ALONE} / a step {PLAIN}": ratio(rows[ALONE], rows[PLAIN]),
        },
    }


def step_time(prepared: Prepared, recipe: Recipe, steps: int) -> float:
    """Return milliseconds a step of one network."""
    started = time.process_time()
    fit_ensemble(prepared, [Member(recipe)], threads=1)
    return 1e3 * (time.process_time() - started) / (recipe.epochs * steps)


def batch_time(prepared: Prepared, recipe: Recipe, steps: int) -> float:
    """Return milliseconds that the images of one batch take."""
    augmentation = Augmentation.of(recipe)
    images = torch.from_numpy(prepared.X[: recipe.batch_size])
    luck = torch.rand(3, len(images), generator=torch.Generator().manual_seed(0))
    started = time.process_time()
    for _ in range(steps):
        augmentation.seen(images, luck)
    return 1e3 * (time.process_time() - started) / steps


if __name__ == "__main__":
    main()
