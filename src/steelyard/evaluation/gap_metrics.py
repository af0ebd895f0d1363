"""Gaps between classes as functions of counts: of recall, of precision and of F1."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from types import MappingProxyType

import numpy as np

from steelyard._support.errors import DataError
from steelyard._support.validation import did_you_mean
from steelyard.evaluation.count_metrics import CLASS_METRICS, Metric
from steelyard.evaluation.counts import Counts
from steelyard.evaluation.crossed import Estimates, reflected_ends
from steelyard.evaluation.estimate import LEVEL
from steelyard.evaluation.gaps import easy_hard, mad, max_min, standard_deviation, top_bottom

OF = ("recall", "precision", "f1")
_EASY_HARD = "easy_hard"


def _gap(gap: Callable[[np.ndarray], np.ndarray], of: Metric, counts: Counts) -> np.ndarray:
    return gap(of(counts))


# "recall_max_min" and so on; the average of recalls is balanced accuracy.
GAP_METRICS: MappingProxyType[str, Metric] = MappingProxyType(
    {
        f"{of}_{gap.__name__}": partial(_gap, gap, CLASS_METRICS[of])
        for of in OF
        for gap in (max_min, top_bottom, standard_deviation, mad)
    }
)
# Only where somebody says which classes are easy and which are hard.
EASY_HARD_METRICS = tuple(f"{of}_{_EASY_HARD}" for of in OF)


def easy_hard_metrics(easy: Sequence[int], hard: Sequence[int]) -> dict[str, Metric]:
    """Return the gaps between classes that are called easy and hard, by name."""
    gap = partial(easy_hard, easy=easy, hard=hard)
    return {f"{of}_{_EASY_HARD}": partial(_gap, gap, CLASS_METRICS[of]) for of in OF}


def codes_of(names: Sequence[str], class_names: tuple[str, ...]) -> tuple[int, ...]:
    """Return the codes of classes that are called easy or hard.

    Raises
    ------
    DataError
        If there is no such class (nearest names shown).
    """
    for name in names:
        if name not in class_names:
            raise DataError(
                f"There is no class {name!r} to call easy or hard.",
                hint=did_you_mean(name, class_names),
            )
    return tuple(class_names.index(name) for name in names)


def class_metric_of(gap_metric: str) -> Metric:
    """Return the metric of a class that a gap is of."""
    return CLASS_METRICS[gap_metric.partition("_")[0]]


def gap_ends(
    name: str,
    estimates: Estimates,
    resampled: np.ndarray,
    expected: np.ndarray,
    level: float = LEVEL,
) -> tuple[np.ndarray, np.ndarray]:
    """Return low and high ends of a gap (`reflected_ends`), where a gap can be.

    The gap between easy and hard classes has a sign, and no bias: mean -+ t * error.
    """
    if name in EASY_HARD_METRICS:
        low, high = estimates.ends(level)
        return np.maximum(low, -1.0), np.minimum(high, 1.0)
    low, high = reflected_ends(estimates, resampled, level, expected)
    return low, np.minimum(high, 1.0)
