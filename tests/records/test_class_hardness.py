import dataclasses

import numpy as np
import pytest
from records.samples import NAMES, assert_same

from steelyard._support.errors import DataError, ParameterError
from steelyard.records.class_hardness import FIGURES, ClassHardness


def class_hardness(**changes):
    counts = np.arange(len(NAMES))  # the first class has no samples
    estimate = np.linspace(0, 1, len(NAMES))
    ends = np.stack([estimate, estimate - 0.125, estimate + 0.125], axis=1)
    ends[0], ends[1, 1:] = np.nan, np.nan
    values = {
        "name": "aum",
        "class_names": NAMES,
        "counts": counts,
        "figures": dict.fromkeys(FIGURES, ends),
        "share": 0.1,
        "n_runs": 2,
        "n_draws": 400,
        "data_fingerprint": "0123456789abcdef",
    }
    return ClassHardness(**{**values, **changes})


def test_what_is_saved_is_loaded(tmp_path):
    record = class_hardness()
    record.save(tmp_path / "classes.json")
    assert_same(ClassHardness.load(tmp_path / "classes.json"), record)
    first = (tmp_path / "classes.json").read_bytes()
    ClassHardness.load(tmp_path / "classes.json").save(tmp_path / "classes.json")
    assert (tmp_path / "classes.json").read_bytes() == first


def test_no_data_and_no_interval_are_none():
    record = class_hardness()
    assert record.interval(NAMES[0]) is None
    assert record.interval(NAMES[1], "tail") is None
    last = record.interval(NAMES[-1], "q90")
    assert (last.mean, last.low, last.high) == (1, 0.875, 1.125)
    table = record.table()
    assert list(table.columns)[:5] == ["class", "count", "mean", "mean_low", "mean_high"]
    assert np.isnan(table["q10"][0])
    assert record.hardest_first() == list(NAMES[:0:-1])
    with pytest.raises(ParameterError, match="class_name"):
        record.interval("nobody")
    with pytest.raises(ParameterError, match="figure"):
        record.interval(NAMES[2], "q99")


@pytest.mark.parametrize(
    "changes",
    [
        {"counts": [1, 2]},
        {"counts": [-1, *range(1, len(NAMES))]},
        {"figures": {}},
        {"figures": dict.fromkeys(FIGURES, np.zeros((2, 3)))},
        {"figures": dict.fromkeys(FIGURES, np.full((len(NAMES), 3), np.nan))},
        {"figures": dict.fromkeys(FIGURES, np.tile([1.0, 2.0, 3.0], (len(NAMES), 1)))},
    ],
)
def test_what_contradicts_itself_is_refused(changes):
    with pytest.raises(DataError):
        class_hardness(**changes)


def test_a_record_cannot_be_changed():
    record = class_hardness()
    with pytest.raises(ValueError, match="read-only"):
        record.figures["mean"][0, 0] = 1
    with pytest.raises(TypeError):
        record.figures["mean"] = None
    with pytest.raises(dataclasses.FrozenInstanceError):
        record.name = "el2n"
