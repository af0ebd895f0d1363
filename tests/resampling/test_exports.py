import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn.linear_model import LogisticRegression

from steelyard._support.errors import DataError, MismatchError, ParameterError
from steelyard.checks.hand_made import labelled
from steelyard.datasets import load
from steelyard.records.labelled import Labelled
from steelyard.records.plan import Plan
from steelyard.resampling import by_count
from steelyard.resampling.exports import balanced_frame, manifest, sample_weights

DATA = labelled(np.repeat([0, 1], [9, 3]), ("common", "rare"))
ADDED = labelled([1, 1], DATA.class_names, ids=np.array([1001, 1002]))
PLAN = by_count(DATA, 1.0)
GROWN = Plan.of(DATA, PLAN.counts, [6, 8], "with two more", added=ADDED)
MULTI = Labelled(
    pd.DataFrame({"x": np.arange(4.0)}), np.eye(4, 2, dtype=bool), ("bird", "dog"), np.arange(4)
)


def test_a_balanced_table_has_one_row_a_draw():
    order = np.random.default_rng(0).permutation(12)
    for data in (DATA, DATA.take(order)):
        table = balanced_frame(PLAN, data)
        assert table.columns.tolist() == ["id", "label", "value"]
        assert table.index.equals(pd.RangeIndex(12))
        assert table["label"].value_counts().to_dict() == {"common": 6, "rare": 6}
        drawn = table["id"].value_counts().reindex(PLAN.ids, fill_value=0)
        assert drawn.tolist() == PLAN.counts.tolist()
        assert (table["value"] * 2 == table["id"]).all()


def test_added_rows_are_in_the_table():
    table = balanced_frame(GROWN, DATA)
    assert table["id"].tolist()[-2:] == [1001, 1002]
    assert table["value"].tolist()[-2:] == [500.5, 501.0]
    assert table["label"].value_counts().to_dict() == {"common": 6, "rare": 8}


def test_several_labels_a_sample_have_a_column_each():
    plan = Plan.of(MULTI, [2, 1, 0, 1], [2, 1], "by hand")
    table = balanced_frame(plan, MULTI)
    assert table.columns.tolist() == ["id", "bird", "dog", "x"]
    assert table["bird"].tolist() == [True, True, False, False]
    assert manifest(plan, MULTI)["dog"].tolist() == [False, True, False, False]


def test_names_that_the_table_needs_are_refused():
    table = DATA.inputs.rename(columns={"value": "label"})
    data = Labelled(table, DATA.labels, DATA.class_names, DATA.ids)
    with pytest.raises(DataError, match=r"columns named \['label'\]"):
        balanced_frame(by_count(data, 1.0), data)
    for name, export in (("id", balanced_frame), ("id", manifest), ("count", manifest)):
        multi = Labelled(MULTI.inputs, MULTI.labels, ("bird", name), MULTI.ids)
        with pytest.raises(DataError, match=f"'{name}'"):
            export(Plan.of(multi, [1] * 4, [1, 1], "by hand"), multi)


def test_a_manifest_lists_the_files_of_a_folder(tmp_path):
    for name, n in (("cat", 4), ("dog", 2)):
        (tmp_path / name).mkdir()
        for number in range(n):
            pixels = np.full((4, 4), 40 * number + n, np.uint8)
            Image.fromarray(pixels).save(tmp_path / name / f"{number}.png")
    data = load(tmp_path)
    plan = by_count(data, 1.0)
    listed = manifest(plan, data)
    assert listed.columns.tolist() == ["id", "class", "count", "weight", "added"]
    assert all((tmp_path / path).exists() for path in listed["id"])
    assert listed["id"].tolist()[-1] == "dog/1.png"
    assert listed.groupby("class", observed=True)["count"].sum().to_dict() == {"cat": 3, "dog": 3}
    assert not listed["added"].any()
    with pytest.raises(DataError, match="images"):
        balanced_frame(plan, data)


def test_a_manifest_says_expected_uses_and_what_is_added():
    weights = np.repeat([6 / 9, 2.0], [9, 3])
    plan = Plan.of(DATA, PLAN.counts, [6, 6], "fractions", weights=weights, added=ADDED)
    order = np.random.default_rng(0).permutation(12)
    listed = manifest(plan, DATA.take(order))
    assert listed["id"].tolist() == [*DATA.ids[order], 1001, 1002]
    assert listed["count"].tolist() == [*PLAN.counts[order], 1, 1]
    assert listed["weight"].tolist() == [*weights[order], 1, 1]
    assert listed["added"].tolist() == [False] * 12 + [True] * 2


def test_sample_weights_have_a_mean_of_one_and_stand_for_the_plan():
    grown = by_count(DATA, 1.0, size="grow")  # 9 of 9, and 3 times 3
    weights = sample_weights(grown, DATA)
    assert weights.mean() == pytest.approx(1)
    assert weights[-1] / weights[0] == pytest.approx(3)
    order = np.random.default_rng(0).permutation(12)
    assert np.array_equal(sample_weights(grown, DATA.take(order)), weights[order])
    # the same model as from the repeated rows, up to the size of the data set that C sees
    x = DATA.inputs.to_numpy() / 60
    by_weight = LogisticRegression(C=10).fit(x, DATA.labels, sample_weight=weights * 18 / 12)
    rows = grown.rows(DATA)
    by_rows = LogisticRegression(C=10).fit(x[rows], DATA.labels[rows])
    np.testing.assert_allclose(by_weight.coef_, by_rows.coef_, rtol=1e-3)


def test_plans_that_no_weights_can_stand_for_are_refused():
    with pytest.raises(ParameterError, match="2 rows that this plan adds"):
        sample_weights(GROWN, DATA)
    whole, plan = GROWN.applied(DATA)
    assert sample_weights(plan, whole).mean() == pytest.approx(1)


@pytest.mark.parametrize("export", [balanced_frame, manifest, sample_weights])
def test_other_data_are_refused(export):
    other = labelled(DATA.labels, ("common", "other"), DATA.ids)
    with pytest.raises(MismatchError, match="made on data"):
        export(PLAN, other)
