"""Metrics that follow from counts: of each class against the rest, and their averages.

What has no data is NaN ("no data"), left out of every average, and the classes that an average
counts are told (`n_counted`). Never is it 0, which would be a claim:

======================================  ==========  ==================  ==============
case                                    steelyard   scikit-learn        torchmetrics
======================================  ==========  ==================  ==============
class absent: recall                    no data     zero_division (0)   0 (1)
class absent, called: precision, F1     no data     0                   0 (1)
class absent, not called: precision     no data     zero_division (0)   0 (1)
class present, never called: precision  no data     zero_division (0)   0
class present, never called: F1         0           0                   0
class present, never called: MCC        0           0                   (no one-vs-rest)
only one class present: MCC             no data     0                   0
no sample without a class: specificity  no data     (no function)       0
======================================  ==========  ==================  ==============

(1) torchmetrics 1.9.0: in the macro mean, that 0 is kept where the class was called, and dropped
where it was not. A class that is present and never called was judged, and failed: F1, which asks
for its samples, is 0; precision asks for calls, and there are none. So a macro precision can rise
when a model gives up on a class; read it with `n_counted`, or read macro F1.
A class whose deployment share is 0 is absent there. ``zero_division=numpy.nan`` and
``labels=`` the classes that are present make scikit-learn's precision, recall and F1 equal ours.
"""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType

import numpy as np

from steelyard._support.errors import ParameterError
from steelyard._support.validation import check_choice
from steelyard.evaluation.counts import Counts

_ROUNDING = 1e-12  # of a total: what is left of a difference that is zero

Metric = Callable[[Counts], np.ndarray]


def recall(counts: Counts) -> np.ndarray:
    """Return the share of each class that is called so, shape (..., K)."""
    return _ratio(counts.hits, counts.present)


def precision(counts: Counts) -> np.ndarray:
    """Return the share of each class's calls that are right, shape (..., K).

    Of classes with samples; NaN also for one that is never called.
    """
    return np.where(counts.present > 0, _ratio(counts.hits, counts.called), np.nan)


def f1(counts: Counts) -> np.ndarray:
    """Return the harmonic mean of precision and recall, shape (..., K).

    ``2 hits / (present + called)``: 0 for a class that is never called.
    """
    score = _ratio(2 * counts.hits, counts.present + counts.called)
    return np.where(counts.present > 0, score, np.nan)


def specificity(counts: Counts) -> np.ndarray:
    """Return the share of the samples not of a class that are not called so, shape (..., K)."""
    return _ratio(counts.true_negatives, counts.absent)


def one_vs_rest_accuracy(counts: Counts) -> np.ndarray:
    """Return the share of all samples that are told right from the rest, shape (..., K)."""
    return _ratio(counts.hits + counts.true_negatives, counts.of_each)


def one_vs_rest_mcc(counts: Counts) -> np.ndarray:
    """Return Matthews' correlation of each class's calls with its truth, shape (..., K).

    0 where the class is called never or always, as scikit-learn has it; NaN where the truth does
    not vary, because there is nothing to tell apart.
    """
    total = counts.of_each
    covariance = counts.hits * total - counts.present * counts.called
    came = counts.present * counts.absent
    called = counts.called * (total - counts.called)
    score = _correlation(covariance, came, called, total**2)
    return np.where(_least(counts.present, counts.absent, total), np.nan, score)


def accuracy(counts: Counts) -> np.ndarray:
    """Return the share of samples that are right, shape (...,).

    Of several labels the share of all decisions, label by label, that are right (1 - Hamming
    loss), not the share of samples with every label right.
    """
    if counts.multi_label:
        return _ratio((counts.hits + counts.true_negatives).sum(-1), counts.total.sum(-1))
    return _ratio(counts.hits.sum(-1), counts.total)


def macro_recall(counts: Counts) -> np.ndarray:
    """Return the mean recall of the classes with samples, shape (...,): balanced accuracy."""
    return mean(recall(counts))


def macro_precision(counts: Counts) -> np.ndarray:
    """Return the mean precision of the classes that are present and called, shape (...,)."""
    return mean(precision(counts))


def macro_f1(counts: Counts) -> np.ndarray:
    """Return the mean F1 of the classes with samples, shape (...,)."""
    return mean(f1(counts))


def macro_mcc(counts: Counts) -> np.ndarray:
    """Return the mean of Matthews' correlation over the classes with data, shape (...,)."""
    return mean(one_vs_rest_mcc(counts))


def micro_recall(counts: Counts) -> np.ndarray:
    """Return all hits by all that was there, shape (...,)."""
    return _ratio(counts.hits.sum(-1), counts.present.sum(-1))


def micro_precision(counts: Counts) -> np.ndarray:
    """Return all hits by all calls, those of absent classes too, shape (...,)."""
    return _ratio(counts.hits.sum(-1), counts.called.sum(-1))


def micro_f1(counts: Counts) -> np.ndarray:
    """Return 2 hits / (present + called), each summed over classes, shape (...,).

    With one class a sample this, micro precision and micro recall are the accuracy.
    """
    return _ratio(2 * counts.hits.sum(-1), counts.present.sum(-1) + counts.called.sum(-1))


def weighted_recall(counts: Counts) -> np.ndarray:
    """Return the mean recall, each class as its samples weigh, shape (...,)."""
    return mean(recall(counts), counts.present)


