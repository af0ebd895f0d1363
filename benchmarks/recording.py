"""Recording an epoch costs at most a fiftieth of what the aum package takes.

    python benchmarks/recording.py [--quick] [--json FILE]

Claim: for 50,000 samples of 10 classes in batches of 128, with ids and labels, an epoch of `update`
and `end_epoch` takes at most 1/50 of the time of `AUMCalculator.update` of the package aum
(`pip install aum`; "not run" where it is not installed), and adds at most 5 % to the plain loop of
a small torch network (784-128-10, Adam).

All run in one process and one thread, turn by turn; medians over the turns, with the smallest and
the largest. About two minutes; `--quick` takes a tenth of the samples and proves nothing.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import tempfile
import time
import warnings
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch

from steelyard import Recorder

BATCH, CLASSES, PIXELS, HIDDEN = 128, 10, 784, 128
FASTER, ADDED = 50, 0.05


def batches_of(n: int) -> list[tuple[torch.Tensor, torch.Tensor, torch.Tensor]]:
    """Return ids, logits and labels of an epoch in shuffled batches."""
    draw = torch.Generator().manual_seed(0)
    labels = torch.randint(0, CLASSES, (n,), generator=draw)
    order = torch.randperm(n, generator=draw)
    return [
        (ids, torch.randn(len(ids), CLASSES, generator=draw), labels[ids])
        for ids in order.split(BATCH)
    ]


def declared(batches: list) -> Recorder:
    """Return a recorder of the samples in the batches."""
    ids = torch.cat([ids for ids, _, _ in batches]).numpy()
    labels = torch.cat([labels for _, _, labels in batches]).numpy()
    order = np.argsort(ids)
    return Recorder(ids[order], labels[order], range(CLASSES))


def recording(batches: list) -> Callable[[], None]:
    """Return an epoch of the recorder."""
    recorder = declared(batches)

    def epoch() -> None:
        for ids, logits, labels in batches:
            recorder.update(ids, logits, labels)
        recorder.end_epoch()

    return epoch


def recording_columns(batches: list) -> Callable[[], None]:
    """Return an epoch of the recorder's fastest way in: rows and class-first logits."""
    recorder = declared(batches)
    columns = [(ids, logits.T.contiguous()) for ids, logits, _ in batches]

    def epoch() -> None:
        for rows, logits in columns:
            recorder.update_columns(rows, logits)
        recorder.end_epoch()

    return epoch


def aum_package(batches: list) -> Callable[[], None]:
    """Return an epoch of the aum package, which takes ids as a list."""
    from aum import AUMCalculator

    calculator = AUMCalculator(tempfile.gettempdir(), compressed=True)
    lists = [(logits, labels, ids.tolist()) for ids, logits, labels in batches]

    def epoch() -> None:
        for logits, labels, ids in lists:
            calculator.update(logits, labels, ids)

    return epoch


def training(batches: list, record: bool) -> Callable[[], None]:
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


def timed(epochs: dict[str, Callable[[], None]], turns: int) -> dict[str, list[float]]:
    """Return the seconds of each epoch, turn by turn, after one turn that does not count."""
    seconds: dict[str, list[float]] = {name: [] for name in epochs}
    for turn in range(turns + 1):
        for name, epoch in epochs.items():
            start = time.perf_counter()
            epoch()
            if turn:
                seconds[name].append(time.perf_counter() - start)
    return seconds


def main() -> None:
    """Time all of it and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a tenth of the samples, 3 turns")
    parser.add_argument("--json", metavar="FILE", help="write the figures there as well")
    arguments = parser.parse_args()
    n, turns = (5_000, 3) if arguments.quick else (50_000, 11)
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    batches = batches_of(n)
    epochs = {"recorder": recording(batches), "recorder, by columns": recording_columns(batches)}
    if find_spec("aum") is not None:
        epochs["aum package"] = aum_package(batches)
    seconds = timed(epochs, turns)
    seconds |= timed(
        {"plain loop": training(batches, False), "recorded loop": training(batches, True)}, turns
    )
    median = {name: statistics.median(values) for name, values in seconds.items()}
    # paired turn by turn, so that a busy spell of the machine counts for both
    pairs = zip(seconds["recorded loop"], seconds["plain loop"], strict=True)
    added = statistics.median(with_it / without - 1 for with_it, without in pairs)
    faster = median["aum package"] / median["recorder"] if "aum package" in median else None

    print(f"{n} samples, {CLASSES} classes, batches of {BATCH}, {turns} turns, 1 thread")
    print(f"{platform.processor() or platform.machine()}, torch {torch.__version__}")
    print(f"{'an epoch of':<24}{'median ms':>10}{'smallest':>10}{'largest':>10}")
    for name, values in seconds.items():
        cells = [1e3 * one for one in (median[name], min(values), max(values))]
        print(f"{name:<24}" + "".join(f"{cell:10.2f}" for cell in cells))
    verdict = "not run: aum is not installed" if faster is None else f"{faster:.0f} times"
    print(f"faster than the aum package: {verdict} (claim: at least {FASTER})")
    print(f"added to the plain loop: {100 * added:.1f} % (claim: at most {100 * ADDED:g} %)")
    if arguments.json:
        figures = {"n": n, "seconds": seconds, "faster": faster, "added": added}
        Path(arguments.json).write_text(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
