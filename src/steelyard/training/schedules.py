"""Learning-rate schedules: the share of the peak at a step of a training of n_steps."""

from __future__ import annotations

import math

from steelyard.records.recipe import Recipe

# of the one-cycle schedule, as torch's OneCycleLR has them by default
_RISE, _FIRST, _LAST = 0.3, 1 / 25, 1 / 25 / 1e4


def schedule_factor(recipe: Recipe, step: int, n_steps: int) -> float:
    """Return what the recipe's learning rate is multiplied by at a step in [0, n_steps)."""
    if recipe.schedule == "cosine":  # half a wave from the peak to zero
        return _cosine(1.0, 0.0, step / n_steps)
    if recipe.schedule == "step":
        passed = sum(step >= round(share * n_steps) for share in recipe.milestones)
        return recipe.step_factor**passed
    if recipe.schedule == "one-cycle":
        top, end = _RISE * n_steps - 1, n_steps - 1
        if step <= top:
            return _cosine(_FIRST, 1.0, step / top if top > 0 else 1.0)
        return _cosine(1.0, _LAST, (step - top) / (end - top))
    return 1.0


def _cosine(start: float, end: float, done: float) -> float:
    return end + (start - end) * 0.5 * (1 + math.cos(math.pi * done))
