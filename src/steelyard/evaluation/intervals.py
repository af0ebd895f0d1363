"""Intervals: how far an estimate would move with other seeds and other test samples."""

from __future__ import annotations

import numpy as np
from scipy import special

from steelyard._support.errors import DataError
from steelyard.evaluation.estimate import LEVEL
from steelyard.records.interval import Interval


def wilson_interval(share: float, n: float, level: float = LEVEL) -> Interval:
    """Return Wilson's score interval of a binomial share.

    Parameters
    ----------
    share : float
        Observed share in [0, 1].
    n : float
        Samples, or what they are worth, above 0.
    level : float
        Confidence level.

    References
    ----------
    Wilson (1927), JASA 22(158), 209-212.
    """
    z = special.ndtri(0.5 + level / 2)
    centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    # at shares of 0 and 1 rounding can leave the estimate a bit outside
    return Interval(share, float(min(share, centre - half)), float(max(share, centre + half)))


def recall_intervals(
    right: np.ndarray, truth: np.ndarray, n_classes: int, level: float = LEVEL
) -> list[Interval | None]:
    """Return each class's recall, averaged over seeds, with its interval; None without samples.

    Wilson's interval with n the number of samples, not samples times seeds: the seeds saw the
    same ones. Where the seeds disagree by more than chance on single samples explains (``E``),
    n counts for less::

        E = max(0, var_seeds / S - rest / (n S))    rest: seed-by-sample residual
        A = recall (1 - recall) / n
        n' = n A / (A + E) * (z / t)^2

    t at Satterthwaite's degrees of freedom of A + E, A's being known from the recall itself.

    Parameters
    ----------
    right : ndarray of shape (S, n)
        1 where a seed's model is right, else 0.
    truth : ndarray of shape (n,)
        Class codes.
    n_classes : int
        Number of classes K.
    level : float
        Confidence level.

    References
    ----------
    Korn and Graubard (1998), Survey Methodology 24(2), the effective sample size. Taking the
    residual off is ours.
    """
    n_seeds = len(right)
    counts = np.bincount(truth, minlength=n_classes)
    n = np.maximum(counts, 1)
    seed_recalls = np.stack([_class_sums(row, truth, n_classes) for row in right]) / n
    recalls = seed_recalls.mean(axis=0)
    worth = n.astype(np.float64)
    if n_seeds > 1:
        between_seeds = seed_recalls.var(axis=0, ddof=1) / n_seeds
        rest = _seed_by_sample_variances(right, seed_recalls, truth, n_classes) / (n * n_seeds)
        excess = np.maximum(between_seeds - rest, 0.0)
        excess[excess < 1e-12] = 0.0  # beyond lies the noise of the arithmetic
        binomial = recalls * (1 - recalls) / n
        unsure = (excess > 0) & (binomial > 0)
        excess, binomial = excess[unsure], binomial[unsure]
        freedom = (n_seeds - 1) * ((binomial + excess) / excess) ** 2
        tail = 0.5 + level / 2
        wider = special.stdtrit(freedom, tail) / special.ndtri(tail)
        worth[unsure] *= binomial / (binomial + excess) / wider**2
    return [
        wilson_interval(float(recall), float(size), level) if count else None
        for recall, size, count in zip(recalls, worth, counts, strict=True)
    ]


