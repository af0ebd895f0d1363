"""Variability: how much the probability of the label moved while the network learned.

**What it tells you.** The standard deviation over epochs of the label's probability. Dataset
cartography calls samples of high variability *ambiguous*: the network changes its mind about them,
and training on them alone helped most outside the training distribution.

**When it misleads.** It rises with *change*: what is wrong from the first epoch to the last is as
easy by it as what is always right. And learning is change too, so that any sample learned half-way
through a training has more of it than one learned at once; a training whose epochs are few measures
little else.

**Formula.** variability_i = sqrt((1/E) sum_e (p_{i,e} - mean_e p_{i,e})^2), with p_{i,e} the
softmax probability of the label in epoch e of E; E in the denominator, as published.

**Reference.** Swayamdipta, Schwartz, Lourie, Wang, Hajishirzi, Smith and Choi (2020), Dataset
cartography: mapping and diagnosing datasets with training dynamics, arXiv 2009.10795.
"""

from __future__ import annotations

import numpy as np

from steelyard.hardness.score import Score
from steelyard.records.dynamics import Dynamics


def variability(dynamics: Dynamics) -> np.ndarray:
    """Return the deviation over epochs of the label's probability, [0, 1/2], shape (runs, n)."""
    return dynamics.channels["variability"]


VARIABILITY = Score(
    name="variability",
    title="Variability of the label's probability",
    unit="probability",
    formula="standard deviation over epochs of the probability of the label",
    reference="Swayamdipta et al. 2020, arXiv 2009.10795",
    compute=variability,
    taken="in the training pass",
    needs=("variability",),
    bounds=(0.0, 0.5),
    rises_with="change",
)
