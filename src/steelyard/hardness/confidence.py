"""Confidence in the label: how much probability the network withheld from it.

**What it tells you.** The published confidence is the probability of the sample's own label,
averaged over epochs; this score is one minus it, so that higher is harder. It is the easiest score
to explain: the share of belief that went elsewhere while the network learned.

**When it misleads.** It counts the early epochs, in which every sample of a many-class problem has
little probability, so that its level depends on the number of classes and of epochs. It does not
tell a sample between two classes from one confidently given to a wrong class as well as the margin
does. Some published code averages the label's *logit* under the same name; this is a probability.

**Formula.** confidence_i = 1 - (1/E) sum_e p_{i,e}[y_i], with p the softmax in epoch e of E.

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


CONFIDENCE = Score(
    name="confidence",
    title="Confidence withheld from the label",
    unit="probability",
    formula="1 - mean over epochs of the probability of the label",
    reference="Swayamdipta et al. 2020, arXiv 2009.10795 (there: without the 1 -)",
    compute=confidence,
)
