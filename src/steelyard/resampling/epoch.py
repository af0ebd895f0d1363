"""Epochs: expected uses, which may be fractions, rounded to whole uses that keep their totals.

Systematic sampling: the samples stand in a row in random order, each as long as the fraction of its
expected uses; points one apart, the first at a random place, fall on those that are used once more.
So a sample is used floor(w) or ceil(w) times, w on average, and a stretch of whole length gets its
length exactly. Lengths are whole numbers of 2^-k of a use, so that nothing is lost on the way.

The method is Madow's (1949), On the theory of systematic sampling II, Ann. Math. Statist. 20. The
groups, the fixed-point numbers and how a total that is not whole is met are ours.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from steelyard._support.arrays import require_finite
from steelyard._support.errors import DataError, ParameterError
from steelyard._support.seeding import generator
from steelyard._support.validation import check_integer
from steelyard.resampling.targets import MOST_DRAWS

_FINEST = 52  # bits of a fraction that a float64 can hold
_NOISE = 1e-6  # of a sum, and this square of its size: what the arithmetic may have left


def epoch_counts(
    weights: np.ndarray,
    groups: np.ndarray | None = None,
    *,
    ids: np.ndarray | None = None,
    seed: int = 0,
    epoch: int = 0,
) -> np.ndarray:
    """Return how often each sample is used in one epoch.

    Each count is its weight rounded down or up, and the weight on average over epochs. The counts
    sum to round(sum of the weights), and those of a group to its sum where that is whole. Where
    the sum of all weights is not whole, meeting its rounding moves up to half a use between or
    within the groups that are not whole either.

    Parameters
    ----------
    weights : ndarray of shape (n,)
        Expected uses, 0 or above.
    groups : ndarray of int and shape (n,), optional
        Class codes, 0 or above; all samples are one group by default.
    ids : ndarray of shape (n,), optional
        Unique ids, which the draw follows; the rows by default.
    seed, epoch : int
        Another of either rounds anew.

    Returns
    -------
    ndarray of shape (n,)
        Whole numbers, int64.

    Raises
    ------
    ParameterError
        If a weight is negative, or they ask for more uses than can be counted.
    DataError
        If a weight is NaN or infinite, groups are no codes, or groups or ids are not one a weight.
    """
    weights = checked_weights(weights, "epoch_counts")
    check_integer(epoch, "epoch", "epoch_counts", 0)
    codes = None if groups is None else _checked_codes(groups, len(weights))
    if ids is not None and np.shape(ids) != weights.shape:
        raise DataError(
            f"epoch_counts needs one id a weight: {len(weights)}. Got shape {np.shape(ids)}."
        )
    counts = weights.astype(np.int64)  # no weight is negative: this rounds down
    fractions = weights - counts
    rows = np.flatnonzero(fractions)
    if len(rows):
        kept = None if ids is None else np.asarray(ids)[rows]
        order = _random_order(len(rows), kept, seed, epoch)
        order, starts = _stretches(order, None if codes is None else codes[rows])
        offset = generator(seed, purpose="offset of an epoch", epoch=epoch).random()
        total = _total(counts, fractions)
        noise = _NOISE + _NOISE**2 * total
        up = _once_more(fractions[rows][order], starts, total - int(counts.sum()), noise, offset)
        counts[rows[order[up]]] += 1
    return counts


def epoch_total(weights: np.ndarray) -> int:
    """Return how many uses an epoch holds: what `epoch_counts` sums to.

    Parameters
    ----------
    weights : ndarray of float and shape (n,)
        Expected uses, 0 or above.
    """
    rounded_down = weights.astype(np.int64)
    return _total(rounded_down, weights - rounded_down)


def _total(rounded_down: np.ndarray, fractions: np.ndarray) -> int:
    return round(int(rounded_down.sum()) + float(fractions.sum()))


def checked_weights(weights: Any, owner: str) -> np.ndarray:
    """Return weights as a float64 vector.

    Raises
    ------
    ParameterError
        If one is negative, or they sum to more than float64 can count.
    DataError
        If one is NaN or infinite, or they are no vector of numbers.
    """
    array = np.asarray(weights)
    if array.ndim != 1 or array.dtype.kind not in "biuf":
        raise DataError(
            f"The weights of {owner} must be a vector of numbers. "
            f"Got {array.dtype} of shape {array.shape}."
        )
    array = array.astype(np.float64, copy=False)
    require_finite(array, "weights", owner)
    if len(array) and array.min() < 0:
        raise ParameterError(
            f"The weights of {owner} must be 0 or above. Got {array.min():g} in row "
            f"{int(array.argmin())}."
        )
    if not array.sum() < MOST_DRAWS:
        raise ParameterError(
            f"The weights of {owner} must sum to less than {MOST_DRAWS:.3g}. Got {array.sum():.3g}."
        )
    return array


def _checked_codes(groups: Any, n: int) -> np.ndarray:
    codes = np.asarray(groups)
    if codes.shape != (n,) or codes.dtype.kind not in "iu" or (n and codes.min() < 0):
        raise DataError(
            f"epoch_counts needs one group a weight, codes 0 or above: {n}. "
            f"Got {codes.dtype} of shape {codes.shape}."
        )
    return codes


def _random_order(n: int, ids: np.ndarray | None, seed: int, epoch: int) -> np.ndarray:
    """Return a random order of n rows, in which the place of a row follows its id."""
    # numbers that are random above and their own place below: no two are equal, so that sorting
    # them, which is far quicker than an argsort, gives one order on every machine
    bits = n.bit_length()
    random = generator(seed, purpose="order of an epoch", epoch=epoch)
    keys = random.integers(0, 2 ** (63 - bits), n)
    keys <<= bits
    keys |= np.arange(n)
    keys.sort()
    keys &= 2**bits - 1
    return keys if ids is None else np.argsort(ids, kind="stable")[keys]


def _stretches(order: np.ndarray, codes: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """Return an order group by group, in each as it was, and where each starts.

    Groups stand in the order of their first row, which does not tell how they are numbered.
    """
    if codes is None:
        return order, np.zeros(1, np.int64)
    mine = codes[order]
    first = np.empty(int(mine.max()) + 1, np.int64)
    first[mine[::-1]] = np.arange(len(mine) - 1, -1, -1)  # of several the last, thus the first
    present = np.zeros(len(first), bool)
    present[mine] = True
    n_groups = int(present.sum())
    place = np.empty(len(first), np.min_scalar_type(n_groups))  # small numbers are sorted sooner
    place[np.flatnonzero(present)[np.argsort(first[present])]] = np.arange(n_groups)
    mine = place[mine]
    sizes = np.bincount(mine)
    return order[np.argsort(mine, kind="stable")], np.cumsum(sizes) - sizes


def _once_more(
    fractions: np.ndarray, starts: np.ndarray, missing: int, noise: float, offset: float
) -> np.ndarray:
    """Return which fractions are rounded up: ``missing`` in all, whole stretches exactly."""
    sums = np.add.reduceat(fractions, starts)  # in pairs, so that noise stays small
    totals = np.rint(sums).astype(np.int64)
    whole = np.abs(sums - totals) <= noise
    if whole.all():
        return _systematic(fractions, starts, totals, offset)
    # all others make one stretch together
    rest = missing - int(totals[whole].sum())
    sizes = np.diff(starts, append=len(fractions))
    is_whole = np.repeat(whole, sizes)
    up = np.empty(len(fractions), bool)
    up[~is_whole] = _systematic(fractions[~is_whole], np.zeros(1, int), np.array([rest]), offset)
    if whole.any():
        starts = np.cumsum(sizes[whole]) - sizes[whole]
        up[is_whole] = _systematic(fractions[is_whole], starts, totals[whole], offset)
    return up


def _systematic(
    fractions: np.ndarray, starts: np.ndarray, totals: np.ndarray, offset: float
) -> np.ndarray:
    """Return which fractions the points fall on: in each stretch exactly its total many."""
    n = len(fractions)
    bits = min(_FINEST, 62 - n.bit_length())
    one = 1 << bits
    ends = np.rint(fractions * one).astype(np.int64)
    before = -ends[starts]
    np.cumsum(ends, out=ends)
    before += ends[starts]
    sizes = np.diff(starts, append=n)
    # what a stretch lacks of its total, be it noise or not, is added to its first samples as far
    # as they have room, one use each; what it has too much is taken from them
    lacks = totals * one - (ends[starts + sizes - 1] - before)
    ends += np.repeat(lacks - before, sizes)
    np.maximum(ends, 0, out=ends)
    room = np.arange(1, n + 1)
    room -= np.repeat(starts, sizes)
    room <<= bits
    np.minimum(ends, room, out=ends)
    ends += int(offset * one)
    ends >>= bits  # points passed so far
    up = ends != np.concatenate([[0], ends[:-1]])
    up[starts] = ends[starts] != 0
    return up
