"""Threads are bounded while a training runs and given back afterwards."""

import torch
from threadpoolctl import threadpool_info
from toy_data import toy_images, toy_table

from steelyard.training import prepare
from steelyard.training.threads import bounded_threads


def openmp_threads():
    return {one["num_threads"] for one in threadpool_info() if one["user_api"] == "openmp"}


def test_a_perceptron_trains_in_one_thread():
    before = torch.get_num_threads()
    with bounded_threads(prepare(toy_images()), 2):
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == before


def test_small_trees_grow_in_one_thread():
    torch.set_num_threads(2)
    try:
        before = openmp_threads()
        with bounded_threads(prepare(toy_table(), model="trees"), 2):
            assert openmp_threads() == {1}
        assert openmp_threads() == before
    finally:
        torch.set_num_threads(1)


def test_a_failed_training_gives_them_back_too():
    before = torch.get_num_threads()
    try:
        with bounded_threads(prepare(toy_images()), 2):
            raise KeyError
    except KeyError:
        pass
    assert torch.get_num_threads() == before
