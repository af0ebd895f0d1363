import dataclasses

import numpy as np
import pytest

from steelyard._support.errors import DataError, ParameterError
from steelyard.records import Inversions


def two_runs():
    return Inversions(
        ids=np.arange(3) + 5,
        labels=[0, 1, 1],
        class_names=("a", "b"),
        mode="shared",
        epochs=[[25, 30], [40, -1]],
        censored=[[False, False], [False, True]],
        wrong=[[True, False, False], [False, False, True]],
        wrong_since=[[1.0, 0, 0.5], [0, 0, 0.25]],
        data_fingerprint="print",
    )


def test_a_run_is_complete_where_every_class_turned_over():
    mine = two_runs()
    assert mine.n_runs == 2
    np.testing.assert_array_equal(mine.complete, [True, False], strict=True)


def test_nothing_can_be_changed():
    mine = two_runs()
    for name in ("ids", "labels", "epochs", "censored", "wrong", "wrong_since"):
        assert not getattr(mine, name).flags.writeable, name


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"mode": "share"}, ParameterError, "did you mean 'shared'"),
        ({"epochs": [[25], [40]]}, DataError, r"of shape \(runs, classes\)"),
        ({"censored": [[False, False]]}, DataError, r"of shape \(runs, classes\)"),
        ({"wrong": [[True, False]] * 2}, DataError, r"of shape \(runs, samples\)"),
        ({"wrong_since": [[1.0, 0, 0.5]]}, DataError, r"of shape \(runs, samples\)"),
        ({"wrong_since": [[1.1, 0, 0.5]] * 2}, DataError, r"lie in \[0, 1\]"),
        ({"wrong_since": [[np.nan, 0, 0.5]] * 2}, DataError, r"lie in \[0, 1\]"),
        ({"labels": [0, 1, 2]}, DataError, "labels"),
    ],
)
def test_what_does_not_fit_is_refused(changes, error, message):
    with pytest.raises(error, match=message):
        dataclasses.replace(two_runs(), **changes)
