"""Tables: which columns are features, of what kind, and what is refused."""

import datetime
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from steelyard._support.errors import DataError, ParameterError, SteelyardWarning
from steelyard.datasets.tables import labelled_from_table

Y = ["no", "yes", "no", "yes"]


def table(**columns):
    return pd.DataFrame({"x": [1.0, 2.0, 3.0, 5.0], **columns, "y": Y})


def feature(values, **options):
    """Return the one feature column that these values become."""
    return labelled_from_table(pd.DataFrame({"x": values, "y": Y}), "y", **options).inputs["x"]


@pytest.mark.parametrize(
    "values",
    [
        [1, 2, 3, 4],
        pd.Series([1, 2, 3, 4], dtype=object),
        pd.Series([1, 2, 3, 4], dtype="Int64"),
        pd.Series([1, 2, 3, 4], dtype="int64[pyarrow]"),
        pd.Series([Decimal(1), Decimal(2), Decimal(3), Decimal(4)]),
        np.array([1, 2, 3, 4], np.uint8),
    ],
)
def test_numbers_of_every_type_become_floats(values):
    assert feature(values).dtype == np.float64
    assert feature(values).tolist() == [1.0, 2.0, 3.0, 4.0]


@pytest.mark.parametrize(
    "values",
    [
        [1.0, np.nan, 3.0, 4.0],
        pd.Series([1, None, 3, 4], dtype="Int64"),
        pd.Series([1, None, 3, 4], dtype=object),
        pd.Series([Decimal(1), None, Decimal(3), Decimal(4)]),
    ],
)
def test_a_missing_number_is_nan(values):
    assert np.isnan(feature(values)[1])
    assert feature(values).dropna().tolist() == [1.0, 3.0, 4.0]


@pytest.mark.parametrize(
    ("values", "levels"),
    [
        (["b", "a", "b", None], ["a", "b"]),
        (pd.Series(["b", "a", "b", None], dtype=object), ["a", "b"]),
        (pd.Series(["b", "a", "b", None], dtype="category"), ["a", "b"]),
        ([True, False, True, True], ["False", "True"]),
        (pd.Series([True, False, None, True], dtype="boolean"), ["False", "True"]),
        (pd.Series([1, "a", 1, None], dtype=object), ["1", "a"]),
        (pd.Categorical([10, 2, 10, None]), ["10", "2"]),
    ],
)
def test_text_booleans_and_categories_become_categories(values, levels):
    column = feature(values)
    assert isinstance(column.dtype, pd.CategoricalDtype)
    assert column.cat.categories.tolist() == levels


def test_the_table_that_came_is_left_alone():
    came = table(text=["a", "b", "a", "a"], constant=1).set_index(pd.Index([9, 8, 7, 6]))
    before = came.copy(deep=True)
    with pytest.warns(SteelyardWarning):
        labelled_from_table(came, "y", drop=["text"])
    pd.testing.assert_frame_equal(came, before)


@pytest.mark.parametrize(
    "values",
    [
        pd.to_datetime(["2020-01-01", "2020-01-02", None, "2020-01-04"]),
        pd.to_datetime(["2020-01-01"] * 4).tz_localize("UTC"),
        [datetime.date(2020, 1, day) for day in (1, 2, 3, 4)],
        pd.to_timedelta([1, 2, 3, 4], unit="D"),
        pd.Categorical(pd.to_datetime(["2020-01-01", "2020-01-02"] * 2)),
        ["2020-01-01", "2020-01-02", None, "2020-01-04"],
        ["2020-01-01T10:00:00Z", "2020-01-02 10:00", "2020/01/03", "2020-1-4"],
        ["31.12.2019", "1/2/2020", "01-02-2020", "1/2/2020 11:30 PM"],
        ["10:30", "11:30:00", "11:30:00.5", "1:30 pm"],
    ],
)
def test_dates_and_times_are_refused_with_a_hint(values):
    with pytest.raises(DataError, match="'x' holds dates or times") as caught:
        feature(values)
    assert "--drop x" in caught.value.hint


