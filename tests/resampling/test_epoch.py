import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from steelyard._support.errors import DataError, ParameterError
from steelyard.resampling.epoch import _once_more, epoch_counts, epoch_total

COUNTS = np.array([700, 90, 11, 1])
CODES = np.random.default_rng(0).permutation(np.repeat(np.arange(4), COUNTS))
TOTALS = np.array([200, 201, 200, 201])
WEIGHTS = (TOTALS / COUNTS)[CODES]  # 0.29, 2.23, 18.2 and 201 uses a sample


def by_class(counts, codes=CODES):
    return np.bincount(codes, weights=counts).astype(int)


@pytest.mark.parametrize("epoch", range(20))
def test_whole_totals_of_groups_are_met_and_every_count_is_its_weight_rounded(epoch):
    counts = epoch_counts(WEIGHTS, CODES, seed=3, epoch=epoch)
    assert counts.dtype == np.int64
    assert by_class(counts).tolist() == TOTALS.tolist()
    assert (np.abs(counts - WEIGHTS) < 1).all()


@given(
    st.lists(st.tuples(st.integers(1, 300), st.integers(0, 3000)), min_size=1, max_size=12),
    st.integers(0, 2**31),
)
@settings(max_examples=200, deadline=None)
def test_any_whole_totals_are_met_over_uneven_weights(classes, seed):
    random = np.random.default_rng(seed)
    parts = []
    for n, total in classes:
        shares = random.random(n) ** 4
        parts.append(total * shares / shares.sum())
    weights = np.concatenate(parts)
    codes = np.repeat(np.arange(len(classes)), [n for n, _ in classes])
    order = random.permutation(len(codes))
    counts = epoch_counts(weights[order], codes[order], seed=seed)
    assert by_class(counts, codes[order]).tolist() == [total for _, total in classes]
    # 1 - 1e-12 of a use is a whole use, as far as fixed-point numbers can tell
    assert (np.abs(counts - weights[order]) <= 1).all()


@given(st.lists(st.floats(0, 50), min_size=1, max_size=200), st.integers(1, 5), st.integers(0, 9))
@settings(max_examples=300, deadline=None)
def test_the_total_is_the_rounded_sum_whatever_the_groups_hold(weights, n_groups, seed):
    weights = np.array(weights)
    codes = np.random.default_rng(seed).integers(0, n_groups, len(weights))
    counts = epoch_counts(weights, codes, seed=seed)
    assert counts.sum() == epoch_total(weights)
    assert abs(counts.sum() - weights.sum()) < 0.5 + 1e-9
    assert (np.abs(counts - weights) <= 1).all()
    assert (counts >= np.floor(weights)).all()
    assert (np.abs(by_class(counts, codes) - by_class(weights * 1.0, codes)) <= 2).all()


def test_every_weight_is_met_on_average():
    random = np.random.default_rng(1)
    weights = random.random(60) * 3
    weights[-1] += 90 - weights.sum() + 20
    codes = np.arange(60) % 3  # no group is whole; all together are
    assert weights.sum() == pytest.approx(110)
    draws = 4000
    mean = sum(epoch_counts(weights, codes, seed=seed) for seed in range(draws)) / draws
    fraction = weights % 1
    deviation = np.sqrt(fraction * (1 - fraction) / draws)
    assert (np.abs(mean - weights) < 4.5 * deviation + 1e-9).all()


def test_groups_that_are_not_whole_are_rounded_down_or_up():
    weights = np.full(30, 0.25)
    codes = np.repeat([0, 1, 2], [10, 10, 10])  # 2.5 each, 7.5 in all
    for seed in range(50):
        counts = epoch_counts(np.append(weights, 0.5), np.append(codes, 3), seed=seed)
        assert counts.sum() == 8
        assert set(by_class(counts, np.append(codes, 3))[:3]) <= {2, 3}


def test_samples_of_one_weight_are_drawn_without_regard_to_their_rows():
    # 5 of 10 drawn, 4000 times; two neighbours come together as often as two far apart
    draws = [epoch_counts(np.full(10, 0.5), seed=seed) for seed in range(4000)]
    near = sum(int(one[0] * one[1]) for one in draws)
    far = sum(int(one[0] * one[7]) for one in draws)
    for found in (near, far):  # 4/18 of all, standard deviation 26.3
        assert abs(found - 4000 * 4 / 18) < 5 * 26.3


