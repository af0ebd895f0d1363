"""What balancing reaches where samples have several labels.

    STEELYARD_DATA=... python benchmarks/multi_label.py [--data birds CAL500 rcv1subset1500]

For every rule and degree on three published label sets (ARFF files in multilabel/ of the data
folder: birds, 645 recordings; CAL500, 502 songs; rcv1subset1500, 6,000 texts), and for repeat
factors: how much longer an epoch is, how far the labels are apart afterwards (largest over smallest
count; `asked` is rho ** (1 - degree), which one label a sample would reach), labels a draw, the
effective sample size as a share of the samples, the largest repeat, and the share of the samples
that an epoch of constant size uses at all. All are expectations: nothing is drawn.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from arff import read_labels
from side_by_side import machine

import steelyard as sy
from steelyard.records import Labelled
from steelyard.records.plan import Plan
from steelyard.resampling import RULES, by_label_count, by_repeat_factor, distribution

N_LABELS = {"birds": 19, "CAL500": 174, "rcv1subset1500": 101}
DEGREES = (0.1, 0.25, 0.3, 0.5, 0.7, 0.75, 1.0)
THRESHOLDS = (0.01, 0.05, 0.1)
COLUMNS = ["epoch", "rho", "asked", "labels", "effective", "repeat", "used"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", nargs="*", default=list(N_LABELS))
    options = parser.parse_args()
    print(machine())
    for name in options.data:
        path = Path(os.environ["STEELYARD_DATA"]) / "multilabel" / f"{name}.arff.gz"
        print(f"\n{achieved_table(name, *read_labels(path, N_LABELS[name]))}", flush=True)


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


def bare(labels: np.ndarray, names: tuple[str, ...]) -> Labelled:
    """Return labels alone: enough to plan."""
    return sy.load(None, pd.DataFrame(labels, columns=list(names)))


if __name__ == "__main__":
    main()
