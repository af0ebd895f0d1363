"""Compounding: a plan and loss weights, each meant to balance alone, multiply.

What training effectively sees of a class is its share of the draws times its weight in the loss.
A plan of degree d and class weights of degree e act as one degree d + e: full balancing by both
turns the imbalance round. There is no reference; it follows from the expected loss.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from steelyard._support.errors import DataError, ParameterError, SteelyardWarning
from steelyard.records.plan import Plan
from steelyard.records.priors import effective_prior
from steelyard.resampling.translations import nearest_degree

_EVEN = 1e-9  # weights that differ by less, relatively, weigh nothing


def compounded_prior(plan: Plan, loss_weights: Any) -> np.ndarray:
    """Return the class shares that training by a plan with class weights in the loss sees.

    Correct predictions from this prior, not from `Plan.prior`, where both are used.

    Parameters
    ----------
    plan : Plan
        A plan for data with one class a sample.
    loss_weights : array_like of shape (K,)
        The weight of each class in the loss, up to a common factor; 0 or above.

    Returns
    -------
    ndarray of shape (K,)
        Share times weight, divided by their sum.

    Warns
    -----
    SteelyardWarning
        If both change the shares of the classes, saying what they make together.

    Raises
    ------
    ParameterError
        If the weights are not one a class, or leave nothing.
    DataError
        If the plan is one for several labels a sample, which have no shares that sum to 1.
    """
    if plan.multi_label:
        raise DataError(
            "compounded_prior takes a plan for data with one class a sample.",
            hint="with several labels, weigh by pos_weight of the achieved counts of the plan.",
        )
    weights = np.asarray(loss_weights, dtype=np.float64)
    right = weights.shape == plan.achieved.shape and np.isfinite(weights).all()
    if not right or (weights < 0).any() or not (plan.prior * weights).any():
        raise ParameterError(
            f"The 'loss_weights' parameter of compounded_prior must hold {len(plan.achieved)} "
            f"weights of 0 or above, not all 0. Got {weights.tolist()} instead."
        )
    seen = effective_prior(plan.prior, weights / weights.max())
    drawn = plan.achieved > 0
    used = weights[drawn]
    weighs = np.ptp(used) > _EVEN * used.max()
    moves = not np.allclose(plan.prior, plan.before / plan.before.sum(), rtol=1e-9, atol=0)
    if weighs and moves:
        warnings.warn(
            "A sampler and loss weights multiply: this plan draws classes in shares of "
            f"{_range(plan.prior[drawn])}, and the weights turn them into {_range(seen[drawn])}"
            f"{_as_degree(plan, seen)}. Use one of them, or correct predictions from "
            "compounded_prior(plan, loss_weights).",
            SteelyardWarning,
            stacklevel=2,
        )
    return seen


def _range(shares: np.ndarray) -> str:
    return f"{shares.min():.3g} to {shares.max():.3g}"


def _as_degree(plan: Plan, seen: np.ndarray) -> str:
    """Return in words the one degree that both act as, where there is one."""
    with np.errstate(divide="ignore", invalid="ignore"):
        together = np.where(plan.before > 0, seen / plan.before, 0.0)
    try:
        degree, off = nearest_degree(plan.before, together, "compounded_prior")
    except ParameterError:  # a class is left out, or all have as many samples
        return ""
    # a plan has whole counts: its shares are those of a degree within one draw of a class
    if off > np.log1p(1 / plan.achieved[plan.before > 0].min()):
        return ""
    return f", as balancing to degree {degree:.2f} alone would"
