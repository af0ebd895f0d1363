"""How many samples a figure rests on: what its interval is worth where nothing varied."""

from __future__ import annotations

import numpy as np

from steelyard.evaluation.count_metrics import CLASS_METRICS, worst_class
from steelyard.evaluation.counts import Counts

_ALIASES = {"balanced_accuracy": "macro_recall", "macro_mcc": "macro_one_vs_rest_mcc"}


def samples_behind(metric: str, counts: Counts, squares: Counts) -> np.ndarray:
    """Return how many samples a metric rests on: those that could have changed it.

    Of a class: those present (recall), called (precision), either (F1), absent (specificity), or
    all. Weighted ones count as Kish's effective number, ``(sum w)^2 / sum w^2``. A mean over
    classes of shares s_c rests on ``1 / sum_c s_c^2 / n_c``; a gap on as many as the macro mean.

    Parameters
    ----------
    metric : str
        A name of `CLASS_METRICS` or `AVERAGES`, or a class metric's name and that of a gap.
    counts, squares : Counts
        Of the samples' weights, and of their squares.

    Returns
    -------
    ndarray of shape (...,), or (..., K) for a metric of each class
        0 without data.

    References
    ----------
    Kish (1965), Survey Sampling.
    """
    if metric in CLASS_METRICS:
        return _kish(_base(metric, counts), _base(metric, squares))
    if metric == "worst_recall":
        each = _kish(counts.present, squares.present)
        worst = np.maximum(worst_class(counts), 0)[..., np.newaxis]
        return np.take_along_axis(np.broadcast_to(each, counts.hits.shape), worst, -1)[..., 0]
    kind, _, of = _ALIASES.get(metric, metric).partition("_")
    if kind in CLASS_METRICS:  # a gap between the classes
        kind, of = "macro", kind
    if kind not in ("macro", "weighted"):
        return _kish(*(one.total.max(-1) if one.multi_label else one.total
                       for one in (counts, squares)))  # fmt: skip
    each = _kish(_base(of, counts), _base(of, squares))
    shares = np.where(each > 0, counts.present if kind == "weighted" else 1.0, 0.0)
    shares = _divided(shares, shares.sum(-1, keepdims=True))
    return _divided(np.ones(each.shape[:-1]), _divided(shares**2, each).sum(-1))


def _base(metric: str, counts: Counts) -> np.ndarray:
    """Return the weight of the samples of each class's metric, shape (..., K)."""
    came = counts.present > 0
    if metric == "recall":
        return counts.present
    if metric == "precision":
        return np.where(came, counts.called, 0.0)
    if metric == "f1":
        return np.where(came, counts.present + counts.called - counts.hits, 0.0)
    if metric == "specificity":
        return counts.absent
    return np.broadcast_to(counts.of_each, counts.hits.shape)


def _kish(weights: np.ndarray, squares: np.ndarray) -> np.ndarray:
    return _divided(weights**2, squares)


def _divided(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    above, below = np.broadcast_arrays(above, below)
    return np.divide(above, below, out=np.zeros(above.shape), where=below > 0)
