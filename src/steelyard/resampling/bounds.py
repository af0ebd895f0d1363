"""Bounds: the fewest and the most samples of each class that a plan may use."""

from __future__ import annotations

import math

import numpy as np

from steelyard._support.errors import ParameterError
from steelyard._support.validation import check_integer, check_real
from steelyard.resampling.targets import MOST_DRAWS


def class_bounds(
    counts: np.ndarray,
    wanted: np.ndarray,
    class_names: tuple[str, ...],
    owner: str,
    *,
    floor: int | None = None,
    cap: int | None = None,
    max_repeat: float | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the least and most samples of each class, two arrays of int64 and shape (K,).

    Parameters
    ----------
    counts : ndarray of shape (K,)
        Samples a class.
    wanted : ndarray of bool and shape (K,)
        The classes that are not left out; each keeps at least one sample.
    class_names : tuple of str
        The K classes.
    owner : str
        Who asks, for the message.
    floor, cap : int, optional
        Least and most samples of a class.
    max_repeat : float, optional
        Most samples of a class for each that it has, 1 or above.

    Raises
    ------
    ParameterError
        If a bound lies outside its range, or a class cannot be within all of them.
    """
    floor = 1 if floor is None else check_integer(floor, "floor", owner, 1, MOST_DRAWS)
    least = np.where(wanted, floor, 0).astype(np.int64)
    most = np.full(len(counts), MOST_DRAWS)
    if cap is not None:
        most[:] = check_integer(cap, "cap", owner, 1, MOST_DRAWS)
    if max_repeat is not None:
        max_repeat = check_real(max_repeat, "max_repeat", owner, 1.0)
        # 1.1 x 10 is 11, though a float may fall a hair short of it
        repeated = np.floor(np.minimum(max_repeat * counts * (1 + 1e-12), MOST_DRAWS))
        most = np.minimum(most, repeated.astype(np.int64))
    impossible = np.flatnonzero(wanted & (least > most))
    if len(impossible):
        code = impossible[np.argmin(most[impossible])]
        raise ParameterError(
            f"{owner} cannot give the class {class_names[code]!r}, of {counts[code]} samples, at "
            f"least {least[code]} and at most {most[code]}.",
            hint="choose a lower floor, or a higher cap or max_repeat.",
        )
    return least, most


def require_total(total: int, least: np.ndarray, most: np.ndarray, owner: str) -> None:
    """Raise if no class counts within the bounds sum to the total.

    Raises
    ------
    ParameterError
        Naming the smallest and the largest total that can be met.
    """
    smallest, largest = int(least.sum()), math.fsum(most)
    if smallest <= total <= largest:
        return
    choose = (
        "choose a lower floor or size='grow'"
        if total < smallest
        else "choose a higher cap or max_repeat, or size='shrink'"
    )
    raise ParameterError(
        f"{owner} cannot keep the size constant at {total} samples: within these bounds a plan "
        f"has from {smallest} to {largest:.0f}.",
        hint=f"{choose}, which lets the number of samples change.",
    )
