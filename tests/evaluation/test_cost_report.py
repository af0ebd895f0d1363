"""Rules side by side in cost: each does what it says, and the report holds what they cost."""

from dataclasses import replace

import numpy as np
import pytest

from steelyard._support.errors import DataError, MismatchError
from steelyard.evaluation.cost_report import COLUMNS, cost_report, cost_table
from steelyard.evaluation.cost_rules import (
    AS_TRAINED,
    LEAST_COST,
    LEAST_COST_UNCORRECTED,
    PRIOR_CORRECTED,
    THRESHOLD_MOVED,
    ThresholdRule,
    best_threshold,
    cost_rules,
)
from steelyard.evaluation.costs import cost_threshold
from steelyard.evaluation.intervals import stratified_interval
from steelyard.records import Costs, Predictions

NAMES = ("no", "yes")
TEN = Costs([[0, 1], [10, 0]], NAMES, "EUR")
PRIOR = np.array([0.9, 0.1])


def models(part="test", arms=("degree=0", "degree=1"), n=3000, seeds=2, skew=0.0, names=NAMES):
    """Calibrated log-odds of two overlapping classes, trained under PRIOR; noise by seed."""
    rng = np.random.default_rng(len(part))
    truth = (rng.random(n) < PRIOR[1]).astype(int)
    truth[:2] = 0, 1
    place = rng.normal(2.0 * truth)  # log-odds of the likelihoods: 2 x - 2
    made = []
    for arm in arms:
        trained = PRIOR if arm == "degree=0" else np.array([0.5, 0.5])
        for seed in range(seeds):
            noise = np.random.default_rng(seed).normal(0, 0.1, n)
            odds = 2 * place - 2 + np.log(trained[1] / trained[0]) + noise + skew
            logits = np.stack([np.zeros(n), odds], axis=1)
            made.append(
                Predictions(
                    np.arange(n), truth, logits, names, trained, arm=arm, seed=seed, split=part
                )
            )
    return made


TEST, VALIDATION = models(), models("validation")


def of(report, prior, arm, rule):
    (row,) = report[
        (report["prior"] == prior) & (report["arm"] == arm) & (report["rule"] == rule)
    ].to_dict("records")
    return row


def test_each_rule_decides_as_it_says():
    rules = cost_rules(TEST, TEN, VALIDATION)
    assert list(rules) == [AS_TRAINED, PRIOR_CORRECTED, THRESHOLD_MOVED, LEAST_COST]
    model, uniform = TEST[0], np.array([0.5, 0.5])
    odds = model.logits[:, 1] - model.logits[:, 0]
    np.testing.assert_array_equal(rules[AS_TRAINED](model, uniform), odds > 0)
    np.testing.assert_array_equal(rules[PRIOR_CORRECTED](model, uniform), odds + np.log(9) > 0)
    least = np.log(cost_threshold(TEN, "yes") / (1 - cost_threshold(TEN, "yes")))
    np.testing.assert_array_equal(rules[LEAST_COST](model, PRIOR), odds > least)
    np.testing.assert_array_equal(rules[LEAST_COST](model, uniform), odds + np.log(9) > least)


def test_without_the_training_prior_least_cost_takes_probabilities_as_they_are_and_says_so():
    unknown = [replace(one, prior=None) for one in TEST]
    rules = cost_rules(unknown, TEN, None)
    assert list(rules) == [AS_TRAINED, LEAST_COST_UNCORRECTED]
    expected = cost_rules(TEST, TEN, None)[LEAST_COST](TEST[0], TEST[0].prior)
    found = rules[LEAST_COST_UNCORRECTED](unknown[0], np.array([0.5, 0.5]))
    np.testing.assert_array_equal(found, expected)
    report = cost_report(unknown, TEN, {"uniform": None})
    assert set(report["rule"]) == {AS_TRAINED, LEAST_COST_UNCORRECTED}
    assert set(report["prior"]) == {"test", "uniform"}  # the part as it is, too


@pytest.mark.parametrize("draw", range(10))
def test_the_best_threshold_by_trying_all(draw):
    rng = np.random.default_rng(draw)
    truth = rng.integers(0, 2, 40)
    scores = np.round(rng.normal(truth))  # with many ties
    prior = rng.dirichlet([1, 1])
    costs = Costs([[0, rng.exponential()], [rng.exponential(), -0.1]], NAMES)

    def cost(cut):
        each = costs.matrix[truth, (scores > cut).astype(int)]
        return sum(prior[c] * each[truth == c].mean() for c in (0, 1))

    found = best_threshold(scores, truth, costs, prior)
    tried = [-np.inf, np.inf, *(np.unique(scores) + 1e-9)]
    assert cost(found) == pytest.approx(min(map(cost, tried)), abs=1e-12)


