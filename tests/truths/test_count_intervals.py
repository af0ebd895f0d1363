"""Intervals of figures of counts: where the truth is known, as often right as they say."""

import numpy as np
import pytest

from steelyard.evaluation.bootstrap import METRICS, bootstrap, hierarchical_bootstrap
from steelyard.evaluation.count_metrics import CLASS_METRICS
from steelyard.evaluation.counts import Counts
from steelyard.records import Predictions

WORLDS = {
    "even": ([50] * 10, np.linspace(0.95, 0.6, 10)),
    "tail": ([400, 200, 100, 50, 25, 12, 6], np.linspace(0.95, 0.6, 7)),
}


def others(truth, n_classes, rng):
    drawn = rng.integers(0, n_classes - 1, len(truth))
    return drawn + (drawn >= truth)


class World:
    """Classes of known recall; who is wrong takes any other class.

    Samples differ in how hard they are, and seeds go their own way on a share ``own`` of them;
    ``seed_sd`` is how far the recall of a seed lies from that of others.
    """

    def __init__(self, name, seed_sd=0.0, own=0.3):
        self.counts, self.recalls = WORLDS[name]
        self.seed_sd, self.own = seed_sd, own
        self.k = len(self.counts)
        self.truth = np.repeat(np.arange(self.k), self.counts)

    def arms(self, n_seeds, rng):
        """Return two arms that are equally good, on samples that both find hard."""
        luck, taken = rng.random(len(self.truth)), others(self.truth, self.k, rng)
        return [
            [self.model(luck, taken, arm, seed, rng) for seed in range(n_seeds)]
            for arm in ("left", "right")
        ]

    def model(self, luck, taken, arm, seed, rng):
        n = len(self.truth)
        luck = np.where(rng.random(n) < self.own, rng.random(n), luck)
        taken = np.where(rng.random(n) < self.own, others(self.truth, self.k, rng), taken)
        recalls = np.clip(self.recalls + rng.normal(0, self.seed_sd), 0, 1)
        predicted = np.where(luck < recalls[self.truth], self.truth, taken)
        names = tuple(map(str, range(self.k)))
        return Predictions(np.arange(n), self.truth, np.eye(self.k)[predicted], names,
                           arm=arm, seed=seed)  # fmt: skip

    def expected(self, metric):
        """Return a metric of infinitely many samples, the mean over seeds."""
        rng, n = np.random.default_rng(0), np.asarray(self.counts, float)
        values = []
        for shift in rng.normal(0, self.seed_sd, 500 if self.seed_sd else 1):
            recalls = np.clip(self.recalls + shift, 0, 1)
            cells = (n * (1 - recalls))[:, np.newaxis] * (1 - np.eye(self.k)) / (self.k - 1)
            cells += np.diag(n * recalls)
            counts = Counts(np.diag(cells), cells.sum(0), cells.sum(1), np.asarray(cells.sum()))
            values.append(METRICS[metric](counts))
        return np.mean(values, axis=0)


def covered(found, truth, metric):
    inside = (found.low <= truth) & (truth <= found.high)
    return inside[0] if metric in CLASS_METRICS else inside  # the first class, of many samples


@pytest.mark.slow
@pytest.mark.parametrize("metric", ["accuracy", "macro_f1", "mcc", "macro_precision", "recall"])
@pytest.mark.parametrize("world", WORLDS)
def test_of_one_model_95_of_100_intervals_cover(world, metric):
    rng, place = np.random.default_rng(1), World(world)
    truth = place.expected(metric)
    repeats = 150
    hits = sum(
        covered(bootstrap(place.arms(1, rng)[0], metric=metric, n_resamples=300), truth, metric)
        for _ in range(repeats)
    )
    # 150 repeats: three standard errors are 5.3 points
    assert hits / repeats >= 0.9


@pytest.mark.slow
@pytest.mark.parametrize("metric", ["accuracy", "macro_f1", "mcc"])
@pytest.mark.parametrize("world", WORLDS)
@pytest.mark.parametrize("seed_sd", [0.0, 0.03])
def test_of_a_few_seeds_they_cover_at_least_as_often(world, seed_sd, metric):
    rng, place = np.random.default_rng(2), World(world, seed_sd)
    truth = place.expected(metric)
    repeats = 100
    hits = sum(
        covered(bootstrap(place.arms(3, rng)[0], metric=metric, n_resamples=300), truth, metric)
        for _ in range(repeats)
    )
    # 100 repeats: three standard errors are 6.5 points; too wide is the safer side
    assert hits / repeats >= 0.88


@pytest.mark.slow
@pytest.mark.parametrize("metric", ["accuracy", "macro_f1", "mcc", "worst_recall"])
@pytest.mark.parametrize("world", WORLDS)
@pytest.mark.parametrize("n_seeds", [1, 3])
def test_equal_arms_are_told_apart_in_at_most_one_of_twenty(world, n_seeds, metric):
    rng, place = np.random.default_rng(3), World(world, 0.02 if n_seeds > 1 else 0.0)
    repeats, told = 100, 0
    for _ in range(repeats):
        found = bootstrap(*place.arms(n_seeds, rng), metric, n_resamples=300)
        told += (found.low > 0) | (found.high < 0)
    # 100 repeats of a rate of 5 %: three standard errors are 6.5 points
    assert told / repeats <= 0.115


@pytest.mark.slow
def test_percentiles_of_redrawn_seeds_cover_less_where_seeds_differ():
    rng, place = np.random.default_rng(4), World("even", seed_sd=0.05)
    truth = place.expected("macro_f1")
    repeats, hits = 200, np.zeros(2)
    for _ in range(repeats):
        arm = place.arms(3, rng)[0]
        for way, call in enumerate((bootstrap, hierarchical_bootstrap)):
            hits[way] += covered(call(arm, metric="macro_f1", n_resamples=300), truth, "macro_f1")
    ours, theirs = hits / repeats
    assert ours >= 0.85
    assert theirs < ours - 0.02
