"""Text and parquet tables as they lie on the disk, whole, broken or hostile."""

import gzip

import pandas as pd
import pytest

from steelyard._support.errors import DataError, DataNotFoundError, ParameterError, SteelyardWarning
from steelyard.datasets import load

CSV = "age,job,y\n30,clerk,no\n?,smith,yes\n50, clerk,no\n,NA,yes\n"


def written(path, content):
    content = content.encode() if isinstance(content, str) else content
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path


@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz", "a.tsv", "a.tsv.gz", "A.CSV"])
@pytest.mark.parametrize("as_text", [True, False])
def test_text_tables(tmp_path, name, as_text):
    content = CSV.replace(",", "\t") if ".tsv" in name else CSV
    path = written(tmp_path / name, content)
    data = load(str(path) if as_text else path, "y")
    assert data.name in ("a", "A")
    assert data.class_names == ("no", "yes")
    assert data.inputs["age"].isna().tolist() == [False, True, False, True]
    assert data.inputs["job"].tolist()[:3] == ["clerk", "smith", "clerk"]
    assert data.inputs["job"].isna().tolist() == [False, False, False, True]


def test_a_table_without_a_header(tmp_path):
    path = written(tmp_path / "a.csv", "1, a, <=50K\n2, b, >50K\n3, a, <=50K\n")
    for target in (-1, "-1", 2, "2", "x2"):
        data = load(path, target, header=False)
        assert data.class_names == ("<=50K", ">50K")
        assert list(data.inputs.columns) == ["x0", "x1"]


def test_a_first_row_that_looks_like_data_is_warned_of(tmp_path):
    path = written(tmp_path / "a.csv", "39,a,13,y\n50,b,9,z\n38,b,7,y\n41,c,7,y\n")
    with pytest.warns(SteelyardWarning, match="needs --no-header"):
        load(path, -1)
    for header in ("2019,2020,y\n", "0,1,y\n", "a,b,y\n"):  # pytest turns a warning into a failure
        load(written(tmp_path / "b.csv", header + "1,2,u\n2,3,v\n"), "y")


def test_a_byte_order_mark_is_no_part_of_the_first_name(tmp_path):
    path = written(tmp_path / "a.csv", b"\xef\xbb\xbf" + CSV.encode())
    assert list(load(path, "y").inputs.columns) == ["age", "job"]


def test_quoted_cells_hold_commas_quotes_and_newlines(tmp_path):
    path = written(tmp_path / "a.csv", 'x,y\n1,"a, ""b""\nc"\n2,🦊\n3,🦊\n')
    assert load(path, "y").class_names == ('a, "b"\nc', "🦊")


def test_parquet(tmp_path):
    frame = pd.DataFrame({"x": [1, 2, 3], "t": ["a", "b", "a"], "y": [True, False, True]})
    frame.to_parquet(tmp_path / "a.parquet")
    data = load(tmp_path / "a.parquet", "y")
    assert data.class_names == ("False", "True")
    assert data.inputs["x"].tolist() == [1.0, 2.0, 3.0]
    frame.set_index("x").to_parquet(tmp_path / "b.parquet")
    assert load(tmp_path / "b.parquet", "y", id_column="x").ids.tolist() == [1, 2, 3]


def test_stored_data_come_back(tmp_path):
    data = load(written(tmp_path / "a.csv", CSV), "y")
    data.save(tmp_path / "stored.parquet")
    assert load(tmp_path / "stored.parquet").fingerprint == data.fingerprint


def test_a_missing_file_is_named_with_what_lies_beside_it(tmp_path):
    written(tmp_path / "customers.csv", CSV)
    with pytest.raises(DataNotFoundError, match=r"custmers\.csv") as caught:
        load(tmp_path / "custmers.csv", "y")
    assert caught.value.hint == "did you mean 'customers.csv'?"
    with pytest.raises(DataNotFoundError) as caught:
        load(tmp_path / "nowhere" / "a.csv", "y")
    assert caught.value.hint


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", b"", "is empty"),
        ("a.csv", b"\n\n", "is empty"),
        ("a.csv", b"x,y\n", "no rows"),
        ("a.csv", b"x,y\n1,a\n1,a,b\n", "no regular table"),
        ("a.csv", b"x,y\n1,a,b\n1,a,b\n", "no regular table"),
        ("a.csv", b'x,y\n1,"a\n2,b\n', "no regular table"),
        ("a.csv", b"x,y\n1,\xff\xfe\n", "UTF-8"),
        ("a.parquet", b"", "parquet"),
        ("a.parquet", b"PAR1 and then nothing", "parquet"),
    ],
)
def test_broken_files_are_refused_with_a_hint(tmp_path, name, content, message):
    path = written(tmp_path / name, content)
    with pytest.raises(DataError, match=message) as caught:
        load(path, "y")
    assert path.name in caught.value.message
    assert caught.value.hint


def test_a_truncated_archive_and_a_truncated_parquet_are_refused(tmp_path):
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress(CSV.encode() * 100)[:-20])
    with pytest.raises(DataError, match=r"a\.csv\.gz.* cannot be read") as caught:
        load(path, "y")
    assert caught.value.hint
    path = tmp_path / "a.parquet"
    pd.DataFrame({"x": range(1000), "y": range(1000)}).to_parquet(path)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(DataError, match="parquet"):
        load(path, "y")


def test_a_parquet_table_without_rows_is_refused(tmp_path):
    pd.DataFrame({"x": [], "y": []}).to_parquet(tmp_path / "a.parquet")
    with pytest.raises(DataError, match="no rows"):
        load(tmp_path / "a.parquet", "y")


def test_bad_content_is_refused(tmp_path):
    for content, message in [
        ("x,y\n1,a\n2,a\n", "at least two classes"),
        ("x,y\n1,a\n2,\n", "missing in 1 of 2 rows"),
        ("x,y\n1,a\ninf,b\n", "'x' holds infinity, first in row 1"),
        ("when,y\n2020-01-01,a\n2020-01-02,b\n", "'when' holds dates"),
    ]:
        with pytest.raises(DataError, match=message):
            load(written(tmp_path / "a.csv", content), "y")
    with pytest.raises(ParameterError, match="no column"):
        load(written(tmp_path / "a.csv", CSV), "z")


def test_constant_columns_of_a_file_are_warned_of(tmp_path):
    path = written(tmp_path / "a.csv", "c,x,y\n1,1,a\n1,2,b\n1,3,b\n")
    with pytest.warns(SteelyardWarning, match="'c'"):
        assert list(load(path, "y").inputs.columns) == ["x"]
