import numpy as np
import pandas as pd
import pytest
from records.samples import assert_same

from steelyard._support.errors import DataError, ParameterError
from steelyard.records.stability import CORRELATIONS, SETS, RunsNeeded, Stability


def stability(**changes):
    nan = np.nan
    sets = [
        ("disjoint", 1, "hardest", 0.1, 0.5, 0.25, 0.75, 1 / 3, 0.2, 0.5, 0.55, 0.0),
        ("disjoint", 2, "hardest", 0.1, 0.25, nan, nan, 0.6, nan, nan, 0.3, 0.125),
        ("nested", 1, "easiest", 0.3, 0.25, 0.0, 0.5, 0.6, 0.5, 1.0, 0.3, 0.0),
    ]
    correlations = [("nested", 1, "classes", nan, nan, nan), ("disjoint", 1, "samples", 0.5, 0, 1)]
    values = {
        "name": "aum",
        "n": 10,
        "n_runs": 4,
        "sets": pd.DataFrame(sets, columns=SETS),
        "correlations": pd.DataFrame(correlations, columns=CORRELATIONS),
        "n_draws": 30,
        "data_fingerprint": "0123456789abcdef",
    }
    return Stability(**{**values, **changes})


def test_what_is_saved_is_loaded(tmp_path):
    record = stability()
    record.save(tmp_path / "stability.json")
    assert_same(Stability.load(tmp_path / "stability.json"), record)


def test_what_is_shared_is_one_minus_the_change():
    record = stability()
    estimate, interval = record.shared(0.1, 1)
    assert estimate == 0.5
    assert (interval.low, interval.high) == (0.25, 0.75)
    assert record.shared() == (0.75, None)
    assert record.curve().tolist()[0] == [0.5, 0.25, 0.75]
    assert (record.tied(), record.tied(runs=1)) == (0.125, 0)
    assert record.thresholds == (0.1, 0.3)
    with pytest.raises(ParameterError, match=r"thresholds \[0\.1, 0\.3\]"):
        record.shared(0.2)
    with pytest.raises(ParameterError, match="runs"):
        record.shared(0.1, 3)
    with pytest.raises(ParameterError, match="side"):
        record.shared(side="middle")


@pytest.mark.parametrize(
    "changes",
    [
        {"sets": pd.DataFrame({"kind": []})},
        {"sets": stability().sets.assign(kind="other")},
        {"sets": stability().sets.assign(side="middle")},
        {"correlations": stability().correlations.assign(level="all")},
    ],
)
def test_other_tables_are_refused(changes):
    with pytest.raises(DataError):
        stability(**changes)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ((14, 11, 19, True), "90 % needs about 14 runs [11, 19] (extrapolated)"),
        ((14, 11, None, True), "90 % needs about 14 runs [11, over 1,000] (extrapolated)"),
        ((None, None, None, True), "90 % needs more than 1,000 runs (extrapolated)"),
        ((3, 2, 4, False), "90 % needs 3 runs [2, 4]"),
        ((1, 1, 1, False), "90 % needs 1 run"),
    ],
)
def test_the_answer_in_words(values, words):
    assert str(RunsNeeded(0.1, 0.9, *values, most=1000)) == words


def test_unknown_is_not_many():
    unknown = RunsNeeded(0.1, 0.9, None, None, None, False, most=1000, known=False)
    assert str(unknown) == "two runs cannot tell how many 90 % needs"
    assert unknown != RunsNeeded(0.1, 0.9, None, None, None, False, most=1000)
