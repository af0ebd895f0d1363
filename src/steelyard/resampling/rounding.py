"""Rounding by largest remainder: whole numbers near the targets that meet their total exactly."""

from __future__ import annotations

import math

import numpy as np

from steelyard._support.arrays import require_finite
from steelyard._support.errors import ParameterError

_DIGITS = 6  # of a remainder; what differs beyond is the noise of the arithmetic, that is, a tie


def largest_remainder(
    targets: np.ndarray,
    total: int | None = None,
    *,
    least: np.ndarray | None = None,
    tie_break: np.ndarray | None = None,
) -> np.ndarray:
    """Return whole numbers near the targets that sum to ``total`` exactly.

    Every target is rounded down; what is missing goes, one each, to the largest remainders, so
    that each result lies within one of its target. Two things move results further: targets
    that do not sum to the total are first scaled to it, and a target below its least count is
    raised to it while the others are scaled down to make room.

    Parameters
    ----------
    targets : ndarray of shape (K,)
        Finite numbers, 0 or above.
    total : int, optional
        The sum of the result; by default the rounded sum of the targets, or the sum of the
        least counts where that is more.
    least : ndarray of shape (K,), optional
        Smallest result of each; 0 by default.
    tie_break : ndarray of shape (K,), optional
        Among equal remainders the smaller value is served first; the position by default.

    Returns
    -------
    ndarray of shape (K,)
        Whole numbers, int64.

    Raises
    ------
    ParameterError
        If a target is negative, or the total cannot be met: it is smaller than the least counts
        together, or larger while every target is 0.
    DataError
        If a target is NaN or infinite.
    """
    targets = np.asarray(targets, dtype=np.float64)
    require_finite(targets, "targets", "largest_remainder")
    if (targets < 0).any():
        raise ParameterError(f"Targets must be 0 or above. Got {targets.min():g}.")
    least = np.zeros(len(targets), np.int64) if least is None else np.asarray(least, np.int64)
    tie_break = np.arange(len(targets)) if tie_break is None else tie_break
    if total is None:
        total = max(round(math.fsum(targets)), int(least.sum()))
    if total < least.sum() or (total > least.sum() and not targets.any()):
        raise ParameterError(
            f"Targets that sum to {math.fsum(targets):g}, with least counts that sum to "
            f"{least.sum()}, cannot be rounded to a total of {total}."
        )
    shares, pinned = _make_room(targets, total, least)
    counts = np.where(pinned, least, np.floor(shares)).astype(np.int64)
    missing = total - int(counts.sum())
    remainders = np.where(pinned, -1.0, np.round(shares - counts, _DIGITS))
    counts[np.lexsort((tie_break, -remainders))[:missing]] += 1
    return counts


def _make_room(targets: np.ndarray, total: int, least: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return targets that sum to the total within one, and which are pinned to their least."""
    pinned = targets == 0
    shares = targets
    while not pinned.all():
        room = total - int(least[pinned].sum())
        free = math.fsum(targets[~pinned])  # fsum: blind to the order of the classes
        # a difference below one is rounding's own: scaling would blur targets that are whole
        scale = room / free if abs(room - free) >= 1 else 1.0
        shares = np.where(pinned, least, targets * scale)
        below = ~pinned & (shares < least)
        if not below.any():
            break
        pinned = pinned | below
    return shares, pinned
