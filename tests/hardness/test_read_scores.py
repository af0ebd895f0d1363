"""Tables that others wrote, read as hardness."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from steelyard._support.errors import DataError, DataNotFoundError, MismatchError, ParameterError
from steelyard.checks.hand_made import labelled
from steelyard.hardness import read_imagenet_metric, read_scores

IDS = np.array([30, 10, 20])
DATA = labelled([0, 1, 1], ("a", "b"), IDS)
TEXT = replace(DATA, ids=np.array(["x/3.png", "01", "nan"]))
FRAME = pd.DataFrame(
    {"id": [10, 20, 30, 40], "loss": [1.0, 2.0, 3.0, 4.0], "knows": [0.5, -1.5, 0.0, 9.0]}
)


def written(frame, folder, suffix):
    path = folder / f"scores.{suffix}"
    if suffix == "csv":
        frame.to_csv(path, index=False)
    else:
        frame.to_parquet(path)
    return path


@pytest.fixture(params=["csv", "parquet"])
def write(request, tmp_path):
    return lambda frame: written(frame, tmp_path, request.param)


def test_the_order_is_that_of_the_data(write):
    found = read_scores(write(FRAME), DATA, columns=["loss"], harder="high")
    assert list(found) == ["loss"]
    assert found["loss"].values.tolist() == [3.0, 1.0, 2.0]
    np.testing.assert_array_equal(found["loss"].ids, IDS)
    np.testing.assert_array_equal(found["loss"].labels, DATA.labels)
    assert found["loss"].data_fingerprint == DATA.fingerprint
    assert found["loss"].n_runs == 1
    assert np.isnan(found["loss"].spread).all()


def test_where_low_is_hard_the_sign_is_turned(write):
    found = read_scores(write(FRAME), DATA, columns=["knows", "loss"], harder="low")
    assert list(found) == ["knows", "loss"]
    assert found["knows"].values.tolist() == [0.0, -0.5, 1.5]


def test_columns_can_be_called_otherwise(write):
    frame = FRAME.rename(columns={"id": "file"})
    found = read_scores(
        write(frame), DATA, columns={"loss": "their_loss"}, harder="high", id_column="file"
    )
    assert list(found) == ["their_loss"]
    assert found["their_loss"].name == "their_loss"


def test_ids_of_text_are_taken_as_they_are_written(write):
    frame = pd.DataFrame({"id": ["01", "nan", "x/3.png"], "s": [1.0, 2.0, 3.0]})
    assert read_scores(write(frame), TEXT, columns=["s"], harder="high")["s"].values.tolist() == [
        3.0,
        1.0,
        2.0,
    ]


def test_without_data_samples_stand_as_in_the_table(write):
    found = read_scores(write(FRAME), columns=["loss"], harder="high")["loss"]
    assert found.ids.tolist() == [10, 20, 30, 40]
    assert (found.class_names, found.data_fingerprint) == (("unknown",), "")


@pytest.mark.parametrize(
    ("frame", "error", "message"),
    [
        (FRAME.iloc[:2], MismatchError, "1 of 3 samples are not in .*first id '30'"),
        (FRAME.iloc[[0, 1, 2, 0]], DataError, "holds the sample '10' more than once"),
        (FRAME.assign(loss=[1.0, np.nan, 3.0, 4.0]), DataError, "'loss' must be finite"),
        (FRAME.assign(loss=list("1x34")), DataError, "'loss' must be finite"),
        (FRAME.assign(loss=[1.0, np.inf, 3.0, 4.0]), DataError, "'loss' must be finite"),
        (FRAME.rename(columns={"loss": "losses"}), ParameterError, "no column 'loss'.*'losses'"),
        (FRAME.rename(columns={"id": "ids"}), ParameterError, "no column 'id'.*'ids'"),
    ],
)
def test_tables_that_do_not_fit_are_refused(write, frame, error, message):
    with pytest.raises(error, match=message):
        read_scores(write(frame), DATA, columns=["loss"], harder="high")


def test_a_row_without_an_id_is_refused(tmp_path):
    frame = FRAME.assign(id=["10", None, "30", "40"])
    with pytest.raises(DataError, match="rows without an id in 'id'"):
        read_scores(written(frame, tmp_path, "parquet"), columns=["loss"], harder="high")
    with pytest.raises(MismatchError, match="first id '20'"):
        read_scores(written(frame, tmp_path, "csv"), DATA, columns=["loss"], harder="high")


def test_mistakes(tmp_path):
    path = written(FRAME, tmp_path, "csv")
    with pytest.raises(ParameterError, match="'harder' parameter of read_scores"):
        read_scores(path, DATA, columns=["loss"], harder="hi")
    with pytest.raises(TypeError, match="harder"):
        read_scores(path, DATA, columns=["loss"])  # a direction is never guessed
    with pytest.raises(ParameterError, match="sequence of names"):
        read_scores(path, DATA, columns="loss", harder="high")
    for name in ("absent.csv", "absent.parquet"):
        with pytest.raises(DataNotFoundError, match="There is no file"):
            read_scores(tmp_path / name, columns=["loss"], harder="high")
    (tmp_path / "broken.parquet").write_bytes(b"PAR1")
    (tmp_path / "empty.csv").write_text("")
    for name in ("broken.parquet", "empty.csv"):
        with pytest.raises(DataError, match="no readable"):
            read_scores(tmp_path / name, columns=["loss"], harder="high")


METRIC = """,path,score
0,n01440764_10026.JPEG,0.25
1,n01443537_7.JPEG,0.75
2,n01440764_3.JPEG,-1e-3
"""


def test_imagenet_metrics_are_named_after_their_file(tmp_path):
    path = tmp_path / "ImageNet-1K_EL2N-1-model.csv"
    path.write_text(METRIC)
    found = read_imagenet_metric(path)
    assert found.name == "el2n_1_model"
    assert found.values.tolist() == [0.25, 0.75, -0.001]  # high is kept, and hard
    assert found.ids[0] == "n01440764_10026.JPEG"
    assert found.class_names == ("n01440764", "n01443537")
    assert found.labels.tolist() == [0, 1, 0]


def test_imagenet_metrics_follow_the_data(tmp_path):
    path = tmp_path / "ImageNet-1K_forgetting.csv"
    path.write_text("image,value\na.JPEG,1\nb.JPEG,2\nc.JPEG,3\n")
    data = replace(labelled([0, 1], ("x", "y")), ids=["c.JPEG", "a.JPEG"])
    assert read_imagenet_metric(path, data).values.tolist() == [3, 1]
    assert read_imagenet_metric(path, data).class_names == ("x", "y")
    assert read_imagenet_metric(path).class_names == ("unknown",)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("score\n1\n", r"two columns or three.*Got \['score'\]"),
        ("a,b,c,d\n1,2,3,4\n", "two columns or three"),
        ("path,score\na.JPEG,x\n", "must be finite"),
        ("path,score\na.JPEG,1\na.JPEG,2\n", "must be unique"),
    ],
)
def test_other_files_are_no_imagenet_metrics(text, message, tmp_path):
    (tmp_path / "m.csv").write_text(text)
    with pytest.raises(DataError, match=message):
        read_imagenet_metric(tmp_path / "m.csv")
