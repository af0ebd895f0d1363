import warnings

import numpy as np
import pytest

import steelyard as sy
from steelyard._support.errors import (
    DataError,
    MismatchError,
    ParameterError,
    SteelyardWarning,
)
from steelyard.evaluation import correction_report
from steelyard.records import Plan, Predictions
from steelyard.workflow.correct import correction, told

NAMES = ("a", "b", "c")
P = np.random.default_rng(0).dirichlet([2, 1, 1], 60)
TRUTH = np.arange(60) % 3


def said(prior=None, names=NAMES, **changes):
    return Predictions(np.arange(60), TRUTH, np.log(P), names, prior, **changes)


def labels(prior=None):
    hot = np.stack([TRUTH == 0, TRUTH < 2, TRUTH == 2], axis=1)
    return Predictions(np.arange(60), hot, np.log(P) - np.log1p(-P), NAMES, prior)


def plan(achieved=(10, 10, 20), before=(20, 15, 5), names=NAMES, multi_label=False):
    """Forty draws of forty samples, made by hand."""
    counts = np.ones(40, dtype=int)
    return Plan(
        np.arange(40), counts, names, before, achieved, achieved, "x", "f", multi_label=multi_label
    )


def probabilities(one):
    return np.exp(one.log_probabilities)


def by_hand(factors, p=P):
    joint = p * factors
    return joint / joint.sum(axis=1, keepdims=True)


def test_a_plan_says_what_training_saw_and_what_was_before():
    (one,) = sy.correct(said(), "train", plan=plan())
    # achieved (.25, .25, .5), before (.5, .375, .125)
    np.testing.assert_allclose(probabilities(one), by_hand([2, 1.5, 0.25]), rtol=1e-9)
    np.testing.assert_allclose(one.prior, [0.5, 0.375, 0.125])


def test_a_plans_classes_are_matched_by_name():
    turned = plan((20, 10, 10), (5, 20, 15), ("c", "a", "b"))
    (one,) = sy.correct(said(), "train", plan=turned)
    np.testing.assert_allclose(probabilities(one), by_hand([2, 1.5, 0.25]), rtol=1e-9)


def test_weights_multiply_what_was_trained_on():
    weights = {"b": 2, "c": 4}  # a weighs 1
    (one,) = sy.correct(said(), "train", class_weights=weights, train_prior=[6, 3, 1])
    np.testing.assert_allclose(probabilities(one), by_hand([1, 1 / 2, 1 / 4]), rtol=1e-9)
    (again,) = sy.correct(said([0.6, 0.3, 0.1]), "train", class_weights=[1, 2, 4])
    np.testing.assert_allclose(probabilities(again), probabilities(one), rtol=1e-9)
    with pytest.warns(SteelyardWarning, match="A sampler and loss weights multiply"):
        (both,) = sy.correct(said(), "uniform", plan=plan(), class_weights=weights)
    np.testing.assert_allclose(probabilities(both), by_hand([4, 2, 0.5]), rtol=1e-9)


def test_a_prior_may_be_a_word_names_or_numbers():
    seen = [0.6, 0.3, 0.1]
    (one,) = sy.correct(said(seen), {"c": 2, "a": 1, "b": 1})
    np.testing.assert_allclose(probabilities(one), by_hand([0.25 / 0.6, 0.25 / 0.3, 5]), rtol=1e-9)
    (other,) = sy.correct(said(seen), np.array([1, 1, 2]))
    np.testing.assert_array_equal(other.logits, one.logits)
    (equal,) = sy.correct(said(seen), "uniform")
    np.testing.assert_allclose(probabilities(equal), by_hand(1 / np.array(seen)), rtol=1e-9)
    (stated,) = sy.correct(said(), "uniform", train_prior={"a": 6, "b": 3, "c": 1})
    np.testing.assert_allclose(stated.logits, equal.logits, rtol=1e-9)


def test_each_arm_is_corrected_from_its_own_prior_to_that_of_the_first():
    natural, balanced = said([0.6, 0.3, 0.1], arm="0"), said([1 / 3] * 3, arm="1", split="other")
    one, other = sy.correct([natural, balanced], "train")
    np.testing.assert_array_equal(one.logits, natural.logits)
    np.testing.assert_allclose(probabilities(other), by_hand([6, 3, 1]), rtol=1e-9)
    assert (other.arm, other.split) == ("1", "other")


def test_labels_are_corrected_by_their_shares():
    # 40 draws: .25, .75, 1 of them had the label; before, 40 samples: .5, .375, .125
    of_labels = plan((10, 30, 40), (20, 15, 5), multi_label=True)
    with pytest.warns(SteelyardWarning, match=r"tells \['c'\] from the rest"):
        (one,) = sy.correct(labels(), "train", plan=of_labels)
    odds = P / (1 - P) * [3, (0.375 / 0.625) / 3, 1]
    np.testing.assert_allclose(probabilities(one), odds / (1 + odds), rtol=1e-9)
    # pos_weight, and "uniform": one half of each label
    (half,) = sy.correct(labels([0.5, 0.2, 0.1]), "uniform", class_weights={"b": 8, "c": 9})
    odds = P / (1 - P) * [1, 1 / 2, 1]
    np.testing.assert_allclose(probabilities(half), odds / (1 + odds), rtol=1e-9)
    assert half.prior.tolist() == [0.5, 0.5, 0.5]


