"""Near-duplicates: held-out rows that are all but equal to a training row.

**What it tells you.** That a photograph was compressed again, cropped or brightened, a number was
rounded, a sample was recorded twice, and the copies came to lie on both sides of the split.

**How.** Let r be the distance to the nearest training row, divided by the distance to the third
nearest. Where samples are drawn independently from a density in m dimensions, the share of rows
with a ratio below t is 1 - (1 - t^m)^2 (Facco et al. 2017 for the second nearest). m is read off
the training rows among themselves, from the median of their ratios but those that are copies by
this very rule (at first from the highest tenth), so that families do not move it; and t is chosen
so that one in a hundred audits of clean data has a row below it, and at most a third (ours). Where
a table has coarse columns (categories, few values), rows that agree in all of them and nearly in
the rest are common: there m is read off the lowest fiftieth of the ratios if that is smaller, and
nothing is said unless held-out rows are near more often than training rows are among themselves.
Held-out images are also asked mirrored, shifted by a thirtieth each way, enlarged and shrunk by a
tenth; each way counts as a trial of its own in t.

**When it misleads.** More than two training rows that are copies of one another hide their copies
held out: the third nearest is as near as the first. Close relatives that are no copies
(neighbouring frames, one patient twice) are found as well, and flatter as well. Where all distances
are alike (noise in hundreds of columns) a copy must be closer to be found than where they are not.

**Reference.** Facco, d'Errico, Rodriguez and Laio (2017), Scientific Reports 7, 12140.
"""

from __future__ import annotations

import numpy as np
from sklearn.neighbors import NearestNeighbors

from steelyard._support.seeding import uniform_by_id
from steelyard.guards.cannot_tell import CannotTell
from steelyard.guards.copies import EXAMPLES, by_chance
from steelyard.guards.points import VERSIONS, points_of, versions
from steelyard.guards.row_hashes import row_hashes
from steelyard.records.finding import Finding
from steelyard.records.labelled import Labelled

K = 3
LARGEST = 1 / 3
_FALSE_AUDITS = 0.01
_START, _BULK, _TAIL = 0.9, 0.5, 0.02  # of the ratios: where the dimension is read off
_FINE = 0.1  # ours: a column with fewer different values, as a share of the rows, is coarse
_FEWEST = 30  # training rows of which the dimension can be read off
_REFERENCES = 2_000
_PAIRS = 2_500_000_000  # distances: 50,000 by 50,000, below a minute of 2 cores


def near_copies(train: Labelled, part: Labelled, name: str, seed: int = 0) -> Finding | None:
    """G103: rows of a held-out part that are nearer to a training row than is plausible.

    Exact copies are left to G101. Beyond 2.5 * 10^9 pairs of rows a sample of the held-out rows
    is looked at.

    Raises
    ------
    CannotTell
        If there are fewer than 30 different training rows, or nothing varies.
    """
    _, first = np.unique(row_hashes(train), return_index=True)
    first = np.sort(first)
    new = np.flatnonzero(~np.isin(row_hashes(part), row_hashes(train)[first]))
    points, held_out = points_of([train, part], seed)
    first = first[points[first].any(axis=1)]
    new = new[held_out[new].any(axis=1)]
    if len(first) < _FEWEST:
        raise CannotTell(f"fewer than {_FEWEST} different training rows")
    if not len(new):
        return None
    ways = 1 if part.modality == "table" else 1 + VERSIONS
    looked_at = _drawn(part.ids, new, max(_PAIRS // len(first) // ways, 200), seed)
    search = NearestNeighbors(n_neighbors=K + 1, algorithm="brute").fit(points[first])
    usual = _usual_ratios(search, points[first], train.ids[first], seed)
    dimension = _dimension(usual, _START)
    for _ in range(2):
        clean = usual[usual >= _limit(dimension, len(usual))]
        dimension = _dimension(clean, _BULK)
    coarse = _has_coarse_columns(train)
    if coarse:
        dimension = min(dimension, _dimension(usual, _TAIL))
    limit = min(_limit(dimension, len(looked_at) * ways), LARGEST)
    ratios, nearest = _nearest(search, held_out[looked_at])
    for version in versions(part.take(looked_at)):
        asked, where = _nearest(search, version)
        nearest = np.where(asked < ratios, where, nearest)
        ratios = np.minimum(asked, ratios)
    found = np.flatnonzero(ratios < limit)
    count, n = len(found), len(looked_at)
    if not count:
        return None
    found = found[np.argsort(ratios[found], kind="stable")]
    alike = float((usual < limit).mean())
    if coarse and by_chance(count, n * (alike + 1 / len(usual))):
        return None
    of_all = f" of {len(part)}, drawn by id" if n < len(new) else ""
    native = (
        f" Among themselves {alike:.1%} of the training rows are as near to one another, so that "
        "the data seem to hold families of samples that the split tore apart."
        if alike * n > 1
        else ""
    )
    return Finding(
        "G103",
        "warning",
        f"{count} of {n} {name} rows looked at{of_all} are nearer to a training row than samples "
        f"that were drawn independently ever are: less than {limit:.2g} of the way to the third "
        f"nearest, where of clean data {_FALSE_AUDITS:g} rows are expected.{native}",
        count,
        n,
        tuple(
            f"{part.ids[looked_at[at]]} ~ {train.ids[first[nearest[at]]]}"
            for at in found[:EXAMPLES]
        ),
        "look at the examples; if they are one thing, keep all its versions in one part.",
    )


def _usual_ratios(
    search: NearestNeighbors, points: np.ndarray, ids: np.ndarray, seed: int
) -> np.ndarray:
    """Return the ratios of training rows among themselves, of 2,000 at most."""
    drawn = _drawn(ids, np.arange(len(points)), _REFERENCES, seed)
    return _ratios(search.kneighbors(points[drawn], K + 1)[0][:, 1:])


def _dimension(ratios: np.ndarray, share: float) -> float:
    """Return the dimension in which such a share of the ratios lies below where it does."""
    at = float(np.quantile(ratios, share))
    if not at < 1:
        raise CannotTell("the distances of training rows among themselves are all alike")
    # where rows agree in all but one column, or in all, nothing speaks against nearness
    return float(np.log(1 - (1 - share) ** (1 / (K - 1))) / np.log(max(at, 1e-300)))


def _has_coarse_columns(train: Labelled) -> bool:
    """Tell whether samples may agree in a column by chance: a category, or few values."""
    if train.modality == "image":
        return False
    least = _FINE * len(train)
    return any(column.nunique() < least for _, column in train.inputs.items())


def _nearest(search: NearestNeighbors, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return of each point the ratio, and which training row is the nearest."""
    distances, rows = search.kneighbors(points, K)
    return _ratios(distances), rows[:, 0]


def _limit(dimension: float, n: int) -> float:
    """Return the ratio below which one of n rows falls in one of a hundred clean audits."""
    return float((1 - (1 - _FALSE_AUDITS / n) ** (1 / (K - 1))) ** (1 / dimension))


def _ratios(distances: np.ndarray) -> np.ndarray:
    return distances[:, 0] / np.maximum(distances[:, K - 1], np.finfo(np.float64).tiny)


def _drawn(ids: np.ndarray, rows: np.ndarray, most: int, seed: int) -> np.ndarray:
    if len(rows) <= most:
        return rows
    draws = uniform_by_id(ids[rows], seed, purpose="guards: sample")
    return np.sort(rows[np.argsort(draws, kind="stable")[:most]])