def weighted_precision(counts: Counts) -> np.ndarray:
    """Return the mean precision, each class as its samples weigh, shape (...,).

    Over the classes that are called, as in scikit-learn with ``zero_division=numpy.nan``.
    """
    return mean(precision(counts), counts.present)


def weighted_f1(counts: Counts) -> np.ndarray:
    """Return the mean F1, each class as its samples weigh, shape (...,)."""
    return mean(f1(counts), counts.present)


def mcc(counts: Counts) -> np.ndarray:
    """Return the correlation of calls with truth over all classes (Gorodkin's R_K), shape (...,).

    0 where only one class is called; NaN where only one is present.

    Raises
    ------
    ParameterError
        If the counts are of several labels, of which each has a correlation of its own.

    References
    ----------
    Gorodkin (2004), Computational Biology and Chemistry 28(5-6).
    """
    if counts.multi_label:
        raise ParameterError(
            "mcc is of one class a sample. Got counts of several labels.",
            hint="macro_mcc is the mean over labels.",
        )
    total = counts.total
    covariance = counts.hits.sum(-1) * total - (counts.present * counts.called).sum(-1)
    came = total**2 - (counts.present**2).sum(-1)
    called = total**2 - (counts.called**2).sum(-1)
    score = _correlation(covariance, came, called, total**2)
    return np.where(came <= _ROUNDING * total**2, np.nan, score)


def worst_recall(counts: Counts) -> np.ndarray:
    """Return the lowest recall of a class with samples, shape (...,).

    Of noisy recalls the lowest lies below that of the worst class: expect more of it elsewhere.
    """
    values = recall(counts)
    lowest = np.where(np.isnan(values), np.inf, values).min(-1)
    return np.where(np.isinf(lowest), np.nan, lowest)


# One number a class, each class against the rest.
CLASS_METRICS: MappingProxyType[str, Metric] = MappingProxyType(
    {
        "recall": recall,
        "precision": precision,
        "f1": f1,
        "specificity": specificity,
        "one_vs_rest_accuracy": one_vs_rest_accuracy,
        "one_vs_rest_mcc": one_vs_rest_mcc,
    }
)

# One number for all classes. Balanced accuracy is the macro recall, under its usual name.
AVERAGES: MappingProxyType[str, Metric] = MappingProxyType(
    {
        "accuracy": accuracy,
        "balanced_accuracy": macro_recall,
        "macro_recall": macro_recall,
        "macro_precision": macro_precision,
        "macro_f1": macro_f1,
        "macro_mcc": macro_mcc,
        "micro_recall": micro_recall,
        "micro_precision": micro_precision,
        "micro_f1": micro_f1,
        "weighted_recall": weighted_recall,
        "weighted_precision": weighted_precision,
        "weighted_f1": weighted_f1,
        "mcc": mcc,
        "worst_recall": worst_recall,
    }
)

_MCC = ("one_vs_rest_mcc", "macro_mcc", "mcc")
# The ends of what each can be.
RANGES: MappingProxyType[str, tuple[float, float]] = MappingProxyType(
    {name: (-1.0 if name in _MCC else 0.0, 1.0) for name in (*CLASS_METRICS, *AVERAGES)}
)

# The metric that a class needs data of to be counted in an average; else its recall.
_COUNTED: dict[str, Metric] = {
    "macro_precision": precision,
    "weighted_precision": precision,
    "macro_mcc": one_vs_rest_mcc,
}


def n_counted(average: str, counts: Counts) -> np.ndarray:
    """Return how many classes an average of `AVERAGES` counts, int of shape (...,)."""
    check_choice(average, "average", "n_counted", AVERAGES)
    of = _COUNTED.get(average, recall)
    if average == "accuracy" and counts.multi_label:
        of = one_vs_rest_accuracy  # a label that no sample has is told right or wrong, too
    return (~np.isnan(of(counts))).sum(-1)


def mean(values: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """Return the mean over the last axis of what has data, shape (...,); NaN where nothing has."""
    known = ~np.isnan(values)
    shares = known if weights is None else np.where(known, weights, 0.0)
    return _ratio((np.where(known, values, 0.0) * shares).sum(-1), shares.sum(-1))


def _ratio(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    """Return the quotient, NaN where nothing is below."""
    above, below = np.broadcast_arrays(above, below)
    return np.divide(above, below, out=np.full(above.shape, np.nan), where=below > 0)


def _correlation(
    covariance: np.ndarray, came: np.ndarray, called: np.ndarray, scale: np.ndarray
) -> np.ndarray:
    """Return the correlation, 0 where a variance is nothing but rounding."""
    covariance, came, called = np.broadcast_arrays(covariance, came, called)
    varies = (came > _ROUNDING * scale) & (called > _ROUNDING * scale)
    # roots of each: their product may overflow
    spread = np.sqrt(np.maximum(came, 0.0)) * np.sqrt(np.maximum(called, 0.0))
    score = np.divide(covariance, spread, out=np.zeros(covariance.shape), where=varies)
    return np.clip(score, -1.0, 1.0)


def _least(present: np.ndarray, absent: np.ndarray, total: np.ndarray) -> np.ndarray:
    return np.minimum(present, absent) <= _ROUNDING * total
