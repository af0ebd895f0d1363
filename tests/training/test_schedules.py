"""Schedules against torch's own schedulers."""

import pytest
import torch
from oracles.networks import schedule_of

from steelyard.records import Recipe
from steelyard.training.schedules import schedule_factor


@pytest.mark.parametrize("schedule", ["constant", "step", "cosine", "one-cycle"])
@pytest.mark.parametrize("n_steps", [2, 7, 100])
def test_factors_are_those_of_torch(schedule, n_steps):
    recipe = Recipe(schedule=schedule, learning_rate=0.5, milestones=(0.25, 0.5, 0.9))
    optimiser = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.5)
    reference = schedule_of(recipe, optimiser, n_steps)
    for step in range(n_steps):
        expected = optimiser.param_groups[0]["lr"] / 0.5
        assert schedule_factor(recipe, step, n_steps) == pytest.approx(expected, abs=1e-9)
        optimiser.step()
        if step < n_steps - 1:
            reference.step()


def test_one_step_is_a_training_too():
    for schedule in ("constant", "step", "cosine", "one-cycle"):
        assert schedule_factor(Recipe(schedule=schedule), 0, 1) > 0
