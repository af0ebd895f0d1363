"""Several labels a sample: the same tables, each label against the rest."""

import numpy as np
import pytest
from scipy.special import expit, logit
from sklearn import metrics

from steelyard._support.errors import DataError
from steelyard.evaluation import evaluate
from steelyard.evaluation.reliability import rank_scores
from steelyard.records import Predictions

NAMES = ("x", "y", "z")


def model(seed=0, arm="natural", n=200, shares=(0.5, 0.2, 0.06), prior=None, lift=0.0):
    rng = np.random.default_rng(7)
    truth = rng.random((n, 3)) < np.array(shares)
    noise = np.random.default_rng(seed + len(arm)).normal(size=(n, 3))
    logits = noise + (2.0 + lift) * truth + logit([0.4, 0.2, 0.1])
    return Predictions(np.arange(n), truth, logits.round(1), NAMES, prior, arm=arm, seed=seed)


def test_metrics_of_labels_are_scikit_learns():
    one = model()
    found = evaluate([one], n_resamples=50)
    assert list(found.priors) == ["test"]
    np.testing.assert_allclose(found.priors["test"], one.truth.mean(axis=0))
    truth, called, p = one.truth, one.predicted, expit(one.logits)
    wanted = {
        "accuracy": 1 - metrics.hamming_loss(truth, called),
        "macro_f1": metrics.f1_score(truth, called, average="macro"),
        "micro_f1": metrics.f1_score(truth, called, average="micro"),
        "weighted_f1": metrics.f1_score(truth, called, average="weighted"),
        "macro_precision": metrics.precision_score(truth, called, average="macro"),
        "macro_recall": metrics.recall_score(truth, called, average="macro"),
        "micro_recall": metrics.recall_score(truth, called, average="micro"),
        "macro_average_precision": metrics.average_precision_score(truth, one.logits),
        "macro_auroc": metrics.roc_auc_score(truth, one.logits),
        "log_loss": np.mean([metrics.log_loss(truth[:, k], p[:, k]) for k in range(3)]),
        "brier": np.mean((p - truth) ** 2),
    }
    for name, value in wanted.items():
        assert found.figure("natural", "test", name).mean == pytest.approx(value, abs=1e-9), name
    assert "mcc" not in set(found.overall["metric"])
    for k, label in enumerate(NAMES):
        row = found.classes("natural", "test", "average_precision").loc[label]
        wanted_ap = metrics.average_precision_score(truth[:, k], one.logits[:, k])
        assert row["mean"] == pytest.approx(wanted_ap)
        assert row["n"] == truth[:, k].sum()


def test_a_label_is_re_weighted_to_its_own_share():
    one = model(prior=(0.4, 0.2, 0.1))
    shares = np.array([0.1, 0.2, 0.3])
    found = evaluate([one], {"field": shares}, n_resamples=50)
    for k, label in enumerate(NAMES):
        came, called = one.truth[:, k], one.predicted[:, k]
        w = np.where(came, shares[k] / came.mean(), (1 - shares[k]) / (1 - came.mean()))
        wanted = {
            "precision": metrics.precision_score(came, called, sample_weight=w),
            "f1": metrics.f1_score(came, called, sample_weight=w),
            "average_precision": metrics.average_precision_score(
                came, rank_scores(one)[:, k], sample_weight=w
            ),
            "log_loss": metrics.log_loss(came, expit(one.logits[:, k]), sample_weight=w),
        }
        for name, value in wanted.items():
            mine = found.classes("natural", "field", name).loc[label, "mean"]
            assert mine == pytest.approx(value, abs=1e-9), name
    corrected = found.figure("natural", "field", "macro_recall", "prior corrected")
    shifted = one.logits + logit(shares) - logit([0.4, 0.2, 0.1])
    assert corrected.mean == pytest.approx(
        metrics.recall_score(one.truth, shifted > 0, average="macro")
    )


def test_arms_of_labels_are_compared_label_by_label():
    models = [
        model(seed, arm, lift=x) for arm, x in (("base", 0.0), ("b", 1.0)) for seed in range(5)
    ]
    found = evaluate(models, n_resamples=200)
    difference = found.difference("b", "base", "test", "macro_average_precision")
    level = [found.figure(arm, "test", "macro_average_precision").mean for arm in ("b", "base")]
    assert difference.mean == pytest.approx(level[0] - level[1])
    assert difference.low > 0
    rows = found.class_differences
    mine = rows[(rows["metric"] == "average_precision") & (rows["arm"] == "b")].set_index("class")
    for label in NAMES:
        levels = [
            found.classes(arm, "test", "average_precision").loc[label, "mean"]
            for arm in ("b", "base")
        ]
        assert mine.loc[label, "mean"] == pytest.approx(levels[0] - levels[1])
        assert mine.loc[label, "detectable"] > 0
        assert mine.loc[label, "p_holm"] >= mine.loc[label, "p"]


def test_a_label_that_never_comes_is_no_data():
    one = model(shares=(0.5, 0.2, 0.0))
    found = evaluate([one], n_resamples=50)
    assert found.no_data == ("z",)
    assert np.isnan(found.classes("natural", "test", "average_precision").loc["z", "mean"])
    ranked = found.overall.set_index("metric")
    assert ranked.loc["macro_average_precision", "n_classes"] == 2
    assert ranked.loc["macro_average_precision", "mean"] == pytest.approx(
        metrics.average_precision_score(one.truth[:, :2], one.logits[:, :2])
    )


def test_groups_are_judged_and_mixes_refused():
    groups = {"half": np.repeat(["first", "second"], 100)}
    found = evaluate([model()], groups=groups, n_resamples=20)
    assert set(found.by_group["group"]) <= {"first", "second"}
    with pytest.raises(DataError, match="Mixes of groups are of one class a sample"):
        evaluate([model()], groups=groups, mixes={"m": {"half": {"first": 1}}})


def test_accuracy_counts_labels_that_are_never_deployed():
    found = evaluate([model()], {"field": [0.5, 0.2, 0.0]}, n_resamples=20, class_metrics=())
    rows = found.overall[found.overall["prior"] == "field"].set_index("metric")["n_classes"]
    assert rows["accuracy"] == 3  # to say that a label is not there is right or wrong, too
    assert rows["macro_recall"] == 2
