"""How well scores rank: AUROC and average precision, of each class against the rest.

*AUROC* is the chance that a positive is scored above a negative, ties counting one half. *Average
precision* (AP) is the mean over the positives of the precision at their own score, in the step
form (nothing is interpolated) and with equal scores called together. Both are scikit-learn's
``roc_auc_score`` and ``average_precision_score``, sample weights included.

Only the order of the scores matters: probabilities, logits and log-odds rank alike, as long as
rounding has not made unequal ones equal. A class without positives, or without negatives, has no
order to judge: NaN, which is "no data" and not 0.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from steelyard._support.errors import DataError
from steelyard.records.classes import check_codes, check_multi_hot
from steelyard.records.priors import check_weights

_BLOCK = 2**21  # scores that are copied at a time


@dataclass(frozen=True, eq=False)
class Ranking:
    """How well the scores of each class rank its positives above the rest.

    Parameters
    ----------
    auroc, average_precision : ndarray of shape (K,)
        NaN for a class without positives or without negatives.
    n_positive, n_negative : ndarray of int64 and shape (K,)
        How many samples each rests on, those of weight 0 left out.
    """

    auroc: np.ndarray
    average_precision: np.ndarray
    n_positive: np.ndarray
    n_negative: np.ndarray

    @property
    def counted(self) -> np.ndarray:
        """Which classes have data, bool of shape (K,)."""
        return (self.n_positive > 0) & (self.n_negative > 0)

    @property
    def macro_auroc(self) -> float:
        """The mean AUROC over the classes that have data; NaN if none has."""
        return _mean(self.auroc[self.counted])

    @property
    def macro_average_precision(self) -> float:
        """The mean average precision (mAP) over the classes that have data; NaN if none has."""
        return _mean(self.average_precision[self.counted])


def ranking(scores: Any, truth: Any, weights: Any = None) -> Ranking:
    """Return the AUROC and the average precision of every class against the rest.

    Parameters
    ----------
    scores : array_like of shape (n, K)
        Higher is more likely the class; any floats or integers, infinite ones too. Kept in their
        own type, and copied a block of columns at a time.
    truth : array_like of shape (n,), or of bool or 0 and 1 and shape (n, K)
        Class codes; or which labels each sample has.
    weights : array_like of shape (n,) or (n, K), optional
        What each sample counts for, 0 or above; the same for every class, or each class its own.

    Returns
    -------
    Ranking

    Raises
    ------
    DataError
        If a score is NaN, shapes do not fit, or codes lie outside the classes.
    ParameterError
        If weights are no finite numbers from 0 on, or there are not as many as samples.

    References
    ----------
    Hanley and McNeil (1982), Radiology 143(1); Buckley and Voorhees (2000), SIGIR 23.
    """
    columns = check_scores(scores, "ranking")
    labels = check_truth(truth, columns.shape, "ranking")
    if weights is not None:
        weights = check_weights(weights, _shape_of_weights(weights, columns.shape), "ranking")
    found = np.full((2, columns.shape[1]), np.nan)
    counts = np.zeros((2, columns.shape[1]), dtype=np.int64)
    for k, column, positive in _columns(columns, labels):
        if weights is None:
            counts[:, k] = len(positive), len(column) - len(positive)
            found[:, k] = _rank(column, positive)
        else:
            mine = weights if weights.ndim == 1 else weights[:, k]
            is_positive = np.zeros(len(column), dtype=bool)
            is_positive[positive] = True
            seen = mine > 0
            counts[:, k] = (seen & is_positive).sum(), (seen & ~is_positive).sum()
            if counts[:, k].all():
                found[:, k] = Ordered(column, is_positive, mine).estimates
    return Ranking(found[0], found[1], *counts)


def check_scores(scores: Any, owner: str) -> np.ndarray:
    """Return scores as a matrix of numbers, in their own type, without NaN.

    Raises
    ------
    DataError
        If they are no such matrix, or hold NaN.
    """
    array = np.asarray(scores)
    if array.ndim != 2 or array.dtype.kind not in "iuf":
        raise DataError(
            f"The scores of {owner} must be numbers of shape (samples, classes). "
            f"Got {array.dtype} of shape {array.shape}.",
            hint="scores of one class alone have shape (n, 1): scores[:, None].",
        )
    if array.dtype == np.float16:
        array = array.astype(np.float32)  # numpy sorts halves slowly; no value changes
    if array.dtype.kind == "f":
        for rows in _row_blocks(array):
            bad = np.isnan(rows)
            if bad.any():
                at = np.argwhere(np.isnan(array))[0]
                raise DataError(
                    f"The scores of {owner} must not be NaN: a sample without a score has no "
                    f"rank. The first is in row {at[0]}, column {at[1]}.",
                    hint="leave out the samples that the model failed on, in every arm alike.",
                )
    return array


def check_truth(truth: Any, shape: tuple[int, ...], owner: str) -> np.ndarray:
    """Return class codes (n,) or labels (n, K) that fit scores of a shape.

    Raises
    ------
    DataError
        If they do not.
    """
    names = tuple(f"column {code}" for code in range(shape[1]))
    check = check_multi_hot if np.ndim(truth) == 2 else check_codes
    labels = check(truth, names, "truth", owner)
    if len(labels) != shape[0]:
        raise DataError(
            f"The scores of {owner} have {shape[0]} rows, the truth has {len(labels)}.",
            hint="give one row of scores and one truth a sample, in one order.",
        )
    return labels


class Ordered:
    """The samples of one class against the rest, in the order of their scores, weighted.

    Parameters
    ----------
    scores : ndarray of shape (n,)
        Without NaN.
    positive : ndarray of bool and shape (n,)
        Of which some, and not all, have weight.
    weights : ndarray of shape (n,)
        0 or above.
    """

    def __init__(self, scores: np.ndarray, positive: np.ndarray, weights: np.ndarray) -> None:
        self.order = np.argsort(scores)
        ordered = scores[self.order]
        # equal scores are one group: where it begins, and the group of each place
        begins = np.r_[True, ordered[1:] != ordered[:-1]]
        self.group = np.cumsum(begins) - 1
        self.begins = np.flatnonzero(begins)
        self.positive = positive[self.order]
        self.weights = weights[self.order]
        gained = np.add.reduceat(np.where(self.positive, self.weights, 0.0), self.begins)
        false = np.add.reduceat(np.where(self.positive, 0.0, self.weights), self.begins)
        self.gained, self.false = gained, false  # weight of positives and negatives, by group
        self.total_positive, self.total_negative = gained.sum(), false.sum()
        # weights at and above each group, summed from above, where precision is decided
        self.true_called = np.cumsum(gained[::-1])[::-1]
        self.called = self.true_called + np.cumsum(false[::-1])[::-1]
        # rates at which the other kind lies below, ties by half
        self.negatives_below = (np.cumsum(false) - false / 2) / self.total_negative
        self.positives_above = (self.true_called - gained / 2) / self.total_positive
        nobody = self.called <= 0  # only samples of weight 0, and none above them
        self.called = np.where(nobody, 1.0, self.called)
        self.precision = np.where(nobody, 0.0, self.true_called / self.called)

    @property
    def estimates(self) -> tuple[float, float]:
        """AUROC and average precision."""
        share = self.gained / self.total_positive
        return float(share @ self.negatives_below), float(share @ self.precision)


def _rank(column: np.ndarray, positive: np.ndarray) -> tuple[float, float]:
    """Return AUROC and average precision of unweighted scores; the column is sorted in place.

    Only the positives are looked up, so that a rare class costs one sort of plain numbers.
    """
    n, n_positive = len(column), len(positive)
    n_negative = n - n_positive
    if not n_positive or not n_negative:
        return np.nan, np.nan
    mine = np.sort(column[positive])
    column.sort()
    below = np.searchsorted(column, mine, "left")
    upto = np.searchsorted(column, mine, "right")
    mine_below = np.searchsorted(mine, mine, "left")
    mine_upto = np.searchsorted(mine, mine, "right")
    # twice the negatives below, ties once: whole numbers, exact in any order of summing
    twice = int((below - mine_below + upto - mine_upto).sum())
    auroc = twice / (2 * n_positive * n_negative)
    precision = (n_positive - mine_below) / (n - below)
    return auroc, float(precision.mean())


def _columns(
    scores: np.ndarray, labels: np.ndarray
) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
    """Yield each class's code, its scores as an array to be sorted in place, and its positives."""
    n, n_classes = scores.shape
    if labels.ndim == 1:
        by_class = np.argsort(labels, kind="stable")
        ends = np.cumsum(np.bincount(labels, minlength=n_classes))
    width = max(_BLOCK // max(n, 1), 1)
    for start in range(0, n_classes, width):
        block = scores[:, start : start + width].T.copy()
        if labels.ndim == 2:
            hot = labels[:, start : start + width].T.copy()
        for j, column in enumerate(block):
            k = start + j
            if labels.ndim == 2:
                yield k, column, np.flatnonzero(hot[j])
            else:
                yield k, column, by_class[ends[k - 1] if k else 0 : ends[k]]


def _row_blocks(array: np.ndarray) -> Iterator[np.ndarray]:
    height = max(_BLOCK // max(array.shape[1], 1), 1)
    for start in range(0, len(array), height):
        yield array[start : start + height]


def _shape_of_weights(weights: Any, shape: tuple[int, ...]) -> tuple[int, ...]:
    return shape if np.ndim(weights) == 2 else shape[:1]


def _mean(values: np.ndarray) -> float:
    return float(values.mean()) if len(values) else float("nan")
