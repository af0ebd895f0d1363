"""What modes ask for, which classes they call hard, and when they cannot be met."""

import numpy as np
import pytest

from steelyard._support.errors import ParameterError
from steelyard.records import Hardness, HardnessArm, HardnessProtocol, Labelled, Recipe
from steelyard.resampling import by_hardness
from steelyard.workflow.hardness_study.allocations import (
    add_allocations,
    asked,
    hard_classes,
    most_degree,
)
from steelyard.workflow.hardness_study.scored import Scored
from steelyard.workflow.rows import Rows

EACH = 100
MEANS = np.array([1.0, 2.0, 4.0, 4.0])  # margins: the first class is the hardest
LABELS = np.repeat(np.arange(4), EACH)
TRAIN = Labelled(
    np.zeros((4 * EACH, 2, 2, 1), np.uint8), LABELS, tuple("abcd"), np.arange(4 * EACH)
)
OFFSETS = np.tile(np.linspace(-0.01, 0.01, EACH), 4)  # within classes, with mean 0


def hardness(means=MEANS, name="aum"):
    values = -(np.asarray(means)[LABELS] + OFFSETS)
    values = values if name == "aum" else -values
    return Hardness(name, TRAIN.ids, LABELS, TRAIN.class_names, values, np.zeros(400), 3, "")


def test_published_counts_by_hand():
    # 1/H is 1, .5, .25, .25, which sum to 2: shares of 400 are 200, 100, 50, 50
    assert asked(hardness(), TRAIN, "paper-v2", 1.0).tolist() == [200, 100, 50, 50]
    assert asked(hardness(), TRAIN, "paper-v1", 1.0).tolist() == [200, 100, 50, 50]
    assert asked(hardness(), TRAIN, "paper-v2", 1.5).tolist() == [250, 100, 25, 25]
    # alpha below 1 acts as 1 in version 2
    assert asked(hardness(), TRAIN, "paper-v2", 0.5).tolist() == [200, 100, 50, 50]
    # of an error, high is hard: the ratios are the means themselves
    assert asked(hardness(name="el2n_early"), TRAIN, "paper-v1", 1.0).tolist() == [
        36, 73, 145, 145,
    ]  # fmt: skip


def test_safe_counts_by_hand():
    # mean mid-ranks: .875, .625, and .25 for both of the easy ones, whose ranks interleave
    shares = np.array([0.875, 0.625, 0.25, 0.25]) / 2
    assert asked(hardness(), TRAIN, "safe", 1.0) == pytest.approx(400 * shares)
    assert asked(hardness(), TRAIN, "safe", 0.0) == pytest.approx([100] * 4)


def test_hard_classes_are_asked_for_more_than_the_mean():
    assert hard_classes(hardness(), TRAIN).tolist() == [True, False, False, False]
    # negative margins: the published shares mean nothing, those of "safe" do
    assert hard_classes(hardness([-1, 1, 2, 3]), TRAIN).tolist() == [True, True, False, False]


def test_the_largest_degree():
    # 100 - alpha * 50 >= 1
    assert most_degree(hardness(), TRAIN, "paper-v2") == pytest.approx(99 / 50)
    with pytest.raises(ParameterError):
        by_hardness(TRAIN, hardness(), 2.0, mode="paper-v2")
    safe = most_degree(hardness(), TRAIN, "safe")
    assert asked(hardness(), TRAIN, "safe", safe).min() == pytest.approx(1)


def test_rows():
    arm = HardnessArm("x", mode="paper-v2", degree=1.5, over="random", under="easiest")
    protocol = HardnessProtocol(
        "toy", Recipe("mlp"), (arm,), n_scored=4, n_deciding=2, n_models=2, degrees=(1.0,)
    )
    runs = np.stack([hardness(MEANS * scale).values for scale in (1, 1, 2)])
    scored = Scored({"aum": runs}, {"aum": hardness()}, np.zeros(400), None, ())
    rows = Rows("d")
    add_allocations(rows, scored, TRAIN, protocol)
    table = rows.table().set_index("key")["value"]
    assert table["d/allocation/paper-v2/degree=1.5/class=0"] == 250
    assert table["d/allocation/paper-v1/degree=1/total"] == 400
    assert table["d/allocation/paper-v1/most-degree"] == pytest.approx(1.98)
    # ratios do not know of scale, so that nothing moves as models are added
    assert table["d/allocation-change/paper-v1/runs=1/largest"] == pytest.approx(0, abs=1e-9)
    assert table["d/allocation-change/safe/runs=2/mean"] == pytest.approx(0, abs=1)
    with_other = Scored(
        {"aum": np.stack([hardness().values, hardness([2, 2, 2, 2]).values, runs[0]])},
        {"aum": hardness()}, np.zeros(400), None, (),
    )  # fmt: skip
    rows = Rows("d")
    add_allocations(rows, with_other, TRAIN, protocol)
    table = rows.table().set_index("key")["value"]
    key = "d/allocation-change/paper-v2/runs=1"
    assert table[f"{key}/largest"] > table[f"{key}/mean"] > 1
