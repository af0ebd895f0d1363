"""Holm's rule against statsmodels, and that it keeps what it promises."""

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from steelyard._support.errors import DataError, MismatchError
from steelyard.evaluation.many_tests import holm


@pytest.mark.parametrize("m", [1, 2, 7, 100])
def test_holm_is_statsmodels(m):
    rng = np.random.default_rng(m)
    p = np.round(rng.beta(0.3, 1, m), 3)  # with ties, zeros and ones
    np.testing.assert_allclose(holm(p), multipletests(p, method="holm")[1])


def test_what_was_not_tested_is_not_counted_and_the_shape_stays():
    p = np.array([[0.01, np.nan, 0.04], [0.03, np.nan, 1.0]])
    tested = ~np.isnan(p)
    expected = np.full(p.shape, np.nan)
    expected[tested] = multipletests(p[tested], method="holm")[1]
    np.testing.assert_allclose(holm(p), expected)
    assert np.isnan(holm([np.nan, np.nan])).all()
    assert holm([]).shape == (0,)
    assert holm(0.2) == 0.2


def test_each_family_is_adjusted_by_itself():
    p, families = [0.01, 0.02, 0.03, 0.04, np.nan], ["a", "b", "a", "b", "a"]
    np.testing.assert_allclose(holm(p, families), [0.02, 0.04, 0.03, 0.04, np.nan])


@pytest.mark.parametrize("bad", [-0.01, 1.01, np.inf])
def test_what_is_no_p_value_is_refused(bad):
    with pytest.raises(DataError, match=r"lie in \[0, 1\]"):
        holm([0.5, bad])


def test_families_must_fit():
    with pytest.raises(MismatchError, match="one family a p-value"):
        holm([0.5, 0.1], ["a"])


def test_one_finding_or_more_where_there_is_nothing_in_at_most_one_of_twenty():
    rng = np.random.default_rng(0)
    shared = rng.normal(size=(2000, 1))  # the tests of a family depend on each other
    z = np.sqrt(0.5) * shared + np.sqrt(0.5) * rng.normal(size=(2000, 20))
    p = 2 * stats.norm.sf(np.abs(z))
    found = (holm(p, np.tile(np.arange(2000)[:, None], 20)) <= 0.05).any(axis=1).mean()
    assert (p <= 0.05).any(axis=1).mean() > 0.3  # what is not adjusted finds a lot
    assert found <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 2000)
