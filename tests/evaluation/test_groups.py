"""Groups of held-out samples: those that users name, and strata of hardness."""

import numpy as np
import pandas as pd
import pytest

from steelyard._support.errors import DataError
from steelyard.evaluation.groups import check_groupings, hardness_groups
from steelyard.records import Hardness


def hardness(values, ids=None):
    n = len(values)
    return Hardness(
        "aum",
        np.arange(n) if ids is None else np.asarray(ids),
        np.zeros(n, dtype=int),
        ("a", "b"),
        np.asarray(values, dtype=float),
        np.full(n, np.nan),
        1,
        "0123456789abcdef",
    )


def test_groups_are_text_and_missing_values_a_group():
    found = check_groupings({"site": pd.Series(["n", None, "s"]), 7: ["x", "y", "y"]}, 3)
    assert found["site"].tolist() == ["n", "missing", "s"]
    assert found["7"].tolist() == ["x", "y", "y"]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (["a", "b"], "one for each of 3 samples. Got 2"),
        (["a", "", "b"], "1 empty names"),
        (["a", "a", "a"], "one group alone, 'a'"),
        ([None, None, None], "one group alone, 'missing'"),
    ],
)
def test_groups_that_tell_nothing_are_refused(values, message):
    with pytest.raises(DataError, match=message):
        check_groupings({"site": values}, 3)


@pytest.mark.parametrize("groups", [["a", "b"], "g", np.array(["a", "b"])])
def test_groups_come_by_name(groups):
    with pytest.raises(DataError, match=r"Groups must be a mapping .* Hint: for instance"):
        check_groupings(groups, 2)


def test_a_grouping_has_one_column():
    with pytest.raises(DataError, match=r"'g' must name one .* Got shape \(2, 2\)"):
        check_groupings({"g": np.array([["a", "b"]] * 2)}, 2)


def test_hardness_groups_are_equally_many_and_the_harder_the_later():
    score = hardness([5, 1, 9, 3, 7, 2], ids=[10, 11, 12, 13, 14, 15])
    found = hardness_groups(score, [12, 11, 10, 15, 14, 13])
    assert found.tolist() == ["hard", "easy", "middle", "easy", "hard", "middle"]
    assert hardness_groups(score, [10, 11, 12], 2).tolist() == ["easy", "easy", "hard"]
    assert set(hardness_groups(score, [10, 11, 12, 13, 14], 5)) == {
        f"{k} of 5" for k in range(1, 6)
    }


def test_ties_go_by_the_order_of_the_samples():
    assert hardness_groups(hardness([1, 1, 1]), [2, 0, 1]).tolist() == ["easy", "middle", "hard"]


def test_samples_without_a_score_are_refused():
    with pytest.raises(DataError, match=r"1 of 2 held-out samples have no 'aum' score.*99"):
        hardness_groups(hardness([1, 2, 3]), [0, 99])
    with pytest.raises(DataError, match="cannot make 3 groups"):
        hardness_groups(hardness([1, 2, 3]), [0, 1])
