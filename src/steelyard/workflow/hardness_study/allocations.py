"""What a mode and a degree ask of each class, which classes it calls hard, and how sure that is."""

from __future__ import annotations

import numpy as np

from steelyard._support.errors import ParameterError
from steelyard._support.seeding import generator
from steelyard.records.hardness import Hardness
from steelyard.records.hardness_protocol import HardnessProtocol
from steelyard.records.labelled import Labelled
from steelyard.resampling.by_hardness import NEGATED
from steelyard.resampling.hardness_targets import (
    class_means,
    feasible_degrees,
    positive_hardness,
    published_targets,
    safe_targets,
)
from steelyard.resampling.targets import MOST_DRAWS
from steelyard.workflow.hardness_study.score_rows import jackknife_half
from steelyard.workflow.hardness_study.scored import Scored
from steelyard.workflow.rows import Rows

_VERSIONS = {"paper-v1": 1, "paper-v2": 2}
MODES = (*_VERSIONS, "safe")
_ORDERS = 4  # ours: random orders of the models


def asked(hardness: Hardness, train: Labelled, mode: str, degree: float) -> np.ndarray:
    """Return how many samples of each class a mode asks for, before any bound, shape (K,).

    Raises
    ------
    ParameterError
        If the published ratios are not finite.
    """
    values = hardness.values
    return _asked(values, hardness.name, train, mode, degree)


def hard_classes(hardness: Hardness, train: Labelled) -> np.ndarray:
    """Return which classes are called hard, shape (K,): those asked for more than the mean class.

    As published at degree 1; where a class mean of a margin is 0 or below, so that the published
    ratios mean nothing, of "safe" at degree 1, from equal counts.
    """
    present = train.class_counts > 0
    means = class_means(hardness.values, train.labels, train.ids, train.n_classes)
    if hardness.name in NEGATED and (means[present] >= 0).any():
        equal = np.where(present, len(train) / present.sum(), 0.0)
        targets = safe_targets(equal, _positive_means(hardness.values, train), 1.0)
    else:
        targets = asked(hardness, train, "paper-v1", 1.0)
    return targets > targets[present].mean()


def most_degree(hardness: Hardness, train: Labelled, mode: str) -> float:
    """Return the largest degree that leaves every class that has samples one of them."""
    counts = train.class_counts
    if mode == "safe":
        means = _positive_means(hardness.values, train)
        least, most = np.where(counts > 0, 1, 0), np.full(len(counts), MOST_DRAWS)
        return float(feasible_degrees(counts, means, least, most)[1])
    try:
        shares = asked(hardness, train, mode, 1.0)[counts > 0]
    except ParameterError:
        return 0.0
    middle = shares.mean()
    lowest = shares.min()
    return float((middle - 1) / (middle - lowest)) if lowest < middle else float("inf")


def add_allocations(
    rows: Rows, scored: Scored, train: Labelled, protocol: HardnessProtocol
) -> None:
    """Add what every mode asks for at every degree, and how that moves as models are added."""
    name = protocol.estimators[0]
    hardness = scored.deciding[name]
    present = np.flatnonzero(train.class_counts)
    for mode in MODES:
        most = most_degree(hardness, train, mode)
        rows.add(f"allocation/{mode}/most-degree", most, n_runs=hardness.n_runs)
        degrees = {arm.degree for arm in protocol.arms if arm.mode == mode} | {*protocol.degrees}
        for degree in sorted(degrees):
            try:
                targets = asked(hardness, train, mode, degree)
            except ParameterError:
                continue
            for code in present:
                key = f"allocation/{mode}/degree={degree:g}/class={code}"
                rows.add(key, targets[code], n_runs=hardness.n_runs, unit="samples")
            key = f"allocation/{mode}/degree={degree:g}/total"
            rows.add(key, targets.sum(), n_runs=hardness.n_runs, unit="samples")
        _add_changes(rows, scored.by_run[name], name, train, mode, protocol.seed)


def _add_changes(
    rows: Rows, by_run: np.ndarray, name: str, train: Labelled, mode: str, seed: int
) -> None:
    """Add by how much class counts at degree 1 move when one model is added, in %.

    Means over random orders of the models. Intervals leave one model out at a time (the
    jackknife), as far as there are models enough.
    """

    def of(chosen: np.ndarray) -> np.ndarray:
        return _changes(by_run[chosen], name, train, mode, seed)

    everyone = np.arange(len(by_run))
    try:
        found = of(everyone)
        half = jackknife_half(lambda chosen: _padded(of(chosen), found.shape), everyone)
    except ParameterError:  # a class mean of 0 on the way: the published ratios are not finite
        return
    for runs, (value, error) in enumerate(zip(found, half, strict=True), 1):
        for place, what in enumerate(("largest", "mean")):
            key = f"allocation-change/{mode}/runs={runs}/{what}"
            low, high = max(value[place] - error[place], 0.0), value[place] + error[place]
            rows.add(key, value[place], np.nan, low, high, len(by_run), "%")


def _changes(by_run: np.ndarray, name: str, train: Labelled, mode: str, seed: int) -> np.ndarray:
    """Return the largest and the mean change of a class, in %, shape (runs - 1, 2)."""
    present = train.class_counts > 0
    random = generator(seed, purpose="allocation changes", mode=mode)
    orders = []
    for _ in range(_ORDERS):
        total, before, moved = np.zeros(by_run.shape[1]), None, []
        for number, run in enumerate(random.permutation(len(by_run)), 1):
            total = total + by_run[run]
            targets = _asked(total / number, name, train, mode, 1.0)[present]
            if before is not None:
                share = 100 * np.abs(targets - before) / np.maximum(np.abs(before), 1)
                moved.append((share.max(), share.mean()))
            before = targets
        orders.append(moved)
    return np.mean(orders, axis=0)


def _padded(found: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Return changes with one model fewer as if there were as many: the last one twice."""
    return np.concatenate([found, found[-1:]])[: shape[0]]


def _asked(values: np.ndarray, name: str, train: Labelled, mode: str, degree: float) -> np.ndarray:
    if mode == "safe":
        return safe_targets(train.class_counts, _positive_means(values, train), degree)
    means = class_means(values, train.labels, train.ids, train.n_classes)
    low_is_hard = name in NEGATED
    means = -means if low_is_hard else means
    return published_targets(means, len(train), degree, _VERSIONS[mode], low_is_hard)


def _positive_means(values: np.ndarray, train: Labelled) -> np.ndarray:
    positive = positive_hardness(values, "rank")
    return class_means(positive, train.labels, train.ids, train.n_classes)
