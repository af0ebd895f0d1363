"""How many runs are needed, on data where the truth is known."""

from dataclasses import replace

import numpy as np
import pytest

from steelyard._support.errors import MismatchError, ParameterError
from steelyard.hardness.runs_needed import MOST, runs_needed
from steelyard.hardness.stability import stability

N = 3000


def needed(by_run, until, **values):
    ids = np.arange(by_run.shape[1])
    found = stability(by_run, np.zeros(len(ids), int), ids, thresholds=(0.1,), draws=20)
    return runs_needed(by_run, ids, found, until=until, **values)


def scores(random, effects, n_runs, noise=1.0):
    return effects + noise * random.normal(size=(n_runs, len(effects)))


def test_ties_that_no_run_resolves_never_agree():
    found = needed(np.tile(np.arange(100.0) // 40, (4, 1)), 0.9)  # 20 are the hardest
    assert (found.runs, found.low, found.high) == (None, None, None)
    assert found.known
    assert str(found) == f"90 % needs more than {MOST:,} runs (extrapolated)"


def test_an_extrapolation_finds_the_truth_of_counts():
    """Events as forgetting counts them: few values in one run, ties in few.

    It asks for some 15 to 30 % too many there (20.5 and 22.5 of 17 to 18, two sets of rates by 24).
    """
    random = np.random.default_rng(10)
    rates = random.exponential(1.0, N)
    hardest = []
    for runs in range(1, 200):
        pairs = random.poisson(runs * rates, (20, 2, N))
        hardest.append(np.mean([inside(a, N // 10) @ inside(b, N // 10) for a, b in pairs]))
        if hardest[-1] >= 0.8 * (N // 10):
            break
    expected = len(hardest)
    assert expected > 3  # six runs cannot show it
    found = [needed(random.poisson(rates, (6, N)).astype(float), 0.8) for _ in range(8)]
    assert all(one.extrapolated for one in found)
    assert 0.9 < np.mean([one.runs for one in found]) / expected < 1.45
    assert np.mean([one.low <= expected <= one.high for one in found]) > 0.5


def inside(values, k):
    """The probability of each sample to be of the k hardest, ties broken at random."""
    cut = np.sort(values)[-k]
    above, tied = values > cut, values == cut
    return above + tied * (k - above.sum()) / tied.sum()


def truth(effects, until, noise=1.0):
    """The fewest runs of which two ensembles share enough, by training as many as it takes."""
    random, k = np.random.default_rng(0), len(effects) // 10
    for runs in range(1, 500):
        shared = []
        for _ in range(40):
            one, other = (
                set(
                    np.argsort(-(effects + noise * random.normal(size=len(effects)) / runs**0.5))[
                        :k
                    ]
                )
                for _ in range(2)
            )
            shared.append(len(one & other) / k)
        if np.mean(shared) >= until:
            return runs
    raise AssertionError


@pytest.mark.parametrize("shape", ["normal", "skewed", "noisier where harder"])
def test_an_extrapolation_finds_the_truth(shape):
    random, noise = np.random.default_rng(1), 1.0
    effects = random.normal(size=N) if shape == "normal" else random.exponential(1.5, N)
    if shape == "noisier where harder":
        noise = 0.2 + 0.7 * effects
    expected = truth(effects, 0.8, noise)
    found = [needed(scores(random, effects, 6, noise), 0.8) for _ in range(8)]
    assert expected > 3  # six runs cannot show it
    assert all(one.extrapolated for one in found)
    assert np.mean([one.runs for one in found]) == pytest.approx(expected, rel=0.2)
    inside = [one.low <= expected <= one.high for one in found]
    assert np.mean(inside) > 0.8
    assert all(one.low <= one.runs <= one.high for one in found)


def test_what_the_runs_themselves_show_is_no_extrapolation():
    random = np.random.default_rng(2)
    effects = random.exponential(2.5, N)
    expected = truth(effects, 0.8)
    found = needed(scores(random, effects, 12), 0.8)
    assert not found.extrapolated
    assert abs(found.runs - expected) <= 1
    assert found.low <= found.runs <= found.high
    assert "extrapolated" not in str(found)
    assert str(found).startswith(f"80 % needs {found.runs} runs")


def test_pure_noise_never_agrees():
    found = needed(np.random.default_rng(3).normal(size=(6, N)), 0.9)
    assert found.runs is None
    assert found.extrapolated
    assert found.known  # to be many, unlike what two runs leave unknown
    assert str(found) == f"90 % needs more than {MOST:,} runs (extrapolated)"


def test_identical_runs_need_one():
    found = needed(np.tile(np.random.default_rng(4).normal(size=100), (4, 1)), 0.99)
    assert (found.runs, found.low, found.high, found.extrapolated) == (1, 1, 1, False)
    assert str(found) == "99 % needs 1 run"


def test_what_ties_make_of_a_single_run_does_not_count():
    by_run = np.random.default_rng(8).normal(size=(6, 50))
    found = stability(by_run, np.zeros(50, int), np.arange(50), thresholds=(0.1,))
    change = np.select([found.sets["runs"] == 2, found.sets["runs"] <= 3], [0.4, 0.05])
    ends = dict.fromkeys(("change", "change_low", "change_high"), change)
    bent = replace(found, sets=found.sets.assign(**ends))
    assert bent.curve()[:, 0].tolist() == [0.95, 0.6, 0.95]
    answer = runs_needed(by_run, np.arange(50), bent, until=0.9)
    assert (answer.runs, answer.low, answer.high, answer.extrapolated) == (3, 3, 3, False)


def test_two_runs_cannot_tell():
    random = np.random.default_rng(5)
    for by_run in (scores(random, random.normal(size=N), 2), np.tile(np.arange(100.0), (2, 1))):
        found = needed(by_run, 0.8)
        assert (found.runs, found.low, found.high) == (None, None, None)
        assert not found.known
        assert not found.extrapolated
        assert str(found) == "two runs cannot tell how many 80 % needs"
    assert needed(scores(random, random.normal(size=N), 3), 0.8).runs > 1


def test_it_is_the_same_again_and_in_any_order_of_rows():
    random = np.random.default_rng(6)
    by_run = scores(random, random.normal(size=500), 4)
    ids, rows = np.arange(500), random.permutation(500)
    labels = np.zeros(500, int)
    one = runs_needed(by_run, ids, stability(by_run, labels, ids))
    other = runs_needed(by_run[:, rows], ids[rows], stability(by_run[:, rows], labels, ids[rows]))
    assert one == other


def test_other_values_and_numbers_out_of_range_are_refused():
    by_run = np.random.default_rng(7).normal(size=(4, 50))
    found = stability(by_run, np.zeros(50, int), np.arange(50))
    with pytest.raises(MismatchError, match="4 runs"):
        runs_needed(by_run[:3], np.arange(50), found)
    with pytest.raises(ParameterError, match="until"):
        runs_needed(by_run, np.arange(50), found, until=1)
    with pytest.raises(ParameterError, match="thresholds"):
        runs_needed(by_run, np.arange(50), found, share=0.15)
