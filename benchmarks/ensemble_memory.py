"""Claim: the memory of an ensemble grows with samples and members, not with epochs.

Trains perceptrons 784-20-20-10, batch 128, shared order, on random images of MNIST's size, each
training in a process of its own, and compares the peaks of resident memory: 2 epochs with 8, 25
members with 100, 10,000 samples with 40,000, with and without recorded dynamics. Four times the
epochs must add less than 2 % to the peak over that of a process that only imports the package.

    python benchmarks/ensemble_memory.py [--quick] [--json]

Beside each peak stands an arithmetic. What is kept: the images as they came and sorted, what the
results hold, and of the networks that train at one time (a stack of 25 a core) the weights,
gradients and two moments, and 157 bytes a sample in the recorder: six sums in float64, three counts
and a flag (61), the open epoch's logits and rows (48) and its rows and channels at the close (48:
int64 and float32 as measured, float32 as averaged). Threads and kernels of torch, some 80 MiB, are
in the peak and not in the arithmetic.

``--quick`` measures once, recorded trainings alone, of a quarter of the samples.
"""

from __future__ import annotations

import argparse
import functools
import itertools
import json
import statistics
import subprocess
import sys

from side_by_side import cores, in_words, machine, spread, take_turns

LIMIT, ROUNDS = 0.02, 3
EPOCHS, MEMBERS, SAMPLES, FEWER_SAMPLES = (2, 8), (25, 100), (10_000, 40_000), (2_500, 10_000)
A_STACK, PARAMETERS, MEBI = 25, 784 * 20 + 20 + 20 * 20 + 20 + 20 * 10 + 10, 2**20
RECORDER_BYTES = 157  # a sample and member that trains, see above

# Runs in a process of its own. Prints the peak of a process that only imports and makes no network
# (samples 0), or that of a training and the bytes that its results hold, each array once.
CHILD = """
import json, resource, sys
import numpy as np
import torch
from steelyard.records import Labelled, Recipe
from steelyard.training import Member, fit_ensemble, prepare

samples, members, epochs, record, threads = json.loads(sys.argv[1])
torch.set_num_threads(threads)
held = {}
if samples:
    draw = np.random.default_rng(0)
    images = draw.integers(0, 256, (samples, 28, 28, 1), dtype=np.uint8)
    labels = np.arange(samples) % 10
    prepared = prepare(Labelled(images, labels, tuple("0123456789"), np.arange(samples)))
    del images, labels
    recipe = Recipe("mlp", widths=(20, 20), batch_size=128, epochs=epochs)
    fitted = fit_ensemble(
        prepared,
        [Member(recipe, repetition=k, record=record) for k in range(members)],
        order="shared",
    )
    for one in fitted:
        arrays = [one.losses]
        if record:
            dynamics = one.dynamics
            arrays += [dynamics.ids, dynamics.labels, *dynamics.channels.values()]
        for array in arrays:
            held[array.__array_interface__["data"][0]] = array.nbytes
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps([peak * (1 if sys.platform == "darwin" else 1024), sum(held.values())]))
"""


def peak_and_held(
    samples: int = 0, members: int = 0, epochs: int = 0, record: bool = False
) -> tuple[int, int]:
    """Return the peak of a process that trains, and what its results hold, bytes."""
    # Linux hands the parent's peak on to the child: this process imports nothing large
    arguments = json.dumps([samples, members, epochs, record, cores()])
    command = [sys.executable, "-c", CHILD, arguments]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    peak, held = json.loads(done.stdout)
    return peak, held


def arithmetic(samples: int, members: int, record: bool, held: int) -> int:
    """Return the bytes that must be there at one time, see above."""
    at_once = min(members, A_STACK * cores())
    in_training = at_once * (4 * 4 * PARAMETERS + RECORDER_BYTES * samples * record)
    return 2 * 784 * samples + in_training + held


def in_mebibytes(samples: int, members: int, epochs: int, record: bool) -> dict[str, float]:
    """Return the rows of one training."""
    peak, held = peak_and_held(samples, members, epochs, record)
    name = named(samples, members, epochs, record)
    return {
        name: peak / MEBI,
        f"{name}, arithmetic": arithmetic(samples, members, record, held) / MEBI,
    }


def named(samples: int, members: int, epochs: int, record: bool) -> str:
    """Return what a row is called."""
    recorded = "recorded" if record else "not recorded"
    return f"{samples:,} samples, {members} members, {epochs} epochs, {recorded}"


def growth(above: dict[str, float], sizes: tuple[int, ...], records: tuple[bool, ...]) -> dict:
    """Return by how much four times as much of each multiplies the peak above the import."""
    factors = {"epochs": {}, "members": {}, "samples": {}}
    for record in records:
        for n, m in itertools.product(sizes, MEMBERS):
            few, many = (above[named(n, m, epochs, record)] for epochs in EPOCHS)
            factors["epochs"][f"{n:,} samples, {m} members{_unrecorded(record)}"] = many / few
        for n, epochs in itertools.product(sizes, EPOCHS):
            few, many = (above[named(n, m, epochs, record)] for m in MEMBERS)
            factors["members"][f"{n:,} samples, {epochs} epochs{_unrecorded(record)}"] = many / few
        for m, epochs in itertools.product(MEMBERS, EPOCHS):
            few, many = (above[named(n, m, epochs, record)] for n in sizes)
            factors["samples"][f"{m} members, {epochs} epochs{_unrecorded(record)}"] = many / few
    return {
        f"{what} times four, at {where}": round(factor, 3)
        for what, of_what in factors.items()
        for where, factor in of_what.items()
    }


def _unrecorded(record: bool) -> str:
    return "" if record else ", not recorded"


def main() -> None:
    """Measure every training in turn."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    sizes = FEWER_SAMPLES if options.quick else SAMPLES
    records = (True,) if options.quick else (True, False)
    contestants = {"import alone": lambda: {"import alone": peak_and_held()[0] / MEBI}}
    for record, n, m, epochs in itertools.product(records, sizes, MEMBERS, EPOCHS):
        contestants[named(n, m, epochs, record)] = functools.partial(
            in_mebibytes, n, m, epochs, record
        )
    rows = take_turns(contestants, 1 if options.quick else ROUNDS)
    base = statistics.median(rows.pop("import alone"))
    above = {
        name: [value - base for value in values]
        for name, values in rows.items()
        if not name.endswith("arithmetic")
    }
    factors = growth(
        {name: statistics.median(values) for name, values in above.items()}, sizes, records
    )
    over_epochs = [factor for name, factor in factors.items() if name.startswith("epochs")]
    found = {
        "memory": {
            "what": f"perceptrons 784-20-20-10, batch 128, shared order, {cores()} threads; the "
            f"import alone is {base:.0f} MiB",
            "import_alone_mebibytes": round(base, 1),
            "mebibytes_above_the_import": {name: spread(one) for name, one in above.items()},
            "arithmetic_mebibytes": {
                name: round(rows[f"{name}, arithmetic"][0], 1) for name in above
            },
            "factors": factors,
            "claims": {
                f"four times the epochs add less than {LIMIT:.0%} at every size": max(over_epochs)
                < 1 + LIMIT
            },
        },
        "machine": machine(),
    }
    print(json.dumps(found, indent=2) if options.json else in_words(found))


if __name__ == "__main__":
    main()
