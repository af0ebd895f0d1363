"""Draws with replacement, each independent of the others: rows in proportion to their weights."""

from __future__ import annotations

import numpy as np

from steelyard._support.errors import ParameterError


def cumulative(weights: np.ndarray, owner: str) -> np.ndarray:
    """Return the running sums of weights, float64 of shape (n,), to draw from.

    Raises
    ------
    ParameterError
        If no weight is above 0.
    """
    sums = np.cumsum(weights, dtype=np.float64)
    if not (len(sums) and sums[-1] > 0):
        raise ParameterError(f"{owner} needs a weight above 0 to draw from. Got 0 only.")
    return sums


def draw_rows(sums: np.ndarray, n_draws: int, random: np.random.Generator) -> np.ndarray:
    """Return independent draws, each row in proportion to its weight.

    A row of weight 0 is never drawn. Any number of rows will do: the sums are float64.

    Parameters
    ----------
    sums : ndarray of shape (n,)
        What `cumulative` returned.
    n_draws : int
        How many.
    random : numpy.random.Generator
        What to draw from.

    Returns
    -------
    ndarray of shape (n_draws,)
        Rows, int64, in random order.
    """
    points = random.random(n_draws)
    points.sort()  # looked up in order, they cost a tenth; shuffled again, they are as they were
    points *= sums[-1]
    rows = np.searchsorted(sums, points, side="right")
    # a point that was rounded up to the very end belongs to the last row that has a weight
    np.minimum(rows, np.searchsorted(sums, sums[-1], side="left"), out=rows)
    random.shuffle(rows)
    return rows
