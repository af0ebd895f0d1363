from itertools import pairwise

import numpy as np
import pytest
from scipy.special import expit
from sklearn.metrics import brier_score_loss, log_loss

from steelyard._support.errors import DataError, MismatchError, ParameterError
from steelyard.evaluation import calibration, correction_report
from steelyard.records import Predictions

NAMES = ("a", "b", "c", "absent")
DRAW = np.random.default_rng(0)
N = 300
TRUTH = DRAW.choice(3, N, p=[0.7, 0.2, 0.1])
SEEN = np.array([0.4, 0.3, 0.2, 0.1])
FIELD = np.array([0.2, 0.3, 0.5, 0.0])


def model(seed=0, arm="model", **changes):
    noise = np.random.default_rng(seed).normal(0, 1.5, (N, 4))
    logits = noise + 2 * np.eye(4)[TRUTH] - [0, 0, 0, 4]
    values = {"prior": SEEN, "seed": seed, "arm": arm, **changes}
    return Predictions(np.arange(N), TRUTH, logits, NAMES, **values)


HOT = np.stack([TRUTH == 0, DRAW.random(N) < 0.3, np.zeros(N, bool), np.ones(N, bool)], axis=1)


def labels(seed=0, **changes):
    logits = np.random.default_rng(seed).normal(0, 1.5, (N, 4)) + 2 * HOT - 1
    values = {"prior": np.full(4, 0.5), "seed": seed, **changes}
    return Predictions(np.arange(N), HOT, logits, ("a", "b", "never", "always"), **values)


def value(table, measure, name=None, column="mean", arm="model"):
    rows = table[(table["measure"] == measure) & (table["arm"] == arm)]
    rows = rows[rows["class"].isna()] if name is None else rows[rows["class"] == name]
    (found,) = rows[column]
    return found


def reweighted(prior):
    counts = np.bincount(TRUTH, minlength=4)
    return (prior / np.maximum(counts, 1))[TRUTH]


@pytest.mark.parametrize("prior", [None, FIELD], ids=["as tested", "deployed"])
def test_the_measures_are_scikit_learns(prior):
    one = model()
    weights = None if prior is None else reweighted(prior)
    p = np.exp(one.log_probabilities)
    table = calibration(one, prior)
    expected = log_loss(TRUTH, p, labels=range(4), sample_weight=weights)
    assert value(table, "log_loss") == pytest.approx(expected, rel=1e-9)
    expected = np.average(((p - np.eye(4)[TRUTH]) ** 2).sum(axis=1), weights=weights)
    assert value(table, "brier") == pytest.approx(expected, rel=1e-9)
    for code, name in enumerate(NAMES[:3]):
        came = code == TRUTH
        expected = log_loss(came, p[:, code], sample_weight=weights)
        assert value(table, "log_loss", name) == pytest.approx(expected, rel=1e-9)
        expected = brier_score_loss(came, p[:, code], sample_weight=weights)
        assert value(table, "brier", name) == pytest.approx(expected, rel=1e-9)
        assert value(table, "log_loss", name, "n") == came.sum()
    assert value(table, "log_loss", None, "n") == N


def plain_ece(confidence, came, weights, edges):
    total = 0.0
    for low, high in pairwise(edges):
        inside = (confidence >= low) & (confidence < high)
        total += abs((weights * (came - confidence))[inside].sum())
    return total / weights.sum()


@pytest.mark.parametrize("prior", [None, FIELD], ids=["as tested", "deployed"])
def test_the_errors_are_those_of_the_definition(prior):
    one = model()
    weights = np.ones(N) if prior is None else reweighted(prior)
    p = np.exp(one.log_probabilities)
    table = calibration(one, prior, n_bins=10)
    width = np.append(np.linspace(0, 1, 11)[:-1], 2)
    top, right = p.max(axis=1), one.predicted == TRUTH
    expected = plain_ece(top, right, weights, width)
    assert value(table, "ece_width") == pytest.approx(expected, rel=1e-9)
    expected = plain_ece(p[:, 1], TRUTH == 1, weights, width)
    assert value(table, "ece_width", "b") == pytest.approx(expected, rel=1e-9)
    if prior is None:  # 300 samples in 10 bins of 30
        edges = np.append(np.sort(top)[::30], 2)
        assert value(table, "ece_mass") == pytest.approx(plain_ece(top, right, weights, edges))
    assert value(table, "ece_mass") != pytest.approx(value(table, "ece_width"), abs=1e-6)


