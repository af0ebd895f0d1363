"""Every metric of `evaluate` is scikit-learn's on re-weighted samples, under every deployment."""

import numpy as np
import pytest
from sklearn import metrics

from steelyard._support.errors import DataError, ParameterError
from steelyard.evaluation import evaluate
from steelyard.evaluation.catalogue import BY_CLASS, OVERALL
from steelyard.evaluation.reliability import rank_scores
from steelyard.records import Predictions

NAMES = ("a", "b", "c", "d")
TRAIN = np.array([0.5, 0.25, 0.15, 0.1])
FIELD = np.array([0.1, 0.1, 0.3, 0.5])


def model(counts=(40, 25, 12, 6), seed=0, digits=1, arm="natural", prior=TRAIN):
    rng = np.random.default_rng(seed + len(arm))
    truth = np.repeat(np.arange(len(counts)), counts)
    logits = rng.normal(size=(len(truth), len(NAMES))) + 1.2 * np.eye(len(NAMES))[truth]
    # rounded: many scores are tied
    return Predictions(
        np.arange(len(truth)), truth, logits.round(digits), NAMES, prior, arm=arm, seed=seed
    )


def weights(truth, prior):
    counts = np.bincount(truth, minlength=len(prior))
    shares = np.where(counts > 0, prior, 0)
    return (shares / shares.sum() / np.maximum(counts, 1))[truth] * len(truth)


def by_sklearn(one, prior):
    w, truth = weights(one.truth, prior), one.truth
    present = np.unique(truth[w > 0])
    p = np.exp(one.log_probabilities)
    plain = {"sample_weight": w, "labels": present, "zero_division": np.nan}
    hot = np.eye(len(NAMES))[truth]
    ranks = {
        name: np.mean([score(truth == c, rank_scores(one)[:, c], sample_weight=w) for c in present])
        for name, score in (
            ("macro_auroc", metrics.roc_auc_score),
            ("macro_average_precision", metrics.average_precision_score),
        )
    }
    recalls = metrics.recall_score(truth, one.predicted, average=None, **plain)
    precisions = metrics.precision_score(truth, one.predicted, average=None, **plain)
    return {
        **ranks,
        "accuracy": metrics.accuracy_score(truth, one.predicted, sample_weight=w),
        "balanced_accuracy": recalls.mean(),
        "macro_recall": recalls.mean(),
        "macro_precision": np.nanmean(precisions),
        "macro_f1": metrics.f1_score(truth, one.predicted, average="macro", **plain),
        "weighted_f1": metrics.f1_score(truth, one.predicted, average="weighted", **plain),
        "weighted_recall": metrics.recall_score(truth, one.predicted, average="weighted", **plain),
        "micro_f1": metrics.accuracy_score(truth, one.predicted, sample_weight=w),
        "mcc": metrics.matthews_corrcoef(truth, one.predicted, sample_weight=w),
        "worst_recall": recalls.min(),
        "log_loss": metrics.log_loss(truth, p, sample_weight=w, labels=np.arange(len(NAMES))),
        "brier": np.average(((p - hot) ** 2).sum(axis=1), weights=w),
        "recall_max_min": np.ptp(recalls),
        "recall_standard_deviation": recalls.std(),
        "precision_max_min": np.nanmax(precisions) - np.nanmin(precisions),
        "recall_mad": np.median(np.abs(recalls - np.median(recalls))),
    }


@pytest.mark.parametrize(
    "counts", [(40, 25, 12, 6), (30, 30, 30, 30), (40, 25, 12, 0), (20, 2, 1, 1), (0, 0, 9, 1)]
)
@pytest.mark.parametrize("prior", [FIELD, np.ones(4) / 4, np.array([0.5, 0.5, 0.0, 0.0])])
def test_overall_metrics_are_scikit_learns(counts, prior):
    one = model(counts)
    if not (prior[np.array(counts) > 0] > 0).sum() > 1:
        pytest.skip("one class alone is deployed: ranks have no data")
    wanted = by_sklearn(one, prior)
    asked = list(wanted)
    found = evaluate([one], {"field": prior}, metrics=asked, n_resamples=20)
    for name, value in wanted.items():
        assert found.figure("natural", "field", name).mean == pytest.approx(value, abs=1e-9), name


def test_metrics_of_each_class_are_scikit_learns():
    one = model()
    found = evaluate([one], {"field": FIELD}, n_resamples=20)
    w, p = weights(one.truth, FIELD), np.exp(one.log_probabilities)
    odds = rank_scores(one)  # ties are those of the scores that are ranked
    for code, name in enumerate(NAMES):
        came, called = one.truth == code, one.predicted == code
        wanted = {
            "recall": metrics.recall_score(came, called, sample_weight=w),
            "precision": metrics.precision_score(came, called, sample_weight=w),
            "f1": metrics.f1_score(came, called, sample_weight=w),
            "specificity": metrics.recall_score(~came, ~called, sample_weight=w),
            "one_vs_rest_accuracy": metrics.accuracy_score(came, called, sample_weight=w),
            "one_vs_rest_mcc": metrics.matthews_corrcoef(came, called, sample_weight=w),
            "log_loss": metrics.log_loss(came, p[:, code], sample_weight=w),
            "brier": metrics.brier_score_loss(came, p[:, code], sample_weight=w),
            "auroc": metrics.roc_auc_score(came, odds[:, code], sample_weight=w),
            "average_precision": metrics.average_precision_score(
                came, odds[:, code], sample_weight=w
            ),
        }
        for metric, value in wanted.items():
            mine = found.classes("natural", "field", metric).loc[name, "mean"]
            assert mine == pytest.approx(value, abs=1e-9), metric


