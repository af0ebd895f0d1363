"""Rank metrics of arms: by class and overall, under priors, in pairs, with errors that hold."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import average_precision_score, roc_auc_score

from steelyard._support.errors import DataError, MismatchError, ParameterError
from steelyard.evaluation import fixed_prior
from steelyard.evaluation.d_prime import d_prime_of_mean_auroc, mean_d_prime
from steelyard.evaluation.fixed_prior import fixed_prior_average_precision
from steelyard.evaluation.intervals import stratified_estimate
from steelyard.evaluation.one_vs_rest import against_the_rest
from steelyard.evaluation.rank_estimates import RANK_METRICS, rank_differences, rank_estimates
from steelyard.evaluation.reliability import log_odds
from steelyard.records import Predictions

NAMES = ("a", "b", "c", "absent")
RNG = np.random.default_rng(0)
N = 300
TRUTH = RNG.choice(3, N, p=[0.7, 0.2, 0.1])
HOT = np.stack([TRUTH == 0, RNG.random(N) < 0.1, np.zeros(N, bool), np.ones(N, bool)], axis=1)
FIELD = np.array([0.2, 0.3, 0.5, 0.0])


def model(seed=0, arm="model", skill=1.0, truth=TRUTH):
    draw = np.random.default_rng([seed, len(arm)])
    right = truth if truth.ndim == 2 else np.eye(4)[truth]
    logits = draw.normal(size=(len(truth), 4)) + skill * right
    return Predictions(np.arange(len(truth)), truth, logits, NAMES, arm=arm, seed=seed)


def weights_of(prior):
    return (prior / np.maximum(np.bincount(TRUTH, minlength=4), 1))[TRUTH]


@pytest.mark.parametrize("prior", [None, FIELD, {"a": 2, "b": 3, "c": 5}])
def test_estimates_are_scikit_learns_under_the_prior(prior):
    models = [model(seed) for seed in range(3)]
    found = rank_estimates(models, prior)
    weights = np.ones(N) if prior is None else weights_of(FIELD)
    for name, metric in (("auroc", roc_auc_score), ("average_precision", average_precision_score)):
        one = found[name]
        expected = [
            [metric(k == TRUTH, log_odds(m)[:, k], sample_weight=weights) for k in range(3)]
            for m in models
        ]
        np.testing.assert_allclose(one.by_seed[:, :3], expected, atol=1e-12)
        assert np.isnan(one.by_seed[:, 3]).all()
        means = np.mean(expected, axis=0)
        np.testing.assert_allclose([e.mean for e in one.estimates[:3]], means)
        assert one.macro.mean == pytest.approx(means.mean())  # of three, not of four
        assert one.counted.tolist() == [True, True, True, False]
        assert one.estimates[3] is one.intervals[3] is None


SURE = ("auroc", "average_precision", "d_prime_of_mean_auroc")  # of so few negatives


def test_what_the_macro_metric_rests_on_gives_it_and_its_error():
    found = rank_estimates([model(seed) for seed in range(3)], FIELD)
    for name in RANK_METRICS:
        one = found[name]
        np.testing.assert_allclose(one.evidence.by_seed.mean(), one.macro.mean)
        if name in SURE:
            rests = one.evidence
            again = stratified_estimate(rests.values, rests.strata, rests.shares)
            assert again.mean == pytest.approx(one.macro.mean)
            # the level borrows less than a difference: its places are not all the way at random
            p = found["average_precision" if "precision" in name else "auroc"].macro.mean
            borrowed = 4 * p * (1 - p) * rests.borrowed
            assert one.macro.error**2 == pytest.approx(again.error**2 + borrowed)
            assert rests.estimate().error ** 2 == pytest.approx(again.error**2 + rests.borrowed)
            assert rests.values.shape == (3, N)
            assert one.macro_interval.low < one.macro.mean < one.macro_interval.high


def test_what_has_no_error_that_holds_has_a_mean_alone():
    arms = [model(seed) for seed in range(2)], [model(seed, arm="base") for seed in range(2)]
    level, difference = rank_estimates(arms[0]), rank_differences(*arms)
    for found in (level, difference):
        for name in ("mean_d_prime", "fixed_prior_average_precision"):
            assert np.isfinite(found[name].macro.mean)
            assert found[name].macro_interval is found[name].evidence.estimate() is None
            assert np.isnan(found[name].macro.error)
            assert all(np.isnan(one.error) for one in found[name].estimates[:3])
    assert level["mean_d_prime"].intervals[0].low < level["mean_d_prime"].estimates[0].mean
    assert difference["mean_d_prime"].intervals == (None,) * 4
    assert level["fixed_prior_average_precision"].intervals == (None,) * 4


def test_a_fixed_prior_has_an_error_where_negatives_are_many():
    """Two hundred of the negatives at least have to weigh as much as the positives there."""
    even, uneven = np.arange(900) % 3, np.tile(TRUTH, 3)
    seen = []
    for truth, reference in ((uneven, 0.5), (even, 0.34), (even, 0.33)):
        found = rank_estimates(model(truth=truth), reference=reference)
        fixed = found["fixed_prior_average_precision"]
        enough = (900 - np.bincount(truth)) * reference >= 200
        assert [interval is not None for interval in fixed.intervals[:3]] == enough.tolist()
        assert (fixed.macro_interval is not None) == enough.all()
        seen.append(int(enough.sum()))
    assert seen == [2, 3, 0]


def test_one_positive_and_one_negative_have_no_d_prime():
    pair = Predictions(np.arange(2), np.array([0, 1]), np.eye(2), ("a", "b"))
    found = rank_estimates(pair)
    assert found["auroc"].counted.all()
    assert not found["mean_d_prime"].counted.any()
    for name in ("mean_d_prime", "d_prime_of_mean_auroc"):
        assert found[name].macro is None
        assert np.isnan(found[name].evidence.by_seed).all()


def test_d_primes_and_the_fixed_prior_are_those_of_their_functions():
    models = [model(seed) for seed in range(2)]
    found = rank_estimates(models, reference=0.05)
    counts = np.bincount(TRUTH, minlength=4)
    aurocs = found["auroc"].by_seed
    sizes = counts, N - counts
    for name, function in (
        ("mean_d_prime", mean_d_prime),
        ("d_prime_of_mean_auroc", d_prime_of_mean_auroc),
    ):
        expected = np.mean([function(row, *sizes) for row in aurocs])
        assert found[name].macro.mean == pytest.approx(expected)
    assert found["mean_d_prime"].macro.mean != found["d_prime_of_mean_auroc"].macro.mean
    fixed = [fixed_prior_average_precision(log_odds(m), TRUTH, 0.05) for m in models]
    np.testing.assert_allclose(found["fixed_prior_average_precision"].by_seed, fixed, atol=1e-12)
    low = found["mean_d_prime"].intervals[0].low
    expected = np.sqrt(2) * stats.norm.ppf(found["auroc"].intervals[0].low)
    assert low == pytest.approx(expected)


def test_labels_stand_each_by_themselves():
    labels = model(truth=HOT)
    prior = np.array([0.5, 0.02, 0.3, 0.9])
    found = rank_estimates(labels, prior)["average_precision"]
    assert found.counted.tolist() == [True, True, False, False]  # never, and always
    for k in (0, 1):
        share = HOT[:, k].mean()
        weights = np.where(HOT[:, k], prior[k] / share, (1 - prior[k]) / (1 - share))
        expected = average_precision_score(HOT[:, k], labels.logits[:, k], sample_weight=weights)
        assert found.estimates[k].mean == pytest.approx(expected)
    assert rank_estimates(labels, [0.5, 0.0, 0.5, 0.5])["auroc"].estimates[1] is None


def test_a_faultless_ranking_is_not_certain():
    sure = replace(model(), logits=20.0 * np.eye(4)[TRUTH])
    found = rank_estimates(sure)
    for name in ("auroc", "average_precision"):
        assert found[name].macro.mean == pytest.approx(1)
        for interval in (*found[name].intervals[:3], found[name].macro_interval):
            assert interval.low < 0.99
            assert interval.high == pytest.approx(1)
    for interval in found["mean_d_prime"].intervals[:3]:
        assert np.isfinite([interval.low, interval.mean, interval.high]).all()
        assert interval.low < interval.high


def test_nothing_counted_is_no_data():
    alone = replace(model(), truth=np.zeros(N, int))
    for one in rank_estimates(alone).values():
        assert one.macro is one.macro_interval is None
        assert not one.counted.any()


def test_differences_are_paired():
    better = [model(seed, skill=2.0) for seed in range(3)]
    worse = [model(seed, arm="base") for seed in range(3)]
    found = rank_differences(better, worse, FIELD)
    mine, other = rank_estimates(better, FIELD), rank_estimates(worse, FIELD)
    for name in RANK_METRICS:
        expected = mine[name].by_seed - other[name].by_seed
        np.testing.assert_allclose(found[name].by_seed, expected, atol=1e-12)
        assert found[name].macro.mean == pytest.approx(
            mine[name].macro.mean - other[name].macro.mean
        )
        rests = mine[name].evidence - other[name].evidence
        assert rests.estimate() == found[name].evidence.estimate()
        assert found[name].estimates[3] is None
    same = rank_differences(worse, [replace(one, arm="again") for one in worse])
    assert same["auroc"].macro.mean == 0
    # one sample at random in both arms, of each class, among as many of its kind
    counts = np.bincount(TRUTH)
    borrowed = [
        (1 / n**2 + sum(1 / (N - n) ** 2 for other in counts if other != n)) / 6 for n in counts
    ]
    errors = [one.error**2 for one in same["auroc"].estimates[:3]]
    np.testing.assert_allclose(errors, borrowed)
    assert same["auroc"].macro.error ** 2 == pytest.approx(np.mean(borrowed) / 2)
    assert same["auroc"].estimates[0].freedom == pytest.approx(5)


def test_the_difference_of_two_aurocs_is_delongs():
    """DeLong's test of two correlated AUROCs, by its definition."""
    truth = (np.arange(N) < 90).astype(int)
    first = Predictions(np.arange(N), truth, RNG.normal(size=(N, 2)), ("no", "yes"))
    logits = first.logits + RNG.normal(size=(N, 2)) + np.eye(2)[truth]
    second = replace(first, logits=logits, arm="other")
    parts = []
    for one in (first, second):
        score = one.logits[:, 1] - one.logits[:, 0]
        wins = (score[truth == 1][:, None] > score[truth == 0]).astype(float)
        parts.append((wins.mean(axis=1), wins.mean(axis=0)))
    variance = sum(np.var(b - a, ddof=1) / len(a) for a, b in zip(*parts, strict=True))
    variance += (1 / 90**2 + 1 / 210**2) / 6  # the borrowed ones
    found = rank_differences(second, first)["auroc"].estimates[1]
    assert found.mean == pytest.approx(parts[1][0].mean() - parts[0][0].mean())
    assert found.error == pytest.approx(np.sqrt(variance), rel=0.01)