def test_a_threshold_moves_with_prior_and_costs_to_where_theory_puts_it():
    rule = ThresholdRule(TEN, models("validation", n=200_000, seeds=1))
    tuned = models("validation", n=200_000, seeds=1)[0]
    # calibrated under PRIOR: the log-odds of Elkan's threshold
    assert rule.threshold(tuned, PRIOR) == pytest.approx(np.log(1 / 10), abs=0.3)
    assert rule.threshold(tuned, np.array([0.5, 0.5])) == pytest.approx(
        np.log(1 / 10) - np.log(9), abs=0.5
    )


def test_of_equally_cheap_thresholds_the_nearest_to_the_models_own():
    scores, truth = np.array([-3.0, -2.0, 5.0, 6.0]), np.array([0, 0, 1, 1])
    assert best_threshold(scores, truth, TEN, PRIOR) == 1.5
    # whatever is decided for the second sample costs the same
    costs = Costs([[0, 0], [1, 0]], NAMES)
    assert best_threshold(scores, truth, costs, PRIOR) == 1.5
    # scores that mislead: one decision for all is cheapest, .9 against 1
    assert best_threshold(scores, 1 - truth, TEN, PRIOR) == -np.inf


def test_thresholds_are_of_their_arm_and_seed_and_of_no_sample_they_are_judged_on():
    skewed = [replace(one, logits=one.logits + np.array([0, 3.0 * one.seed])) for one in VALIDATION]
    rule = ThresholdRule(TEN, skewed)
    cuts = [rule.threshold(one, PRIOR) for one in skewed[:2]]
    assert cuts[1] - cuts[0] == pytest.approx(3, abs=0.5)
    on_test = rule(TEST[0], PRIOR)
    np.testing.assert_array_equal(on_test, TEST[0].logits[:, 1] > cuts[0])
    np.testing.assert_array_equal(rule(TEST[1], PRIOR), TEST[1].logits[:, 1] > cuts[1])
    # on validation itself: noise scores look useful to a threshold that has seen their labels
    rng = np.random.default_rng(0)
    costs = Costs([[0, 1], [1, 0]], NAMES)
    flattered, honest = [], []
    for _ in range(50):
        truth = rng.permutation(np.repeat([0, 1], 20))
        logits = np.stack([np.zeros(40), rng.normal(size=40)], axis=1)
        noise = Predictions(np.arange(40), truth, logits, NAMES, split="validation")
        noise_rule, even = ThresholdRule(costs, [noise]), np.array([0.5, 0.5])
        cut = noise_rule.threshold(noise, even)
        flattered.append(np.mean((logits[:, 1] > cut) != truth))
        honest.append(np.mean(noise_rule(noise, even) != truth))
    assert np.mean(flattered) < 0.42
    assert 0.47 < np.mean(honest) < 0.57


def test_folds_follow_ids_and_not_rows():
    rule = ThresholdRule(TEN, VALIDATION)
    one = VALIDATION[0]
    rows = np.random.default_rng(1).permutation(len(one))
    turned = replace(one, ids=one.ids[rows], truth=one.truth[rows], logits=one.logits[rows])
    decided = ThresholdRule(TEN, [turned])(turned, PRIOR)
    np.testing.assert_array_equal(decided, rule(one, PRIOR)[rows])


def test_the_report_holds_every_arm_and_rule_under_every_prior_the_cheapest_first():
    report = cost_report(TEST, TEN, {"field": {"no": 3, "yes": 1}}, VALIDATION)
    assert list(report.columns) == list(COLUMNS)
    assert list(dict.fromkeys(report["prior"])) == ["field", "train", "uniform"]
    assert len(report) == 3 * 2 * 4
    for _, rows in report.groupby("prior", sort=False):
        assert rows["cost"].is_monotonic_increasing
    assert (report["unit"] == "EUR").all()
    assert (report["n_seeds"] == 2).all()
    assert (report["low"] >= 0).all()
    base = report[(report["arm"] == "degree=0") & (report["rule"] == AS_TRAINED)]
    assert (base[["saved", "saved_low", "saved_high"]] == 0).all(axis=None)


