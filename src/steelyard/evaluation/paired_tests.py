"""Paired tests, and the question that each of them answers.

=================  ==========================================================  ==================
test               "Would the arms differ just as much ..."                    units
=================  ==========================================================  ==================
`paired_t`         with other trainings, on these very test samples?           seeds
`sign_flip_test`   the same, without assuming a normal law                     seeds
`swap_test`        on other samples of this kind, for these very models?       samples
`paired_estimate`  with other trainings and on other samples?                  seeds and samples
=================  ==========================================================  ==================

The p-value that the package gives by default is the last, ``paired_estimate(left, right,
...).p_value()``. It answers both questions, and is therefore the largest as a rule: many seeds
cannot make up for a small test part, nor many samples for one training.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from steelyard._support.errors import DataError, MismatchError
from steelyard._support.seeding import generator
from steelyard._support.validation import check_integer
from steelyard.evaluation.estimate import Estimate, in_doubt
from steelyard.evaluation.intervals import stratified_estimate

PERMUTATIONS = 10_000
_AT_ONCE = 4_000_000  # signs drawn at once, which bounds the memory


@dataclass(frozen=True, eq=False)
class PairedTest:
    """Left minus right, and how often as much would be seen if the arms were alike.

    Parameters
    ----------
    mean : ndarray
        Mean difference left minus right; the shape of one seed's values, () for a number.
    p_value : ndarray
        Two-sided, of the same shape. NaN where a value is NaN: no test.
    n_compared : int
        Exchanges of the arms that were compared; 0 for Student's t, which assumes a law instead.
    exact : bool
        Whether these are all exchanges there are, so that nothing depends on a seed.
    """

    mean: np.ndarray
    p_value: np.ndarray
    n_compared: int
    exact: bool


def paired_t(left: np.ndarray, right: np.ndarray) -> PairedTest:
    """Return the paired t-test over seeds, which is of other trainings on these test samples.

    ``t = mean(d) / (sd(d) / sqrt(S))`` with S - 1 degrees of freedom, d = left - right by seed.
    It says nothing about other test samples: all seeds saw the same ones.

    Parameters
    ----------
    left, right : ndarray of shape (S, ...)
        A metric of each arm for each seed, S >= 2; further axes (classes, priors) are tested one
        by one. The same seed stands in the same place of both.

    Returns
    -------
    PairedTest
        Where all seeds differ by the same, p is that of `in_doubt`, or NaN (no test) if that is 0.

    Raises
    ------
    MismatchError
        If the shapes differ.
    DataError
        If there are fewer than two seeds, or a value is infinite.

    References
    ----------
    Student (1908), Biometrika 6(1), 1-25.
    """
    difference = _differences(left, right, "paired_t")
    mean = difference.mean(axis=0)
    error = difference.std(axis=0, ddof=1) / np.sqrt(len(difference))
    # equal differences have a spread of rounding
    varies = error > 1e-14 * np.abs(difference).max(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        p_value = 2 * special.stdtr(len(difference) - 1, -np.abs(mean) / error)
    same = Estimate(1.0, 0.0)  # p does not depend on by how much all differ
    p_value = np.where(varies, p_value, in_doubt(same, len(difference)).p_value())
    p_value = np.where(np.isnan(mean) | (~varies & (mean == 0)), np.nan, p_value)
    return PairedTest(np.asarray(mean), p_value, 0, False)


def sign_flip_test(
    left: np.ndarray, right: np.ndarray, n_permutations: int = PERMUTATIONS, seed: int = 0
) -> PairedTest:
    """Return the permutation test over seeds: the arms of any seed might be exchanged.

    The share of all 2^S ways to flip the signs of the seeds' differences whose mean is at least as
    far from 0. It answers the question of `paired_t` and needs no normal law, only that differences
    are symmetric about 0 if the arms are alike. The least p-value of S seeds is ``2 / 2^S``: with
    five seeds or fewer nothing can reach .05.

    Parameters
    ----------
    left, right : ndarray of shape (S, ...)
        As in `paired_t`.
    n_permutations : int
        All 2^S are taken if there are no more; otherwise as many are drawn, and
        ``p = (1 + as far) / (1 + n_permutations)``, never 0.
    seed : int
        Of the draws. Every trailing place has the same flips.

    Raises
    ------
    MismatchError, DataError
        As in `paired_t`.

    References
    ----------
    Fisher (1935), The Design of Experiments, section 21; Phipson and Smyth (2010), Statistical
    Applications in Genetics and Molecular Biology 9(1), 39, the added one.
    """
    difference = _differences(left, right, "sign_flip_test")
    columns = difference.reshape(len(difference), -1) / len(difference)
    p_value, n_compared, exact = _flipped(columns, n_permutations, seed, "sign_flip_test")
    mean = difference.mean(axis=0)
    return PairedTest(np.asarray(mean), p_value.reshape(mean.shape), n_compared, exact)


def swap_test(
    left: np.ndarray,
    right: np.ndarray,
    strata: np.ndarray,
    shares: np.ndarray,
    n_permutations: int = PERMUTATIONS,
    seed: int = 0,
) -> PairedTest:
    """Return the permutation test over samples: the arms might be exchanged on any sample.

    The statistic is that of `stratified_estimate`, the mean difference where strata come in given
    shares. A swap exchanges the arms on a sample in all seeds together, because the seeds of a
    sample are no separate evidence. It says nothing about other trainings.

    Parameters
    ----------
    left, right : ndarray of shape (S, n)
        A per-sample quantity of each arm for each seed.
    strata, shares
        As in `stratified_estimate`.
    n_permutations, seed
        As in `sign_flip_test`; samples without a difference need no flip, so that few changes make
        the test exact.

    Returns
    -------
    PairedTest
        Of shape (): one number.

    Raises
    ------
    MismatchError
        If the shapes of the arms differ.
    DataError
        As in `stratified_estimate`.

    References
    ----------
    Yeh (2000), More accurate tests for the statistical significance of result differences, COLING.
    """
    left, right = np.asarray(left, dtype=np.float64), np.asarray(right, dtype=np.float64)
    _same_shape(left, right, "swap_test")
    mean = stratified_estimate(left - right, strata, shares).mean  # which checks them all
    strata, shares = np.asarray(strata), np.asarray(shares, dtype=np.float64)
    counts = np.bincount(strata, minlength=len(shares))
    weights = np.where(counts > 0, shares, 0.0)
    weights = weights / weights.sum() / np.maximum(counts, 1)
    parts = weights[strata] * (left - right).mean(axis=0)
    parts = parts[parts != 0]
    p_value, n_compared, exact = _flipped(parts[:, np.newaxis], n_permutations, seed, "swap_test")
    return PairedTest(np.asarray(mean), p_value.reshape(()), n_compared, exact)


def _flipped(
    parts: np.ndarray, n_permutations: int, seed: int, owner: str
) -> tuple[np.ndarray, int, bool]:
    """Return the share of sign flips of parts (units, columns) whose sum is as far from 0."""
    n_permutations = check_integer(n_permutations, "n_permutations", owner, 1)
    n_units, n_columns = parts.shape
    seen = np.abs(parts.sum(axis=0))
    # what differs by rounding alone is as far
    far = seen - 1e-12 * np.abs(parts).sum(axis=0)
    exact = n_units < 63 and 2**n_units <= n_permutations
    n_flips = 2**n_units if exact else n_permutations
    rng = generator(seed, purpose="sign flips")
    as_far = np.zeros(n_columns, dtype=np.int64)
    step = max(1, _AT_ONCE // max(n_units, n_columns, 1))
    for start in range(0, n_flips, step):
        size = min(step, n_flips - start)
        if exact:
            flips = np.arange(start, start + size)[:, np.newaxis] >> np.arange(n_units) & 1
        else:
            flips = rng.integers(0, 2, (size, n_units), dtype=np.int8)
        as_far += (np.abs((1.0 - 2.0 * flips) @ parts) >= far).sum(axis=0)
    p_value = as_far / n_flips if exact else (1 + as_far) / (1 + n_flips)
    return np.where(np.isnan(seen), np.nan, p_value), n_flips, exact


def _differences(left: np.ndarray, right: np.ndarray, owner: str) -> np.ndarray:
    left, right = np.asarray(left, dtype=np.float64), np.asarray(right, dtype=np.float64)
    _same_shape(left, right, owner)
    if left.ndim < 1 or len(left) < 2:
        raise DataError(
            f"{owner} needs values of two seeds or more. Got shape {left.shape}.",
            hint="with one seed, swap_test and paired_estimate test over samples.",
        )
    if np.isinf(left).any() or np.isinf(right).any():
        raise DataError(f"The values of {owner} must be finite, or NaN for no data.")
    return left - right


def _same_shape(left: np.ndarray, right: np.ndarray, owner: str) -> None:
    if left.shape != right.shape:
        raise MismatchError(
            f"{owner} compares arms value by value. Got shapes {left.shape} and {right.shape}.",
            hint="both arms must have the same seeds and samples, in the same order.",
        )
