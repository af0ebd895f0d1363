"""The answer in cost: chosen on validation, stated from test, never stronger than its interval."""

from dataclasses import replace

import numpy as np
import pytest
from cost_cases import two_classes

from steelyard.evaluation.cost_report import cost_report
from steelyard.records import Arm, Costs, Interval, Predictions, Recipe, Study
from steelyard.workflow.decide_costs import CLASS_WEIGHTS, decide_costs, savings

NAMES = ("no", "yes")
TEN = Costs([[0, 1], [10, 0]], NAMES, "EUR")
STUDY = Study(
    "weigh",
    (
        Arm("degree=0", Recipe()),
        Arm("degree=0.5", Recipe(), 0.5),
        Arm("degree=1", Recipe(), 1.0),
        Arm(CLASS_WEIGHTS, Recipe(class_weighting=1.0)),
    ),
    2,
)
PRIOR = np.array([0.9, 0.1])
TRUTH = np.repeat([0, 1], [1800, 200])


def models(part, shifts, skill=1.0, truth=TRUTH, prior=PRIOR):
    """Log-odds of overlapping classes; a shift moves what is decided as trained."""
    rng = np.random.default_rng(len(part))
    place = rng.normal(skill * 2 * truth)
    made = []
    for arm, shift in zip(STUDY.arms, shifts, strict=True):
        for seed in range(STUDY.repetitions):
            noise = np.random.default_rng(seed).normal(0, 0.2, len(truth))
            odds = 2 * place - 2 + np.log(1 / 9) + noise + shift
            made.append(
                Predictions(
                    np.arange(len(truth)),
                    truth,
                    np.stack([np.zeros(len(truth)), odds], axis=1),
                    NAMES,
                    prior,
                    arm=arm.name,
                    seed=seed,
                    split=part,
                )
            )
    return made


def answer(validation, test, costs=TEN, priors=None):
    found = decide_costs(STUDY, validation, test, costs, priors or {"train": PRIOR})
    assert found.costs == costs
    return found.priors[0]


def test_the_option_is_chosen_on_validation_and_stated_from_test():
    shifts, turned = (0, 2, 9, 0), (0, 9, 2, 0)
    found = answer(models("validation", shifts), models("test", turned))
    rebalanced = found.options[found.alone["rebalancing"]]
    assert rebalanced.arm == "degree=0.5"  # the cheaper on validation, the dearer on test
    assert rebalanced.saved.below_zero
    means = [one.validation for one in found.options]
    assert found.best.validation == min(means)
    of_natural = [one.validation for one in found.options if one.arm == "degree=0"]
    assert found.options[found.natural].validation == min(of_natural)


def test_figures_are_those_of_the_cost_report():
    validation, test = models("validation", (0, 1, 2, 2)), models("test", (0, 1, 2, 2))
    report = cost_report(test, TEN, None, validation).set_index(["prior", "arm", "rule"])
    priors = {"uniform": np.array([0.5, 0.5]), "train": PRIOR}
    for one in decide_costs(STUDY, validation, test, TEN, priors).priors:
        assert len(one.options) == 4 * 4
        for option in one.options:
            row = report.loc[(one.prior, option.arm, option.rule)]
            assert option.cost == Interval(*row[["cost", "low", "high"]])
            assert option.saved == Interval(*row[["saved", "saved_low", "saved_high"]])
            assert option.relative == row["relative"]
        best, natural = one.best, one.options[one.natural]
        expected = natural.cost.mean - best.cost.mean
        assert one.over_natural.mean == pytest.approx(expected, abs=1e-12)


def test_each_measure_alone_is_the_option_it_says():
    found = answer(models("validation", (0, 1, 2, 2)), models("test", (0, 1, 2, 2)))
    options = {name: found.options[number] for name, number in found.alone.items()}
    assert {name: (one.arm, one.rule) for name, one in options.items()} == {
        "rebalancing": ("degree=1", "as trained"),
        "class weights": (CLASS_WEIGHTS, "as trained"),
        "prior correction": ("degree=0", "prior corrected"),
        "threshold": ("degree=0", "threshold moved"),
        "least cost": ("degree=0", "least cost"),
    }
    base = found.options[found.base]
    assert (base.arm, base.rule) == ("degree=0", "as trained")
    assert base.saved == Interval(0, 0, 0)
    # under the training prior there is nothing to correct
    assert options["prior correction"].saved == Interval(0, 0, 0)
    for name, option in options.items():
        if found.best != option:
            assert savings(option.saved) in found.beside, name
    assert "rebalancing (degree 1)" in found.beside


