"""Many tests at once: of a hundred classes some differ by chance, which Holm's rule allows for."""

from __future__ import annotations

from typing import Any

import numpy as np

from steelyard._support.errors import DataError, MismatchError


def holm(p_values: Any, families: Any = None) -> np.ndarray:
    """Return p-values adjusted for how many tests there are, by Holm's step-down rule.

    Of m tests, the smallest p-value counts m times, the next m - 1 times, and none less than those
    before it::

        adjusted_(i) = min(1, max_{j <= i} (m - j + 1) p_(j))

    Where what has an adjusted p-value of at most a is called a finding, a family without anything
    to find has a finding in a share a of cases at most, however its tests depend on each other
    (classes share seeds, arms share samples). It finds all that Bonferroni's rule finds.

    Parameters
    ----------
    p_values : array_like of any shape
        In [0, 1]. NaN is "no test": it stays NaN and is not counted.
    families : array_like of the same shape, optional
        A label a test; tests of one label are adjusted together. All are one family by default.

    Returns
    -------
    ndarray of the same shape

    Raises
    ------
    DataError
        If a p-value lies outside [0, 1].
    MismatchError
        If the families have another shape.

    References
    ----------
    Holm (1979), Scandinavian Journal of Statistics 6(2), 65-70.
    """
    given = np.asarray(p_values, dtype=np.float64)
    if ((given < 0) | (given > 1)).any():
        worst = given[(given < 0) | (given > 1)][0]
        raise DataError(f"p-values must lie in [0, 1], or be NaN for no test. Got {worst:g}.")
    if families is None:
        return _adjusted(given.ravel()).reshape(given.shape)
    labels = np.asarray(families)
    if labels.shape != given.shape:
        raise MismatchError(
            f"There must be one family a p-value. Got shapes {labels.shape} and {given.shape}."
        )
    adjusted = np.empty_like(given)
    for label in np.unique(labels):
        mine = labels == label
        adjusted[mine] = _adjusted(given[mine])
    return adjusted


def _adjusted(p_values: np.ndarray) -> np.ndarray:
    tested = np.flatnonzero(~np.isnan(p_values))
    ascending = tested[np.argsort(p_values[tested], kind="stable")]
    factors = np.arange(len(ascending), 0, -1)
    adjusted = np.full(p_values.shape, np.nan)
    adjusted[ascending] = np.minimum(np.maximum.accumulate(factors * p_values[ascending]), 1)
    return adjusted
