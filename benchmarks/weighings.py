"""Claim: one command goes from data to a verdict in a minute or three on two CPU cores.

Runs `steelyard weigh` on the demonstration, on Adult and on long-tailed Fashion-MNIST, each as its
own process; states wall time, peak memory and the verdicts; and compares the stated recalls at
degree 0 with scikit-learn's on the saved predictions. Adult and Fashion-MNIST are read from the
folder that STEELYARD_DATA names, and reported as "not run" where it is not there.

    python benchmarks/weighings.py [--quick] [--json]

``--quick`` trains two degrees and two seeds instead of five and five.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.metrics import recall_score

DATA = Path(os.environ.get("STEELYARD_DATA", "not set"))
WEIGHINGS = {
    "demonstration": ([], None),
    "Adult, training file": (
        [str(DATA / "adult-train.csv"), "--no-header", "--target", "-1"],
        DATA / "adult-train.csv",
    ),
    "Fashion-MNIST, long-tailed at .01": (
        ["fashion-mnist", "--long-tail", "0.01"],
        DATA / "fashion-mnist",
    ),
}


def weigh(words: list[str], folder: Path) -> dict:
    """Run one weighing and return what it took and said."""
    program = "from steelyard.cli import main; main()"
    command = [sys.executable, "-c", program, "weigh", *words, "--out", str(folder), "--json"]
    started = time.monotonic()
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    wall = time.monotonic() - started
    verdict = json.loads(done.stdout)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20
    return {
        "wall_seconds": round(wall, 1),
        "largest_peak_so_far_gib": round(peak, 2),
        "page_mb": round((folder / "report.html").stat().st_size / 1e6, 2),
        "largest_recall_error": recall_error(folder, verdict),
        "verdicts": {one["prior"]: one["sentence"] for one in verdict["priors"]},
    }


def recall_error(folder: Path, verdict: dict) -> float:
    """Return the largest difference between a stated recall at degree 0 and scikit-learn's."""
    frame = pd.read_parquet(folder / "predictions.parquet")
    frame = frame[(frame["arm"] == "degree=0") & (frame["split"] == "test")]
    names = np.array([column.removeprefix("p_") for column in frame if column.startswith("p_")])
    recalls = []
    for _, rows in frame.groupby("seed"):
        predicted = names[rows[[f"p_{name}" for name in names]].to_numpy().argmax(axis=1)]
        recalls.append(recall_score(rows["truth"], predicted, labels=names, average=None))
    stated = [one["recall"]["mean"] for one in verdict["classes"]]
    return float(np.abs(np.mean(recalls, axis=0) - stated).max())


def main() -> None:
    """Run every weighing that the data at hand allow."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    extra = ["--degrees", "0,1", "--seeds", "2"] if options.quick else []
    found: dict = {"cores": os.cpu_count(), "python": platform.python_version(), "weighings": {}}
    for name, (words, needed) in WEIGHINGS.items():
        if needed is not None and not needed.exists():
            found["weighings"][name] = f"not run: {needed} is not there (set STEELYARD_DATA)"
            continue
        with tempfile.TemporaryDirectory() as scratch:
            found["weighings"][name] = weigh([*words, *extra], Path(scratch) / "run")
    if options.json:
        print(json.dumps(found, indent=2))
        return
    for name, one in found["weighings"].items():
        print(f"\n{name}")
        if isinstance(one, str):
            print(f"  {one}")
            continue
        print(
            f"  {one['wall_seconds']} s, page {one['page_mb']} MB, "
            f"recalls agree with scikit-learn to {one['largest_recall_error']:.1e}"
        )
        for sentence in one["verdicts"].values():
            print(f"  {sentence}")


if __name__ == "__main__":
    main()
