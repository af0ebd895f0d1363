"""`load` sends every kind of source to its reader and refuses options that do nothing."""

import numpy as np
import pandas as pd
import pytest

from steelyard._support.errors import DataError, DataNotFoundError, ParameterError
from steelyard.datasets import load


@pytest.fixture
def csv(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("x,y\n1,a\n2,b\n3,b\n")
    return path


def test_a_labelled_comes_back_as_it_is(csv):
    data = load(csv, "y")
    assert load(data) is data
    assert load(data, name="other").name == "other"
    assert load(data, name="other").fingerprint == data.fingerprint


def test_every_source_of_one_table_gives_the_same_data(csv, tmp_path):
    frame = pd.read_csv(csv)
    frame.to_parquet(tmp_path / "a.parquet")
    sources = [
        load(str(csv), "y"),
        load(tmp_path / "a.parquet", "y"),
        load(frame, "y"),
        load(frame[["x"]], frame["y"]),
        load((frame[["x"]], frame["y"])),
    ]
    assert len({data.fingerprint for data in sources}) == 1


def test_a_name_can_be_given(csv):
    assert load(csv, "y", name="customers").name == "customers"
    dotted = csv.rename(csv.with_name("customers.v2.csv"))
    assert load(dotted, "y").name == "customers.v2"


@pytest.mark.parametrize(
    ("options", "which"),
    [
        ({"image_size": 8}, "image_size"),
        ({"skip_unreadable": True}, "skip_unreadable"),
    ],
)
def test_options_of_other_kinds_are_refused_for_a_table(csv, options, which):
    with pytest.raises(
        ParameterError, match=f"'{which}' parameter of load does not apply to a text"
    ):
        load(csv, "y", **options)


def test_options_that_do_nothing_are_refused(csv, tmp_path):
    data = load(csv, "y")
    np.savez(tmp_path / "a.npz", X=np.eye(3), y=[0, 1, 1])
    pd.read_csv(csv).to_parquet(tmp_path / "a.parquet")
    for source, options in [
        (data, {"target": "y"}),
        ("digits", {"target": "y"}),
        ("digits", {"drop": ["x"]}),
        (tmp_path / "a.npz", {"target": "y"}),
        (tmp_path / "a.parquet", {"target": "y", "header": False}),
        (tmp_path, {"target": -1}),
        ((np.eye(3), [0, 1, 1]), {"target": [0, 1, 1]}),
        ((np.eye(3), [0, 1, 1]), {"image_size": 3}),
        ((np.eye(3), [0, 1, 1]), {"id_column": "x"}),
        ((pd.DataFrame(np.eye(3)), [0, 1, 1]), {"target": 1}),
    ]:
        with pytest.raises(ParameterError, match="does not apply to"):
            load(source, **options)


def test_a_column_to_drop_may_stand_alone(tmp_path):
    frame = pd.DataFrame({"ab": [1, 2, 3], "c": [1, 2, 3], "y": list("xyx")})
    assert list(load(frame, "y", drop="ab").inputs.columns) == ["c"]
    assert list(load(frame, "y", drop=[0]).inputs.columns) == ["c"]
    assert list(load(frame, "y", drop=0).inputs.columns) == ["c"]
    with pytest.raises(DataError, match="No feature column"):
        load(frame, "y", drop=("ab", "c"))


def test_a_file_of_another_kind_is_refused_with_the_kinds_that_are_read(tmp_path):
    (tmp_path / "a.xlsx").write_bytes(b"x")
    with pytest.raises(DataError, match=r"a\.xlsx' is no kind of file") as caught:
        load(tmp_path / "a.xlsx", "y")
    for kind in (".csv", ".tsv.gz", ".parquet", ".npz", "folders of images"):
        assert kind in caught.value.hint


@pytest.mark.parametrize(
    ("name", "nearest"),
    [("minst", "'mnist'"), ("fashion_mnist", "'fashion-mnist'"), ("qqq", "there are")],
)
def test_a_mistyped_built_in_name_is_refused_with_the_nearest(name, nearest, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataNotFoundError, match=f"built-in set '{name}'") as caught:
        load(name)
    assert nearest in caught.value.hint


def test_a_missing_path_is_not_taken_for_a_name(tmp_path):
    for missing in (tmp_path / "mnist", "./mnist", "a.csv"):
        with pytest.raises(DataNotFoundError, match="no file or folder"):
            load(missing)


@pytest.mark.parametrize("y", [["a", "a", "a"], [1.0, 1.0, 1.0], np.array([7, 7, 7])])
def test_a_single_class_is_refused_unless_it_may_be(y):
    X = np.arange(6.0).reshape(3, 2)
    with pytest.raises(DataError, match=r"at least two classes\. Got one"):
        load(X, y)
    with pytest.raises(DataError, match="at least two classes"):
        load(pd.DataFrame(X), y)
    alone = load(X, y, one_class=True)
    assert alone.n_classes == 1
    assert len(alone) == 3


def test_named_codes_of_a_single_class_are_refused(tmp_path):
    X = np.arange(4.0).reshape(2, 2)
    np.savez(tmp_path / "a.npz", X=X, y=np.array([1, 1]), class_names=np.array(["a", "b"]))
    with pytest.raises(DataError, match="Got one: 'b'"):
        load(tmp_path / "a.npz")
    assert load(tmp_path / "a.npz", one_class=True).class_counts.tolist() == [0, 2]
