"""The study of any data: what it measures, and that it goes on where it was."""

import json
from dataclasses import replace

import numpy as np
import pytest

import steelyard as sy
from steelyard._support.errors import DataError, ParameterError
from steelyard.records.in_class_protocol import InClassProtocol
from steelyard.records.recipe import Recipe
from steelyard.workflow import in_class
from steelyard.workflow.engines import choose_engine
from steelyard.workflow.in_class.figures import ratio_name

RECIPE = Recipe(
    "mlp", widths=(20, 20), activation="tanh", initialisation="uniform", optimiser="sgd",
    momentum=0.0, learning_rate=1.0, schedule="constant", batch_size=None, epochs=75,
)  # fmt: skip
PROTOCOL = InClassProtocol(
    "toy", RECIPE, identifiers=("straggler", "max-logit", "energy"), ratios=(0.8, 0.5),
    keep_easy=(0, 0.5, 1), keep_hard=(0, 1), n_sets=2, n_initialisations=1, n_samples=300,
    n_error_networks=3,
)  # fmt: skip


@pytest.fixture(scope="module")
def data():
    digits = sy.load("digits")
    some = np.isin(digits.labels, (1, 3, 8))
    names = [digits.class_names[code] for code in digits.labels[some]]
    # noise, so that some of each class are hard
    noise = np.random.default_rng(0).normal(0, 70, digits.inputs[some].shape)
    pixels = np.clip(digits.inputs[some] + noise, 0, 255).astype(np.uint8)
    return sy.load((pixels, np.array(names)))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("runs") / "study"


@pytest.fixture(scope="module")
def studied(data, folder):
    judge = replace(RECIPE, epochs=60)
    return study_in_class(data, PROTOCOL, name="toy", families={"mlp": judge}, run=folder)


def study_in_class(data, protocol, **more):
    """Study in this process, which saves the start of others."""
    return in_class.study_in_class(data, protocol, engine=choose_engine("local", 1), **more)


def value(figures, key):
    return figures.row(f"toy/{key}")["value"]


def test_every_arm_is_measured_at_every_share(studied):
    figures, _ = studied
    for identifier in ("straggler", "max-logit", "energy"):
        for at in ("keep-easy=0", "keep-easy=0.5", "keep-easy=1", "keep-hard=0", "keep-hard=1"):
            for part in ("hard", "easy"):
                row = figures.row(f"toy/shared/{identifier}/{at}/{part}/accuracy")
                assert row["n_runs"] == 2 * 2
                assert 0 <= row["low"] <= row["value"] <= row["high"] <= 100
                assert f"toy/shared/{identifier}/ratio=50:50/{at}/{part}/accuracy" in figures
    for control in ("shared/random", "shared/early-stopped", "snapshot/straggler"):
        row = figures.row(f"toy/{control}/keep-easy=1/hard/accuracy")
        assert row["n_runs"] == 2 * 2
        assert f"toy/{control}/gap" in figures


def test_sets_of_all_identifiers_have_one_size(studied):
    figures, _ = studied
    totals = {
        name: sum(value(figures, f"shared/{name}/count/class={code}") for code in range(3))
        for name in ("straggler", "max-logit", "energy")
    }  # fmt: skip
    assert totals["straggler"] == pytest.approx(value(figures, "shared/count/total"))
    assert totals["max-logit"] == totals["energy"] == pytest.approx(totals["straggler"])


def test_contrasts_are_those_of_the_accuracies(studied):
    figures, _ = studied
    at = "shared/straggler"
    hard, easy = (value(figures, f"{at}/keep-easy=1/{part}/accuracy") for part in ("hard", "easy"))
    assert value(figures, f"{at}/gap") == pytest.approx(easy - hard)
    assert value(figures, f"{at}/change/keep-easy/hard") == pytest.approx(
        hard - value(figures, f"{at}/keep-easy=0/hard/accuracy")
    )
    assert value(figures, f"{at}/transfer") == pytest.approx(
        value(figures, f"{at}/keep-easy=0/easy/accuracy")
        - value(figures, f"{at}/keep-hard=0/hard/accuracy")
    )
    gaps = [value(figures, f"shared/{name}/gap") for name in ("straggler", "energy")]
    assert value(figures, "shared/gap/straggler-minus-energy") == pytest.approx(gaps[0] - gaps[1])


def test_hard_samples_are_hard_and_random_ones_are_not(studied):
    figures, _ = studied
    random = figures.row("toy/shared/random/gap")
    assert random["low"] < 0 < random["high"]
    for identifier in ("straggler", "max-logit", "energy", "early-stopped"):
        for whose in ("shared", "family/mlp"):
            assert (
                value(figures, f"{whose}/{identifier}/gap")
                > value(figures, f"{whose}/random/gap") + 5
            )
    overlaps = [
        value(figures, f"shared/overlap/straggler~{name}")
        for name in ("early-stopped", "max-logit", "random")
    ]
    assert overlaps[0] > overlaps[2]
    assert overlaps[1] > overlaps[2]


def test_curves_and_landmarks_are_of_every_run(studied):
    figures, curves = studied
    assert set(curves["class"]) == {"1", "3", "8"}
    assert curves["epoch"].min() == 3
    assert curves["epoch"].max() == 74
    one = curves[curves["class"] == "3"].set_index("epoch")["mean"]
    code = 1
    assert value(figures, f"radius/class={code}/start") == pytest.approx(one[4])
    assert value(figures, f"radius/class={code}/minimum") == pytest.approx(one.loc[4:].min())
    assert value(figures, f"radius/class={code}/end") == pytest.approx(one[74])


