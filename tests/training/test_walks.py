"""Walks: each epoch passes once over the draws, whatever step is asked for first."""

import numpy as np
import pytest
import torch

from steelyard.training.walks import Sequel, Walk

DRAWS = np.array([0, 1, 1, 4, 7, 7, 7])


@pytest.mark.parametrize("batch_size", [1, 3, 7, 100])
def test_an_epoch_passes_once_over_the_draws(batch_size):
    walk = Walk(DRAWS, batch_size, epochs=3, seed=0, repetition=1)
    batches = [walk.rows(step) for step in range(walk.n_steps)]
    for epoch in range(3):
        mine = batches[epoch * walk.epoch_steps : (epoch + 1) * walk.epoch_steps]
        assert sorted(torch.cat(mine).tolist()) == DRAWS.tolist()
    assert [walk.ends_epoch(step) for step in range(walk.epoch_steps)][-1]
    assert sum(walk.ends_epoch(step) for step in range(walk.n_steps)) == 3


def test_any_step_can_be_asked_for_first():
    walk = Walk(DRAWS, 2, epochs=5, seed=3, repetition=0)
    forwards = [walk.rows(step).tolist() for step in range(walk.n_steps)]
    fresh = Walk(DRAWS, 2, epochs=5, seed=3, repetition=0)
    backwards = [fresh.rows(step).tolist() for step in reversed(range(walk.n_steps))]
    assert forwards == backwards[::-1]


def test_orders_differ_by_epoch_seed_and_axis():
    def order(step=0, **values):
        return tuple(Walk(np.arange(50), 50, 2, **{"seed": 0, **values}).rows(step).tolist())

    orders = {order(), order(1), order(seed=1), order(repetition=0), order(repetition=1)}
    assert len(orders) == 5


def test_all_at_once_is_one_step_an_epoch_in_order():
    walk = Walk(DRAWS, None, epochs=4, seed=0)
    assert (walk.n_steps, walk.epoch_steps) == (4, 1)
    assert walk.rows(2).tolist() == DRAWS.tolist()
    assert walk.rows(0) is walk.rows(3)


@pytest.mark.parametrize("batch_size", [1, 3, 7, 100, None])
def test_the_luck_of_an_epoch_is_drawn_once_for_each_of_its_rows(batch_size):
    walk = Walk(DRAWS, batch_size, epochs=3, seed=0, repetition=1)
    fresh = Walk(DRAWS, batch_size, epochs=3, seed=0, repetition=1)
    backwards = [fresh.luck(step) for step in reversed(range(walk.n_steps))][::-1]
    luck = [walk.luck(step) for step in range(walk.n_steps)]
    assert [one.shape for one in luck] == [
        (3, len(walk.rows(step))) for step in range(walk.n_steps)
    ]
    assert all(torch.equal(one, other) for one, other in zip(luck, backwards, strict=True))
    values = torch.cat(luck, dim=1)
    assert len(values.unique()) == values.numel() == 3 * 3 * len(DRAWS)
    assert 0 <= values.min() <= values.max() < 1


def test_luck_differs_by_epoch_seed_and_axis_and_goes_on_in_a_sequel():
    def luck(step=0, **values):
        return tuple(Walk(DRAWS, 7, 2, **{"seed": 0, **values}).luck(step)[0].tolist())

    every = {luck(), luck(1), luck(seed=1), luck(repetition=0), luck(repetition=1)}
    assert len(every) == 5
    second = Walk(DRAWS, 7, 2, 0, repetition=1)
    both = Sequel(Walk(DRAWS, 7, 2, 0), second)
    assert tuple(both.luck(1)[0].tolist()) == luck(1)
    assert torch.equal(both.luck(3), second.luck(1))
