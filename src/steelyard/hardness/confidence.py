"""Confidence in the label: how much probability the network withheld from it.

**What it tells you.** The published confidence is the probability of the sample's own label,
averaged over epochs; this score is one minus it, so that higher is harder. It is the easiest score
to explain: the share of belief that went elsewhere while the network learned.

**When it misleads.** It counts the early epochs, in which every sample of a many-class problem has
little probability, so that its level depends on the number of classes and of epochs. It does not
tell a sample between two classes from one confidently given to a wrong class as well as the margin
does.

Some published code averages the label's *logit* under the same name. That is `confidence_logit`
here, minus the mean logit. A logit says little by itself, because adding a number to all logits of
a sample changes no prediction: use it to follow that code, not to start with.

**Formula.** confidence_i = 1 - (1/E) sum_e p_{i,e}[y_i], with p the softmax in epoch e of E;
confidence_logit_i = -(1/E) sum_e z_{i,e}[y_i], with z the logits.

**Reference.** Swayamdipta, Schwartz, Lourie, Wang, Hajishirzi, Smith and Choi (2020), Dataset
cartography: mapping and diagnosing datasets with training dynamics, arXiv 2009.10795.
"""

from __future__ import annotations

import numpy as np

from steelyard.hardness.score import Score
from steelyard.records.dynamics import Dynamics


def confidence(dynamics: Dynamics) -> np.ndarray:
    """Return one minus the mean probability of the label, in [0, 1], shape (runs, n)."""
    return 1.0 - dynamics.channels["probability"]


def confidence_logit(dynamics: Dynamics) -> np.ndarray:
    """Return minus the mean logit of the label, shape (runs, n)."""
    return -dynamics.channels["logit"]


CONFIDENCE = Score(
    name="confidence",
    title="Confidence withheld from the label",
    unit="probability",
    formula="1 - mean over epochs of the probability of the label",
    reference="Swayamdipta et al. 2020, arXiv 2009.10795 (there: without the 1 -)",
    compute=confidence,
    taken="in the training pass",
    needs=("probability",),
    bounds=(0.0, 1.0),
)

CONFIDENCE_LOGIT = Score(
    name="confidence_logit",
    title="Logit withheld from the label",
    unit="logits",
    formula="-(mean over epochs of the logit of the label)",
    reference="after Swayamdipta et al. 2020, arXiv 2009.10795 (there: the probability)",
    compute=confidence_logit,
    taken="in the training pass",
    needs=("logit",),
    negated=True,
)
