"""`steelyard study hardness-resampling` and `hardness-pruning`, from words to files and codes."""

import json
from dataclasses import replace

import numpy as np
import pytest

from steelyard.cli.app import run
from steelyard.cli.study_hardness import _is_claimed, _marked, _protocol_for
from steelyard.records import Labelled, Recipe
from steelyard.records.figures import Figures
from steelyard.records.study_results import StudyResults
from steelyard.studies import STUDIES

QUICK = ["--scale", "smoke", "--workers", "1", "--recipe", "mine.json", "--models", "2"]


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "140")  # as wide as a line needs, whatever runs the tests
    Recipe("mlp", widths=(4,), epochs=2, learning_rate=0.01).save("mine.json")
    draws = np.random.default_rng(0)
    lines = ["size,colour,kind"]
    for number in range(150):
        kind = ("<b>odd", "even", "round")[number % 3]
        lines.append(f"{draws.normal() + number % 3:.3f},{draws.choice(['red', 'blue'])},{kind}")
    (tmp_path / "shapes.csv").write_text("\n".join(lines))


def test_pruning_a_table_of_ones_own(tmp_path, capsys):
    words = ["study", "hardness-pruning", "--data", "shapes.csv", "--target", "kind", *QUICK]
    assert run(words) == 0
    out, err = capsys.readouterr()
    assert "clp/rate=0.5" in out
    assert "gap of best and worst" in out
    assert "Claims of the paper" not in out  # it has none of these data
    assert "Traceback" not in err
    folder = tmp_path / "steelyard-study"
    results = StudyResults.load(folder)
    assert results.outcomes == ()
    assert "shapes/change/dlp/rate=0.5/recall/max_min" in results.figures
    assert results.figures.facts["command"] == (
        "steelyard study hardness-pruning --scale smoke --data shapes.csv --recipe mine.json "
        "--models 2"
    )
    assert list(results.hardest) == ["shapes"]
    page = (folder / "report.html").read_bytes()
    assert b"<b>odd" not in page
    # rendered again from what is stored, the page is the same
    assert run(["report", "steelyard-study"]) == 0
    assert (folder / "report.html").read_bytes() == page
    capsys.readouterr()
    # the same command computes nothing again, and says the same
    assert run([*words, "--json"]) == 0
    again = json.loads(capsys.readouterr().out)["figures"]
    assert again["rows"] == results.figures.to_dict()["rows"]


def test_resampling_pictures(capsys):
    assert run(["study", "hardness-resampling", "--data", "digits", *QUICK, "--train", "200"]) == 0
    out = capsys.readouterr().out
    assert "v1/alpha=1/random+easiest" in out
    assert "safe/degree=0.5/logits" in out
    figures = Figures.load("steelyard-study/figures.json")
    assert figures.facts["digits"]["n_train"] == 200
    assert figures.row("digits/arm/baseline/accuracy")["n_runs"] == 2
    facts = figures.facts["digits"]
    assert set(facts["not_run"]) < set(facts["protocol"]["arms"])
    assert "compared with baseline" in facts["arms"]["v1/alpha=1/random+easiest"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["hardness"], "No such command"),
        (["hardness-resampling", "--scale", "huge"], "smoke"),
        (["hardness-resampling", "--recipe", "resnet"], "resnet18"),
        (["hardness-resampling", "--recipe", "none.json"], "none.json"),
        (["hardness-resampling", "--data", "digits", "--models", "1", *QUICK[:4]], "n_models"),
        (["hardness-resampling", "--data", "digits", "--train", "5", *QUICK[:4]], "drawn"),
        (["hardness-resampling", "--data", "digits", "--shrink", "3", *QUICK[:4]], "8 by 8"),
        (["hardness-pruning", "--data", "shapes.csv", "--target", "size", *QUICK], "one sample"),
        (["hardness-pruning", "--layer", "1"], "--layer"),
    ],
)
def test_mistakes_are_told_in_a_line(words, message, capsys):
    assert run(["study", *words]) == 2
    err = capsys.readouterr().err
    assert message in err
    assert err.startswith("Error: ")
    assert len(err.strip().splitlines()) == 1


