"""Self-confidence: how far models that never saw the sample are from its label.

**What it tells you.** Every sample is judged by models trained without it, fold by fold, so that no
label was memorised. `self_confidence` is one minus the probability they give to the label;
confident learning calls the probability itself self-confidence and looks for wrong labels where it
is low.
`self_margin` is the largest other probability minus the label's: above 0 the models name another
class. Of two classes the two rank alike; of more, the margin tells a label that lost to one other
class from one that is merely one of many.

**When it misleads.** It is as good as the model: where the model cannot learn a class, all its
labels look wrong, and a model that is certain too easily spreads the scores without reason. A rare
class loses a share of its few samples to every fold and so looks harder than it is. It compares
between classes only if their probabilities are calibrated alike, which confident learning corrects
by class thresholds and these scores do not. The only sample of a class has no such models: data
with one is refused.

**Formula.** self_confidence_i = 1 - p_i[y_i] and self_margin_i = max_{c != y_i} p_i[c] - p_i[y_i],
with p_i the probabilities out of fold. cleanlab's label quality q_i is 1 - self_confidence_i by its
method "self_confidence", and (1 - self_margin_i) / 2 by "normalized_margin".

**Reference.** Northcutt, Jiang and Chuang (2021), Confident learning: estimating uncertainty in
dataset labels, arXiv 1911.00068.
"""

from __future__ import annotations

import numpy as np

from steelyard.hardness.score import Score
from steelyard.records.dynamics import Dynamics


def self_confidence(dynamics: Dynamics) -> np.ndarray:
    """Return one minus the label's probability out of fold, in [0, 1], shape (runs, n)."""
    return 1.0 - dynamics.channels["left_out_probability"]


def self_margin(dynamics: Dynamics) -> np.ndarray:
    """Return minus the margin of probabilities out of fold, in [-1, 1], shape (runs, n)."""
    return -dynamics.channels["left_out_margin"]


SELF_CONFIDENCE = Score(
    name="self_confidence",
    title="Self-confidence withheld, out of fold",
    unit="probability",
    formula="1 - probability of the label by models that did not train on the sample",
    reference="Northcutt et al. 2021, arXiv 1911.00068 (there: without the 1 -)",
    compute=self_confidence,
    taken="out of fold",
    needs=("left_out_probability",),
    bounds=(0.0, 1.0),
)

SELF_MARGIN = Score(
    name="self_margin",
    title="Margin of probabilities, out of fold",
    unit="probability",
    formula="-(label's probability minus the largest other), by models that did not train on the "
    "sample",
    reference="Northcutt et al. 2021, arXiv 1911.00068 (there: without the -)",
    compute=self_margin,
    taken="out of fold",
    needs=("left_out_margin",),
    bounds=(-1.0, 1.0),
    negated=True,
)
