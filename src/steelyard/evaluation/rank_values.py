"""What each sample has to do with a rank statistic: values whose weighted mean is the estimate.

AUROC and average precision (AP) are no means over samples, but to first order they behave as
such. With weights w of mean 1 and a statistic T that does not change when all weights are scaled,
the value of sample i is::

    v_i = T + n dT/dw_i             sum_i w_i v_i / n = T, exactly (Euler)

so that the variance of a (stratified) mean of v is that of T: the infinitesimal jackknife. Of
AUROC the values are DeLong's structural components. Of AP = sum_i w_i TP_i / A_i / P over the
positives i, where P is the weight of all positives, A_i the weight called at the score of i (that
of all scores at or above it) and TP_i what of it is positive::

    dAP/dw_k = -1/P sum_{i: s_i <= s_k} w_i TP_i / A_i^2                             k negative
             = 1/P [TP_k / A_k - AP + sum_{i: s_i <= s_k} w_i (1/A_i - TP_i / A_i^2)]   positive

References
----------
DeLong, DeLong and Clarke-Pearson (1988), Biometrics 44(3); Jaeckel (1972), Bell Laboratories
memorandum 72-1215-11, the infinitesimal jackknife. Its use for AP is ours: held against finite
differences, the bootstrap and simulations in tests/evaluation/test_rank_values.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from steelyard._support.errors import DataError
from steelyard.evaluation.ranking import Ordered, check_scores, check_truth
from steelyard.records.priors import check_weights


@dataclass(frozen=True, eq=False)
class RankValues:
    """The rank statistics of one class, by seed, and what each sample has to do with them.

    Parameters
    ----------
    auroc, average_precision : ndarray of shape (S,)
        The estimates, one a seed.
    auroc_values, average_precision_values : ndarray of shape (S, n)
        Of each sample; their mean, weighted by ``weights``, is the estimate. Finite.
    weights : ndarray of shape (n,)
        What each sample counts for, of mean 1.
    """

    auroc: np.ndarray
    average_precision: np.ndarray
    auroc_values: np.ndarray
    average_precision_values: np.ndarray
    weights: np.ndarray


def rank_values(scores: Any, positive: Any, weights: Any = None) -> RankValues:
    """Return AUROC and average precision of one class, and the values of the samples.

    Parameters
    ----------
    scores : array_like of shape (n,) or (S, n)
        Higher is more likely the class; of one model, or of one a seed.
    positive : array_like of bool or 0 and 1 and shape (n,)
        Which samples are of the class.
    weights : array_like of shape (n,), optional
        What each sample counts for, 0 or above, on any scale.

    Returns
    -------
    RankValues

    Raises
    ------
    DataError
        If a score is NaN, shapes do not fit, or no positive or no negative has weight.
    ParameterError
        If weights are no finite numbers from 0 on, one a sample.
    """
    given = np.asarray(scores)
    by_seed = check_scores(given[np.newaxis] if given.ndim == 1 else given, "rank_values")
    n = by_seed.shape[1]
    column = np.asarray(positive)
    if column.ndim != 1:
        raise DataError(
            f"The positives of rank_values must be a vector. Got shape {column.shape}.",
            hint="give one class at a time.",
        )
    is_positive = check_truth(column[:, np.newaxis], (n, 1), "rank_values")[:, 0]
    mine = np.ones(n) if weights is None else check_weights(weights, (n,), "rank_values")
    if not (mine[is_positive].any() and mine[~is_positive].any()):
        raise DataError(
            "A rank needs at least one positive and one negative whose weight is not 0. "
            f"Got {int((mine[is_positive] > 0).sum())} and {int((mine[~is_positive] > 0).sum())}."
        )
    mine = mine * (n / mine.sum())
    estimates, values = [], []
    for row in by_seed:
        ordered = Ordered(row, is_positive, mine)
        found = ordered.estimates
        estimates.append(found)
        values.append((_auroc_values(ordered, found[0]), _ap_values(ordered, found[1])))
    auroc, average_precision = np.array(estimates).T
    auroc_values, ap_values = (np.stack(rows) for rows in zip(*values, strict=True))
    return RankValues(auroc, average_precision, auroc_values, ap_values, mine)


def _auroc_values(ordered: Ordered, auroc: float) -> np.ndarray:
    n = len(ordered.order)
    outranked = ordered.negatives_below[ordered.group]  # DeLong's V10, of positives
    outranks = ordered.positives_above[ordered.group]  # and V01, of negatives
    of_positive = auroc + n / ordered.total_positive * (outranked - auroc)
    of_negative = auroc + n / ordered.total_negative * (outranks - auroc)
    return _in_rows(ordered, np.where(ordered.positive, of_positive, of_negative))


def _ap_values(ordered: Ordered, ap: float) -> np.ndarray:
    n = len(ordered.order)
    # what one more sample called does to the precision of the positives at and below it
    diluted = np.cumsum(ordered.gained * ordered.precision / ordered.called)
    lifted = np.cumsum(ordered.gained / ordered.called)
    of_positive = ordered.precision - ap + lifted - diluted
    derivative = np.where(ordered.positive, of_positive[ordered.group], -diluted[ordered.group])
    return _in_rows(ordered, ap + n / ordered.total_positive * derivative)


def _in_rows(ordered: Ordered, values: np.ndarray) -> np.ndarray:
    rows = np.empty_like(values)
    rows[ordered.order] = values
    return rows
