"""Aleatoric uncertainty (Data-IQ): how undecided the network was about the label.

**What it tells you.** With p the probability of the label, p (1 - p) is the variance of "label or
not": 1/4 where the network gives it one half, 0 where it is certain, either way. Its mean over the
epochs is high for samples that look alike and carry different labels, which no training resolves.

**When it misleads.** It rises with *doubt*, not with a wrong label: a sample that the network
firmly gives to another class has a low value, as if it were easy. Read it beside `confidence`: low
doubt with high confidence withheld is a contradicted label. Early epochs of a many-class problem
have little probability for every class, and so little apparent doubt.

**Formula.** aleatoric_i = (1/E) sum_e p_{i,e} (1 - p_{i,e}), with p_{i,e} the softmax probability
of the label in epoch e of E.

**Reference.** Seedat, Crabbe, Bica and van der Schaar (2022), Data-IQ: characterizing subgroups
with heterogeneous outcomes in tabular data, arXiv 2210.13043.
"""

from __future__ import annotations

import numpy as np

from steelyard.hardness.score import Score
from steelyard.records.dynamics import Dynamics


def aleatoric(dynamics: Dynamics) -> np.ndarray:
    """Return the mean of p (1 - p), in [0, 1/4], shape (runs, n)."""
    return dynamics.channels["aleatoric"]


ALEATORIC = Score(
    name="aleatoric",
    title="Aleatoric uncertainty (Data-IQ)",
    unit="squared probability",
    formula="mean over epochs of p (1 - p), with p the probability of the label",
    reference="Seedat et al. 2022, arXiv 2210.13043",
    compute=aleatoric,
    taken="in the training pass",
    needs=("aleatoric",),
    bounds=(0.0, 0.25),
    rises_with="doubt",
)
