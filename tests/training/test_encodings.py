"""Encodings are learned from the training part alone and survive what held-out rows bring."""

import numpy as np
import pandas as pd
import pytest
from toy_data import parted, toy_images, toy_table

from steelyard._support.errors import DataError, MismatchError
from steelyard.records import Labelled
from steelyard.training import prepare


def test_numbers_are_standardised_and_missing_ones_marked():
    data = parted(toy_table())
    prepared = prepare(data.part("train"), [data.part("test")], model="mlp")
    # height, noise, "height is missing", two shops
    assert prepared.X.shape[1] == 5
    np.testing.assert_allclose(prepared.X[:, :2].mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(prepared.X[:, :2].std(axis=0), 1, atol=1e-5)
    assert np.isfinite(prepared.X).all()
    assert np.isfinite(prepared.X_held_out[0]).all()


def test_trees_keep_missing_numbers_and_get_category_codes():
    data = parted(toy_table())
    prepared = prepare(data.part("train"), [data.part("test")], model="trees")
    assert prepared.categorical.tolist() == [False, False, True]
    assert np.isnan(prepared.X[:, 0]).any()
    assert set(np.unique(prepared.X[:, 2])) == {0.0, 1.0}


@pytest.mark.parametrize("model", ["mlp", "trees"])
def test_a_level_that_training_never_saw_is_no_error(model):
    data = parted(toy_table())
    train, test = data.part("train"), data.part("test")
    inputs = test.inputs.copy()
    inputs["shop"] = pd.Categorical(["moon"] * len(test))
    strange = Labelled(inputs, test.labels, test.class_names, test.ids, test.split)
    prepared = prepare(train, [strange], model=model)
    assert prepared.X_held_out[0].shape == (len(test), prepared.X.shape[1])


@pytest.mark.parametrize("model", ["mlp", "trees"])
def test_a_column_missing_throughout_the_training_part_is_no_error(model):
    data = parted(toy_table())
    inputs = data.inputs.copy()
    inputs.loc[data.split == "train", "noise"] = np.nan
    inputs.loc[data.split == "train", "shop"] = None
    holed = Labelled(inputs, data.labels, data.class_names, data.ids, data.split)
    prepared = prepare(holed.part("train"), [holed.part("test")], model=model)
    if model == "mlp":
        assert np.isfinite(prepared.X_held_out[0]).all()


def test_images_stay_bytes_for_networks_and_flat_for_trees():
    data = parted(toy_images())
    assert prepare(data.part("train"), model="cnn").X.dtype == np.uint8
    assert prepare(data.part("train"), model="cnn").X.shape[1:] == (1, 6, 6)
    assert prepare(data.part("train"), model="trees").X.shape[1:] == (36,)


def joined(data, added):
    """The data with other rows added, whose ids come first."""
    table = data.modality == "table"
    inputs = (
        pd.concat([added.inputs.astype(object), data.inputs.astype(object)], ignore_index=True)
        if table
        else np.concatenate([added.inputs, data.inputs])
    )
    if table:
        inputs = inputs.astype({"height": float, "noise": float, "shop": "category"})
    ids = np.concatenate([added.ids - 10_000, data.ids])
    labels = np.concatenate([added.labels, data.labels])
    return Labelled(inputs, labels, data.class_names, ids)


def brightened(data, by=70):
    pixels = np.clip(data.inputs.astype(int) + by, 0, 255).astype(np.uint8)
    return Labelled(pixels, data.labels, data.class_names, data.ids)


def test_moments_of_images_are_those_of_the_reference():
    data = parted(toy_images())
    train, test = data.part("train"), data.part("test")
    more = joined(train, brightened(train))
    plain = prepare(train, [test], model="cnn")
    held = prepare(more, [test], model="cnn", reference=train)
    for one, other in zip(held.channel_moments, plain.channel_moments, strict=True):
        np.testing.assert_array_equal(one, other)
    assert prepare(more, model="cnn").channel_moments[0] > plain.channel_moments[0] + 10
    assert len(held.X) == 2 * len(train)
    assert held.reference is train
    assert plain.reference is None
    pixels = train.inputs.astype(float)
    assert plain.channel_moments[0] == pytest.approx(pixels.mean())
    assert plain.channel_moments[1] == pytest.approx(pixels.std())


def test_moments_are_of_each_channel_of_the_reference():
    draws = np.random.default_rng(0)
    pixels = (draws.integers(0, 50, (30, 4, 5, 3)) + np.array([0, 100, 200])).astype(np.uint8)
    data = Labelled(pixels, np.arange(30) % 2, ("a", "b"), np.arange(30))
    other = Labelled(255 - pixels, data.labels, data.class_names, data.ids + 100)
    mean, deviation = prepare(other, model="cnn", reference=data).channel_moments
    np.testing.assert_allclose(mean, pixels.mean(axis=(0, 1, 2)))
    np.testing.assert_allclose(deviation, pixels.std(axis=(0, 1, 2)))


@pytest.mark.parametrize("model", ["mlp", "trees"])
def test_a_table_is_encoded_as_its_reference_is(model):
    data = parted(toy_table())
    train, test = data.part("train"), data.part("test")
    other = train.inputs.assign(
        height=train.inputs["height"] * 5 + 3,
        shop=pd.Categorical(["moon"] * len(train)),
    )
    added = Labelled(other, train.labels, train.class_names, train.ids)
    more = joined(train, added)
    plain = prepare(train, [test], model=model)
    held = prepare(more, [test], model=model, reference=train)
    np.testing.assert_array_equal(held.X_held_out[0], plain.X_held_out[0])
    own = np.flatnonzero(more.ids[held.order] >= 0)
    np.testing.assert_array_equal(held.X[own], plain.X)
    learned = prepare(more, [test], model=model)
    # a third shop; to trees, whose numbers nothing is learned of, a code before the others
    assert (
        learned.X_held_out[0].shape != plain.X_held_out[0].shape
        or (learned.X_held_out[0][:, 2] != plain.X_held_out[0][:, 2]).all()
    )


@pytest.mark.parametrize("make", [toy_images, toy_table])
def test_the_reference_decides_which_output_is_which_class_and_its_rows_have_no_order(make):
    data = parted(make())
    train, test = data.part("train"), data.part("test")
    # all the rows that come first are of the class that came last
    plain = prepare(train, [test])
    last = train.take(train.labels == plain.classes[-1])
    more = joined(train, last)
    assert prepare(more).classes[0] == plain.classes[-1]
    shuffled = train.take(np.argsort(train.labels != plain.classes[-1], kind="stable"))
    for reference in (train, shuffled):
        held = prepare(more, [test], reference=reference)
        np.testing.assert_array_equal(held.classes, plain.classes)
        np.testing.assert_array_equal(held.classes[held.y], more.labels[held.order])
        np.testing.assert_array_equal(held.y_held_out[0], plain.y_held_out[0])
        np.testing.assert_array_equal(held.X_held_out[0], plain.X_held_out[0])


def test_a_reference_of_other_kind_is_refused():
    images, table = parted(toy_images()), parted(toy_table((60, 40, 20)))
    train, test = images.part("train"), images.part("test")
    alike = "must have the classes and inputs of the training part.*Hint: pass the training part as"
    for reference in (
        table.part("train"),
        parted(toy_images(size=7)).part("train"),
        parted(toy_images(names=("x", "y", "z"))).part("train"),
    ):
        with pytest.raises(MismatchError, match=alike):
            prepare(train, [test], reference=reference)
    columns = table.part("train")
    text = columns.inputs.assign(noise=pd.Categorical(["loud"] * len(columns)))
    for inputs in (columns.inputs.drop(columns="noise"), text):
        other = Labelled(inputs, columns.labels, columns.class_names, columns.ids)
        with pytest.raises(MismatchError, match=alike):
            prepare(columns, reference=other)
    with pytest.raises(DataError, match="1 classes have no reference sample, first 'class 1'"):
        prepare(train, reference=train.take(train.labels != 1))
    with pytest.raises(MismatchError, match="24 held-out samples stand in the reference part"):
        prepare(train, [test], reference=images)
