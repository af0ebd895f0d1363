"""What balancing reaches where samples have several labels, and how long planning takes.

    STEELYARD_DATA=... python benchmarks/multi_label.py
        [--data birds CAL500 rcv1subset1500] [--large]

For every rule and degree on three published label sets (ARFF files in multilabel/ of the data
folder: birds, 645 recordings; CAL500, 502 songs; rcv1subset1500, 6,000 texts), and for repeat
factors: how much longer an epoch is, how far the labels are apart afterwards (largest over smallest
count; `asked` is rho ** (1 - degree), which one label a sample would reach), labels a draw, the
effective sample size as a share of the samples, the largest repeat, and the share of the samples
that an epoch of constant size uses at all. All are expectations: nothing is drawn.

With --large: seconds to plan 10 million rows of 1,000 classes, and 2 million rows of 527 labels.
"""

from __future__ import annotations

import argparse
import os
import resource
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from arff import read_labels
from side_by_side import machine

from steelyard.records import Labelled
from steelyard.records.plan import Plan
from steelyard.resampling import (
    RULES,
    by_count,
    by_label_count,
    by_repeat_factor,
    distribution,
)

N_LABELS = {"birds": 19, "CAL500": 174, "rcv1subset1500": 101}
DEGREES = (0.1, 0.25, 0.3, 0.5, 0.7, 0.75, 1.0)
THRESHOLDS = (0.01, 0.05, 0.1)
COLUMNS = ["epoch", "rho", "asked", "labels", "effective", "repeat", "used"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", nargs="*", default=list(N_LABELS))
    parser.add_argument("--large", action="store_true")
    options = parser.parse_args()
    print(machine())
    for name in options.data:
        path = Path(os.environ["STEELYARD_DATA"]) / "multilabel" / f"{name}.arff.gz"
        print(f"\n{achieved_table(name, *read_labels(path, N_LABELS[name]))}", flush=True)
    if options.large:
        print()
        one_class_a_row(10_000_000, 1_000)
        several_labels_a_row(2_000_000, 527)


def achieved_table(name: str, labels: np.ndarray, names: tuple[str, ...]) -> str:
    data = bare(labels, names)
    none = distribution(np.ones(len(data)), data)
    rho = none.rho_before
    plans: list[tuple[str, float, Callable[..., Plan]]] = [
        (f"{rule} {degree:g}", rho ** (1 - degree), by_rule(data, degree, rule))
        for rule in RULES
        for degree in DEGREES
    ]
    plans += [
        ("sum 1, softened by 100", np.nan, by_rule(data, 1.0, "sum", soften=100)),
        ("max 1, at most 10 uses", np.nan, by_rule(data, 1.0, "max", max_repeat=10)),
        ("max 1, median count", 1.0, by_rule(data, 1.0, "max", reference="median")),
    ]
    rows = {"none": figures(none, rho, 1.0)}
    for words, asked, plan in plans:
        used = distribution(plan("constant"), data).distinct_samples / len(data)
        rows[words] = figures(distribution(plan("grow"), data), asked, used)
    for threshold in THRESHOLDS:
        reached = distribution(by_repeat_factor(data, threshold), data)
        rows[f"repeat factor {threshold:g}"] = figures(reached, np.nan, np.nan)
    table = pd.DataFrame.from_dict(rows, orient="index", columns=COLUMNS)
    unlabelled = int((~labels.any(axis=1)).sum())
    return (
        f"{name}: {len(data)} samples, {data.n_classes} labels in {data.class_counts.min()} to "
        f"{data.class_counts.max()} samples, {unlabelled} samples without labels\n"
        + table.to_string(float_format=lambda value: f"{value:.3g}", na_rep="")
    )


def by_rule(data: Labelled, degree: float, rule: str, **more: object) -> Callable[[str], Plan]:
    return lambda size: by_label_count(data, degree, rule=rule, size=size, **more)


def figures(reached, asked: float, used: float) -> list[float]:
    return [
        reached.epoch_ratio,
        reached.rho_after,
        asked,
        reached.cardinality_after,
        reached.effective_share,
        reached.largest_repeat,
        used,
    ]


def one_class_a_row(n: int, k: int) -> None:
    random = np.random.default_rng(0)
    shares = 1.0 / np.arange(1, k + 1)
    labels = random.choice(k, n, p=shares / shares.sum())
    data = bare(labels, tuple(map(str, range(k))))
    timed(f"by_count, {n} rows of {k} classes", data, lambda: by_count(data, 0.5))
    timed(
        f"by_count with bounds, {n} rows of {k} classes",
        data,
        lambda: by_count(data, 1.0, max_repeat=5, floor=100),
    )


def several_labels_a_row(n: int, k: int) -> None:
    random = np.random.default_rng(0)
    labels = np.zeros((n, k), dtype=bool)
    shares = 1.0 / np.arange(1, k + 1)
    for _ in range(2):  # about two labels a row
        labels[np.arange(n), random.choice(k, n, p=shares / shares.sum())] = True
    data = bare(labels, tuple(map(str, range(k))))
    for rule in ("max", "geometric_mean"):
        timed(
            f"by_label_count, rule {rule}, {n} rows of {k} labels",
            data,
            lambda rule=rule: by_label_count(data, 0.5, rule=rule),
        )


def timed(words: str, data: Labelled, plan: Callable[[], Plan]) -> None:
    _ = data.fingerprint  # kept with the data; a plan names it
    began = time.perf_counter()
    made = plan()
    planned = time.perf_counter() - began
    reached = distribution(made, data)
    looked = time.perf_counter() - began - planned
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"{words}: planned in {planned:.1f} s, achieved "
          f"distribution in {looked:.1f} s (rho {reached.rho_before:.3g} to "
          f"{reached.rho_after:.3g}); peak so far {peak:.1f} GiB", flush=True)  # fmt: skip


def bare(labels: np.ndarray, names: tuple[str, ...]) -> Labelled:
    """Return labels alone: enough to plan."""
    n = len(labels)
    return Labelled(pd.DataFrame(index=range(n)), labels, names, np.arange(n))


if __name__ == "__main__":
    main()
