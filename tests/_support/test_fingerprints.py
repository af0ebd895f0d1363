import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from steelyard._support.fingerprints import fingerprint

TABLE = pd.DataFrame(
    {"x": [1.0, np.nan, 3.0], "c": pd.Categorical(["b", "a", None], categories=["a", "b", "z"])}
)

DIFFERENT = {
    "one": 1,
    "one as float": 1.0,
    "one as text": "1",
    "true": True,
    "none": None,
    "none as text": "None",
    "nothing": [],
    "an empty mapping": {},
    "a list": [1, 2],
    "nested": [[1], 2],
    "nested otherwise": [[1, 2]],
    "int64": np.array([1, 2]),
    "int32": np.array([1, 2], np.int32),
    "float64": np.array([1.0, 2.0]),
    "a row": np.array([[1, 2]]),
    "a column": np.array([[1], [2]]),
    "text": np.array(["1", "2"]),
    "an empty array": np.zeros((0, 2)),
    "another empty array": np.zeros((2, 0)),
    "mapping": {"a": 1, "b": 2},
    "mapping swapped": {"a": 2, "b": 1},
    "surrogate": "\ud800",
    "table": TABLE,
    "rows swapped": TABLE.iloc[[1, 0, 2]],
    "columns swapped": TABLE[["c", "x"]],
    "column renamed": TABLE.rename(columns={"x": "y"}),
    "a number changed": TABLE.assign(x=[1.0, np.nan, 3.5]),
    "a number missing": TABLE.assign(x=[1.0, np.nan, np.nan]),
    "a category changed": TABLE.assign(c=pd.Categorical(["b", "b", None])),
    "a category present": TABLE.assign(c=pd.Categorical(["b", "a", "a"])),
    "numbers": pd.DataFrame({"x": [1.0, 2.0]}),
    "numbers as categories": pd.DataFrame({"x": pd.Categorical([1.0, 2.0])}),
    "float32 numbers": pd.DataFrame({"x": np.array([1.0, 2.0], np.float32)}),
}


def test_each_difference_in_content_shows():
    found = {name: fingerprint(value) for name, value in DIFFERENT.items()}
    assert len(set(found.values())) == len(found), found
    assert all(len(one) == 16 and int(one, 16) >= 0 for one in found.values())


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1.5, np.float64(1.5)),
        (1, np.int64(1)),
        ("a", np.str_("a")),
        (True, np.True_),
        (0.0, -0.0),
        ((1, 2), [1, 2]),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        ({1: "x", "1": "y"}, {"1": "y", 1: "x"}),
        (np.array([0.0, np.nan]), np.array([-0.0, -np.nan])),
        (np.arange(6).reshape(2, 3), np.asfortranarray(np.arange(6).reshape(2, 3))),
        (np.array(["a", "b"]), np.array(["a", "b", "longer"])[:2]),
        (TABLE, TABLE.set_index(pd.Index([7, 8, 9]))),
        (TABLE, TABLE.assign(c=pd.Categorical(["b", "a", None], categories=["b", "a"]))),
        (
            pd.DataFrame({"c": pd.Categorical([None, None])}),
            pd.DataFrame({"c": pd.Categorical([None, None], categories=["a"])}),
        ),
    ],
)
def test_what_is_equal_has_one_fingerprint(one, other):
    assert fingerprint(one) == fingerprint(other)


@pytest.mark.parametrize(
    "value",
    [
        object(),
        {1, 2},
        b"x",
        np.array([object()]),
        np.array(["2020-01-01"], dtype="M8[D]"),
        pd.DataFrame({"x": ["text"]}, dtype=object),
    ],
)
def test_what_has_no_stable_content_is_refused(value):
    with pytest.raises(TypeError, match="A fingerprint takes no"):
        fingerprint(value)


def test_another_process_finds_the_same():
    script = (
        "import numpy as np, pandas as pd\n"
        "from steelyard._support.fingerprints import fingerprint\n"
        "frame = pd.DataFrame({'x': [1.0, np.nan], 'c': pd.Categorical(['b', 'é'])})\n"
        "print(fingerprint({'b': 1, 'a': [2.5, None]}, np.array(['x', '🦜']), frame))"
    )
    path = os.pathsep.join(one for one in sys.path if one)
    found = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "PYTHONPATH": path, "PYTHONHASHSEED": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    # frozen: another value would part every stored plan from its data
    assert found.stdout == "6758820ea8d3c053\n"
