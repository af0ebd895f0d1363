"""Which rows lie exactly between two others: the trace that interpolation (SMOTE) leaves.

SMOTE makes s = a + t (b - a) of two samples of a class, 0 < t < 1. So a made row is the middle one
of three rows on a line, to the last digit; and of three made rows of one pair so is the middle one.
Rows of a continuous density in three or more dimensions never are.

**How.** Seen from a row, the two others of its line lie in opposite directions. Among the nearest
rows of its class, in the units of the columns and in standardised ones (SMOTE may have worked in
either), all pairs whose directions are nearly opposite are found by one product of matrices, and
then checked in every column: the row must lie between the two to within the digits that the column
has. A line counts only if it moves in at least three columns by much more than those digits.

**Chance.** In coarse columns three rows can be in line by chance. How often is *measured*, by
decoys: the same search with the neighbours of another row of the class, moved to where the row's
own are.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sklearn.neighbors import NearestNeighbors

from steelyard._support.seeding import generator

NEIGHBOURS = 48  # ours: of a minority of which nine tenths are made, nearly all rows are seen
LEAST_COLUMNS = 3
_OPPOSITE = -0.995  # ours: a first look, six degrees wide; the columns decide
_MOST_COLUMNS = 64  # of the first look: more are projected, which keeps lines
_DIGITS = 8  # decimals that a column may be rounded to
_MOVES = 8  # ours: digits by which a line must move in a column that counts
_BLUR = 30
_BLOCK = 1 << 22


@dataclass(frozen=True)
class Segments:
    """What lies between what, for each row looked at.

    Parameters
    ----------
    rows : ndarray of shape (m,)
        Positions of the rows looked at that lie between two others.
    ends : ndarray of shape (m, 2)
        Positions of the two.
    n_decoys : int
        How many rows chance put between two others.
    """

    rows: np.ndarray
    ends: np.ndarray
    n_decoys: int


def segments(
    points: np.ndarray, queries: np.ndarray, needed: np.ndarray | None = None, seed: int = 0
) -> Segments:
    """Find the rows that lie between two others.

    Parameters
    ----------
    points : ndarray of shape (n, d)
        Rows of one class, no two equal, in the units in which they are stored.
    queries : ndarray of int
        Positions of the rows to look at.
    needed : ndarray of bool, shape (n,), optional
        Of the two ends at least one must be such a row.
    seed : int
        Draws the decoys.
    """
    nobody = Segments(np.zeros(0, np.int64), np.zeros((0, 2), np.int64), 0)
    digits = _digits(points)
    moves = np.ptp(points, axis=0) > _MOVES * digits if len(points) else np.zeros(0, bool)
    if len(points) < 3 or not len(queries) or moves.sum() < LEAST_COLUMNS:
        return nobody
    needed = np.ones(len(points), bool) if needed is None else needed
    scaled = _standardised(points, digits)
    draw = generator(seed, purpose="guards: decoys")
    others = queries[_another(len(queries), draw)]
    found: dict[int, tuple[int, int]] = {}
    decoyed: set[int] = set()
    for space in (scaled, (points - points.mean(axis=0)) / np.ptp(points, axis=0).max()):
        seen = _projected(space, draw)
        near = _neighbours(seen, np.unique(np.concatenate([queries, others])))
        k = next(iter(near.values())).shape[0]
        looked = _projected(scaled, draw)
        step = max(_BLOCK // (k * max(k, looked.shape[1])), 1)
        for start in range(0, len(queries), step):
            rows, decoys = queries[start : start + step], others[start : start + step]
            mine = np.stack([near[row] for row in rows])
            theirs = np.stack([near[row] for row in decoys])
            place, left, right = _opposite(looked, rows, mine, rows, mine)
            ends = np.stack([mine[place, left], mine[place, right]], axis=1)
            good = (left < right) & needed[ends].any(axis=1)
            place, ends = place[good], ends[good]
            between = _between(points, digits, rows[place], ends, rows[place])
            for at, pair in zip(rows[place[between]], ends[between], strict=True):
                found.setdefault(int(at), (int(pair[0]), int(pair[1])))
            place, left, right = _opposite(looked, rows, mine, decoys, theirs)
            ends = np.stack([mine[place, left], theirs[place, right]], axis=1)
            # a row and its decoy that are neighbours see one another in opposite directions
            each_other = (ends[:, 0] == decoys[place]) | (ends[:, 1] == rows[place])
            good = (left < right) & needed[ends].any(axis=1) & ~each_other
            place, ends = place[good], ends[good]
            between = _between(points, digits, rows[place], ends, decoys[place])
            decoyed |= set(rows[place[between]].tolist())
    if not found:
        return Segments(nobody.rows, nobody.ends, len(decoyed))
    rows = np.array(sorted(found))
    return Segments(rows, np.array([found[int(row)] for row in rows]), len(decoyed))


def _digits(points: np.ndarray) -> np.ndarray:
    """Return by how much rounding may have moved each column: its last digit, or float's."""
    largest = np.abs(points).max(axis=0, initial=0)
    digits = 64 * np.finfo(np.float64).eps * largest
    single = (points == points.astype(np.float32)).all(axis=0)
    digits[single] = 4 * np.finfo(np.float32).eps * largest[single]
    for column in range(points.shape[1]):
        for decimals in range(_DIGITS + 1):
            unit = 10.0**-decimals
            if unit <= digits[column]:
                break
            parts = points[:, column] / unit
            if (
                np.abs(parts - np.rint(parts)).max(initial=0)
                < 1e-6 + 4e-16 * largest[column] / unit
            ):
                digits[column] = unit
                break
    return digits


