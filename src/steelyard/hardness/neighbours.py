"""Nearest neighbours: exact Euclidean distances, found through a fast and careful first look.

**What it does.** The fast look multiplies matrices in 32 bits, a block of rows at a time: squared
distances are |x|^2 + |y|^2 - 2 x.y. They are wrong by at most a bound that is known, so that the
samples which *may* be among the k nearest are known too. Their distances alone are then taken in 64
bits, coordinate by coordinate, and these decide. So the neighbours are exactly those of a slow
search in 64 bits: ties go by id, copies of a sample are its neighbours at distance 0, and the order
of the rows changes nothing.

**When it misleads.** Distance is in the unit of the columns: scale them first, or the widest
decides. It costs n^2 multiplications a column, whatever the structure of the data: 77 seconds of
one processor for the 60,000 images of Fashion-MNIST. In many columns all distances become alike,
and the nearest little nearer than the rest.

**The bound.** With unit roundoff u = 2^-24 and d columns, rounding the coordinates moves a squared
distance by at most about 4 u (|x|^2 + |y|^2), and summing d products moves x.y by at most
d u |x| |y|, so 2 x.y by at most d u (|x|^2 + |y|^2). (d + 16) u (|x|^2 + |y|^2) covers both and the
few roundings after; a term for what 32 bits cannot hold at all is added.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from steelyard._support.arrays import require_finite
from steelyard._support.errors import DataError
from steelyard._support.progress import Progress, silent
from steelyard._support.seeding import uniform_by_id
from steelyard._support.validation import check_integer
from steelyard.records.labelled import Labelled
from steelyard.records.neighbours import Neighbours

_BLOCK = 1 << 25  # entries of a block of distances: 128 MiB
_PAIRS = 1 << 22  # coordinates whose exact differences are taken at once
_GROUP = 64  # columns of a block, at most, of which the nearest is found first


def neighbours(
    X: np.ndarray,
    data: Labelled,
    k: int = 15,
    progress: Progress = silent,
    among: int | None = None,
) -> Neighbours:
    """Return the k nearest others of every sample.

    Parameters
    ----------
    X : ndarray of shape (n, d), or (n, ...) to be made flat
        Numbers that say where each sample of the data lies: pixels, encoded columns or what a
        network makes of them.
    data : Labelled
        The samples.
    k : int
        Neighbours of each; fewer, if there are no more others.
    progress : callable
        Told after each block of rows.
    among : int, optional
        Samples that may be somebody's neighbours, at least 2: so many are drawn by their ids, and
        the time no longer grows with n^2. None takes all.

    Returns
    -------
    Neighbours
        Nearest first, those equally near by id.

    Raises
    ------
    DataError
        If X has not one row of finite numbers a sample.
    ParameterError
        If k is below 1, or there are fewer than 2 to choose among.
    """
    most = len(data) if among is None else check_integer(among, "among", "neighbours", 2)
    k = min(check_integer(k, "k", "neighbours", 1), min(most, len(data)) - 1)
    draw = uniform_by_id(data.ids, 0, purpose="neighbours")
    there = np.sort(np.argsort(draw, kind="stable")[:most])
    positions, distances = nearest(points_of(X, len(data)), data.ids, k, progress, there)
    return Neighbours(
        data.ids, data.labels, data.class_names, positions, distances, data.fingerprint
    )


def points_of(X: np.ndarray, n: int) -> np.ndarray:
    """Return X as n rows of finite numbers, with at least one column.

    Raises
    ------
    DataError
        If it is something else.
    """
    points = np.asarray(X)
    numbers = points.dtype.kind in "biuf"
    if not numbers or points.ndim < 2 or len(points) != n or 0 in points.shape[1:]:
        raise DataError(
            f"Neighbours need a matrix of numbers with {n} rows, one a sample. "
            f"Got {points.dtype} of shape {points.shape}."
        )
    points = points.reshape(n, -1)
    require_finite(points, "coordinates", "neighbours")
    return points


def nearest(
    points: np.ndarray,
    ids: np.ndarray,
    k: int,
    progress: Progress = silent,
    there: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Return positions and distances of the k nearest others of each point, both (n, k).

    Parameters
    ----------
    points : ndarray of shape (n, d)
        Finite numbers.
    ids : ndarray of shape (n,)
        Unique; between points equally near the smaller id comes first.
    k : int
        Fewer than there are to choose among.
    there : ndarray of shape (m,), optional
        Which points may be neighbours, rising; all, if left out.
    """
    n = len(points)
    there = np.arange(n) if there is None else there
    positions, distances = np.empty((n, k), dtype=np.int64), np.empty((n, k))
    if k == 0:
        return positions, distances
    rank = np.empty(n, dtype=np.int64)
    rank[np.argsort(ids, kind="stable")] = np.arange(n)
    # of many copies of a point only the first by id can be anybody's neighbours
    shown = there[_place_among_copies(points[there], rank[there]) <= k]
    done = 0
    for rows, row, column in _candidates(points, shown, k):
        other = shown[column]
        row, other = row[row != other], other[row != other]
        distance = _exact(points, row, other)
        order = np.lexsort((rank[other], distance, row))
        first = np.searchsorted(row, rows)  # pairs come row by row
        chosen = order[first[:, None] + np.arange(k)]
        positions[rows], distances[rows] = other[chosen], distance[chosen]
        done += len(rows)
        progress(done, n, "nearest neighbours")
    return positions, distances


