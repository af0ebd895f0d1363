import math
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

from steelyard._support.errors import DataError, ParameterError
from steelyard._support.validation import (
    check_choice,
    check_integer,
    check_real,
    did_you_mean,
    nearest,
    require_text,
)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (
            lambda: check_integer(0, "k", "X", 1),
            "The 'k' parameter of X must be an int in the range [1, inf). Got 0 instead.",
        ),
        (
            lambda: check_integer(7, "k", "X", high=5),
            "The 'k' parameter of X must be an int in the range (-inf, 5]. Got 7 instead.",
        ),
        (
            lambda: check_integer("3", "k", "X"),
            "The 'k' parameter of X must be an int in the range (-inf, inf). Got '3' instead.",
        ),
        (
            lambda: check_real(0, "rate", "X", 0, bounds="()"),
            "The 'rate' parameter of X must be a float in the range (0, inf). Got 0 instead.",
        ),
        (
            lambda: check_real(1.5, "rate", "X", 0, 1, bounds="[)"),
            "The 'rate' parameter of X must be a float in the range [0, 1). Got 1.5 instead.",
        ),
        (
            lambda: check_choice("adm", "optimiser", "X", ("adam", "sgd")),
            "The 'optimiser' parameter of X must be one of {'adam', 'sgd'}. Got 'adm' instead. "
            "Hint: did you mean 'adam'?",
        ),
        (
            lambda: check_choice(None, "optimiser", "X", ("adam", "sgd")),
            "The 'optimiser' parameter of X must be one of {'adam', 'sgd'}. Got None instead.",
        ),
    ],
)
def test_every_check_speaks_one_formula(call, text):
    with pytest.raises(ParameterError) as caught:
        call()
    assert str(caught.value) == text


@pytest.mark.parametrize("value", [True, False, np.True_, 1.0, np.nan, "1", None, [1]])
def test_what_is_no_integer_is_refused(value):
    with pytest.raises(ParameterError, match="must be an int"):
        check_integer(value, "k", "X")


@pytest.mark.parametrize("value", [True, np.False_, math.nan, math.inf, -math.inf, "1", None, 1j])
def test_what_is_no_finite_number_is_refused(value):
    with pytest.raises(ParameterError, match="must be a float"):
        check_real(value, "rate", "X")


@pytest.mark.parametrize(("value", "kind"), [(np.int64(3), int), (3, int)])
def test_an_integer_comes_back_as_pythons_own(value, kind):
    assert type(check_integer(value, "k", "X", 3, 3)) is kind


@pytest.mark.parametrize("value", [np.float32(0.5), Fraction(1, 2), 0.5])
def test_a_number_comes_back_as_pythons_own(value):
    assert check_real(value, "rate", "X", 0.5, 0.5) == 0.5
    assert type(check_real(value, "rate", "X")) is float


@pytest.mark.parametrize(("bounds", "low", "high"), [("[]", 1, 1), ("()", 0, 0), ("[)", 1, 0)])
def test_the_ends_belong_to_the_range_or_not(bounds, low, high):
    for end, inside in ((0.0, low), (1.0, high)):
        if inside:
            assert check_real(end, "rate", "X", 0, 1, bounds=bounds) == end
        else:
            with pytest.raises(ParameterError):
                check_real(end, "rate", "X", 0, 1, bounds=bounds)


@pytest.mark.parametrize("value", [np.zeros((50, 50)), pd.DataFrame({"a": range(99)}), "x" * 999])
def test_a_large_value_is_shown_in_one_short_line(value):
    with pytest.raises(ParameterError) as caught:
        check_integer(value, "k", "X")
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 220


def test_an_array_is_no_choice():
    with pytest.raises(ParameterError, match="must be one of"):
        check_choice(np.array(["adam", "sgd"]), "optimiser", "X", ("adam", "sgd"))


def test_hints_name_what_exists():
    assert nearest("Agee", ["age", "wage", "income"])[0] == "age"
    assert did_you_mean("agee", ["age", "income"]) == "did you mean 'age'?"
    assert did_you_mean("zzz", ["age", "income"]) == "there are 'age', 'income'."
    assert (
        did_you_mean("zzz", list("abcdefghijklmn"), limit=2) == "there are 'a', 'b', and 12 more."
    )
    assert did_you_mean("zzz", []) == "there are none."


def test_text_that_no_file_can_hold_is_refused_and_any_other_is_not():
    require_text(["", "<b>", '"', "🦜", "a\nb", "\0"], "names", "X")
    with pytest.raises(DataError, match=r"names of X must be valid Unicode text. Got 'caf\\udce9'"):
        require_text(["a", "caf\udce9"], "names", "X")
