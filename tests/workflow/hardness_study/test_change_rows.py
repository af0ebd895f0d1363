"""Figures of arms: levels and paired changes, tested together within a family."""

import numpy as np
import pytest

from steelyard.evaluation import evaluate
from steelyard.records import HardnessArm, Predictions
from steelyard.workflow.hardness_study.change_rows import Sides, add_changes, add_levels
from steelyard.workflow.rows import Rows

K, EACH, MODELS = 4, 100, 5
TRUTH = np.repeat(np.arange(K), EACH)
NAMES = tuple("abcd")
SIDES = Sides(("c", "d"), ("a", "b"), np.array([4.0, 3.0, 2.0, 1.0]))
# of each class the share that models get right: a is the hardest
BASE = (0.5, 0.6, 0.8, 0.9)


def predictions(arm, recalls, seed=0):
    """Return models of given recalls; each sample has a difficulty that all arms share."""
    found = []
    for number in range(MODELS):
        random = np.random.default_rng((seed, number))
        difficulty = 0.7 * np.random.default_rng(9).uniform(size=K * EACH)
        difficulty += 0.3 * random.uniform(size=K * EACH)
        order = difficulty.reshape(K, EACH).argsort(axis=1).argsort(axis=1).ravel()
        right = order < np.asarray(recalls)[TRUTH] * EACH
        said = np.where(right, TRUTH, (TRUTH + 1) % K)
        found.append(
            Predictions(
                np.arange(K * EACH), TRUTH, np.eye(K)[said], NAMES, None, arm=arm, seed=number,
                split="test",
            )
        )  # fmt: skip
    return tuple(found)


ARMS = (
    HardnessArm("up", family="one", mode="safe", over="random", under="easiest"),
    HardnessArm("same", family="one", mode="safe", over="smote", under="easiest"),
    HardnessArm("on", base="up", family="two", mode="safe", over="random", under="easiest"),
)
JUDGED = {
    "baseline": predictions("baseline", BASE),
    "up": predictions("up", (0.7, 0.7, 0.75, 0.85)),
    "same": predictions("same", BASE),
    "on": predictions("on", (0.7, 0.7, 0.75, 0.95)),
}


@pytest.fixture(scope="module")
def table():
    rows = Rows("d")
    add_levels(rows, JUDGED, SIDES, 0)
    add_changes(rows, ARMS, JUDGED, SIDES, 0)
    return rows.table().set_index("key")


def test_levels(table):
    assert table.loc["d/arm/baseline/accuracy", "value"] == pytest.approx(70)
    assert table.loc["d/arm/baseline/recall", "value"] == pytest.approx(70)
    assert table.loc["d/arm/baseline/recall/max_min", "value"] == pytest.approx(40)
    assert table.loc["d/arm/baseline/recall/easy_hard", "value"] == pytest.approx(30)
    assert table.loc["d/arm/up/recall/easy_hard", "value"] == pytest.approx(10)
    assert table.loc["d/arm/up/class=0/recall", "value"] == pytest.approx(70)
    row = table.loc["d/arm/up/class=0/recall"]
    assert row["low"] < 70 < row["high"]
    assert row["unit"] == "%"


def test_changes_are_paired_with_the_base(table):
    row = table.loc["d/change/up/recall/easy_hard"]
    assert row["value"] == pytest.approx(-20)
    assert row["high"] < 0
    assert row["unit"] == "points"
    assert table.loc["d/change/on/recall", "value"] == pytest.approx(2.5)  # against "up"
    assert table.loc["d/change/on/class=3/recall", "value"] == pytest.approx(10)
    assert table.loc["d/change/up/class=0/recall", "value"] == pytest.approx(20)
    assert table.loc["d/change/up/class=0/precision", "value"] != 0
    same = table.loc["d/change/same/accuracy"]
    assert (same["value"], same["low"], same["high"]) == (0, 0, 0)
    assert "d/change/same/accuracy/p-holm" not in table.index  # nothing differs: no test


def test_p_values_are_holms_over_the_family(table):
    found = evaluate(
        [*JUDGED["baseline"], *JUDGED["up"]], base_arm="baseline", metrics=["accuracy"],
        class_metrics=["recall"], n_resamples=500,
    )  # fmt: skip
    mine = found.class_differences
    p = mine[(mine["prior"] == "test") & (mine["metric"] == "recall")].set_index("class")["p"]
    # four classes of one arm; of the other nothing differs
    smallest = p.min()
    key = f"d/change/up/class={NAMES.index(p.idxmin())}/recall/p-holm"
    assert table.loc[key, "value"] == pytest.approx(min(4 * smallest, 1))
    assert table.loc["d/change/up/accuracy/detectable", "value"] > 0


def test_systematic_is_one_where_hard_classes_gain_most(table):
    assert table.loc["d/change/up/systematic", "value"] == pytest.approx(
        0.9487, abs=1e-3
    )  # of 20, 10, -5 and -5 points
    assert table.loc["d/change/up/systematic", "low"] > 0
    assert table.loc["d/change/on/systematic", "value"] < 0
    assert "d/change/same/systematic" not in table.index


def test_without_two_sides_there_is_no_gap_between_them():
    rows = Rows("d")
    add_levels(rows, {"baseline": JUDGED["baseline"]}, Sides((), (), SIDES.hardness), 0)
    keys = set(rows.table()["key"])
    assert "d/arm/baseline/recall/max_min" in keys
    assert "d/arm/baseline/recall/easy_hard" not in keys
