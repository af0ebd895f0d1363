"""Class priors: the shares of the classes where a model is trained or used."""

from __future__ import annotations

from typing import Any

import numpy as np

from steelyard._support.arrays import frozen_array
from steelyard._support.errors import DataError


def check_prior(prior: Any, class_names: tuple[str, ...], owner: str) -> np.ndarray:
    """Return a prior as a read-only float64 array that sums to 1.

    Parameters
    ----------
    prior : array_like of shape (K,)
        Non-negative weights, shares or counts; they are divided by their sum.
    class_names : tuple of str
        The K classes.
    owner : str
        Who asks, for the message.

    Raises
    ------
    DataError
        If the length is not K, or a weight is negative or NaN, or all are zero.
    """
    weights = np.asarray(prior, dtype=np.float64)
    if weights.shape != (len(class_names),):
        raise DataError(
            f"The prior of {owner} needs one weight for each of {len(class_names)} classes. "
            f"Got shape {weights.shape}."
        )
    if not np.isfinite(weights).all() or (weights < 0).any() or weights.sum() <= 0:
        raise DataError(
            f"The prior of {owner} must hold finite, non-negative weights with a positive sum. "
            f"Got {weights.tolist()[:12]}."
        )
    return frozen_array(weights / weights.sum())
