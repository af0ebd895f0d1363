import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from steelyard._support.errors import ParameterError
from steelyard.resampling.bounds import (
    bounded_totals,
    bounds_in_words,
    class_bounds,
    notes_on_bounds,
)

NAMES = ("a", "b", "c")


def whole(*numbers):
    return np.array(numbers, dtype=np.int64)


@given(st.data())
def test_floors_caps_and_the_total_hold_whatever_is_asked_for(data):
    k = data.draw(st.integers(1, 40))

    def drawn(low, high):
        return np.array(data.draw(st.lists(st.integers(low, high), min_size=k, max_size=k)))

    least = drawn(1, 50)
    most = least + drawn(0, 50)
    total = data.draw(st.integers(int(least.sum()), int(most.sum())))
    wild = np.array(data.draw(st.lists(st.floats(-1e3, 1e3), min_size=k, max_size=k)))
    requested = wild - wild.mean() + total / k  # some below 0, as beyond a feasible degree
    totals = bounded_totals(requested, total, least, most, None, "f")
    assert totals.sum() == total
    assert (totals >= least).all()
    assert (totals <= most).all()
    within = (requested >= least) & (requested <= most)
    if within.all():
        assert (np.abs(totals - requested) < 1 + 1e-6).all()


def test_what_is_cut_off_goes_to_the_rest_in_proportion():
    one, hundred = whole(1, 1, 1), whole(100, 100, 100)
    asked = np.array([-10.0, 30.0, 80.0])
    assert bounded_totals(asked, 100, one, hundred, None, "f").tolist() == [1, 27, 72]
    asked = np.array([10.0, 30.0, 60.0])
    assert bounded_totals(asked, 100, one, whole(50, 50, 50), None, "f").tolist() == [13, 37, 50]


def test_what_asks_for_nothing_yields_last_but_yields():
    totals = bounded_totals(
        np.array([-5.0, 0.0, 105.0]), 100, whole(1, 1, 1), whole(90, 90, 30), None, "f"
    )
    assert totals.tolist() == [35, 35, 30]


def test_a_class_that_is_left_out_takes_up_nothing():
    least, most = whole(1, 1, 0), whole(40, 40, 40)
    with pytest.raises(ParameterError, match=r"f cannot .* at 100 .* has from 2 to 80\."):
        bounded_totals(np.array([50.0, 50.0, 0.0]), 100, least, most, None, "f")


@pytest.mark.parametrize(
    ("total", "other_size", "hint"),
    [
        (2, False, "choose a lower floor."),
        (2, True, "choose a lower floor, or size='grow', which lets the number of samples change."),
        (31, False, "choose a higher cap or max_repeat."),
    ],
)
def test_the_hint_names_sizes_only_where_there_are_any(total, other_size, hint):
    with pytest.raises(ParameterError) as error:
        bounded_totals(
            np.full(3, 9.0), total, whole(1, 1, 1), whole(10, 10, 10), None, "f", other_size
        )
    assert error.value.hint == hint


def test_bounds_by_hand():
    counts = whole(10, 4, 0)
    least, most = class_bounds(counts, counts > 0, NAMES, "f", floor=3, cap=9, max_repeat=1.5)
    assert least.tolist() == [3, 3, 0]
    assert most.tolist() == [9, 6, 0]
    assert class_bounds(counts, counts > 0, NAMES, "f")[0].tolist() == [1, 1, 0]


def test_notes_name_what_moved_by_one_or_more():
    requested = np.array([0.5, -3.0, 50.0])
    notes = notes_on_bounds(requested, whole(1, 1, 40), whole(1, 1, 1), whole(40, 40, 40), NAMES)
    assert notes == [
        "Bounds keep more than was asked for of 'b'.",
        "Bounds keep less than was asked for of 'c'.",
    ]


def test_the_bounds_in_words():
    assert bounds_in_words(None, None, None) == ""
    assert bounds_in_words(2, 30, 1.5) == (
        ", at least 2 a class, at most 30 a class, at most 1.5 times as many"
    )
