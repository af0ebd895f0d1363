import uuid

import numpy as np
import pandas as pd
import pytest

from steelyard._support.arrays import (
    frozen_array,
    frozen_categories,
    frozen_ids,
    frozen_integers,
    require_finite,
)
from steelyard._support.errors import DataError


def test_a_frozen_array_is_a_copy_that_cannot_be_written():
    mine = np.arange(6).reshape(2, 3).T
    frozen = frozen_array(mine)
    with pytest.raises(ValueError, match="read-only"):
        frozen[0, 0] = 9
    mine[0, 0] = 9
    assert frozen[0, 0] == 0
    assert frozen.flags.c_contiguous


@pytest.mark.parametrize(
    "values",
    [[1, 2], np.array([1.0, 2.0]), [True, True], np.array([1, 2], np.uint8), pd.Series([1, 2])],
)
def test_whole_numbers_become_int64(values):
    frozen = frozen_integers(values, "counts", "X")
    assert frozen.dtype == np.int64
    assert not frozen.flags.writeable
    np.testing.assert_array_equal(frozen, np.asarray(values).astype(int))


@pytest.mark.parametrize("values", [[0.5, 1], [np.nan, 1], [np.inf], ["1"], [None], [1j]])
def test_what_is_not_whole_is_refused_and_never_rounded(values):
    with pytest.raises(DataError, match="The counts of X must be whole numbers"):
        frozen_integers(values, "counts", "X")


def test_no_values_are_whole():
    assert frozen_integers([], "counts", "X").shape == (0,)


@pytest.mark.parametrize(
    "ids",
    [
        [3, 1],
        np.array([3, 1], np.int8),
        np.array([3, 1], dtype=object),
        pd.Series([3, 1], dtype="Int64"),
        pd.Series([3, 1], dtype=object),
    ],
)
def test_integers_stay_integers_however_they_come(ids):
    frozen = frozen_ids(ids, 2, "X")
    assert frozen.dtype == np.int64
    assert frozen.tolist() == [3, 1]
    assert not frozen.flags.writeable


@pytest.mark.parametrize(
    ("ids", "expected"),
    [
        (["b", "a"], ["b", "a"]),
        (pd.Series(["b", "a"]), ["b", "a"]),
        (pd.Series(["b", "a"], dtype="category"), ["b", "a"]),
        (np.array(["b", "a"], dtype=object), ["b", "a"]),
        (["", "🦜\n"], ["", "🦜\n"]),
        (["nan", "None"], ["nan", "None"]),
        (np.array([2**63, 1], np.uint64), [str(2**63), "1"]),
        ([uuid.UUID(int=1), uuid.UUID(int=2)], [str(uuid.UUID(int=1)), str(uuid.UUID(int=2))]),
    ],
)
def test_other_ids_become_text(ids, expected):
    frozen = frozen_ids(ids, 2, "X")
    assert frozen.dtype.kind == "U"
    assert frozen.tolist() == expected


@pytest.mark.parametrize(
    "ids",
    [
        np.array(["a", None], dtype=object),
        pd.Series(["a", None]),
        pd.Series([1, None], dtype="Int64"),
        [1.0, np.nan],
    ],
)
def test_a_missing_id_is_refused_and_never_becomes_text(ids):
    with pytest.raises(DataError, match=r"must not be missing. Row 1 has none"):
        frozen_ids(ids, 2, "X")


def test_ids_must_be_one_a_sample_and_unique_and_storable():
    with pytest.raises(DataError, match="one id a sample: 3"):
        frozen_ids([1, 2], 3, "X")
    with pytest.raises(
        DataError, match=r"1 occur more than once, first 'a'.* Hint: choose another"
    ):
        frozen_ids(["a", "b", "a"], 3, "X")
    with pytest.raises(DataError, match="1 occur more than once, first '1'"):
        frozen_ids(np.array([1, "1"], dtype=object), 2, "X")
    with pytest.raises(DataError, match="valid Unicode"):
        frozen_ids(["a", "\udce9"], 2, "X")


def test_categories_have_one_form():
    plain = pd.Series(pd.Categorical(["b", None, "a"]))
    others = [
        pd.Series(pd.Categorical(["b", None, "a"], categories=["z", "b", "a"])),
        pd.Series(pd.Categorical(["b", None, "a"], categories=["b", "a"], ordered=True)),
    ]
    expected = frozen_categories(plain)
    assert expected.categories.tolist() == ["a", "b"]
    assert expected.codes.tolist() == [1, -1, 0]
    for other in others:
        found = frozen_categories(other)
        assert found.codes.tolist() == expected.codes.tolist()
        assert found.categories.tolist() == ["a", "b"]
        assert not found.ordered
    numbers = frozen_categories(pd.Series(pd.Categorical([10, 9, np.nan])))
    assert numbers.categories.tolist() == ["10", "9"]
    nothing = frozen_categories(pd.Series(pd.Categorical([None, None])))
    assert nothing.codes.tolist() == [-1, -1]


@pytest.mark.parametrize("n_levels", [3, 200, 40_000])
def test_codes_are_read_only_at_every_width(n_levels):
    categories = frozen_categories(pd.Series(pd.Categorical(np.arange(n_levels))))
    with pytest.raises(ValueError, match="read-only"):
        categories[0] = "1"


def test_only_finite_values_pass():
    require_finite(np.array([[1.0, 2.0]]), "logits", "X")
    require_finite(np.array(["a"]), "names", "X")
    with pytest.raises(DataError, match=r"The logits of X must be finite. Got 2 .* first in row 1"):
        require_finite(np.array([[1.0, 2.0], [np.nan, np.inf]]), "logits", "X")
