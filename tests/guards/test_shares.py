"""A part that was resampled is told from one that was drawn, by an exact or asymptotic test."""

import numpy as np
import pytest

from steelyard._support.errors import DataError
from steelyard.guards import CannotTell, class_shares, label_shares, unseen_classes

NAMES = ("a", "b", "c")
RAW = np.array([0.7, 0.2, 0.1])


def test_a_resampled_part_is_told_with_its_size():
    found = class_shares(np.array([400, 300, 300]), RAW, NAMES, "test")
    assert (found.code, found.severity, found.n) == ("G201", "warning", 1000)
    assert found.count == 300  # 30 % would have to be of another class
    assert "'a' 0.4 in place of 0.7" in found.message
    assert "30.0% of its samples" in found.message
    assert found.examples[0] == "a"


def test_a_drawn_part_is_not():
    rng = np.random.default_rng(0)
    for n in (7, 50, 3000):
        for _ in range(100):
            assert class_shares(rng.multinomial(n, RAW), RAW, NAMES, "test") is None


@pytest.mark.parametrize("raw", [RAW, np.array([84, 24, 12])])
@pytest.mark.parametrize("n", [30, 2000])
def test_the_level_is_one_in_a_thousand(raw, n):
    rng = np.random.default_rng(0)
    draws = 400
    if raw.sum() > 1:  # counts of a sample of their own
        pairs = [(rng.multinomial(n, RAW), rng.multinomial(120, RAW)) for _ in range(draws)]
    else:
        pairs = [(rng.multinomial(n, RAW), RAW) for _ in range(draws)]
    assert sum(class_shares(one, of, NAMES, "test") is not None for one, of in pairs) <= 3


def test_raw_counts_are_a_sample_and_raw_shares_are_not():
    counts = np.array([50, 28, 22])
    assert class_shares(counts, RAW, NAMES, "test") is not None
    assert class_shares(counts, np.array([84, 24, 12]), NAMES, "test") is None
    assert class_shares(counts, np.array([8400, 2400, 1200]), NAMES, "test") is not None
    assert class_shares(counts, np.array([70, 20, 10]), NAMES, "test") is not None  # per cent


def test_exact_balance_has_a_code_of_its_own():
    for counts in ([300, 300, 300], [334, 333, 333]):
        found = class_shares(np.array(counts), RAW, NAMES, "test")
        assert found.code == "G202"
    assert "each of 3 classes, which the raw data do not" in found.message
    assert class_shares(np.array([400, 300, 300]), RAW, NAMES, "t", balanced_alone=True) is None
    even = np.array([1 / 3, 1 / 3, 1 / 3])
    assert class_shares(np.array([300, 300, 300]), even, NAMES, "test") is None
    assert class_shares(np.array([300, 300, 300]), np.array([500, 500, 500]), NAMES, "test") is None


def test_certain_but_tiny_differences_are_not_worth_a_word():
    raw = np.array([0.5, 0.3, 0.2])
    assert class_shares(np.array([5_050_000, 2_950_000, 2_000_000]), raw, NAMES, "test") is None
    assert class_shares(np.array([5_150_000, 2_850_000, 2_000_000]), raw, NAMES, "test") is not None


def test_the_level_is_shared_out_among_parts():
    counts = np.array([38, 47, 15])  # p = 4e-5
    for n_parts in (1, 1000):
        found = class_shares(counts, np.array([0.6, 0.3, 0.1]), NAMES, "test", n_parts=n_parts)
        assert (found is None) == (n_parts > 1)


def test_a_class_that_the_raw_data_lack_is_no_sampling():
    assert class_shares(np.array([50, 50, 2]), np.array([0.5, 0.5, 0.0]), NAMES, "test") is not None


@pytest.mark.parametrize(
    ("counts", "raw"),
    [([0, 0, 0], RAW), ([1, 2], RAW), ([1, 2, -1], RAW), ([1, 2, 3], [0.5, np.nan, 0.5])],
)
def test_counts_and_shares_that_are_none_are_refused(counts, raw):
    with pytest.raises(DataError, match="must be 3 numbers"):
        class_shares(np.array(counts), np.array(raw), NAMES, "test")


def test_one_class_alone_cannot_tell():
    with pytest.raises(CannotTell):
        class_shares(np.array([5, 0, 0]), np.array([1.0, 0, 0]), NAMES, "test")


def test_shares_of_labels_are_tested_one_by_one():
    raw = np.array([0.5, 0.2, 0.02])
    assert label_shares(np.array([510, 190, 22]), 1000, raw, NAMES, "test") is None
    found = label_shares(np.array([510, 190, 200]), 1000, raw, NAMES, "test")
    assert (found.code, found.count, found.n, found.examples) == ("G201", 1, 3, ("c",))
    with pytest.raises(DataError, match="must lie in"):
        label_shares(np.array([1, 1, 1]), 10, np.array([0.5, 0.5, 2]), NAMES, "test")


def test_classes_without_training_samples_are_told():
    found = unseen_classes(np.array([5, 0, 3]), np.array([1, 2, 0]), NAMES, "test")
    assert (found.code, found.count, found.n, found.examples) == ("G409", 1, 2, ("b",))
    assert "2 rows" in found.message
    assert unseen_classes(np.array([5, 1, 3]), np.array([1, 2, 0]), NAMES, "test") is None
