import math

import pytest

from steelyard.records.interval import Interval, supported_decimals
from steelyard.report import digits


def true_minus(text):
    return text.replace("-", "\N{MINUS SIGN}")


@pytest.mark.parametrize(
    ("half_width", "expected"),
    [(12, 0), (9.6, 0), (3.6, 0), (3.5, 1), (1.2, 1), (0.96, 1), (0.94, 1), (0.4, 1), (0.12, 2)],
)
def test_the_half_width_decides_the_decimals(half_width, expected):
    assert supported_decimals(half_width, most=3) == expected


def test_decimals_stop_at_the_most_and_known_numbers_have_one():
    assert supported_decimals(0.0001, most=2) == 2
    assert supported_decimals(0, most=2) == 1


@pytest.mark.parametrize(
    ("mean", "half", "value", "ends"),
    [
        (0.8732, 0.012, "87.3", "[86.1, 88.5]"),
        (0.8732, 0.0012, "87.32", "[87.20, 87.44]"),
        (0.8732, 0.05, "87", "[82, 92]"),
        (0.8732, 0.2, "87", "[67, 107]"),
    ],
)
def test_percent_carries_what_its_interval_supports(mean, half, value, ends):
    figure = digits.percent(Interval(mean, mean - half, mean + half))
    assert (figure.value, figure.range) == (value, ends)


def test_points_are_signed_with_a_true_minus_and_no_negative_zero():
    assert str(digits.points(Interval(0.012, 0.004, 0.02))) == "+1.2 [+0.4, +2.0]"
    assert str(digits.points(Interval(-0.012, -0.02, -0.004))) == true_minus("-1.2 [-2.0, -0.4]")
    assert str(digits.points(Interval(-0.0001, -0.01, 0.01))) == true_minus("0.0 [-1.0, +1.0]")
    assert str(digits.points(Interval(0, 0, 0))) == "0.0 [0.0, 0.0]"


def test_an_interval_clear_of_zero_never_prints_as_one_that_touches_it():
    assert str(digits.points(Interval(0.02, 0.0002, 0.0398))) == "+2.00 [+0.02, +3.98]"
    assert str(digits.points(Interval(-0.02, -0.0398, -0.0002))) == true_minus(
        "-2.00 [-3.98, -0.02]"
    )
    assert str(digits.points(Interval(0.02, 0.00001, 0.03999))) == "+2.00 [+0.00, +4.00]"
    assert str(digits.points(Interval(0.02, -0.0002, 0.0402))) == "+2.0 [0.0, +4.0]"


def test_nats():
    assert str(digits.nats(Interval(0.3456, 0.33, 0.3612))) == "0.346 [0.330, 0.361]"
    assert str(digits.nats_difference(Interval(-0.1, -0.15, -0.05))) == true_minus(
        "-0.10 [-0.15, -0.05]"
    )


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0.404, "40.4 %"), (0.0512, "5.12 %"), (0.0041, "0.41 %"), (0.1, "10.0 %"),
        (1.0, "100 %"), (0.0, "0 %"), (0.00001, "<0.01 %"),
    ],
)  # fmt: skip
def test_counted_shares(share, text):
    assert digits.exact_percent(share) == text.replace(" ", digits.THIN_SPACE)


def test_scores_show_their_spread_or_none():
    assert digits.measured(0.93123, 0.0214) == ("0.931", "0.021")
    assert digits.measured(-1.5, 0.25) == (true_minus("-1.50"), "0.25")
    assert digits.measured(0.93123, math.nan) == ("0.931", "")


def test_counts_and_times():
    assert digits.count(12406) == "12,406"
    assert digits.plain(0.25) == "0.25"
    assert digits.plain(-1.0) == true_minus("-1")
    assert digits.duration(8.04) == "8.0 s"
    assert digits.duration(48.3) == "48 s"
    assert digits.duration(59.7) == "1 min 0 s"
    assert digits.duration(125) == "2 min 5 s"
    assert digits.duration(3600 * 5 + 60 * 12) == "5 h 12 min"
