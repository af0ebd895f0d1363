"""Class weights in the loss, and the prior that training sees by way of them.

A sample of class c weighs ``w_c = n_c^(-a) N / sum_k n_k^(1 - a)``: n_c is how often class c is
drawn in an epoch, N the sum of all n_c, and a the recipe's ``class_weighting``. The mean weight of
a draw is 1, so that a learning rate or a penalty means what it means without weights. a = 1 gives
``N / (K n_c)``, which scikit-learn calls "balanced".

A weight acts as that many copies of a sample: training sees shares in proportion to n_c^(1 - a),
those of a plan of degree a.
"""

from __future__ import annotations

import numpy as np

from steelyard.records.labelled import Labelled
from steelyard.records.plan import Plan
from steelyard.records.priors import effective_prior
from steelyard.records.recipe import Recipe


def class_weights(counts: np.ndarray, exponent: float) -> np.ndarray:
    """Return the weight of each class in the loss, as `steelyard.resampling.class_weights` does.

    Parameters
    ----------
    counts : ndarray of shape (K,)
        Draws of each class in an epoch.
    exponent : float
        0 weighs all classes alike, 1 gives every class the same sum.

    Returns
    -------
    ndarray of shape (K,)
        1 on average over the draws; 0 for a class that is never drawn.
    """
    drawn = np.asarray(counts, dtype=np.float64)
    there = drawn > 0
    raw = np.zeros(len(drawn))
    # relative to the smallest class: no power of a count can overflow
    raw[there] = (drawn[there].min() / drawn[there]) ** exponent
    return raw * drawn.sum() / (raw * drawn).sum()


def seen_prior(data: Labelled, plan: Plan | None, recipe: Recipe) -> np.ndarray:
    """Return the class shares that a training sees: those of its draws, times the class weights.

    Parameters
    ----------
    data : Labelled
        The training part.
    plan : Plan or None
        How often each of its samples is drawn; None draws each once.
    recipe : Recipe
        How it trains.
    """
    prior = data.prior if plan is None else plan.prior
    if not recipe.class_weighting:
        return prior
    counts = data.class_counts if plan is None else plan.achieved
    return effective_prior(prior, class_weights(counts, recipe.class_weighting))
