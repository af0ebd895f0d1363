"""Instant scores: what one trained model says of a sample at the end, without its history.

**What they tell you.** They need no recording, only the logits of a finished model, in evaluation
mode and without augmentation. Three look at the label and rise with its *contradiction*:
`final_margin`, `final_confidence` and `final_loss`. Four do not look at it and rise with *doubt*:
`final_max_probability`, `final_max_logit`, `final_energy` and `final_entropy`; they can be had of
samples without labels.

**When they mislead.** A model that has memorised its training data is certain of every one of their
labels, right or wrong, and then these scores tell noise: take a model that did not see the samples
(`self_confidence`) or the history (`aum`). Those of doubt hold a firmly contradicted label for
easy. `final_max_logit` and `final_energy` depend on the scale and the offset of the logits, which
training leaves free; compare within one model, and after averaging over runs only models alike.

**Formula.** With z the logits, p their softmax and y the label:
final_margin = -(z[y] - max_{c != y} z[c]); final_confidence = 1 - p[y];
final_max_probability = 1 - max_c p[c]; final_max_logit = -max_c z[c];
final_energy = -log sum_c exp z[c]; final_entropy = -sum_c p[c] log p[c];
final_loss = -log p[y].

**Reference.** Maximum probability: Hendrycks and Gimpel (2017), A baseline for detecting
misclassified and out-of-distribution examples in neural networks, arXiv 1610.02136. Maximum logit:
Hendrycks et al. (2022), Scaling out-of-distribution detection for real-world settings, arXiv
1911.11132. Energy: Liu, Wang, Owens and Li (2020), Energy-based out-of-distribution detection,
arXiv 2010.03759; temperature 1. The margin, the probability and the loss are those of `aum`,
`confidence` and `loss` at the end.
"""

from __future__ import annotations

import math

import numpy as np

from steelyard.hardness.score import Score
from steelyard.records.dynamics import Dynamics


def final_margin(dynamics: Dynamics) -> np.ndarray:
    """Return minus the margin of the label, logits, shape (runs, n); above 0 it is contradicted."""
    return -dynamics.channels["final_margin"]


def final_confidence(dynamics: Dynamics) -> np.ndarray:
    """Return one minus the probability of the label, in [0, 1], shape (runs, n)."""
    return 1.0 - dynamics.channels["final_probability"]


def final_loss(dynamics: Dynamics) -> np.ndarray:
    """Return the cross-entropy of the label, nats, at least 0, shape (runs, n)."""
    return dynamics.channels["final_loss"]


def final_max_probability(dynamics: Dynamics) -> np.ndarray:
    """Return one minus the largest probability, in [0, 1), shape (runs, n)."""
    return 1.0 - dynamics.channels["final_max_probability"]


def final_max_logit(dynamics: Dynamics) -> np.ndarray:
    """Return minus the largest logit, shape (runs, n)."""
    return -dynamics.channels["final_max_logit"]


def final_energy(dynamics: Dynamics) -> np.ndarray:
    """Return minus the logarithm of the sum of the logits' exponentials, shape (runs, n)."""
    return dynamics.channels["final_energy"]


def final_entropy(dynamics: Dynamics) -> np.ndarray:
    """Return the entropy of the probabilities, nats, in [0, log K], shape (runs, n)."""
    return dynamics.channels["final_entropy"]


FINAL_MARGIN = Score(
    name="final_margin",
    title="Margin of the trained model",
    unit="logits",
    formula="-(the label's logit minus the largest other logit), at the end",
    reference="after Pleiss et al. 2020, arXiv 2001.10528 (there: mean over epochs)",
    compute=final_margin,
    taken="by the trained model",
    needs=("final_margin",),
    negated=True,
)

FINAL_CONFIDENCE = Score(
    name="final_confidence",
    title="Confidence the trained model withholds from the label",
    unit="probability",
    formula="1 - probability of the label, at the end",
    reference="after Swayamdipta et al. 2020, arXiv 2009.10795 (there: mean over epochs)",
    compute=final_confidence,
    taken="by the trained model",
    needs=("final_probability",),
    bounds=(0.0, 1.0),
)

FINAL_LOSS = Score(
    name="final_loss",
    title="Loss of the trained model",
    unit="nats",
    formula="cross-entropy of the label, at the end",
    reference="Arazo et al. 2019, arXiv 1904.11238",
    compute=final_loss,
    taken="by the trained model",
    needs=("final_loss",),
    bounds=(0.0, math.inf),
)

FINAL_MAX_PROBABILITY = Score(
    name="final_max_probability",
    title="Probability missing from the trained model's choice",
    unit="probability",
    formula="1 - largest probability, at the end",
    reference="Hendrycks and Gimpel 2017, arXiv 1610.02136 (there: without the 1 -)",
    compute=final_max_probability,
    taken="by the trained model",
    needs=("final_max_probability",),
    bounds=(0.0, 1.0),
    rises_with="doubt",
)

FINAL_MAX_LOGIT = Score(
    name="final_max_logit",
    title="Largest logit of the trained model, turned round",
    unit="logits",
    formula="-(largest logit), at the end",
    reference="Hendrycks et al. 2022, arXiv 1911.11132",
    compute=final_max_logit,
    taken="by the trained model",
    needs=("final_max_logit",),
    rises_with="doubt",
    negated=True,
)

FINAL_ENERGY = Score(
    name="final_energy",
    title="Energy of the trained model",
    unit="logits",
    formula="-log of the sum of the exponentials of the logits, at the end",
    reference="Liu et al. 2020, arXiv 2010.03759",
    compute=final_energy,
    taken="by the trained model",
    needs=("final_energy",),
    rises_with="doubt",
    negated=True,
)

FINAL_ENTROPY = Score(
    name="final_entropy",
    title="Entropy of the trained model",
    unit="nats",
    formula="entropy of the probabilities, at the end",
    reference="Shannon 1948, A mathematical theory of communication",
    compute=final_entropy,
    taken="by the trained model",
    needs=("final_entropy",),
    bounds=(0.0, math.inf),
    rises_with="doubt",
)
