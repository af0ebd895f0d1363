"""Thresholds: the best by trying them all, their uncertainty by a plain bootstrap."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import f1_score, precision_score, recall_score

from steelyard._support.errors import DataError, ParameterError
from steelyard.evaluation.one_vs_rest import against_the_rest
from steelyard.evaluation.threshold_objectives import read_objective
from steelyard.evaluation.thresholds import _Curve, choose_thresholds
from steelyard.records import Predictions

RNG = np.random.default_rng(0)
N = 300
NAMES = ("a", "b", "never", "always")
HOT = np.stack([RNG.random(N) < 0.3, RNG.random(N) < 0.04, np.zeros(N), np.ones(N)], 1) > 0
LOGITS = (RNG.normal(0, 1, (N, 4)) + 1.5 * HOT - 1).round(1)  # with ties
LABELS = Predictions(np.arange(N), HOT, LOGITS, NAMES, split="validation", arm="x", seed=2)
OBJECTIVES = ["f1", "youden", "precision>=0.6", "recall>=.8", "cost"]


def costs(objective):
    return {"miss": 4, "false_alarm": 1} if objective == "cost" else {}


def metrics(called, truth, prior=None):
    """Return what every objective measures, from rates by their definition."""
    tpr, fpr = called[truth].mean(), called[~truth].mean()
    share = truth.mean() if prior is None else prior
    right, wrong = share * tpr, (1 - share) * fpr
    precision = right / (right + wrong) if called.any() else 0.0
    f1 = 2 * precision * tpr / (precision + tpr) if right else 0.0
    return precision, tpr, f1, tpr - fpr, 4 * share * (1 - tpr) + wrong


def best_by_trying(objective, scores, truth, prior=None):
    """Return the largest threshold among the best, and its value."""
    tried = []
    for threshold in np.r_[np.inf, np.unique(scores)[::-1]]:
        precision, tpr, f1, youden, cost = metrics(scores >= threshold, truth, prior)
        goals = {
            "f1": (f1, f1),
            "youden": (youden, youden),
            "precision>=0.6": (tpr if precision >= 0.6 else -1, precision),
            "recall>=.8": (precision if tpr >= 0.8 else -1, tpr),
            "cost": (-cost, cost),
        }
        tried.append((*goals[objective], threshold))
    _, value, threshold = max(tried, key=lambda one: round(one[0], 12))
    return value, threshold


@pytest.mark.parametrize("prior", [None, np.array([0.6, 0.2, 0.5, 0.5])])
@pytest.mark.parametrize("objective", OBJECTIVES)
def test_no_threshold_is_better(objective, prior):
    found = choose_thresholds(
        LABELS, objective, prior=prior, n_resamples=100, **costs(objective)
    ).table
    scores = np.exp(LABELS.log_probabilities)
    for k in (0, 1):
        share = None if prior is None else prior[k]
        value, threshold = best_by_trying(objective, scores[:, k], HOT[:, k], share)
        row = found.iloc[k]
        if np.isinf(threshold):
            assert np.isnan(row["threshold"])
            assert "never called" in row["note"]
            continue
        assert row["threshold"] == threshold
        assert row["value"] == pytest.approx(value)
        precision, recall = metrics(scores[:, k] >= threshold, HOT[:, k], share)[:2]
        assert (row["precision"], row["recall"]) == pytest.approx((precision, recall))
        assert row["low"] <= row["threshold"]


def test_what_is_measured_is_scikit_learns():
    record = choose_thresholds(LABELS, n_resamples=100)
    with pytest.warns(match="never called"):
        called = record.apply(LABELS)
    for k in (0, 1):
        row = record.table.iloc[k]
        for name, metric in (
            ("value", f1_score),
            ("precision", precision_score),
            ("recall", recall_score),
        ):
            assert row[name] == pytest.approx(metric(HOT[:, k], called[:, k]))


def test_absent_labels_have_no_data_and_few_positives_are_said():
    record = choose_thresholds(LABELS, n_resamples=100)
    a, b, never, always = record.table["note"]
    assert a == ""
    assert b == f"too few positives: {HOT[:, 1].sum()}, fewer than 20"
    assert never == "no data: no positives"
    assert always == "no data: no negatives"
    assert np.isnan(record.values[2:]).all()
    assert record.table["n_positives"].tolist() == HOT.sum(axis=0).tolist()
    assert (record.arm, record.seed, record.split, record.n) == ("x", 2, "validation", N)
    assert record.chosen_on(LABELS)
    under = choose_thresholds(LABELS, prior=np.array([0.5, 0.0, 0.5, 0.5]), n_resamples=100)
    assert np.isnan(under.values[1])


def test_classes_are_called_against_the_rest_and_two_by_the_positive_one():
    truth = RNG.choice(3, N, p=[0.6, 0.3, 0.1])
    one = Predictions(
        np.arange(N), truth, RNG.normal(size=(N, 3)) + np.eye(3)[truth], NAMES[:3], split="v"
    )
    record = choose_thresholds(one, n_resamples=100)
    assert (record.task, len(record.table)) == ("classes", 3)
    scores = np.exp(one.log_probabilities)
    for k in range(3):
        value, threshold = best_by_trying("f1", scores[:, k], truth == k)
        assert record.values[k] == threshold
        assert record.table["value"][k] == pytest.approx(value)
    two = Predictions(np.arange(N), (truth > 0).astype(int), one.logits[:, :2], ("no", "yes"))
    two = replace(two, split="validation")
    for name, code in ((None, 1), ("yes", 1), ("no", 0)):
        record = choose_thresholds(two, positive=name, n_resamples=100)
        assert record.table["class"].tolist() == [("no", "yes")[code]]
        scores = np.exp(two.log_probabilities[:, code])
        value, threshold = best_by_trying("f1", scores, two.truth == code)
        assert record.values[0] == threshold
        np.testing.assert_array_equal(record.apply(two) == code, scores >= threshold)


def test_negatives_count_for_their_class_under_a_prior():
    truth = np.repeat([0, 1, 2], [100, 150, 50])
    logits = RNG.normal(size=(N, 3)) + np.eye(3)[truth]
    one = Predictions(np.arange(N), truth, logits, NAMES[:3], split="validation")
    prior = np.array([0.1, 0.1, 0.8])
    row = choose_thresholds(one, prior=prior, n_resamples=100).table.iloc[0]
    scores = np.exp(one.log_probabilities[:, 0])
    rates = [(scores >= row["threshold"])[truth == k].mean() for k in range(3)]
    precision = 0.1 * rates[0] / (prior @ rates)
    assert row["precision"] == pytest.approx(precision)
    assert row["value"] == pytest.approx(2 * precision * rates[0] / (precision + rates[0]))


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("by_class", [False, True])
def test_its_uncertainty_is_that_of_resampled_rows(objective, by_class):
    draw = np.random.default_rng(2)
    truth = np.repeat([1, 0, 2], [60, 200, 140])
    logits = draw.normal(size=(400, 3)) + 1.5 * np.eye(3)[truth]
    one = Predictions(np.arange(400), truth, logits, NAMES[:3], split="validation")
    prior = np.array([0.5, 0.2, 0.3]) if by_class else None
    row = choose_thresholds(
        one, objective, prior=prior, n_resamples=2000, **costs(objective)
    ).table.iloc[1]
    scores, positive = np.exp(one.log_probabilities[:, 1]), truth == 1
    groups = [np.flatnonzero(positive)]
    groups += (
        [np.flatnonzero(truth == k) for k in (0, 2)] if by_class else [np.flatnonzero(~positive)]
    )
    parts = [1.0, 0.5 / 0.8, 0.3 / 0.8] if by_class else [1.0, 1.0]
    share = 0.2 if by_class else 0.15
    sought = read_objective(objective, **costs(objective))
    places = np.r_[np.inf, np.unique(scores[positive])[::-1]]

    def rates(rows):
        called = [(scores[r][:, None] >= places).mean(axis=0) for r in rows]
        return called[0], np.tensordot(parts[1:], np.stack(called[1:]), 1)

    plain = sought.measure(*rates(groups), share)
    best, gains = [], []
    for _ in range(1000):
        again = rates([draw.choice(group, len(group)) for group in groups])
        at = sought.choose(*again, share)
        best.append(places[at])
        gains.append(sought.measure(*again, share)[at] - plain[at])
    tails = np.quantile(best, [0.025, 0.975], method="inverted_cdf")
    inside = [(scores[positive] <= end).mean() for end in (row["low"], row["high"])]
    expected = [(scores[positive] <= end).mean() for end in tails]
    np.testing.assert_allclose(inside, expected, atol=0.06)  # as ranks among the positives
    scale = 0.02 if objective != "cost" else 0.04
    assert row["value"] - row["expected"] == pytest.approx(np.nanmean(gains), abs=scale)
    assert row["expected_low"] < row["expected"] < row["expected_high"]


def test_many_positives_are_resampled_on_fewer_places(monkeypatch):
    draw = np.random.default_rng(1)
    truth = np.arange(1000)[:, None] < 400
    one = Predictions(np.arange(1000), truth, draw.normal(size=(1000, 1)) + 1.5 * truth, ("a",))
    one = replace(one, split="validation")
    coarse = choose_thresholds(one).table.iloc[0]
    monkeypatch.setattr("steelyard.evaluation.thresholds._MOST_PLACES", 10_000)
    fine = choose_thresholds(one).table.iloc[0]
    assert coarse["threshold"] == fine["threshold"]
    assert coarse["value"] == fine["value"]
    for end in ("low", "high", "expected", "expected_low", "expected_high"):
        assert coarse[end] == pytest.approx(fine[end], abs=0.03)


def test_equal_seeds_give_equal_intervals_whatever_the_order_of_rows():
    order = RNG.permutation(N)
    turned = replace(LABELS, ids=order, truth=HOT[order], logits=LOGITS[order])
    first, again, other = (
        choose_thresholds(*one, n_resamples=100, seed=seed).table.drop(columns="note")
        for *one, seed in ((LABELS, 0), (turned, 0), (LABELS, 1))
    )
    assert first.equals(again)
    assert not first.equals(other)


@pytest.mark.slow
@pytest.mark.parametrize("objective", OBJECTIVES)
def test_intervals_hold_the_best_threshold_and_what_is_reached_elsewhere(objective):
    draw = np.random.default_rng(3)
    positive = np.arange(650) < 150
    share, distance, repeats = 150 / 650, 1.5, 300
    sought = read_objective(objective, **costs(objective))
    grid = np.linspace(6, -3, 20_001)
    rates = stats.norm.sf(grid - distance), stats.norm.sf(grid)
    best = grid[sought.choose(*rates, share)]
    held = np.zeros(2)
    truths, stated = [], []
    for _ in range(repeats):
        logits = draw.normal(size=(650, 1)) + distance * positive[:, None]
        one = Predictions(np.arange(650), positive[:, None], logits, ("a",), split="validation")
        row = choose_thresholds(one, objective, n_resamples=400, **costs(objective)).table.iloc[0]
        ends = stats.logistic.ppf([row["low"], row["high"]])
        at = stats.logistic.ppf(row["threshold"])
        truths.append(
            sought.measure(*(stats.norm.sf(np.array([at - d])) for d in (distance, 0)), share)[0]
        )
        stated.append((row["value"], row["expected"]))
        held += [
            ends[0] <= best <= ends[1],
            row["expected_low"] <= truths[-1] <= row["expected_high"],
        ]
    # the best place of a flat curve is hard to hold: the bootstrap of a maximum is not exact
    assert held[0] / repeats >= 0.88
    assert held[1] / repeats >= 0.88
    apparent, expected = np.abs(np.mean(stated, axis=0) - np.mean(truths))
    assert expected < apparent


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"objective": "f2"}, "'f1', 'youden'"),
        ({"objective": "precision>=2"}, "in .0, 1."),
        ({"objective": "precision>=e"}, "in .0, 1."),
        ({"objective": 7}, "Got 7"),
        ({"objective": "cost"}, "needs the cost of a miss"),
        ({"objective": "cost", "miss": 0, "false_alarm": 1}, "'miss'"),
        ({"miss": 1}, "Costs go with"),
        ({"n_resamples": 5}, "n_resamples"),
        ({"positive": "a"}, "of two classes"),
        ({"prior": {"a": 0.5, "b": 0.1, "never": 0, "alwys": 1}}, "did you mean 'always'"),
        ({"prior": np.full(4, -0.1)}, "in .0, 1."),
    ],
)
def test_bad_input_is_refused(options, told):
    with pytest.raises((DataError, ParameterError), match=told):
        choose_thresholds(LABELS, **options)


def test_the_test_part_is_refused_unless_it_is_allowed():
    tested = replace(LABELS, split="test")
    with pytest.raises(DataError, match="flatter"):
        choose_thresholds(tested)
    assert choose_thresholds(tested, allow_test=True, n_resamples=100).split == "test"
    two = Predictions(np.arange(2), [0, 1], np.zeros((2, 2)), ("no", "yes"), split="validation")
    with pytest.raises(DataError, match="did you mean 'yes'"):
        choose_thresholds(two, positive="yess")


def test_objectives_say_what_they_are():
    assert str(read_objective("precision >= .9")) == "precision>=0.9"
    assert str(read_objective("cost", 10, 1)) == "cost (miss 10, false alarm 1)"
    assert read_objective("youden").ends == (-1, 1)
    assert read_objective("cost", 1, 1).ends == (0, np.inf)
    assert [read_objective(one).metric for one in ("f1", "recall>=1")] == ["F1", "recall"]


def test_fewer_places_have_the_rates_of_all(monkeypatch):
    scores = np.exp(LABELS.log_probabilities[:, 0])
    curve = _Curve.of(scores, against_the_rest(HOT, 0, 4, None), pooled=True)
    monkeypatch.setattr("steelyard.evaluation.thresholds._MOST_PLACES", 7)
    coarse, at = curve.coarser(5)
    kept = np.isin(curve.places, coarse.places)
    assert coarse.places[at] == curve.places[5]
    assert 7 <= kept.sum() <= 8
    for few, all_of_them in zip(coarse.rates(), curve.rates(), strict=True):
        np.testing.assert_allclose(few, all_of_them[kept])
