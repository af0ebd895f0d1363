"""Collects figures: each quantity of a study under its key, with the interval that it has."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from steelyard.evaluation.estimate import Estimate
from steelyard.records.figures import COLUMNS
from steelyard.workflow.pooled import difference_estimate, pooled_estimate


class Rows:
    """Collects figures."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._rows: list[dict[str, Any]] = []

    def repeated(self, key: str, values: np.ndarray, unit: str) -> None:
        """Add the mean over ratios, sets and networks, values of shape (R, S, I).

        A set without hard (or easy) test samples has no accuracy on them: it is left out, and a
        ratio of which that leaves no set leaves no figure.
        """
        there = np.isfinite(values).all(axis=2)
        if not there.any(axis=1).all():
            return
        self._estimated(key, pooled_estimate(values), values[there], unit)

    def apart(self, key: str, left: np.ndarray, right: np.ndarray, unit: str) -> None:
        """Add by how much sets of one ratio, (1, S, I), lie above the sets of another."""
        there = [one[np.isfinite(one).all(axis=2)] for one in (left, right)]
        if all(map(len, there)):
            difference = difference_estimate(left, right)
            values = np.concatenate(there)
            mean = there[0].mean() - there[1].mean()
            self._estimated(key, difference, values, unit, float(mean), np.nan)

    def _estimated(
        self,
        key: str,
        estimate: Estimate | None,
        values: np.ndarray,
        unit: str,
        mean: float | None = None,
        spread: float | None = None,
    ) -> None:
        low = high = np.nan
        if estimate is not None:
            mean, interval = estimate.mean, estimate.interval()
            low, high = interval.low, interval.high
            if unit == "%":  # a share; few sets would have it below nothing or above all
                low, high = max(low, 0.0), min(high, 100.0)
        mean = float(values.mean()) if mean is None else mean
        spread = float(values.std()) if spread is None else spread
        self.add(key, mean, spread, low, high, values.size, unit)

    def add(
        self,
        key: str,
        value: float,
        spread: float = np.nan,
        low: float = np.nan,
        high: float = np.nan,
        n_runs: int = 1,
        unit: str = "",
    ) -> None:
        """Add a figure; one that is not finite is left out."""
        if np.isfinite(value):
            row = (f"{self._prefix}/{key}", value, spread, low, high, n_runs, unit)
            self._rows.append(dict(zip(COLUMNS, row, strict=True)))

    def table(self) -> pd.DataFrame:
        """Return all of them."""
        return pd.DataFrame(self._rows, columns=list(COLUMNS))
