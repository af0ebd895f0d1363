"""The errors of a network at a count, from hand-made histories."""

import numpy as np
import pytest

from steelyard._support.errors import ParameterError
from steelyard.hardness import errors_at_count
from steelyard.records.manifold_history import ManifoldHistory


def history(wrong, epochs=None, spoil=0):
    """The history of errors of shape (runs, E, n); ``spoil`` sets bits that stand for no sample."""
    wrong = np.asarray(wrong, dtype=bool)
    runs, n_epochs, n = wrong.shape
    bits = np.packbits(wrong, axis=2)
    bits[:, :, -1] |= np.uint8(spoil)
    return ManifoldHistory(
        np.arange(n)[::-1],
        np.arange(n) % 2,
        ("a", "b"),
        np.arange(n_epochs) if epochs is None else epochs,
        np.full((runs, n_epochs, 2), 0.5),
        bits,
        "sphere-root",
        "hidden",
        "hand-made",
    )


def of_counts(*counts, n=13, **more):
    """One run in which so many of the first samples are wrong, epoch by epoch."""
    return history([[np.arange(n) < count for count in counts]], **more)


@pytest.mark.parametrize(
    ("count", "epoch", "n_wrong"),
    [
        (13, 0, 12),
        (12, 0, 12),
        (9, 1, 8),
        (8, 1, 8),
        (5, 2, 5),
        (6, 2, 5),  # 8 is farther
        (4, 2, 5),  # 5 and 3 are as near; 5 came first
        (3, 3, 3),  # and 3 again in the last epoch
        (0, 3, 3),  # never reached
    ],
)
def test_it_is_the_epoch_whose_count_is_nearest_and_of_several_the_first(count, epoch, n_wrong):
    found = errors_at_count(of_counts(12, 8, 5, 3, 5, 3), 0, count)
    assert (found.epoch, found.n_wrong) == (epoch, n_wrong)
    assert found.wrong.tolist() == (np.arange(13) < n_wrong).tolist()
    assert found.wrong.dtype == bool


def test_where_it_got_worse_again_a_late_epoch_may_be_the_nearest():
    assert errors_at_count(of_counts(12, 3, 7, 2), 0, 7)[1] == 2


def test_epochs_are_named_by_their_number():
    found = errors_at_count(of_counts(12, 8, 5, epochs=[20, 25, 30]), 0, 8)
    assert found.epoch == 25
    assert isinstance(found.epoch, int)


def test_wrong_and_epoch_can_be_taken_apart():
    wrong, epoch = errors_at_count(of_counts(12, 8, 5), 0, 5)
    assert (wrong.sum(), epoch) == (5, 2)


@pytest.mark.parametrize("n", [1, 7, 8, 9, 16, 300])
def test_counts_of_packed_bits_are_those_of_the_errors(n):
    draw = np.random.default_rng(n)
    wrong = draw.random((3, 40, n)) < draw.random((3, 40, 1))
    recorded = history(wrong)
    for run in range(3):
        counts = wrong[run].sum(axis=1)
        for count in {0, n // 2, n, *counts.tolist()}:
            found = errors_at_count(recorded, run, count)
            first = min(range(40), key=lambda epoch: abs(counts[epoch] - count))
            assert found.epoch == first
            np.testing.assert_array_equal(found.wrong, wrong[run, first])


def test_bits_that_stand_for_no_sample_are_not_counted():
    counts = (12, 8, 5)
    plain, spoilt = of_counts(*counts), of_counts(*counts, spoil=0b111)
    for count in range(14):
        assert errors_at_count(spoilt, 0, count).epoch == errors_at_count(plain, 0, count).epoch
    assert errors_at_count(spoilt, 0, 8).n_wrong == 8


def test_the_record_is_left_as_it_was():
    recorded = of_counts(12, 8, spoil=0b111)
    before = recorded.wrong_bits.copy()
    errors_at_count(recorded, 0, 8)
    np.testing.assert_array_equal(recorded.wrong_bits, before)


@pytest.mark.parametrize(
    ("run", "count", "match"),
    [
        (1, 3, r"'run' parameter of errors_at_count must be an int in the range \[0, 0\]"),
        (-1, 3, "'run'"),
        (0, 14, r"'count' parameter of errors_at_count must be an int in the range \[0, 13\]"),
        (0, -1, "'count'"),
        (0, 2.5, "'count'"),
    ],
)
def test_what_is_not_there_is_refused(run, count, match):
    with pytest.raises(ParameterError, match=match):
        errors_at_count(of_counts(12, 8), run, count)
