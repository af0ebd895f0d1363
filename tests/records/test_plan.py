import numpy as np
import pandas as pd
import pytest
from records.samples import IDS, NAMES, SPLIT, assert_same, images, n, table

from steelyard._support.errors import DataError, MismatchError, OutputError
from steelyard._support.storage import read_parquet
from steelyard.records import Labelled, Plan
from steelyard.records.plan import added_path

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
    np.testing.assert_array_equal(loaded.rows(data), plan.rows(data))
    frame, _ = read_parquet(tmp_path / "plan.parquet")
    assert list(frame.columns) == ["id", "count", "class"]
    assert frame["class"].astype(str).tolist() == [NAMES[code] for code in data.labels]


def test_counts_by_hand():
    data = Labelled(pd.DataFrame({"x": np.zeros(4)}), [0, 0, 2, 2], "abc", [1, 2, 3, 4])
    plan = Plan.of(data, [2, 0, 3, 1], [2.0, 0.0, 4.0], "by hand")
    assert plan.total == 6
    assert not plan.is_identity
    assert plan.prior.tolist() == [1 / 3, 0.0, 2 / 3]
    assert plan.rows(data).tolist() == [0, 0, 2, 2, 2, 3]
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
    drawn = permuted.ids[plan.rows(permuted)]
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
            plan.rows(data)


def test_held_out_rows_are_refused():
    whole = table(split=SPLIT)
    with pytest.raises(MismatchError, match=r"hold held-out rows.* Hint: pass data.part"):
        plan_of(whole).rows(whole)
    part = whole.part("train")
    plan = Plan.of(part, np.ones(len(part)), np.ones(len(NAMES)), "as is")
    assert plan.rows(part).tolist() == list(range(len(part)))
    with pytest.raises(MismatchError, match="held-out rows"):
        plan.rows(whole)
    with pytest.raises(MismatchError, match="made on data"):
        Plan.of(part, np.ones(len(part)), np.ones(len(NAMES)), "as is").rows(table())


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


def several(ids=IDS["integers"], split=None):
    hot = np.random.default_rng(3).random((n, len(NAMES))) < 0.3
    hot[0] = False
    data = table(ids, split)
    return Labelled(data.inputs, hot, NAMES, ids, split, name=data.name)


@pytest.mark.parametrize("ids", IDS.values(), ids=list(IDS))
def test_a_plan_of_samples_with_several_labels_survives_storing(ids, tmp_path):
    data = several(ids)
    weights = COUNTS + np.tile([0.25, -0.25, 0.0, 0.0], 3)
    plan = Plan.of(data, COUNTS, np.ones(len(NAMES)), "s", weights=weights, notes=("1 row",))
    plan.save(tmp_path / "plan.parquet")
    loaded = Plan.load(tmp_path / "plan.parquet")
    assert_same(plan, loaded)
    assert loaded.multi_label
    assert loaded.notes == ("1 row",)
    assert loaded.achieved.tolist() == (COUNTS @ data.labels).tolist()
    # what a sampler shows, not what one rounding happens to hold
    np.testing.assert_allclose(loaded.prior, weights @ data.labels / weights.sum())
    as_counted = Plan.of(data, COUNTS, np.ones(len(NAMES)), "s")
    np.testing.assert_allclose(as_counted.prior, (COUNTS @ data.labels) / COUNTS.sum())
    np.testing.assert_array_equal(loaded.expected_uses, weights)


@pytest.mark.parametrize("make", [table, images], ids=["table", "images"])
@pytest.mark.parametrize("kind", list(IDS))
def test_added_rows_are_stored_counted_and_applied(make, kind, tmp_path):
    data = make(IDS[kind])
    ids = {"text": np.array(["new", "newer"]), "integers": np.array([100, 101])}[kind]
    rows = make().take(np.array([3, 0]))
    added = Labelled(rows.inputs, rows.labels, NAMES, ids)
    plan = Plan.of(data, COUNTS, np.ones(len(NAMES)), "s", added=added)
    assert plan.total == COUNTS.sum() + 2
    assert not Plan.of(data, np.ones(n), np.ones(len(NAMES)), "s", added=added).is_identity
    expected = np.bincount(data.labels, COUNTS, len(NAMES)) + np.bincount([3, 0], minlength=9)
    assert plan.achieved.tolist() == expected.tolist()
    plan.save(tmp_path / "plan.parquet")
    loaded = Plan.load(tmp_path / "plan.parquet")
    assert_same(plan.added, loaded.added)
    assert loaded.added.fingerprint == added.fingerprint
    permuted = data.take(np.random.default_rng(0).permutation(n))
    whole, over_all = loaded.applied(permuted)
    assert whole.ids.tolist() == [*permuted.ids, *ids]
    assert over_all.achieved.tolist() == plan.achieved.tolist()
    assert over_all.total == plan.total
    uses = dict(zip(data.ids.tolist(), COUNTS.tolist(), strict=True)) | dict.fromkeys(
        ids.tolist(), 1
    )
    drawn = whole.ids[over_all.rows(whole)].tolist()
    assert {one: drawn.count(one) for one in uses} == uses
    assert_same(
        whole.take(np.array([n, n + 1])),
        Labelled(rows.inputs, rows.labels, NAMES, ids, name=data.name),
    )


