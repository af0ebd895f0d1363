import numpy as np
import pandas as pd
import pytest
from records.samples import IDS, NAMES, SPLIT, assert_same, n, table

from steelyard._support.errors import DataError, MismatchError
from steelyard._support.storage import read_parquet
from steelyard.records import Labelled, Plan

COUNTS = np.array([0, 1, 2, 3] * 3)


def plan_of(data, counts=COUNTS):
    return Plan.of(data, counts, np.full(len(NAMES), 2.5), "by count, degree 0.5")


@pytest.mark.parametrize("ids", IDS.values(), ids=list(IDS))
def test_a_plan_survives_storing_and_still_fits_its_data(ids, tmp_path):
    data = table(ids)
    plan = plan_of(data)
    plan.save(tmp_path / "plan.parquet")
    loaded = Plan.load(tmp_path / "plan.parquet")
    assert_same(plan, loaded)
    np.testing.assert_array_equal(loaded.positions(data), plan.positions(data))
    frame, _ = read_parquet(tmp_path / "plan.parquet")
    assert list(frame.columns) == ["id", "count"]


def test_counts_by_hand():
    data = Labelled(pd.DataFrame({"x": np.zeros(4)}), [0, 0, 2, 2], "abc", [1, 2, 3, 4])
    plan = Plan.of(data, [2, 0, 3, 1], [2.0, 0.0, 4.0], "by hand")
    assert plan.total == 6
    assert not plan.is_identity
    assert plan.prior.tolist() == [1 / 3, 0.0, 2 / 3]
    assert plan.positions(data).tolist() == [0, 0, 2, 2, 2, 3]
    table = plan.table()
    assert table["class"].tolist() == ["a", "b", "c"]
    assert table["before"].tolist() == [2, 0, 2]
    assert table["requested"].tolist() == [2.0, 0.0, 4.0]
    assert table["achieved"].tolist() == [2, 0, 4]
    assert table["share"].tolist() == [1 / 3, 0.0, 2 / 3]
    np.testing.assert_array_equal(table["repeat"], [1.0, np.nan, 2.0])
    assert Plan.of(data, [1] * 4, [2, 0, 2], "as is").is_identity


@pytest.mark.parametrize("ids", IDS.values(), ids=list(IDS))
def test_positions_follow_the_ids_when_rows_are_permuted(ids):
    data = table(ids)
    plan = plan_of(data)
    permuted = data.take(np.random.default_rng(0).permutation(n))
    drawn = permuted.ids[plan.positions(permuted)]
    assert len(drawn) == plan.total
    found = {one: (drawn == one).sum() for one in data.ids.tolist()}
    assert found == dict(zip(data.ids.tolist(), COUNTS.tolist(), strict=True))


def test_other_data_are_refused():
    plan = plan_of(table())
    other = table().inputs.assign(id=0.0)
    for data in (
        table(IDS["text"]),
        table().take(np.arange(6)),
        Labelled(other, table().labels, NAMES, table().ids),
    ):
        with pytest.raises(MismatchError, match=r"This plan was made on data .* Hint: plan again"):
            plan.positions(data)


def test_held_out_rows_are_refused():
    whole = table(split=SPLIT)
    with pytest.raises(MismatchError, match=r"hold held-out rows.* Hint: pass data.part"):
        plan_of(whole).positions(whole)
    part = whole.part("train")
    plan = Plan.of(part, np.ones(len(part)), np.ones(len(NAMES)), "as is")
    assert plan.positions(part).tolist() == list(range(len(part)))
    with pytest.raises(MismatchError, match="held-out rows"):
        plan.positions(whole)
    with pytest.raises(MismatchError, match="made on data"):
        Plan.of(part, np.ones(len(part)), np.ones(len(NAMES)), "as is").positions(table())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"counts": [-1, 1]}, r"integers in the range \[0, inf\)"),
        ({"counts": [0.5, 1.5]}, "counts of Plan must be whole numbers"),
        ({"counts": [0, 0], "achieved": [0, 0]}, "must use at least one sample"),
        ({"counts": [[1], [1]]}, "must be a vector"),
        ({"achieved": [1, 2]}, "totals must agree: 2 samples before against 2 ids, 3 achieved"),
        ({"before": [1, 2]}, "totals must agree: 3 samples before against 2 ids"),
        ({"before": [2]}, "class counts for each of 2 classes"),
        ({"requested": [np.nan, 1]}, "requested class counts of Plan must be finite"),
        ({"ids": [1, 1]}, "unique"),
        ({"ids": [1]}, "one id a sample"),
    ],
)
def test_totals_that_contradict_one_another_are_refused(changes, message):
    fields = {
        "ids": [1, 2],
        "counts": [1, 1],
        "class_names": ("a", "b"),
        "before": [1, 1],
        "requested": [1, 1],
        "achieved": [1, 1],
        "scheme": "s",
        "data_fingerprint": "f",
    }
    Plan(**fields)
    with pytest.raises(DataError, match=message):
        Plan(**{**fields, **changes})


def test_a_plan_needs_a_count_for_each_sample():
    with pytest.raises(DataError, match="A plan needs 12 counts"):
        plan_of(table(), [1])
    with pytest.raises(DataError, match="whole numbers"):
        plan_of(table(), np.full(n, 1.5))
