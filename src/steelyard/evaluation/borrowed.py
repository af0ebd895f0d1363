"""What differences of rank metrics borrow, so that a class of few samples does not seem certain.

How a difference between two arms varies with other positives is seen from the positives alone: of
one there is nothing to see, of three little. The negatives by themselves would tell an AUROC of
400 negatives and one positive to .03, and of two equally good arms one would win three times of
four.

Each stratum so borrows one sample in each arm, which the arm ranks at random: its place is uniform
from 0 to 1, with a variance of 1/12, and a stratum of n samples that weighs w among its kind
(positives or negatives) adds ``w^2 / (12 n^2)``. Of a difference the parts of both arms add up, to
1/6: of one positive the interval is all that a difference can be, and of 100 the error grows by
.004. Average precision lies between 0 and 1 too, and borrows the same. This is ours.
"""

from __future__ import annotations

import numpy as np

from steelyard.evaluation.estimate import Estimate

RANDOM_PLACE = 1 / 12
# With it the interval of a difference of one positive is t(5) sqrt(1/6) = 1.05 wide to each side.
_FREEDOM = 5.0


def borrowed_variance(weights: np.ndarray, counts: np.ndarray) -> float:
    """Return what the variance of one arm's rank metric borrows.

    Parameters
    ----------
    weights : ndarray of shape (H,)
        What each stratum weighs among the positives, or among the negatives; 1 in all of each.
    counts : ndarray of shape (H,)
        Samples of each stratum; those without samples are left out.
    """
    seen = counts > 0
    return float(RANDOM_PLACE * ((weights[seen] / counts[seen]) ** 2).sum())


def with_borrowed(estimate: Estimate, variance: float) -> Estimate:
    """Return an estimate whose error holds a borrowed variance too, by Satterthwaite's formula.

    References
    ----------
    Satterthwaite (1946), Biometrics Bulletin 2(6).
    """
    if variance <= 0:
        return estimate
    own = estimate.error**2
    whole = own + variance
    spent = (own / whole) ** 2 / estimate.freedom + (variance / whole) ** 2 / _FREEDOM
    return Estimate(estimate.mean, float(np.sqrt(whole)), float(1 / spent))
