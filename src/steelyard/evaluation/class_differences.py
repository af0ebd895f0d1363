"""Paired change of each class between two arms that share seeds and samples.

One class has few samples, and two arms agree on most of them. A plain paired interval then claims
to be certain: no sample of twenty changed, so nothing can. Two pseudo-samples, one on which the
left arm is better and one on which the right is, stand for what twenty samples could not show.
"""

from __future__ import annotations

import numpy as np

from steelyard._support.arrays import require_finite
from steelyard._support.errors import DataError
from steelyard._support.validation import check_integer, check_real
from steelyard.evaluation.estimate import Estimate, seeds_part
from steelyard.evaluation.intervals import seed_by_sample_variances


def class_estimates(
    difference: np.ndarray, truth: np.ndarray, n_classes: int, pseudo: float | None = 1.0
) -> list[Estimate | None]:
    """Return the mean difference of each class with its error; None without samples.

    Seeds and samples are crossed random effects, as in `stratified_estimate`, within each class of
    n samples, with two pseudo-samples at -+ p that are the same in every seed::

        mean = mean over seeds and samples
        A = (sum_i (d_i - mean)^2 + 2 p^2 + 2 n / (n + 2) mean^2) / (n + 2)^2    d_i: seed means
        B = var_seeds / S
        R = rest / (n S)                        seed-by-sample residual, counted in A and in B
        error^2 = max(A, B, A + B - R)

    A is the variance of the mean of the n + 2 samples about their own mean. With one seed and
    differences of -1, 0 and 1 it is Bonett and Price's. Their interval also shrinks the mean by
    n / (n + 2); here the mean stays what the two arms' own figures give. The degrees of freedom are
    n of the samples and S - 1 of the seeds, together as in `stratified_estimate`.

    ``Estimate.detectable()`` of a class is the least change that its samples and seeds could show.

    Parameters
    ----------
    difference : ndarray of shape (S, n)
        A quantity of the left arm minus that of the right, for each seed and sample.
    truth : ndarray of shape (n,)
        Class codes.
    n_classes : int
        Number of classes K.
    pseudo : float or None
        What the pseudo-samples differ by: 1 for correctness, the largest difference that there
        is. None for a quantity without such a bound (log loss): the root mean square of the
        samples' own differences, over all classes, so that two arms that never differ anywhere
        have an error of 0.

    Returns
    -------
    list of Estimate or None, of length K

    Raises
    ------
    DataError
        If the shapes do not fit, a value is NaN or infinite, or a code lies outside the classes.

    References
    ----------
    Bonett and Price (2012), Journal of Educational and Behavioral Statistics 37(4), 479-488:
    adjusted Wald intervals for a difference of paired proportions. Seeds, quantities other than
    proportions and the mean that is not shrunk are ours.
    """
    difference, truth = np.asarray(difference, dtype=np.float64), np.asarray(truth)
    n_classes = check_integer(n_classes, "n_classes", "class_estimates", 1)
    _check(difference, truth, n_classes)
    n_seeds = len(difference)
    counts = np.bincount(truth, minlength=n_classes)
    n = np.maximum(counts, 1)
    seed_means = np.stack([_class_sums(row, truth, n_classes) for row in difference]) / n
    means = seed_means.mean(axis=0)
    samples = difference.mean(axis=0)
    if pseudo is None:
        reach = float(np.sqrt((samples**2).mean())) if len(samples) else 0.0
    else:
        reach = check_real(pseudo, "pseudo", "class_estimates", 0)
    squares = _class_sums((samples - means[truth]) ** 2, truth, n_classes)
    squares = squares + 2 * reach**2 + 2 * n / (n + 2) * means**2
    variance = between_samples = squares / (n + 2) ** 2
    spent = 1.0 / n
    if n_seeds > 1:
        between_seeds = seed_means.var(axis=0, ddof=1) / n_seeds
        residual = seed_by_sample_variances(difference, seed_means, truth) / (n * n_seeds)
        both = between_samples + between_seeds - residual
        variance = np.maximum(np.maximum(between_samples, between_seeds), both)
        known = np.where(variance > 0, variance, 1.0)
        spent = (between_samples / known) ** 2 / n + seeds_part(between_seeds, known, n_seeds)
    errors = np.sqrt(variance)
    with np.errstate(divide="ignore"):
        freedom = np.where(variance > 0, 1 / np.asarray(spent), np.inf)
    return [
        Estimate(float(mean), float(error), float(degrees)) if count else None
        for mean, error, degrees, count in zip(means, errors, freedom, counts, strict=True)
    ]


def _class_sums(row: np.ndarray, truth: np.ndarray, n_classes: int) -> np.ndarray:
    return np.bincount(truth, weights=row, minlength=n_classes)


def _check(difference: np.ndarray, truth: np.ndarray, n_classes: int) -> None:
    if difference.ndim != 2 or len(difference) == 0 or truth.shape != difference.shape[1:]:
        raise DataError(
            "class_estimates needs differences of shape (seeds, samples) and one class a sample. "
            f"Got shapes {difference.shape} and {truth.shape}.",
            hint="both arms must have the same seeds and samples.",
        )
    require_finite(difference.T, "differences", "class_estimates")
    if truth.dtype.kind not in "iu" or ((truth < 0) | (truth >= n_classes)).any():
        raise DataError(f"The truth must hold class codes from 0 to {n_classes - 1}.")
