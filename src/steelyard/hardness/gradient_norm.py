"""Gradient norm (GraNd): how far the sample alone would move the weights.

**What it tells you.** The length of the gradient of the sample's loss by all weights, early in
training: the most that one step on this sample can change what the network says of any other.
Averaged over runs, samples of small norm could be left out with little loss.

**When it misleads.** The paper also takes it *at initialisation*, before any training. That does
not reproduce: Kirsch (2023, arXiv 2303.14753) finds it strongly correlated with the norm of the
*input* then, and pruning by it no better than by chance. Take it after some epochs, as here; the
record says after which. Even then a large input has a large gradient, so that bright images or
unscaled columns look hard. `el2n_early` is its cheap stand-in: the gradient by the logits alone.

**Formula.** grand_i = || d loss_i / d weights ||_2, over all weights, after the early epoch.

**Reference.** Paul, Ganguli and Dziugaite (2021), Deep learning on a data diet: finding important
examples early in training, arXiv 2107.07075.
"""

from __future__ import annotations

import math

import numpy as np

from steelyard.hardness.score import Score
from steelyard.records.dynamics import Dynamics


def gradient_norm(dynamics: Dynamics) -> np.ndarray:
    """Return the norm of the loss's gradient by all weights, nats a weight, shape (runs, n)."""
    return dynamics.channels["gradient_norm"]


GRADIENT_NORM = Score(
    name="grand",
    title="Gradient norm (GraNd)",
    unit="nats a unit of weight",
    formula="Euclidean norm of the gradient of the sample's loss by all weights, early in training",
    reference="Paul et al. 2021, arXiv 2107.07075; at initialisation see arXiv 2303.14753",
    compute=gradient_norm,
    taken="after the early epoch",
    needs=("gradient_norm",),
    bounds=(0.0, math.inf),
)
