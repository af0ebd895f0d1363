"""What changed between two runs is said, and what did not is not."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from run_cases import FOLDS, IMAGES, NETWORK, TREES, scored, stopped, weighed
from toy_data import parted, toy_table

from steelyard._support.storage import read_json, write_json
from steelyard.records.run_folder import MANIFEST
from steelyard.workflow.runs import Change, compare, export_run, read_run


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="module")
def base(folder):
    return weighed(folder / "base")


def changes(found, section):
    return {one.name: (one.left, one.right) for one in found.changes if one.section == section}


def sections(found):
    return {one.section for one in found.changes}


def test_a_run_does_not_differ_from_itself(base, tmp_path):
    export_run(base, tmp_path / "run.zip")
    for other in (base, tmp_path / "run.zip"):
        found = compare(read_run(base), read_run(other))
        assert (found.changes, found.not_compared, found.same_verdict) == ((), (), True)
        assert (len(found.shared), found.only_left, found.only_right) == (4 + FOLDS, (), ())


def test_more_degrees_and_repetitions_share_cells(base, folder):
    found = compare(
        read_run(base), read_run(weighed(folder / "more", degrees=(0, 0.5, 1), seeds=3))
    )
    assert changes(found, "study") == {
        "degrees": ([0.0, 1.0], [0.0, 0.5, 1.0]),
        "repetitions": (2, 3),
        "trainings": (4, 9),
    }
    assert sections(found) <= {"study", "verdict", "classes"}
    assert found.same_verdict is False
    assert (len(found.shared), len(found.only_left), len(found.only_right)) == (4 + FOLDS, 0, 5)


def test_another_recipe_is_compared_value_by_value(base, folder):
    recipe = replace(TREES, epochs=7, learning_rate=0.2)
    found = compare(read_run(base), read_run(weighed(folder / "recipe", probe=recipe)))
    assert changes(found, "recipe") == {
        "epochs": (5, 7), "learning_rate": (TREES.learning_rate, 0.2),
    }  # fmt: skip
    assert sections(found) <= {"recipe", "verdict", "classes"}
    assert found.shared == ()


def test_a_value_that_one_recipe_does_not_use_is_none_there(base, folder):
    found = compare(read_run(base), read_run(weighed(folder / "network", IMAGES, NETWORK)))
    recipe = changes(found, "recipe")
    assert recipe["model"] == ("trees", "mlp")
    assert recipe["leaves"] == (TREES.leaves, "not in use")
    assert recipe["optimiser"] == ("not in use", "adam")
    assert recipe["patience"] == ("not in use", None)
    assert "step_factor" not in recipe
    data = changes(found, "data")
    assert data["name"] == ("toy table", "toy images")
    assert data["samples"] == (130, 120)
    assert data["modality"] == ("table", "image")
    assert data["classes"][1] == ["class 0", "class 1", "class 2"]


def test_another_seed_and_other_data(base, folder):
    found = compare(read_run(base), read_run(weighed(folder / "seed", seed=5)))
    assert changes(found, "seeds") == {"seed": (0, 5)}
    assert "data" not in sections(found)  # their split came along
    other = parted(toy_table((90, 40), seed=9))
    found = compare(read_run(base), read_run(weighed(folder / "data", other)))
    assert set(changes(found, "data")) == {"fingerprint", "training_part"}
    assert "seeds" not in sections(found)


def test_a_drawn_split_differs_from_a_given_one(base, folder):
    run = weighed(folder / "drawn", toy_table((90, 40)), test=0.3)
    split = changes(compare(read_run(base), read_run(run)), "split")
    assert split["given"] == (["train", "validation", "test"], [])
    assert split["drawn_test"] == (None, 0.3)
    assert split["drawn_validation"] == (None, 0.2)


def test_the_verdicts_stand_side_by_side(base, folder):
    priors = {"field": {"class 0": 1, "class 1": 9}}
    other = read_run(weighed(folder / "field", priors=priors))
    left = read_run(base)
    found = compare(left, other)
    told = {(one.prior, one.quantity): (one.left, one.right) for one in found.intervals}
    assert set(told) == {
        (prior, quantity)
        for prior in ("field", "train", "uniform")
        for quantity in ("as_is", "rebalanced", "corrected")
    }
    mine, theirs = left.verdict.priors[0], other.verdict.priors[1]
    assert (mine.prior, theirs.prior) == ("train", "train")
    assert told["train", "rebalanced"] == (mine.rebalanced, theirs.rebalanced)
    assert told["train", "as_is"] == (mine.as_is, theirs.as_is)
    assert told["field", "corrected"] == (None, other.verdict.priors[0].corrected)
    verdict = changes(found, "verdict")
    assert verdict["headline"] == (left.verdict.headline, other.verdict.headline)
    assert verdict["field: outcome"] == (None, other.verdict.priors[0].outcome)
    assert "train: outcome" not in verdict


def test_classes_and_suspects(base, folder, tmp_path):
    state = read_run(base)
    rarer = replace(state.verdict.classes[1], rare=not state.verdict.classes[1].rare)
    verdict = replace(state.verdict, classes=(state.verdict.classes[0], rarer), n_suspect=77)
    found = compare(state, replace(state, verdict=verdict, verdict_digest="another"))
    names = [one.name for one in state.verdict.classes if one.rare]
    now = [one.name for one in verdict.classes if one.rare]
    assert changes(found, "classes") == {
        "rare": (names, now), "look_mislabelled": (state.verdict.n_suspect, 77),
    }  # fmt: skip
    assert found.same_verdict is False
    # said of the files: equal answers may stand in other bytes, written by another version
    found = compare(state, replace(state, verdict_digest="another"))
    assert (found.changes, found.same_verdict) == ((), False)


def test_what_one_run_does_not_know_yet_is_not_called_a_change(base, folder):
    other = read_run(stopped(folder / "stopped", seed=1))
    for pair, swap in (((read_run(base), other), False), ((other, read_run(base)), True)):
        found = compare(*pair)
        assert changes(found, "seeds") == {"seed": (1, 0) if swap else (0, 1)}
        assert sections(found) == {"seeds"}
        assert found.not_compared == ("split", "versions", "command", "verdict")
        assert found.same_verdict is None
        assert all((one.left is None) != (one.right is None) for one in found.intervals)
    found = compare(other, other)
    assert (found.changes, found.not_compared, found.intervals) == ((), (), ())


def test_scores_and_a_weighing(base, folder):
    found = compare(read_run(scored(folder / "scored")), read_run(base))
    study = changes(found, "study")
    assert study["kind"] == ("score", "weigh")
    assert study["degrees"] == (None, [0.0, 1.0])
    assert "recipe" not in sections(found)


@pytest.mark.parametrize(
    ("left", "right", "differ"),
    [
        ("steelyard weigh d --out a", "steelyard weigh d --out b", False),
        ("steelyard weigh d --out=a --json", "steelyard weigh --json d", True),
        ("steelyard weigh d --out=a --seeds 2", "steelyard weigh d --seeds 2 --out 'b c'", False),
        ("steelyard weigh d --out a", "steelyard weigh d --seeds 2 --out a", True),
        ("steelyard weigh d", None, True),
        ("steelyard 'weigh", "steelyard weigh", True),
        (None, None, False),
    ],
)
def test_where_a_run_was_written_is_no_difference(left, right, differ, base, tmp_path):
    states = []
    for name, command in (("left", left), ("right", right)):
        run = Path(shutil.copytree(base, tmp_path / name))
        write_json({**read_json(run / MANIFEST, "Manifest"), "command": command}, run / MANIFEST)
        states.append(read_run(run))
    expected = (Change("command", "command", left, right),) if differ else ()
    assert compare(*states).changes == expected


def test_another_version_of_a_library_is_told(base, tmp_path):
    run = Path(shutil.copytree(base, tmp_path / "run"))
    manifest = read_json(run / MANIFEST, "Manifest")
    versions = {**manifest["versions"], "torch": "1.0", "xgboost": "2.0"}
    write_json({**manifest, "versions": versions}, run / MANIFEST)
    found = compare(read_run(base), read_run(run))
    assert changes(found, "versions") == {
        "torch": (manifest["versions"]["torch"], "1.0"), "xgboost": (None, "2.0"),
    }  # fmt: skip
    assert found.same_verdict is True
