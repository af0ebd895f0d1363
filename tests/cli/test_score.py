"""What `steelyard score` prints and leaves."""

import json

import numpy as np
import pandas as pd
import pytest

from steelyard.cli.app import run
from steelyard.records import ClassHardness, Recipe, Stability
from steelyard.records.agreement import Agreement


@pytest.fixture
def words(tmp_path):
    random = np.random.default_rng(0)
    label = np.repeat(["plain", "odd\none"], [90, 60])
    frame = pd.DataFrame({"x": random.normal(size=150) + (label == "plain"), "label": label})
    frame.loc[150] = [0.0, "single"]
    frame.to_csv(tmp_path / "data.csv", index=False)
    out = str(tmp_path / "scores.parquet")
    return ["score", str(tmp_path / "data.csv"), "--target", "label", "--out", out]


def lines_of(text):
    return [" ".join(line.split()) for line in text.splitlines()]


def test_classes_stability_agreement_and_files_are_printed(words, tmp_path, capsys):
    assert run([*words, "--runs", "4", "--estimators", "el2n,aum"]) == 0
    lines = lines_of(capsys.readouterr().out)
    document = json.loads((tmp_path / "scores-summary.json").read_text())
    classes = document["class_hardness"]
    means = dict(zip(classes["class_names"], classes["figures"]["mean"], strict=True))
    rows = [line for line in lines if line.split(" ")[0] in ("plain", "odd\\none", "single")]
    ranked = sorted(means, key=lambda name: -means[name][0])
    assert [row.split(" ")[0] for row in rows] == [name.replace("\n", "\\n") for name in ranked]
    # the mean and the median of one sample have no interval
    assert [row.count("[") for row in rows] == [1 if "single" in row else 3 for row in rows]
    tails = dict(zip(classes["class_names"], classes["figures"]["tail"], strict=True))
    assert rows[ranked.index("single")].endswith(f" {100 * tails['single'][0]:.0f} [21, 100]")
    (stable,) = [line for line in lines if line.startswith("el2n: two ensembles of 2 runs share")]
    shared = 1 - next(
        one["change"]
        for one in document["stability"]["sets"]
        if (one["kind"], one["runs"], one["side"]) == ("disjoint", 2, "hardest")
        and one["threshold"] == 0.1
    )
    assert f" {100 * shared:.0f}" in stable
    assert "of their hardest tenth; 90 % needs" in stable
    assert any(line.startswith("Rank correlation: ") and "el2n" in line for line in lines)
    assert "Brackets: 95 % intervals over runs and samples." in lines
    assert any(str(tmp_path / "scores-summary.json") in line for line in lines)


def test_json_carries_all_of_it(words, tmp_path, capsys):
    assert run([*words, "--runs", "2", "--json", "--until", "0.99", "--most-runs", "4"]) == 0
    out = capsys.readouterr().out
    document = json.loads(out)
    assert document == json.loads((tmp_path / "scores-summary.json").read_text())
    assert [step[0] for step in document["growth"]["steps"]] in ([2], [2, 4])
    assert document["runs"] == document["growth"]["steps"][-1][0]
    assert document["runs_needed"]["until"] == 0.99
    for key, record in (
        ("class_hardness", ClassHardness),
        ("stability", Stability),
        ("agreement", Agreement),
    ):
        path = tmp_path / f"{key}.json"
        path.write_text(json.dumps(document[key]))
        record.load(path)  # each is a record by itself


def test_the_summary_says_how_was_trained(words, tmp_path, capsys):
    probe = ["--probe", "mlp", "--runs", "1", "--seed", "7"]
    assert run([*words, *probe, "--estimators", "el2n_early"]) == 0
    summary = tmp_path / "scores-summary.json"
    document = json.loads(summary.read_text())
    recipe = Recipe.from_dict(document["recipe"])
    assert recipe.model == "mlp"
    assert document["n_epochs"] == recipe.epochs
    assert document["early_epoch"] == recipe.epochs // 10 - 1  # the last of the first tenth
    assert document["seed"] == 7
    assert run([*words, *probe, "--estimators", "n3"]) == 0
    document = json.loads(summary.read_text())
    assert [document[key] for key in ("recipe", "early_epoch", "n_epochs", "seed")] == [
        None, None, 0, 7,
    ]  # fmt: skip


