"""How long it takes to plan many rows.

    python benchmarks/planning.py [--rows 10_000_000] [--labelled 2_000_000]

- one class a row: 10 million rows of 1,000 classes whose shares fall as 1 / rank, labels alone;
- several labels a row: 2 million rows of 527 labels, about two a row.

Each plan is made once, one after the other; the floor beside them is numpy's sort of as many random
numbers. The fingerprint of the data, which every plan names, is worked out once and kept with them.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from side_by_side import machine

import steelyard as sy
from steelyard.records import Hardness, Labelled
from steelyard.resampling import distribution

CLASSES, LABELS = 1_000, 527


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--labelled", type=int, default=2_000_000)
    options = parser.parse_args()
    print(machine())
    if options.rows:
        one_class_a_row(options.rows)
    several_labels_a_row(options.labelled)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"peak {peak:.1f} GiB")


def one_class_a_row(n: int) -> None:
    random = np.random.default_rng(0)
    labels = random.choice(CLASSES, n, p=falling(CLASSES))
    print(f"\n{n:,} rows of {CLASSES} classes")
    numbers = random.random(n)
    timed("floor: a sort of as many numbers", lambda: np.sort(numbers))
    data = timed("labels read", lambda: sy.load(None, labels))
    timed("fingerprint", lambda: data.fingerprint)
    hardness = Hardness(
        "drawn",
        data.ids,
        data.labels,
        data.class_names,
        random.random(n) + data.labels / CLASSES,
        np.full(n, np.nan),
        1,
        data.fingerprint,
    )
    given = {"hardness": hardness}
    planned(data, "by count, degree .5", degree=0.5)
    planned(data, "by count, degree 1, floor and cap", degree=1, max_repeat=5, floor=100)
    planned(data, "by count, easiest left out", degree=0.5, under="easiest", **given)
    planned(data, "by hardness, degree .5", by="hardness", degree=0.5, **given)
    planned(data, "pruning, 30 % of the data set", by="pruning", rate=0.3, **given)
    planned(data, "coverage, 30 %", by="coverage", rate=0.3, **given)


def several_labels_a_row(n: int) -> None:
    random = np.random.default_rng(0)
    labels = np.zeros((n, LABELS), dtype=bool)
    for _ in range(2):
        labels[np.arange(n), random.choice(LABELS, n, p=falling(LABELS))] = True
    print(f"\n{n:,} rows of {LABELS} labels")
    data = timed("labels read", lambda: sy.load(None, labels))
    timed("fingerprint", lambda: data.fingerprint)
    planned(data, "by label count, rule max", degree=0.5)
    planned(data, "by label count, rule geometric_mean", degree=0.5, rule="geometric_mean")
    planned(data, "by repeat factor", by="repeat-factor", threshold=0.001)


def falling(n: int) -> np.ndarray:
    shares = 1.0 / np.arange(1, n + 1)
    return shares / shares.sum()


def planned(data: Labelled, words: str, **options: Any) -> None:
    plan = timed(words, lambda: sy.plan(data, **options))
    reached = distribution(plan, data)
    print(f"    {reached.draws:,.0f} draws; largest over smallest {reached.rho_before:,.0f} to "
          f"{reached.rho_after:,.1f}", flush=True)  # fmt: skip


def timed(words: str, work: Callable[[], Any]) -> Any:
    began = time.perf_counter()
    done = work()
    print(f"{words:40s} {time.perf_counter() - began:6.1f} s", flush=True)
    return done


if __name__ == "__main__":
    main()