def test_figures_are_means_re_weighted_to_the_prior_with_paired_differences():
    uniform = np.array([0.5, 0.5])
    row = of(cost_report(TEST, TEN, None, VALIDATION), "uniform", "degree=1", LEAST_COST)
    rule = cost_rules(TEST, TEN, None)[LEAST_COST]
    truth = TEST[0].truth
    by_seed = np.stack([TEN.matrix[truth, rule(one, uniform)] for one in TEST[2:]])
    by_hand = sum(0.5 * by_seed[:, truth == code].mean() for code in (0, 1))
    assert row["cost"] == pytest.approx(by_hand, abs=1e-12)
    # the best constant decision is always "yes": half of the samples at 1
    assert row["relative"] == pytest.approx(by_hand / 0.5, abs=1e-12)
    plain = np.stack([TEN.matrix[truth, one.predicted] for one in TEST[:2]])
    interval = stratified_interval(plain - by_seed, truth, uniform)
    found = [row["saved"], row["saved_low"], row["saved_high"]]
    np.testing.assert_allclose(found, [interval.mean, interval.low, interval.high])
    assert row["saved_low"] > 0


def test_calibrated_models_decide_best_by_least_cost_and_accuracy_is_not_cost():
    report = cost_report(TEST, TEN, None, VALIDATION)
    for prior in ("train", "uniform"):
        for arm in ("degree=0", "degree=1"):
            least = of(report, prior, arm, LEAST_COST)["cost"]
            corrected = of(report, prior, arm, PRIOR_CORRECTED)["cost"]
            moved = of(report, prior, arm, THRESHOLD_MOVED)["cost"]
            assert least < corrected - 0.05
            assert moved == pytest.approx(least, rel=0.1)


def test_a_number_added_to_a_row_changes_no_decision_and_no_saving():
    shifted = Costs(TEN.matrix + np.array([[5], [-20]]), NAMES)
    one, two = (cost_report(TEST, costs, None, VALIDATION) for costs in (TEN, shifted))
    for column in ("saved", "saved_low", "saved_high", "relative"):
        np.testing.assert_allclose(one[column], two[column], atol=1e-9)
    assert (one["rule"] == two["rule"]).all()


def test_where_a_constant_is_as_good_as_knowing_there_is_no_scale():
    report = cost_report(TEST, TEN, {"none": {"no": 1}})
    rows = report[report["prior"] == "none"]
    assert rows["relative"].isna().all()
    assert of(report, "none", "degree=0", LEAST_COST)["cost"] == 0


def test_more_classes_have_no_threshold_and_costs_come_by_name():
    names = ("a", "b", "c")
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 3, 300)
    three = [
        Predictions(
            np.arange(300), truth, rng.normal(size=(300, 3)) + 2 * np.eye(3)[truth], names,
            np.ones(3), split=part,
        )
        for part in ("test", "validation")
    ]  # fmt: skip
    turned = Costs([[0, 5, 1], [9, 0, 1], [1, 1, 0]], ("c", "b", "a"))
    report = cost_report(three[:1], turned, None, three[1:])
    assert set(report["rule"]) == {AS_TRAINED, PRIOR_CORRECTED, LEAST_COST}
    plain = of(report, "train", "model", AS_TRAINED)["cost"]
    by_hand = turned.matrix[2 - truth, 2 - three[0].predicted]
    by_class = [by_hand[truth == code].mean() for code in range(3)]
    assert plain == pytest.approx(np.mean(by_class), abs=1e-12)
    with pytest.raises(DataError, match="least cost takes its place"):
        ThresholdRule(turned, three[1:])


def test_a_validation_part_of_one_class_tunes_nothing():
    rows = VALIDATION[0].truth == 0
    one_class = [
        replace(one, ids=one.ids[rows], truth=one.truth[rows], logits=one.logits[rows])
        for one in VALIDATION
    ]
    assert THRESHOLD_MOVED not in set(cost_report(TEST, TEN, None, one_class)["rule"])
    with pytest.raises(DataError, match="the part holds one class"):
        ThresholdRule(TEN, one_class)


def test_what_does_not_fit_is_refused():
    with pytest.raises(DataError, match=r"no arm 'degree=2' .* did you mean"):
        cost_report(TEST, TEN, base_arm="degree=2")
    with pytest.raises(DataError, match="name 'yeah' as a class"):
        cost_report(TEST, Costs([[0, 1], [1, 0]], ("no", "yeah")))
    with pytest.raises(MismatchError, match="lacks arm 'degree=1', seed 0"):
        cost_report(TEST, TEN, None, VALIDATION[:2])
    with pytest.raises(MismatchError, match="must have the classes of the test"):
        cost_report(TEST, TEN, None, models("validation", names=("no", "yeah")))
    with pytest.raises(MismatchError, match="No threshold was tuned for arm 'degree=1', seed 0"):
        cost_table(TEST, TEN, PRIOR, VALIDATION[:2])
    several = Predictions(np.arange(2), np.eye(2, dtype=bool), np.zeros((2, 2)), NAMES)
    with pytest.raises(DataError, match="several labels"):
        cost_report([several], TEN)
    with pytest.raises(DataError, match="no predictions"):
        cost_report([], TEN)
