"""Targets: how many samples a class a degree asks for, before rounding.

All sizes share one shape, n_c ** (1 - degree), so that the ratio of the largest to the smallest
class goes from rho to rho ** (1 - degree); they differ in what stays fixed:

* "constant": the total. T_c = N n_c^(1-d) / sum_j n_j^(1-d)
* "grow": the largest class; for degrees in (0, 1] the others grow. T_c = n_c (n_max / n_c)^d
* "shrink": the smallest class; the others shrink. T_c = n_c (n_min / n_c)^d

The three formulas are ours, read from the multiplicity (n_max / n_c) ** degree of a balancing
degree; they agree up to scale.
"""

from __future__ import annotations

import math

import numpy as np

from steelyard._support.errors import ParameterError

SIZES = ("constant", "grow", "shrink")
_MOST_DRAWS = 2**53  # above, float64 no longer counts in ones


def target_counts(counts: np.ndarray, degree: float, size: str = "constant") -> np.ndarray:
    """Return the requested samples a class, float64 of shape (K,), not rounded.

    Parameters
    ----------
    counts : ndarray of shape (K,)
        Samples a class; a class without samples is asked for none.
    degree : float
        0 as it is, 1 balanced, above 1 overshoots, below 0 exaggerates the imbalance.
    size : {"constant", "grow", "shrink"}
        What stays fixed.

    Raises
    ------
    ParameterError
        If the degree asks for more draws than can be counted.
    """
    present = counts > 0
    n = counts[present].astype(np.float64)
    exponent = 1.0 - degree
    targets = np.zeros(len(counts))
    with np.errstate(over="ignore"):  # caught below
        if size == "constant":
            shape = powers(n, exponent)
            # fsum: the order of the classes must not change the last digit
            targets[present] = n.sum() * (shape / math.fsum(shape))
        elif size == "grow":
            targets[present] = n.max() * (n / n.max()) ** exponent
        else:
            targets[present] = n.min() * (n / n.min()) ** exponent
    if not targets.sum() < _MOST_DRAWS:
        raise ParameterError(
            f"Degree {degree:g} with size {size!r} asks for {targets.sum():.3g} samples.",
            hint="choose a smaller degree, or size='constant'.",
        )
    return targets


def powers(n: np.ndarray, exponent: float) -> np.ndarray:
    """Return n ** exponent up to a common factor, the largest exactly 1, so never infinite."""
    reference = n.max() if exponent >= 0 else n.min()
    return (n / reference) ** exponent
