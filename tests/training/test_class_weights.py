"""Class weights in the loss: what they are, what they act as, and what training sees by them."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.utils.class_weight import compute_class_weight
from toy_data import parted, toy_images, toy_table
from training.test_members_equal_networks_alone import (
    IMAGES,
    SHORT,
    assert_equal_alone,
    prepared,
    three,
)

from steelyard import resampling
from steelyard._support.errors import ParameterError
from steelyard.records import Plan, Recipe
from steelyard.resampling import by_count
from steelyard.training import PROBES, Member, fit, fit_ensemble, prepare
from steelyard.training.class_weights import class_weights, seen_prior

COUNTS = np.array([90, 30, 6])
WEIGHTED = replace(SHORT, class_weighting=1.0)


@pytest.mark.parametrize("exponent", [0.3, 1.0, 2.5])
def test_weights_are_a_power_of_the_counts_with_mean_one(exponent):
    weights = class_weights(COUNTS, exponent)
    np.testing.assert_allclose(weights / weights[0], (COUNTS / COUNTS[0]) ** -exponent)
    assert (weights * COUNTS).sum() / COUNTS.sum() == pytest.approx(1, abs=1e-12)
    np.testing.assert_allclose(weights, resampling.class_weights(COUNTS, exponent), rtol=1e-12)


def test_full_weighting_is_scikit_learns_balanced():
    labels = np.repeat([0, 1, 2], COUNTS)
    balanced = compute_class_weight("balanced", classes=np.arange(3), y=labels)
    np.testing.assert_allclose(class_weights(COUNTS, 1.0), balanced, rtol=1e-12)


def test_a_class_that_is_never_drawn_weighs_nothing():
    np.testing.assert_allclose(class_weights(np.array([30, 0, 10]), 1.0), [2 / 3, 0, 2])
    assert np.isfinite(class_weights(np.array([1, 10**9]), 40.0)).all()


@pytest.mark.parametrize("order", ["own", "shared"])
@pytest.mark.parametrize("batch_size", [16, None])
def test_a_weighted_member_of_a_stack_equals_the_network_alone(order, batch_size):
    recipe = replace(SHORT, batch_size=batch_size)
    plain = three(recipe)
    members = [
        plain[0],  # unweighted, beside others
        *(
            replace(one, recipe=replace(one.recipe, class_weighting=exponent))
            for one, exponent in zip(plain, (1.0, 0.5, 0.7), strict=True)
        ),
    ]
    assert_equal_alone(prepared(IMAGES, "mlp"), members, order)


def test_whole_weights_are_repeated_rows():
    data = parted(toy_images((60, 20, 20)))
    part = data.part("train")
    assert part.class_counts.tolist() == [36, 12, 12]
    times = np.where(part.labels == 0, 1, 3)
    rows = Plan.of(part, times, np.full(3, 36.0), "threefold")
    recipe = replace(SHORT, batch_size=None, epochs=9)
    ready = prepare(part, [data.part("test")])
    repeated, weighted, plain = fit_ensemble(
        ready,
        [Member(recipe, rows), Member(replace(recipe, class_weighting=1.0)), Member(recipe)],
    )
    np.testing.assert_allclose(weighted.losses, repeated.losses, rtol=1e-5)
    ours, theirs = weighted.predictions[0], repeated.predictions[0]
    np.testing.assert_allclose(ours.logits, theirs.logits, atol=2e-5)
    np.testing.assert_allclose(ours.prior, theirs.prior, rtol=1e-12)
    assert np.abs(plain.predictions[0].logits - theirs.logits).max() > 0.01


def test_training_sees_the_shares_of_a_plan_of_that_degree():
    part = parted(toy_images((300, 60, 20))).part("train")
    recipe = Recipe(class_weighting=0.5)
    expected = part.class_counts**0.5 / (part.class_counts**0.5).sum()
    np.testing.assert_allclose(seen_prior(part, None, recipe), expected)
    np.testing.assert_array_equal(seen_prior(part, None, Recipe()), part.prior)
    # weights follow from what is drawn: what a plan has balanced needs none
    balanced = by_count(part, 1.0)
    np.testing.assert_allclose(seen_prior(part, balanced, recipe), balanced.prior, rtol=1e-2)
    half = by_count(part, 0.5)
    np.testing.assert_allclose(
        seen_prior(part, half, recipe), half.prior**0.5 / (half.prior**0.5).sum()
    )


@pytest.mark.parametrize("model", ["mlp", "trees"])
def test_predictions_carry_the_prior_that_training_saw(model):
    data = parted(toy_table())
    ready = prepare(data.part("train"), [data.part("test")], model=model)
    (found,) = fit(ready, replace(PROBES[model], epochs=3, class_weighting=1.0)).predictions
    np.testing.assert_allclose(found.prior, [0.5, 0.5])


def test_scikit_learns_trees_get_the_weights_as_sample_weights():
    data = parted(toy_table())
    ready = prepare(data.part("train"), [data.part("test")], model="trees")
    recipe = replace(PROBES["trees"], epochs=8, class_weighting=1.0)
    seen = {}
    fit_alone = HistGradientBoostingClassifier.fit

    def spy(self, X, y, sample_weight=None):
        seen["weights"] = sample_weight
        return fit_alone(self, X, y, sample_weight)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(HistGradientBoostingClassifier, "fit", spy)
        (weighted,) = fit(ready, recipe).predictions
        balanced = compute_class_weight("balanced", classes=np.arange(2), y=ready.y)
        np.testing.assert_allclose(seen["weights"], balanced[ready.y], rtol=1e-12)
        (plain,) = fit(ready, replace(recipe, class_weighting=0.0)).predictions
        assert seen["weights"] is None
    rare = int(data.class_counts.argmin())
    assert (
        np.exp(weighted.log_probabilities)[:, rare].mean()
        > np.exp(plain.log_probabilities)[:, rare].mean() + 0.05
    )


def test_xgboost_gets_them_too():
    pytest.importorskip("xgboost", reason="the extra 'trees' is not installed")
    data = parted(toy_table((120, 40)))
    part = data.part("train")
    ready = prepare(part, [data.part("test")], model="trees")
    recipe = replace(PROBES["xgboost"], epochs=8)
    (weighted,) = fit(ready, replace(recipe, class_weighting=1.0)).predictions
    (plain,) = fit(ready, recipe).predictions
    rare = int(part.class_counts.argmin())
    assert (
        np.exp(weighted.log_probabilities)[:, rare].mean()
        > np.exp(plain.log_probabilities)[:, rare].mean() + 0.05
    )


def test_weights_and_a_second_split_do_not_go_together():
    part = parted(toy_images()).part("train")
    plan = by_count(part, 0.0)
    with pytest.raises(ParameterError, match=r"'then' parameter .* without patience and class"):
        Member(WEIGHTED, plan, then=plan)
    Member(SHORT, plan, then=plan)
