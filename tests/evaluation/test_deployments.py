"""Deployments: what a sample counts for under a prior or a mix of groups."""

import numpy as np
import pytest

from steelyard._support.errors import DataError
from steelyard.evaluation.deployments import of_mixes, of_priors

TRUTH = np.array([0, 0, 0, 1, 1, 2])
SITES = {"site": np.array(["x", "x", "y", "y", "y", "y"], dtype=object)}


def test_a_sample_counts_for_its_class_share_over_the_classes_samples():
    (one,) = of_priors({"field": np.array([0.5, 0.25, 0.25])}, TRUTH)
    np.testing.assert_allclose(one.weights, [1, 1, 1, 0.75, 0.75, 1.5])
    assert one.by_class
    own = of_priors({"own": np.array([3, 2, 1]) / 6}, TRUTH)[0]
    np.testing.assert_allclose(own.weights, np.ones(6))


def test_a_class_without_samples_is_left_out_and_the_rest_rescaled():
    (one,) = of_priors({"field": np.array([0.4, 0.1, 0.0, 0.5])}, TRUTH)
    np.testing.assert_allclose(one.weights, [1.6, 1.6, 1.6, 0.6, 0.6, 0.0])
    with pytest.raises(DataError, match="only classes or groups without held-out"):
        _ = of_priors({"field": np.array([0.0, 0.0, 0.0, 1.0])}, TRUTH)[0].weights


def test_a_mix_weighs_groups_and_implies_the_shares_of_the_classes():
    (one,) = of_mixes({"mostly x": {"site": {"x": 3, "y": 1}}}, SITES, TRUTH, 3)
    np.testing.assert_allclose(one.weights, [2.25, 2.25, *4 * [0.375]])
    # x holds class 0 alone; y one of class 0, two of class 1 and one of class 2
    np.testing.assert_allclose(one.prior, [0.75 + 0.25 / 4, 0.25 / 2, 0.25 / 4])
    assert not one.by_class


@pytest.mark.parametrize(
    ("mix", "message"),
    [
        ({"sites": {"x": 1}}, "grouping 'sites', which is not there.*site"),
        ({"site": {"z": 1}}, "names the group 'z'"),
        ({"site": {"x": -1, "y": 2}}, "non-negative"),
        ({"site": {"x": 0}}, "positive sum"),
        ({"site": {"x": 1}, "more": {"y": 1}}, "one grouping"),
        ({"site": [1, 2]}, "one grouping"),
        ([1], "one grouping"),
    ],
)
def test_a_mix_that_does_not_fit_is_refused(mix, message):
    with pytest.raises(DataError) as raised:
        of_mixes({"field": mix}, SITES, TRUTH, 3)
    whole = f"{raised.value} {raised.value.hint}"
    assert all(part in whole for part in message.split(".*"))