def test_a_study_without_a_name_is_a_question(capsys):
    assert run(["study"]) == 0
    out = capsys.readouterr().out
    for name in STUDIES:
        assert name in out


def images(side, channels):
    pixels = np.zeros((4, side, side, channels), np.uint8)
    return Labelled(pixels, np.arange(4) % 2, ("a", "b"), np.arange(4))


def test_colour_images_take_the_network_that_sees_them():
    small = STUDIES["hardness-resampling"].scales["small"]
    grey, colour = (_protocol_for(images(32, n), small, {"seed": 3}) for n in (1, 3))
    assert (grey.recipe.model, grey.shrink, grey.n_train, grey.seed) == ("mlp", 1, 10_000, 3)
    assert (colour.recipe.model, colour.shrink, colour.n_train) == ("cnn", 2, 5_000)
    assert _protocol_for(images(50, 3), small, {}).shrink == 2  # 3 does not divide 50
    assert _protocol_for(images(17, 3), small, {}).shrink == 1
    own = _protocol_for(images(32, 3), small, {"recipe": Recipe("mlp"), "n_models": 30})
    assert (own.recipe, own.shrink, own.n_scored) == (Recipe("mlp"), 1, 40)
    paper = STUDIES["hardness-resampling"].scales["paper"]
    assert _protocol_for(images(32, 3), paper, {}).recipe.model == "resnet"


@pytest.mark.parametrize("name", ["hardness-resampling", "hardness-pruning"])
def test_another_training_has_a_key_of_its_own(name):
    paper = STUDIES[name]
    copy = replace(images(32, 3), name="CIFAR-10 (JPEG copy)")
    for recipe, key in (
        (paper.recipes["resnet18"], "cifar10-jpeg-resnet18"),
        (paper.recipes["resnet18-fast"], "cifar10-jpeg-resnet18-fast"),
        (replace(paper.recipes["resnet18"], epochs=3), "cifar10-jpeg-resnet"),
        (paper.recipes["small-cnn"], "cifar10-jpeg"),
    ):
        protocol = replace(paper.scales["paper"], recipe=recipe)
        assert _marked("cifar10", copy, protocol, paper) == key
        assert (key in paper.data) == (recipe in paper.recipes.values())


SMALL_CLAIMED = [
    ("cifar10-jpeg", "small", {}, True),
    ("fashion-mnist", "small", {"seed": 7}, True),
    ("fashion-mnist", "small", {"n_models": 12}, True),
    ("fashion-mnist", "small", {"n_models": 9}, False),
    ("fashion-mnist", "small", {"n_train": 9_000}, False),
    ("fashion-mnist", "small", {"n_train": 10_000}, True),  # what it is in any case
    ("fashion-mnist", "small", {"shrink": 2}, False),
    ("fashion-mnist", "small", {"recipe": Recipe("mlp", epochs=3)}, False),
    ("fashion-mnist", "smoke", {}, False),
    ("mine", "small", {}, False),
]


@pytest.mark.parametrize(("key", "scale", "wanted", "expected"), SMALL_CLAIMED)
def test_claims_are_of_runs_that_change_no_numbers(key, scale, wanted, expected):
    assert claimed(key, scale, wanted) == expected


@pytest.mark.parametrize("recipe", ["resnet18", "resnet18-fast"])
def test_a_resnet_is_held_against_the_paper_at_full_scale_alone(recipe):
    key = f"cifar10-jpeg-{recipe}"
    asked = {"recipe": STUDIES["hardness-resampling"].recipes[recipe]}
    assert claimed(key, "paper", asked)
    assert not claimed(key, "small", asked)
    assert not claimed(key, "small", {**asked, "n_train": None})
    assert not claimed(key, "smoke", asked)
    assert not claimed(key, "paper", {**asked, "n_train": 20_000})
    assert not claimed(key, "paper", {**asked, "n_models": 2})


def claimed(key, scale, wanted):
    paper = STUDIES["hardness-resampling"]
    protocol, data = paper.scales[scale], images(28, 1)
    recipe = {name: value for name, value in wanted.items() if name == "recipe"}
    own, declared = (_protocol_for(data, protocol, one) for one in (wanted, recipe))
    return _is_claimed(key, own, declared, paper)