def test_an_absent_class_has_no_data():
    table = calibration([model(), model(1)])
    for measure in ("log_loss", "brier", "ece_mass", "ece_width"):
        assert np.isnan(value(table, measure, "absent"))
        assert value(table, measure, "absent", "n") == 0
        assert np.isfinite(value(table, measure))
    report = correction_report(model(), FIELD)
    for column in ("before", "after", "difference", "low", "high"):
        assert np.isnan(value(report, "log_loss", "absent", column))


def test_a_class_of_deployment_share_0_is_absent_there():
    one, several = model(), labels()
    prior = np.ones(len(one.class_names))
    prior[1] = 0
    found = calibration(one, prior)
    rows = found[found["class"] == one.class_names[1]]
    assert len(rows) == 4
    assert rows[["mean", "low", "high"]].isna().all(axis=None)
    assert (rows["n"] == (one.truth == 1).sum()).all()
    assert found[found["class"] == one.class_names[0]]["mean"].notna().all()
    shares = several.truth.mean(axis=0)
    has_data = list(np.flatnonzero(shares))
    shares[has_data[1]] = 0
    found = calibration(several, shares)
    rows = found[found["class"] == several.class_names[has_data[1]]]
    assert rows[["mean", "low", "high"]].isna().all(axis=None)
    # overall is the mean over the labels that have data
    losses = found[found["measure"] == "log_loss"].set_index("class")["mean"]
    own = losses.reindex(several.class_names).dropna()
    assert len(own) == len(has_data) - 1 > 0
    overall = found.query("scope == 'overall' and measure == 'log_loss'")["mean"].iloc[0]
    assert overall == pytest.approx(own.mean())


def test_means_have_intervals_and_errors_have_none():
    table = calibration([model(), model(1), model(2)])
    for measure in ("log_loss", "brier"):
        low, high = (value(table, measure, "a", end) for end in ("low", "high"))
        assert 0 <= low < value(table, measure, "a") < high
    assert np.isnan(value(table, "ece_mass", "a", "low"))
    assert (table["n_seeds"] == 3).all()
    alone = [value(calibration(model(seed)), "ece_mass") for seed in range(3)]
    assert value(table, "ece_mass") == pytest.approx(np.mean(alone))


def test_no_interval_reaches_beyond_what_a_measure_can_be():
    sure = np.tile([9.0, -9.0], (8, 1))
    for truth, measure, end, most in (
        ([0] * 7 + [1], "log_loss", "low", 0),
        ([0] * 7 + [1], "brier", "low", 0),
        ([1] * 7 + [0], "brier", "high", 2),
    ):
        table = calibration(Predictions(np.arange(8), truth, sure, ("a", "b")))
        assert value(table, measure, None, end) == most
        if measure == "brier":
            assert value(table, measure, "a", end) == most / 2


def test_the_interval_covers_the_truth():
    # the log loss of the model on all samples that there could be, against intervals on 60
    covered = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        truth = np.repeat([0, 1], [45, 15])
        logits = np.stack([np.zeros(60), rng.normal(2 * truth - 1, 1)], axis=1)
        one = Predictions(np.arange(60), truth, logits, ("a", "b"))
        table = calibration(one, [0.5, 0.5])
        low, high = (value(table, "log_loss", None, end) for end in ("low", "high"))
        covered += low <= TRUE_LOSS <= high
    assert covered >= 184  # 190 expected; the 0.2 % quantile of its binomial


TRUE_LOSS = float(np.logaddexp(0, -np.random.default_rng(1).normal(1, 1, 10**6)).mean())


def test_the_order_of_rows_changes_nothing():
    one, order = model(), np.random.default_rng(5).permutation(N)
    other = Predictions(order, TRUTH[order], one.logits[order], NAMES, SEEN)
    found, again = calibration(one, FIELD), calibration(other, FIELD)
    np.testing.assert_allclose(found["mean"], again["mean"], rtol=1e-9)


def test_a_prior_by_name_is_that_by_place():
    by_name = calibration(model(), {"c": 5, "b": 3, "a": 2})
    np.testing.assert_array_equal(by_name["mean"], calibration(model(), FIELD)["mean"])


