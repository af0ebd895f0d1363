"""What decisions come to: for each class its hits, how often it was called and how often it came.

Precision, F1, MCC, macro means, gaps and worst classes are all functions of these three numbers a
class and of the total. No matrix of K x K cells is made, and any number of weightings (deployment
shares, bootstrap draws) is counted at once, along leading axes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from steelyard._support.errors import DataError, MismatchError, ParameterError
from steelyard._support.validation import check_integer
from steelyard.records.classes import check_codes, check_multi_hot
from steelyard.records.priors import check_prevalence

_BLOCK = 2**22  # weights that are numbers of eight bytes at a time


@dataclass(frozen=True, eq=False)
class Counts:
    """Weighted counts of decisions, by class, along any leading axes.

    Parameters
    ----------
    hits : ndarray of shape (..., K)
        Weight of the samples of a class that were called so: true positives.
    called : ndarray of shape (..., K)
        Weight of the samples that were called so.
    present : ndarray of shape (..., K)
        Weight of the samples of a class. The three need only be broadcastable.
    total : ndarray of shape (...,), or (..., K) where a sample may have several labels
        Weight of all samples; each label may have its own.
    multi_label : bool
        Whether a sample may have any number of labels.
    """

    hits: np.ndarray
    called: np.ndarray
    present: np.ndarray
    total: np.ndarray
    multi_label: bool = False

    @property
    def n_classes(self) -> int:
        """Number of classes or labels K."""
        return self.hits.shape[-1]

    @property
    def of_each(self) -> np.ndarray:
        """The total that each class is held against, broadcastable to (..., K)."""
        return self.total if self.multi_label else self.total[..., np.newaxis]

    @property
    def absent(self) -> np.ndarray:
        """Weight of the samples that are not of a class, shape (..., K)."""
        return np.maximum(self.of_each - self.present, 0.0)

    @property
    def true_negatives(self) -> np.ndarray:
        """Weight of the samples not of a class that were not called so, shape (..., K)."""
        return np.maximum(self.of_each - self.present - self.called + self.hits, 0.0)


def count(truth: Any, predicted: Any, n_classes: int, weights: Any = None) -> Counts:
    """Count decisions, under one weighting of the samples or many.

    Parameters
    ----------
    truth, predicted : array_like of shape (n,), or of 0 and 1 and shape (n, K)
        Class codes 0..K-1; or which labels each sample has and is said to have.
    n_classes : int
        Number of classes or labels K.
    weights : array_like of shape (n,) or (B, n), optional
        What each sample counts for, 0 or more: deployment weights, bootstrap draws, or their
        product. None counts each as 1.

    Returns
    -------
    Counts
        Of shape (K,), or (B, K) for weights of shape (B, n).

    Raises
    ------
    DataError
        If the labels are no codes of the classes (or no 0 and 1).
    MismatchError
        If truth and predictions are of different samples.
    ParameterError
        If weights are negative, not finite, of another shape, or sum to zero.
    """
    n_classes = check_integer(n_classes, "n_classes", "count", 1)
    names = tuple(f"class {code}" for code in range(n_classes))
    multi_label = np.ndim(truth) == 2
    check = check_multi_hot if multi_label else check_codes
    came = check(truth, names, "truth", "count")
    called = check(predicted, names, "predictions", "count")
    if came.shape != called.shape:
        raise MismatchError(
            f"Truth and predictions must be of the same samples. Got {len(came)} and {len(called)}."
        )
    given = None if weights is None else _checked_weights(weights, len(came))
    stack = np.ones((1, len(came))) if given is None else np.atleast_2d(given)
    tables = Tables.of(came, called, n_classes)
    step = max(_BLOCK // max(len(came), 1), 1)
    blocks = [
        tables.count(np.array(stack[start : start + step].T, np.float64, order="C"))
        for start in range(0, len(stack), step)
    ]
    counts = joined(blocks)
    if given is not None and given.ndim == 2:
        return counts
    return Counts(counts.hits[0], counts.called[0], counts.present[0], counts.total[0], multi_label)


@dataclass(frozen=True, eq=False)
class Tables:
    """Which sample adds to which class: sparse matrices that turn any weights into counts.

    Parameters
    ----------
    hits, called, present : scipy.sparse.csc_array of shape (K, n)
        What a sample of weight 1 adds to each class.
    multi_label : bool
        Whether a sample may have any number of labels.
    """

    hits: Any
    called: Any
    present: Any
    multi_label: bool

    @classmethod
    def of(
        cls,
        truth: np.ndarray,
        predicted: np.ndarray,
        n_classes: int,
        worth: np.ndarray | None = None,
    ) -> Tables:
        """Make them of checked labels; ``worth`` (n,) is what each sample counts for by itself."""
        n = len(truth)
        worth = np.ones(n) if worth is None else np.asarray(worth, np.float64)
        if truth.ndim == 2:
            both = truth & predicted
            hits, called, present = (_labels_of(one, worth) for one in (both, predicted, truth))
            return cls(hits, called, present, True)
        right = np.where(truth == predicted, worth, 0.0)
        return cls(
            _codes_of(truth, right, n_classes),
            _codes_of(predicted, worth, n_classes),
            _codes_of(truth, worth, n_classes),
            False,
        )

    def count(self, weights: np.ndarray) -> Counts:
        """Return the counts (B, K) under float weights of shape (n, B)."""
        hits, called, present = (one @ weights for one in (self.hits, self.called, self.present))
        if self.multi_label:
            total = np.broadcast_to(weights.sum(axis=0), hits.shape)
            return Counts(hits.T, called.T, present.T, total.T, True)
        # the sum of the classes, and not of the samples: what is not of the only class is then 0
        return Counts(hits.T, called.T, present.T, present.sum(axis=0), False)


def joined(blocks: list[Counts]) -> Counts:
    """Return counts of several blocks of weightings as one, along the first axis."""
    return Counts(
        np.concatenate([one.hits for one in blocks]),
        np.concatenate([one.called for one in blocks]),
        np.concatenate([one.present for one in blocks]),
        np.concatenate([one.total for one in blocks]),
        blocks[0].multi_label,
    )


def under_prevalence(counts: Counts, prior: Any) -> Counts:
    """Return the counts of several labels where each label is as frequent as stated.

    A label's samples with it count for ``prior`` of its total and those without for the rest,
    each label by itself. Of a label that cannot be re-weighted, because no sample has it (or
    every one) and the prior says otherwise, nothing is left: all its counts are 0, and every
    metric is "no data".

    Parameters
    ----------
    counts : Counts
        Of several labels.
    prior : array_like of shape (K,)
        Share of the deployed samples with each label, in [0, 1].

    Raises
    ------
    ParameterError
        If the counts are of one class a sample, whose weights must be given to `count`: a class's
        calls come from the samples of other classes.
    DataError
        If the prior does not fit the labels.
    """
    if not counts.multi_label:
        raise ParameterError(
            "The 'counts' parameter of under_prevalence must be of several labels. "
            "Got those of one class a sample.",
            hint="give count() the weights share / (samples of the class), sample by sample.",
        )
    names = tuple(f"label {code}" for code in range(counts.n_classes))
    shares = check_prevalence(prior, names, "under_prevalence")
    present, absent = counts.present, counts.absent
    tested = ((present > 0) | (shares == 0)) & ((absent > 0) | (shares == 1))
    total = np.where(tested, counts.total, 0.0)
    with_it = _quotient(shares * total, present)
    without_it = _quotient((1 - shares) * total, absent)
    hits = counts.hits * with_it
    called = hits + (counts.called - counts.hits) * without_it
    return Counts(hits, called, shares * total, total, True)


def _checked_weights(weights: Any, n: int) -> np.ndarray:
    try:
        array = np.asarray(weights)
        good = array.dtype.kind in "biuf" and array.ndim in (1, 2) and array.shape[-1] == n
    except ValueError as error:  # rows of different lengths
        raise ParameterError(f"The weights of count must be numbers: {error}.") from error
    if not good:
        raise ParameterError(
            f"The weights of count must be numbers of shape ({n},) or (B, {n}). "
            f"Got {array.dtype} of shape {array.shape}."
        )
    sums = array.sum(axis=-1, dtype=np.float64)
    if not np.isfinite(sums).all() or (array.size and array.min() < 0) or (sums <= 0).any():
        raise ParameterError(
            "The weights of count must be finite, 0 or above, and of a positive sum. "
            f"Got {array.ravel()[:12].tolist()}."
        )
    return array


def _codes_of(codes: np.ndarray, values: np.ndarray, n_classes: int) -> Any:
    n = len(codes)
    return sparse.csc_array((values, codes, np.arange(n + 1)), shape=(n_classes, n))


def _labels_of(has: np.ndarray, worth: np.ndarray) -> Any:
    if has.shape[1] == 0:
        raise DataError("There are no labels to count.")
    rows = sparse.csr_array(has, dtype=np.float64)
    rows.data = np.repeat(worth, np.diff(rows.indptr))
    return rows.T.tocsc()


def _quotient(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    above, below = np.broadcast_arrays(above, below)
    return np.divide(above, below, out=np.zeros(above.shape), where=below > 0)
