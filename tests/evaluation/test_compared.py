"""Comparisons of arms: what is no test, what is never certain, what a deployment lacks."""

import numpy as np
import pytest

from steelyard._support.errors import DataError
from steelyard.evaluation import evaluate
from steelyard.evaluation.bootstrap import bootstrap
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


def called(arm, seed, codes, truth):
    """Return a model that calls exactly these classes."""
    return model(arm, truth, 3.0 * np.eye(5)[codes], seed)


def test_precision_and_f1_of_a_class_are_compared_as_the_bootstrap_compares_them():
    models = [noisy(arm, seed) for arm in ("base", "b") for seed in range(3)]
    how = {"n_resamples": 80, "seed": 5}
    # the base arm need not come first
    for order in (models, [*models[3:], *models[:3]]):
        found = evaluate(order, base_arm="base", class_metrics=["f1", "precision"], **how)
        for metric in ("precision", "f1"):
            rows = found.class_differences.query(
                "metric == @metric and prior == 'uniform' and arm == 'b'"
                " and decision == 'as trained'"
            ).set_index("class")
            uniform = np.full(5, 0.2)
            expected = bootstrap(models[3:], models[:3], metric, prior=uniform, **how)
            np.testing.assert_allclose(rows["mean"], expected.estimates.mean)
            # the redraws of four cells are not those of two: as wide, and no more
            half = (expected.high - expected.low) / 2
            np.testing.assert_allclose((rows["high"] - rows["low"]) / 2, half, rtol=0.35)
            at = [expected.at(code).detectable() for code in range(5)]
            np.testing.assert_allclose(rows["detectable"], at, rtol=0.35)
            family = found.class_differences.query("metric == @metric and prior == 'uniform'")
            np.testing.assert_allclose(family["p_holm"], holm(family["p"]))
            assert (family["arm"] == "base").any()  # the control is in it


def test_precision_of_a_class_that_nobody_calls_is_no_data_and_its_f1_is_a_test():
    truth = np.repeat(np.arange(5), 20)
    said = truth.copy()
    said[truth == 4] = 0
    other = said.copy()
    other[:5] = 1
    found = evaluate(
        [called("base", 0, said, truth), called("other", 0, other, truth)],
        class_metrics=["precision", "f1"],
        n_resamples=50,
    )
    rows = found.class_differences.query("prior == 'uniform'").set_index(["metric", "class"])
    assert rows.loc[("precision", "e"), ["mean", "low", "high", *TESTS]].isna().all()
    assert rows.loc[("precision", "d"), "p"] > 0.9  # as it was, and never certain
    assert rows.loc[("f1", "e"), "mean"] == 0
    assert rows.loc[("f1", "e"), "detectable"] > 0
    assert rows.loc[("precision", "b"), "mean"] == pytest.approx(20 / 25 - 1)


def test_a_class_that_one_seed_alone_calls_says_nothing_of_other_seeds():
    truth = np.repeat(np.arange(5), 20)
    never = np.where(truth == 4, 0, truth)
    said = {"base": (truth, never, truth), "other": (np.roll(truth, 3), truth, never)}
    models = [
        called(arm, seed, one, truth) for arm, of in said.items() for seed, one in enumerate(of)
    ]
    found = evaluate(models, class_metrics=["precision"], n_resamples=50)
    rows = found.class_differences.query("prior == 'uniform'").set_index("class")
    assert rows.loc["e", "mean"] == pytest.approx(17 / 20 - 1)  # the one seed with data in both
    assert rows.loc["e", ["low", "high", *TESTS]].isna().all()
    assert rows.loc[["a", "b", "c", "d"], "p"].notna().all()


def test_a_class_that_the_deployment_does_not_have_is_in_no_family():
    models = [noisy(arm, seed) for arm in ("base", "other") for seed in (0, 1)]
    without_e = {"a": 1, "b": 1, "c": 1, "d": 1}
    found = evaluate(models, {"field": without_e}, n_resamples=50)
    rows = found.class_differences.query("prior == 'field'")
    absent = rows[rows["class"] == "e"]
    compared = {"recall", "precision", "f1", "auroc", "average_precision", "d_prime"}
    assert set(absent["metric"]) == compared
    assert absent[["mean", "low", "high", *TESTS]].isna().all(axis=None)
    assert (absent["n"] > 0).all()
    assert set(found.rarity.query("prior == 'field'")["n_classes"]) == {4}
    assert set(found.rarity.query("prior == 'uniform'")["n_classes"]) == {5}
    family = rows.query("metric == 'recall'")
    np.testing.assert_allclose(family["p_holm"], holm(family["p"]))


def test_predictions_of_no_samples_are_refused():
    with pytest.raises(DataError, match=r"hold no samples. Hint: check"):
        evaluate([model("a", np.zeros(0, int), np.zeros((0, 5)))])