@pytest.mark.slow
@pytest.mark.parametrize("multi_label", [False, True])
def test_macro_intervals_cover_and_equal_arms_rarely_differ(multi_label):
    draw = np.random.default_rng(5)
    distance, repeats, n_seeds, n = 1.5, 300, 3, 600
    aurocs = stats.norm.cdf(distance / np.sqrt(2))
    covered = false = 0
    for _ in range(repeats):
        if multi_label:
            truth = draw.random((n, 4)) < [0.5, 0.2, 0.1, 0.1]
            right = truth.astype(float)
        else:
            truth = np.repeat([0, 1], [n - 120, 120])
            right = np.eye(4)[truth]
        arms = []
        hard = draw.normal(size=(n, 4))  # of a sample, in both arms
        for arm in ("one", "other"):
            arms.append([])
            for seed in range(n_seeds):
                noise = np.sqrt(0.5) * (hard + draw.normal(size=(n, 4)))
                logits = noise + distance * right
                if not multi_label:  # the log-odds of two classes are one number
                    logits = np.stack([np.zeros(n), noise[:, 1] + distance * right[:, 1]], axis=1)
                names = NAMES if multi_label else NAMES[:2]
                arms[-1].append(Predictions(np.arange(n), truth, logits, names, arm=arm, seed=seed))
        interval = rank_estimates(arms[0])["auroc"].macro_interval
        covered += interval.low <= aurocs <= interval.high
        for name in ("auroc", "average_precision"):
            difference = rank_differences(*arms)[name].macro_interval
            false += difference.above_zero or difference.below_zero
    assert 0.93 - 0.038 <= covered / repeats <= 0.985
    assert false / (2 * repeats) <= 0.05 + 0.027