def test_what_is_there_is_not_computed_again(studied, data, folder):
    figures, curves = studied
    cells = {path: path.stat().st_mtime_ns for path in folder.glob("cells/*/*.npz")}
    judge = replace(RECIPE, epochs=60)
    gone = sorted(cells)[::7]
    for path in gone:
        path.unlink()
    again, same_curves = study_in_class(
        data, PROTOCOL, name="toy", families={"mlp": judge}, run=folder
    )
    assert again.table.equals(figures.table)
    assert same_curves.equals(curves)
    now = {path: path.stat().st_mtime_ns for path in folder.glob("cells/*/*.npz")}
    assert set(now) == set(cells)
    assert {path for path in now if now[path] != cells[path]} == set(gone)


def test_more_initialisations_keep_those_that_are_there(studied, data, folder):
    before = {path: path.stat().st_mtime_ns for path in folder.glob("cells/*/*.npz")}
    more, _ = study_in_class(data, replace(PROTOCOL, n_initialisations=2), name="toy", run=folder)
    key = "toy/shared/straggler/keep-easy=1/hard/accuracy"
    assert more.row(key)["n_runs"] == 2 * studied[0].row(key)["n_runs"]
    now = {path: path.stat().st_mtime_ns for path in folder.glob("cells/*/*.npz")}
    assert len(now) > len(before)
    assert all(now[path] == before[path] for path in before)


def test_rows_do_not_matter(data):
    small = replace(PROTOCOL, n_initialisations=1, n_error_networks=0, ratios=(0.8,))
    one, _ = study_in_class(data, small, name="toy")
    order = np.random.default_rng(0).permutation(len(data))
    other, _ = study_in_class(data.take(order), small, name="toy")
    assert other.table.equals(one.table)


@pytest.mark.filterwarnings("ignore::steelyard._support.errors.SteelyardWarning")
def test_any_network_will_do(data):
    cnn = Recipe("cnn", widths=(4,), epochs=24, batch_size=128, learning_rate=5e-3)
    small = replace(
        PROTOCOL, recipe=cnn, mode="argmin", n_initialisations=1, ratios=(0.8,), n_sets=1,
        keep_easy=(1,), keep_hard=(1,), n_samples=150, n_error_networks=0,
    )  # fmt: skip
    figures, curves = study_in_class(data, small, name="toy")
    assert curves["epoch"].max() == 23
    assert figures.facts["toy"]["protocol"]["recipe"]["model"] == "cnn"
    assert any(key.startswith("toy/argmin/straggler/count") for key in figures.table["key"])


def test_what_cannot_be_studied_is_refused(data):
    with pytest.raises(ParameterError, match="layer"):
        study_in_class(data, PROTOCOL, layer=3)
    with pytest.raises(ParameterError, match=r"[Tt]rees"):
        study_in_class(data, replace(PROTOCOL, recipe=Recipe("trees")))
    still = replace(PROTOCOL, recipe=replace(RECIPE, learning_rate=1e-30), n_error_networks=0)
    with pytest.warns(match="turn"), pytest.raises(DataError, match="turned over"):
        study_in_class(data, still)
    with pytest.raises(DataError, match="train longer"):
        study_in_class(data, replace(still, recipe=replace(RECIPE, epochs=3)))


def test_ratios_are_written_as_the_paper_does():
    assert [ratio_name(ratio) for ratio in (0.9, 0.7, 0.5)] == ["90:10", "70:30", "50:50"]


def test_what_was_declared_stays_declared(data, tmp_path):
    quick = replace(PROTOCOL, ratios=(0.8,), keep_easy=(1,), keep_hard=(1,), n_error_networks=0)
    for name, part in (("one", data), ("other", data.take(np.arange(0, len(data), 2)))):
        study_in_class(part, quick, name=name, run=tmp_path / "run")
    cells = {path.stem for path in tmp_path.glob("run/cells/*/*.npz")}
    assert set(json.loads((tmp_path / "run" / "work.json").read_text())["cells"]) == cells


def test_a_control_of_fewer_networks_is_compared_all_the_same(data):
    quick = replace(PROTOCOL, ratios=(0.8,), keep_easy=(1,), keep_hard=(1,), n_error_networks=0)
    figures, _ = study_in_class(data, replace(quick, n_initialisations=2), name="toy")
    difference = value(figures, "shared/gap/straggler-minus-early-stopped")
    gaps = [value(figures, f"shared/{name}/gap") for name in ("straggler", "early-stopped")]
    assert difference == pytest.approx(gaps[0] - gaps[1])


def test_a_class_that_the_draw_misses_is_named(data):
    rare = sy.load((data.inputs, np.where(np.arange(len(data)) == 7, "rare", "common")))
    with pytest.raises(DataError, match=r"drawn, first 'rare'"):
        study_in_class(rare, replace(PROTOCOL, n_samples=20))


def test_numbers_to_predict_are_no_classes(data):
    numbers = sy.load((data.inputs[:50], np.arange(50).astype(str)))
    with pytest.raises(DataError, match="a number to predict"):
        study_in_class(numbers, PROTOCOL)
