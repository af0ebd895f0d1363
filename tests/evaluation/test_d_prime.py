import numpy as np
import pytest
from scipy import stats

from steelyard.evaluation.d_prime import (
    d_prime,
    d_prime_interval,
    d_prime_of_mean_auroc,
    d_prime_slope,
    mean_d_prime,
)
from steelyard.records import Interval

MANY = np.array([1000, 1000])


def test_two_normals_one_apart_have_a_d_prime_of_one():
    for distance in (0.0, 1.0, 2.7):
        auroc = stats.norm.cdf(distance / np.sqrt(2))  # P(N(d, 1) > N(0, 1))
        assert d_prime(np.array([auroc]), MANY[:1], MANY[:1])[0] == pytest.approx(distance)


def test_the_two_conventions_differ_and_are_told_apart():
    aurocs = stats.norm.cdf(np.array([1.0, 3.0]) / np.sqrt(2))
    assert mean_d_prime(aurocs, MANY, MANY) == pytest.approx(2)
    expected = np.sqrt(2) * stats.norm.ppf(aurocs.mean())
    assert d_prime_of_mean_auroc(aurocs, MANY, MANY) == pytest.approx(expected)
    assert expected < 1.9


def test_classes_without_data_are_left_out():
    aurocs = np.array([np.nan, 0.9])
    alone = d_prime(aurocs[1:], MANY[1:], MANY[1:])[0]
    assert mean_d_prime(aurocs, np.array([0, 1000]), MANY) == pytest.approx(alone)
    assert d_prime_of_mean_auroc(aurocs, np.array([0, 1000]), MANY) == pytest.approx(alone)
    assert np.isnan(mean_d_prime(aurocs[:1], np.array([0]), MANY[:1]))
    assert np.isnan(d_prime_of_mean_auroc(aurocs[:1], np.array([0]), MANY[:1]))


def test_a_ranking_without_a_fault_counts_as_half_a_wrong_pair():
    n_positive, n_negative = np.array([5, 1]), np.array([100, 2])
    most = np.sqrt(2) * stats.norm.ppf([1 - 1 / 1000, 0.75])
    np.testing.assert_allclose(d_prime(np.ones(2), n_positive, n_negative), most, atol=1e-12)
    np.testing.assert_allclose(d_prime(np.zeros(2), n_positive, n_negative), -most, atol=1e-12)
    five = n_positive[:1], n_negative[:1]
    assert d_prime_of_mean_auroc(np.ones(1), *five) == pytest.approx(most[0])


def test_a_single_pair_has_no_d_prime():
    one = np.array([1, 5]), np.array([1, 100])
    found = d_prime(np.array([[1.0, 0.8], [0.0, 0.8]]), *one)
    assert np.isnan(found[:, 0]).all()
    assert mean_d_prime(np.array([1.0, 0.8]), *one) == pytest.approx(found[0, 1])
    assert np.isnan(d_prime_of_mean_auroc(np.ones(1), one[0][:1], one[1][:1]))


def test_an_interval_is_transformed_end_by_end():
    found = d_prime_interval(Interval(0.8, 0.5, 1.0), 0.001)
    expected = np.sqrt(2) * stats.norm.ppf([0.8, 0.5, 0.999])
    np.testing.assert_allclose([found.mean, found.low, found.high], expected, atol=1e-12)


def test_the_slope_is_that_of_the_curve():
    for auroc in (0.3, 0.5, 0.97):
        ends = np.array([auroc - 1e-6, auroc + 1e-6])
        below, above = d_prime(ends, MANY, MANY)
        assert d_prime_slope(np.array(auroc), 1e-6) == pytest.approx((above - below) / 2e-6)
