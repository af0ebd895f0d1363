"""Rounding by largest remainder: whole numbers near the targets that meet their total exactly."""

from __future__ import annotations

import math

import numpy as np

from steelyard._support.arrays import require_finite
from steelyard._support.errors import ParameterError

_DIGITS = 6  # of a remainder; what differs beyond is the noise of the arithmetic, that is, a tie
TINY = 1e-200  # below, the factor that scales a target to its room could be infinite


def largest_remainder(
    targets: np.ndarray,
    total: int | None = None,
    *,
    least: np.ndarray | None = None,
    most: np.ndarray | None = None,
    tie_break: np.ndarray | None = None,
) -> np.ndarray:
    """Return whole numbers near the targets that sum to ``total`` exactly.

    Every target is rounded down; what is missing goes, one each, to the largest remainders, so
    that each result lies within one of its target. Two things move results further: targets
    that do not sum to the total are first scaled to it, and a target outside its bounds is moved
    to them while the others are scaled, all by one factor, to make up for it.

    Parameters
    ----------
    targets : ndarray of shape (K,)
        Finite numbers, 0 or above.
    total : int, optional
        The sum of the result; by default the rounded sum of the targets, or the nearest to it
        that the bounds allow.
    least, most : ndarray of shape (K,), optional
        Smallest and largest result of each; 0 and unbounded by default. A target of 0 gets its
        least count and no more.
    tie_break : ndarray of shape (K,), optional
        Among equal remainders the smaller value is served first; the position by default.

    Returns
    -------
    ndarray of shape (K,)
        Whole numbers, int64.

    Raises
    ------
    ParameterError
        If a target is negative, a least count exceeds its most, or the total cannot be met.
    DataError
        If a target is NaN or infinite.
    """
    targets = np.asarray(targets, dtype=np.float64)
    require_finite(targets, "targets", "largest_remainder")
    if (targets < 0).any():
        raise ParameterError(f"Targets must be 0 or above. Got {targets.min():g}.")
    targets = np.where(targets > 0, np.maximum(targets, TINY), 0.0)
    least = np.zeros(len(targets), np.int64) if least is None else np.asarray(least, np.int64)
    upper = np.full(len(targets), np.inf) if most is None else np.asarray(most, np.float64)
    if (least > upper).any():
        raise ParameterError("No least count may exceed its most count.")
    tie_break = np.arange(len(targets)) if tie_break is None else tie_break
    smallest, largest = int(least.sum()), float(np.where(targets > 0, upper, least).sum())
    if total is None:
        total = int(min(max(round(math.fsum(targets)), smallest), largest))
    if not smallest <= total <= largest:
        raise ParameterError(
            f"Targets that sum to {math.fsum(targets):g}, with least counts that sum to "
            f"{smallest}, cannot be rounded to a total of {total}: only totals from {smallest} "
            f"to {largest:.15g} can be met."
        )
    shares, pinned = _make_room(targets, total, least, upper)
    counts = np.floor(shares).astype(np.int64)
    missing = total - int(counts.sum())
    remainders = np.where(pinned, -1.0, np.round(shares - counts, _DIGITS))
    counts[np.lexsort((tie_break, -remainders))[:missing]] += 1
    return counts


def _make_room(
    targets: np.ndarray, total: int, least: np.ndarray, most: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return targets that sum to the total within one, and which are pinned to a bound.

    While the bounds add more than they take, the targets below theirs are pinned, for the others
    can only shrink; else those above; what is left is scaled to the room that is left.
    """
    pinned = targets == 0
    shares = np.where(pinned, least, targets)
    while not pinned.all():
        room = total - math.fsum(shares[pinned])
        free = math.fsum(targets[~pinned])  # fsum: blind to the order of the classes
        # a difference below one is rounding's own: scaling would blur targets that are whole
        scale = room / free if abs(room - free) >= 1 else 1.0
        shares = np.where(pinned, shares, targets * scale)
        bounded = np.clip(shares, least, most)
        adds = math.fsum(bounded) > total
        outside = bounded > shares if adds else bounded < shares
        shares = np.where(outside, bounded, shares)
        if not outside.any():
            shares = bounded  # what is left outside is so by less than rounding moves
            break
        pinned = pinned | outside
    return shares, pinned | (shares >= most)
