import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from steelyard.resampling import RULES, label_rules
from steelyard.resampling.label_rules import sample_factors, without_labels

LABELS = np.array([[1, 1, 0], [0, 0, 1], [0, 0, 0], [1, 1, 1]], dtype=bool)
FACTORS = np.array([1.0, 4.0, 16.0])


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("max", [4, 16, 1, 16]),
        ("sum", [5, 16, 1, 21]),
        ("mean", [2.5, 16, 1, 7]),
        ("geometric_mean", [2, 16, 1, 4]),
        ("min", [1, 16, 1, 1]),
    ],
)
def test_each_rule_by_hand(rule, expected):
    np.testing.assert_allclose(sample_factors(LABELS, FACTORS, rule), expected, rtol=1e-14)


@pytest.mark.parametrize("rule", RULES)
def test_codes_read_the_factor_of_their_class(rule):
    assert sample_factors(np.array([2, 0, 2]), FACTORS, rule).tolist() == [16, 1, 16]


@given(st.sampled_from(RULES), st.integers(1, 12), st.integers(0, 2**32 - 1))
def test_rules_agree_with_a_slow_reference_in_any_order_and_any_block(rule, n_labels, seed):
    random = np.random.default_rng(seed)
    labels = random.random((30, n_labels)) < 0.3
    factors = np.exp(random.normal(0, 3, n_labels))
    factors[random.integers(0, n_labels, 2)] = factors[0]  # ties
    slow = {
        "max": np.max,
        "sum": np.sum,
        "mean": np.mean,
        "geometric_mean": lambda values: np.prod(values) ** (1 / len(values)),
        "min": np.min,
    }[rule]
    expected = [slow(factors[row]) if row.any() else 1 for row in labels]
    result = sample_factors(labels, factors, rule)
    np.testing.assert_allclose(result, expected, rtol=1e-12)
    rows, columns = random.permutation(30), random.permutation(n_labels)
    permuted = sample_factors(labels[rows][:, columns], factors[columns], rule)
    assert np.array_equal(permuted, result[rows])
    whole, label_rules._BLOCK = label_rules._BLOCK, 7 * n_labels
    try:
        assert np.array_equal(sample_factors(labels, factors, rule), result)
    finally:
        label_rules._BLOCK = whole


def test_samples_without_labels():
    assert without_labels(LABELS).tolist() == [False, False, True, False]
    assert without_labels(np.array([0, 1])).tolist() == [False, False]
