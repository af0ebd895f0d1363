r"""Stability: how a score, and the sets that it selects, change with the number of runs.

Two comparisons, over many random orders of the runs:

    nested:   the first j runs of an order against the first j + 1
    disjoint: its first m against its next m, two ensembles that share no run

Nested ensembles have all runs but one in common and change little for that reason alone; the
disjoint ones answer whether somebody else, with as many runs, would find the same samples. Sets
are exact: the ``threshold * n`` first samples. Where equal values stand on both sides of a cut the
score leaves open which of them are in, and each ensemble breaks the tie by itself: what two have in
common is its expectation over all ways to do so. A set B beside A of the same size has

    change = |B \ A| / |A|        J = |A and B| / |A or B| = (1 - change) / (1 + change)

Two random sets of a share t change by 1 - t, so that thresholds can only be compared by the change
over that. Sums over runs, sorting and counting are exact for all samples; nothing is sampled.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import special
from scipy.stats import rankdata

from steelyard._support.arrays import frozen_ids
from steelyard._support.errors import DataError, ParameterError
from steelyard._support.seeding import generator
from steelyard._support.validation import check_integer, check_real
from steelyard.records.hardness import THRESHOLDS, size_of_share
from steelyard.records.stability import CORRELATIONS, LEVELS, SETS, SIDES, Stability

DRAWS = 30  # ours: orders of the runs
_LEFT_OUT = 10  # runs that the jackknife leaves out in turn
_WORK = 5e6  # values to sort beside one run left out: as many orders as that allows, 4 at least
_LEVEL = 0.95


def stability(
    by_run: np.ndarray,
    labels: np.ndarray,
    ids: np.ndarray,
    *,
    name: str = "",
    thresholds: Sequence[float] = THRESHOLDS,
    draws: int = DRAWS,
    seed: int = 0,
    data_fingerprint: str = "",
) -> Stability:
    """Return how a score changes with the number of runs.

    Means are over random orders of the runs. Draws share runs, so that their spread says nothing of
    how sure a mean is: the intervals are the jackknife's, which leaves out one run at a time (ten
    of them at most, drawn) and does all of it again in the same orders; Student's t. It does
    so in few orders where there are many samples, which makes the intervals somewhat too wide. The
    largest ensembles need every run, and take the standard error of the next smaller ones. With two
    runs there is none.

    Parameters
    ----------
    by_run : ndarray of shape (runs, n)
        The score in each run; higher is harder. At least two runs.
    labels : ndarray of shape (n,)
        Class codes.
    ids : ndarray of shape (n,)
        Sample ids: what is computed follows them, not the rows.
    name : str
        The score's name.
    thresholds : sequence of float
        Shares of all samples to select, in (0, 1).
    draws : int
        Orders of the runs.
    seed : int
        From which the orders derive.
    data_fingerprint : str
        Fingerprint of the data.

    Raises
    ------
    DataError
        If lengths differ or a value is not finite.
    ParameterError
        If there are fewer than two runs or samples, or a number lies outside its range.
    """
    check_integer(draws, "draws", "stability", 1)
    codes = np.asarray(labels, dtype=np.int64)
    values = np.asarray(by_run, dtype=np.float64)
    if values.ndim != 2 or values.shape[1:] != codes.shape:
        raise DataError(
            f"stability needs values of shape (runs, {len(codes)}). Got {values.shape}."
        )
    if len(values) < 2 or len(codes) < 2:
        raise ParameterError(
            f"stability needs at least two runs and two samples. Got {values.shape}.",
            hint="train more runs.",
        )
    if not np.isfinite(values).all():
        raise DataError("stability needs finite values. Got NaN or infinity.")
    n_runs, n = values.shape
    by_id = np.argsort(frozen_ids(ids, n, "stability"), kind="stable")
    compared = _Compared(
        np.ascontiguousarray(values[:, by_id]), codes[by_id], _sizes(thresholds, n)
    )
    random = generator(seed, purpose="stability")
    orders = [random.permutation(n_runs) for _ in range(draws)]
    found = [compared.in_order(order) for order in orders]
    left_out = random.permutation(n_runs)[:_LEFT_OUT]
    means, lows, highs = _with_intervals(compared, orders, found, left_out)
    sets, correlations = [], []
    for kind, mean in means.items():
        for at in range(len(mean)):
            row = (kind, at + 1)
            ends = lows[kind][at], highs[kind][at]
            sets += _set_rows(row, mean[at], *ends, thresholds, compared.sizes / n)
            for place, level in zip((-2, -1), LEVELS, strict=True):
                correlations.append((*row, level, mean[at][place], ends[0][place], ends[1][place]))
    return Stability(
        name,
        n,
        n_runs,
        pd.DataFrame(sets, columns=SETS),
        pd.DataFrame(correlations, columns=CORRELATIONS),
        draws,
        data_fingerprint,
    )


def halves_share(
    by_run: np.ndarray,
    ids: np.ndarray,
    *,
    share: float = 0.1,
    draws: int = 50,
    seed: int = 0,
) -> float:
    """Return the share of their hardest samples that two halves of the runs have in common.

    The mean over many ways to halve the runs; of an odd number one is left out each time. Two
    ensembles of all runs would share more, so that it is a cautious measure of what there is.
    Equal values are drawn in each half by itself, as in `stability`.

    Parameters
    ----------
    by_run : ndarray of shape (runs, n)
        The score in each run; at least two.
    ids : ndarray of shape (n,)
        Sample ids: what is computed follows them, not the rows.
    share : float
        The share of all samples that is the hardest, in (0, 1).
    draws : int
        Ways to halve.
    seed : int
        From which they derive.
    """
    values = np.asarray(by_run, dtype=np.float64)
    if values.ndim != 2 or min(values.shape) < 2:
        raise ParameterError(f"Two halves need two runs and two samples. Got {values.shape}.")
    n_runs, n = values.shape
    by_id = np.argsort(frozen_ids(ids, n, "halves_share"), kind="stable")
    nobody = np.zeros(n, dtype=np.int64)  # classes play no part
    compared = _Compared(np.ascontiguousarray(values[:, by_id]), nobody, _sizes([share], n))
    random = generator(seed, purpose="halves")
    orders = (random.permutation(n_runs) for _ in range(draws))
    return float(np.mean([1 - compared.halves(order)[0] for order in orders]))


def nested_changes(
    by_run: np.ndarray,
    ids: np.ndarray,
    *,
    thresholds: Sequence[float] = THRESHOLDS,
    draws: int = 4,
    seed: int = 0,
) -> float:
    """Return by how much the sets of the easiest change when one run is added, on average.

    One number to compare scores by: the mean of the nested changes of `stability` over sizes of the
    ensemble, thresholds and random orders of the runs. Equal values are drawn in each ensemble by
    itself, so that a score of many ties is not steady because rows come in one order.

    Parameters
    ----------
    by_run : ndarray of shape (runs, n)
        The score in each run; at least two.
    ids : ndarray of shape (n,)
        Sample ids: what is computed follows them, not the rows.
    thresholds : sequence of float
        Shares of all samples, in (0, 1).
    draws, seed : int
        Orders of the runs, and from what they derive; equal for scores that are to be compared.
    """
    values = np.asarray(by_run, dtype=np.float64)
    if values.ndim != 2 or min(values.shape) < 2:
        raise ParameterError(f"Changes need two runs and two samples. Got {values.shape}.")
    n_runs, n = values.shape
    by_id = np.argsort(frozen_ids(ids, n, "nested_changes"), kind="stable")
    nobody = np.zeros(n, dtype=np.int64)  # classes play no part
    sizes = _sizes(thresholds, n)
    compared = _Compared(np.ascontiguousarray(values[:, by_id]), nobody, sizes)
    random = generator(seed, purpose="stability")
    found = [compared.in_order(random.permutation(n_runs))["nested"] for _ in range(draws)]
    easiest = slice(len(sizes), 2 * len(sizes))
    return float(np.mean([one[:, easiest] for one in found]))


def _sizes(thresholds: Sequence[float], n: int) -> np.ndarray:
    """Return the number of samples at each threshold."""
    if not len(thresholds):
        raise ParameterError("The 'thresholds' parameter of stability must hold one. Got none.")
    checked = [check_real(one, "thresholds", "stability", 0, 1, "()") for one in thresholds]
    return np.array([size_of_share(one, n) for one in checked])


@dataclass(frozen=True, eq=False)
class _Ranked:
    """An ensemble's samples in order: hardest first, tied ones anyhow."""

    places: np.ndarray  # of each sample, 0 the hardest
    ranks: np.ndarray  # mid-ranks, centred, of length 1 as a vector; zeros if all are tied
    class_ranks: np.ndarray  # the same of the class means
    cuts: np.ndarray  # places before which a set ends
    starts: np.ndarray  # for each cut, the first place of the value that stands on both sides of it
    ends: (
        np.ndarray
    )  # and the one behind its last; both the cut itself where there is no such value

    def inside(self, at: int) -> np.ndarray:
        """Return the probability of each sample to stand before a cut."""
        start, end = self.starts[at], self.ends[at]
        found = (self.places < start).astype(np.float64)
        tied = (self.places >= start) & (self.places < end)
        found[tied] = (self.cuts[at] - start) / max(end - start, 1)
        return found