def test_one_model_has_one_row_a_metric_and_every_interval_encloses_its_mean():
    found = evaluate([model()], n_resamples=50)
    rows = found.overall[(found.overall["prior"] == "train")]
    plain = rows[rows["decision"] == "as trained"]
    assert plain["metric"].is_unique
    usual = {name for name in OVERALL if not name.endswith("_easy_hard") and name[:3] != "f1_"}
    assert set(plain["metric"]) == usual - {
        "macro_recall", "weighted_recall", "micro_recall", "micro_precision", "micro_f1"
    }  # fmt: skip
    assert set(found.by_class["metric"]) == set(BY_CLASS)
    for table in (found.overall, found.by_class):
        told = table[table["low"].notna()]
        assert (told["low"] <= told["mean"]).all()
        assert (told["mean"] <= told["high"]).all()
        assert (told["low"] < told["high"]).all()  # nothing is certain


def test_classes_called_easy_and_hard_are_compared():
    one = model()
    found = evaluate([one], {"own": TRAIN}, easy=["a"], hard=["c", "d"], n_resamples=50)
    recall = metrics.recall_score(one.truth, one.predicted, average=None)
    gap = found.figure("natural", "own", "recall_easy_hard").mean
    assert gap == pytest.approx(recall[0] - recall[2:].mean())
    with pytest.raises(DataError, match="no class 'e'"):
        evaluate([one], easy=["e"], hard=["a"])
    with pytest.raises(ParameterError, match="'recall_easy_hard' cannot be judged"):
        evaluate([one], metrics=["recall_easy_hard"])


def test_what_chance_makes_of_a_gap_is_told_beside_it():
    found = evaluate([model((50, 50, 50, 50))], n_resamples=2000)
    row = found.chance[
        (found.chance["metric"] == "recall_max_min") & (found.chance["decision"] == "as trained")
    ].iloc[0]
    recall = found.classes("natural", row["prior"])["mean"].mean()
    rng = np.random.default_rng(1)
    ranges = np.ptp(rng.binomial(50, recall, (20_000, 4)) / 50, axis=1)
    assert row["mean"] == pytest.approx(ranges.mean(), abs=0.01)
    assert row["end"] == pytest.approx(np.quantile(ranges, 0.95), abs=0.021)


def test_chance_is_of_the_classes_that_are_deployed():
    one = model((50, 50, 50, 50))
    two = np.array([0.5, 0.5, 0.0, 0.0])
    found = evaluate([one], {"two": two}, class_metrics=(), n_resamples=3000)
    row = (
        found.chance[(found.chance["metric"] == "recall_max_min")]
        .set_index(["prior", "decision"])
        .loc[("two", "as trained")]
    )
    recall = (one.predicted == one.truth)[:100].mean()
    ranges = np.ptp(np.random.default_rng(1).binomial(50, recall, (20_000, 2)) / 50, axis=1)
    assert row["mean"] == pytest.approx(ranges.mean(), abs=0.01)
    recalls = evaluate([one], {"two": two}, n_resamples=20).classes("natural", "two")
    assert recalls["mean"].notna().tolist() == [True, True, False, False]
    assert recalls["n"].tolist() == [50] * 4


@pytest.mark.parametrize("metric", ["accurracy", "recall"])
def test_an_unknown_metric_is_refused_with_the_nearest(metric):
    with pytest.raises(ParameterError, match="no metric of it") as raised:
        evaluate([model()], metrics=[metric])
    assert "accuracy" in raised.value.hint or "recall" in raised.value.hint


def test_only_what_is_asked_for_is_judged():
    found = evaluate([model()], metrics="accuracy", class_metrics=["f1"], n_resamples=20)
    assert set(found.overall["metric"]) == {"accuracy"}
    assert set(found.by_class["metric"]) == {"f1"}
    assert found.differences["metric"].eq("accuracy").all()
    nothing = evaluate([model()], metrics=(), class_metrics=())
    assert nothing.overall.empty
    assert nothing.by_class.empty


def test_no_class_but_one_leaves_ranks_without_data():
    one = model((30, 0, 0, 0))
    found = evaluate([one], n_resamples=20)
    plain = found.overall[found.overall["decision"] == "as trained"].set_index("metric")
    assert plain.loc["accuracy", "mean"].iloc[0] == (one.predicted == 0).mean()
    assert plain.loc[["macro_auroc", "mcc", "mean_d_prime"], "mean"].isna().all()
    assert (plain.loc["macro_auroc", "n_classes"] == 0).all()
