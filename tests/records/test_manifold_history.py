import dataclasses

import numpy as np
import pytest
from manifold_histories import history
from records.samples import assert_same

from steelyard._support.errors import DataError, MismatchError
from steelyard.records import ManifoldHistory

LABELS = np.arange(11) % 2
RNG = np.random.default_rng(0)
WRONG = RNG.random((3, 4, 11)) < 0.4
RADII = RNG.random((3, 4, 2))


def three_runs():
    return history(RADII, LABELS, WRONG, epochs=[21, 22, 25, 30])


def test_a_history_survives_storing(tmp_path):
    three_runs().save(tmp_path / "h.npz")
    assert_same(three_runs(), ManifoldHistory.load(tmp_path / "h.npz"))


def test_errors_come_out_of_their_bits():
    mine = three_runs()
    assert mine.wrong_bits.shape == (3, 4, 2)
    for run in range(mine.n_runs):
        for at in range(4):
            np.testing.assert_array_equal(mine.wrong(run, at), WRONG[run, at], strict=True)


def test_runs_are_taken_and_stacked():
    mine = three_runs()
    again = ManifoldHistory.stack([mine.take_runs([0]), mine.take_runs([1, 2])])
    assert_same(mine, again)
    np.testing.assert_array_equal(mine.take_runs([2, 0]).radii, RADII[[2, 0]])


@pytest.mark.parametrize(
    "changes",
    [
        {"data_fingerprint": "other"},
        {"formula": "raw-squared"},
        {"layer": "other"},
        {"ids": np.arange(11)},
        {"epochs": np.arange(4)},
    ],
)
def test_what_is_of_something_else_is_not_stacked(changes):
    mine = three_runs()
    with pytest.raises(MismatchError, match="can be stacked"):
        ManifoldHistory.stack([mine, dataclasses.replace(mine, **changes)])


def test_a_class_without_samples_has_no_radius():
    radii = RADII.copy()
    radii[..., 1] = np.nan
    assert np.isnan(history(radii, np.zeros(11, dtype=int)).radii[..., 1]).all()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"radii": RADII[0]}, "needs radii of shape"),
        ({"radii": RADII[:0]}, "needs radii of shape"),
        ({"radii": RADII[:, :3]}, "needs radii of shape"),
        ({"wrong_bits": np.zeros((3, 4, 1))}, r"wrong_bits of shape \(runs, epochs, 2\)"),
        ({"epochs": [1, 2, 2, 3]}, "must ascend"),
        ({"radii": -RADII}, "at least 0"),
        ({"radii": np.where(RADII > 0.9, np.inf, RADII)}, "radii"),
        ({"radii": np.full_like(RADII, np.nan)}, "radii"),
    ],
)
def test_what_does_not_fit_is_refused(changes, message):
    with pytest.raises(DataError, match=message):
        dataclasses.replace(three_runs(), **changes)