def test_one_class_against_the_rest_at_another_share():
    rest = against_the_rest(TRUTH, 2, 4, FIELD)
    np.testing.assert_allclose(rest.shares, [0.2, 0.3, 0.5, 0])
    np.testing.assert_allclose(rest.weights, N * weights_of(FIELD))
    np.testing.assert_allclose(rest.at(0.01).shares, [0.396, 0.594, 0.01, 0])
    weights = rest.weights[TRUTH != 2]
    assert rest.worth == pytest.approx(
        min((TRUTH == 2).sum(), weights.sum() ** 2 / (weights**2).sum())
    )
    assert against_the_rest(TRUTH, 3, 4, None) is None
    assert against_the_rest(TRUTH, 0, 4, np.array([0.0, 0.5, 0.5, 0])) is None
    assert against_the_rest(TRUTH, 0, 4, np.array([0.5, 0, 0, 0.5])) is None


def test_what_does_not_belong_together_is_refused():
    with pytest.raises(DataError, match="one arm's predictions"):
        rank_estimates([model(), model(arm="base")])
    with pytest.raises(DataError, match="no predictions"):
        rank_estimates([])
    with pytest.raises(MismatchError, match="not predicted on the same samples"):
        rank_differences(model(), model(seed=1, arm="base"))
    with pytest.raises(MismatchError, match="not predicted on the same samples"):
        rank_differences(model(), replace(model(arm="base"), ids=np.arange(N) + 1))
    with pytest.raises(DataError, match="did you mean 'absent'"):
        rank_estimates(model(), {"absnt": 1})
    with pytest.raises(ParameterError, match="reference"):
        rank_estimates(model(), reference=1.0)


