"""The bootstrap of metrics by name, of one arm and of two, against analytic errors and by hand."""

import numpy as np
import pytest
from scipy import stats

from steelyard._support.errors import DataError, MismatchError, ParameterError
from steelyard.evaluation import evaluate, stratified_interval, wilson_interval
from steelyard.evaluation.bootstrap import METRICS, bootstrap, hierarchical_bootstrap
from steelyard.evaluation.count_metrics import CLASS_METRICS, RANGES, macro_f1, recall
from steelyard.evaluation.counts import count
from steelyard.evaluation.gaps import easy_hard
from steelyard.records import Predictions

NAMES = ("a", "b", "c")


def model(truth, predicted, arm="natural", seed=0):
    logits = np.where(predicted, 1.0, -1.0) if np.ndim(truth) == 2 else np.eye(3)[predicted]
    return Predictions(np.arange(len(truth)), truth, logits, NAMES, arm=arm, seed=seed)


def seeds_of(truth, n_seeds, wrong=0.3, arm="natural", seed=0):
    rng = np.random.default_rng(seed)
    return [
        model(
            truth,
            np.where(rng.random(len(truth)) < wrong, rng.integers(0, 3, len(truth)), truth),
            arm,
            s,
        )
        for s in range(n_seeds)
    ]


TRUTH = np.repeat([0, 1, 2], [120, 60, 20])
LEFT, RIGHT = seeds_of(TRUTH, 4), seeds_of(TRUTH, 4, 0.4, "balanced", 7)


@pytest.mark.parametrize("metric", METRICS)
def test_figures_are_the_metric_of_each_seed_and_ends_lie_where_it_can_be(metric):
    found = bootstrap(LEFT, metric=metric, n_resamples=200)
    expected = np.stack([METRICS[metric](count(TRUTH, one.predicted, 3)) for one in LEFT])
    np.testing.assert_allclose(found.by_seed, expected)
    np.testing.assert_allclose(found.estimates.mean, expected.mean(axis=0))
    shape = (3,) if metric in CLASS_METRICS else ()
    assert found.resampled.shape == (4, 200, *shape)
    assert found.low.shape == found.high.shape == shape
    low, high = RANGES.get(metric, (0.0, np.inf))
    assert (low <= found.low).all()
    assert (found.low <= found.estimates.mean).all()
    assert (found.estimates.mean <= found.high).all()
    assert (found.high <= high).all()
    assert (found.low < found.high).all()


def test_the_difference_of_accuracies_has_the_analytic_error():
    found = bootstrap(LEFT, RIGHT, "accuracy", n_resamples=4000)
    right = np.stack([one.predicted == TRUTH for one in (*LEFT, *RIGHT)]).astype(float)
    expected = stratified_interval(right[:4] - right[4:], TRUTH, np.bincount(TRUTH) / 200)
    assert found.estimates.mean == pytest.approx(expected.mean)
    # the borrowed sample of a class and the degrees of freedom differ a little
    assert (found.high - found.low) / 2 == pytest.approx(expected.half_width, rel=0.12)
    reverse = bootstrap(RIGHT, LEFT, "accuracy", n_resamples=4000)
    assert reverse.estimates.error == pytest.approx(found.estimates.error, rel=0.05)
    assert reverse.estimates.mean == pytest.approx(-found.estimates.mean)
    assert found.at().p_value() == pytest.approx(
        2 * stats.t.sf(abs(found.estimates.mean / found.estimates.error), found.estimates.freedom)
    )


def test_paired_arms_are_compared_more_sharply_than_two_alone():
    almost = [
        model(TRUTH, np.where(np.arange(200) % 50 == 0, 0, one.predicted), "almost", one.seed)
        for one in LEFT
    ]
    apart = [bootstrap(arm, metric="macro_f1").estimates.error for arm in (LEFT, almost)]
    assert bootstrap(LEFT, almost, "macro_f1").estimates.error < 0.5 * np.hypot(*apart)


def test_the_recall_of_one_seed_has_nearly_wilsons_interval():
    found = bootstrap(LEFT[0], metric="recall", n_resamples=20_000)
    for code, n in enumerate((120, 60, 20)):
        expected = wilson_interval(found.by_seed[0, code], n)
        assert found.low[code] == pytest.approx(expected.low, abs=0.004)
        assert found.high[code] == pytest.approx(expected.high, abs=0.004)


def test_ten_right_calls_of_ten_are_not_certain():
    truth = np.repeat([0, 1, 2], [30, 20, 15])
    predicted = np.where(truth == 2, np.where(np.arange(65) % 3, 2, 0), truth)
    called = int((predicted == 2).sum())
    assert called == 10
    found = bootstrap(model(truth, predicted), metric="precision", n_resamples=20_000)
    assert found.high[2] == 1
    assert found.low[2] == pytest.approx(wilson_interval(1.0, called).low, abs=0.06)
    perfect = bootstrap(model(truth, truth), metric="macro_recall", n_resamples=20_000)
    worth = 9 / (1 / 30 + 1 / 20 + 1 / 15)
    assert perfect.low == pytest.approx(wilson_interval(1.0, worth).low, abs=0.02)
    # and under a prior that leans on the class of 15, on nearly as few
    prior = np.array([0.1, 0.1, 0.8])
    leaning = bootstrap(model(truth, truth), metric="accuracy", prior=prior, n_resamples=20_000)
    worth = 1 / (0.01 / 30 + 0.01 / 20 + 0.64 / 15)
    assert leaning.low == pytest.approx(wilson_interval(1.0, worth).low, abs=0.02)


