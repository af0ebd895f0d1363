"""Area under the margin: how clearly the network sided with the label while it learned.

**What it tells you.** The margin of a sample is the label's logit minus the largest other logit.
Averaged over the epochs it is large for a sample that the network agrees with early and firmly,
and negative for one whose label the network contradicts most of the time. It is the score of
choice for finding mislabelled samples: their neighbours pull the network towards another class
for as long as it generalises.

**When it misleads.** A long training memorises every label, and each memorised epoch lifts the
margin of a wrong label: compare samples of one training, never of two of different length.
Logits have no natural scale, so values of different networks do not compare either; ranks do. A
rare class has low margins because it is rare: see `steelyard.hardness.kinds`.

Margins are taken in the training pass: of each batch with the weights before the step on it, and
augmented if the recipe augments. So is the published one, so that the two are the same. A margin
from an evaluation pass after each epoch has the step on the sample in it, and is mostly larger.

Some published code takes the margin of *probabilities* under the same name. That is another score,
`aum_probability`: it lies in [-1, 1] and compares between networks, but it is flat where the
network is certain, so that it ranks the clearest wrong labels worse.

**Formula.** aum_i = -(1/E) sum_e (z_{i,e}[y_i] - max_{c != y_i} z_{i,e}[c]), with z the logits in
epoch e of E; aum_probability has p, the softmax, for z. The published margin is the same without
the sign.

**Reference.** Pleiss, Zhang, Elenberg and Weinberger (2020), Identifying mislabeled data using the
area under the margin ranking, arXiv 2001.10528.
"""

from __future__ import annotations

import numpy as np

from steelyard.hardness.score import Score
from steelyard.records.dynamics import Dynamics


def area_under_margin(dynamics: Dynamics) -> np.ndarray:
    """Return minus the mean margin, logits, shape (runs, n); above 0 the label was contradicted."""
    return -dynamics.channels["margin"]


def area_under_probability_margin(dynamics: Dynamics) -> np.ndarray:
    """Return minus the mean margin of probabilities, in [-1, 1], shape (runs, n)."""
    return -dynamics.channels["probability_margin"]


AREA_UNDER_MARGIN = Score(
    name="aum",
    title="Area under the margin",
    unit="logits",
    formula="-(mean over epochs of the label's logit minus the largest other logit)",
    reference="Pleiss et al. 2020, arXiv 2001.10528",
    compute=area_under_margin,
    taken="in the training pass",
    needs=("margin",),
    negated=True,
)

AREA_UNDER_PROBABILITY_MARGIN = Score(
    name="aum_probability",
    title="Area under the margin of probabilities",
    unit="probability",
    formula="-(mean over epochs of the label's probability minus the largest other probability)",
    reference="after Pleiss et al. 2020, arXiv 2001.10528 (there: logits)",
    compute=area_under_probability_margin,
    taken="in the training pass",
    needs=("probability_margin",),
    bounds=(-1.0, 1.0),
    negated=True,
)
