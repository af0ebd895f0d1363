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
    try:
        weights = np.asarray(prior, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(f"The prior of {owner} must hold numbers. Got {prior!r}.") from error
    if weights.shape != (len(class_names),):
        raise DataError(
            f"The prior of {owner} needs one weight for each of {len(class_names)} classes. "
            f"Got shape {weights.shape}."
        )
    finite = np.isfinite(weights).all() and np.isfinite(weights.sum())
    if not finite or (weights < 0).any() or weights.sum() <= 0:
        raise DataError(
            f"The prior of {owner} must hold finite, non-negative weights with a positive sum. "
            f"Got {weights.tolist()[:12]}."
        )
    total = weights.sum()
    # shares stay as they are, bit for bit, so that a stored prior equals the one that was stored
    return frozen_array(weights if abs(total - 1) < 1e-12 else weights / total)
