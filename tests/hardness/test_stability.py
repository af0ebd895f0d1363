"""Known truths of set changes, a slow reference, and intervals against simulations."""

import numpy as np
import pytest
from scipy.stats import spearmanr

from steelyard._support.errors import DataError, ParameterError
from steelyard.hardness.stability import halves_share, stability
from steelyard.records.hardness import Hardness

T = np.arange(1, 10) / 10


def made(by_run, labels=None, ids=None, **values):
    n = np.shape(by_run)[1]
    labels = np.arange(n) % 4 if labels is None else labels
    return stability(by_run, labels, np.arange(n) if ids is None else ids, **values)


def figures(found, kind, runs, side, column):
    rows = found.sets
    mine = rows[(rows["kind"] == kind) & (rows["runs"] == runs) & (rows["side"] == side)]
    return mine.sort_values("threshold")[column].to_numpy()


def hardest(values, ids):
    one = Hardness("s", ids, np.zeros(len(ids)), ("a",), values, values * np.nan, 1, "")
    return one.hardest(len(ids))


def inside(values, k):
    """The probability of each sample to be of the k hardest, ties broken at random."""
    found = []
    for value in values:
        above, equal = sum(one > value for one in values), sum(one == value for one in values)
        found.append(min(max((k - above) / equal, 0), 1))
    return np.array(found)


@pytest.mark.parametrize("values", ["different", "tied"])
def test_two_runs_equal_the_sets_themselves(values):
    random = np.random.default_rng(0)
    by_run = random.normal(size=(2, 57))
    by_run = np.rint(2 * by_run) if values == "tied" else by_run
    ids, labels = random.permutation(500)[:57], random.integers(0, 5, 57)
    found = made(by_run, labels, ids)
    for side in ("hardest", "easiest"):
        for at, t in enumerate(T):
            k = int(t * 57 + 1e-9)
            a, b = (inside(one if side == "hardest" else -one, k) for one in by_run)
            change, jaccard = 1 - a @ b / k, a @ b / (2 * k - a @ b)
            assert figures(found, "disjoint", 1, side, "change")[at] == pytest.approx(change)
            assert figures(found, "disjoint", 1, side, "jaccard")[at] == pytest.approx(jaccard)
            by_chance = figures(found, "disjoint", 1, side, "by_chance")[at]
            assert by_chance == pytest.approx(change / (1 - k / 57))
    means = [[one[labels == code].mean() for code in range(5)] for one in by_run]
    expected = {"samples": spearmanr(*by_run)[0], "classes": spearmanr(*means)[0]}
    rows = found.correlations[found.correlations["kind"] == "disjoint"]
    assert dict(zip(rows["level"], rows["spearman"], strict=True)) == pytest.approx(expected)


def test_nested_ensembles_are_the_first_runs_and_one_more():
    by_run = np.random.default_rng(1).normal(size=(3, 40))
    found = made(by_run, draws=400)  # every order of three runs occurs about as often
    ids, expected = np.arange(40), []
    for add in range(3):
        small = set(hardest(np.delete(by_run, add, axis=0).mean(axis=0), ids)[:4])
        expected.append(len(set(hardest(by_run.mean(axis=0), ids)[:4]) - small) / 4)
    change = figures(found, "nested", 2, "hardest", "change")[0]
    assert change == pytest.approx(np.mean(expected), abs=0.04)
    assert set(found.sets["runs"][found.sets["kind"] == "nested"]) == {1, 2}
    assert set(found.sets["runs"][found.sets["kind"] == "disjoint"]) == {1}


def test_identical_runs_never_change():
    found = made(np.tile(np.random.default_rng(2).normal(size=50), (5, 1)))
    assert (found.sets["change"] == 0).all()
    assert (found.sets["jaccard"] == 1).all()
    assert (found.sets["tied"] == 0).all()
    assert found.correlations["spearman"].to_numpy() == pytest.approx(1)
    assert found.shared(0.1)[1].half_width == 0


def test_unrelated_runs_change_as_random_sets_do():
    found = made(np.random.default_rng(3).normal(size=(8, 4000)))
    for runs in (1, 4):
        change = figures(found, "disjoint", runs, "hardest", "change")
        assert change == pytest.approx(1 - T, abs=0.02)
        jaccard = figures(found, "disjoint", runs, "hardest", "jaccard")
        assert jaccard == pytest.approx(T / (2 - T), abs=0.02)
        by_chance = figures(found, "disjoint", runs, "easiest", "by_chance")
        assert by_chance == pytest.approx(np.ones(9), abs=0.02)
    rows = found.correlations
    assert (
        abs(rows[(rows["kind"] == "disjoint") & (rows["level"] == "samples")]["spearman"]).max()
        < 0.05
    )


def test_the_easiest_are_what_the_hardest_leave():
    found = made(np.random.default_rng(4).normal(size=(4, 60)))
    easy = figures(found, "disjoint", 2, "easiest", "change") * T
    hard = figures(found, "disjoint", 2, "hardest", "change") * T
    assert easy == pytest.approx(hard[::-1])


