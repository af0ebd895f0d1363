"""Translations between a balancing degree by count and what others call it.

All are exact for single-label data: with n_c samples in class c, a degree d draws class c with
probability proportional to n_c ** (1 - d).

| convention | rule | degree |
|---|---|---|
| sampling exponent | p_c proportional to n_c ** exponent | 1 - exponent |
| temperature | p_c proportional to n_c ** (1 / temperature) | 1 - 1 / temperature |
| class weights in the loss | weight_c proportional to (n_max / n_c) ** degree | the same |

Weights in the loss and draws by a plan reach the same expected loss, not the same training: a
weight scales the steps that a rare sample takes, a plan takes more of them. Using both multiplies
them.
"""

from __future__ import annotations

import math

import numpy as np

from steelyard._support.errors import ParameterError
from steelyard._support.validation import check_real


def degree_to_sampling_exponent(degree: float) -> float:
    """Return the exponent of the class counts that draws as the degree does: 1 - degree."""
    return 1.0 - check_real(degree, "degree", "degree_to_sampling_exponent")


def sampling_exponent_to_degree(exponent: float) -> float:
    """Return the degree that draws as the exponent of the class counts does: 1 - exponent."""
    return 1.0 - check_real(exponent, "exponent", "sampling_exponent_to_degree")


def degree_to_temperature(degree: float) -> float:
    """Return the temperature that draws as the degree does: 1 / (1 - degree).

    Full balancing, degree 1, is an infinite temperature; no temperature overshoots.

    Raises
    ------
    ParameterError
        If the degree is above 1.
    """
    degree = check_real(degree, "degree", "degree_to_temperature", high=1.0)
    return math.inf if degree == 1 else 1.0 / (1.0 - degree)


def temperature_to_degree(temperature: float) -> float:
    """Return the degree that draws as the temperature does: 1 - 1 / temperature.

    Raises
    ------
    ParameterError
        If the temperature is not above 0; it may be infinite.
    """
    if temperature == math.inf:
        return 1.0
    temperature = check_real(temperature, "temperature", "temperature_to_degree", 0, bounds="()")
    return 1.0 - 1.0 / temperature


def class_weights(counts: np.ndarray, degree: float) -> np.ndarray:
    """Return the loss weight of each class that a degree stands for.

    Parameters
    ----------
    counts : ndarray of shape (K,)
        Samples a class.
    degree : float
        0 weighs all samples alike; 1 gives every class the same total weight, as
        scikit-learn's ``class_weight="balanced"`` does.

    Returns
    -------
    ndarray of shape (K,)
        (n_max / n_c) ** degree, scaled so that the mean weight over samples is 1; 0 for a class
        without samples.

    Raises
    ------
    ParameterError
        If a count is negative or no class has a sample.
    """
    degree = check_real(degree, "degree", "class_weights")
    counts = np.asarray(counts)
    if (counts < 0).any() or not (counts > 0).any():
        raise ParameterError(
            f"The 'counts' parameter of class_weights must hold counts in the range [0, inf), one "
            f"of them positive. Got {counts.tolist()} instead."
        )
    present = counts > 0
    n = counts[present].astype(np.float64)
    weights = np.zeros(len(counts))
    weights[present] = _powers(n, -degree)
    return weights * (n.sum() / math.fsum(n * weights[present]))


def _powers(n: np.ndarray, exponent: float) -> np.ndarray:
    """Return n ** exponent up to a common factor, the largest exactly 1, so never infinite."""
    reference = n.max() if exponent >= 0 else n.min()
    return (n / reference) ** exponent
