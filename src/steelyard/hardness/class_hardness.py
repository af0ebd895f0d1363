"""From samples to classes: mean, quantiles and tail share of each class, with intervals.

The intervals count runs and samples: both are drawn again, independently of one another, and the
figures computed anew. Where every run scores every sample, this two-way bootstrap finds

    runs / R + samples / n + about 3 rest / (R n)

of the variances of the run effects, the sample effects and what neither explains; the truth has
the rest once (Owen 2007). So the intervals are slightly too wide, never by much: the rest is
divided by all values.

    Owen (2007), "The pigeonhole bootstrap", Annals of Applied Statistics 1(2), 386-411.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import special

from steelyard._support.arrays import frozen_ids
from steelyard._support.errors import DataError
from steelyard._support.seeding import generator
from steelyard._support.validation import check_integer, check_real
from steelyard.records.class_hardness import FIGURES, ClassHardness
from steelyard.records.classes import check_class_names, check_codes
from steelyard.records.hardness import size_of_share

TAIL = 0.1  # ours: "the hardest" are the hardest tenth
DRAWS = 400  # ours: a standard error is then known to 4 %
_QUANTILES = {"q10": 0.1, "median": 0.5, "q90": 0.9}
_LEVEL = 0.95


def class_hardness(
    by_run: np.ndarray,
    labels: np.ndarray,
    ids: np.ndarray,
    class_names: Sequence[str],
    *,
    name: str = "",
    share: float = TAIL,
    draws: int = DRAWS,
    seed: int = 0,
    bounds: tuple[float, float] = (-np.inf, np.inf),
    data_fingerprint: str = "",
) -> ClassHardness:
    """Return how hard each class is, with intervals over runs and samples.

    An estimate is a figure of the samples' means over runs. Its interval is Student's, with the
    standard error of the two-way bootstrap and Satterthwaite's degrees of freedom, to which R runs
    bring R - 1 and a class of n samples n - 1; that of the tail, which is a share, is Wilson's for
    as many samples as that standard error is worth. It speaks of other runs of as many and of other
    samples of the class. With one run, it is over samples alone. The mean and the quantiles of a
    single sample have no interval. Quantiles of classes of fewer than some 20 samples are rough.

    Samples that are tied where the tail begins count by the share of them that it has room for, so
    that neither ids nor the order of rows decide.

    Parameters
    ----------
    by_run : ndarray of shape (runs, n)
        The score in each run; higher is harder.
    labels : ndarray of shape (n,)
        Class codes.
    ids : ndarray of shape (n,)
        Sample ids: what is drawn follows them, not the rows.
    class_names : sequence of str
        One name a class.
    name : str
        The score's name.
    share : float
        The share of all samples that is the tail, in (0, 1).
    draws : int
        How often to draw again.
    seed : int
        From which the draws derive.
    bounds : (float, float)
        The least and the largest value that the score can have; no interval goes beyond.
    data_fingerprint : str
        Fingerprint of the data.

    Raises
    ------
    DataError
        If lengths differ, or a value is not finite.
    ParameterError
        If a number lies outside its range.
    """
    check_real(share, "share", "class_hardness", 0, 1, "()")
    check_integer(draws, "draws", "class_hardness", 2)
    names = check_class_names(class_names, "class_hardness")
    codes = check_codes(labels, names, "labels", "class_hardness")
    values = np.asarray(by_run, dtype=np.float64)
    if values.ndim != 2 or not values.shape[0] or values.shape[1] != len(codes) or not len(codes):
        raise DataError(
            f"class_hardness needs values of shape (runs, {len(codes)}). Got {values.shape}."
        )
    if not np.isfinite(values).all():
        raise DataError("class_hardness needs finite values. Got NaN or infinity.")
    order, sizes, classes = _blocks(codes, frozen_ids(ids, len(codes), "class_hardness"))
    values = np.ascontiguousarray(values[:, order])
    both, runs_alone = _standard_errors(values, sizes, share, draws, seed)
    estimates = _figures(values.mean(axis=0), sizes, share)
    figures = {}
    for figure, estimate in estimates.items():
        ends = _wilson_ends if figure == "tail" else _student_ends
        found = ends(estimate, both[figure], runs_alone[figure], len(values), sizes)
        if figure != "tail":
            found = np.clip(found, *bounds)
        figures[figure] = np.full((len(names), 3), np.nan)
        figures[figure][classes] = np.stack([estimate, *found], axis=1)
    counts = np.bincount(codes, minlength=len(names))
    return ClassHardness(name, names, counts, figures, share, len(values), draws, data_fingerprint)


def _blocks(codes: np.ndarray, ids: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return rows class by class, the classes' sizes, and their codes.

    Classes stand by their first id and samples by theirs, whatever rows and codes say.
    """
    by_id = np.argsort(ids, kind="stable")
    present, first = np.unique(codes[by_id], return_index=True)
    classes = present[np.argsort(first)]
    place = np.empty(codes.max() + 1, dtype=np.int64)
    place[classes] = np.arange(len(classes))
    order = by_id[np.argsort(place[codes[by_id]], kind="stable")]
    return order, np.bincount(place[codes]), classes


