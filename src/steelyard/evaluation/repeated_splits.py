"""Repeated splits of one data set: their trainings share most samples and are not independent.

The mean over J random splits has a standard error far above s / sqrt(J): training parts overlap, so
that the J results err together. More splits cannot mend what one data set leaves open.
"""

from __future__ import annotations

import numpy as np

from steelyard._support.arrays import require_finite
from steelyard._support.errors import DataError
from steelyard._support.validation import check_real
from steelyard.evaluation.estimate import Estimate


def splits_estimate(values: np.ndarray, *, n_train: float, n_test: float) -> Estimate:
    """Return the mean over random splits with Nadeau and Bengio's corrected error.

    ::

        error^2 = (1 / J + n_test / n_train) s^2        s^2: variance over the J splits, ddof 1

    with J - 1 degrees of freedom. It speaks of training sets of size n_train, other than this one
    too. The correction takes the correlation of two splits to be n_test / (n_train + n_test).

    Parameters
    ----------
    values : ndarray of shape (J,)
        What each split gave: a metric of one arm, or the difference of two arms on the same split.
        Two or more.
    n_train, n_test : float
        Samples that each split trains and tests on, or their shares: only the ratio counts.

    Raises
    ------
    DataError
        If there are fewer than two splits, all gave the same, or a value is NaN or infinite.
    ParameterError
        If a size is 0 or below.

    References
    ----------
    Nadeau and Bengio (2003), Inference for the generalization error, Machine Learning 52(3).
    """
    values = np.asarray(values, dtype=np.float64)
    if values.ndim != 1 or len(values) < 2:
        raise DataError(
            f"The corrected error needs one value a split, of two splits or more. "
            f"Got shape {values.shape}.",
            hint="one split says nothing of other splits: paired_estimate is over its samples.",
        )
    require_finite(values, "values", "splits_estimate")
    n_train = check_real(n_train, "n_train", "splits_estimate", 0, bounds="(]")
    n_test = check_real(n_test, "n_test", "splits_estimate", 0, bounds="(]")
    if np.ptp(values) <= 1e-12 * np.abs(values).max():
        raise DataError(
            f"All {len(values)} splits gave {values[0]:g}: that says nothing of how far others "
            "would differ.",
            hint="take more splits, or larger test parts; paired_estimate is over samples.",
        )
    variance = (1 / len(values) + n_test / n_train) * values.var(ddof=1)
    return Estimate(float(values.mean()), float(np.sqrt(variance)), len(values) - 1.0)


def folds_estimate(values: np.ndarray) -> Estimate:
    """Return the mean over r repetitions of k-fold cross-validation, with the corrected error.

    `splits_estimate` of all r k folds, each of which tests one sample for every k - 1 that it
    trains on::

        error^2 = (1 / (r k) + 1 / (k - 1)) s^2         r k - 1 degrees of freedom

    Parameters
    ----------
    values : ndarray of shape (r, k)
        What each repetition and fold gave; (1, k) for plain cross-validation.

    Raises
    ------
    DataError
        If there are fewer than two folds, all gave the same, or a value is NaN or infinite.

    References
    ----------
    Bouckaert and Frank (2004), Evaluating the replicability of significance tests for comparing
    learning algorithms, PAKDD, 3-12.
    """
    values = np.asarray(values, dtype=np.float64)
    if values.ndim != 2 or values.shape[0] < 1 or values.shape[1] < 2:
        raise DataError(
            "folds_estimate needs values of shape (repetitions, folds), two folds or more. "
            f"Got shape {values.shape}.",
            hint="one cross-validation has shape (1, folds).",
        )
    return splits_estimate(values.ravel(), n_train=values.shape[1] - 1, n_test=1)
