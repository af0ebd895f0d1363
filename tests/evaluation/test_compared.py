"""Comparisons of arms: what is no test, what is never certain, what a deployment lacks."""

import numpy as np
import pytest

from steelyard._support.errors import DataError
from steelyard.evaluation import evaluate
from steelyard.evaluation.class_differences import class_estimates
from steelyard.evaluation.many_tests import holm
from steelyard.records import Predictions

NAMES = ("a", "b", "c", "d", "e")
SHARES = np.array([0.4, 0.3, 0.15, 0.1, 0.05])
TESTS = ["p", "p_holm", "detectable"]


def model(arm, truth, logits, seed=0, prior=None, names=NAMES):
    return Predictions(
        np.arange(len(truth)), truth, logits, names, prior, arm=arm, seed=seed, split="test"
    )


def noisy(arm, seed=0, prior=SHARES):
    rng = np.random.default_rng([seed, len(arm)])
    truth = np.random.default_rng(0).choice(5, 300, p=SHARES)
    return model(arm, truth, rng.normal(size=(300, 5)) + np.eye(5)[truth], seed, prior)


def labelled(arm, seed=0, lift=0.0):
    truth = np.random.default_rng(0).random((200, 3)) < np.array([0.5, 0.2, 0.06])
    logits = np.random.default_rng([seed, len(arm)]).normal(size=(200, 3)) + 2 * truth - 1 + lift
    return model(arm, truth, logits, seed, names=("x", "y", "z"))


def test_two_samples_show_no_difference_however_they_agree():
    truth = np.array([0, 1])
    right = 3.0 * np.eye(2)
    found = evaluate(
        [
            model("a", truth, right, names=("m", "n")),
            model("b", truth, right[::-1], names=("m", "n")),
        ],
        n_resamples=50,
    )
    for table in (found.differences, found.class_differences):
        differ = table[(table["mean"] != 0) & table["low"].notna()]
        assert len(differ) > 4
        assert (differ["p"] > 0.1).all()
        assert (differ["detectable"] > 0).all()
        assert ((differ["low"] < 0) & (differ["high"] > 0)).all()


def test_arms_that_are_the_same_are_no_test_and_enlarge_no_family():
    arms = [noisy("base"), noisy("other")]
    # logits that all lie higher say the same, but for rounding
    twin = Predictions(
        arms[0].ids, arms[0].truth, arms[0].logits + 0.1, NAMES, SHARES, arm="twin", split="test"
    )
    with_twin, without = (
        evaluate(models, {"own": SHARES}, n_resamples=50) for models in ([*arms, twin], arms)
    )
    for name in ("differences", "class_differences"):
        rows = getattr(with_twin, name)
        of_twin = rows[(rows["arm"] == "twin") & (rows["decision"] == "as trained")]
        same = of_twin[of_twin["base_decision"] == "as trained"]
        assert len(same) > 5
        assert same[TESTS].isna().all(axis=None)
        ends = same[["mean", "low", "high"]]
        tested = ends[ends["low"].notna()]
        assert (tested == 0).all(axis=None)
        np.testing.assert_allclose(ends["mean"], 0, atol=1e-12)
        # corrected to the prior that it was trained under, the base is its own copy
        copy = rows[(rows["arm"] == "base") & (rows["prior"] == "own")]
        assert copy[TESTS].isna().all(axis=None)
        for _, family in rows.groupby(["prior", "metric"]):
            np.testing.assert_allclose(family["p_holm"], holm(family["p"]))
    key = ["prior", "metric", "arm", "decision", "base_arm", "base_decision"]
    of_other = with_twin.differences.query("arm == 'other' and prior == 'own'").set_index(key)
    alone = without.differences.query("arm == 'other' and prior == 'own'").set_index(key)
    np.testing.assert_allclose(of_other["p_holm"], alone["p_holm"].loc[of_other.index])


def test_a_class_that_never_changes_is_a_test_where_others_change():
    truth = np.repeat([0, 1], 10)
    logits = 3.0 * np.eye(2)[truth]
    other = logits.copy()
    other[:5] = other[:5, ::-1]
    found = evaluate(
        [model("a", truth, logits, names=("m", "n")), model("b", truth, other, names=("m", "n"))],
        n_resamples=50,
    )
    rows = found.class_differences.query("metric == 'recall' and prior == 'uniform'")
    still = rows.set_index("class").loc["n"]
    assert (still["mean"], still["p"]) == (0, 1)
    assert still["detectable"] > 0


def test_recalls_of_labels_are_compared_on_the_samples_that_have_them():
    models = [labelled(arm, seed, x) for arm, x in (("base", 0.0), ("b", 0.5)) for seed in range(3)]
    found = evaluate(models, n_resamples=50)
    rows = found.class_differences.query("metric == 'recall' and prior == 'test'").set_index(
        "class"
    )
    for code, name in enumerate(("x", "y", "z")):
        levels = [found.classes(arm, "test").loc[name, "mean"] for arm in ("b", "base")]
        assert rows.loc[name, "mean"] == pytest.approx(levels[0] - levels[1])
        has = models[0].truth[:, code]
        gained = np.stack([one.logits[has, code] > 0 for one in models]).astype(float)
        expected = class_estimates(gained[3:] - gained[:3], np.zeros(has.sum(), int), 1)[0]
        assert rows.loc[name, "p"] == pytest.approx(expected.p_value())
        assert rows.loc[name, "n"] == has.sum()


def test_a_class_that_the_deployment_does_not_have_is_in_no_family():
    models = [noisy(arm, seed) for arm in ("base", "other") for seed in (0, 1)]
    without_e = {"a": 1, "b": 1, "c": 1, "d": 1}
    found = evaluate(models, {"field": without_e}, n_resamples=50)
    rows = found.class_differences.query("prior == 'field'")
    absent = rows[rows["class"] == "e"]
    assert set(absent["metric"]) == {"recall", "auroc", "average_precision", "d_prime"}
    assert absent[["mean", "low", "high", *TESTS]].isna().all(axis=None)
    assert (absent["n"] > 0).all()
    assert set(found.rarity.query("prior == 'field'")["n_classes"]) == {4}
    assert set(found.rarity.query("prior == 'uniform'")["n_classes"]) == {5}
    family = rows.query("metric == 'recall'")
    np.testing.assert_allclose(family["p_holm"], holm(family["p"]))


def test_predictions_of_no_samples_are_refused():
    with pytest.raises(DataError, match=r"hold no samples. Hint: check"):
        evaluate([model("a", np.zeros(0, int), np.zeros((0, 5)))])