def test_equally_cheap_options_go_to_the_least_done():
    zero_one = Costs([[0, 1], [1, 0]], NAMES)
    sure = np.stack([-40.0 * TRUTH, -40.0 * (1 - TRUTH)], axis=1)
    perfect = [
        [replace(one, logits=sure) for one in models(part, (0, 0, 0, 0))]
        for part in ("validation", "test")
    ]
    found = answer(*perfect, costs=zero_one)
    assert found.chosen == found.base == found.natural
    assert found.sentence.startswith(
        "Under the training distribution: the cheapest choice on validation is the data as they "
        "are, decided by the most probable class. It costs 0.0 units per 1,000 samples."
    )


def test_a_saving_is_said_only_where_it_was_shown():
    found = answer(models("validation", (0, 1, 2, 2)), models("test", (0, 1, 2, 2)))
    assert found.best.saved.above_zero
    assert f"It saves {savings(found.best.saved)} EUR per 1,000 samples against" in found.sentence
    few = np.repeat([0, 1], [36, 4])
    unsure = answer(
        models("validation", (0, 1, 2, 2)),
        models("test", (0, 1, 2, 2), truth=few),
        Costs([[0, 1], [2, 0]], NAMES),
    )
    assert unsure.chosen != unsure.base
    assert not unsure.best.saved.above_zero
    assert "but on test it was not shown to save anything" in unsure.sentence


def test_training_otherwise_has_to_beat_deciding_otherwise():
    """Arms that differ in a shift alone, of which nothing is known, cannot be told apart."""
    validation, test = models("validation", (0, 0.1, 0.2, 0.3)), models("test", (0, 0.1, 0.2, 0.3))
    found = answer(validation, test)
    assert found.options[found.natural].saved.above_zero
    if found.best.arm != "degree=0":
        assert not found.over_natural.above_zero
        assert "was not shown" in found.sentence
    # an arm that knows more than the others
    better = [
        next(
            replace(two, arm=one.arm, seed=one.seed)
            for two in models(one.split, (0, 0, 0, 0), skill=2.0)
            if two.seed == one.seed
        )
        if one.arm == "degree=1"
        else one
        for one in validation + test
    ]
    found = answer(
        [one for one in better if one.split == "validation"],
        [one for one in better if one.split == "test"],
    )
    assert found.best.arm == "degree=1"
    assert found.over_natural.above_zero
    assert f"it saves {savings(found.over_natural)}; the latter" in found.sentence


def test_without_class_weights_or_with_more_classes_their_measures_are_left_out():
    weighing = two_classes()
    assert set(weighing.verdict.costs.priors[0].alone) == {
        "rebalancing", "class weights", "prior correction", "threshold", "least cost",
    }  # fmt: skip
    study = replace(STUDY, arms=STUDY.arms[:3])
    parts = [
        [one for one in models(part, (0, 1, 2, 2)) if one.arm != CLASS_WEIGHTS]
        for part in ("validation", "test")
    ]
    (found,) = decide_costs(study, *parts, TEN, {"train": PRIOR}).priors
    assert "class weights" not in found.alone


@pytest.mark.parametrize(
    ("saved", "text"),
    [
        (Interval(0.0123, 0.0012, 0.0234), "12 [1, 23]"),
        (Interval(-0.0123, -0.0140, -0.0106), "\u221212.3 [\u221214.0, \u221210.6]"),
        (Interval(0, 0, 0), "0.0 [0.0, 0.0]"),
        (Interval(1234.5, 1000, 1469), "1,234,500 [1,000,000, 1,469,000]"),
        (Interval(-1e-6, -3e-6, 1e-6), "\u22120.0010 [\u22120.0030, 0.0010]"),
    ],
)
def test_savings_carry_the_decimals_their_interval_supports(saved, text):
    assert savings(saved) == text
