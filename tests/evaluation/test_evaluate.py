"""`evaluate`: re-weighting, the control, pairing, and what is refused."""

import numpy as np
import pytest
from sklearn import metrics

from steelyard._support.errors import DataError, MismatchError
from steelyard.evaluation import deployment_priors, evaluate, negative_log_likelihood
from steelyard.records import Predictions

NAMES = ("a", "b", "c")
TRUTH = np.repeat([0, 1, 2], [60, 30, 10])
TRAIN = np.array([0.6, 0.3, 0.1])
UNIFORM = np.ones(3) / 3
PRIORS = {"train": None, "uniform": None}


def model(arm="degree=0", seed=0, prior=TRAIN, shift=0.0, truth=TRUTH, **values):
    rng = np.random.default_rng(seed + 100 * len(arm))
    logits = rng.normal(size=(len(truth), 3)) + np.log(TRAIN) + 1.5 * np.eye(3)[truth]
    logits[:, 2] += shift
    return Predictions(
        np.arange(len(truth)), truth, logits, NAMES, prior, arm=arm, seed=seed, **values
    )


def arms(seeds=3):
    return [
        model(arm, seed, shift=s)
        for arm, s in (("degree=0", 0), ("d=1", 2))
        for seed in range(seeds)
    ]


def test_accuracy_and_log_loss_at_the_parts_own_shares_are_scikit_learns():
    found = evaluate([model()], {"own": TRAIN})
    one = model()
    probabilities = np.exp(one.log_probabilities)
    assert found.figure("degree=0", "own").mean == pytest.approx(
        metrics.accuracy_score(TRUTH, one.predicted)
    )
    assert found.figure("degree=0", "own", "log_loss").mean == pytest.approx(
        metrics.log_loss(TRUTH, probabilities)
    )


def test_accuracy_under_equal_shares_is_balanced_accuracy():
    found = evaluate([model()], {"uniform": None})
    assert found.figure("degree=0", "uniform").mean == pytest.approx(
        metrics.balanced_accuracy_score(TRUTH, model().predicted)
    )


def test_reweighting_is_what_a_part_with_those_shares_would_give():
    one = model()
    rng = np.random.default_rng(0)
    draws = np.concatenate([rng.choice(np.flatnonzero(c == TRUTH), 20_000) for c in range(3)])
    sampled = (one.predicted[draws] == TRUTH[draws]).mean()
    found = evaluate([one], {"uniform": None}).figure("degree=0", "uniform").mean
    assert found == pytest.approx(sampled, abs=0.01)


def test_the_control_corrects_the_prior_and_changes_nothing_under_the_training_prior():
    found = evaluate(arms(), PRIORS)
    corrected = found.difference("degree=0", "degree=0", "train", decision="prior corrected")
    assert corrected.mean == pytest.approx(0, abs=1e-12)
    expected = np.mean(
        [
            metrics.balanced_accuracy_score(
                TRUTH, (one.logits + np.log(UNIFORM / TRAIN)).argmax(axis=1)
            )
            for one in arms()[:3]
        ]
    )
    assert found.figure("degree=0", "uniform", decision="prior corrected").mean == pytest.approx(
        expected
    )


def test_differences_are_paired_and_signed():
    found = evaluate(arms(), PRIORS)
    left = found.figure("d=1", "uniform").mean
    right = found.figure("degree=0", "uniform").mean
    assert found.difference("d=1", "degree=0", "uniform").mean == pytest.approx(left - right)
    against_control = found.difference(
        "d=1", "degree=0", "uniform", base_decision="prior corrected"
    )
    control = found.figure("degree=0", "uniform", decision="prior corrected").mean
    assert against_control.mean == pytest.approx(left - control)
    same = [model(seed=s) for s in range(3)]
    twin = [
        Predictions(m.ids, m.truth, m.logits, NAMES, TRAIN, arm="twin", seed=m.seed) for m in same
    ]
    nothing = evaluate([*same, *twin], PRIORS).difference("twin", "degree=0", "uniform")
    assert (nothing.low, nothing.high) == (0, 0)


def test_judging_leaves_no_second_copy_of_the_logits_behind():
    models = arms()
    evaluate(models, PRIORS)
    for one in models:  # with a thousand classes and 25 models a copy is gigabytes
        wide = [name for name, value in vars(one).items() if np.shape(value) == one.logits.shape]
        assert wide == ["logits"]
        np.testing.assert_array_equal(
            negative_log_likelihood(one), -one.log_probabilities[np.arange(100), TRUTH]
        )


