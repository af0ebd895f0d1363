"""Rows in groups that one set of networks trains on, so that no product is made in vain."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class RowGroup:
    """Rows that the same networks train on.

    Parameters
    ----------
    rows : ndarray of shape (b,)
        Positions of samples, ascending.
    members : ndarray of shape (m,)
        Positions of networks, ascending.
    """

    rows: np.ndarray
    members: np.ndarray


def row_groups(subsets: np.ndarray) -> Iterator[RowGroup]:
    """Yield every row that a network trains on, once, with all networks that do.

    Networks on nested or overlapping parts of one data set share the products of the rows that
    they share, and each makes no more of them than it would alone.

    Parameters
    ----------
    subsets : ndarray of bool, shape (M, n)
        Whether a network trains on a sample.
    """
    patterns, pattern_of = np.unique(subsets.T, axis=0, return_inverse=True)
    for number, pattern in enumerate(patterns):
        if pattern.any():
            rows = np.flatnonzero(pattern_of.ravel() == number)
            yield RowGroup(rows, np.flatnonzero(pattern))
