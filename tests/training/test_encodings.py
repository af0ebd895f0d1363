"""Encodings are learned from the training part alone and survive what held-out rows bring."""

import numpy as np
import pandas as pd
import pytest
from toy_data import parted, toy_images, toy_table

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