ONE_OF_A_CLASS = np.repeat([0, 1, 2], [60, 30, 1])


@pytest.mark.parametrize("metric", METRICS)
def test_of_a_class_of_one_sample_nothing_is_certain(metric):
    truth = ONE_OF_A_CLASS
    wrong = np.where(truth == 2, 0, truth)
    prior = np.ones(3)
    one = bootstrap(model(truth, truth), metric=metric, prior=prior, n_resamples=300)
    assert (one.low < one.high).all()
    apart = bootstrap(
        model(truth, truth), model(truth, wrong, "other"), metric, prior=prior, n_resamples=300
    )
    error = apart.estimates.error[~np.isnan(apart.estimates.mean)]
    assert (error > 0).all()
    if metric not in CLASS_METRICS:  # no p of 0 of a single sample
        assert apart.at().p_value() > 0.05
    alike = bootstrap(model(truth, truth), model(truth, truth, "o"), metric, n_resamples=300)
    assert (alike.estimates.mean == 0).all()
    assert (alike.estimates.error > 0).all()


def test_of_labels_with_one_sample_nothing_is_certain():
    truth = np.zeros((40, 3), dtype=bool)
    truth[:20, 0] = truth[30:, 1] = truth[25, 2] = True
    wrong = truth.copy()
    wrong[25, 2] = False
    for metric in ("recall", "specificity", "f1"):
        found = bootstrap(model(truth, truth), model(truth, wrong, "other"), metric)
        assert (found.estimates.error > 0).all()
    level = bootstrap(model(truth, truth), metric="recall", n_resamples=4000)
    assert level.low[2] < 0.5
    assert level.low[0] == pytest.approx(wilson_interval(1.0, 20).low, abs=0.04)


def test_it_is_the_figure_of_an_evaluation():
    found = evaluate([LEFT[0]], n_resamples=200, seed=3)
    for metric in ("balanced_accuracy", "macro_f1", "mcc", "worst_recall", "recall_max_min"):
        expected = found.figure("natural", "test", metric)
        own = bootstrap(LEFT[0], metric=metric, n_resamples=200, seed=3)
        assert (own.estimates.mean, own.low, own.high) == pytest.approx(
            (expected.mean, expected.low, expected.high)
        )


def test_a_prior_weighs_classes_as_they_are_deployed():
    prior = np.array([0.1, 0.2, 0.7])
    found = bootstrap(LEFT, metric="accuracy", prior=prior, n_resamples=4000)
    recalls = np.stack([recall(count(TRUTH, one.predicted, 3)) for one in LEFT])
    assert found.estimates.mean == pytest.approx((recalls @ prior).mean())
    values = np.stack([one.predicted == TRUTH for one in LEFT]).astype(float)
    expected = stratified_interval(values, TRUTH, prior)
    assert (found.high - found.low) / 2 == pytest.approx(expected.half_width, rel=0.15)
    precise = bootstrap(LEFT[0], metric="precision", prior=prior).estimates.mean
    weights = (prior / np.bincount(TRUTH))[TRUTH]
    called = LEFT[0].predicted == 2
    assert precise[2] == pytest.approx(weights[called & (TRUTH == 2)].sum() / weights[called].sum())


def test_a_callable_is_as_good_as_a_name():
    named = bootstrap(LEFT, RIGHT, "macro_f1")
    called = bootstrap(LEFT, RIGHT, macro_f1)
    assert (called.low, called.high) == (named.low, named.high)
    gap = bootstrap(LEFT, metric=lambda counts: easy_hard(recall(counts), [0], [1, 2]))
    expected = np.mean([easy_hard(recall(count(TRUTH, one.predicted, 3)), [0], [1, 2])
                        for one in LEFT])  # fmt: skip
    assert gap.estimates.mean == pytest.approx(expected)


def test_the_same_seed_gives_the_same_draws_whatever_the_order_of_rows():
    order = np.random.default_rng(3).permutation(200)
    moved = [
        Predictions(one.ids[order], TRUTH[order], one.logits[order], NAMES, seed=one.seed)
        for one in LEFT
    ]
    first = bootstrap(LEFT, metric="mcc", seed=5)
    again = bootstrap(moved, metric="mcc", seed=5)
    np.testing.assert_allclose(again.resampled, first.resampled)
    assert bootstrap(LEFT, metric="mcc", seed=6).low != first.low


