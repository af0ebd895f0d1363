"""Average precision as if every class were equally rare, so that classes and data sets compare.

Average precision depends on how rare the class is in the evaluation set: one and the same model
has .25 or .86 where a class makes up .001 or .1 of it. Here the precision at each score is that
under a reference prior pi::

    precision = pi TPR / (pi TPR + (1 - pi) FPR)

which at the class's own share is plain average precision. It is that of samples weighted to a
share pi of positives, and has its intervals from there, given negatives enough: with n of them each
one weighs ``1 / (n pi)`` of all the positives, and a few at the top decide. Where ``n pi`` is below
200 no interval and no test is given.

The reference is .01 by default (ours). At .5, where classes would be equally frequent, the measure
saturates: a d' of 2 and one of 2.7 have .92 and .97. At .01 they have .27 and .56, and most classes
that are worth a separate look are about so rare.

References
----------
Siblini, Fréry, He-Guelton, Oblé and Wang (2020), IDA, Master your metrics with calibration
(arXiv 1909.02827).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from steelyard._support.validation import check_real
from steelyard.evaluation.one_vs_rest import OneVsRest
from steelyard.evaluation.ranking import check_scores, check_truth, ranking

REFERENCE = 0.01
# Ours: two equally good arms are told apart 4 to 7 times of 100 from here on, 6 to 9 times at 60 to
# 100 and 20 times at 1.5 (docs/ranking.md).
_FEWEST_NEGATIVES = 200.0


def fixed_prior_average_precision(
    scores: Any, truth: Any, reference: float = REFERENCE
) -> np.ndarray:
    """Return the average precision of each class where it makes up the share ``reference``.

    Parameters
    ----------
    scores, truth
        As in `steelyard.evaluation.ranking.ranking`.
    reference : float
        Share of positives, above 0 and below 1.

    Returns
    -------
    ndarray of shape (K,)
        NaN for a class without positives or without negatives.

    Raises
    ------
    DataError
        If a score is NaN, shapes do not fit, or codes lie outside the classes.
    ParameterError
        If the reference lies outside (0, 1).
    """
    check_reference(reference)
    columns = check_scores(scores, "fixed_prior_average_precision")
    labels = check_truth(truth, columns.shape, "fixed_prior_average_precision")
    found = np.full(columns.shape[1], np.nan)
    for k in range(columns.shape[1]):
        positive = labels == k if labels.ndim == 1 else labels[:, k]
        n_positive = int(positive.sum())
        if 0 < n_positive < len(positive):
            others = (1 - reference) / (len(positive) - n_positive)
            weights = np.where(positive, reference / n_positive, others)
            one = ranking(columns[:, k : k + 1], positive[:, np.newaxis], weights)
            found[k] = one.average_precision[0]
    return found


def check_reference(reference: float) -> float:
    """Return the share of positives that a fixed-prior metric refers to, or raise.

    Raises
    ------
    ParameterError
        If it lies outside (0, 1).
    """
    return check_real(reference, "reference", "a fixed prior", 0, 1, "()")


def has_error(rest: OneVsRest) -> bool:
    """Return whether there are negatives enough for an error at this share of positives."""
    share = float(rest.shares[rest.strata[rest.positive]][0]) if rest.n_positive else 0.0
    return rest.n_negative * share >= _FEWEST_NEGATIVES