@pytest.mark.parametrize(
    "values",
    [
        ["10-19", "20-29", "10-19", "30-39"],
        ["2020-01-01", "never", "never", "unknown"],
        ["192.168.0.1", "10.0.0.1", "10.0.0.1", "10.0.0.2"],
        ["1.2.3", "1.2.4", "1.2.3", "1.2.3"],
    ],
)
def test_text_that_merely_looks_like_dates_is_not_refused(values):
    assert isinstance(feature(values).dtype, pd.CategoricalDtype)


@pytest.mark.parametrize(
    "values", [[[1], [2], [3], [4]], [1j, 2j, 3j, 4j], [b"a", b"b", b"a", b"a"]]
)
def test_cells_that_are_neither_numbers_nor_text_are_refused(values):
    with pytest.raises(DataError, match="'x' holds neither numbers nor text"):
        feature(values)


def test_numbers_that_a_word_turned_into_text_are_warned_of():
    values = [str(value) for value in range(39)] + ["unknown"]
    came = pd.DataFrame({"x": values, "z": np.arange(40), "y": Y * 10})
    with pytest.warns(SteelyardWarning, match="'x' is read as text because of 'unknown'"):
        labelled_from_table(came.iloc[[*range(40), 0]], "y")


def test_infinity_is_refused_by_column_and_row():
    with pytest.raises(DataError, match="'x' holds infinity, first in row 2"):
        feature([1.0, 2.0, -np.inf, 4.0])


def test_useless_columns_are_left_out_with_a_warning_that_names_them():
    came = table(
        constant=[7, 7, 7, 7],
        empty=[None] * 4,
        identifier=["a", "b", "c", "d"],
        flag=["a", None, "a", "a"],
    )
    with pytest.warns(SteelyardWarning) as caught:
        data = labelled_from_table(came, "y")
    assert list(data.inputs.columns) == ["x", "flag"]
    messages = sorted(str(warning.message) for warning in caught)
    assert len(messages) == 2
    assert "different text in every row" in messages[0]
    assert "'identifier'" in messages[0]
    assert "'constant', 'empty'" in messages[1]


@pytest.mark.filterwarnings("ignore::steelyard._support.errors.SteelyardWarning")
def test_a_table_without_a_useful_column_is_refused():
    with pytest.raises(DataError, match=r"No feature column is left.*'x' cannot"):
        feature([1, 1, 1, 1])
    with pytest.raises(DataError, match="No feature column is left"):
        labelled_from_table(pd.DataFrame({"y": Y}), "y")


@pytest.mark.parametrize("target", ["y", 2, -1, "2", "-1"])
def test_the_target_is_a_name_or_a_position(target):
    data = labelled_from_table(table(z=[4.0, 3.0, 2.0, 1.0]), target)
    assert data.class_names == ("no", "yes")
    assert list(data.inputs.columns) == ["x", "z"]


def test_a_name_goes_before_a_position():
    came = pd.DataFrame({"1": Y, "b": [1.0, 2.0, 3.0, 4.0]})
    assert list(labelled_from_table(came, "1").inputs.columns) == ["b"]
    came = pd.DataFrame({7: [1.0, 2.0, 3.0, 4.0], 0: Y})
    assert list(labelled_from_table(came, 0).inputs.columns) == ["7"]


@pytest.mark.parametrize("role", ["target", "id_column", "drop"])
def test_a_column_that_is_not_there_is_refused_with_the_nearest_names(role):
    options = {"target": "y", role: ["churnd"] if role == "drop" else "churnd"}
    with pytest.raises(
        ParameterError, match=f"'{role}' parameter of load names no column: 'churnd'"
    ) as e:
        labelled_from_table(table(churned=Y), **options)
    assert e.value.hint == "did you mean 'churned'?"


@pytest.mark.parametrize("position", [9, -9, "9"])
def test_a_position_that_is_not_there_is_refused(position):
    with pytest.raises(ParameterError) as caught:
        labelled_from_table(table(), position)
    assert "2 columns: 0 to 1" in caught.value.hint


