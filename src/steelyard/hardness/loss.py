"""Loss: the cross-entropy of the label, averaged over the epochs.

**What it tells you.** How surprised the network was by the label while it learned: 0 where it was
certain of it, log K for a uniform guess over K classes, without bound where it was certain of
another class. Unlike the error norm it goes on telling firmly contradicted samples apart.

**When it misleads.** A few epochs with an enormous loss outweigh all the others, so that one
unlucky early step, or logits without scale such as boosting's, decide the rank. It has no upper
end, so that class means follow their worst samples. Labels that are memorised late keep the loss of
the early epochs, which is what finds them, and also what makes any rare class look hard.

**Formula.** loss_i = -(1/E) sum_e log p_{i,e}[y_i], with p the softmax in epoch e of E.

**Reference.** Arazo, Ortego, Albert, O'Connor and McGuinness (2019), Unsupervised label noise
modeling and loss correction, arXiv 1904.11238 (there: the loss of one epoch).
"""

from __future__ import annotations

import math

import numpy as np

from steelyard.hardness.score import Score
from steelyard.records.dynamics import Dynamics


def loss(dynamics: Dynamics) -> np.ndarray:
    """Return the mean cross-entropy of the label, nats, at least 0, shape (runs, n)."""
    return dynamics.channels["loss"]


LOSS = Score(
    name="loss",
    title="Loss, mean over epochs",
    unit="nats",
    formula="mean over epochs of the cross-entropy of the label",
    reference="Arazo et al. 2019, arXiv 1904.11238 (there: one epoch)",
    compute=loss,
    taken="in the training pass",
    needs=("loss",),
    bounds=(0.0, math.inf),
)
