"""Suspects: samples whose labels look wrong, told apart from those that are hard or rare.

**What it tells you.** A sample is suspected of a wrong label when both hold:

1. *The networks contradict it, beyond the noise of the runs*: its area under the margin, turned so
   that higher is harder, is above zero by more than its standard deviation over runs. (One run
   shows no noise; there it need only be above zero.)
2. *It stands out from its own class*, on a list of which at most one in ten should stand there by
   chance. A rare or hard class is contradicted as a whole; its samples are alike, so few stand out
   and the class is not called mislabelled.

How far a sample stands out is its modified z-score, z_i = 0.6745 (aum_i - median_c) / s_c, within
its class c. The scale s_c is the median deviation of the *easier half* of the class: wrong labels
gather on the hard side, where they would widen the usual two-sided scale and hide one another.
The list is cut by the Benjamini-Hochberg rule on the normal tail of z over all samples: many
samples far out lower the bar for each, a few raise it.

**When it misleads.** It is a list to look at, not to delete.

* "One in ten" holds if the hard side of a class falls off like its easy side; a class with a long
  hard tail gives more false suspects, above all where classes overlap.
* Networks that memorise every label contradict none, and then nothing is found.
* A rare *kind* of sample inside a common class looks like a wrong label.
* Where most labels of a class are wrong, the wrong is the usual and nothing stands out; in rare
  classes with much noise it finds few. Below five samples nothing shows what is usual, and no
  sample of the class is ever suspected.

Measured with 5 to 20 % of the labels flipped in balanced and long-tailed sets of 1,394 to 5,000
images and five runs of the default perceptron (`benchmarks/suspects.py` has the digits); Adult with
32,561 rows, 5 and 10 % flipped and three runs of scikit-learn's boosted trees. Precision is the
share of the listed that was flipped, recall the share of the flipped that is listed:

| data | suspects: precision | recall | all contradicted: precision | recall |
|---|---|---|---|---|
| MNIST digits | .97 to 1 | .22 to .79 | .95 to .99 | .70 to .88 |
| Fashion-MNIST | .67 to .85 | .39 to .76 | .43 to .66 | .81 to .88 |
| CIFAR-10, 16 pixels wide | .42 to .69 | .10 to .18 | .13 to .35 | .49 to .76 |
| KMNIST (memorised) | 1 | .00 to .05 | .98 to 1 | .06 to .17 |
| Adult | .19 to .34 | .13 | .26 to .43 | .86 to .87 |

With the labels as they come, 0 of 5,000 digits were suspected (5 contradicted), 6 of 5,000 on
Fashion-MNIST (288), 39 of 5,000 on CIFAR-10 (1,259) and none of Adult (4,143).

**Reference.** The modified z-score: Iglewicz and Hoaglin (1993), How to detect and handle outliers.
The list: Benjamini and Hochberg (1995), Controlling the false discovery rate. The one-sided scale,
the level of one in ten, the bound of five samples and joining the two conditions are ours.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.stats import false_discovery_control, norm

from steelyard._support.errors import ParameterError
from steelyard._support.validation import check_real
from steelyard.records.hardness import Hardness
from steelyard.records.weighing import KINDS

_BY_CHANCE = 0.1  # ours: share of the list that may stand there by chance
_NORMAL_MAD = 0.6745  # median absolute deviation of a standard normal
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
    by_chance = norm.sf(_modified_z_in_class(aum))
    return contradicted & (false_discovery_control(by_chance, method="bh") <= _BY_CHANCE)


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
    kinds[aum.hardest(math.ceil(round(share * n, 6)))] = "hard"  # .07 * 100 is 7.000000000000001
    kinds[suspects(aum)] = "suspect"
    return kinds


def _modified_z_in_class(aum: Hardness) -> np.ndarray:
    """Return how far each sample stands out from its class; -inf in a class without evidence."""
    z = np.full(len(aum.values), -np.inf)
    by_class = np.argsort(aum.labels, kind="stable")
    for rows in np.split(by_class, np.flatnonzero(np.diff(aum.labels[by_class])) + 1):
        if len(rows) < _FEWEST:
            continue
        deviation = aum.values[rows] - np.median(aum.values[rows])
        scale = np.median(-deviation[deviation <= 0])
        # a scale of 0: the easier half is all alike, and whatever differs from it stands out
        with np.errstate(divide="ignore", invalid="ignore"):
            z[rows] = np.where(deviation == 0, 0.0, _NORMAL_MAD * deviation / scale)
    return z
