"""Classes of few samples: equal arms are not told apart, and levels hold the truth."""

import numpy as np
import pytest

from steelyard.evaluation.bootstrap import METRICS
from steelyard.evaluation.count_metrics import AVERAGES
from steelyard.evaluation.counts import count
from steelyard.evaluation.deployments import Deployment
from steelyard.evaluation.from_counts import Redrawn, counted
from steelyard.evaluation.gap_metrics import GAP_METRICS

K = 5
OTHERS = tuple(name for name in (*AVERAGES, *GAP_METRICS) if not name.startswith("micro"))
FEW = ("balanced_accuracy", "macro_f1", "mcc", "worst_recall", "recall_max_min")


def judged(truth, predicted, arms, metrics, seed, k=K):
    """Return each arm's figures under equal shares of the classes."""
    deployment = Deployment("uniform", truth, np.ones(k) / k, np.ones(k) / k, True)
    cells = np.repeat(np.arange(arms), len(predicted) // arms).tolist()
    redrawn = Redrawn.of(truth, predicted, k, deployment, 200, seed, cells)
    rows = [slice(cells.index(arm), cells.index(arm) + cells.count(arm)) for arm in range(arms)]
    return [counted(lambda: redrawn, mine, metrics, ())[0] for mine in rows]


def rates(smallest, n_seeds, repeats, metrics):
    """Return how often equal arms are told apart, and how often a level holds the truth."""
    truth = np.repeat(np.arange(K), [60, 30, 15, 6, smallest])
    rng = np.random.default_rng(9)
    many = np.repeat(np.arange(K), 20_000)
    # what all models share, and what each has of its own: a standard deviation of .7 and .5
    scores = 1.6 * np.eye(K)[many] + np.hypot(0.7, 0.5) * rng.normal(size=(len(many), K))
    counts = count(many, scores.argmax(axis=1), K)
    told, held = dict.fromkeys(metrics, 0), dict.fromkeys(metrics, 0)
    for repeat in range(repeats):
        shared = 1.6 * np.eye(K)[truth] + 0.7 * rng.normal(size=(len(truth), K))
        predicted = [
            (shared + 0.5 * rng.normal(size=shared.shape)).argmax(axis=1)
            for _ in range(2 * n_seeds)
        ]
        left, right = judged(truth, predicted, 2, metrics, repeat)
        for name in metrics:
            difference = (left[name].evidence - right[name].evidence).estimate()
            told[name] += difference.p_value() < 0.05
            _, low, high = left[name].ends
            held[name] += low <= METRICS[name](counts) <= high
    return ({name: n / repeats for name, n in one.items()} for one in (told, held))


@pytest.mark.parametrize("smallest", [1, 3])
def test_a_class_of_few_samples_tells_no_equal_arms_apart(smallest):
    told, held = rates(smallest, 1, 60, FEW)
    # 60 repeats: three standard errors of a rate of 5 % are 8.4 points, of 90 % 11.6
    assert max(told.values()) <= 0.134
    assert min(held.values()) >= 0.78


@pytest.mark.slow
@pytest.mark.parametrize("n_seeds", [1, 3])
@pytest.mark.parametrize("smallest", [1, 2, 3, 5])
def test_no_metric_of_counts_tells_equal_arms_apart(smallest, n_seeds):
    told, held = rates(smallest, n_seeds, 100, OTHERS)
    # 100 repeats: three standard errors of a rate of 5 % are 6.5 points, of 90 % 9
    assert max(told.values()) <= 0.115
    assert min(held[name] for name in AVERAGES if name in held) >= 0.81


def gap_coverage(recalls, n, repeats):
    k = len(recalls)
    truth = np.repeat(np.arange(k), n)
    held = 0
    for repeat in range(repeats):
        rng = np.random.default_rng(repeat)
        right = rng.random(len(truth)) < np.asarray(recalls)[truth]
        predicted = [np.where(right, truth, (truth + 1) % k)]
        figures = judged(truth, predicted, 1, ("recall_max_min",), repeat, k)
        _, low, high = figures[0]["recall_max_min"].ends
        held += low - 1e-9 <= max(recalls) - min(recalls) <= high + 1e-9
    return held / repeats


@pytest.mark.parametrize(("recalls", "n"), [((0.9, 0.8), 30), ((0.95, 0.9), 100)])
def test_the_interval_of_a_gap_of_two_classes_holds_the_truth(recalls, n):
    # 100 repeats: three standard errors are 6.5 points
    assert gap_coverage(recalls, n, 100) >= 0.88


@pytest.mark.slow
def test_the_interval_of_a_gap_of_ten_classes_holds_the_truth():
    assert gap_coverage(np.linspace(0.6, 0.95, 10), 50, 200) >= 0.9


@pytest.mark.slow
def test_of_ten_equal_classes_the_low_end_is_too_high_now_and_then():
    """There the gap is 0, and all of the measured one is noise: `equal_classes_null` tells."""
    assert 0.75 <= gap_coverage((0.9,) * 10, 50, 200) <= 0.95
