import numpy as np
import pytest
from records.samples import NAMES

from steelyard._support.errors import DataError
from steelyard.records.classes import check_class_names, check_codes


def test_any_text_names_a_class():
    assert check_class_names(list(NAMES), "X") == NAMES
    names = check_class_names(np.array([-1, 1]), "X")
    assert names == ("-1", "1")
    assert [type(name) for name in names] == [str, str]
    assert [type(name) for name in check_class_names(np.array(["a"]), "X")] == [str]


def test_names_that_repeat_or_that_no_file_holds_are_refused():
    with pytest.raises(DataError, match=r"class names of X must differ .* Repeated: \['a', 'b'\]"):
        check_class_names(["a", "b", "a", "b", "c"], "X")
    with pytest.raises(DataError, match="class names of X must be valid Unicode"):
        check_class_names(["a", "\udc80"], "X")


def test_codes_lie_within_the_classes():
    codes = check_codes([1.0, 0.0], ("a", "b"), "labels", "X")
    assert codes.dtype == np.int64
    assert codes.tolist() == [1, 0]
    assert not codes.flags.writeable
    assert check_codes([], ("a",), "labels", "X").shape == (0,)
    for wrong in ([2], [-1], [[0]], [0.5], [np.nan], ["a"]):
        with pytest.raises(DataError, match="The labels of X must be"):
            check_codes(wrong, ("a", "b"), "labels", "X")
