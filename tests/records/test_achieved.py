import json
import math

import numpy as np
import pytest

from steelyard._support.errors import DataError
from steelyard.records import Achieved


def achieved(**changes):
    values = {
        "class_names": ("a", "b", "c", "d"),
        "before": [8, 4, 2, 0],
        "after": [9.0, 6.0, 0.0, 0.0],
        "n_samples": 10,
        "draws": 12.5,
        "effective_samples": 5.0,
        "largest_repeat": 3.0,
        "distinct_samples": 7.5,
    }
    return Achieved(**{**values, **changes})


def test_figures_by_hand():
    one = achieved()
    assert one.epoch_ratio == 1.25
    assert (one.rho_before, one.rho_after) == (4, 1.5)
    assert (one.cardinality_before, one.cardinality_after) == (1.4, 1.2)
    assert one.effective_share == 0.5
    assert one.left_out == ("c",)


def test_the_table_says_what_is_drawn_of_each_class():
    table = achieved().table()
    assert table["share"].tolist() == [0.72, 0.48, 0, 0]
    assert table["repeat"].tolist()[:3] == [1.125, 1.5, 0]
    assert math.isnan(table["repeat"].iloc[3])


def test_the_dictionary_is_json_with_none_for_what_is_undefined():
    said = json.loads(json.dumps(achieved().to_dict(), allow_nan=False))
    assert said["classes"][3] == {
        "class": "d", "before": 0, "after": 0.0, "share": 0.0, "repeat": None,
    }  # fmt: skip
    assert said["rho_after"] == 1.5
    assert said["left_out"] == ["c"]
    nothing = achieved(before=[0] * 4, after=[0.0] * 4).to_dict()
    assert nothing["rho_before"] is None
    json.dumps(nothing, allow_nan=False)


def test_arrays_are_read_only_copies():
    mine = np.array([9.0, 6.0, 0.0, 0.0])
    one = achieved(after=mine)
    mine[0] = 0
    assert one.after[0] == 9
    with pytest.raises(ValueError, match="read-only"):
        one.after[0] = 1


@pytest.mark.parametrize(
    "bad",
    [
        {"before": [1, 2]},
        {"before": [-1, 2, 3, 4]},
        {"after": [np.nan, 1, 1, 1]},
        {"after": [-1.0, 1, 1, 1]},
        {"draws": math.inf},
        {"effective_samples": -1.0},
        {"n_samples": 0},
    ],
)
def test_what_cannot_be_is_refused(bad):
    with pytest.raises(DataError):
        achieved(**bad)
