import pytest

from steelyard._support.errors import DataError, DataNotFoundError
from steelyard.datasets import read_prior


def test_both_shapes_are_read(tmp_path):
    (tmp_path / "a.json").write_text('{"<b>": 2, "1": 0.5}')
    (tmp_path / "a.csv").write_text("class,weight\n<b>,2\n1,0.5\n")
    for name in ("a.json", "a.csv"):
        assert read_prior(tmp_path / name) == {"<b>": 2.0, "1": 0.5}


@pytest.mark.parametrize(
    "content",
    ["[1]", '{"a": NaN}', '{"a": 1e999}', '{"a": [1]}', "[" * 100_000, '{"a": 1' + "0" * 400 + "}"],
)
def test_json_that_is_no_prior_is_refused(content, tmp_path):
    (tmp_path / "a.json").write_text(content)
    with pytest.raises(DataError, match=r"is no readable prior: .* Hint: it must be a JSON object"):
        read_prior(tmp_path / "a.json")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(DataNotFoundError, match=r"There is no prior file .*none\.json"):
        read_prior(tmp_path / "none.json")