def test_the_accuracy_of_an_arm_that_is_always_right_is_not_certain():
    sure = [
        Predictions(np.arange(100), TRUTH, 9.0 * np.eye(3)[TRUTH], NAMES, TRAIN, arm=arm)
        for arm in ("degree=0", "d=1")
    ]
    found = evaluate(sure, PRIORS)
    level = found.figure("degree=0", "train")
    assert level.mean == level.high == pytest.approx(1)
    assert level.low == pytest.approx(0.963, abs=1e-3)  # Wilson, 100 of 100
    assert found.figure("degree=0", "uniform").low < level.low  # ten samples of c weigh a third
    nothing = found.difference("d=1", "degree=0", "uniform")
    assert (nothing.low, nothing.high) == (0, 0)


def test_by_seed_averages_to_overall():
    found = evaluate(arms(), PRIORS)
    means = found.by_seed.groupby(["arm", "decision", "prior", "metric"])["value"].mean()
    overall = found.overall.set_index(["arm", "decision", "prior", "metric"])["mean"]
    np.testing.assert_allclose(means.sort_index(), overall.sort_index())


def test_an_absent_class_is_no_data():
    truth = np.repeat([0, 1], [60, 30])
    found = evaluate([model(truth=truth)], PRIORS)
    assert found.no_data == ("c",)
    absent = found.by_class[found.by_class["class"] == "c"]
    assert (absent["n"] == 0).all()
    measured = absent[~absent["metric"].isin(["specificity", "one_vs_rest_accuracy"])]
    assert measured[["mean", "low", "high"]].isna().all(axis=None)
    recalls = found.classes("degree=0", "uniform")["mean"]
    assert found.figure("degree=0", "uniform").mean == pytest.approx(recalls.mean())
    counted = found.overall.set_index("metric")["n_classes"]
    assert (counted == 2).all()
    assert found.overall["mean"].notna().all()


def test_an_unknown_training_prior_leaves_the_control_out():
    found = evaluate([model(prior=None)], {"uniform": None})
    assert set(found.overall["decision"]) == {"as trained"}


def test_the_evaluation_survives_storage(tmp_path):
    from steelyard.records import Evaluation

    found = evaluate([model(truth=np.repeat([0, 1], [60, 30]))], PRIORS)
    found.save(tmp_path / "evaluation.json")
    loaded = Evaluation.load(tmp_path / "evaluation.json")
    assert loaded.to_dict() == found.to_dict()


def test_what_cannot_be_paired_is_refused():
    with pytest.raises(DataError, match="no predictions"):
        evaluate([], PRIORS)
    with pytest.raises(DataError, match=r"no arm 'degree=O'.*did you mean 'degree=0'"):
        evaluate(arms(), PRIORS, "degree=O")
    with pytest.raises(MismatchError, match="paired by seed"):
        evaluate(arms()[:-1], PRIORS)
    with pytest.raises(MismatchError, match="paired by seed"):
        evaluate([model(), model()], PRIORS)
    other = Predictions(np.arange(100) + 1, TRUTH, model().logits, NAMES, TRAIN, arm="b")
    with pytest.raises(MismatchError, match="not predicted on the same samples"):
        evaluate([model(), other], PRIORS)
    with pytest.raises(MismatchError, match="not predicted on the same samples"):
        evaluate([model(), model(arm="v", split="validation")], PRIORS)


def test_priors_by_name():
    given = {"field": {"c": 3, "a": 1}, "uniform": None}
    found = deployment_priors(given, NAMES, TRAIN)
    assert list(found) == ["field", "uniform", "train"]
    np.testing.assert_allclose(found["field"], [0.25, 0, 0.75])
    np.testing.assert_allclose(found["train"], TRAIN)
    assert list(deployment_priors({}, NAMES, None)) == ["uniform"]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"field": {"d": 1}}, "names the class 'd'"),
        ({"field": {"a": -1, "b": 1}}, "non-negative"),
        ({"field": {"a": 0}}, "positive sum"),
        ({"field": {"a": float("nan")}}, "finite"),
        ({"field": {"a": "much"}}, "must be numbers"),
        ({"field": [0.5, 0.5]}, "one weight for each of 3 classes"),
        ({"field": None}, "needs weights"),
        ({"train": [1, 1, 1]}, "is taken"),
    ],
)
def test_bad_priors_are_refused(given, message):
    with pytest.raises(DataError, match=message):
        deployment_priors(given, NAMES, TRAIN)


