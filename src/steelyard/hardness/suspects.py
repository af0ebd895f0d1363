"""Suspects: samples whose labels look wrong, told apart from those that are hard or rare.

**What it tells you.** A sample is suspected of a wrong label when both hold:

1. *The networks contradict it, beyond the noise of the runs*: its area under the margin, turned so
   that higher is harder, is above zero by more than its standard deviation over runs. (One run
   shows no noise; there it need only be above zero.)
2. *It stands out from its own class*: its modified z-score within the class,
   0.6745 (aum_i - median_c) / MAD_c, exceeds 3.5. A rare or hard class is contradicted as a whole;
   its samples are alike, so none stands out, and the class is not called mislabelled.

**When it misleads.** It is a list to look at, not to delete. A rare *kind* of sample inside a
common class looks like a wrong label. A class of which a large part is mislabelled widens its own
MAD and hides its suspects. Networks that trained until they memorised every label contradict none.
Classes below five samples are never suspected: nothing shows what is usual in them.

**Reference.** The modified z-score and its bound 3.5: Iglewicz and Hoaglin (1993), How to detect
and handle outliers. The bound of five samples a class, and joining the two conditions, are ours.
"""

from __future__ import annotations

import math

import numpy as np

from steelyard._support.errors import ParameterError
from steelyard._support.validation import check_real
from steelyard.records.hardness import Hardness
from steelyard.records.weighing import KINDS

_OUTLYING = 3.5  # Iglewicz and Hoaglin's bound on the modified z-score
_NORMAL_MAD = 0.6745  # median absolute deviation of a standard normal, theirs too
_FEWEST = 5  # ours: below, a class shows no usual hardness to stand out from


def suspects(aum: Hardness) -> np.ndarray:
    """Return which samples look mislabelled, a bool vector of shape (n,).

    Parameters
    ----------
    aum : Hardness
        The area under the margin; the rule needs its zero and knows no other score.

    Raises
    ------
    ParameterError
        If the hardness is of another score.
    """
    if aum.name != "aum":
        raise ParameterError(
            f"The 'aum' parameter of suspects must be the score 'aum'. Got {aum.name!r} instead.",
            hint="pass estimate(dynamics)['aum'].",
        )
    noise = aum.spread if aum.n_runs > 1 else 0.0
    contradicted = aum.values - noise > 0
    return contradicted & (_modified_z_in_class(aum) > _OUTLYING)


def sample_kinds(aum: Hardness, hard_share: float = 0.1) -> np.ndarray:
    """Return "ordinary", "hard" or "suspect" for every sample, shape (n,).

    Suspects come first; hard are those among the hardest share of all samples that are no
    suspects, so that hard and suspect samples together may exceed the share.

    Parameters
    ----------
    aum : Hardness
        The area under the margin.
    hard_share : float
        Share of samples, in [0, 1], that count as the hardest; rounded up to a whole number of
        samples, ties by id. The default of a tenth is ours.

    Raises
    ------
    ParameterError
        If the share lies outside [0, 1], or the hardness is of another score.
    """
    share = check_real(hard_share, "hard_share", "sample_kinds", 0, 1)
    n = len(aum.values)
    kinds = np.full(n, "ordinary", dtype=f"<U{max(map(len, KINDS))}")
    kinds[aum.hardest(math.ceil(round(share * n, 6)))] = "hard"  # 0.1 * 30 is 3.0000000000000004
    kinds[suspects(aum)] = "suspect"
    return kinds


def _modified_z_in_class(aum: Hardness) -> np.ndarray:
    """Return 0.6745 (value - median) / MAD within each class; -inf in classes without evidence."""
    z = np.full(len(aum.values), -np.inf)
    by_class = np.argsort(aum.labels, kind="stable")
    for rows in np.split(by_class, np.flatnonzero(np.diff(aum.labels[by_class])) + 1):
        if len(rows) < _FEWEST:
            continue
        deviation = aum.values[rows] - np.median(aum.values[rows])
        mad = np.median(np.abs(deviation))
        # more than half the class alike: whatever differs stands out, whatever does not, does not
        with np.errstate(divide="ignore", invalid="ignore"):
            z[rows] = np.where(deviation == 0, 0.0, _NORMAL_MAD * deviation / mad)
    return z
