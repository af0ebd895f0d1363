"""Self-confidence: how much models that never saw the sample withhold from its label.

**What it tells you.** Every sample is judged by models trained without it, fold by fold, so that no
label was memorised. The score is one minus the probability they give to the label; confident
learning calls the probability itself self-confidence and looks for wrong labels where it is low.

**When it misleads.** It is as good as the model: where the model cannot learn a class, all its
labels look wrong, and a model that is certain too easily spreads the scores without reason. A rare
class loses a share of its few samples to every fold and so looks harder than it is. It compares
between classes only if their probabilities are calibrated alike, which confident learning corrects
by class thresholds and this score does not.

**Formula.** self_confidence_i = 1 - p_i[y_i], with p_i the probabilities out of fold. cleanlab's
label quality of the method "self_confidence" is the same without the 1 -.

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