def test_one_label_alone_is_as_sure_as_the_mean_over_it():
    one = Predictions(np.arange(N), HOT[:, :1], model(truth=HOT).logits[:, :1], ("a",))
    found = rank_estimates(one, np.array([0.4]), reference=0.6)
    for name in RANK_METRICS:
        assert found[name].macro.mean == pytest.approx(found[name].estimates[0].mean)
        if name in ("auroc", "average_precision"):
            error = found[name].estimates[0].error
            assert found[name].macro.error == pytest.approx(error, rel=0.03)


def test_a_fixed_prior_is_a_deployment_at_that_share_with_its_error(monkeypatch):
    monkeypatch.setattr(fixed_prior, "_FEWEST_NEGATIVES", 0.0)
    labels = model(truth=HOT)
    fixed = rank_estimates(labels, reference=0.3)["fixed_prior_average_precision"]
    stated = rank_estimates(labels, np.full(4, 0.3))["average_precision"]
    for k in (0, 1):
        for one, other in zip(
            (fixed.estimates[k], fixed.intervals[k]),
            (stated.estimates[k], stated.intervals[k]),
            strict=True,
        ):
            assert list(vars(one).values()) == pytest.approx(list(vars(other).values()))


def test_the_error_at_a_fixed_prior_is_that_of_a_stratified_bootstrap(monkeypatch):
    monkeypatch.setattr(fixed_prior, "_FEWEST_NEGATIVES", 0.0)
    draw = np.random.default_rng(3)
    positive = np.arange(900) < 300
    scores = draw.normal(size=(900, 1)) + 1.5 * positive[:, None]
    one = Predictions(np.arange(900), positive[:, None], scores, ("a",))
    (found,) = rank_estimates(one, reference=0.1)["fixed_prior_average_precision"].estimates
    groups = np.flatnonzero(positive), np.flatnonzero(~positive)
    again = []
    for _ in range(600):
        rows = np.concatenate([draw.choice(group, len(group)) for group in groups])
        again.append(fixed_prior_average_precision(scores[rows], positive[rows, None], 0.1)[0])
    assert found.error == pytest.approx(np.std(again), rel=0.1)
