"""Arrays in memory and .npz files: tables of numbers, or images."""

import numpy as np
import pandas as pd
import pytest

from steelyard._support.errors import DataError, DataNotFoundError, ParameterError, SteelyardWarning
from steelyard.datasets import load

NUMBERS = np.array([[1.0, 5.0], [2.0, 6.0], [3.0, 5.0]])
Y = np.array([1, -1, 1])


def pixels(*shape):
    return np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)


@pytest.mark.parametrize(
    "source", [(NUMBERS, None), ((NUMBERS, Y), None), (NUMBERS.tolist(), None)]
)
def test_a_matrix_becomes_a_table(source):
    X = source[0]
    data = load(X) if isinstance(X, tuple) else load(X, Y)
    assert data.modality == "table"
    assert list(data.inputs.columns) == ["x0", "x1"]
    assert data.inputs.to_numpy().tolist() == NUMBERS.tolist()
    assert data.class_names == ("-1", "1")
    assert data.labels.tolist() == [1, 0, 1]


@pytest.mark.parametrize("shape", [(3, 4, 5), (3, 4, 5, 1), (3, 4, 5, 3)])
def test_uint8_images_are_taken_as_they_are(shape):
    X = pixels(*shape)
    data = load(X, Y)
    assert data.inputs.shape == (*shape, 1)[:4]
    assert (data.inputs.reshape(shape) == X).all()


@pytest.mark.parametrize(
    "convert",
    [
        lambda X: X / 255,
        lambda X: (X / 255).astype(np.float32),
        lambda X: X.astype(np.int64),
        lambda X: X.astype(np.float64),
    ],
)
def test_other_encodings_of_the_same_images_give_the_same_data(convert):
    X = pixels(3, 4, 4)
    assert load(convert(X), Y).fingerprint == load(X, Y).fingerprint


def test_black_and_white_images_fill_the_range():
    X = np.zeros((3, 2, 2), bool)
    X[0] = True
    assert load(X, Y).inputs[:, 0, 0, 0].tolist() == [255, 0, 0]
    shades = np.array([0.999, 0.001, 0.003]).reshape(3, 1, 1)
    assert load(shades, Y).inputs.ravel().tolist() == [255, 0, 1]  # rounded, not cut


@pytest.mark.parametrize(
    "X",
    [
        np.full((3, 2, 2), -0.5),
        np.full((3, 2, 2), 1.5),
        np.full((3, 2, 2), 256),
        np.full((3, 2, 2), -1),
    ],
)
def test_images_out_of_range_are_refused(X):
    with pytest.raises(DataError, match="from 0 to 255 or floats from 0 to 1") as caught:
        load(X, Y)
    assert "normalisation" in caught.value.hint


def test_channels_first_and_transparency_are_refused():
    for shape in [(3, 3, 8, 8), (3, 8, 8, 4)]:
        with pytest.raises(DataError, match="1 or 3 channels") as caught:
            load(pixels(*shape), Y)
        assert "transpose" in caught.value.hint


@pytest.mark.parametrize(
    "X",
    [np.zeros(3), np.zeros((3, 1, 1, 1, 1)), np.array([["a"], ["b"], ["c"]]), [[1], [2, 3]][:0]],
)
def test_what_is_neither_a_table_nor_images_is_refused(X):
    with pytest.raises(DataError, match="X must be numbers of shape"):
        load(X, Y)


def test_nan_and_infinity_are_refused_with_the_row():
    with pytest.raises(DataError, match="1 NaN, the first in row 2") as caught:
        load(np.array([[1.0], [2.0], [np.nan]]), Y)
    assert "DataFrame" in caught.value.hint
    with pytest.raises(DataError, match="first in row 1"):
        load(np.array([[1.0], [np.inf], [2.0]]), Y)


def test_lengths_must_agree():
    for X in (NUMBERS, pixels(3, 2, 2)):
        with pytest.raises(DataError, match=r"one length. Got 3 and 4"):
            load(X, [0, 1, 0, 1])


def test_an_array_needs_its_labels():
    with pytest.raises(ParameterError, match="'target'"):
        load(NUMBERS)


def test_a_pair_may_hold_a_dataframe():
    data = load((pd.DataFrame({"t": ["a", "b", "a"], "key": [3, 1, 2]}), Y), id_column="key")
    assert data.ids.tolist() == [3, 1, 2]
    assert list(data.inputs.columns) == ["t"]


def test_constant_columns_of_a_matrix_are_left_out():
    with pytest.warns(SteelyardWarning, match="'x1'"):
        assert list(load(np.array([[1, 0], [2, 0], [3, 0]]), Y).inputs.columns) == ["x0"]


def test_rows_without_a_target_are_left_out_on_request():
    y = np.array([1.0, np.nan, 2.0])
    with pytest.raises(DataError, match="missing in 1 of 3"):
        load(NUMBERS, y)
    with pytest.warns(SteelyardWarning):
        data = load(pixels(3, 2, 2), y, drop_missing_target=True)
    assert data.ids.tolist() == [0, 2]
    assert (data.inputs[..., 0] == pixels(3, 2, 2)[[0, 2]]).all()


def test_npz(tmp_path):
    X = pixels(4, 6, 6)
    np.savez(
        tmp_path / "a.npz",
        X=X,
        y=np.array([1, 0, 1, 0]),
        ids=np.array(["d", "c", "b", "a"]),
        split=np.array(["train", "train", "test", "validation"]),
        class_names=np.array(["zebra", "ape"]),
    )
    data = load(tmp_path / "a.npz")
    assert data.name == "a"
    assert data.class_names == ("zebra", "ape")
    assert data.labels.tolist() == [1, 0, 1, 0]
    assert data.ids.tolist() == ["d", "c", "b", "a"]
    assert data.split.tolist() == ["train", "train", "test", "validation"]
    data.save(tmp_path / "stored.npz")
    assert load(tmp_path / "stored.npz").fingerprint == data.fingerprint


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"X": NUMBERS}, "'X' and 'y'. It holds"),
        ({"data": NUMBERS, "y": Y}, "'data', 'y'"),
        ({"X": NUMBERS, "y": Y, "ids": np.arange(2)}, "3 ids"),
        ({"X": NUMBERS, "y": Y, "split": np.array(["train"])}, "3 split"),
        ({"X": NUMBERS, "y": Y, "split": np.array(["train", "test", "dev"])}, "dev"),
        ({"X": NUMBERS, "y": Y, "class_names": np.array(["a", "b"])}, "codes from 0 to 1"),
        ({"X": NUMBERS, "y": Y, "ids": np.array([1, 1, 2])}, "unique"),
        ({"X": np.array([[1, "a"]], object), "y": Y}, "readable npz"),
    ],
)
def test_npz_files_whose_arrays_do_not_fit_are_refused(tmp_path, arrays, message):
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(DataError, match=message):
        load(tmp_path / "a.npz")


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut short"])
def test_broken_npz_files_are_refused(tmp_path, content):
    (tmp_path / "a.npz").write_bytes(content)
    with pytest.raises(DataError, match="readable npz") as caught:
        load(tmp_path / "a.npz")
    assert caught.value.hint


def test_a_truncated_npz_is_refused(tmp_path):
    np.savez(tmp_path / "a.npz", X=pixels(50, 8, 8), y=np.arange(50) % 2)
    content = (tmp_path / "a.npz").read_bytes()
    (tmp_path / "a.npz").write_bytes(content[: len(content) // 2])
    with pytest.raises(DataError, match="readable npz"):
        load(tmp_path / "a.npz")
    with pytest.raises(DataNotFoundError):
        load(tmp_path / "b.npz")
