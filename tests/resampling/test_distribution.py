import numpy as np
import pytest

from steelyard._support.errors import DataError, MismatchError, ParameterError
from steelyard.checks.hand_made import labelled
from steelyard.records.plan import Plan
from steelyard.resampling import by_count, by_label_count, distribution, dry_run

LABELS = np.array([[1, 0, 0]] * 5 + [[1, 1, 0]] * 2 + [[1, 0, 1], [0, 0, 0]], dtype=bool)
NAMES = ("a", "b", "c")


def test_several_labels_by_hand():
    data = labelled(LABELS, NAMES)
    reached = distribution(by_label_count(data, 1.0), data)
    assert reached.before.tolist() == [8, 2, 1]
    assert reached.after.tolist() == [21, 8, 8]
    assert (reached.n_samples, reached.draws) == (9, 22)
    assert (reached.rho_before, reached.rho_after) == (8, 21 / 8)
    assert reached.cardinality_before == pytest.approx(11 / 9)
    assert reached.cardinality_after == pytest.approx(37 / 22)
    assert reached.effective_samples == pytest.approx(22**2 / (5 + 2 * 16 + 64 + 1))
    assert reached.largest_repeat == 8
    assert reached.distinct_samples == 9


def test_one_class_a_sample_by_hand():
    data = labelled(np.repeat([0, 1, 2], [64, 16, 4]), NAMES)
    reached = distribution(by_count(data, 0.5), data)
    np.testing.assert_allclose(reached.after, [48, 24, 12])
    assert reached.rho_after == pytest.approx(4)
    assert reached.largest_repeat == 3
    assert reached.distinct_samples == pytest.approx(48 + 16 + 4)
    squares = 64 * 0.75**2 + 16 * 1.5**2 + 4 * 9
    assert reached.effective_samples == pytest.approx(84**2 / squares)


def test_the_rows_may_stand_in_another_order():
    data = labelled(np.repeat([0, 1, 2], [64, 16, 4]), NAMES)
    plan = by_count(data, 0.5)
    moved = data.take(np.random.default_rng(0).permutation(84))
    np.testing.assert_allclose(distribution(plan, moved).after, [48, 24, 12])


def test_weights_without_a_plan():
    data = labelled(np.array([0, 0, 1]), NAMES)
    reached = distribution(np.array([1, 0, 2.5]), data)
    assert reached.after.tolist() == [1, 2.5, 0]
    assert reached.distinct_samples == 2
    assert reached.left_out == ()
    assert distribution([0, 0, 1], data).left_out == ("a",)


def test_added_rows_count():
    data = labelled(np.array([0, 0, 0, 1]), NAMES[:2])
    added = labelled(np.array([1, 1]), NAMES[:2], np.array([900, 901]))
    plan = Plan.of(data, [1, 1, 1, 1], [3, 3], "by hand", added=added)
    reached = distribution(plan, data)
    assert reached.after.tolist() == [3, 3]
    assert (reached.draws, reached.effective_samples, reached.distinct_samples) == (6, 6, 6)
    assert "2 rows are added to the data, each used once." in dry_run(plan, data)


def test_weights_count_up_to_a_common_factor():
    data = labelled(np.array([0, 0, 0, 1]), NAMES[:2])
    for factor in (1e-200, 1.0, 1e14):
        reached = distribution(factor * np.array([1.0, 1, 1, 3]), data)
        assert reached.effective_samples == pytest.approx(3)
        assert reached.rho_after == pytest.approx(1)


def test_what_does_not_fit_is_refused():
    data = labelled(np.array([0, 0, 1]), NAMES)
    with pytest.raises(MismatchError, match="made on data"):
        distribution(by_count(data, 0.5), labelled(np.array([0, 1, 1]), NAMES))
    with pytest.raises(DataError, match="needs 3 weights"):
        distribution(np.ones(2), data)
    with pytest.raises(DataError, match="Got only 0"):
        distribution(np.zeros(3), data)
    with pytest.raises(ParameterError, match="0 or above"):
        distribution(np.array([-1.0, 1, 1]), data)


def test_the_dry_run_is_aligned_text():
    data = labelled(LABELS, NAMES)
    assert (
        dry_run(by_label_count(data, 1.0), data)
        == """\
by label count, degree 1, rule max, growing size

label  before  asked  after   share  repeat
a           8    8.0   21.0  0.9545   2.625
b           2    8.0    8.0  0.3636   4.000
c           1    8.0    8.0  0.3636   8.000

                                before  after
draws in an epoch                    9   22.0
  of an epoch as is                  1  2.444
largest over smallest                8  2.625
labels a sample                  1.222  1.682
distinct samples in an epoch         9    9.0
largest repeat, on average           1  8.000
effective samples, over epochs       9    4.7
  of the samples                     1  0.527

Samples without labels keep 1 use: 1 of 9.
"""
    )


def test_the_dry_run_of_single_labels_says_what_is_left_out_and_steers_no_terminal():
    names = ("\x1b[31mred", "b\nc", "no sample", "x" * 90)
    data = labelled(np.repeat([0, 1, 3], [6, 3, 3]), names)
    text = dry_run(by_count(data, 1.0, shares=[1, 1, 0, 0]), data)
    assert "\x1b" not in text
    assert f"Not drawn at all: {'x' * 37}..." in text
    assert "\nno sample " in text
    assert "labels a sample" not in text
    assert len({len(line) for line in text.splitlines()[2:7]}) == 1
