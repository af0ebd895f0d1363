"""Intervals: how far an estimate would move with other seeds and other test samples."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

import numpy as np
from scipy import special

from steelyard._support.arrays import require_finite
from steelyard._support.errors import DataError
from steelyard._support.validation import check_choice, check_real
from steelyard.evaluation.crossed import share_interval
from steelyard.evaluation.estimate import LEVEL, Estimate, in_doubt
from steelyard.evaluation.strata_sums import StrataSums, samples_worth
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
    share, n = _checked_share(share, n)
    z = special.ndtri(0.5 + level / 2)
    centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    # at shares of 0 and 1 rounding can leave the estimate a bit outside
    return Interval(share, float(min(share, centre - half)), float(max(share, centre + half)))


def jeffreys_interval(share: float, n: float, level: float = LEVEL) -> Interval:
    """Return Jeffreys' interval of a binomial share: quantiles of its posterior.

    ``Beta(n share + 1/2, n (1 - share) + 1/2)``, which begins at 0 where the share is 0 and ends
    at 1 where it is 1. Narrower than Wilson's near 0 and 1.

    Parameters
    ----------
    share, n, level
        As in `wilson_interval`.

    References
    ----------
    Brown, Cai and DasGupta (2001), Statistical Science 16(2), 101-133.
    """
    share, n = _checked_share(share, n)
    ends = special.betaincinv(
        n * share + 0.5, n * (1 - share) + 0.5, [0.5 - level / 2, 0.5 + level / 2]
    )
    return Interval(share, min(share, float(ends[0])), max(share, float(ends[1])))


SHARE_INTERVALS = MappingProxyType({"wilson": wilson_interval, "jeffreys": jeffreys_interval})


def recall_intervals(
    right: np.ndarray,
    truth: np.ndarray,
    n_classes: int,
    level: float = LEVEL,
    method: str = "wilson",
) -> list[Interval | None]:
    """Return each class's recall, averaged over seeds, with its interval; None without samples.

    The binomial interval with n the number of samples, not samples times seeds: the seeds saw the
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
    method : {"wilson", "jeffreys"}
        Which interval of a binomial share.

    References
    ----------
    Korn and Graubard (1998), Survey Methodology 24(2), the effective sample size. Taking the
    residual off is ours.
    """
    interval = SHARE_INTERVALS[check_choice(method, "method", "recall_intervals", SHARE_INTERVALS)]
    n_seeds = len(right)
    counts = np.bincount(truth, minlength=n_classes)
    n = np.maximum(counts, 1)
    seed_recalls = np.stack([_stratum_sums(row, truth, n_classes) for row in right]) / n
    recalls = seed_recalls.mean(axis=0)
    worth = n.astype(np.float64)
    if n_seeds > 1:
        between_seeds = seed_recalls.var(axis=0, ddof=1) / n_seeds
        rest = seed_by_sample_variances(right, seed_recalls, truth) / (n * n_seeds)
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
        interval(float(recall), float(size), level) if count else None
        for recall, size, count in zip(recalls, worth, counts, strict=True)
    ]


def stratified_estimate(values: np.ndarray, strata: np.ndarray, shares: np.ndarray) -> Estimate:
    """Return the mean of a per-sample quantity where strata come in given shares.

    The estimate is ``sum_c share_c mean_c``, mean_c over seeds and over the samples of stratum c.
    Give the quantity of one arm for its level; for the difference of two arms that share seeds and
    samples there is `paired_estimate`, which is never certain. Seeds and samples are crossed
    random effects::

        A = sum_c share_c^2 var_c / n_c     var_c: of seed means, between samples of stratum c
        B = var_seeds / S                   between the seeds' own estimates
        R = sum_c share_c^2 rest_c / (n_c S)    seed-by-sample residual, counted in A and in B
        standard error^2 = max(A, B, A + B - R)

    with Student's t at V^2 / (sum_c A_c^2 / n_c + V^2 2 B / (V + B) / (S - 1)) degrees of freedom,
    V the variance and A_c what stratum c adds to A (`seeds_part` tells why the seeds' part is not
    Satterthwaite's). A stratum brings as many as it has samples: where the shares lean on a class
    of three samples, so does the interval. Each stratum borrows one sample: it counts as one seen
    at the overall estimate, with the spread pooled within strata, so that a class of one or two
    samples does not claim to be certain.
    With one seed, B is unknown and the estimate speaks of that one model on other samples.

    Parameters
    ----------
    values : ndarray of shape (S, n)
        The quantity for each seed and sample.
    strata : ndarray of shape (n,)
        Code of each sample's stratum, 0..K-1: its class, as a rule.
    shares : ndarray of shape (K,)
        What each stratum makes up of the deployment, in any unit. Strata without samples are
        left out and the rest rescaled.

    Raises
    ------
    DataError
        If the shapes do not fit, a value is NaN or infinite, a code has no share, or no stratum
        with a positive share has samples.

    References
    ----------
    Cochran (1977), Sampling Techniques, ch. 5 (stratified means); Satterthwaite (1946),
    Biometrics Bulletin 2(6); Cochran and Cox (1950), Experimental Designs, 4.14. The borrowed
    sample, the lower bound and the seeds' share of the freedom are ours.
    """
    values, strata, shares = _checked(values, strata, shares)
    n_seeds = len(values)
    counts = np.bincount(strata, minlength=len(shares))
    n = np.where(counts > 0, counts, 1)
    seed_means = np.stack([_stratum_sums(row, strata, len(shares)) for row in values]) / n
    means = seed_means.mean(axis=0)
    off = (values.mean(axis=0) - means[strata]) ** 2
    sums = StrataSums.of(counts, means, _stratum_sums(off, strata, len(shares)), shares)
    between_seeds = residual = 0.0
    if n_seeds > 1:
        between_seeds = float((seed_means @ sums.weights).var(ddof=1)) / n_seeds
        rest = seed_by_sample_variances(values, seed_means, strata)
        residual = float((sums.weights**2 * rest / (n * n_seeds)).sum())
    return sums.estimate(between_seeds, residual, n_seeds)


def paired_estimate(
    left: np.ndarray, right: np.ndarray, strata: np.ndarray, shares: np.ndarray
) -> Estimate:
    """Return by how much the left arm exceeds the right, which is never certain.

    `stratified_estimate` of the differences by seed and sample, but where all of them are the same
    and not 0, its error is that of `in_doubt`: two samples, right in one arm and wrong in the
    other, show less than two hundred.

    Parameters
    ----------
    left, right : ndarray of shape (S, n)
        A quantity of each arm, for each seed and sample.
    strata, shares
        As in `stratified_estimate`.

    Raises
    ------
    DataError
        If the shapes of the arms differ, or as in `stratified_estimate`.
    """
    left, right = np.asarray(left, dtype=np.float64), np.asarray(right, dtype=np.float64)
    if left.shape != right.shape:
        raise DataError(
            f"Arms are compared value by value. Got shapes {left.shape} and {right.shape}.",
            hint="both arms must have the same seeds and samples, in the same order.",
        )
    found = stratified_estimate(left - right, strata, shares)
    shares = np.asarray(shares)
    return in_doubt(found, samples_worth(np.bincount(strata, minlength=len(shares)), shares))


def stratified_interval(
    values: np.ndarray, strata: np.ndarray, shares: np.ndarray, level: float = LEVEL
) -> Interval:
    """Return the interval of `stratified_estimate`, which has the formula and the parameters.

    Parameters
    ----------
    values, strata, shares
        As in `stratified_estimate`.
    level : float
        Confidence level.
    """
    return stratified_estimate(values, strata, shares).interval(level)


def accuracy_interval(
    right: np.ndarray, strata: np.ndarray, shares: np.ndarray, level: float = LEVEL
) -> Interval:
    """Return the accuracy where strata come in given shares, with its interval.

    Wilson's interval about the mean of `stratified_estimate`, with the samples that its error e is
    worth; it stays within 0 and 1 and keeps its level where a class of few samples weighs much::

        n' = mean (1 - mean) / e^2 (z / t)^2            t at the estimate's degrees of freedom

    A model which was right on every sample is not certain, nor one that was wrong on every sample:
    there ``n' = 1 / sum_c share_c^2 / n_c``.

    Parameters
    ----------
    right : ndarray of shape (S, n)
        1 where a seed's model is right, else 0.
    strata, shares, level
        As in `stratified_interval`.

    References
    ----------
    Kish (1965), Survey Sampling, the effective sample size; Korn and Graubard (1998), Survey
    Methodology 24(2), it in the interval of a share.
    """
    estimate = stratified_estimate(right, strata, shares)
    share = min(max(estimate.mean, 0.0), 1.0)  # rounding can leave a mean of ones above one
    counts = np.bincount(strata, minlength=len(shares))
    worth = samples_worth(counts, shares)
    return share_interval(replace(estimate, mean=share), worth, level=level)


def within(interval: Interval, ends: tuple[float, float]) -> Interval:
    """Return the interval cut off at the ends of what its quantity can be."""
    low, high = ends
    mean = min(max(interval.mean, low), high)  # rounding can leave a mean of ones above one
    return Interval(mean, max(interval.low, low), min(max(interval.high, mean), high))


def seed_by_sample_variances(
    values: np.ndarray, seed_means: np.ndarray, strata: np.ndarray
) -> np.ndarray:
    """Return, for each stratum, the variance that neither seed nor sample explains, shape (K,).

    Parameters
    ----------
    values : ndarray of shape (S, n)
        The quantity for each seed and sample; two seeds or more.
    seed_means : ndarray of shape (S, K)
        Each seed's mean over the samples of a stratum.
    strata : ndarray of shape (n,)
        Codes of strata.
    """
    n_seeds, n_strata = seed_means.shape
    seed_effects = seed_means - seed_means.mean(axis=0)
    rest = values - values.mean(axis=0) - seed_effects[:, strata]
    n = np.bincount(strata, minlength=n_strata)
    squares = _stratum_sums((rest**2).sum(axis=0), strata, n_strata)
    return squares / (np.maximum(n - 1, 1) * (n_seeds - 1))


def _stratum_sums(row: np.ndarray, strata: np.ndarray, n_strata: int) -> np.ndarray:
    return np.bincount(strata, weights=row, minlength=n_strata)


def _checked(
    values: np.ndarray, strata: np.ndarray, shares: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    values, strata, shares = np.asarray(values), np.asarray(strata), np.asarray(shares)
    if values.ndim != 2 or len(values) == 0 or strata.shape != values.shape[1:]:
        raise DataError(
            "An estimate needs values of shape (seeds, samples) and one stratum a sample. "
            f"Got shapes {values.shape} and {strata.shape}."
        )
    require_finite(values.T, "values", "an estimate")
    if strata.dtype.kind not in "iu" or (len(strata) and strata.min() < 0):
        raise DataError("Strata must be codes 0, 1, 2, ... as integers.")
    if shares.ndim != 1 or (len(strata) and strata.max() >= len(shares)):
        raise DataError(
            f"There must be one share a stratum. Got shares of shape {shares.shape} and "
            f"{int(strata.max(initial=-1)) + 1} strata."
        )
    if not (np.isfinite(shares) & (shares >= 0)).all():
        raise DataError("The shares of strata must be finite and 0 or above.")
    return values, strata, shares


def _checked_share(share: float, n: float) -> tuple[float, float]:
    share = check_real(share, "share", "a binomial interval", 0, 1)
    return share, check_real(n, "n", "a binomial interval", 0, bounds="(]")
