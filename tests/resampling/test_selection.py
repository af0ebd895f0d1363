import numpy as np
import pytest

from steelyard.resampling.selection import first_in_class, rank_in_class, spread_evenly

LABELS = np.repeat([0, 1, 3], [10, 4, 1])
IDS = np.random.default_rng(0).permutation(15)


@pytest.mark.parametrize("totals", [(10, 4, 0, 1), (3, 4, 0, 5), (25, 1, 0, 1), (0, 11, 0, 2)])
def test_totals_are_met_as_evenly_as_can_be(totals):
    counts = spread_evenly(IDS, LABELS, np.array(totals), seed=0)
    for code, total in enumerate(totals):
        mine = counts[code == LABELS]
        assert mine.sum() == total
        if len(mine):
            assert np.ptp(mine) <= 1


def test_larger_totals_use_no_sample_less_often():
    before = np.zeros(15, int)
    for total in range(1, 40):
        counts = spread_evenly(IDS, LABELS, np.array([total, total, 0, total]), seed=0)
        assert (counts >= before).all()
        before = counts


def test_the_draw_is_uniform_over_the_samples_of_a_class():
    times = sum(
        spread_evenly(IDS, LABELS, np.array([3, 4, 0, 1]), seed)[:10] for seed in range(2000)
    )
    # 2000 draws of 3 in 10: 600 each, standard deviation sqrt(2000 * .3 * .7) = 20.5
    assert abs(times - 600).max() < 5 * 20.5


def test_samples_are_drawn_without_regard_to_one_another_across_classes():
    together = sum(
        int(spread_evenly(IDS, LABELS, np.array([5, 2, 0, 1]), seed)[[0, 10]].prod())
        for seed in range(2000)
    )
    # each is drawn with probability 1/2: both with 1/4, standard deviation sqrt(375) = 19.4
    assert abs(together - 500) < 5 * 19.4


def test_the_draw_follows_the_ids():
    order = np.random.default_rng(1).permutation(15)
    totals = np.array([4, 6, 0, 3])
    counts = spread_evenly(IDS, LABELS, totals, seed=3)
    assert np.array_equal(spread_evenly(IDS[order], LABELS[order], totals, seed=3), counts[order])


def test_classes_stand_in_the_order_of_their_smallest_id():
    ids = np.array(["d", "b", "c", "a"])
    assert first_in_class(ids, np.array([0, 2, 2, 0]), 3).tolist() == [0, 4, 1]


@pytest.mark.parametrize("n_classes", [300, 2**16, 2**16 + 10])
def test_ranks_within_many_classes(n_classes):
    random = np.random.default_rng(0)
    labels = random.permutation(np.repeat(np.arange(n_classes), 2))
    keys = random.random(len(labels))
    ranks = rank_in_class(labels, np.full(n_classes, 2), keys)
    first = np.full(n_classes, np.inf)
    np.minimum.at(first, labels, keys)
    assert np.array_equal(ranks, (keys > first[labels]).astype(int))
