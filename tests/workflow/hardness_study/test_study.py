"""The hardness studies of any data: what they measure, and that they go on where they were."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import steelyard as sy
from steelyard._support.errors import DataError
from steelyard.records import HardnessArm, HardnessProtocol, Recipe
from steelyard.workflow.hardness_study import study_hardness
from steelyard.workflow.store import Store

RECIPE = Recipe("mlp", widths=(8,), epochs=4, learning_rate=0.01, batch_size=16)
HOW = {"over": "random", "under": "easiest"}
PROTOCOL = HardnessProtocol(
    "toy", RECIPE,
    (
        HardnessArm("safe/random", family="safe", mode="safe", degree=0.5, **HOW),
        HardnessArm("safe/smote", family="safe", mode="safe", degree=0.5, over="smote",
                    under="easiest"),
        HardnessArm("safe/logits", family="safe", mode="safe", degree=0.5, logits_alone=True,
                    **HOW),
        HardnessArm("pool", family="pool", mode="safe", degree=0.5, over="pool-hardest",
                    under="easiest"),
        HardnessArm("far", family="safe", mode="paper-v1", degree=1000, **HOW),
        HardnessArm("pruned", family="pruned", pruning="random", rate=0.4),
        HardnessArm("pruned/held-out", base="pruned", family="pruned", mode="safe", degree=0.2,
                    over="held-out", under="easiest", pruning="random", rate=0.4),
    ),
    estimators=("aum", "el2n_early"), n_scored=4, n_deciding=2, n_models=2, n_train=90, n_pool=90,
    degrees=(1.0,), thresholds=(0.5,),
)  # fmt: skip


@pytest.fixture(scope="module")
def data():
    digits = sy.load("digits")
    some = np.flatnonzero(np.isin(digits.labels, (1, 3, 8)))
    names = np.array([f"<{digits.class_names[code]}>" for code in digits.labels[some]])
    return sy.load((digits.inputs[some], names))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("runs") / "study"


@pytest.fixture(scope="module")
def studied(data, folder):
    told = []
    found = study_hardness(
        data, PROTOCOL, name="toy", run=folder, progress=lambda done, total, what: told.append(what)
    )
    assert any("baseline" in one for one in told)
    assert any("arms" in one for one in told)
    return found


def test_what_is_measured(studied, data):
    figures, hardest = studied
    assert (figures.study, figures.scale) == ("hardness-resampling", "toy")
    facts = figures.facts["toy"]
    assert facts["class_names"] == ["<1>", "<3>", "<8>"]
    assert (facts["n_train"], facts["n_pool"]) == (90, 90)
    assert list(facts["not_run"]) == ["far"]
    assert "asks for" in facts["not_run"]["far"]
    for arm in ("safe/random", "safe/smote", "safe/logits", "pool", "pruned", "pruned/held-out"):
        assert f"toy/change/{arm}/recall/max_min" in figures
    assert "toy/change/far/recall" not in figures
    assert figures.row("toy/arm/baseline/accuracy")["n_runs"] == 2
    assert len(hardest) == 30
    assert set(hardest.ids) <= set(data.ids)
    assert sorted([*facts["easy"], *facts["hard"]]) == [0, 1, 2]


def test_arms_keep_their_totals(studied):
    figures, _ = studied
    assert figures.row("toy/arm/safe/random/draws")["value"] == 90
    assert figures.row("toy/arm/pool/draws")["value"] == 90
    assert figures.row("toy/arm/pruned/draws")["value"] == 54
    assert figures.row("toy/arm/pruned/held-out/draws")["value"] == 54
    shares = [figures.row(f"toy/arm/pruned/class={code}/share")["value"] for code in range(3)]
    assert shares == pytest.approx([40] * 3, abs=2)  # whole samples of 29 to 31


def test_the_control_is_the_baseline_with_other_logits(studied):
    figures, _ = studied
    changes = [figures.row(f"toy/change/safe/logits/class={c}/recall")["value"] for c in range(3)]
    counts = [figures.row(f"toy/allocation/safe/degree=0.5/class={c}")["value"] for c in range(3)]
    grows, shrinks = int(np.argmax(counts)), int(np.argmin(counts))
    assert counts[grows] > 30 > counts[shrinks]
    # a class whose logits rise loses no hit, and one whose logits fall gains none against it
    assert changes[grows] >= 0 >= changes[shrinks]


def test_the_same_call_trains_nothing_again(studied, data, folder):
    with Store(folder) as store:
        before = store.finished()
    again, _ = study_hardness(data, PROTOCOL, name="toy", run=folder)
    pd.testing.assert_frame_equal(again.table, studied[0].table)
    with Store(folder) as store:
        assert store.finished() == before
    assert len(before) == 1 + 5  # the baseline, and every arm that trains


def test_an_arm_more_leaves_the_others_as_they_were(studied, data, folder):
    more = replace(
        PROTOCOL,
        arms=(*PROTOCOL.arms, HardnessArm("clp", family="clp", pruning="class", rate=0.5)),
    )
    figures, _ = study_hardness(data, more, name="toy", run=folder)
    key = "toy/arm/safe/smote/recall"
    assert figures.row(key)["value"] == studied[0].row(key)["value"]
    assert "toy/arm/clp/recall" in figures
    with Store(folder) as store:
        assert len(store.finished()) == 1 + 6


def test_rows_in_another_order_give_the_same_figures(studied, data):
    order = np.random.default_rng(0).permutation(len(data))
    figures, _ = study_hardness(data.take(order), PROTOCOL, name="toy")
    pd.testing.assert_frame_equal(
        figures.table[["key", "value"]], studied[0].table[["key", "value"]]
    )


def test_a_table_of_two_classes():
    draws = np.random.default_rng(0)
    frame = pd.DataFrame({"x": draws.normal(size=120), "colour": draws.choice(["r", "g"], 120)})
    frame["kind"] = np.where(frame["x"] + draws.normal(size=120) > 0.5, "rare", "often")
    protocol = replace(
        PROTOCOL, n_train=None, n_pool=0,
        arms=tuple(arm for arm in PROTOCOL.arms if arm.family == "safe"),
    )  # fmt: skip
    figures, hardest = study_hardness(sy.load(frame, target="kind"), protocol, name="table")
    assert "table/change/safe/random/recall" in figures
    assert "table/change/safe/random/systematic" not in figures  # two classes order wholly
    assert hardest.modality == "table"


def test_data_without_a_class_to_tell_apart_are_refused():
    frame = pd.DataFrame({"x": np.arange(10.0), "y": np.arange(10) % 9})
    with pytest.raises(DataError, match="one sample"):
        study_hardness(sy.load(frame, target="y"), PROTOCOL)
