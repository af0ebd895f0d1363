"""`steelyard thresholds` from its words to its file, its output and its exit code."""

import json

import numpy as np
import pytest

from steelyard.cli.app import run
from steelyard.evaluation.thresholds import choose_thresholds
from steelyard.records import Predictions, load_predictions, save_predictions
from steelyard.records.thresholds import Thresholds

RNG = np.random.default_rng(0)
N = 200
HOT = RNG.random((N, 2)) < [0.3, 0.04]
TRUTH = HOT[:, 0].astype(int)


def labels(**changes):
    logits = RNG.normal(size=(N, 2)) + 2 * HOT - 1
    return Predictions(np.arange(N), HOT, logits, ("often", "rare\n<b>"), **changes)


def two(**changes):
    logits = RNG.normal(size=(N, 2)) + 2 * np.eye(2)[TRUTH]
    return Predictions(np.arange(N), TRUTH, logits, ("no", "yes"), **changes)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    save_predictions([labels(split="validation")], "labels.parquet")
    models = [
        two(split=split, arm=arm, seed=seed)
        for split in ("validation", "test")
        for arm, seed in (("plain", 0), ("plain", 1), ("balanced", 0))
    ]
    save_predictions(models, "two.parquet")
    save_predictions([two()], "tested.parquet")
    (tmp_path / "field.json").write_text('{"often": 0.5, "rare\\n<b>": 0.2}')
    (tmp_path / "notes.json").write_text('{"mine": 1}')
    return tmp_path


def test_the_table_and_the_file(folder, capsys):
    assert run(["thresholds", "labels.parquet", "--resamples", "100"]) == 0
    out, err = capsys.readouterr()
    lines = [line.rstrip() for line in out.splitlines()]
    assert lines[0] == "Thresholds for f1, of model, seed 0, chosen on validation"
    expected = choose_thresholds(load_predictions("labels.parquet")[0], n_resamples=100)
    (often,) = [line for line in lines if line.startswith("often")]
    assert f" {HOT[:, 0].sum()} " in often
    row = expected.table.iloc[0]
    for column in ("threshold", "low", "value", "expected", "expected_high"):
        assert f"{row[column]:.3f}" in often
    assert f"rare\\n<b>: too few positives: {HOT[:, 1].sum()}, fewer than 20." in lines
    assert lines[-1] == "The thresholds: thresholds.json"
    assert err == ""
    assert Thresholds.load("thresholds.json").table.equals(expected.table)


def test_every_option_reaches_the_record(folder, capsys):
    words = ["thresholds", "labels.parquet", "--objective", "cost", "--miss", "9"]
    words += ["--false-alarm", "2", "--prior", "field.json", "--resamples", "120", "--seed", "4"]
    assert run([*words, "--json", "--out", "there.json"]) == 0
    document = json.loads(capsys.readouterr().out)
    expected = choose_thresholds(
        load_predictions("labels.parquet")[0],
        "cost",
        miss=9,
        false_alarm=2,
        prior=np.array([0.5, 0.2]),
        n_resamples=120,
        seed=4,
    )
    assert document == expected.to_dict()
    assert Thresholds.load("there.json").to_dict() == document


def test_one_model_of_several_is_named(folder, capsys):
    words = ["thresholds", "two.parquet", "--arm", "plain", "--model-seed", "1", "--json"]
    assert run([*words, "--positive", "no", "--resamples", "100"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["arm"], document["seed"], document["split"]) == ("plain", 1, "validation")
    assert [row["class"] for row in document["table"]] == ["no"]
    words = ["thresholds", "two.parquet", "--arm", "balanced", "--split", "test", "--json"]
    assert run([*words, "--allow-test", "--resamples", "100"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["arm"], document["seed"], document["split"]) == ("balanced", 0, "test")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("nothing.parquet", "nothing.parquet"),
        ("tested.parquet", "no part 'validation'"),
        ("tested.parquet --split test", "--allow-test"),
        ("labels.parquet --split validatoin", "did you mean 'validation'"),
        ("labels.parquet --objective f2", "'f1', 'youden'"),
        ("labels.parquet --objective cost --miss 1", "--false-alarm"),
        ("labels.parquet --objective cost --miss -1 --false-alarm 1", "'miss'"),
        ("labels.parquet --prior notes.json", "names the class 'mine'"),
        ("labels.parquet --positive often", "leave it out"),
        ("labels.parquet --resamples 3", "'n_resamples'"),
        ("labels.parquet --out notes.json", "--out"),
        ("labels.parquet --out two.parquet", "--out"),
        ("labels.parquet --arm other", "did you mean"),
        ("two.parquet", "--arm"),
        ("two.parquet --arm plain", "--model-seed"),
        ("two.parquet --arm plain --model-seed 7", "no seed 7"),
        ("two.parquet --arm balanced --positive yse", "did you mean 'yes'"),
    ],
)
def test_mistakes_end_with_one_line_and_no_file(words, told, folder, capsys):
    before = {path: path.read_bytes() for path in folder.iterdir()}
    assert run(["thresholds", *words.split()]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert told in err or "Hint: there are 'model'" in err
    assert err.count("\n") == 1
    assert {path: path.read_bytes() for path in folder.iterdir()} == before