def test_train_by_name_where_it_is_not_known():
    with pytest.raises(DataError, match="training prior is not known here"):
        deployment_priors({"train": None}, NAMES, None)


def test_no_interval_of_a_level_reaches_beyond_what_it_can_be():
    truth = np.repeat([0, 1, 2], [4, 4, 4])
    logits = 8.0 * np.eye(3)[truth]
    logits[0] = [0.0, 0.1, 0.0]
    one = Predictions(np.arange(12), truth, logits, NAMES, TRAIN)
    overall = evaluate([one]).overall.set_index(["metric", "prior", "decision"])
    accuracy = overall.loc[("accuracy", "uniform", "as trained")]
    assert accuracy["mean"] == pytest.approx(11 / 12)
    assert accuracy["mean"] < accuracy["high"] < 1  # one of twelve was wrong
    assert overall.loc[("log_loss", "uniform", "as trained")]["low"] == 0
    told = overall[overall["low"].notna()]
    assert (told["low"] <= told["mean"]).all()
    assert (told["mean"] <= told["high"]).all()
    bare = set(overall[overall["low"].isna()].index.get_level_values("metric"))
    few = {"mean_d_prime", "macro_fixed_prior_average_precision"}  # no error holds
    assert bare == {"ece_mass", "ece_width"} | few
    shares = told[~told.index.get_level_values("metric").str.contains("d_prime|log_loss|brier|mcc")]
    assert shares["high"].max() <= 1
    assert shares["low"].min() >= 0


def test_precision_is_that_under_the_prior():
    found = evaluate([model()], PRIORS)
    one = model()
    np.testing.assert_allclose(
        found.classes("degree=0", "train", "precision")["mean"],
        metrics.precision_score(TRUTH, one.predicted, average=None),
    )
    rates = np.stack([np.bincount(one.predicted[c == TRUTH], minlength=3) for c in range(3)])
    rates = rates / rates.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(
        found.classes("degree=0", "uniform", "precision")["mean"],
        np.diag(rates) / rates.sum(axis=0),
    )


def test_one_truth_for_all_arms():
    flipped = TRUTH.copy()
    flipped[0] = 2
    other = Predictions(np.arange(100), flipped, model().logits, NAMES, TRAIN, arm="b")
    with pytest.raises(MismatchError, match="not predicted on the same samples, truth"):
        evaluate([model(), other])


def test_the_matrix_of_train_and_test_ratios_is_sums_of_recalls():
    ratios = {"1": np.ones(3), "10": np.array([10, 10**0.5, 1]), "100": np.array([100, 10, 1])}
    models = [model(f"r{name}", shift=-np.log(10) * at) for at, name in enumerate(ratios)]
    found = evaluate(models, ratios, metrics=["accuracy"], class_metrics=["recall"])
    matrix = found.matrix("accuracy")
    assert list(matrix.index) == ["r1", "r10", "r100"]
    assert list(matrix.columns)[:3] == ["1", "10", "100"]
    for one in models:
        recalls = metrics.recall_score(TRUTH, one.predicted, average=None)
        for name, weights in ratios.items():
            wanted = weights / weights.sum() @ recalls
            assert matrix.loc[one.arm, name] == pytest.approx(wanted)
    # what a part of that ratio would give: drawn, not re-weighted
    rng = np.random.default_rng(0)
    share = ratios["10"] / ratios["10"].sum()
    drawn = rng.choice(100, 200_000, p=(share / [60, 30, 10])[TRUTH])
    by_hand = (models[0].predicted == TRUTH)[drawn].mean()
    assert matrix.loc["r1", "10"] == pytest.approx(by_hand, abs=0.005)
    corrected = found.matrix("accuracy", "prior corrected")
    for one in models:
        even = one.corrected(UNIFORM).predicted
        wanted = metrics.balanced_accuracy_score(TRUTH, even)
        assert corrected.loc[one.arm, "1"] == pytest.approx(wanted)
