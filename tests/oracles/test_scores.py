"""Every score against the slow, obvious loop, on the shared traces."""

import numpy as np
import pandas as pd
import pytest
from dynamics_cases import CASES
from oracles.dynamics import dynamics_of, scores_by_run
from oracles.neighbours import share_of_others

from steelyard.checks.hand_made import dynamics_from_logits
from steelyard.hardness import SCORES, estimate, neighbours
from steelyard.records import Dynamics, Labelled

OF_DYNAMICS = [score for score in SCORES if score.reads is Dynamics]
NEAREST = {"knn_disagreement": 5, "n3": 1}
POINTS = {
    "normal": np.random.default_rng(0).normal(size=(40, 3)),
    "ties": np.random.default_rng(0).integers(0, 3, (40, 2)),
    "copies": np.zeros((12, 2)),
    "four": np.arange(4.0)[:, None],
    "one": np.zeros((1, 2)),
}


def test_there_is_an_oracle_for_every_score():
    case = CASES["random"]
    of_dynamics = set(scores_by_run(case.logits, case.labels))
    assert of_dynamics | set(NEAREST) == {score.name for score in SCORES}


@pytest.mark.parametrize("score", OF_DYNAMICS, ids=lambda score: score.name)
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_score_equals_the_loop(score, case):
    dynamics = dynamics_of(case.logits, case.labels, case.ids, case.class_names)
    expected = scores_by_run(case.logits, case.labels)[score.name]
    np.testing.assert_allclose(score.compute(dynamics), expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", NEAREST)
@pytest.mark.parametrize("points", POINTS.values(), ids=POINTS)
def test_a_score_of_neighbours_equals_the_loop(name, points):
    n = len(points)
    draw = np.random.default_rng(1)
    ids, labels = draw.permutation(n), draw.integers(0, 3, n)
    table = pd.DataFrame({"x": np.zeros(n)})
    data = Labelled(table, labels, ("-1", "<b>", "1"), ids)
    found = estimate(neighbours(points, data, k=6), [name])[name]
    assert found.values.tolist() == share_of_others(points, ids, labels, NEAREST[name])
    assert (found.n_runs, found.data_fingerprint) == (1, data.fingerprint)
    assert np.isnan(found.spread).all()


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_the_estimate_averages_the_loop_over_runs(case):
    dynamics = dynamics_of(case.logits, case.labels, case.ids, case.class_names)
    for name, by_run in scores_by_run(case.logits, case.labels).items():
        hardness = estimate(dynamics)[name]
        runs, n = by_run.shape
        for sample in range(n):
            mean = sum(by_run[:, sample]) / runs
            assert hardness.values[sample] == pytest.approx(mean, abs=1e-12)
            if runs > 1:
                squares = sum((value - mean) ** 2 for value in by_run[:, sample])
                spread = (squares / (runs - 1)) ** 0.5
                assert hardness.spread[sample] == pytest.approx(spread, abs=1e-9)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_the_records_that_contracts_are_tried_on_equal_the_loop(case):
    fast = dynamics_from_logits(case.logits, case.labels, case.ids, case.class_names)
    slow = dynamics_of(case.logits, case.labels, case.ids, case.class_names)
    for name, channel in slow.channels.items():
        np.testing.assert_allclose(fast.channels[name], channel, rtol=1e-12, atol=1e-12)
