"""From stated probabilities to logits, and what is refused on the way."""

from __future__ import annotations

import numpy as np
from scipy.special import logit

from steelyard._support.errors import DataError

SUM_TOLERANCE = 1e-3  # float16 and rounded text pass
_LEAST = np.finfo(np.float64).tiny
_MOST = 1 - np.finfo(np.float64).epsneg


def logits_of(probabilities: np.ndarray) -> np.ndarray:
    """Return the logarithms of class probabilities, shape (n, K).

    A probability of exactly 0 has no finite logarithm: it is read as the smallest normal number.

    Parameters
    ----------
    probabilities : ndarray of float64, shape (n, K)
        Non-negative; each row sums to one, give or take .001.

    Raises
    ------
    DataError
        If they are none, naming the first such row.
    """
    sums = probabilities.sum(axis=1)
    # NaN fails both comparisons
    good = (probabilities >= 0).all(axis=1) & (np.abs(sums - 1) <= SUM_TOLERANCE)
    if not good.all():
        row = int(good.argmin())
        hint = (
            "leave out the samples that the model failed on, in every arm alike."
            if np.isnan(sums[row])
            else "where a sample may have several labels, give its truth as 0 and 1 for each "
            "label: in a table as columns 't_<label>', not as 'truth'."
        )
        raise DataError(
            f"Probabilities must be non-negative and sum to one a row. {int((~good).sum())} rows "
            f"do not, the first is row {row}: it sums to {sums[row]:.6g}, its smallest is "
            f"{probabilities[row].min():.6g}.",
            hint=hint,
        )
    return np.log(np.maximum(probabilities, _LEAST))


def log_odds_of(probabilities: np.ndarray) -> np.ndarray:
    """Return the log-odds of the probabilities of labels, shape (n, K).

    0 and 1 have no finite log-odds: they are read as the numbers next to them.

    Raises
    ------
    DataError
        If one lies outside [0, 1], naming the first such row.
    """
    good = ((probabilities >= 0) & (probabilities <= 1)).all(axis=1)  # NaN fails both
    if not good.all():
        row = int(good.argmin())
        raise DataError(
            f"Probabilities of labels must lie in [0, 1]. {int((~good).sum())} rows do not, the "
            f"first is row {row}: {probabilities[row].min():.6g} to {probabilities[row].max():.6g}."
        )
    return logit(np.clip(probabilities, _LEAST, _MOST))
