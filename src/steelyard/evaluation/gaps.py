"""How unequally a model serves its classes: six measures over one value a class.

They summarise recall or precision by class. Four of them are distances between noisy numbers, so
that noise alone makes them positive: of ten equally easy classes with 100 samples each at a recall
of 0.9, the best and the worst lie about 0.09 apart. `equal_classes_null` tells how large each
would be by chance, and `reflected_ends` takes that bias off an interval.

References
----------
Pawelek and others, arXiv 2504.07031 and its code, for the measures by which hardness-based
resampling was judged. The null and the intervals are ours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from steelyard._support.errors import DataError, ParameterError
from steelyard._support.seeding import generator
from steelyard._support.validation import check_integer, check_real
from steelyard.evaluation.count_metrics import mean

GAPS = ("max_min", "top_bottom", "easy_hard", "standard_deviation", "mad", "average")
_BLOCK = 2**22  # simulated values at a time


@dataclass(frozen=True)
class Chance:
    """What a gap comes to when all classes are equally easy.

    Parameters
    ----------
    mean : float
        Its mean.
    end : float
        What it stays below in 95 of 100 evaluation parts.
    """

    mean: float
    end: float


def usual_k(n_classes: int) -> int:
    """Return how many classes are the top and the bottom: a tenth of all, at least two.

    2 of 10 classes and 10 of 100, as published; never so many that top and bottom overlap. The
    rule between is ours.
    """
    return max(1, min(max(2, n_classes // 10), n_classes // 2))


def max_min(values: Any) -> np.ndarray:
    """Return the largest value of a class minus the smallest, shape (...,)."""
    values, known = _checked(values)
    top = np.where(known, values, -np.inf).max(-1)
    bottom = np.where(known, values, np.inf).min(-1)
    return _where(known.any(-1), top, bottom)


def top_bottom(values: Any, k: int | None = None) -> np.ndarray:
    """Return the mean of the k best classes minus the mean of the k worst, shape (...,).

    Parameters
    ----------
    values : array_like of shape (..., K)
        One a class; NaN is no data.
    k : int, optional
        From 1 to K; `usual_k` of K by default.

    Returns
    -------
    ndarray of shape (...,)
        NaN where fewer than k classes have data.
    """
    values, known = _checked(values)
    n_classes = values.shape[-1]
    k = usual_k(n_classes) if k is None else check_integer(k, "k", "top_bottom", 1, n_classes)
    n_known = known.sum(-1, keepdims=True)
    ordered = np.sort(values, axis=-1)  # NaN comes last
    place = np.arange(n_classes)
    bottom = np.where(place < k, ordered, 0.0).sum(-1, where=place < n_known)
    top = np.where(place >= n_known - k, ordered, 0.0).sum(-1, where=place < n_known)
    return _where(n_known[..., 0] >= k, top / k, bottom / k)


def easy_hard(values: Any, easy: Sequence[int], hard: Sequence[int]) -> np.ndarray:
    """Return the mean over easy classes minus the mean over hard ones, shape (...,).

    Parameters
    ----------
    values : array_like of shape (..., K)
        One a class; NaN is no data.
    easy, hard : sequence of int
        Codes of the classes, none in both.

    Raises
    ------
    DataError
        If codes are unknown or repeated, a side is empty, or a class is on both.
    """
    values, _ = _checked(values)
    sides = [_codes(codes, values.shape[-1], name) for codes, name in
             ((easy, "easy"), (hard, "hard"))]  # fmt: skip
    both = np.intersect1d(sides[0], sides[1])
    if len(both):
        raise DataError(f"A class is easy or hard, not both. Got {both[:5].tolist()} in both.")
    return mean(values[..., sides[0]]) - mean(values[..., sides[1]])


def standard_deviation(values: Any) -> np.ndarray:
    """Return the population standard deviation over classes, shape (...,)."""
    values, _ = _checked(values)
    return np.sqrt(mean((values - mean(values)[..., np.newaxis]) ** 2))


def mad(values: Any) -> np.ndarray:
    """Return the median distance of a class from the median class, shape (...,); not scaled."""
    values, _ = _checked(values)
    return _median(np.abs(values - _median(values)[..., np.newaxis]))


def average(values: Any) -> np.ndarray:
    """Return the mean over the classes with data, shape (...,)."""
    values, _ = _checked(values)
    return mean(values)


def gaps(
    values: Any,
    *,
    k: int | None = None,
    easy: Sequence[int] | None = None,
    hard: Sequence[int] | None = None,
) -> dict[str, np.ndarray]:
    """Return every measure of `GAPS` by name, each of shape (...,).

    Parameters
    ----------
    values : array_like of shape (..., K)
        One a class, for instance recalls; NaN is no data, and left out.
    k : int, optional
        See `top_bottom`.
    easy, hard : sequence of int, optional
        Codes of easy and hard classes; without both of them there is no ``easy_hard``.
    """
    if (easy is None) != (hard is None):
        raise ParameterError("Easy and hard classes are compared: give both, or neither.")
    found = {
        "max_min": max_min(values),
        "top_bottom": top_bottom(values, k),
        "standard_deviation": standard_deviation(values),
        "mad": mad(values),
        "average": average(values),
    }
    if easy is not None and hard is not None:
        found["easy_hard"] = easy_hard(values, easy, hard)
    return {name: found[name] for name in GAPS if name in found}


def equal_classes_null(
    n_per_class: Any,
    recall: float,
    n_resamples: int = 10_000,
    seed: int = 0,
    *,
    k: int | None = None,
    easy: Sequence[int] | None = None,
    hard: Sequence[int] | None = None,
) -> dict[str, Chance]:
    """Return what each gap would be by chance, were all classes equally easy.

    Recalls are drawn from binomials that share one chance of being right. A measured gap below
    ``end`` is no evidence that classes differ.

    Parameters
    ----------
    n_per_class : array_like of shape (K,)
        Evaluated samples of each class; one without samples is no data.
    recall : float
        The shared recall, in [0, 1]; the measured average, say.
    n_resamples : int
        Simulated evaluation parts.
    seed : int
        Of the simulation.
    k, easy, hard
        See `gaps`.

    Raises
    ------
    DataError
        If the numbers of samples are none, or all 0.
    ParameterError
        If the recall lies outside [0, 1].

    Notes
    -----
    For a model's recalls, or those of one seed. The mean recall over several seeds scatters less
    where seeds err on different samples, so that this null is then too wide (the safer side).
    """
    share = check_real(recall, "recall", "equal_classes_null", 0.0, 1.0)
    n_resamples = check_integer(n_resamples, "n_resamples", "equal_classes_null", 2)
    sizes = np.asarray(n_per_class)
    if sizes.ndim != 1 or sizes.dtype.kind not in "iu" or (sizes < 0).any() or not sizes.any():
        raise DataError(
            "equal_classes_null needs the number of samples of each class, whole numbers of which "
            f"one is above 0. Got {sizes.dtype} of shape {sizes.shape}."
        )
    random = generator(seed, purpose="equal classes")
    found: dict[str, list[np.ndarray]] = {}
    step = max(_BLOCK // len(sizes), 1)
    for start in range(0, n_resamples, step):
        shape = (min(step, n_resamples - start), len(sizes))
        drawn = random.binomial(sizes, share, shape) / np.maximum(sizes, 1)
        values = np.where(sizes > 0, drawn, np.nan)
        for name, gap in gaps(values, k=k, easy=easy, hard=hard).items():
            found.setdefault(name, []).append(gap)
    joined = {name: np.concatenate(parts) for name, parts in found.items()}
    return {
        name: Chance(float(one.mean()), float(np.quantile(one, 0.95)))
        for name, one in joined.items()
    }


def _checked(values: Any) -> tuple[np.ndarray, np.ndarray]:
    array = np.asarray(values, dtype=np.float64)
    if array.ndim == 0 or array.shape[-1] == 0 or np.isinf(array).any():
        raise DataError(
            f"A gap needs one finite value, or NaN, for each class. Got shape {array.shape}."
        )
    return array, ~np.isnan(array)


def _codes(codes: Sequence[int], n_classes: int, name: str) -> np.ndarray:
    array = np.asarray(codes)
    if (
        array.ndim != 1
        or not len(array)
        or array.dtype.kind not in "iu"
        or array.min() < 0
        or array.max() >= n_classes
        or len(np.unique(array)) != len(array)
    ):
        raise DataError(
            f"The {name} classes must be different codes from 0 to {n_classes - 1}, one at least. "
            f"Got {array.tolist()}."
        )
    return array


def _median(values: np.ndarray) -> np.ndarray:
    """Return the median over the last axis of what has data, without numpy's warning."""
    n = (~np.isnan(values)).sum(-1, keepdims=True)
    ordered = np.sort(values, axis=-1)
    last = values.shape[-1] - 1
    middle = [np.clip(at, 0, last) for at in ((n - 1) // 2, n // 2)]
    low, high = (np.take_along_axis(ordered, at, axis=-1)[..., 0] for at in middle)
    return (low + high) / 2


def _where(known: Any, top: np.ndarray, bottom: np.ndarray) -> np.ndarray:
    return np.subtract(top, bottom, out=np.full(np.shape(top), np.nan), where=known)
