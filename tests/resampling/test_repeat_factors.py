import numpy as np
import pytest

from steelyard._support.errors import MismatchError, ParameterError
from steelyard.checks.hand_made import labelled
from steelyard.resampling import by_repeat_factor, distribution, repeat_factors

NAMES = ("a", "b", "c", "none")
# of 100 samples a is in 64, b in 16, c in 4; 4 of c also have a
CODES = np.repeat([0, 1, 2, 3], [64, 16, 4, 16])
LABELS = np.eye(4, dtype=bool)[CODES][:, :4]
LABELS[:, 3] = False


def test_factors_by_hand():
    counts = np.array([64, 16, 4, 0])
    np.testing.assert_allclose(repeat_factors(counts, 100, 0.36), [1, 1.5, 3, 1])
    np.testing.assert_allclose(repeat_factors(counts, 100, 0.16, 1.0), [1, 1, 4, 1])
    assert repeat_factors(counts, 100, 0.04).tolist() == [1, 1, 1, 1]
    assert repeat_factors(counts, 100, 1.0, 0).tolist() == [1, 1, 1, 1]


def test_a_sample_is_repeated_as_its_rarest_label_asks():
    labels = LABELS.copy()
    labels[-20:-16, 0] = True  # those with c
    plan = by_repeat_factor(labelled(labels, NAMES), 0.36)
    np.testing.assert_allclose(plan.weights, [1] * 64 + [1.5] * 16 + [3] * 4 + [1] * 16)
    assert plan.total == 64 + 24 + 12 + 16
    assert plan.scheme == "by repeat factor, threshold 0.36, exponent 0.5"
    assert "Samples without labels keep 1 use: 16 of 100." in plan.notes


def test_single_label_data_have_their_class_totals_rounded():
    plan = by_repeat_factor(labelled(CODES, NAMES), 0.36)
    np.testing.assert_allclose(plan.weights[:84], [1] * 64 + [1.5] * 16 + [3] * 4)
    assert plan.achieved.tolist() == [64, 24, 12, 24]


def test_a_cap_holds():
    plan = by_repeat_factor(labelled(CODES, NAMES), 0.36, max_repeat=2)
    assert plan.weights.max() == 2
    assert plan.scheme.endswith("at most 2 uses")


def test_above_every_share_it_is_a_degree_that_is_the_exponent():
    counts = np.array([64, 16, 4])
    reached = distribution(
        by_repeat_factor(labelled(np.repeat([0, 1, 2], counts), NAMES[:3]), 1.0, exponent=0.3),
        labelled(np.repeat([0, 1, 2], counts), NAMES[:3]),
    )
    np.testing.assert_allclose(reached.after / reached.after[0], (counts / 64) ** 0.7)


@pytest.mark.parametrize(
    "bad",
    [{"threshold": 0}, {"threshold": 1.5}, {"exponent": -0.5}, {"max_repeat": 0}, {"seed": "a"}],
)
def test_arguments_outside_their_range_are_named(bad):
    with pytest.raises(ParameterError, match=f"The '{next(iter(bad))}' parameter of by_repeat"):
        by_repeat_factor(labelled(CODES, NAMES), **{"threshold": 0.1, **bad})


def test_what_cannot_be_is_refused():
    with pytest.raises(ParameterError, match="that no number can hold"):
        by_repeat_factor(labelled(CODES, NAMES), 1.0, exponent=1e4)
    split = np.array(["train"] * 99 + ["validation"])
    with pytest.raises(MismatchError, match="held-out rows"):
        by_repeat_factor(labelled(CODES, NAMES, split=split), 0.1)
