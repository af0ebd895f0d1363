import pytest

from steelyard._support.errors import DataError, DataNotFoundError
from steelyard.datasets import read_costs
from steelyard.records import Costs

NAMES = ("stays", "leaves", "1")
MATRIX = [[0, 1, 2], [10, 0, 3.5], [4, 5, -1]]


def test_the_three_shapes_are_read(tmp_path):
    (tmp_path / "a.csv").write_text(
        "true,1,stays,leaves\nleaves,3.5,10,0\n1,-1,4,5\n\nstays,2,0,1e0\n", "utf-8-sig"
    )
    (tmp_path / "a.json").write_text(
        '{"unit": "EUR", "costs": {"leaves": {"1": 3.5, "stays": 10, "leaves": 0},'
        '"1": {"1": -1, "stays": 4, "leaves": 5}, "stays": {"1": 2, "stays": 0, "leaves": 1}}}'
    )
    for name, unit in (("a.csv", "units"), ("a.json", "EUR")):
        assert Costs.of(read_costs(tmp_path / name), NAMES) == Costs(MATRIX, NAMES, unit)
    (tmp_path / "b.json").write_text('{"miss": 10, "false_alarm": 1, "positive": "leaves"}')
    found = Costs.of(read_costs(tmp_path / "b.json"), NAMES[:2])
    assert found.matrix.tolist() == [[0, 1], [10, 0]]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.json", "[1]", "holds no JSON object"),
        ("a.json", '{"miss": NaN}', "NaN, beyond what JSON"),
        ("a.json", "{", "is no readable cost file"),
        ("a.csv", "", "it is empty"),
        ("a.csv", "true,a,a\na,0,1\nb,1,0\n", "a class occurs twice"),
        ("a.csv", "true,a,b\na,0,1\na,1,0\n", "a class occurs twice"),
        ("a.csv", "true,a,b\na,0,1\n", "1 true classes and 2 decided ones"),
        ("a.csv", "true,a,b\na,0\nb,1,0\n", "'a' has 1 costs, not 2"),
        ("a.csv", "true,a,b\na,0,\nb,1,0\n", "'a' decided as 'b' is '', no number"),
        ("a.csv", b"\xff\xfe\x00", "is no readable cost file"),
    ],
)
def test_a_file_of_another_shape_is_refused(name, content, message, tmp_path):
    content = content if isinstance(content, bytes) else content.encode()
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=message) as caught:
        read_costs(tmp_path / name)
    assert "it must be a JSON object" in caught.value.hint


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(DataNotFoundError, match=r"There is no cost file .*none\.json"):
        read_costs(tmp_path / "none.json")