def test_what_equal_values_leave_open_is_said_and_not_found_again():
    values = np.zeros((3, 100))
    values[:, :5] = 1.0
    found = made(values)
    # five samples are the hardest; the rest of the tenth, and the next, are any of the 95
    assert figures(found, "disjoint", 1, "hardest", "tied")[:2] == pytest.approx([0.5, 0.75])
    assert figures(found, "disjoint", 1, "easiest", "tied")[0] == pytest.approx(1)
    change = figures(found, "disjoint", 1, "hardest", "change")
    assert change == pytest.approx([1 - (5 + (k - 5) ** 2 / 95) / k for k in range(10, 100, 10)])
    nested = figures(found, "nested", 2, "hardest", "change")
    assert nested == pytest.approx(change)
    halves = made(np.repeat([[0.0, 1.0]] * 2, 50, axis=1))  # nothing is left to ids at one half
    for side in ("hardest", "easiest"):
        tied = figures(halves, "disjoint", 1, side, "tied")
        assert tied == pytest.approx([1, 1, 1, 1, 0, 1 / 6, 2 / 7, 3 / 8, 4 / 9])


def test_a_score_that_leaves_its_hardest_open_changes_by_chance():
    constant = made(np.ones((4, 50)))
    assert constant.sets["by_chance"].to_numpy() == pytest.approx(1)
    few = (np.random.default_rng(9).random((6, 3000)) < 0.3).astype(float)  # unrelated runs of 0, 1
    found = made(few)
    for runs in (1, 3):
        change = figures(found, "disjoint", runs, "hardest", "change")
        assert change == pytest.approx(1 - T, abs=0.02)
    ids = np.arange(3000)
    assert halves_share(few, ids) == pytest.approx(0.1, abs=0.01)
    assert halves_share(np.ones((2, 3000)), ids) == pytest.approx(0.1)
    assert halves_share(np.tile(np.arange(3000.0), (4, 1)), ids) == 1


def test_a_constant_score_has_no_rank_correlation():
    found = made(np.ones((3, 20)))
    assert found.correlations["spearman"].isna().all()
    two = made(np.random.default_rng(0).normal(size=(2, 20)), np.arange(20) % 2)
    rows = two.correlations
    assert rows[rows["level"] == "classes"]["spearman"].isna().all()  # two classes rank themselves


def test_the_order_of_rows_does_not_matter():
    random = np.random.default_rng(5)
    by_run, labels = np.rint(random.normal(size=(4, 80)) * 2), random.integers(0, 4, 80)
    ids, rows = random.permutation(1000)[:80], random.permutation(80)
    one, other = (
        stability(by_run[:, order], labels[order], ids[order]) for order in (np.arange(80), rows)
    )
    np.testing.assert_allclose(one.sets["change"], other.sets["change"], rtol=1e-12)
    np.testing.assert_allclose(
        one.correlations["spearman"], other.correlations["spearman"], atol=1e-12
    )


def test_counts_are_exact():
    by_run = np.zeros((2, 5000))
    by_run[0, :1650], by_run[1, 1:1651] = 1.0, 1.0
    found = made(by_run, thresholds=(0.33, 0.29))
    assert figures(found, "disjoint", 1, "hardest", "change")[1] == pytest.approx(1 / 1650)
    # 0.29 * 100 is 28.999999999999996
    hundred = np.arange(100.0)
    swapped = hundred.copy()
    swapped[[70, 71]] = swapped[[71, 70]]  # the 29th and the 30th from above
    found = made([hundred, swapped], thresholds=(0.29,))
    assert found.shared(0.29)[0] == pytest.approx(28 / 29)


def test_two_runs_tell_nothing_of_how_sure_it_is():
    found = made(np.random.default_rng(6).normal(size=(2, 30)))
    assert found.sets["change_low"].isna().all()
    assert found.shared()[1] is None
    three = made(np.random.default_rng(6).normal(size=(3, 300)))
    assert three.shared()[1].half_width > 0


@pytest.mark.slow
def test_the_intervals_cover_what_other_runs_would_share():
    random, n, n_runs, k = np.random.default_rng(7), 200, 8, 20
    effects, labels = random.normal(size=n), np.arange(n) % 4

    def ensemble(runs):  # runs differ in how noisy they are, and in what they make of a class
        noise = np.exp(random.normal(0, 0.4, (runs, 1))) * random.normal(size=(runs, n))
        return effects + random.normal(0, 0.3, (runs, 4))[:, labels] + noise

    def shared(runs):
        a, b = (set(np.argsort(-ensemble(runs).mean(axis=0))[:k]) for _ in range(2))
        return len(a & b) / k

    truth = np.array([np.mean([shared(m) for _ in range(3000)]) for m in range(1, 5)])
    covered, estimates = [], []
    for seed in range(40):
        found = made(ensemble(n_runs), labels, thresholds=(0.1,), seed=seed).curve(0.1)
        covered.append((found[:, 1] <= truth) & (truth <= found[:, 2]))
        estimates.append(found[:, 0])
    assert np.mean(estimates, axis=0) == pytest.approx(truth, abs=0.02)
    assert (np.mean(covered, axis=0) >= 0.9).all()
    # the draws of one call share runs: an interval of their mean would be far too narrow
    assert np.std(estimates, axis=0, ddof=1)[-1] > 0.03


@pytest.mark.parametrize(
    ("by_run", "values", "error"),
    [
        (np.zeros((1, 5)), {}, ParameterError),
        (np.zeros((3, 1)), {}, ParameterError),
        (np.full((2, 5), np.nan), {}, DataError),
        (np.zeros((2, 5)), {"thresholds": (1.0,)}, ParameterError),
        (np.zeros((2, 5)), {"thresholds": ()}, ParameterError),
        (np.zeros((2, 5)), {"draws": 0}, ParameterError),
        (np.zeros((2, 5)), {"labels": [0, 1]}, DataError),
    ],
)
def test_what_cannot_be_compared_is_refused(by_run, values, error):
    with pytest.raises(error):
        made(by_run, **values)
