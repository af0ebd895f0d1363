"""Claim: recording costs at most a twentieth of the training it watches.

For 50,000 samples of 10 classes in batches of 128, with ids and labels, an epoch of `update` and
`end_epoch` is at least 50 times faster than the package aum (`pip install aum`; "not run" where it
is not installed); beside it `update_rows`, which checks and copies as little as aum does.
Recording adds at most 5 % to a plain loop of a small torch network (784-128-10, Adam), and to an
ensemble of 100 networks 784-20-20-10 on MNIST, which takes a tenth of that a network-step.

    STEELYARD_DATA=... python benchmarks/recording.py [--quick] [--json]

All contestants take turns in one run, the recorder, aum and the plain loop in one thread; ratios
are paired by round. ``--quick`` takes a tenth of the samples and three rounds.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
import warnings
from collections.abc import Callable
from importlib.util import find_spec

import numpy as np
import torch
from ensemble import PERCEPTRON, fit_timed, prepared_images
from side_by_side import in_words, machine, ratio, spread, take_turns, torch_threads

from steelyard import Recorder

BATCH, CLASSES, PIXELS, HIDDEN = 128, 10, 784, 128
FASTER, ADDED = 50, 1.05
Batch = tuple[torch.Tensor, torch.Tensor, torch.Tensor]


def batches_of(n: int) -> list[Batch]:
    """Return ids, logits and labels of an epoch in shuffled batches."""
    draw = torch.Generator().manual_seed(0)
    labels = torch.randint(0, CLASSES, (n,), generator=draw)
    order = torch.randperm(n, generator=draw)
    return [
        (ids, torch.randn(len(ids), CLASSES, generator=draw), labels[ids])
        for ids in order.split(BATCH)
    ]


def declared(batches: list[Batch]) -> Recorder:
    """Return a recorder of the samples in the batches."""
    ids = torch.cat([ids for ids, _, _ in batches]).numpy()
    labels = torch.cat([labels for _, _, labels in batches]).numpy()
    order = np.argsort(ids)
    return Recorder(ids[order], labels[order], range(CLASSES))


def recording(batches: list[Batch]) -> Callable[[], None]:
    """Return an epoch of the recorder."""
    recorder = declared(batches)

    def epoch() -> None:
        for ids, logits, labels in batches:
            recorder.update(ids, logits, labels)
        recorder.end_epoch()

    return epoch


def recording_rows(batches: list[Batch]) -> Callable[[], None]:
    """Return an epoch of the recorder's way in without checks: row numbers, no labels, no copy."""
    recorder = declared(batches)

    def epoch() -> None:
        for rows, logits, _ in batches:
            recorder.update_rows(rows, logits)
        recorder.end_epoch()

    return epoch


def aum_package(batches: list[Batch]) -> Callable[[], None]:
    """Return an epoch of the aum package, which takes ids as a list."""
    from aum import AUMCalculator

    calculator = AUMCalculator(tempfile.gettempdir(), compressed=True)
    lists = [(logits, labels, ids.tolist()) for ids, logits, labels in batches]

    def epoch() -> None:
        for logits, labels, ids in lists:
            calculator.update(logits, labels, ids)

    return epoch


def training(batches: list[Batch], record: bool) -> Callable[[], None]:
    """Return an epoch of a plain loop, with the recorder's line or without."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        images = torch.randn(sum(len(ids) for ids, _, _ in batches), PIXELS)
        network = torch.nn.Sequential(
            torch.nn.Linear(PIXELS, HIDDEN), torch.nn.ReLU(), torch.nn.Linear(HIDDEN, CLASSES)
        )
    optimiser = torch.optim.Adam(network.parameters())
    recorder = declared(batches)

    def epoch() -> None:
        for ids, _, labels in batches:
            logits = network(images[ids])
            optimiser.zero_grad()
            torch.nn.functional.cross_entropy(logits, labels).backward()
            optimiser.step()
            if record:
                recorder.update(ids, logits, labels)
        if record:
            recorder.end_epoch()

    return epoch


def timed(name: str, epoch: Callable[[], None]) -> Callable[[], dict[str, float]]:
    """Return what runs an epoch in one thread and tells its milliseconds."""

    def run() -> dict[str, float]:
        with torch_threads(1):
            start = time.perf_counter()
            epoch()
            return {name: 1e3 * (time.perf_counter() - start)}

    run()  # to warm up
    return run


def recorder_alone(n: int, rounds: int) -> dict:
    """Compare an epoch of the recorder with one of the aum package."""
    batches = batches_of(n)
    epochs = {"recorder": recording(batches), "recorder, by rows": recording_rows(batches)}
    if find_spec("aum") is not None:
        epochs["aum package"] = aum_package(batches)
    rows = take_turns({name: timed(name, epoch) for name, epoch in epochs.items()}, rounds)
    found: dict = {
        "what": f"an epoch of {n:,} samples, {CLASSES} classes, batches of {BATCH}, 1 thread",
        "milliseconds": {name: spread(values) for name, values in rows.items()},
    }
    if "aum package" not in rows:
        return {**found, "aum package": "not run: it is not installed"}
    ratios = {
        f"aum package / {name}": ratio(rows["aum package"], rows[name]) for name in list(rows)[:2]
    }
    claims = {
        f"{quotient}: at least {FASTER} times faster": one["median"] >= FASTER
        for quotient, one in ratios.items()
    }
    return {**found, "ratios": ratios, "claims": claims}


def plain_loop(n: int, rounds: int) -> dict:
    """Compare a plain loop with and without the recorder's line."""
    batches = batches_of(n)
    epochs = {"loop": training(batches, False), "recorded loop": training(batches, True)}
    rows = take_turns({name: timed(name, epoch) for name, epoch in epochs.items()}, rounds)
    return {
        "what": f"an epoch of a network 784-{HIDDEN}-10, {n:,} samples, batches of {BATCH}",
        "milliseconds": {name: spread(values) for name, values in rows.items()},
        **added("loop", rows),
    }


def ensemble(n: int, rounds: int) -> dict | str:
    """Compare an ensemble with and without recorded dynamics."""
    try:
        prepared = prepared_images("mnist", n, "mlp")
    except FileNotFoundError as error:
        return f"not run: {error}"
    names = {"ensemble": False, "recorded ensemble": True}
    rows = take_turns(
        {
            name: lambda name=name, record=record: fit_timed(
                name, prepared, PERCEPTRON, 100, record=record, order="shared"
            )
            for name, record in names.items()
        },
        rounds,
    )
    return {
        "what": f"100 networks 784-20-20-10, {n:,} digits, batch {BATCH}, all cores",
        "microseconds a network step": {name: spread(values) for name, values in rows.items()},
        **added("ensemble", rows),
    }


def added(name: str, rows: dict[str, list[float]]) -> dict:
    """Return the share that recording adds, and whether it is small enough."""
    share = ratio(rows[f"recorded {name}"], rows[name])
    return {
        "ratios": {f"recorded {name} / {name}": share},
        "claims": {"recording adds at most 5 %": share["median"] <= ADDED},
    }


def main() -> None:
    """Run all of it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    n, digits, rounds = (5_000, 12_800, 3) if options.quick else (50_000, 60_000, 9)
    warnings.simplefilter("ignore")  # the aum package's own
    found = {
        "recorder": recorder_alone(n, rounds),
        "plain loop": plain_loop(n, rounds),
        "ensemble": ensemble(digits, max(3, rounds // 2)),
        "machine": machine(),
    }
    print(json.dumps(found, indent=2) if options.json else in_words(found))


if __name__ == "__main__":
    main()
