"""Figures that the paper's summary speaks of: relative gaps, the best arm, pools, refills."""

from dataclasses import replace

import pytest

from steelyard.records import HardnessArm
from steelyard.workflow.hardness_study.change_rows import add_chance
from steelyard.workflow.hardness_study.gap_rows import (
    add_best,
    add_pools,
    add_refills,
    add_relative,
)
from steelyard.workflow.rows import Rows
from tests.workflow.hardness_study.test_change_rows import BASE, SIDES, predictions

HOW = {"mode": "paper-v2", "under": "easiest"}
ARMS = (
    HardnessArm("v1/none", family="v1", mode="paper-v1", over="random"),
    HardnessArm("v1/cut", family="v1", mode="paper-v1", over="smote"),
    HardnessArm("pool/random", family="v2", over="pool-random", **HOW),
    HardnessArm("pool/hardest", family="v2", over="pool-hardest", **HOW),
    HardnessArm("left", family="pruned", pruning="random", rate=0.5),
    HardnessArm("left/random", base="left", over="random", pruning="random", rate=0.5, **HOW),
    HardnessArm("left/held-out", base="left", over="held-out", pruning="random", rate=0.5, **HOW),
    HardnessArm("not there", family="v1", mode="paper-v1", over="easy"),
)
RECALLS = {
    "baseline": BASE, "v1/none": BASE, "v1/cut": (0.7, 0.7, 0.8, 0.9),
    "pool/random": (0.6, 0.6, 0.8, 0.9), "pool/hardest": (0.65, 0.6, 0.8, 0.85), "left": BASE,
    "left/random": BASE, "left/held-out": (0.6, 0.7, 0.8, 0.9),
}  # fmt: skip


@pytest.fixture(scope="module")
def table():
    judged = {name: predictions(name, recalls) for name, recalls in RECALLS.items()}
    rows = Rows("d")
    add_relative(rows, ARMS, judged, SIDES, 0)
    add_best(rows, ARMS, judged, 0)
    add_pools(rows, ARMS, judged, SIDES, 0)
    add_refills(rows, ARMS, judged, SIDES, 0)
    add_chance(rows, judged, 0)
    return rows.table().set_index("key")


def test_relative_to_the_base(table):
    row = table.loc["d/relative/v1/cut/recall/max_min"]
    assert row["value"] == pytest.approx(-50)  # of 40 points 20 are left
    assert row["low"] < -50 < row["high"] < 0
    assert table.loc["d/relative/v1/cut/recall/easy_hard", "value"] == pytest.approx(-50)
    assert table.loc["d/relative/v1/none/recall/mad", "value"] == 0
    assert "d/relative/not there/recall/mad" not in table.index


def test_the_best_arm_of_a_family(table):
    assert table.loc["d/best/v1/recall/max_min", "value"] == pytest.approx(-50, abs=10)
    assert table.loc["d/best/v2/recall/max_min", "value"] < 0


def test_pools_are_compared_with_drawing_at_random(table):
    key = "d/pool/hardest-minus-random/alpha=1/recall"
    assert table.loc[f"{key}/max_min", "value"] == pytest.approx(-5)
    assert table.loc[key, "value"] == pytest.approx(0, abs=1e-9)
    assert table.loc[f"{key}/max_min/detectable", "value"] > 0
    assert not [one for one in table.index if "average-minus" in one]


def test_real_samples_put_back_are_compared_with_repeated_ones(table):
    key = "d/refill/held-out-minus-random/rate=0.5/recall"
    assert table.loc[key, "value"] == pytest.approx(5)
    assert table.loc[key, "low"] > 0


def test_chance_alone_makes_gaps(table):
    row = table.loc["d/chance/recall/max_min"]
    assert 3 < row["value"] < row["high"] < 20  # of 100 samples a class at a recall of .7
    assert "d/chance/recall/easy_hard" not in table.index


def test_without_sides_there_is_nothing_between_them():
    judged = {name: predictions(name, RECALLS[name]) for name in ("baseline", "v1/cut")}
    rows = Rows("d")
    sides = replace(SIDES, easy=(), hard=())
    add_relative(rows, ARMS, judged, sides, 0)
    keys = set(rows.table()["key"])
    assert "d/relative/v1/cut/recall/max_min" in keys
    assert not [key for key in keys if "easy_hard" in key]
