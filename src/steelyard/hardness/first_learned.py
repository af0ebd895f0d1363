"""First-learned epoch: how long the network took to get the sample right for the first time.

**What it tells you.** The first epoch, from 0, in which the label had the largest logit. What a
network learns in its first epochs follows the rule of the data; what it learns last it learns by
heart.

**When it misleads.** It is a whole number between 0 and the number of epochs, so that most samples
tie at 0 and it tells little about the easy half. Getting it right once may be luck, the more so
with two classes, where half of the guesses are right; `forgetting` and `loss` look on. Epochs are
of no fixed size: compare within one training.

**Formula.** first_learned_i = min{e : right in e}, or E if right in no epoch of E.

**Reference.** Learning order as a measure of a sample: Hacohen, Choshen and Weinshall (2020), Let's
agree to agree: neural networks share classification order on real datasets, arXiv 1905.10854. E for
the never learned is ours.
"""

from __future__ import annotations

import math

import numpy as np

from steelyard.hardness.score import Score
from steelyard.records.dynamics import Dynamics


def first_learned(dynamics: Dynamics) -> np.ndarray:
    """Return the first epoch that was right, from 0, shape (runs, n); ``n_epochs`` if none."""
    return dynamics.channels["first_learned"]


FIRST_LEARNED = Score(
    name="first_learned",
    title="First-learned epoch",
    unit="epochs",
    formula="first epoch, from 0, in which the label had the largest logit; their number if none",
    reference="Hacohen et al. 2020, arXiv 1905.10854",
    compute=first_learned,
    taken="in the training pass",
    needs=("first_learned",),
    bounds=(0.0, math.inf),
)
