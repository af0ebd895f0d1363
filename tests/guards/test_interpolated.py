"""SMOTE before the split is found, in training and held out; after the split it is right."""

import numpy as np
import pandas as pd
import pytest
from imblearn.over_sampling import ADASYN, SMOTE, SMOTENC, BorderlineSMOTE
from sklearn import datasets

import steelyard as sy
from steelyard.datasets import load
from steelyard.guards import CannotTell, made_from_held_out, made_up
from steelyard.guards.segments import segments
from steelyard.records.labelled import Labelled


def imbalanced(seed=0):
    """Breast cancer with 40 of its 212 malignant samples, 30 columns."""
    bunch = datasets.load_breast_cancer()
    rare = np.flatnonzero(bunch.target == 0)[:40]
    rows = np.random.default_rng(seed).permutation(
        np.concatenate([rare, np.flatnonzero(bunch.target == 1)])
    )
    return bunch.data[rows], bunch.target[rows]


def labelled(X, y, ids=None):
    ids = np.arange(len(y)) if ids is None else ids
    return Labelled(pd.DataFrame(X), np.asarray(y), ("rare", "common"), ids)


def split_after(data, seed=1):
    order = np.random.default_rng(seed).permutation(len(data))
    cut = int(0.7 * len(data))
    return data.take(order[:cut]), data.take(order[cut:])


@pytest.mark.parametrize("decimals", [None, 4])
@pytest.mark.parametrize("kind", [SMOTE, BorderlineSMOTE, ADASYN])
def test_rows_made_before_the_split_are_found(kind, decimals):
    X, y = imbalanced()
    X_made, y_made = kind(random_state=0).fit_resample(X, y)
    if decimals is not None:
        X_made = X_made.round(decimals)
    train, part = split_after(labelled(X_made, y_made))
    leak, made = made_from_held_out(train, part, "test"), made_up(train, part, "test")
    assert (leak.code, leak.severity) == ("G104", "error")
    assert (made.code, made.severity) == ("G105", "error")
    n_made = (part.ids >= len(X)).sum()
    assert 0.7 * n_made < made.count <= n_made
    rows = {int(one.split(" between ")[0]) for one in (*leak.examples, *made.examples)}
    assert min(rows) >= len(X)  # real rows are nobody's children
    held_out = set(part.ids.tolist())
    for one in leak.examples:
        ends = one.split(" between ")[1].split(" and ")
        assert held_out & set(map(int, ends))


@pytest.mark.parametrize("kind", [SMOTE, BorderlineSMOTE])
def test_rows_made_after_the_split_are_as_they_should_be(kind):
    train, part = split_after(labelled(*imbalanced()))
    made = kind(random_state=0).fit_resample(train.inputs.to_numpy(), train.labels)
    train = labelled(*made, ids=np.arange(len(made[1])) + 1000)
    assert made_from_held_out(train, part, "test") is None
    assert made_up(train, part, "test") is None


def test_smote_of_numbers_and_categories_is_found():
    X, y = imbalanced()
    shop = np.random.default_rng(0).integers(0, 3, len(y))
    X_made, y_made = SMOTENC([5], random_state=0).fit_resample(np.column_stack([X[:, :5], shop]), y)
    frame = pd.DataFrame(X_made).astype({5: str}).astype({5: "category"})
    train, part = split_after(labelled(frame, y_made))
    assert made_from_held_out(train, part, "test").count > 20
    assert made_up(train, part, "test").count > 50


def test_images_mixed_by_a_plan_of_ours_are_found():
    data = load("digits")
    wanted = np.where(np.arange(10) == 3, 120, 0)
    made = sy.Smote().rows_for(data, wanted, 0)
    whole = Labelled(
        np.concatenate([data.inputs, made.inputs]),
        np.concatenate([data.labels, made.labels]),
        data.class_names,
        np.arange(len(data) + 120),
    )
    train, part = split_after(whole)
    found = made_up(train, part, "test")
    n_made = (part.ids >= len(data)).sum()
    assert 0.8 * n_made < found.count <= n_made
    assert made_from_held_out(train, part, "test").count > 20


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", ["wine", "breast_cancer", "digits", "iris"])
def test_real_tables_are_silent(name, seed):
    bunch = getattr(datasets, f"load_{name}")()
    names = tuple(map(str, bunch.target_names))
    data = Labelled(pd.DataFrame(bunch.data), bunch.target, names, np.arange(len(bunch.data)))
    train, part = split_after(data, seed)
    assert made_from_held_out(train, part, "test") is None
    assert made_up(train, part, "test") is None


@pytest.mark.parametrize("seed", range(3))
def test_chance_lines_of_whole_numbers_are_no_finding(seed):
    rng = np.random.default_rng(seed)
    grid = labelled(rng.integers(0, 8, (1500, 3)).astype(float), rng.integers(0, 2, 1500))
    train, part = split_after(grid)
    assert made_from_held_out(train, part, "test") is None
    assert made_up(train, part, "test") is None


def test_decoys_measure_how_many_lines_chance_makes():
    rng = np.random.default_rng(0)
    points = np.unique(rng.normal(size=(2000, 4)).round(2), axis=0)
    found = segments(points, np.arange(len(points)))
    assert len(found.rows) > 20
    assert found.n_decoys == pytest.approx(len(found.rows), rel=0.4)
    smooth = segments(rng.normal(size=(2000, 4)), np.arange(2000))
    assert len(smooth.rows) == 0
    assert smooth.n_decoys == 0


def test_the_one_that_lies_between_is_named_and_its_ends():
    rng = np.random.default_rng(0)
    points = rng.normal(size=(60, 5))
    points[10] = 0.3 * points[20] + 0.7 * points[30]
    found = segments(points, np.arange(60))
    assert found.rows.tolist() == [10]
    assert set(found.ends[0].tolist()) == {20, 30}
    needed = np.zeros(60, bool)
    assert len(segments(points, np.arange(60), needed).rows) == 0
    needed[30] = True
    assert segments(points, np.arange(60), needed).rows.tolist() == [10]


def test_a_line_along_one_or_two_columns_does_not_count():
    rng = np.random.default_rng(0)
    frame = np.zeros((300, 5))
    frame[:, :2] = rng.normal(size=(300, 2))
    frame[200:, :2] = frame[:100, :2] * 0.5 + frame[100:200, :2] * 0.5
    assert len(segments(frame, np.arange(300)).rows) == 0


def test_too_few_columns_of_numbers_cannot_tell():
    rng = np.random.default_rng(0)
    data = labelled(rng.normal(size=(50, 2)), np.zeros(50, int))
    with pytest.raises(CannotTell, match="2 columns of numbers"):
        made_up(data, data, "test")
    holes = pd.DataFrame(rng.normal(size=(50, 3)))
    holes.iloc[0, 0] = np.nan
    whole = labelled(rng.normal(size=(50, 3)), np.zeros(50, int))
    with pytest.raises(CannotTell, match="2 columns of numbers"):
        made_from_held_out(labelled(holes, np.zeros(50, int)), whole, "test")


def test_tiny_parts_and_lonely_classes_are_silent():
    rng = np.random.default_rng(0)
    train, part = (
        labelled(rng.normal(size=(3, 4)), [0, 0, 1]),
        labelled(rng.normal(size=(1, 4)), [1]),
    )
    assert made_from_held_out(train, part, "test") is None
    assert made_up(train, part, "test") is None
