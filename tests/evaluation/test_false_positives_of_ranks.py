"""Two arms that are equally good differ in rank metrics as rarely as is said, few positives too."""

from collections import Counter

import numpy as np
import pytest
from scipy import stats

from steelyard.evaluation.rank_estimates import rank_differences, rank_estimates
from steelyard.records import Predictions

EVEN = np.full(5, 0.2)
LONG_TAILED = [60, 30, 15, 6, 1]


def arms(draw, sizes, n_seeds, own, skill):
    """Return two arms that see the same hard samples, each with noise of its own and its seeds'."""
    truth = np.repeat(np.arange(len(sizes)), sizes)
    shape = len(truth), len(sizes)
    hard = skill * np.eye(len(sizes))[truth] + 0.7 * draw.normal(size=shape)
    names = tuple(f"c{k}" for k in range(len(sizes)))
    found = []
    for arm in ("one", "other"):
        mine = draw.normal(size=shape) * (n_seeds > 1)
        found.append([])
        for seed in range(n_seeds):
            noise = mine + draw.normal(size=shape)
            logits = hard + own * noise / np.sqrt(1 + (n_seeds > 1))
            one = Predictions(np.arange(len(truth)), truth, logits, names, arm=arm, seed=seed)
            found[-1].append(one)
    return found


def rates(sizes, n_seeds, repeats, own=0.5, skill=1.0, prior=None, reference=0.01):
    """Return how often equally good arms differ, by metric and class or mean; and how often told"""
    draw = np.random.default_rng([*sizes, n_seeds])
    false, told = Counter(), Counter()
    for _ in range(repeats):
        pair = arms(draw, sizes, n_seeds, own, skill)
        for name, found in rank_differences(*pair, prior, reference).items():
            estimates = dict(enumerate(found.estimates)) if "d_prime" not in name else {}
            for place, estimate in {**estimates, "mean": found.macro}.items():
                if estimate is not None and not np.isnan(estimate.error):
                    told[name, place] += 1
                    false[name, place] += estimate.p_value() < 0.05
    return {key: false[key] / told[key] for key in told}, told


def most(repeats):
    """Return 5 % and three standard errors of as many repeats."""
    return 0.05 + 3 * np.sqrt(0.05 * 0.95 / repeats)


@pytest.mark.parametrize("n_seeds", [1, 3])
@pytest.mark.parametrize("sizes", [[399, 1], [398, 2], [395, 5], LONG_TAILED])
def test_few_positives_show_no_difference_that_is_not_there(sizes, n_seeds):
    found, told = rates(sizes, n_seeds, 25)
    assert told["auroc", len(sizes) - 1] == told["d_prime_of_mean_auroc", "mean"] == 25
    assert max(found.values()) <= most(25)


def test_one_positive_shows_nothing_at_all():
    truth = np.repeat([0, 1], [400, 1])
    first, last = np.r_[np.arange(400), 400], np.r_[np.arange(400) + 1, 0]
    one, other = (
        Predictions(np.arange(401), truth, np.c_[-rank, rank], ("a", "b"), arm=arm)
        for arm, rank in (("one", first / 400), ("other", last / 400))
    )
    found = rank_differences(one, other)["auroc"]
    assert found.estimates[1].mean == found.macro.mean == 1
    assert found.estimates[1].p_value() > 0.05
    assert found.macro.p_value() > 0.05


@pytest.mark.slow
@pytest.mark.parametrize("n_seeds", [1, 3])
@pytest.mark.parametrize("own", [0.5, 1.5])
@pytest.mark.parametrize("n_positive", [1, 2, 3, 5, 10])
def test_false_positives_of_a_rare_class(n_positive, own, n_seeds):
    found, _ = rates([400 - n_positive, n_positive], n_seeds, 200, own)
    assert max(found.values()) <= most(200)


@pytest.mark.slow
@pytest.mark.parametrize("n_seeds", [1, 3])
@pytest.mark.parametrize("prior", [None, EVEN])
@pytest.mark.parametrize("skill", [1.6, 4.0])
def test_false_positives_of_a_long_tail(skill, prior, n_seeds):
    found, _ = rates(LONG_TAILED, n_seeds, 200, skill=skill, prior=prior)
    assert max(found.values()) <= most(200)


@pytest.mark.slow
@pytest.mark.parametrize("own", [0.3, 0.7])
def test_false_positives_at_a_fixed_prior(own):
    """With just the negatives that an error is given from on: a little above 5 %."""
    found, told = rates([670] * 4, 1, 150, own, skill=1.5, reference=0.1)
    assert told["fixed_prior_average_precision", "mean"] == 150
    assert found["fixed_prior_average_precision", "mean"] <= 0.015 + most(150)
    by_class = [found["fixed_prior_average_precision", k] for k in range(4)]
    assert np.mean(by_class) <= 0.015 + most(4 * 150)


@pytest.mark.slow
@pytest.mark.parametrize("n_seeds", [1, 3])
@pytest.mark.parametrize("distance", [1.0, 2.0])
def test_levels_hold_the_truth_with_one_positive_too(distance, n_seeds):
    draw = np.random.default_rng(0)
    truly, repeats, n = stats.norm.cdf(distance / np.sqrt(2)), 100, 400
    means, by_class = np.zeros(2), np.zeros(len(LONG_TAILED))
    for _ in range(repeats):
        truth = np.stack([draw.permutation(n) < size for size in LONG_TAILED], axis=1)
        hard, models = draw.normal(size=truth.shape), []
        for seed in range(n_seeds):
            own = np.sqrt(0.3) * draw.normal(size=truth.shape) + np.sqrt(0.7) * hard
            logits = distance * truth + (own if n_seeds > 1 else hard)
            models.append(Predictions(np.arange(n), truth, logits, tuple("abcde"), seed=seed))
        found = rank_estimates(models)
        for place, (name, true) in enumerate(
            (("auroc", truly), ("d_prime_of_mean_auroc", distance))
        ):
            interval = found[name].macro_interval
            means[place] += interval.low <= true <= interval.high
        intervals = found["mean_d_prime"].intervals
        by_class += [one.low <= distance <= one.high for one in intervals]
    assert means.min() / repeats >= 0.95 - 0.065
    assert by_class.min() / repeats >= 0.91 - 0.085
