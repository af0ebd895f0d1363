"""Every verb from the words of the command line to its files, its output and its exit code."""

import json
import sys

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from steelyard.cli.app import run
from steelyard.records import Plan, Weighing, load_scores
from steelyard.workflow.evidence import plain_scores

QUICK = ["--degrees", "0,1", "--seeds", "2", "--workers", "1"]


@pytest.fixture
def table(tmp_path):
    """Two classes of 60 and 30, with a category, a missing number and hostile names."""
    rng = np.random.default_rng(0)
    label = np.repeat(["no <b>&", 'yes "\U0001f600"'], [60, 30])
    frame = pd.DataFrame(
        {
            "height": rng.normal(size=90) + (label == label[-1]),
            "shop": rng.choice(["north", "so,uth", "<script>"], 90),
            "class": label,
        }
    )
    frame.loc[3, "height"] = np.nan
    path = tmp_path / "customers.csv"
    frame.sample(frac=1, random_state=0).to_csv(path, index=False)
    return path


@pytest.fixture
def folder(tmp_path):
    """A folder of 6x6 images, one folder a class."""
    rng = np.random.default_rng(0)
    for name, n in (("cat", 20), ("dog", 12)):
        (tmp_path / "photos" / name).mkdir(parents=True)
        for number in range(n):
            pixels = rng.integers(0, 255, (6, 6, 3), dtype=np.uint8)
            pixels[:3] //= 3 if name == "cat" else 1
            Image.fromarray(pixels).save(tmp_path / "photos" / name / f"{number}.png")
    return tmp_path / "photos"


def weigh(*words):
    return run(["weigh", *map(str, words), *QUICK])


def test_weigh_a_table(table, tmp_path, capsys):
    assert weigh(table, "--target", "class", "--out", tmp_path / "run") == 0
    out, _ = capsys.readouterr()
    assert "Under the training distribution" in out
    assert "Under equal class shares" in out
    assert str(tmp_path / "run" / "report.html") in out
    names = {path.name for path in (tmp_path / "run").iterdir()}
    assert names == {
        "report.html",
        "verdict.json",
        "scores.parquet",
        "samples.parquet",
        "plan.parquet",
        "predictions.parquet",
        "evaluation-validation.json",
        "evaluation-test.json",
        "gallery.parquet",
        "manifest.json",
        "work.json",
        "cells",
        "index.sqlite",
        "run.lock",
    }


def test_the_documented_columns(table, tmp_path):
    weigh(table, "--target", "class", "--out", tmp_path / "run")
    columns = {
        name: list(pd.read_parquet(tmp_path / "run" / f"{name}.parquet").columns)
        for name in ("scores", "samples", "plan", "predictions")
    }
    scores = [*plain_scores(), "label_odds", "label_doubt"]
    assert columns["scores"] == [
        "id",
        "label",
        *(column for name in scores for column in (name, f"{name}_spread")),
    ]
    assert columns["samples"] == ["id", "label", "kind"]
    assert columns["plan"] == ["id", "count", "class"]  # what it recommends uses each once
    assert columns["predictions"] == [
        "id", "split", "arm", "seed", "truth", "p_no <b>&", 'p_yes "\U0001f600"',
    ]  # fmt: skip


def test_hostile_names_and_cells_are_escaped_on_the_page(table, tmp_path):
    weigh(table, "--target", "class", "--out", tmp_path / "run")
    page = (tmp_path / "run" / "report.html").read_text()
    assert "no <b>&" not in page
    assert "no &lt;b&gt;&amp;" in page
    assert "<td><script>" not in page


def test_json_is_one_document_and_nothing_else(table, tmp_path, capsys):
    assert weigh(table, "--target", "-1", "--out", tmp_path / "run", "--json") == 0
    out, _ = capsys.readouterr()
    document = json.loads(out)
    assert document == json.loads((tmp_path / "run" / "verdict.json").read_text())
    assert {one["prior"] for one in document["priors"]} == {"train", "uniform"}


def test_the_same_command_again_gives_the_same_verdict(table, tmp_path):
    first = weigh(table, "--target", "class", "--out", tmp_path / "run")
    before = (tmp_path / "run" / "verdict.json").read_bytes()
    assert weigh(table, "--target", "class", "--out", tmp_path / "run") == first == 0
    assert (tmp_path / "run" / "verdict.json").read_bytes() == before


