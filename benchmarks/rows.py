"""What a weighing stores, moves and holds in memory as the rows grow.

    python benchmarks/rows.py [--rows 100000 300000 1000000]

Weighs tables of 20 numeric columns and 5 classes (drawn from a seed; two degrees, two seeds, short
boosters, two workers) and prints, for each number of rows: peak resident memory of the conducting
process and of its workers, bytes of the run folder by kind, and how long each part took.
"""

from __future__ import annotations

import argparse
import multiprocessing
import tempfile
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import psutil
from side_by_side import machine

COLUMNS, CLASSES = 20, 5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, nargs="+", default=[100_000, 300_000, 1_000_000])
    print(machine())
    for rows in parser.parse_args().rows:
        # each in a process of its own: memory is given back to the system with the process
        process = multiprocessing.get_context("spawn").Process(target=measure, args=(rows,))
        process.start()
        process.join()


def measure(rows: int) -> None:
    import steelyard as sy
    from steelyard.training import PROBES
    from steelyard.workflow.engines import Local

    data = sy.load(table(rows), "class")
    peaks, stop = {"conducting": 0, "a worker": 0}, threading.Event()
    watching = threading.Thread(target=watch, args=(peaks, stop))
    watching.start()
    with tempfile.TemporaryDirectory() as folder, Local(2) as engine:
        engine.start()
        began = time.perf_counter()
        weighing = sy.weigh(
            data,
            degrees=(0, 1),
            seeds=2,
            probe=replace(PROBES["trees"], epochs=5),
            run=folder,
            engine=engine,
        )
        weighed = time.perf_counter() - began
        weighing.save(folder)
        saved = time.perf_counter() - began - weighed
        sizes = {
            "cells": size(Path(folder) / "cells"),
            "predictions": size(Path(folder) / "predictions.parquet"),
            "all": size(Path(folder)),
        }
    stop.set()
    watching.join()
    each = {name: f"{n_bytes / rows:.0f} B a row" for name, n_bytes in sizes.items()}
    memory = {name: f"{peak / 2**20:.0f} MiB" for name, peak in peaks.items()}
    print(f"{rows} rows: weighed in {weighed:.0f} s, saved in {saved:.0f} s; peak {memory}; "
          f"stored {each}", flush=True)  # fmt: skip


def table(rows: int) -> pd.DataFrame:
    random = np.random.default_rng(0)
    labels = random.choice(CLASSES, rows, p=[0.6, 0.2, 0.1, 0.06, 0.04])
    values = random.normal(size=(rows, COLUMNS)).astype(np.float32)
    values[:, :CLASSES] += np.eye(CLASSES, dtype=np.float32)[labels]
    frame = pd.DataFrame(values, columns=[f"x{column}" for column in range(COLUMNS)])
    return frame.assign(**{"class": labels.astype(str)})


def watch(peaks: dict[str, int], stop: threading.Event) -> None:
    me = psutil.Process()
    while not stop.wait(0.05):
        peaks["conducting"] = max(peaks["conducting"], me.memory_info().rss)
        for child in me.children(recursive=True):
            try:
                peaks["a worker"] = max(peaks["a worker"], child.memory_info().rss)
            except psutil.Error:  # it has ended
                continue


def size(path: Path) -> int:
    if path.is_file():
        return path.stat().st_size
    return sum(one.stat().st_size for one in path.rglob("*") if one.is_file())


if __name__ == "__main__":
    main()