def test_what_cannot_be_put_right_is_said():
    with pytest.warns(SteelyardWarning, match=r"nothing that tells \['c'\]"):
        sy.correct(said([0.5, 0.5, 0.0]), "uniform")
    with pytest.warns(SteelyardWarning, match=r"gives \['b'\] the share 0"):
        sy.correct(said([0.5, 0.25, 0.25]), {"a": 1, "c": 1})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        sy.correct(said([0.5, 0.25, 0.25]), "train")


@pytest.mark.parametrize(
    ("given", "how", "error", "message"),
    [
        ([], {}, DataError, "no predictions"),
        (said(), {}, DataError, "unknown for arm 'model'.* --plan or --train-prior"),
        (said(), {"train_prior": "train"}, DataError, "'train' is not known here"),
        (said(), {"prior": "uniform"}, DataError, "unknown for arm 'model'.* --plan"),
        (
            said(),
            {"prior": "uniform", "class_weights": [1, 1, 1]},
            DataError,
            "unknown for arm 'model'",
        ),
        (said(), {"prior": "unifrom", "train_prior": [1, 1, 1]}, ParameterError, "'uniform'"),
        (said(), {"plan": plan(), "train_prior": [1, 1, 1]}, ParameterError, "both say"),
        (
            said(),
            {"plan": plan(names=("a", "b", "d"))},
            MismatchError,
            r"only one of them has \['c', 'd'\]",
        ),
        (said(), {"plan": plan(multi_label=True)}, MismatchError, "any number of labels a sample"),
        (labels(), {"plan": plan()}, MismatchError, "data with one class a sample"),
        (said([0.6, 0.3, 0.1]), {"plan": plan()}, MismatchError, r"saw the shares \[0.6, 0.3"),
        (said([0.6, 0.3, 0.1]), {"train_prior": [1, 1, 1]}, MismatchError, "what is stated"),
        (said(), {"train_prior": [1, -1, 1]}, DataError, "non-negative"),
        (said(), {"train_prior": {"z": 1}}, DataError, "names the class 'z'"),
        (said(), {"train_prior": [1, 1, 1], "prior": [1, 1]}, DataError, "one weight for each"),
        (
            said(),
            {"train_prior": [1, 1, 1], "class_weights": {"z": 1}},
            DataError,
            "class weights names the class 'z'",
        ),
        (
            said(),
            {"train_prior": [1, 1, 1], "class_weights": [1, -1, 1]},
            ParameterError,
            "weights of effective_prior",
        ),
        (labels(), {"train_prior": [60, 30, 10]}, DataError, "share of samples with each label"),
        (labels(), {"train_prior": {"a": 0.5}}, DataError, "must name every label"),
        ([said(), labels()], {}, MismatchError, "other classes"),
        ([said(), said(names=("a", "b", "d"))], {}, MismatchError, "other classes"),
    ],
)
def test_what_does_not_fit_is_refused(given, how, error, message):
    with pytest.raises(error, match=message):
        sy.correct(given, **{"prior": "train", **how})


def test_a_correction_is_not_done_twice():
    (one,) = sy.correct(said(), "train", plan=plan())
    with pytest.raises(MismatchError, match="corrected ones record that"):
        sy.correct(one, "train", plan=plan())


def test_what_is_told_of_a_correction():
    rng = np.random.default_rng(1)
    truth = rng.choice(2, 2000, p=[0.9, 0.1])
    logits = np.stack([np.zeros(2000), rng.normal(2 * truth - 1, 1) * 2], axis=1)

    def sentence(prior, to, n=2000):
        one = Predictions(np.arange(n), truth[:n], logits[:n], ("no", "yes"), prior)
        return told(correction([one], to).report("test"), "field")[0]

    # log-odds of 2 x are those of the world at equal shares
    assert "lowers its log loss by 0." in sentence([0.5, 0.5], [0.9, 0.1])
    assert "raises its log loss by 0." in sentence([0.9, 0.1], [0.5, 0.5])
    assert "is not calibrated" in sentence([0.01, 0.99], [0.5, 0.5])
    assert "changes nothing: training saw it" in sentence([0.5, 0.5], [0.5, 0.5])
    assert "No evidence that" in sentence([0.5, 0.5], [0.51, 0.49], 30)
    nobody = Predictions([1, 2], [[0], [0]], [[0.1], [0.2]], ("a",), [0.5])
    assert "Nothing can be said" in told(correction_report(nobody, [0.2]), "field")[0]


def test_real_digits_balanced_by_a_plan_are_calibrated_again():
    data = sy.split(sy.long_tail(sy.load("digits"), 0.05, order="largest"), seed=0)
    plan = sy.plan(data, degree=1)
    models = [
        one
        for seed in range(2)
        for one in sy.train(data, "mlp", plan=plan, seed=seed, repetition=seed)
    ]
    report = correction(models, "train", plan=plan).report("test")
    overall = report[(report["scope"] == "overall") & (report["measure"] == "log_loss")]
    assert (overall["after"] < overall["before"]).all()


def test_what_is_no_record_is_told():
    probabilities = np.full((3, 3), 1 / 3)
    with pytest.raises(ParameterError, match=r"must be a Predictions\. Got ndarray") as error:
        sy.correct(probabilities, "uniform", train_prior=[1, 1, 1])
    assert "correct_prior takes plain arrays" in error.value.hint
    with pytest.raises(ParameterError, match=r"must be a Plan\. Got str"):
        sy.correct(said(), "uniform", plan="plan.parquet")
    with pytest.raises(ParameterError, match=r"must be a Labelled\. Got list"):
        plan().rows([1, 2])