class _Compared:
    """Values by run in the order of ids, and what two ensembles of the runs are compared by.

    A comparison is one vector: changes of the hardest and of the easiest sets, their Jaccard
    indices, their tied shares (one for each size), the rank correlations of samples and classes.
    """

    def __init__(self, values: np.ndarray, codes: np.ndarray, sizes: np.ndarray) -> None:
        self.values, self.sizes = values, sizes
        self._codes = codes
        self._counts = np.bincount(codes)
        # the easiest k are those behind the hardest n - k
        self._cuts = np.concatenate([sizes, values.shape[1] - sizes])

    def in_order(self, order: np.ndarray) -> dict[str, np.ndarray]:
        """Return comparisons, shape (sizes of ensembles, figures), nested and disjoint."""
        first = self.values[order[0]].copy()
        prefixes = [self._ranked(first)]
        for run in order[1:]:
            first += self.values[run]
            prefixes.append(self._ranked(first))
        nested = [self._compare(*pair) for pair in itertools.pairwise(prefixes)]
        disjoint = [
            self._compare(prefixes[m - 1], self._ranked(self._sum(order[m : 2 * m])))
            for m in range(1, len(order) // 2 + 1)
        ]
        return {"nested": np.array(nested), "disjoint": np.array(disjoint)}

    def halves(self, order: np.ndarray) -> np.ndarray:
        """Return the comparison of the first half of the runs with the next."""
        m = len(order) // 2
        one, other = (self._ranked(self._sum(runs)) for runs in (order[:m], order[m : 2 * m]))
        return self._compare(one, other)

    def _sum(self, runs: np.ndarray) -> np.ndarray:
        # run by run, as the prefixes: what is equal in every run stays tied
        total = self.values[runs[0]].copy()
        for run in runs[1:]:
            total += self.values[run]
        return total

    def _ranked(self, total: np.ndarray) -> _Ranked:
        n = len(total)
        order = np.argsort(-total)  # in any order among the tied: no figure depends on it
        ranked = total[order]
        begins = np.concatenate([[True], ranked[1:] != ranked[:-1]])
        places = np.empty(n, dtype=np.int32)
        places[order] = np.arange(n, dtype=np.int32)
        starts = ends = self._cuts
        ranks = places.astype(np.float64)
        if not begins.all():
            group = np.cumsum(begins) - 1
            firsts = np.flatnonzero(begins)
            lasts = np.append(firsts[1:], n)
            ranks[order] = ((firsts + lasts - 1) / 2)[group]
            behind = group[self._cuts]  # a tie that reaches over a cut starts before it
            starts = firsts[behind]
            ends = np.where(starts < self._cuts, lasts[behind], self._cuts)
        present = self._counts > 0
        means = np.bincount(self._codes, weights=total)[present] / self._counts[present]
        class_ranks = _unit(rankdata(-means)) if len(means) > 2 else np.zeros(len(means))
        return _Ranked(places, _unit(ranks), class_ranks, self._cuts, starts, ends)

    def _tied(self, one: _Ranked) -> np.ndarray:
        """Return the share of each set that is open among equal values."""
        s = len(self.sizes)
        chosen = np.concatenate([(one.cuts - one.starts)[:s], (one.ends - one.cuts)[s:]])
        return chosen / np.tile(self.sizes, 2)

    def _compare(self, a: _Ranked, b: _Ranked) -> np.ndarray:
        later = np.maximum(a.places, b.places)
        is_open = (a.starts < self._cuts) | (b.starts < self._cuts)
        once = {
            cut: at for at, cut in enumerate(self._cuts.tolist())
        }  # most cuts stand there twice
        both = {
            cut: a.inside(at) @ b.inside(at) if is_open[at] else np.count_nonzero(later < cut)
            for cut, at in once.items()
        }
        in_both = np.array([both[cut] for cut in self._cuts.tolist()])
        # as many as a cut loses in front of it, it gains behind it
        change = (self._cuts - in_both) / np.tile(self.sizes, 2)
        of_samples, of_classes = (
            one @ other if one.any() and other.any() else np.nan
            for one, other in ((a.ranks, b.ranks), (a.class_ranks, b.class_ranks))
        )
        jaccard = (1 - change) / (1 + change)
        tied = np.maximum(self._tied(a), self._tied(b))
        return np.concatenate([change, jaccard, tied, [of_samples, of_classes]])


def _unit(ranks: np.ndarray) -> np.ndarray:
    centred = ranks - ranks.mean()
    length = np.sqrt(centred @ centred)
    return centred / length if length > 0 else np.zeros(len(ranks))


def _with_intervals(
    compared: _Compared,
    orders: list[np.ndarray],
    found: list[dict[str, np.ndarray]],
    left_out: np.ndarray,
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Return means over orders and the ends of their intervals, shape (sizes, figures)."""
    means = {kind: np.mean([one[kind] for one in found], axis=0) for kind in found[0]}
    unknown = {kind: np.full_like(mean, np.nan) for kind, mean in means.items()}
    n_runs = len(orders[0])
    if n_runs < 3:
        return means, unknown, dict(unknown)
    affordable = int(_WORK / compared.values.size)
    repeated = orders[: max(affordable, 4)]
    without = [[compared.in_order(order[order != run]) for order in repeated] for run in left_out]
    lows, highs = {}, {}
    for kind, mean in means.items():
        small = np.array([[one[kind] for one in per_run] for per_run in without])
        variance = _jackknife(small, n_runs)
        # what is left of the draws: the mean over all orders there are is not known either
        spread = np.array([one[kind] for one in found])
        drawn = spread.var(axis=0, ddof=1) / len(found) if len(found) > 1 else 0.0
        largest = [variance[-1:]] * (len(mean) - len(variance))
        error = np.sqrt(np.concatenate([variance, *largest]) + drawn)
        half = special.stdtrit(len(left_out) - 1, 0.5 + _LEVEL / 2) * error
        least = np.concatenate([np.zeros(mean.shape[1] - 2), [-1, -1]])
        lows[kind] = np.maximum(mean - half, least)
        highs[kind] = np.minimum(mean + half, 1.0)
    return means, lows, highs


def _jackknife(without: np.ndarray, n_runs: int) -> np.ndarray:
    """Return the variance of the figures, shape (sizes, figures).

    Parameters
    ----------
    without : ndarray of shape (runs left out, orders, sizes, figures)
        What one order shows without a run.
    n_runs : int
        Runs in all.
    """
    between = without.mean(axis=1).var(axis=0, ddof=1)
    return between * (n_runs - 1) ** 2 / n_runs


def _set_rows(
    row: tuple[str, int],
    mean: np.ndarray,
    low: np.ndarray,
    high: np.ndarray,
    thresholds: Sequence[float],
    shares: np.ndarray,
) -> list[tuple]:
    s = len(shares)
    rows = []
    for at in range(2 * s):
        side, number = SIDES[at // s], at % s
        change, jaccard = ((mean[x], low[x], high[x]) for x in (at, 2 * s + at))
        by_chance = change[0] / (1 - shares[number])
        tied = mean[4 * s + at]
        rows.append((*row, side, float(thresholds[number]), *change, *jaccard, by_chance, tied))
    return rows
