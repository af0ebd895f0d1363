"""Every score against the slow, obvious loop, on the shared traces."""

import numpy as np
import pandas as pd
import pytest
from dynamics_cases import CASES
from oracles.dynamics import dynamics_of, scores_by_run, scores_of_appearances
from oracles.inversions import scores_by_run as scores_of_inversions
from oracles.neighbours import share_of_others

from steelyard import Recorder
from steelyard.checks.hand_made import dynamics_from_logits, inversions_of_errors
from steelyard.hardness import SCORES, estimate, neighbours, values_by_run
from steelyard.records import Dynamics, Labelled

OF_DYNAMICS = [score for score in SCORES if score.reads is Dynamics]
NEAREST = {"knn_disagreement": 5, "n3": 1}
OF_INVERSIONS = ("straggler", "wrong_since_inversion")
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
    assert of_dynamics | {*NEAREST, *OF_INVERSIONS} == {score.name for score in SCORES}


@pytest.mark.parametrize("score", OF_DYNAMICS, ids=lambda score: score.name)
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_score_equals_the_loop(score, case):
    dynamics = dynamics_of(case.logits, case.labels, case.ids, case.class_names)
    expected = scores_by_run(case.logits, case.labels)[score.name]
    np.testing.assert_allclose(score.compute(dynamics), expected, rtol=1e-12, atol=1e-12)


def test_scores_of_samples_that_come_several_times_an_epoch_equal_the_loop():
    draw = np.random.default_rng(3)
    rows = np.arange(60)
    # 40 samples of any logits, 1 to 4 times an epoch; 20 that are right in one time of two or three
    times = [np.where(rows < 40, draw.integers(1, 5, 60), 2 + rows % 2) for _ in range(5)]
    epochs = [[draw.normal(0, 2, (count, 3)).round(3) for count in counts] for counts in times]
    for came in (one for epoch in epochs for one in epoch[40:]):
        came[:] = [[0.0, 2.0, 0.0]] * (len(came) - 1) + [[2.0, 0.0, 0.0]]
    recorder = Recorder(rows, np.zeros(60, dtype=int), early_epoch=0)
    for epoch in epochs:
        ids = np.repeat(rows, [len(came) for came in epoch])
        order = draw.permutation(len(ids))
        recorder.update(ids[order], np.concatenate(epoch)[order])
        recorder.end_epoch()
    expected = [scores_of_appearances([epoch[row] for epoch in epochs], 0) for row in rows]
    names = list(expected[0])
    found = estimate(recorder.dynamics(), names)
    for name in names:
        values = [one[name] for one in expected]
        np.testing.assert_allclose(found[name].values, values, rtol=1e-12, err_msg=name)
    assert set(found["forgetting"].values[40:]) == {5.0}  # not learned, though not always wrong
    assert len(set(found["forgetting"].values[:40])) >= 3


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


@pytest.mark.parametrize(("runs", "epochs", "n"), [(3, 9, 40), (1, 9, 40), (2, 1, 40), (4, 9, 1)])
def test_a_score_of_inversions_equals_the_loop(runs, epochs, n):
    draw = np.random.default_rng(runs * epochs)
    wrong = draw.random((runs, epochs, n)) < 0.4
    turns, labels = draw.integers(0, epochs, (runs, 3)), draw.integers(0, 3, n)
    record = inversions_of_errors(wrong, turns, labels, draw.permutation(n), ("-1", "<b>", "1"))
    expected = scores_of_inversions(wrong, turns, labels)
    found = estimate(record)
    assert list(found) == list(OF_INVERSIONS) == list(expected)
    for name, by_run in expected.items():
        np.testing.assert_array_equal(values_by_run(record, name), by_run)
        np.testing.assert_allclose(found[name].values, np.mean(by_run, axis=0), rtol=1e-12)
        assert found[name].n_runs == runs


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