def test_a_table_needs_a_target():
    with pytest.raises(ParameterError, match="'target'") as caught:
        labelled_from_table(table())
    assert "'x', 'y'" in caught.value.hint


def test_a_column_has_one_role():
    with pytest.raises(ParameterError, match=r"'id_column' .* 'y', which is the 'target' already"):
        labelled_from_table(table(), "y", id_column="y")
    with pytest.raises(ParameterError, match=r"'drop' .* 'y', which is the 'target' already"):
        labelled_from_table(table(), "y", drop=["y"])


def test_columns_of_one_name_are_refused():
    with pytest.raises(DataError, match="more than one column '1'"):
        labelled_from_table(pd.DataFrame([[1, 2, 3]], columns=[1, "1", "y"]), "y")


def test_ids():
    assert labelled_from_table(table(), "y").ids.tolist() == [0, 1, 2, 3]
    data = labelled_from_table(table(key=[9, 7, 8, 1]), "y", id_column="key")
    assert data.ids.dtype == np.int64
    assert data.ids.tolist() == [9, 7, 8, 1]
    assert list(data.inputs.columns) == ["x"]
    data = labelled_from_table(table(key=list("dacb")), "y", id_column="key")
    assert data.ids.tolist() == list("dacb")
    indexed = table().set_index(pd.Index([9, 7, 8, 1], name="key"))
    assert labelled_from_table(indexed, "y", id_column="key").ids.tolist() == [9, 7, 8, 1]


@pytest.mark.parametrize(
    ("key", "message"), [([1, 1, 2, 3], "must be unique"), ([1, None, 2, 3], "empty in 1 rows")]
)
def test_ids_that_do_not_name_one_row_each_are_refused(key, message):
    with pytest.raises(DataError, match=message):
        labelled_from_table(table(key=key), "y", id_column="key")


def test_rows_without_a_target_are_refused_or_left_out_with_their_ids():
    came = table().assign(y=["no", None, "no", "yes"])
    with pytest.raises(DataError, match="missing in 1 of 4 rows"):
        labelled_from_table(came, "y")
    with pytest.warns(SteelyardWarning, match="1 of 4 rows"):
        data = labelled_from_table(came, "y", drop_missing_target=True)
    assert data.ids.tolist() == [0, 2, 3]
    assert data.inputs["x"].tolist() == [1.0, 3.0, 5.0]


def test_labels_beside_the_table_pair_with_its_rows():
    data = labelled_from_table(table().drop(columns="y"), np.array([2, 1, 2, 1]))
    assert data.class_names == ("1", "2")
    assert data.labels.tolist() == [1, 0, 1, 0]
    with pytest.raises(DataError, match=r"one label a row: 4. Got 3"):
        labelled_from_table(table(), [1, 2, 1])


def test_labels_whose_index_is_another_order_of_the_rows_are_refused():
    came = table().drop(columns="y")
    shuffled = pd.Series(Y)[[3, 1, 0, 2]]
    with pytest.raises(DataError, match="in another order"):
        labelled_from_table(came, shuffled)
    assert len(labelled_from_table(came, shuffled.reset_index(drop=True))) == 4


def test_hostile_names_pass_through():
    hostile = ["<script>", 'a "quoted" one', "🦊", "two\nlines"]
    came = pd.DataFrame({name: [1.0, 2.0, 3.0, 4.0] for name in hostile} | {"y\n": hostile})
    data = labelled_from_table(came, "y\n")
    assert list(data.inputs.columns) == hostile
    assert data.class_names == tuple(sorted(hostile))


def test_the_order_of_the_rows_changes_nothing_but_the_order():
    came = table(text=["b", "a", "b", "a"], key=[4, 3, 2, 1])
    one = labelled_from_table(came, "y", id_column="key")
    other = labelled_from_table(came.iloc[[2, 0, 3, 1]], "y", id_column="key")
    assert one.fingerprint == other.fingerprint