def test_added_rows_of_another_plan_are_refused(tmp_path):
    data = table()
    for name, row in (("one", 3), ("two", 4)):
        rows = table().take(np.array([row]))
        added = Labelled(rows.inputs, rows.labels, NAMES, np.array([100]))
        Plan.of(data, COUNTS, np.ones(9), "s", added=added).save(tmp_path / f"{name}.parquet")
    (tmp_path / "two.added.parquet").replace(tmp_path / "one.added.parquet")
    with pytest.raises(MismatchError, match=r"are not those that the plan 'one\.parquet' adds"):
        Plan.load(tmp_path / "one.parquet")


@pytest.mark.parametrize(
    ("added", "message"),
    [
        (table(), "have ids of the data, first"),
        (table(IDS["text"]), "have ids such as"),
        (images(IDS["integers"] + 100), "image rows, not table rows"),
        (table(split=SPLIT), "A plan that adds rows takes a training part"),
        (several(), "not of one label"),
    ],
)
def test_rows_of_another_kind_cannot_be_added(added, message):
    if added.split is not None:
        added = Labelled(added.inputs, added.labels, NAMES, np.arange(200, 200 + n), SPLIT)
    with pytest.raises(MismatchError, match=message):
        Plan.of(table(), COUNTS, np.ones(9), "s", added=added)


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ([0.5, np.nan], "weights of Plan must be finite"),
        ([2.5, -0.5], "in the range"),
        ([1.0], "needs 2 weights"),
        ([3.0, 1.0], "must be a rounding of its weights"),
        ([0.0, 2.0], "row 0 has 0 and 1"),
    ],
)
def test_weights_that_are_none_are_refused(weights, message):
    data = Labelled(pd.DataFrame({"x": [0.0, 1.0]}), [0, 1], "ab", [1, 2])
    with pytest.raises(DataError, match=message):
        Plan.of(data, [1, 1], [1, 1], "s", weights=weights)


def test_a_plan_of_fractions_is_not_the_data_as_they_are():
    data = Labelled(pd.DataFrame({"x": [0.0, 1.0]}), [0, 1], "ab", [1, 2])
    assert not Plan.of(data, [1, 1], [1, 1], "s", weights=[0.75, 1.25]).is_identity
    assert Plan.of(data, [1, 1], [1, 1], "s", weights=[1.0, 1.0]).is_identity


def test_the_prior_of_several_labels_counts_added_rows():
    data = Labelled(pd.DataFrame(index=range(2)), [[1, 0], [1, 1]], "ab", [1, 2])
    more = Labelled(pd.DataFrame(index=range(1)), [[0, 1]], "ab", [3])
    plan = Plan.of(data, [1, 2], [3, 2], "s", weights=[1.5, 1.5], added=more)
    assert plan.prior.tolist() == [0.75, 0.625]
    assert plan.achieved.tolist() == [3, 3]


@pytest.mark.parametrize("make", [table, images], ids=["table", "images"])
def test_a_strangers_file_beside_the_plan_is_left_alone(make, tmp_path):
    rows = make().take(np.array([3]))
    added = Labelled(rows.inputs, rows.labels, NAMES, np.array([100]))
    plan = Plan.of(make(), COUNTS, np.ones(9), "s", added=added)
    beside = added_path(tmp_path / "plan.parquet", added.modality)
    beside.write_bytes(b"mine")
    with pytest.raises(OutputError, match="which steelyard did not write; it is left alone"):
        plan.save(tmp_path / "plan.parquet")
    assert beside.read_bytes() == b"mine"
    assert not (tmp_path / "plan.parquet").exists()
    beside.unlink()
    for _ in range(2):  # its own is written over
        plan.save(tmp_path / "plan.parquet")