def test_whole_weights_stay_and_nothing_of_nothing_is_nothing():
    assert epoch_counts(np.array([0.0, 1.0, 3.0]), np.array([0, 0, 5])).tolist() == [0, 1, 3]
    assert epoch_counts(np.zeros(0)).tolist() == []
    assert epoch_counts(np.array([2, 0, 1])).tolist() == [2, 0, 1]


def test_the_noise_of_arithmetic_costs_no_draw():
    # 10,000 thirds sum to 3333.33; 9,999 thirds are whole but for noise
    for seed in range(20):
        thirds = epoch_counts(np.full(9_999, 0.1 + 0.7 / 3), seed=seed)
        assert thirds.sum() == 3333
    tenths = np.full(100_000, 0.1)
    assert (
        epoch_counts(tenths, np.arange(100_000) % 10).reshape(-1, 10).sum(0).tolist() == [1000] * 10
    )


def test_a_group_that_is_whole_but_for_noise_is_whole_wherever_the_first_point_falls():
    fractions = np.array([0.5, 0.5 - 1e-9, 0.5, 0.5 + 1e-9])
    up = _once_more(fractions, np.array([0, 2]), 2, noise=1e-6, offset=0.0)
    assert up.reshape(2, 2).sum(axis=1).tolist() == [1, 1]


def test_the_draw_follows_the_ids_and_not_rows_or_codes():
    ids = np.random.default_rng(5).permutation(len(CODES)) * 3
    uneven = WEIGHTS * (1 + 0.3 * np.sin(ids))  # no group is whole
    expected = epoch_counts(uneven, CODES, ids=ids, seed=4, epoch=1)
    order = np.random.default_rng(6).permutation(len(CODES))
    permuted = epoch_counts(uneven[order], CODES[order], ids=ids[order], seed=4, epoch=1)
    assert np.array_equal(permuted, expected[order])
    recoded = epoch_counts(uneven, np.array([7, 0, 300, 2])[CODES], ids=ids, seed=4, epoch=1)
    assert np.array_equal(recoded, expected)
    named = epoch_counts(uneven, CODES, ids=np.char.zfill(ids.astype(str), 9), seed=4, epoch=1)
    assert np.array_equal(named, expected)


def test_epochs_and_seeds_round_anew_and_repeat():
    one = epoch_counts(WEIGHTS, CODES, seed=1, epoch=1)
    assert np.array_equal(one, epoch_counts(WEIGHTS, CODES, seed=1, epoch=1))
    assert not np.array_equal(one, epoch_counts(WEIGHTS, CODES, seed=1, epoch=2))
    assert not np.array_equal(one, epoch_counts(WEIGHTS, CODES, seed=2, epoch=1))


def test_fractions_that_sum_beyond_what_32_bits_hold():
    weights = np.full(300_000, 0.75)
    weights[:3] = 2.0**40 + 0.5
    counts = epoch_counts(weights, np.zeros(300_000, int))
    assert counts.sum() == round(weights.sum())
    assert set(counts[3:].tolist()) == {0, 1}


def test_weights_are_left_as_they_were():
    weights = WEIGHTS.copy()
    epoch_counts(weights, CODES)
    assert np.array_equal(weights, WEIGHTS)


@pytest.mark.parametrize(
    ("weights", "error", "message"),
    [
        ([0.5, -0.1], ParameterError, r"0 or above\. Got -0\.1 in row 1"),
        ([0.5, np.nan], DataError, "finite"),
        ([np.inf, 0.5], DataError, "finite"),
        ([[0.5]], DataError, "vector"),
        (["a"], DataError, "vector"),
        ([1e16, 0.5], ParameterError, "sum to less"),
    ],
)
def test_impossible_weights_are_refused(weights, error, message):
    with pytest.raises(error, match=message):
        epoch_counts(np.array(weights))


def test_groups_and_ids_must_be_one_a_weight():
    for groups in (np.zeros(2, int), np.array([0, 0, -1]), np.zeros(3), np.zeros((3, 1), int)):
        with pytest.raises(DataError, match="one group a weight"):
            epoch_counts(np.full(3, 0.5), groups)
    with pytest.raises(DataError, match="one id a weight"):
        epoch_counts(np.full(3, 0.5), ids=np.arange(4))
    with pytest.raises(ParameterError, match="epoch"):
        epoch_counts(np.full(3, 0.5), epoch=-1)
