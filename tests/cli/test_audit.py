"""`steelyard audit` from the words of the command line to its output and its exit code."""

import json

import numpy as np
import pandas as pd
import pytest

from steelyard.cli.app import run


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """train.csv and test.csv of 4 columns, 200 and 80 rows; leaky.csv has 8 training rows more."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(288, 4)), columns=list("abcd"))
    frame["y"] = np.where(rng.random(288) < 0.3, "yes", "no")
    frame["name"] = [f"s{at}" for at in range(288)]
    frame[:200].to_csv(tmp_path / "train.csv", index=False)
    frame[200:280].to_csv(tmp_path / "test.csv", index=False)
    leaky = pd.concat([frame[200:280], frame[:8]])
    leaky.to_csv(tmp_path / "leaky.csv", index=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


WORDS = ["audit", "train.csv", "--target", "y", "--id", "name"]


def predictions(name, **changes):
    rows = pd.read_csv("test.csv")
    p = np.random.default_rng(0).random(len(rows)).round(3)
    frame = pd.DataFrame({"id": rows["name"], "truth": rows["y"], "p_no": p, "p_yes": 1 - p})
    frame.assign(**changes).to_parquet(name)


def test_clean_data_end_with_0_and_say_what_was_not_looked_for(folder, capsys):
    assert run([*WORDS, "--evaluation", "test.csv"]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("Nothing found. 8 guards ran, 13 could not.")
    assert "Not looked for, there is no validation part: G106." in out
    assert err == ""


def test_findings_end_with_1(folder, capsys):
    assert run([*WORDS, "--evaluation", "leaky.csv"]) == 3
    out, err = capsys.readouterr()
    lines = [line.split() for line in out.splitlines()]
    assert ["G101", "error", "8", "of", "88"] in [line[:5] for line in lines]
    assert ["G102", "error", "8", "of", "88"] in [line[:5] for line in lines]
    assert "docs/guards.md says more" in out
    assert err == ""


def test_notes_alone_end_with_0(folder, capsys):
    predictions("p.parquet", p_no=0.7 + np.arange(80) / 1000, p_yes=0.3 - np.arange(80) / 1000)
    assert run([*WORDS, "--evaluation", "test.csv", "--predictions", "p.parquet"]) == 0
    assert "G408" in capsys.readouterr().out


def test_json_is_one_document(folder, capsys):
    assert run([*WORDS, "--evaluation", "leaky.csv", "--json"]) == 3
    document = json.loads(capsys.readouterr().out)
    assert document["record"] == "Audit"
    assert document["worst"] == "error"
    assert [one["code"] for one in document["findings"]] == ["G101", "G102"]
    assert document["findings"][0]["page"] == "docs/guards.md#g101"


def test_every_option_reaches_its_guard(folder, capsys):
    def codes(*words):
        run([*WORDS, "--evaluation", "test.csv", *words, "--json"])
        return [one["code"] for one in json.loads(capsys.readouterr().out)["findings"]]

    predictions("sound.parquet")
    assert codes("--predictions", "sound.parquet") == []
    predictions("logits.parquet", p_no=3 * np.arange(80.0) - 51.5)
    assert codes("--predictions", "logits.parquet") == ["G405"]
    predictions("exam.parquet", split="exam")
    assert codes("--predictions", "exam.parquet", "--part", "exam") == []
    (folder / "raw.json").write_text('{"no": 1, "yes": 9}')
    assert codes("--prior", "raw.json") == ["G201"]
    assert codes("--validation", "test.csv") == ["G106"]
    assert codes("--chosen-on", "test") == ["G301"]
    predictions("tuned.parquet", split="validation")
    assert run(["thresholds", "tuned.parquet", "--out", "t.json"]) == 0
    capsys.readouterr()
    assert codes("--chosen-on", "t.json") == []
    assert codes("--chosen-on", "t.json", "--part", "validation") == ["G301"]
    frame = pd.read_parquet("sound.parquet")
    right = np.where(frame["truth"] == "no", 0.9, 0.1)
    best = frame.assign(p_no=right, p_yes=1 - right, arm="best")
    pd.concat([frame.assign(arm="other"), best]).to_parquet("arms.parquet")
    assert codes("--predictions", "arms.parquet", "--reported", "best") == ["G302"]
    assert codes("--predictions", "arms.parquet", "--reported", "other") == []


def test_quick_leaves_the_two_searches_out(folder, capsys):
    run([*WORDS, "--evaluation", "test.csv", "--quick", "--json"])
    ran = json.loads(capsys.readouterr().out)["ran"]
    assert "G101" in ran
    assert not {"G103", "G104", "G105"} & set(ran)


def test_the_parts_that_data_bring_along(folder, capsys):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(90, 4)), np.arange(90) % 2
    X[60:] = X[:30]
    np.savez("parted.npz", X=X, y=y, split=np.repeat(["train", "test"], [60, 30]))
    assert run(["audit", "parted.npz"]) == 3
    assert "30 of 30 test rows have the same inputs" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "no split"),
        (["--evaluation", "nowhere.csv"], "no file"),
        (["--evaluation", "test.csv", "--predictions", "nowhere.parquet"], "no file"),
        (["--evaluation", "test.csv", "--part", "train"], "'part'"),
    ],
)
def test_mistakes_end_with_2_and_one_line(folder, capsys, words, said):
    assert run([*WORDS, *words]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert said in err
    assert err.count("\n") == 1
