"""Every score against the slow, obvious loop, on the shared traces."""

import numpy as np
import pytest
from dynamics_cases import CASES
from oracles.dynamics import dynamics_of, scores_by_run

from steelyard.checks.hand_made import dynamics_from_logits
from steelyard.hardness import SCORES, estimate


def test_there_is_an_oracle_for_every_score():
    case = CASES["random"]
    assert set(scores_by_run(case.logits, case.labels)) == {score.name for score in SCORES}


@pytest.mark.parametrize("score", SCORES, ids=lambda score: score.name)
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_score_equals_the_loop(score, case):
    dynamics = dynamics_of(case.logits, case.labels, case.ids, case.class_names)
    expected = scores_by_run(case.logits, case.labels)[score.name]
    np.testing.assert_allclose(score.compute(dynamics), expected, rtol=1e-12, atol=1e-12)


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