def _standardised(points: np.ndarray, digits: np.ndarray) -> np.ndarray:
    # where rounding is a good part of the spread it must not blur the directions
    spread = np.maximum(points.std(axis=0), _BLUR * digits)
    return (points - points.mean(axis=0)) / np.where(spread > 0, spread, 1.0)


def _projected(points: np.ndarray, draw: np.random.Generator) -> np.ndarray:
    if points.shape[1] <= _MOST_COLUMNS:
        return points
    return points @ draw.normal(size=(points.shape[1], _MOST_COLUMNS)) / np.sqrt(_MOST_COLUMNS)


def _neighbours(points: np.ndarray, rows: np.ndarray) -> dict[int, np.ndarray]:
    k = min(NEIGHBOURS, len(points) - 1)
    algorithm = "auto" if points.shape[1] <= 8 else "brute"
    search = NearestNeighbors(n_neighbors=k + 1, algorithm=algorithm).fit(points)
    nearest = search.kneighbors(points[rows], return_distance=False)
    # the row itself is among them, unless rounding makes another one as near
    itself = nearest == rows[:, None]
    itself[~itself.any(axis=1), -1] = True
    others = nearest[~itself].reshape(len(rows), k)
    return dict(zip(rows.tolist(), others, strict=True))


def _opposite(
    points: np.ndarray, rows: np.ndarray, near: np.ndarray, decoys: np.ndarray, others: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return places of rows and of two neighbours that lie in nearly opposite directions."""
    directions = [
        _unit(points[around] - points[centre][:, None])
        for centre, around in ((rows, near), (decoys, others))
    ]
    cosines = directions[0] @ directions[1].transpose(0, 2, 1)
    place, left, right = np.nonzero(cosines < _OPPOSITE)
    return place, left, right


def _unit(vectors: np.ndarray) -> np.ndarray:
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return vectors / np.maximum(lengths, np.finfo(np.float64).tiny)


def _between(
    points: np.ndarray,
    digits: np.ndarray,
    rows: np.ndarray,
    ends: np.ndarray,
    second_from: np.ndarray,
) -> np.ndarray:
    """Tell which rows lie between their ends; the second end is moved as its row is to this one."""
    good = np.zeros(len(rows), bool)
    tolerance = np.maximum(digits, np.finfo(np.float64).tiny)
    step = max(_BLOCK // points.shape[1], 1)
    for start in range(0, len(rows), step):
        part = slice(start, start + step)
        here = points[rows[part]]
        a = (points[ends[part, 0]] - here) / tolerance
        b = (points[ends[part, 1]] - points[second_from[part]]) / tolerance
        whole = b - a
        length = np.maximum((whole * whole).sum(axis=1), np.finfo(np.float64).tiny)
        t = -(a * whole).sum(axis=1) / length
        residual = np.abs(a + t[:, None] * whole)
        counts = (np.abs(whole) > _MOVES).sum(axis=1) >= LEAST_COLUMNS
        good[part] = (residual <= 1.01).all(axis=1) & counts
    return good


def _another(n: int, draw: np.random.Generator) -> np.ndarray:
    """Return another place for each of n: a random cycle through all."""
    cycle = draw.permutation(n)
    another = np.empty(n, dtype=np.int64)
    another[cycle] = np.roll(cycle, 1)
    return another
