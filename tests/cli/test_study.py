"""`steelyard study` from the words of the command line to its files and its exit code."""

import json
import warnings

import numpy as np
import pytest

from steelyard._support.errors import SteelyardWarning
from steelyard.cli.app import run
from steelyard.records import Recipe
from steelyard.records.study_results import StudyResults

QUICK = ["--scale", "smoke", "--workers", "1", "--no-judges"]


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")  # as wide as a line needs, whatever runs the tests


@pytest.mark.filterwarnings("ignore::steelyard._support.errors.SteelyardWarning")
def test_a_study_of_ones_own_table(tmp_path, capsys):
    draws = np.random.default_rng(0)
    lines = ["size,colour,kind"]
    for number in range(120):
        size = draws.normal() + (number % 2)
        lines.append(
            f"{size:.3f},{draws.choice(['red', 'blue'])},{'<b>odd' if number % 2 else 'even'}"
        )
    (tmp_path / "shapes.csv").write_text("\n".join(lines))
    words = ["study", "in-class", "--data", "shapes.csv", "--target", "kind", *QUICK]
    assert run([*words, "--mode", "shared"]) == 0
    out, err = capsys.readouterr()
    assert "straggler (shared)" in out
    assert "early-stopped (shared)" in out
    assert "Claims of the paper" not in out  # it has none of these data
    assert "Traceback" not in err
    results = StudyResults.load("steelyard-study")
    assert results.outcomes == ()
    assert "shapes/shared/random/gap" in results.figures
    assert (tmp_path / "steelyard-study" / "report.html").exists()
    # rendered again from what is stored, the page is the same
    page = (tmp_path / "steelyard-study" / "report.html").read_bytes()
    assert run(["report", "steelyard-study"]) == 0
    assert (tmp_path / "steelyard-study" / "report.html").read_bytes() == page
    capsys.readouterr()
    # the same command computes nothing again, and says the same
    assert run([*words, "--mode", "shared", "--json"]) == 0
    again = json.loads(capsys.readouterr().out)
    facts = ("facts",)
    same = {key: value for key, value in again["figures"].items() if key not in facts}
    told = {key: value for key, value in results.figures.to_dict().items() if key not in facts}
    assert same == told


@pytest.mark.filterwarnings("ignore::steelyard._support.errors.SteelyardWarning")
def test_two_data_sets_in_one_study(capsys):
    recipe = Recipe(
        "mlp", widths=(6,), activation="tanh", optimiser="sgd", momentum=0.0, learning_rate=1.0,
        schedule="constant", batch_size=None, epochs=25,
    )  # fmt: skip
    recipe.save("mine.json")
    words = [
        "--data",
        "digits",
        "--data",
        "mnist-5k",
        "--recipe",
        "mine.json",
        "--mode",
        "snapshot",
    ]
    assert run(["study", "in-class", *words, *QUICK]) == 0
    results = StudyResults.load("steelyard-study")
    assert {key.split("/")[0] for key in results.figures.table["key"]} == {"digits", "mnist-5k"}
    assert results.figures.facts["digits"]["protocol"]["recipe"]["widths"] == [6]
    assert set(results.curves["data"]) == {"digits", "mnist-5k"}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["in-clas"], "in-class"),
        (["in-class", "--scale", "huge"], "smoke"),
        (["in-class", "--mode", "first"], "argmin"),
        (["in-class", "--recipe", "none.json"], "none.json"),
        (["in-class", "--recipe", "stragglers-txt"], "stragglers-text"),
        (["in-class", "--data", "digits", "--layer", "2", *QUICK], "layer"),
        (["in-class", "--data", "digits", "--data", "./digits.csv", *QUICK], "digits.csv"),
        (["in-class", "--data", "no-such.csv", *QUICK], "no-such.csv"),
    ],
)
def test_mistakes_are_told_in_a_line(words, message, capsys):
    assert run(["study", *words]) == 2
    err = capsys.readouterr().err
    assert message in err
    assert err.startswith("Error: ")
    assert len(err.strip().splitlines()) == 1


def test_a_folder_with_other_things_is_left_alone(tmp_path, capsys):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("keep")
    assert run(["study", "in-class", "--data", "digits", "--out", "mine", *QUICK]) == 2
    assert "nothing was overwritten" in capsys.readouterr().err
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["notes.txt"]


def test_no_file_of_ones_own_is_held_against_the_paper(tmp_path):
    draws = np.random.default_rng(1)
    np.savez(tmp_path / "mnist.npz", X=draws.integers(0, 255, (80, 5, 5), dtype=np.uint8),
             y=np.arange(80) % 2)  # fmt: skip
    Recipe(
        "mlp", widths=(4,), activation="tanh", optimiser="sgd", momentum=0.0, learning_rate=1.0,
        schedule="constant", batch_size=None, epochs=25,
    ).save("mine.json")  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SteelyardWarning)
        words = ["--data", "mnist.npz", "--recipe", "mine.json", "--mode", "shared"]
        assert run(["study", "in-class", *words, *QUICK]) == 0
    results = StudyResults.load("steelyard-study")
    assert results.outcomes == ()
    assert results.paper == ""
    assert {key.split("/")[0] for key in results.figures.table["key"]} == {"mnist-file"}
    assert results.figures.facts["command"] == (
        "steelyard study in-class --scale smoke --data mnist.npz --recipe mine.json --mode shared"
    )
