import numpy as np
import pytest
from records.samples import NAMES

from steelyard._support.errors import DataError
from steelyard.records.classes import check_class_names, check_codes, sums_by_class


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


def test_uses_are_summed_by_class_and_by_label_in_any_block(monkeypatch):
    uses = np.array([1, 2, 3, 4.0])
    labels = np.array([[1, 1, 0], [0, 0, 1], [0, 0, 0], [1, 1, 1]], dtype=bool)
    for block in (2**22, 6, 1):
        monkeypatch.setattr("steelyard.records.classes._BLOCK", block)
        assert sums_by_class(labels, uses, 3).tolist() == [5, 5, 6]
    assert sums_by_class(np.array([0, 2, 2, 0]), uses, 4).tolist() == [5, 0, 5, 0]
    large = np.array([2**52, 1, 2, 1])
    assert sums_by_class(labels, large, 3).tolist() == [2**52 + 1, 2**52 + 1, 2]
