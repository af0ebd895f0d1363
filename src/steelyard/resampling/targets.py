"""Targets: how many samples a class a degree asks for, before rounding.

A degree leads from the counts n_c (degree 0) to a target with shares t_c (degree 1): equal shares
of the classes that have samples, unless others are asked for. There are two ways between:

* "exponent": T_c proportional to n_c^(1-d) t_c^d. Towards equal shares the ratio of the largest
  to the smallest class goes from rho to rho^(1-d), and every degree can be met.
* "linear": T_c = (1-d) n_c + d F_c, where F is the full target. A degree beyond 0..1 may ask for
  less than nothing; it is refused, with the degrees that can be met.

Sizes differ in what stays fixed. With r_c = n_c / t_c, how much a class has of what it should:

* "constant": the total.
* "grow": the class with the largest r; for degrees in (0, 1] the others grow. Towards equal shares
  that is the largest class, and T_c = n_c (n_max / n_c)^d.
* "shrink": the class with the smallest r; the others shrink. T_c = n_c (n_min / n_c)^d.

The formulas are ours, read from the multiplicity (n_max / n_c) ** degree of a balancing degree;
for one interpolation they agree up to scale.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from steelyard._support.errors import DataError, ParameterError
from steelyard._support.validation import did_you_mean, named_few
from steelyard.records.priors import check_prior
from steelyard.resampling.rounding import TINY

SIZES = ("constant", "grow", "shrink")
INTERPOLATIONS = ("exponent", "linear")
MOST_DRAWS = 2**53  # above, float64 no longer counts in ones


def target_counts(
    counts: np.ndarray,
    degree: float,
    size: str = "constant",
    *,
    shares: np.ndarray | None = None,
    interpolation: str = "exponent",
) -> np.ndarray:
    """Return the requested samples a class, float64 of shape (K,), not rounded.

    Parameters
    ----------
    counts : ndarray of shape (K,)
        Samples a class; a class without samples is asked for none.
    degree : float
        0 as it is, 1 the full target, above 1 overshoots, below 0 moves away from it.
    size : {"constant", "grow", "shrink"}
        What stays fixed.
    shares : ndarray of shape (K,), optional
        The target, 0 where there are no samples (see `target_shares`); by default equal shares
        of the classes that have samples. A class whose share is 0 is left out: at any degree
        above 0 by exponent, at degree 1 on the line.
    interpolation : {"exponent", "linear"}
        The way between.

    Raises
    ------
    ParameterError
        If the degree asks for more draws than can be counted, for fewer than none of a class, or
        moves away from a share of 0 by exponent.
    """
    counts = np.asarray(counts)
    present = counts > 0
    if shares is None:
        shares = present / present.sum()
    targets = np.zeros(len(counts))
    with np.errstate(over="ignore"):  # caught below
        if interpolation == "linear":
            targets[present] = _linear(counts[present], shares[present], degree, size)
        elif degree == 0:
            targets[present] = counts[present]
        else:
            wanted = shares > 0
            if degree < 0 and (present & ~wanted).any():
                raise ParameterError(
                    f"A degree below 0 cannot move away from a target share of 0. Got {degree:g}.",
                    hint="choose interpolation='linear', a degree of 0 or above, or a share.",
                )
            total = float(counts.sum())  # with what is left out: the others make up for it
            asked = _by_exponent(counts[wanted], shares[wanted], degree, size, total)
            # a class that is wanted must not underflow to one that is not
            targets[wanted] = np.maximum(asked, TINY)
    if not targets.sum() < MOST_DRAWS:
        raise ParameterError(
            f"Degree {degree:g} with size {size!r} asks for {targets.sum():.3g} samples.",
            hint="choose a smaller degree, or size='constant'.",
        )
    return targets


def target_shares(
    target: Any, counts: np.ndarray, class_names: tuple[str, ...], owner: str
) -> np.ndarray:
    """Return a target distribution as shares, shape (K,), that sum to 1.

    Parameters
    ----------
    target : array_like of shape (K,), or mapping of class name to weight
        Non-negative weights, shares or counts; they are divided by their sum. A class that a
        mapping does not name has share 0.
    counts : ndarray of shape (K,)
        Samples a class.
    class_names : tuple of str
        The K classes.
    owner : str
        Who asks, for the message.

    Raises
    ------
    DataError
        If the weights are not one a class, negative, not finite, or all 0.
    ParameterError
        If a class is unknown, or a share is asked of a class without samples.
    """
    if isinstance(target, Mapping):
        target = {str(name): weight for name, weight in target.items()}
        unknown = [name for name in target if name not in class_names]
        if unknown:
            raise ParameterError(
                f"The 'shares' parameter of {owner} must name classes of the data. "
                f"Got {unknown[0]!r}.",
                hint=did_you_mean(unknown[0], class_names),
            )
        target = [target.get(name, 0.0) for name in class_names]
    try:
        shares = check_prior(target, class_names, owner)
    except DataError as error:
        raise DataError(
            f"The 'shares' parameter of {owner} must hold {len(class_names)} finite weights, one "
            f"a class. Got {' '.join(repr(target).split()):.80} instead.",
            hint="give one weight of 0 or above for each class, not all 0.",
        ) from error
    absent = np.flatnonzero((shares > 0) & (counts == 0))
    if len(absent):
        raise ParameterError(
            f"The 'shares' parameter of {owner} asks for classes without samples: "
            f"{named_few(class_names[code] for code in absent)}.",
            hint="give these classes the share 0, or add samples of them.",
        )
    return shares


def _by_exponent(
    n: np.ndarray, shares: np.ndarray, degree: float, size: str, total: float
) -> np.ndarray:
    n = n.astype(np.float64)
    if size == "constant":
        # the class that is asked for most has the value 1, so that nothing is infinite
        asked = (1.0 - degree) * np.log(n) + degree * np.log(shares)
        # ties by what the classes hold: blind to their order
        values = _relative(n, shares, degree, int(np.lexsort((shares, n, asked))[-1]))
        # fsum: the order of the classes must not change the last digit
        return total * (values / math.fsum(values))
    fixed = _fixed_class(n, shares, size)
    return n[fixed] * _relative(n, shares, degree, fixed)


def _relative(n: np.ndarray, shares: np.ndarray, degree: float, reference: int) -> np.ndarray:
    """Return n^(1-d) t^d of each class over that of the reference class."""
    exponent = 1.0 - degree
    if (shares == shares[0]).all():
        return (n / n[reference]) ** exponent
    # as one exponent: the two powers apart could be infinite and 0
    logs = exponent * np.log(n / n[reference]) + degree * np.log(shares / shares[reference])
    return np.exp(logs)


def _linear(n: np.ndarray, shares: np.ndarray, degree: float, size: str) -> np.ndarray:
    n = n.astype(np.float64)
    if size == "constant":
        full = n.sum() * shares
    else:
        wanted = shares > 0
        fixed = _fixed_class(n[wanted], shares[wanted], size)
        full = n[wanted][fixed] * (shares / shares[wanted][fixed])
    targets = (1.0 - degree) * n + degree * full
    # a class that ends at 0 exactly may be a hair below
    targets[np.abs(targets) < 1e-9 * n] = 0.0
    if (targets < 0).any():
        raise ParameterError(
            f"Degree {degree:g} on the line to the target asks for {targets.min():.4g} samples of "
            f"a class; degrees {_feasible(n, full)} can be met.",
            hint="choose such a degree, or interpolation='exponent'.",
        )
    return targets


def _feasible(n: np.ndarray, full: np.ndarray) -> str:
    """Return in words the degrees at which no class falls below 0."""
    falls, rises = full < n, full > n
    highest = (n[falls] / (n[falls] - full[falls])).min(initial=np.inf)
    lowest = -(n[rises] / (full[rises] - n[rises])).min(initial=np.inf)
    # rounded inwards, so that what is named can be met; but 2.25 may come as 2.2499999999
    ends = []
    if lowest > -np.inf:
        ends.append(f"from {math.ceil(lowest * 1e4 - 1e-6) / 1e4:g}")
    if highest < np.inf:
        ends.append(f"to {math.floor(highest * 1e4 + 1e-6) / 1e4:g}")
    return " ".join(ends)


def _fixed_class(n: np.ndarray, shares: np.ndarray, size: str) -> int:
    """Return the class that keeps its count: none else has more, or less, of what it should."""
    by_ratio = np.lexsort((shares, n, n / shares))  # ties: blind to the order of the classes
    return int(by_ratio[-1 if size == "grow" else 0])
