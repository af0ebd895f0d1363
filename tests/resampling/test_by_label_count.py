import numpy as np
import pytest

from steelyard._support.errors import DataError, MismatchError, ParameterError
from steelyard.checks.hand_made import labelled
from steelyard.resampling import RULES, by_count, by_label_count, distribution

# 8 samples: label a in 8 of them alone or not, b in 2, c in 1; one more without labels
LABELS = np.array(
    [[1, 0, 0, 0]] * 5 + [[1, 1, 0, 0]] * 2 + [[1, 0, 1, 0], [0, 0, 0, 0]], dtype=bool
)
NAMES = ("a", "b", "c", "none")


def data(labels=LABELS, names=NAMES, **more):
    return labelled(labels, names, **more)


@pytest.mark.parametrize(
    ("rule", "pair", "rarest"),
    [
        ("max", 4, 8),
        ("sum", 5, 9),
        ("mean", 2.5, 4.5),
        ("geometric_mean", 2, 8**0.5),
        ("min", 1, 1),
    ],
)
def test_full_balancing_by_hand(rule, pair, rarest):
    plan = by_label_count(data(), 1.0, rule=rule)
    np.testing.assert_allclose(plan.weights, [1] * 5 + [pair] * 2 + [rarest, 1])
    assert plan.requested.tolist() == [8, 8, 8, 0]
    assert plan.total == round(5 + 2 * pair + rarest + 1)


def test_half_a_degree_takes_the_root_before_labels_are_put_together():
    plan = by_label_count(data(), 0.5, rule="sum")
    np.testing.assert_allclose(plan.weights, [1] * 5 + [1 + 4**0.5] * 2 + [1 + 8**0.5, 1])


@pytest.mark.parametrize("size", ["grow", "constant"])
@pytest.mark.parametrize("rule", RULES)
def test_degree_zero_is_the_identity_by_every_rule(rule, size):
    plan = by_label_count(data(), 0, rule=rule, size=size)
    assert plan.is_identity
    assert (plan.weights == 1).all()


def test_the_median_as_reference_uses_common_labels_less():
    plan = by_label_count(data(), 1.0, reference="median")
    np.testing.assert_allclose(plan.weights, [0.25] * 5 + [1] * 2 + [2, 1])


def test_softening_repeats_the_rarest_less():
    plan = by_label_count(data(), 1.0, soften=2)
    np.testing.assert_allclose(plan.weights, [1] * 5 + [10 / 4] * 2 + [10 / 3, 1])


def test_the_cap_holds_after_labels_are_put_together():
    plan = by_label_count(data(), 1.0, rule="sum", max_repeat=6)
    np.testing.assert_allclose(plan.weights, [1] * 5 + [5] * 2 + [6, 1])


def test_constant_size_keeps_the_draws_and_the_samples_without_labels():
    plan = by_label_count(data(), 1.0, size="constant")
    # 5 of 1, 2 of 4 and 1 of 8 make 21, scaled to the 8 samples with labels
    np.testing.assert_allclose(plan.weights, np.array([1] * 5 + [4] * 2 + [8, 21 / 8]) * 8 / 21)
    np.testing.assert_allclose(plan.requested, [8 * 8 / 21] * 3 + [0])
    assert plan.total == 9


def test_what_a_cap_takes_from_a_constant_size_goes_to_the_others_in_proportion():
    plan = by_label_count(data(), 1.0, size="constant", max_repeat=1.5)
    # at most 1.5 each for three samples leaves 3.5 for five
    np.testing.assert_allclose(plan.weights, [0.7] * 5 + [1.5] * 3 + [1])
    assert (by_label_count(data(), 1.0, size="constant", max_repeat=1).weights == 1).all()


def test_one_label_each_gives_the_expected_uses_of_by_count():
    codes = np.repeat([0, 1, 2], [40, 10, 3])
    several = data(np.eye(3, dtype=bool)[codes], NAMES[:3])
    single = labelled(codes, NAMES[:3])
    for degree in (0.3, 0.5, 1.0):
        for size in ("grow", "constant"):
            asked = by_count(single, degree, size=size).requested
            for rule in RULES:
                reached = distribution(
                    by_label_count(several, degree, rule=rule, size=size), several
                )
                np.testing.assert_allclose(reached.after, asked)
        rho = distribution(by_label_count(several, degree), several).rho_after
        assert rho == pytest.approx((40 / 3) ** (1 - degree))


def test_counts_are_an_unbiased_rounding():
    random = np.random.default_rng(0)
    source = data(random.random((40, 3)) < [0.6, 0.2, 0.1], NAMES[:3])
    plans = [by_label_count(source, 0.5, seed=seed) for seed in range(400)]
    counts = np.array([plan.counts for plan in plans])
    assert len({tuple(row) for row in counts}) > 100
    assert set(counts.sum(axis=1)) == {round(plans[0].weights.sum())}
    # each is a floor or a ceiling: a standard deviation of .5 at most, of a mean of 400
    assert np.abs(counts.mean(axis=0) - plans[0].weights).max() < 4.5 * 0.5 / 400**0.5


def test_what_to_know_is_noted():
    plan = by_label_count(data(), 0.5)
    assert plan.notes == (
        "Samples without labels keep 1 use: 1 of 9.",
        "Labels without samples are skipped: 'none'.",
    )
    by_sum = by_label_count(data(), 0.5, rule="sum")
    assert by_sum.notes[0] == (
        "Rule sum uses a sample by its number of labels, even at degrees near 0."
    )
    assert by_label_count(data(LABELS[:8, :3], NAMES[:3]), 0.5).notes == ()


def test_the_scheme_in_words():
    assert (
        by_label_count(data(), 0.5).scheme == "by label count, degree 0.5, rule max, growing size"
    )
    plan = by_label_count(
        data(), 1, rule="mean", reference="median", soften=2, max_repeat=3, size="constant"
    )
    assert plan.scheme == (
        "by label count, degree 1, rule mean, constant size, the median count as reference, "
        "softened by 2, at most 3 uses"
    )


@pytest.mark.parametrize(
    "bad",
    [
        {"degree": np.nan},
        {"degree": np.inf},
        {"rule": "median"},
        {"reference": "min"},
        {"soften": -1},
        {"max_repeat": 0.5},
        {"size": "shrink"},
        {"seed": 0.5},
    ],
)
def test_arguments_outside_their_range_are_named(bad):
    with pytest.raises(
        ParameterError, match=f"The '{next(iter(bad))}' parameter of by_label_count"
    ):
        by_label_count(data(), **{"degree": 0.5, **bad})


def test_degrees_that_ask_for_too_much_are_refused():
    with pytest.raises(ParameterError, match="that no number can hold"):
        by_label_count(data(), 2000.0)
    with pytest.raises(ParameterError, match="that no number can hold"):
        by_label_count(data(), -2000.0)
    with pytest.raises(ParameterError, match=r"By label count, .* asks for 1\.\d+e\+18") as error:
        by_label_count(data(), 20.0)
    assert "max_repeat" in error.value.hint
    assert by_label_count(data(), 20.0, max_repeat=3).weights.max() == 3


def test_other_data_are_refused_with_what_to_do():
    with pytest.raises(DataError, match="has one class") as error:
        by_label_count(labelled(np.array([0, 1]), ("a", "b")), 0.5)
    assert "by_count" in error.value.hint
    with pytest.raises(DataError, match="No sample has a label"):
        by_label_count(data(np.zeros((3, 4), bool)), 0.5)
    split = np.array(["train"] * 8 + ["test"])
    with pytest.raises(MismatchError, match="held-out rows"):
        by_label_count(data(split=split), 0.5)
