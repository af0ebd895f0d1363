"""Error norm (EL2N): how far the predicted probabilities stayed from the label.

**What it tells you.** The Euclidean distance between the predicted probabilities and the one-hot
label: 0 for a label predicted with certainty, sqrt(1 - 1/K) for a uniform guess over K classes,
sqrt(2) for another class predicted with certainty. It is the length of the gradient of the
cross-entropy with respect to the logits, that is, how hard the sample pushes the network.

**When it misleads.** The published score takes the error norm after *one early epoch, averaged over
several runs*: that is `el2n_early`, and the record says which epoch it was. One thing differs: the
published one is taken in a pass of its own after that epoch, with the weights at its end and inputs
as they are. Ours is taken *in the training pass during* the epoch: of each batch with the weights
before the step on it, and augmented if the recipe augments. A loop of your own that shows the
recorder an evaluation pass after each epoch gets the published one. It depends on the choice of
epoch: too early, and it ranks by the random start; too late, and every label is memorised. A
single run of it is noisy. In a loop of at most 20 epochs a `Recorder` takes the *last* one, and
warns, unless you state another: its default is the published epoch 20, of 200.

`el2n` is the error norm *averaged over all the epochs of a run* (and then over runs), which needs
no choice of an epoch but mixes early ignorance with late memorisation. Do not quote it as the
published number. Both saturate at sqrt(2): among confidently contradicted samples they rank poorly,
where the area under the margin still tells them apart. Some published code drops the square root;
this does not.

**Formula.** el2n_i = (1/E) sum_e || p_{i,e} - onehot(y_i) ||_2, with p the softmax in epoch e of E;
el2n_early_i is the term of the one early epoch, without the mean.

**Reference.** Paul, Ganguli and Dziugaite (2021), Deep learning on a data diet: finding important
examples early in training, arXiv 2107.07075.
"""

from __future__ import annotations

import math

import numpy as np

from steelyard.hardness.score import Score
from steelyard.records.dynamics import Dynamics


def error_norm(dynamics: Dynamics) -> np.ndarray:
    """Return the mean error norm, a probability distance in [0, sqrt(2)], shape (runs, n)."""
    return dynamics.channels["error_norm"]


def early_error_norm(dynamics: Dynamics) -> np.ndarray:
    """Return the error norm of ``dynamics.early_epoch``, in [0, sqrt(2)], shape (runs, n)."""
    return dynamics.channels["early_error_norm"]


ERROR_NORM = Score(
    name="el2n",
    title="Error norm (EL2N), mean over epochs",
    unit="probability distance",
    formula="mean over epochs of the Euclidean norm of probabilities minus one-hot label",
    reference="Paul et al. 2021, arXiv 2107.07075 (there: one early epoch)",
    compute=error_norm,
    taken="in the training pass",
    needs=("error_norm",),
    bounds=(0.0, math.sqrt(2)),
)

EARLY_ERROR_NORM = Score(
    name="el2n_early",
    title="Error norm (EL2N), one early epoch",
    unit="probability distance",
    formula="Euclidean norm of probabilities minus one-hot label in one early epoch",
    reference="Paul et al. 2021, arXiv 2107.07075 (there: an evaluation pass after that epoch)",
    compute=early_error_norm,
    taken="in the training pass",
    needs=("early_error_norm",),
    bounds=(0.0, math.sqrt(2)),
)