def test_a_prior_file_leads_and_is_called_by_its_name(table, tmp_path, capsys):
    field = tmp_path / "field.json"
    field.write_text(json.dumps({"no <b>&": 1, 'yes "\U0001f600"': 3}))
    words = [table, "--target", "class", "--out", tmp_path / "run", "--priors", f"{field},train"]
    assert weigh(*words, "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert [one["prior"] for one in document["priors"]] == ["field", "train", "uniform"]
    assert document["priors"][0]["shares"] == [0.25, 0.75]
    assert "'field'" in document["headline"]


def test_weigh_in_cost(table, tmp_path, capsys):
    costs = {"miss": 10, "false_alarm": 1, "positive": 'yes "\U0001f600"', "unit": "EUR"}
    (tmp_path / "costs.json").write_text(json.dumps(costs))
    words = (table, "--target", "class", "--costs", tmp_path / "costs.json")
    assert weigh(*words, "--out", tmp_path / "run") == 0
    out, _ = capsys.readouterr()
    assert "In cost (EUR)" in out
    assert out.count("the cheapest choice on validation is") == 2
    assert "Alone save: rebalancing (degree 1) " in out
    assert "What it costs" in (tmp_path / "run" / "report.html").read_text()
    assert weigh(*words, "--out", tmp_path / "run", "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert document["costs"]["costs"]["matrix"] == [[0, 1], [10, 0]]
    assert [one["prior"] for one in document["costs"]["priors"]] == ["train", "uniform"]


def test_weigh_by_hardness_too(table, tmp_path, capsys):
    words = (table, "--target", "class", "--out", tmp_path / "run")
    assert weigh(*words, "--hardness-degrees", "0.5, 1", "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert {one["by"] for one in document["priors"]} <= {"count", "hardness"}
    assert run(["runs", "show", str(tmp_path / "run")]) == 0
    assert "degrees 0, 1 and by hardness 0.5, 1 x" in capsys.readouterr().out
    assert run(["runs", "list", str(tmp_path)]) == 0
    assert "4 x" in capsys.readouterr().out
    assert weigh(*words, "--hardness-degrees", "half") == 2
    assert "--hardness-degrees 0.5,1" in capsys.readouterr().err


def test_weigh_a_folder_of_images_and_render_it_again(folder, tmp_path, capsys):
    assert weigh(folder, "--out", tmp_path / "run") == 0
    page = (tmp_path / "run" / "report.html").read_bytes()
    assert b"data:image/png" in page
    (tmp_path / "run" / "report.html").unlink()
    capsys.readouterr()
    assert run(["report", str(tmp_path / "run")]) == 0
    assert (tmp_path / "run" / "report.html").read_bytes() == page
    assert Weighing.load(tmp_path / "run").hardness["aum"].ids[0].endswith(".png")


def test_a_table_without_a_header(tmp_path):
    rng = np.random.default_rng(0)
    label = np.repeat([-1, 1], [30, 20])
    frame = pd.DataFrame({"a": rng.normal(size=50) + label, "b": rng.normal(size=50), "y": label})
    frame.to_csv(tmp_path / "bare.csv", index=False, header=False)
    words = [tmp_path / "bare.csv", "--no-header", "--target", "-1", "--out", tmp_path / "run"]
    assert weigh(*words) == 0
    verdict = json.loads((tmp_path / "run" / "verdict.json").read_text())
    assert [one["name"] for one in verdict["classes"]] == ["-1", "1"]
    manifest = json.loads((tmp_path / "run" / "manifest.json").read_text())
    assert manifest["n"] == 50  # the first row is a sample, not a header


def test_score_plan_and_evaluate(table, tmp_path, capsys):
    common = [str(table), "--target", "class"]
    scores, plan = str(tmp_path / "scores.parquet"), str(tmp_path / "plan.parquet")
    words = ["score", *common, "--runs", "2", "--estimators", "el2n,aum", "--out", scores]
    assert run(words) == 0
    assert list(load_scores(scores)) == ["el2n", "aum"]
    assert len(load_scores(scores)["aum"].ids) == 90
    assert run(["plan", *common, "--degree", "1", "--out", plan]) == 0
    assert Plan.load(plan).achieved.tolist() == [45, 45]
    assert weigh(table, "--target", "class", "--out", tmp_path / "run") == 0
    capsys.readouterr()
    predictions = str(tmp_path / "run" / "predictions.parquet")
    assert run(["evaluate", predictions, "--metrics", "accuracy,log_loss", "--json"]) == 0
    judged = json.loads(capsys.readouterr().out)
    stored = json.loads((tmp_path / "run" / "evaluation-test.json").read_text())
    mine = {(one["arm"], one["prior"]): one["mean"] for one in stored["overall"]}
    for one in judged["overall"]:
        if one["metric"] == "accuracy" and one["decision"] == "as trained":
            assert (one["arm"], one["prior"]) in mine
    accuracy = {
        (one["arm"], one["prior"], one["decision"], one["metric"]): one["mean"]
        for one in stored["overall"]
    }
    for one in judged["overall"]:
        key = (one["arm"], one["prior"], one["decision"], one["metric"])
        assert one["mean"] == pytest.approx(accuracy[key], abs=1e-9)
    assert run(["evaluate", predictions, "--class-metrics", "recall,f1", "--resamples", "50"]) == 0
    assert "degree=1, prior corrected" in capsys.readouterr().out


def test_score_and_plan_as_json(table, tmp_path, capsys):
    words = [str(table), "--target", "class", "--json"]
    out = str(tmp_path / "out.parquet")
    assert run(["plan", *words, "--degree", "0.5", "--size", "grow", "--out", out]) == 0
    document = json.loads(capsys.readouterr().out)
    assert [one["before"] for one in document["classes"]] == [60, 30]
    assert document["classes"][0]["achieved"] == 60
    scores = str(tmp_path / "scores.parquet")
    assert run(["score", *words, "--runs", "1", "--out", scores]) == 0
    document = json.loads(capsys.readouterr().out)
    assert set(document["classes"]) == set(plain_scores())


def test_evaluate_anybodys_predictions(tmp_path, capsys):
    frame = pd.DataFrame(
        {"id": [1, 2, 3, 4], "truth": ["a", "a", "a", "b"], "p_a": [0.9, 0.8, 0.3, 0.6]}
    )
    frame["p_b"] = 1 - frame["p_a"]
    frame.to_parquet(tmp_path / "theirs.parquet")
    (tmp_path / "trained.json").write_text('{"a": 3, "b": 1}')
    words = ["evaluate", str(tmp_path / "theirs.parquet"), "--json", "--resamples", "50"]
    assert run(words) == 0
    found = json.loads(capsys.readouterr().out)["overall"]
    assert {one["decision"] for one in found} == {"as trained"}
    accuracy = {one["prior"]: one["mean"] for one in found if one["metric"] == "accuracy"}
    assert accuracy == {"test": pytest.approx(1 / 2), "uniform": pytest.approx(1 / 3)}
    assert run([*words, "--train-prior", str(tmp_path / "trained.json")]) == 0
    found = json.loads(capsys.readouterr().out)["overall"]
    corrected = [
        one["mean"]
        for one in found
        if one["metric"] == "accuracy"
        and one["decision"] == "prior corrected"
        and one["prior"] == "uniform"
    ]
    assert corrected == [pytest.approx(5 / 6)]  # .9 and .8 stay a; .3 and .6 become b


def test_datasets(capsys, monkeypatch):
    monkeypatch.delenv("STEELYARD_DATA", raising=False)
    assert run(["datasets"]) == 0
    assert "mnist-5k-tail" in capsys.readouterr().out
    assert run(["datasets", "--json"]) == 0
    sets = {one["name"]: one["at_hand"] for one in json.loads(capsys.readouterr().out)["sets"]}
    assert sets["digits"]
    assert not sets["fashion-mnist"]


def test_help_and_version(capsys):
    import steelyard

    for words in ([], ["--help"], ["weigh", "--help"]):
        if words:
            assert run(words) == 0
            assert "Usage" in capsys.readouterr().out
    assert run(["--version"]) == 0
    assert capsys.readouterr().out.strip() == steelyard.__version__


def test_the_installed_command_exits_with_the_code():
    import subprocess

    program = "from steelyard.cli import main; main()"
    command = [sys.executable, "-c", program, "weigh", "nowhere.csv", "--target", "y"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1


def test_the_reading_options_reach_the_reader(folder, table, tmp_path):
    (folder / "cat" / "broken.png").write_bytes(b"no picture")
    words = ["score", str(folder), "--runs", "3", "--out", str(tmp_path / "scores.parquet")]
    assert run(words) == 2
    assert run([*words, "--skip-unreadable", "--image-size", "4"]) == 0
    scores = load_scores(tmp_path / "scores.parquet")["aum"]
    assert len(scores.ids) == 32
    assert scores.n_runs == 3
    bigger = [*words[:-1], str(tmp_path / "bigger.parquet"), "--skip-unreadable"]
    assert run([*bigger, "--image-size", "6"]) == 0
    assert not np.array_equal(load_scores(tmp_path / "bigger.parquet")["aum"].values, scores.values)


def test_carving_options_reach_the_carver(table, tmp_path, capsys):
    common = [str(table), "--target", "class", "--degree", "0", "--json"]
    out = ["--out", str(tmp_path / "plan.parquet")]
    befores = {}
    for order in ("given", "reversed", "largest"):
        words = ["plan", *common, *out, "--long-tail", "0.1", "--long-tail-order", order]
        befores[order] = run(words), capsys.readouterr().out
    assert befores["reversed"][0] == 2  # the smaller class cannot lead
    for order in ("given", "largest"):
        code, out_text = befores[order]
        assert code == 0
        assert [one["before"] for one in json.loads(out_text)["classes"]] == [60, 6]


def test_line_breaks_in_names_do_not_break_lines(tmp_path, capsys):
    rng = np.random.default_rng(0)
    label = np.repeat(["one\nline", "other"], [30, 20])
    frame = pd.DataFrame({"x": rng.normal(size=50), "y": label})
    frame.to_csv(tmp_path / "data.csv", index=False)
    words = ["plan", str(tmp_path / "data.csv"), "--target", "y", "--degree", "1"]
    assert run([*words, "--out", str(tmp_path / "plan.parquet")]) == 0
    assert "\none line  " in capsys.readouterr().out
