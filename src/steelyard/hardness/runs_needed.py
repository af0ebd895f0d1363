"""How many runs until two ensembles of them agree on the hardest samples.

Where the disjoint ensembles there are reach the goal, and stay there, they answer: a mean over
orders may pass the goal by luck and fall behind it again. Where they do not, two
ensembles of m runs are simulated::

    value of sample i in an ensemble = effect_i + noise_i sqrt(c / m)     noise_i ~ N(0, s_i^2)

with the effects the means over the R runs; s_i^2 the variance over runs, averaged over samples of
similar mean, for hard samples may be noisier than easy ones; and one number c that makes the
simulated curve pass through what the largest disjoint ensembles shared, which also takes up that
means over R runs vary by more than the effects. Runs that are off as a whole move every sample
alike, and no set.
"""

from __future__ import annotations

import numpy as np
from scipy.ndimage import uniform_filter1d

from steelyard._support.arrays import frozen_ids
from steelyard._support.errors import MismatchError
from steelyard._support.seeding import generator
from steelyard._support.validation import check_real
from steelyard.records.hardness import size_of_share
from steelyard.records.stability import RunsNeeded, Stability

MOST = 1000  # ours: runs beyond which an extrapolation says no more than "more than that"
_LEAST = 3  # runs: the fewest that the jackknife can leave one out of and compare
_SIMILAR = 0.02  # ours: the share of all samples over which noise is averaged
_SIMULATED = 200_000  # values a simulated ensemble, over its repetitions


def runs_needed(
    by_run: np.ndarray,
    ids: np.ndarray,
    stability: Stability,
    *,
    share: float = 0.1,
    until: float = 0.9,
    seed: int = 0,
) -> RunsNeeded:
    """Return the fewest runs of which two disjoint ensembles share enough of their hardest samples.

    Parameters
    ----------
    by_run : ndarray of shape (runs, n)
        The score in each run; higher is harder.
    ids : ndarray of shape (n,)
        Sample ids.
    stability : Stability
        What `steelyard.hardness.stability` said of them.
    share : float
        The share of all samples that is the hardest; one of the thresholds of ``stability``.
    until : float
        The share of these that the two are to have in common, in (0, 1).
    seed : int
        From which the simulation derives.

    Returns
    -------
    RunsNeeded
        Its range is where the ends of the curve's intervals reach the goal; of an extrapolation,
        where it does when made from the ends at the largest disjoint ensembles. Of fewer than three
        runs nothing is known: two ensembles of one run are a single pair, without an interval.

    Raises
    ------
    MismatchError
        If the stability is of other values.
    ParameterError
        If a number lies outside its range.
    """
    check_real(until, "until", "runs_needed", 0, 1, "()")
    values = np.asarray(by_run, dtype=np.float64)
    if values.shape != (stability.n_runs, stability.n):
        raise MismatchError(
            f"The stability is of {stability.n_runs} runs and {stability.n} samples. "
            f"Got {values.shape}."
        )
    curve = stability.curve(share)
    if len(values) < _LEAST:
        return RunsNeeded(share, until, None, None, None, False, MOST, known=False)
    by_id = np.argsort(frozen_ids(ids, stability.n, "runs_needed"), kind="stable")
    simulated = _Simulated(values[:, by_id], share, generator(seed, purpose="runs needed"))
    found: list[int | None] = []
    for shares in curve.T:  # the estimate, the low end, the high end
        short = np.flatnonzero(~(shares >= until))
        enough = int(short[-1]) + 2 if len(short) else 1
        if enough > len(curve):
            found.append(simulated.runs_until(until, len(curve), float(shares[-1])))
        else:
            found.append(enough)
    runs, high, low = found  # the low end of what is shared asks for more runs
    extrapolated = not curve[-1, 0] >= until
    return RunsNeeded(share, until, runs, low, high, extrapolated, MOST)


class _Simulated:
    """Pairs of ensembles of any size, made of effects and noise; the draws are always the same."""

    def __init__(self, values: np.ndarray, share: float, random: np.random.Generator) -> None:
        n = values.shape[1]
        means, variances = values.mean(axis=0), values.var(axis=0, ddof=1)
        order = np.argsort(means, kind="stable")
        similar = np.empty(n)
        similar[order] = uniform_filter1d(
            variances[order], max(int(_SIMILAR * n), 1), mode="nearest"
        )
        self._effects = means
        pairs = -(-_SIMULATED // n)
        self._noise = random.normal(size=(pairs, 2, n)) * np.sqrt(similar)
        self._size = size_of_share(share, n)

    def shared(self, scale: float) -> float:
        """Return the mean share of the hardest in common, with noise of that scale."""
        found = []
        for one, other in self._noise:
            first, second = (
                np.argpartition(-(self._effects + scale * noise), self._size)[: self._size]
                for noise in (one, other)
            )
            inside = np.zeros(len(self._effects), dtype=bool)
            inside[first] = True
            found.append(inside[second].mean())
        return float(np.mean(found))

    def runs_until(self, until: float, size: int, seen: float) -> int | None:
        """Return the runs needed where ensembles of ``size`` runs share ``seen``; None: too many.

        Both are scales of the noise, which falls with the root of the runs: the goal's over that
        of what was seen.
        """
        if not self._effects.std() > 0:
            return None
        at_size, at_goal = self._scale_of(max(seen, 1e-9)), self._scale_of(until)
        if at_size is None or at_goal is None or at_goal <= 0:
            return None
        runs = int(np.ceil(size * (at_size / at_goal) ** 2))
        return max(runs, size + 1) if runs <= MOST else None

    def _scale_of(self, shared: float) -> float | None:
        """Return the scale at which so much is shared, by halving; None where none is so noisy."""
        low, high = 0.0, 1.0
        while self.shared(high) > shared:
            low, high = high, 2 * high
            if high > 1e6:
                return None
        for _ in range(14):
            middle = (low + high) / 2
            low, high = (middle, high) if self.shared(middle) > shared else (low, middle)
        return (low + high) / 2
