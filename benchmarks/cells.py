"""What a cell costs beyond its training, 10,000 tiny cells, and two workers against one.

    python benchmarks/cells.py [--quick]

- overhead: the same tiny trainings as cells of a run, and by `fit_ensemble` in a plain loop; the
  difference a cell is what claiming, storing and indexing cost. In this process and by two workers.
- tiny: 10,000 cells by two workers: cells that compute nothing, boosters of one round (a cell
  each), and perceptrons of one epoch (up to eight a cell); once more, they are all there.
- scale-out: cells of about a second, by one worker and by two, beside the same work done by two
  plain processes that share nothing: the machine's own limit.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from side_by_side import machine
from sklearn.datasets import load_wine

import steelyard as sy
from steelyard._support.fingerprints import fingerprint
from steelyard.records import Recipe
from steelyard.training import Member, fit_ensemble, prepare
from steelyard.workflow.cells import Cell, Content
from steelyard.workflow.conduct import conduct
from steelyard.workflow.engines import Local
from steelyard.workflow.store import Store
from steelyard.workflow.trainings import train_members

SMALL = sy.split(sy.load(load_wine(as_frame=True).frame, "target"))
LARGE = sy.split(sy.load("digits"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a tenth of the cells")
    quick = parser.parse_args().quick
    print(machine())
    with ready_workers() as workers:
        overhead(workers, 30 if quick else 200, 3 if quick else 7)
        tiny(workers, 1000 if quick else 10_000)
        scale_out(workers, 6 if quick else 24, 1 if quick else 3)


def ready_workers() -> Local:
    engine = Local(2)
    engine.start()
    while not all(worker.ready for worker in engine._pool):
        time.sleep(0.05)
    return engine


def overhead(workers: Local, n: int, rounds: int) -> None:
    prepared = prepare(SMALL.part("train"), [SMALL.part("test")], model="trees")
    members = [Member(Recipe("trees", epochs=1), None, number) for number in range(n)]
    rows: dict[str, list[float]] = {"plain loop": [], "cells, here": [], "cells, two workers": []}
    for _ in range(rounds):
        began = time.perf_counter()
        for member in members:
            fit_ensemble(prepared, [member], threads=1)
        rows["plain loop"].append(time.perf_counter() - began)
        for name, engine in (("cells, here", Local(1)), ("cells, two workers", workers)):
            rows[name].append(kept(SMALL, members, engine)[0])
    for name, seconds in rows.items():
        each = [1e3 * one / n for one in seconds]
        print(f"overhead: {name}: {statistics.median(each):.2f} ms a cell [{min(each):.2f}, "
              f"{max(each):.2f}]")  # fmt: skip
    pairs = zip(rows["cells, here"], rows["plain loop"], strict=True)
    beyond = [1e3 * (cell - plain) / n for cell, plain in pairs]
    print(f"overhead: beyond the training, here: {statistics.median(beyond):.2f} ms a cell "
          f"[{min(beyond):.2f}, {max(beyond):.2f}], {rounds} rounds of {n} cells")  # fmt: skip


def tiny(workers: Local, n: int) -> None:
    with tempfile.TemporaryDirectory() as folder, Store(folder) as store:
        cells = [Cell(fingerprint("tiny", number), f"{number}", number) for number in range(n)]
        for what in ("computed", "there already"):
            began = time.perf_counter()
            for _ in conduct(cells, nothing, np.zeros(1), store, workers):
                pass
            print(f"tiny: {n} cells of nothing, {what}: {time.perf_counter() - began:.1f} s")
    for name, data, recipe in (
        ("boosters", SMALL, Recipe("trees", epochs=1)),
        ("perceptrons", SMALL, Recipe("mlp", widths=(8,), epochs=1)),
    ):
        members = [Member(recipe, None, number) for number in range(n)]
        computed, again, n_cells = kept(data, members, workers)
        print(f"tiny: {n} {name} in {n_cells} cells: {computed:.1f} s; again {again:.1f} s")


def scale_out(workers: Local, n: int, rounds: int) -> None:
    """Time n cells by one worker and by two, and the same work by two processes of their own."""
    members = [Member(Recipe("trees", epochs=20), None, number) for number in range(n)]
    ratios, limits = [], []
    for _ in range(rounds):
        one = kept(LARGE, members, Local(1))[0]
        two = kept(LARGE, members, workers)[0]
        alone, beside = bare(members, 1), bare(members, 2)
        ratios.append(one / two)
        limits.append(alone / beside)
        print(f"scale-out: {n} boosters: one {one:.1f} s, two workers {two:.1f} s; plain "
              f"{alone:.1f} s, two plain processes {beside:.1f} s")  # fmt: skip
    print(f"scale-out: two workers are {statistics.median(ratios):.2f} times as fast as one "
          f"[{min(ratios):.2f}, {max(ratios):.2f}]; two plain processes "
          f"{statistics.median(limits):.2f} [{min(limits):.2f}, {max(limits):.2f}]")  # fmt: skip


def kept(data, members: Sequence[Member], engine: Local) -> tuple[float, float, int]:
    """Return the seconds of training members into a new run, of asking again, and the cells."""
    seconds = []
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(2):
            began = time.perf_counter()
            train_members(data.part("train"), [data.part("test")], members, run=folder,
                          engine=engine)  # fmt: skip
            seconds.append(time.perf_counter() - began)
        n_cells = len(list(Path(folder).glob("cells/*/*.npz")))
    return seconds[0], seconds[1], n_cells


def bare(members: Sequence[Member], processes: int) -> float:
    """Return the seconds of growing boosters in plain processes that are ready."""
    context = multiprocessing.get_context("spawn")
    gates = [context.Pipe() for _ in range(processes)]
    running = [
        context.Process(target=grow, args=(members[number::processes], gate[1]))
        for number, gate in enumerate(gates)
    ]
    for process in running:
        process.start()
    for gate, _ in gates:
        gate.recv()
    began = time.perf_counter()
    for gate, _ in gates:
        gate.send("go")
    for process in running:
        process.join()
    return time.perf_counter() - began


def grow(members: Sequence[Member], gate) -> None:
    prepared = prepare(LARGE.part("train"), [LARGE.part("test")], model="trees")
    fit_ensemble(prepared, members[:1], threads=1)  # what comes first is slower
    gate.send(os.getpid())
    gate.recv()
    for member in members:
        fit_ensemble(prepared, [member], threads=1)


def nothing(shared, task, report, checkpoint) -> Content:
    return Content({"value": np.array([task])}, {})


if __name__ == "__main__":
    main()