def test_an_absent_class_and_one_that_is_never_called_are_no_data():
    truth = np.repeat([0, 2], [40, 10])
    predicted = np.where(np.arange(50) % 7 == 0, 1, 0)  # 1 is absent, 2 is never called
    found = bootstrap(model(truth, predicted), metric="precision")
    np.testing.assert_array_equal(np.isnan(found.low), [False, True, True])
    scores = bootstrap(model(truth, predicted), metric="f1")
    np.testing.assert_array_equal(np.isnan(scores.low), [False, True, False])
    assert scores.estimates.mean[2] == 0
    assert scores.high[2] == pytest.approx(wilson_interval(0.0, 10).high, abs=0.15)
    averages = bootstrap(model(truth, predicted), metric="macro_precision")
    assert averages.estimates.mean == found.estimates.mean[0]


def test_several_labels_each_at_its_prevalence():
    rng = np.random.default_rng(0)
    truth = rng.random((300, 3)) < [0.5, 0.2, 0.05]
    arms = [
        [model(truth, truth ^ (rng.random((300, 3)) < wrong), arm, s) for s in range(3)]
        for arm, wrong in (("natural", 0.1), ("balanced", 0.2))
    ]
    prior = np.array([0.1, 0.5, 0.3])
    found = bootstrap(*arms, "macro_f1", prior=prior)
    assert found.low < found.estimates.mean < found.high
    assert found.low > 0
    each = bootstrap(arms[0], metric="precision", prior=prior)
    own, called = truth[:, 2], arms[0][0].predicted[:, 2]
    weights = np.where(own, 0.3 / own.sum(), 0.7 / (~own).sum())
    assert each.by_seed[0, 2] == pytest.approx(weights[own & called].sum() / weights[called].sum())


def test_noise_is_taken_off_the_low_end_of_a_gap():
    rng = np.random.default_rng(2)
    predicted = np.where(rng.random(200) < 0.2, (TRUTH + 1) % 3, TRUTH)
    found = bootstrap(model(TRUTH, predicted), metric="recall_max_min", n_resamples=4000)
    resampled, measured = found.resampled[0], found.by_seed[0]
    half = 1.96 * resampled.std(ddof=1)
    assert found.high == pytest.approx(measured + half, abs=0.02)
    truer = np.sqrt(max(measured**2 - max((resampled**2).mean() - measured**2, 0), 0))
    assert found.low == pytest.approx(max(truer - half, 0), abs=0.04)
    assert found.low < measured < found.high


def test_the_hierarchical_bootstrap_redraws_seeds_too():
    truth = np.zeros(4000, dtype=int)
    recalls = (0.5, 0.6, 0.9)
    models = [
        model(truth, np.where(np.arange(4000) < 4000 * share, 0, 1), seed=s)
        for s, share in enumerate(recalls)
    ]
    found = hierarchical_bootstrap(models, metric="accuracy", n_resamples=20_000)
    spread = np.var(recalls) / 3  # of the mean of three redrawn seeds: (S - 1) / S of the variance
    assert found.estimates.mean == pytest.approx(2 / 3, abs=1e-3)
    assert found.estimates.error == pytest.approx(np.sqrt(spread), rel=0.03)
    assert (found.low, found.high) == pytest.approx((0.5, 0.9), abs=0.02)
    crossed = bootstrap(models, metric="accuracy")
    assert crossed.estimates.error == pytest.approx(np.sqrt(1.5 * spread), rel=0.03)
    t = crossed.estimates.freedom
    assert t == pytest.approx(2, rel=0.1)
    assert crossed.low < 0.25  # Student's t with two degrees of freedom is 4.3
    assert stats.t.ppf(0.975, 2) == pytest.approx(4.3, abs=0.01)


OTHERS = seeds_of(TRUTH[:100], 4, arm="balanced")


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: bootstrap([]), DataError, "no predictions"),
        (lambda: bootstrap([*LEFT, *RIGHT]), DataError, "one arm"),
        (lambda: bootstrap([LEFT[0], LEFT[0]]), MismatchError, "seeds"),
        (lambda: bootstrap(LEFT, RIGHT[:2]), MismatchError, r"\[0, 1, 2, 3\] and 200 samples"),
        (lambda: bootstrap(LEFT, OTHERS), MismatchError, "balanced"),
        (lambda: bootstrap(LEFT, metric="macro-f1"), ParameterError, "did you mean 'macro_f1'"),
        (lambda: bootstrap(LEFT, n_resamples=1), ParameterError, "n_resamples"),
        (lambda: bootstrap(LEFT, level=1), ParameterError, "level"),
        (lambda: hierarchical_bootstrap(LEFT, level=0), ParameterError, "level"),
        (lambda: bootstrap(LEFT, prior=np.array([1, 1])), DataError, "3 classes"),
        (lambda: bootstrap(LEFT, prior=np.array([1, -1, 1])), DataError, "non-negative"),
    ],
)
def test_bad_input_is_told(call, error, says):
    with pytest.raises(error, match=says):
        call()
