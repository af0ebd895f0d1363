"""An estimate's interval, p-value and what it could detect, against Student's t by scipy."""

import numpy as np
import pytest
from scipy import stats

from steelyard._support.errors import ParameterError
from steelyard.evaluation.estimate import Estimate, in_doubt


@pytest.mark.parametrize("freedom", [2.5, 9, np.inf])
def test_interval_and_p_value_are_those_of_students_t(freedom):
    found = Estimate(1.2, 0.5, freedom)
    law = stats.t(freedom)
    interval = found.interval(0.9)
    assert (interval.low, interval.high) == pytest.approx(
        (1.2 - law.ppf(0.95) * 0.5, 1.2 + law.ppf(0.95) * 0.5)
    )
    assert found.p_value() == pytest.approx(2 * law.sf(2.4))
    assert found.p_value(against=1.7) == pytest.approx(2 * law.sf(1.0))
    # the interval ends where the p-value is one minus the level
    assert found.p_value(interval.high) == pytest.approx(0.1)


def test_what_is_detectable_is_detected_as_often_as_said():
    difference = Estimate(0.0, 0.3).detectable(power=0.7)
    draws = np.random.default_rng(0).normal(difference, 0.3, 20_000)
    shown = np.mean([Estimate(one, 0.3).interval().above_zero for one in draws])
    assert shown == pytest.approx(0.7, abs=0.01)  # three standard errors


def test_where_nothing_varied_there_is_no_test():
    found = Estimate(0.25, 0.0)
    assert (found.interval().low, found.interval().high) == (0.25, 0.25)
    assert np.isnan([found.p_value(0.25), found.p_value(), found.detectable()]).all()


def test_a_difference_that_never_varied_shows_no_more_than_a_sign_test_of_few_samples():
    for n in range(1, 6):
        assert in_doubt(Estimate(-0.3, 0.0), n).p_value() > 0.05
    for n in range(6, 60):
        found = in_doubt(Estimate(-0.3, 0.0), n)
        assert 2 / 2**n < found.p_value() < 0.05
        assert found.mean == -0.3
        assert found.interval().below_zero
    assert in_doubt(Estimate(2.0, 0.0), 3).error == 1
    assert in_doubt(Estimate(2.0, 0.0), 3).freedom == 3


@pytest.mark.parametrize("one", [Estimate(0.0, 0.0), Estimate(0.1, 0.2, 5), Estimate(0.0, 0.2)])
def test_what_varied_or_does_not_differ_stays_as_it_is(one):
    assert in_doubt(one, 10) == one


def test_a_difference_rests_on_some_samples():
    with pytest.raises(ParameterError, match="'n'"):
        in_doubt(Estimate(0.1, 0.0), 0)


@pytest.mark.parametrize("value", [0, 1, np.nan, "0.9"])
def test_levels_and_powers_lie_between_0_and_1(value):
    with pytest.raises(ParameterError, match="'level'"):
        Estimate(0.0, 1.0).interval(value)
    with pytest.raises(ParameterError, match="'power'"):
        Estimate(0.0, 1.0).detectable(power=value)
