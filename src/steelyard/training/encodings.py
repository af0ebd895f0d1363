"""Inputs as numbers: what a network or a tree reads, learned from one part alone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

from steelyard.records.labelled import Labelled

# Rarer levels of a category share one column; the booster's bins hold at most 255 levels.
_LEVELS = 100


def encode(
    data: Labelled, held_out: Sequence[Labelled], model: str, reference: Labelled
) -> tuple[np.ndarray, list[np.ndarray], np.ndarray]:
    """Return encoded training inputs, encoded held-out inputs and which columns are categories.

    Images stay uint8 for networks, shape (n, channels, height, width), because a batch is
    converted when it is used; trees read flat pixels. Tables become standardised numbers and
    one-hot categories for networks, plain numbers and category codes for trees; means, levels and
    all else that is learned come from the reference, most often the training part itself.
    """
    parts = [data, *held_out]
    none = np.zeros(0, dtype=bool)
    if data.modality == "image":
        encoded = [np.array(part.inputs.transpose(0, 3, 1, 2), order="C") for part in parts]
        if model == "trees":
            encoded = [images.reshape(len(images), -1) for images in encoded]
        return encoded[0], encoded[1:], none
    numbers = list(data.inputs.select_dtypes("number").columns)
    categories = [column for column in data.inputs.columns if column not in numbers]
    objects = dict.fromkeys(categories, object)
    tables = [part.inputs.astype(objects) for part in parts]
    if model == "trees":
        transformer = _codes(numbers, categories)
        kinds = np.repeat([False, True], [len(numbers), len(categories)])
        dtype: type = np.float64
    else:
        transformer, kinds, dtype = _one_hot(numbers, categories), none, np.float32
    transformer.fit(reference.inputs.astype(objects))
    encoded = [np.ascontiguousarray(transformer.transform(table), dtype=dtype) for table in tables]
    return encoded[0], encoded[1:], kinds


def _one_hot(numbers: list[str], categories: list[str]) -> ColumnTransformer:
    filled = make_pipeline(
        SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True),
        StandardScaler(),
    )
    levels = OneHotEncoder(
        handle_unknown="infrequent_if_exist",
        max_categories=_LEVELS,
        sparse_output=False,
    )
    return ColumnTransformer([("numbers", filled, numbers), ("categories", levels, categories)])


def _codes(numbers: list[str], categories: list[str]) -> ColumnTransformer:
    codes = OrdinalEncoder(
        handle_unknown="use_encoded_value",
        unknown_value=np.nan,
        encoded_missing_value=np.nan,
        max_categories=_LEVELS,
    )
    untouched = ("numbers", "passthrough", numbers)
    return ColumnTransformer([untouched, ("categories", codes, categories)])