def stratified_interval(
    values: np.ndarray, truth: np.ndarray, prior: np.ndarray, level: float = LEVEL
) -> Interval:
    """Return the mean of a per-sample quantity under a class prior, with its interval.

    The estimate is ``sum_c prior_c mean_c``, mean_c over seeds and over the samples of class c.
    Give the quantity of one arm for its level, or the difference of two arms that share seeds
    and samples for a paired difference. Seeds and samples are crossed random effects::

        A = sum_c prior_c^2 var_c / n_c     var_c: of seed means, between samples of class c
        B = var_seeds / S                   between the seeds' own estimates
        R = sum_c prior_c^2 rest_c / (n_c S)    seed-by-sample residual, counted in A and in B
        standard error^2 = max(A, B, A + B - R)

    with Student's t at Satterthwaite's degrees of freedom, of which a class brings as many as it
    has samples: where the prior leans on a class of three samples, so does the interval. Each
    class borrows one sample: it counts as one seen at the overall estimate, with the spread
    pooled within classes, so that a class of one or two samples does not claim to be certain.
    With one seed, B is unknown and the interval speaks of that one model on other samples.

    Parameters
    ----------
    values : ndarray of shape (S, n)
        The quantity for each seed and sample.
    truth : ndarray of shape (n,)
        Class codes.
    prior : ndarray of shape (K,)
        Deployment shares. Classes without samples are left out and the rest rescaled.
    level : float
        Confidence level.

    Raises
    ------
    DataError
        If no class with a positive share has samples.

    References
    ----------
    Cochran (1977), Sampling Techniques, ch. 5 (stratified means); Satterthwaite (1946),
    Biometrics Bulletin 2(6). The borrowed sample and the lower bound are ours.
    """
    n_seeds = len(values)
    counts = np.bincount(truth, minlength=len(prior))
    weights = np.where(counts > 0, prior, 0.0)
    if weights.sum() <= 0:
        raise DataError("No class with a positive deployment share has held-out samples.")
    weights = weights / weights.sum()
    n = np.where(counts > 0, counts, 1)
    n_classes = len(prior)
    seed_class_means = np.stack([_class_sums(row, truth, n_classes) for row in values]) / n
    by_seed = seed_class_means @ weights
    estimate = float(by_seed.mean())

    sample_means = values.mean(axis=0)
    class_means = seed_class_means.mean(axis=0)
    squares = _class_sums((sample_means - class_means[truth]) ** 2, truth, n_classes)
    n_present = int((counts > 0).sum())
    pooled = squares.sum() / max(n_present, len(truth) - n_present)
    offset = np.round(class_means - estimate, 12)  # beyond lies the noise of the arithmetic
    borrowed = pooled + n / (n + 1) * offset**2
    by_class = weights**2 * (squares + borrowed) / n**2
    between_samples = float(by_class.sum())

    between_seeds = residual = 0.0
    if n_seeds > 1:
        between_seeds = float(by_seed.var(ddof=1)) / n_seeds
        rest = _seed_by_sample_variances(values, seed_class_means, truth, n_classes)
        residual = float((weights**2 * rest / (n * n_seeds)).sum())
    variance = max(between_samples, between_seeds, between_samples + between_seeds - residual)
    if max(variance, residual) <= 0:
        return Interval(estimate, estimate, estimate)
    if variance <= 0:  # seeds and samples differ one by one and cancel in every mean
        variance, freedom = residual, n_seeds - 1.0
    else:
        spent = float((by_class**2 / n).sum())
        if n_seeds > 1:
            spent += between_seeds**2 / (n_seeds - 1)
        freedom = variance**2 / spent
    half = float(special.stdtrit(freedom, 0.5 + level / 2) * np.sqrt(variance))
    return Interval(estimate, estimate - half, estimate + half)


def accuracy_interval(
    right: np.ndarray, truth: np.ndarray, prior: np.ndarray, level: float = LEVEL
) -> Interval:
    """Return the accuracy under a class prior with its interval.

    `stratified_interval`, but that a model which was right on every sample is not certain, nor
    one that was wrong on every sample: where nothing varied, Wilson's interval stands, with the
    samples that the weighted mean is worth, ``1 / sum_c prior_c^2 / n_c``.

    Parameters
    ----------
    right : ndarray of shape (S, n)
        1 where a seed's model is right, else 0.
    truth, prior, level
        As in `stratified_interval`.

    References
    ----------
    Kish (1965), Survey Sampling, the effective sample size.
    """
    interval = stratified_interval(right, truth, prior, level)
    if interval.half_width > 0:
        return interval
    counts = np.bincount(truth, minlength=len(prior))
    present = counts > 0
    weights = prior[present] / prior[present].sum()
    share = min(max(interval.mean, 0.0), 1.0)  # rounding can leave a mean of ones above one
    return wilson_interval(share, float(1 / (weights**2 / counts[present]).sum()), level)


def within(interval: Interval, ends: tuple[float, float]) -> Interval:
    """Return the interval cut off at the ends of what its quantity can be."""
    low, high = ends
    mean = min(max(interval.mean, low), high)  # rounding can leave a mean of ones above one
    return Interval(mean, max(interval.low, low), min(max(interval.high, mean), high))


def _class_sums(row: np.ndarray, truth: np.ndarray, n_classes: int) -> np.ndarray:
    return np.bincount(truth, weights=row, minlength=n_classes)


def _seed_by_sample_variances(
    values: np.ndarray, seed_class_means: np.ndarray, truth: np.ndarray, n_classes: int
) -> np.ndarray:
    """Return, for each class, the variance that neither seed nor sample explains, shape (K,)."""
    seed_effects = seed_class_means - seed_class_means.mean(axis=0)
    rest = values - values.mean(axis=0) - seed_effects[:, truth]
    n = np.bincount(truth, minlength=n_classes)
    squares = _class_sums((rest**2).sum(axis=0), truth, n_classes)
    return squares / (np.maximum(n - 1, 1) * (len(values) - 1))
