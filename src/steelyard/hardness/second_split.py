"""Second-split forgetting: how soon the label is lost when training goes on without the sample.

**What it tells you.** The network trains on one half of the data, then goes on with the other half
alone. A wrong label of the first half, which had to be learned by heart, is lost almost at once; a
rare but rightly labelled sample is kept longer. That is what sets this score apart from those that
see both as hard.

**When it misleads.** It costs trainings of its own. A sample that was never learned in the first
half is wrong from the start and stands with those lost at once. How soon anything is lost depends
on the learning rate of the second training and on its length: compare within one training. With
few epochs there are many ties.

**Formula.** second_split_forgetting_i = m_i / E, with m_i the number of epochs, counted from the
end of the E on the other samples, in which the label was wrong without interruption: 1 if it was
wrong in all of them, 0 if it was right in the last. The published time of forgetting is the epoch
E - m_i, low is hard.

**Reference.** Maini, Garg, Lipton and Kolter (2022), Characterizing datapoints via second-split
forgetting, arXiv 2210.15031. The division by E is ours.
"""

from __future__ import annotations

import numpy as np

from steelyard.hardness.score import Score
from steelyard.records.dynamics import Dynamics


def second_split_forgetting(dynamics: Dynamics) -> np.ndarray:
    """Return the share of epochs for which the label was lost, in [0, 1], shape (runs, n)."""
    return dynamics.channels["unlearned"]


SECOND_SPLIT_FORGETTING = Score(
    name="second_split_forgetting",
    title="Second-split forgetting",
    unit="share of epochs",
    formula="share of the epochs on other samples from which on the label was wrong to the end",
    reference="Maini et al. 2022, arXiv 2210.15031 (there: the epoch, low is hard)",
    compute=second_split_forgetting,
    taken="after each epoch on other samples",
    needs=("unlearned",),
    bounds=(0.0, 1.0),
)
