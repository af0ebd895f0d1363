"""Values of samples: their mean is the estimate, their spread its error."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from steelyard._support.errors import DataError, ParameterError
from steelyard.evaluation.intervals import stratified_estimate
from steelyard.evaluation.rank_values import rank_values

RNG = np.random.default_rng(0)
N = 40
SCORES = {
    "random": RNG.normal(size=N),
    "ties": RNG.integers(0, 5, N).astype(float),
    "one value": np.zeros(N),
}
POSITIVES = {"some": RNG.random(N) < 0.3, "one": np.arange(N) == 7, "all but one": np.arange(N) > 0}
METRICS = {"auroc": roc_auc_score, "average_precision": average_precision_score}


@pytest.mark.parametrize("positives", POSITIVES)
@pytest.mark.parametrize("scores", SCORES)
def test_values_are_the_derivatives_by_the_weights(scores, positives):
    column, positive = SCORES[scores], POSITIVES[positives]
    weights = RNG.random(N) + 0.2
    weights /= weights.mean()
    found = rank_values(column, positive, weights * 7)  # on any scale
    np.testing.assert_allclose(found.weights, weights)
    for name, metric in METRICS.items():
        (estimate,) = getattr(found, name)
        (values,) = getattr(found, f"{name}_values")
        assert estimate == pytest.approx(metric(positive, column, sample_weight=weights))
        assert (weights * values).mean() == pytest.approx(estimate)
        for i in range(N):
            step = np.where(np.arange(N) == i, 1e-5, 0)
            above, below = (
                metric(positive, column, sample_weight=weights + sign * step) for sign in (1, -1)
            )
            assert values[i] - estimate == pytest.approx(N * (above - below) / 2e-5, abs=1e-5)


def test_the_error_of_an_auroc_is_delongs():
    column, positive = RNG.normal(size=N) + POSITIVES["some"], POSITIVES["some"]
    found = rank_values(column, positive)
    wins = (column[positive][:, None] > column[~positive]).astype(float)
    n_positive, n_negative = wins.shape
    components = wins.mean(axis=1), wins.mean(axis=0)
    expected = sum(part.var() / len(part) for part in components)
    shares = np.array([n_negative, n_positive]) / N
    for kind in (0, 1):
        mine = found.auroc_values[0, positive == kind]
        expected -= shares[kind] ** 2 * mine.var() / len(mine)
    assert expected == pytest.approx(0, abs=1e-15)
    estimate = stratified_estimate(found.auroc_values, positive.astype(int), shares)
    # but for the sample that each stratum borrows
    assert estimate.error**2 == pytest.approx(
        sum(part.var() / len(part) for part in components), rel=0.1
    )


def test_the_error_is_that_of_a_stratified_bootstrap():
    draw = np.random.default_rng(3)
    positive = np.arange(1200) < 120
    column = draw.normal(size=1200) + 1.5 * positive
    found = rank_values(column, positive)
    groups = np.flatnonzero(positive), np.flatnonzero(~positive)
    again = {name: [] for name in METRICS}
    for _ in range(600):
        rows = np.concatenate([draw.choice(group, len(group)) for group in groups])
        for name, metric in METRICS.items():
            again[name].append(metric(positive[rows], column[rows]))
    for name in METRICS:
        values = getattr(found, f"{name}_values")
        estimate = stratified_estimate(values, positive.astype(int), np.array([0.9, 0.1]))
        # 600 resamples leave 2.9 % of a standard deviation; the bootstrap of AP has duplicates
        assert estimate.error == pytest.approx(np.std(again[name]), rel=0.1)


def test_seeds_have_values_of_their_own():
    both = np.stack([SCORES["random"], SCORES["ties"]])
    found = rank_values(both, POSITIVES["some"])
    for row in range(2):
        alone = rank_values(both[row], POSITIVES["some"])
        assert found.auroc[row] == alone.auroc[0]
        np.testing.assert_array_equal(
            found.average_precision_values[row], alone.average_precision_values[0]
        )


def test_samples_without_weight_change_nothing_and_stay_finite():
    weights = np.r_[0.0, np.ones(N - 2), 0.0]
    column = np.r_[np.inf, SCORES["random"][1:-1], -np.inf]
    positive = POSITIVES["some"]
    found = rank_values(column, positive, weights)
    seen = weights > 0
    assert found.average_precision[0] == pytest.approx(
        average_precision_score(positive[seen], column[seen])
    )
    assert np.isfinite(found.average_precision_values).all()
    assert np.isfinite(found.auroc_values).all()


@pytest.mark.parametrize(
    ("scores", "positive", "weights", "told"),
    [
        ([1, np.nan], [0, 1], None, "must not be NaN"),
        ([1, 2], [1, 1], None, "at least one positive and one negative.* Got 2 and 0"),
        ([1, 2, 3], [1, 0, 0], [0, 1, 1], "Got 0 and 2"),
        ([1, 2], [0, 1, 1], None, "rows"),
        ([1, 2], [[0, 1]], None, "one class at a time"),
        ([1, 2], [0, 2], None, "0 or 1"),
        ([1, 2], [0, 1], [1, -1], "finite numbers"),
    ],
)
def test_bad_input_is_refused(scores, positive, weights, told):
    with pytest.raises((DataError, ParameterError), match=told):
        rank_values(scores, positive, weights)
