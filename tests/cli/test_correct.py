"""`steelyard correct` from its words to its table, its output and its exit code."""

import json

import numpy as np
import pandas as pd
import pytest

import steelyard as sy
from steelyard.cli.app import run
from steelyard.records import Plan, load_predictions, save_predictions

RNG = np.random.default_rng(0)
TRUTH = np.repeat(["no", "yes <b>", "never"], [180, 20, 0])
CODES = np.repeat([0, 1], [180, 20])
P_YES = 1 / (1 + np.exp(-RNG.normal(3 * CODES - 1.5, 1)))
FRAME = pd.DataFrame(
    {
        "id": np.arange(200),
        "truth": TRUTH,
        "p_no": 1 - P_YES,
        "p_yes <b>": P_YES,
        "p_never": 0.0,
    }
)
LABELS = pd.DataFrame(
    {"id": np.arange(200), "t_a": CODES, "t_b": 1 - CODES, "p_a": P_YES, "p_b": 0.5}
)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    FRAME.to_parquet("theirs.parquet")
    LABELS.to_parquet("labels.parquet")
    counts = np.repeat([1, 9], [90, 10])
    names = ("yes <b>", "no", "never")  # in another order
    plan = Plan(
        np.arange(100), counts, names, [10, 90, 0], [90, 90, 0], [90, 90, 0], "balanced", "f",
        notes=("Look\nhere.",),
    )  # fmt: skip
    plan.save("plan.parquet")
    (tmp_path / "field.json").write_text('{"no": 3, "yes <b>": 1}')
    (tmp_path / "even.csv").write_text("class,weight\nno,1\nyes <b>,1\n")
    (tmp_path / "weights.json").write_text('{"yes <b>": 9}')
    (tmp_path / "labels.json").write_text('{"a": 0.1, "b": 0.9}')
    (tmp_path / "seen.json").write_text('{"a": 0.5, "b": 0.5}')
    return tmp_path


def document(words, capsys):
    capsys.readouterr()
    assert run([*words, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_a_plan_is_undone_and_what_that_does_is_told_first(folder, capsys):
    assert run(["correct", "theirs.parquet", "--plan", "plan.parquet"]) == 0
    out, err = capsys.readouterr()
    first, *rest = out.splitlines()
    assert first.startswith("Correcting 'model' to the prior 'train' lowers its log loss by 0.")
    assert any(line.startswith("never, model") and line.count("no data") == 4 for line in rest)
    assert any(line.startswith("yes <b>, model") for line in rest)
    assert "Look\\nhere." in rest
    assert rest[-1] == "The corrected predictions: corrected.parquet"
    assert err == ""
    (one,) = load_predictions("corrected.parquet")
    odds = P_YES / (1 - P_YES) / 9
    np.testing.assert_allclose(np.exp(one.log_probabilities[:, 1]), odds / (1 + odds), rtol=1e-6)
    np.testing.assert_allclose(one.prior, [0.9, 0.1, 0])


def test_the_document_says_all_of_it(folder, capsys):
    words = ["correct", "theirs.parquet", "--plan", "plan.parquet", "--prior", "field.json"]
    found = document([*words, "--bins", "7", "--out", "there.parquet"], capsys)
    assert (found["record"], found["prior"], found["plan"]) == ("Correction", "field", "balanced")
    assert (found["split"], found["n_bins"], found["file"]) == ("test", 7, "there.parquet")
    assert found["class_names"] == ["no", "yes <b>", "never"]
    assert found["shares"] == [0.75, 0.25, 0]
    assert found["trained"] == {"model": [0.5, 0.5, 0]}
    assert len(found["report"]) == 4 * 4
    overall, absent = found["report"][0], found["report"][-1]
    assert (overall["scope"], overall["class"], overall["n"]) == ("overall", None, 200)
    assert overall["before"] > overall["after"]
    assert (absent["class"], absent["n"], absent["after"]) == ("never", 0, None)
    assert len(found["verdict"]) == 1


def test_weights_and_a_training_prior(folder, capsys):
    words = ["correct", "theirs.parquet", "--train-prior", "field.json"]
    found = document([*words, "--class-weights", "weights.json"], capsys)
    assert found["trained"]["model"] == pytest.approx([0.25, 0.75, 0])  # 3 * 1 : 1 * 9
    assert found["shares"] == [0.75, 0.25, 0]  # "train" is before the weights
    even = document([*words, "--prior", "even.csv"], capsys)
    assert even["prior"] == "even"
    assert even["shares"] == [0.5, 0.5, 0]


def test_labels_are_corrected(folder, capsys):
    words = ["correct", "labels.parquet", "--prior", "labels.json", "--train-prior", "seen.json"]
    found = document(words, capsys)
    assert found["multi_label"]
    assert found["shares"] == [0.1, 0.9]
    (one,) = load_predictions("corrected.parquet")
    odds = P_YES / (1 - P_YES) / 9
    np.testing.assert_allclose(np.exp(one.log_probabilities[:, 0]), odds / (1 + odds), rtol=1e-6)
    np.testing.assert_allclose(np.exp(one.log_probabilities[:, 1]), 0.9, rtol=1e-6)
    assert run(words) == 0
    assert "b, model" in capsys.readouterr().out


def test_trained_predictions_state_their_own_prior(folder, capsys):
    (one,) = load_predictions("theirs.parquet", np.array([1.0, 1.0, 0.0]))
    save_predictions(sy.correct([one], {"no": 9, "yes <b>": 1}), "a.parquet")
    found = document(["correct", "a.parquet", "--prior", "field.json"], capsys)
    assert found["trained"]["model"] == pytest.approx([0.9, 0.1, 0])


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("nothing.parquet", "nothing.parquet"),
        ("theirs.parquet", "--plan or --train-prior"),
        ("theirs.parquet --prior nothing.json", "nothing.json"),
        ("theirs.parquet --plan theirs.parquet", "must hold a Plan record"),
        ("theirs.parquet --plan plan.parquet --train-prior field.json", "both say"),
        ("theirs.parquet --plan plan.parquet --split tets", "did you mean 'test'"),
        ("theirs.parquet --plan plan.parquet --bins 0", "'n_bins'"),
        ("theirs.parquet --plan plan.parquet --prior labels.json", "names the class 'a'"),
        ("labels.parquet --plan plan.parquet", "any number of labels"),
        ("labels.parquet --train-prior field.json", "names the class 'no'"),
        ("theirs.parquet --plan plan.parquet --out there.csv", "--out table.parquet"),
        ("theirs.parquet --plan plan.parquet --out theirs.parquet", "choose another name"),
        ("mine.parquet --out mine.parquet", "written over those they come from"),
    ],
)
def test_mistakes_end_with_one_line_and_no_file(words, told, folder, capsys):
    save_predictions(load_predictions("theirs.parquet", np.ones(3)), "mine.parquet")
    before = {path: path.read_bytes() for path in folder.iterdir()}
    assert run(["correct", *words.split()]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert told in err
    assert err.count("\n") == 1
    assert "Hint: " in err or "Plan record" in told or "'n_bins'" in told
    assert {path: path.read_bytes() for path in folder.iterdir()} == before
