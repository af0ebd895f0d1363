"""How long `steelyard score` takes and what it holds in memory; imbalanced-learn beside it.

    STEELYARD_DATA=... python benchmarks/scoring.py [--only images table]

- *images*: the command on Fashion-MNIST's 60,000 training images with 5 runs and with 20, by two
  workers: wall time and peak resident memory of the conducting process and of the largest worker.
- *table*: 100,000 x 30 rows, 1 % of a minority (drawn from a seed). `score` with five runs and
  the plan that leaves out the hardest of the majority, beside InstanceHardnessThreshold of
  imbalanced-learn (its default: a random forest of 100 trees, in five folds), once each in turn.
  Needs imbalanced-learn.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
import pandas as pd
import psutil
from side_by_side import machine
from sklearn.datasets import make_classification

import steelyard as sy

COMMAND = [sys.executable, "-c", "from steelyard.cli import main; main()", "score"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", default=["images", "table"])
    words = parser.parse_args()
    print(machine())
    if "images" in words.only:
        for runs in (5, 20):
            images(runs)
    if "table" in words.only:
        table()


def images(runs: int) -> None:
    """Print what the command takes."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "scores.parquet"
        began = time.monotonic()
        process = subprocess.Popen(
            [*COMMAND, "fashion-mnist", "--runs", str(runs), "--out", str(out)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        peaks = {"conducting": 0, "worker": 0}
        watching = threading.Thread(target=watch, args=(process.pid, peaks))
        watching.start()
        said, errors = process.communicate()
        wall = time.monotonic() - began
        watching.join()
        if process.returncode:
            raise SystemExit(errors)
        scores = pd.read_parquet(out)
        print(
            f"images: {len(scores)} scored by {runs} runs in {wall:.0f} s; peak memory "
            f"{peaks['conducting'] / 2**20:.0f} MiB, of the largest worker "
            f"{peaks['worker'] / 2**20:.0f} MiB; table {out.stat().st_size / 2**20:.0f} MiB"
        )
        print(
            "   ", "\n    ".join(line for line in said.splitlines() if "share" in line), flush=True
        )


def watch(pid: int, peaks: dict[str, int]) -> None:
    """Look at a process and its children until it ends."""
    try:
        process = psutil.Process(pid)
        while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
            peaks["conducting"] = max(peaks["conducting"], process.memory_info().rss)
            for child in process.children(recursive=True):
                try:
                    peaks["worker"] = max(peaks["worker"], child.memory_info().rss)
                except psutil.NoSuchProcess:
                    continue
            time.sleep(0.1)
    except psutil.NoSuchProcess:
        return


def table() -> None:
    """Print the two times side by side."""
    from imblearn.under_sampling import InstanceHardnessThreshold

    X, y = make_classification(
        100_000, 30, n_informative=10, weights=[0.99], random_state=0, class_sep=0.8
    )
    began = time.monotonic()
    _, kept = InstanceHardnessThreshold(random_state=0, n_jobs=os.cpu_count()).fit_resample(X, y)
    theirs = time.monotonic() - began
    print(f"table: InstanceHardnessThreshold {theirs:.0f} s, keeps {np.bincount(kept)}", flush=True)
    began = time.monotonic()
    data = sy.load(X, y)
    aum = sy.score(data, runs=5)["aum"]
    plan = sy.plan(data, degree=1, size="shrink", under="hardest", hardness=aum)
    ours = time.monotonic() - began
    print(
        f"table: score with {aum.n_runs} runs and plan {ours:.1f} s, keeps "
        f"{plan.achieved.tolist()}: {theirs / ours:.0f} times faster",
        flush=True,
    )


if __name__ == "__main__":
    main()