@pytest.mark.parametrize("prior", [None, np.array([0.1, 0.6, 0.3, 0.5])], ids=["as is", "deployed"])
def test_each_label_is_judged_by_itself(prior):
    one = labels()
    table = calibration(one, prior)
    p = expit(one.logits)
    losses = []
    for code, name in enumerate(("a", "b")):
        came = HOT[:, code]
        weights = None
        if prior is not None:
            share = came.mean()
            weights = np.where(came, prior[code] / share, (1 - prior[code]) / (1 - share))
        losses.append(log_loss(came, p[:, code], sample_weight=weights))
        assert value(table, "log_loss", name) == pytest.approx(losses[-1], rel=1e-9)
        assert value(table, "log_loss", name, "n") == came.sum()
    assert np.isnan(value(table, "log_loss", "never"))
    if prior is None:  # always present: plainly judged, but nothing to re-weight
        losses.append(log_loss(HOT[:, 3], p[:, 3], labels=[False, True]))
        assert value(table, "log_loss", "always") == pytest.approx(losses[-1], rel=1e-9)
    else:
        assert np.isnan(value(table, "log_loss", "always"))
    assert value(table, "log_loss", "always", "n") == N
    assert value(table, "log_loss") == pytest.approx(np.mean(losses), rel=1e-9)
    low, high = (value(table, "log_loss", None, end) for end in ("low", "high"))
    assert low < np.mean(losses) < high
    if prior is None:
        errors = [value(table, "ece_mass", name) for name in ("a", "b", "always")]
        assert value(table, "ece_mass") == pytest.approx(np.mean(errors))


def test_labels_that_nobody_has_leave_nothing_to_say():
    none = Predictions([1, 2], [[0], [0]], [[0.1], [0.2]], ("a",), [0.5])
    assert calibration(none)["mean"].isna().all()
    assert correction_report(none, [0.2])["difference"].isna().all()


@pytest.mark.parametrize("made", [model, labels])
def test_a_report_is_the_difference_of_two_tables(made):
    models = [made(seed) for seed in range(2)]
    prior = [0.1, 0.2, 0.4, 0.3]
    report = correction_report(models, prior)
    before = calibration(models, prior)
    after = calibration([one.corrected(prior) for one in models], prior)
    np.testing.assert_array_equal(report["before"], before["mean"])
    np.testing.assert_array_equal(report["after"], after["mean"])
    np.testing.assert_allclose(
        report["difference"], after["mean"] - before["mean"], atol=1e-12, equal_nan=True
    )
    wide = report["high"] - report["low"]
    assert (wide[report["measure"] == "log_loss"].dropna() > 0).all()
    assert wide[report["measure"] == "ece_mass"].isna().all()


def test_an_arm_stands_for_itself():
    elsewhere = Predictions(np.arange(9), TRUTH[:9], np.eye(9)[:, :4], NAMES, SEEN, arm="y", seed=1)
    table = calibration([model(0, "x"), elsewhere])
    for one in (model(0, "x"), elsewhere):
        mine = table[table["arm"] == one.arm]
        np.testing.assert_array_equal(mine["mean"], calibration(one)["mean"])


def test_what_cannot_be_judged_is_refused():
    with pytest.raises(DataError, match="no predictions"):
        calibration([])
    with pytest.raises(MismatchError, match="not predicted on the same samples"):
        calibration([model(), Predictions([1], [0], np.zeros((1, 4)), NAMES)])
    with pytest.raises(DataError, match="No class with a positive"):
        calibration(model(), [0, 0, 0, 1])
    with pytest.raises(DataError, match="needs one weight"):
        calibration(model(), [1, 1])
    with pytest.raises(DataError, match="did you mean 'absent'"):
        calibration(model(), {"absend": 1})
    with pytest.raises(DataError, match="must name every label"):
        calibration(labels(), {"a": 0.5})
    with pytest.raises(DataError, match=r"in \[0, 1\]"):
        calibration(labels(), [3, 1, 1, 1])
    with pytest.raises(DataError, match="training prior of arm 'model' is unknown"):
        correction_report(model(prior=None), FIELD)
    with pytest.raises(ParameterError, match="'n_bins' parameter of calibration"):
        calibration(model(), n_bins=0)
