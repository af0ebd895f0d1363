"""Agreement of data sets on the order of methods, against scipy and where the truth is known."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from steelyard._support.errors import DataError
from steelyard.evaluation.rank_correlation import mean_ranks, rank_agreement

SCIPY = {"kendall": stats.kendalltau, "spearman": stats.spearmanr}


def _table(seed=0, methods=9, sets=4):
    rng = np.random.default_rng(seed)
    scores = rng.normal(size=(methods, 1)) + rng.normal(size=(methods, sets))
    names = [f"method {i}" for i in range(methods)], [f"data {j}" for j in range(sets)]
    return pd.DataFrame(np.round(scores, 1), *names)  # rounded: with ties


def test_pairs_and_their_mean_are_scipys_on_the_methods_of_both():
    table = _table()
    table.iloc[[1, 3], 0] = np.nan
    table.iloc[7, 2] = np.nan
    found = rank_agreement(table, n_draws=100)
    assert len(found.pairs) == 12
    for kind, reference in SCIPY.items():
        pairs = found.pairs[found.pairs["kind"] == kind].set_index(["left", "right"])
        expected = []
        for left, right in combinations(table.columns, 2):
            both = table[[left, right]].dropna()
            row = pairs.loc[left, right]
            expected.append(reference(both[left], both[right]).statistic)
            assert row["correlation"] == pytest.approx(expected[-1])
            assert row["n_methods"] == len(both)
            assert row["low"] <= row["correlation"] <= row["high"]
            assert row["low"] < row["high"]
        assert found.means[kind].mean == pytest.approx(np.mean(expected))
        assert found.n_pairs[kind] == 6
    assert found.over == "methods and data sets"


def test_the_bootstrap_of_a_pair_is_that_of_rows_drawn_by_hand():
    table = _table(seed=3, methods=12, sets=2)
    found = rank_agreement(table, n_draws=4000)
    rng = np.random.default_rng(0)
    x, y = table.to_numpy().T
    for kind, reference in SCIPY.items():
        rows = rng.integers(0, 12, (1500, 12))
        draws = np.array([reference(x[i], y[i]).statistic for i in rows])
        low, high = np.nanquantile(draws, [0.025, 0.975])
        row = found.pairs[found.pairs["kind"] == kind].iloc[0]
        assert (row["low"], row["high"]) == pytest.approx((low, high), abs=0.05)
    assert found.over == "methods alone"  # two data sets are one pair
    assert found.means["kendall"].low == pytest.approx(
        found.pairs.loc[found.pairs["kind"] == "kendall", "low"].iloc[0]
    )


def test_drawing_data_sets_too_makes_the_mean_less_sure():
    """Three data sets agree and one is turned round: with other data sets it may be otherwise."""
    scores = np.tile(np.arange(40.0)[:, None], (1, 4))
    scores[:, 3] *= -1
    found = rank_agreement(scores)
    assert found.means["kendall"].mean == pytest.approx(0)  # three pairs at 1, three at -1
    assert found.means["kendall"].high > 0.4
    assert found.means["kendall"].low < -0.15


def test_pairs_without_four_common_methods_are_no_data_and_not_in_the_mean():
    table = _table(sets=3)
    table.iloc[:6, 0] = np.nan
    found = rank_agreement(table, n_draws=100)
    without = found.pairs[found.pairs["left"] == "data 0"]
    assert without[["correlation", "low", "high"]].isna().all(axis=None)
    assert found.n_pairs == {"kendall": 1, "spearman": 1}
    both = table[["data 1", "data 2"]]
    assert found.means["kendall"].mean == pytest.approx(stats.kendalltau(*both.to_numpy().T)[0])


@pytest.mark.parametrize("n_draws", [100, 1000])
def test_the_same_seed_gives_the_same_and_the_order_of_sets_does_not_matter(n_draws):
    first = rank_agreement(_table(), n_draws=n_draws, seed=4)
    again = rank_agreement(_table(), n_draws=n_draws, seed=4)
    pd.testing.assert_frame_equal(first.pairs, again.pairs)
    assert first.means == again.means
    other = rank_agreement(_table(), n_draws=n_draws, seed=5)
    assert other.means["kendall"].low != first.means["kendall"].low


@pytest.mark.slow
def test_the_interval_of_a_pair_covers_kendalls_tau_of_the_normal_law():
    rng = np.random.default_rng(0)
    rho, methods, covered = 0.6, 25, 0
    tau = 2 / np.pi * np.arcsin(rho)
    for k in range(400):
        x = rng.normal(size=methods)
        y = rho * x + np.sqrt(1 - rho**2) * rng.normal(size=methods)
        found = rank_agreement(np.column_stack([x, y]), n_draws=500, seed=k)
        row = found.pairs[found.pairs["kind"] == "kendall"].iloc[0]
        covered += row["low"] <= tau <= row["high"]
    assert 0.91 <= covered / 400 <= 0.98


def test_mean_ranks_and_friedman_are_scipys():
    table = _table(seed=1, methods=5, sets=8)
    table.iloc[2, 3] = np.nan
    found = mean_ranks(table)
    complete = table.drop(columns="data 3")
    expected = np.mean([stats.rankdata(-complete[one]) for one in complete], axis=0)
    np.testing.assert_allclose(found.ranks[table.index], expected)
    assert found.ranks.is_monotonic_increasing
    assert found.n_data_sets == 7
    assert found.p_value == pytest.approx(stats.friedmanchisquare(*complete.to_numpy()).pvalue)
    losses = mean_ranks(-table, higher_is_better=False)
    pd.testing.assert_series_equal(losses.ranks, found.ranks)


def test_methods_that_never_differ_are_alike():
    found = mean_ranks(np.ones((4, 3)))
    assert found.p_value == 1
    assert found.ranks.tolist() == [2.5] * 4


@pytest.mark.parametrize(
    ("scores", "message"),
    [
        (np.ones((3, 5)), "from 4 methods and 2 data sets on. Got 3 methods"),
        (np.ones((5, 1)), "and 1 data sets"),
        (np.full((4, 2), np.inf), "finite"),
        ([["a", "b"]] * 4, "table of numbers"),
        (pd.DataFrame(np.ones((4, 2)), columns=["a", "a"]), "'a' occurs twice"),
        (pd.DataFrame(np.ones((4, 2)), index=list("abca")), "'a' occurs twice"),
        (np.ones((4, 3)), "No two data sets"),
    ],
)
def test_what_cannot_be_ranked_is_refused(scores, message):
    with pytest.raises(DataError, match=message):
        rank_agreement(scores)


def test_mean_ranks_need_complete_data_sets():
    scores = np.ones((4, 3))
    scores[0, :2] = np.nan
    with pytest.raises(DataError, match="Got 1 of 3"):
        mean_ranks(scores)