def _place_among_copies(points: np.ndarray, rank: np.ndarray) -> np.ndarray:
    """Return, for each point, how many of its exact copies come before it by id."""
    seen: dict[bytes, int] = {}
    place = np.empty(len(points), dtype=np.int64)
    for row in np.argsort(rank):
        content = points[row].tobytes()
        place[row] = seen.get(content, 0)
        seen[content] = place[row] + 1
    return place


def _candidates(
    points: np.ndarray, shown: np.ndarray, k: int
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Yield rows, and all pairs of one of them and a column of ``shown`` that may be neighbours.

    The k nearest others of each row are among its pairs, and so are all that tie with them; the
    row itself may be too. Pairs come row by row.
    """
    centre = points.mean(axis=0, dtype=np.float64)
    spread = max(float(points.max()) - centre.min(), centre.max() - float(points.min()), 1e-300)
    fast = np.empty(points.shape, dtype=np.float32)
    squares = np.empty(len(points), dtype=np.float64)
    step = max(_PAIRS // points.shape[1], 1)
    for start in range(0, len(points), step):
        part = (points[start : start + step] - centre) / spread  # so that no square overflows
        fast[start : start + step] = part
        squares[start : start + step] = np.einsum("ij,ij->i", part, part)
    error = (points.shape[1] + 16) * 2.0**-24  # of squared distances, as a share of the squares
    tiny = 4 * points.shape[1] * float(np.finfo(np.float32).tiny)
    group = min(max(len(shown) // (8 * (k + 1)), 1), _GROUP)
    width = -(-len(shown) // group) * group
    targets = np.zeros((points.shape[1], width), dtype=np.float32)
    targets[:, : len(shown)] = -2 * fast[shown].T
    # infinitely far: the columns that fill the last group
    target_squares = np.full(width, np.inf, dtype=np.float32)
    target_squares[: len(shown)] = squares[shown] * (1 - error)
    height = max(_BLOCK // width, 1)
    for start in range(0, len(points), height):
        rows = np.arange(start, min(start + height, len(points)))
        low = fast[rows] @ targets
        low += target_squares
        # what is the same for a whole row is left out of ``low``
        high = _smallest_of_groups(low, group, squares[rows], squares[shown], error)
        limit = (np.partition(high, k, axis=1)[:, k] + tiny).astype(np.float32)
        place, column = np.nonzero(low <= np.nextafter(limit, np.float32(np.inf))[:, None])
        yield rows, rows[place], column


def _smallest_of_groups(
    low: np.ndarray,
    group: int,
    row_squares: np.ndarray,
    shown_squares: np.ndarray,
    error: float,
) -> np.ndarray:
    """Return of each group of columns the one of the smallest low estimate: its high estimate.

    They are so many different points, at least k + 1. None of the k + 1 nearest, the row itself
    counted, is further away than the (k + 1)-st smallest of them.
    """
    groups = low.reshape(len(low), -1, group)
    column = groups.argmin(axis=2) + np.arange(groups.shape[1]) * group
    high = np.take_along_axis(low, column, axis=1).astype(np.float64)
    high += 2 * error * (row_squares[:, None] + shown_squares[column])
    return high


def _exact(points: np.ndarray, rows: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return the distance of each pair of points, in 64 bits, a part of the pairs at a time."""
    distances = np.empty(len(rows))
    step = max(_PAIRS // points.shape[1], 1)
    for start in range(0, len(rows), step):
        part = slice(start, start + step)
        difference = np.subtract(points[rows[part]], points[others[part]], dtype=np.float64)
        distances[part] = np.sqrt((difference * difference).sum(axis=1))
    return distances
