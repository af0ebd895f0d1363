"""Figures of scores: class means and ranks, agreements, stability; by hand where that goes."""

import numpy as np
import pytest
from scipy.stats import spearmanr

from steelyard.hardness import stability
from steelyard.records import HardnessProtocol, Labelled, Recipe
from steelyard.workflow.hardness_study.score_rows import (
    add_agreements,
    add_class_scores,
    add_stability,
)
from steelyard.workflow.hardness_study.scored import Scored
from steelyard.workflow.rows import Rows

RUNS, N, K = 6, 200, 4
LABELS = np.arange(N) % K
TRAIN = Labelled(np.zeros((N, 2, 2, 1), np.uint8), LABELS, tuple("abcd"), np.arange(N))
RANDOM = np.random.default_rng(0)
TRUTH = LABELS + RANDOM.normal(0, 1, N)
STEADY = TRUTH + RANDOM.normal(0, 0.1, (RUNS, N))
NOISY = TRUTH + RANDOM.normal(0, 3, (RUNS, N))
PROTOCOL = HardnessProtocol(
    "toy", Recipe("mlp"), (), estimators=("aum", "loss"), n_scored=RUNS, n_deciding=2,
    n_models=2, thresholds=(0.25, 0.5),
)  # fmt: skip
SCORED = Scored({"aum": STEADY, "loss": NOISY}, {}, np.zeros(N), None, ())


def rows_of(add):
    rows = Rows("d")
    add(rows, SCORED, TRAIN, PROTOCOL)
    return rows.table().set_index("key")


def test_classes():
    table = rows_of(add_class_scores)
    means = np.array([[run[code == LABELS].mean() for code in range(K)] for run in STEADY])
    row = table.loc["d/score/aum/class=2"]
    assert row["value"] == pytest.approx(means[:, 2].mean())
    half = 2.5706 * means[:, 2].std(ddof=1) / np.sqrt(RUNS)  # t of 5 degrees of freedom
    assert row["high"] - row["low"] == pytest.approx(2 * half, rel=1e-3)
    ranks = [table.loc[f"d/score/aum/rank/class={code}", "value"] for code in range(K)]
    assert ranks == [4, 3, 2, 1]  # the last class is the hardest
    sure, unsure = (
        table.loc[f"d/score/{name}/rank/class=1", "high"]
        - table.loc[f"d/score/{name}/rank/class=1", "low"]
        for name in ("aum", "loss")
    )
    assert sure == 0 <= unsure


def test_agreements():
    table = rows_of(add_agreements)
    row = table.loc["d/agreement/aum~loss/samples"]
    left, right = STEADY.mean(axis=0), NOISY.mean(axis=0)
    assert row["value"] == pytest.approx(spearmanr(left, right).statistic)
    assert row["low"] < row["value"] < row["high"]
    assert table.loc["d/agreement/aum~loss/classes", "value"] == pytest.approx(1)
    one, other = (set(np.argsort(values)[: N // 2]) for values in (left, right))
    share = 100 * len(one & other) / len(one | other)
    assert table.loc["d/overlap/aum~loss/pruned=0.5", "value"] == pytest.approx(share)


def test_ties_say_nothing_of_agreement():
    tied = Scored({"aum": np.zeros((RUNS, N)), "loss": np.zeros((RUNS, N))}, {}, None, None, ())
    rows = Rows("d")
    add_agreements(rows, tied, TRAIN, PROTOCOL)
    table = rows.table().set_index("key")
    # two random halves: a third, and not all of it because ids come in one order
    assert 20 < table.loc["d/overlap/aum~loss/pruned=0.5", "value"] < 46
    assert "d/agreement/aum~loss/samples" not in table.index


def test_stability_is_that_of_the_room():
    table = rows_of(add_stability)
    found = stability(STEADY, LABELS, np.arange(N), thresholds=(0.25, 0.5))
    sets = found.sets
    own = sets[
        (sets["kind"] == "disjoint")
        & (sets["runs"] == 2)
        & (sets["side"] == "easiest")
        & (sets["threshold"] == 0.25)
    ].iloc[0]
    key = "d/stability/aum/disjoint/runs=2/pruned=0.25"
    assert table.loc[f"{key}/change", "value"] == pytest.approx(100 * own["change"])
    assert table.loc[f"{key}/by-chance", "value"] == pytest.approx(own["by_chance"])
    assert table.loc["d/stability/aum/nested/runs=5/samples", "value"] > 0.9
    worse = table.loc["d/stability/aum-minus-loss/change"]
    assert worse["high"] < 0  # the steady score changes less


def test_a_score_of_ties_is_not_steady_for_its_rows():
    draws = np.random.default_rng(5)
    events = draws.poisson(0.3, (RUNS, N)).astype(float)  # mostly ties at 0
    scored = Scored({"aum": STEADY, "loss": events}, {}, np.zeros(N), None, ())
    rows = Rows("d")
    add_stability(rows, scored, TRAIN, PROTOCOL)
    table = rows.table().set_index("key")
    found = stability(events, LABELS, np.arange(N), thresholds=(0.25, 0.5)).sets
    nested = found[(found["kind"] == "nested") & (found["side"] == "easiest")]["change"].mean()
    own = stability(STEADY, LABELS, np.arange(N), thresholds=(0.25, 0.5)).sets
    steady = own[(own["kind"] == "nested") & (own["side"] == "easiest")]["change"].mean()
    value = table.loc["d/stability/aum-minus-loss/change", "value"]
    assert value == pytest.approx(100 * (steady - nested), abs=2)  # other orders of the runs
    assert value < -10