def _figures(values: np.ndarray, sizes: np.ndarray, share: float) -> dict[str, np.ndarray]:
    """Return each figure of each class, shape (K,), of values that stand class by class."""
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    found = {"mean": np.add.reduceat(values, starts) / sizes}
    n_tail = size_of_share(share, len(values))
    nth = len(values) - n_tail
    cut = np.partition(values, nth)[nth]
    above, tied = (
        np.add.reduceat(one, starts, dtype=float) for one in (values > cut, values == cut)
    )
    found["tail"] = ((above + tied * (n_tail - above.sum()) / tied.sum()) / sizes).clip(0, 1)
    ranked = values.copy()
    for start, size in zip(starts, sizes, strict=True):
        ranked[start : start + size].sort()
    for name, quantile in _QUANTILES.items():  # linear between neighbours, as numpy's
        place = (sizes - 1) * quantile
        below = place.astype(np.int64)
        low, high = ranked[starts + below], ranked[starts + np.minimum(below + 1, sizes - 1)]
        found[name] = low + (high - low) * (place - below)
    return {name: found[name] for name in FIGURES}


def _standard_errors(
    values: np.ndarray, sizes: np.ndarray, share: float, draws: int, seed: int
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Return each figure's variance, shape (K,), over runs and samples, and over runs alone."""
    n_runs, n = values.shape
    random = generator(seed, purpose="class hardness")
    starts = np.repeat(np.cumsum(sizes) - sizes, sizes)
    widths = np.repeat(sizes, sizes)
    both, runs_alone = [], []
    for _ in range(draws):
        weights = np.bincount(random.integers(n_runs, size=n_runs), minlength=n_runs) / n_runs
        mean = weights @ values
        drawn = starts + (random.random(n) * widths).astype(np.int64)
        both.append(_figures(mean[drawn], sizes, share))
        if n_runs > 1:
            runs_alone.append(_figures(mean, sizes, share))
    return _variances(both, len(sizes)), _variances(runs_alone, len(sizes))


def _variances(draws: list[dict[str, np.ndarray]], n_classes: int) -> dict[str, np.ndarray]:
    if not draws:
        return {name: np.zeros(n_classes) for name in FIGURES}
    return {name: np.var([draw[name] for draw in draws], axis=0, ddof=1) for name in FIGURES}


def _unbiased(
    both: np.ndarray, runs_alone: np.ndarray, n_runs: int, sizes: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the variance and its degrees of freedom; drawing from n loses one part in n."""
    with np.errstate(divide="ignore", invalid="ignore"):
        of_runs = runs_alone * n_runs / max(n_runs - 1, 1)
        of_samples = np.maximum(both - runs_alone, 0) * sizes / (sizes - 1)
        variance = of_runs + of_samples
        spent = of_runs**2 / max(n_runs - 1, 1) + of_samples**2 / (sizes - 1)
        freedom = np.where(spent > 0, variance**2 / spent, np.inf)
    return variance, freedom


def _quantile(freedom: np.ndarray) -> np.ndarray:
    tail = 0.5 + _LEVEL / 2
    finite = np.where(np.isfinite(freedom), freedom, 1.0)
    return np.where(np.isfinite(freedom), special.stdtrit(finite, tail), special.ndtri(tail))


def _student_ends(
    estimate: np.ndarray,
    both: np.ndarray,
    runs_alone: np.ndarray,
    n_runs: int,
    sizes: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    variance, freedom = _unbiased(both, runs_alone, n_runs, sizes)
    half = np.where(sizes > 1, _quantile(freedom) * np.sqrt(variance), np.nan)
    return estimate - half, estimate + half


def _wilson_ends(
    estimate: np.ndarray,
    both: np.ndarray,
    runs_alone: np.ndarray,
    n_runs: int,
    sizes: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Return Wilson's ends for as many samples as the variance is worth.

    A share of 0 or 1 never varies when drawn again, and is not certain: it counts all n.
    """
    variance, freedom = _unbiased(both, runs_alone, n_runs, sizes)
    binomial = estimate * (1 - estimate)
    normal = special.ndtri(0.5 + _LEVEL / 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        worth = binomial / variance * (normal / _quantile(freedom)) ** 2
    known = (sizes > 1) & (binomial > 0)
    worth = np.where(known, worth, sizes)
    centre = (estimate + normal**2 / (2 * worth)) / (1 + normal**2 / worth)
    half = np.sqrt(binomial / worth + normal**2 / (4 * worth**2)) * normal / (1 + normal**2 / worth)
    return np.minimum(centre - half, estimate).clip(0), np.maximum(centre + half, estimate).clip(
        0, 1
    )