def test_how_the_growth_ended_is_printed(words, capsys):
    assert run([*words, "--runs", "2", "--until", "0.01"]) == 0
    out = capsys.readouterr().out
    assert "2 runs (enough): by aum, two halves of 1 share" in out
    assert "two runs cannot tell how many 1 % needs" in out
    assert run([*words, "--runs", "2", "--until", "1.5"]) == 2
    assert run([*words, "--runs", "3", "--until", "0.5", "--most-runs", "2"]) == 2


def test_ties_are_said_where_they_decide(words, capsys):
    assert run(["score", "digits", *words[-2:], "--runs", "2", "--estimators", "forgetting"]) == 0
    assert "Equal values leave" in capsys.readouterr().out
    assert run([*words, "--runs", "2", "--estimators", "aum"]) == 0
    assert "Equal values" not in capsys.readouterr().out


def test_a_score_of_no_training_named_first_is_said(words, tmp_path, capsys):
    both = ["--estimators", "knn_disagreement,aum", "--runs", "3"]
    assert run([*words, *both]) == 0
    out = capsys.readouterr().out
    assert "knn_disagreement comes of no training: more --runs do not change it." in out
    assert "of one run" not in out
    summary = tmp_path / "scores-summary.json"
    assert json.loads(summary.read_text())["runs"] == 3
    assert run([*words, "--estimators", "knn_disagreement"]) == 0
    assert json.loads(summary.read_text())["runs"] == 0
    capsys.readouterr()
    assert run([*words, *both, "--until", "0.5"]) == 2
    assert "comes of no training" in capsys.readouterr().err


def test_a_score_that_is_not_gathered_is_a_mistake_with_a_way_out(words, capsys):
    assert run([*words, "--estimators", "aum,straggler"]) == 2
    error = " ".join(capsys.readouterr().err.split())
    assert "The score 'straggler' reads Inversions" in error
    assert "steelyard study in-class" in error
    assert run(["score", "--help"]) == 0
    shown = capsys.readouterr().out
    assert "knn_disagreement" in shown
    assert "straggler" not in shown


def test_one_run_tells_no_stability(words, capsys):
    assert run([*words, "--runs", "1", "--estimators", "aum"]) == 0
    out = capsys.readouterr().out
    assert "aum of one run: more --runs tell how stable it is." in out
    assert "over samples alone" in out
    assert "Rank correlation" not in out


@pytest.mark.parametrize("verb", ["score", "plan"])
def test_nobodys_file_is_written_over(verb, words, tmp_path, capsys):
    data = tmp_path / "data.csv"
    theirs = tmp_path / "theirs.parquet"
    pd.DataFrame({"x": [1]}).to_parquet(theirs)
    more = ["--runs", "1", "--estimators", "n3"] if verb == "score" else ["--degree", "1"]
    reading = [verb, str(data), "--target", "label", *more]
    before = {path: path.read_bytes() for path in (data, theirs)}
    for out in (data, tmp_path, tmp_path / "x.txt", "."):
        assert run([*reading, "--out", str(out)]) == 2
        assert "whose name ends so" in capsys.readouterr().err
    assert run([*reading, "--out", str(theirs)]) == 2
    assert "did not write; it is left alone" in capsys.readouterr().err
    assert {path: path.read_bytes() for path in before} == before
    ours = tmp_path / "ours.parquet"
    for _ in range(2):  # our own table may be written again
        assert run([*reading, "--out", str(ours)]) == 0


def test_most_runs_is_nothing_without_until(words, capsys):
    assert run([*words, "--most-runs", "4"]) == 2
    assert "--most-runs says where --until ends" in capsys.readouterr().err


def test_a_group_alone_shows_its_help(capsys):
    assert run(["runs"]) == 0
    assert "tidy up" in capsys.readouterr().out
