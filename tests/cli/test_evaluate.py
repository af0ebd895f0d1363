"""`steelyard evaluate` as a user types it: deployments, groups, mixes, chunks and mistakes."""

import json

import numpy as np
import pandas as pd
import pytest

from steelyard.cli.app import run
from steelyard.records import Evaluation, Predictions, save_predictions

NAMES = ("a", "b", "c", "d", "e")


@pytest.fixture
def table(tmp_path):
    rng = np.random.default_rng(0)
    truth = np.repeat(np.arange(5), [60, 40, 25, 15, 10])
    rows = []
    for arm, lift in (("natural", 0.0), ("balanced", np.array([-1.0, -0.5, 0.0, 0.5, 1.0]))):
        for seed in range(2):
            logits = rng.normal(size=(150, 5)) + 1.5 * np.eye(5)[truth] + lift
            p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
            frame = pd.DataFrame(
                {"id": np.arange(150), "arm": arm, "seed": seed, "truth": np.array(NAMES)[truth]}
            )
            frame["site"] = np.where(np.arange(150) % 3 == 0, "north", "south")
            for k, name in enumerate(NAMES):
                frame[f"p_{name}"] = p[:, k]
            rows.append(frame)
    path = tmp_path / "p.parquet"
    pd.concat(rows).to_parquet(path)
    trained = dict(zip(NAMES, [60, 40, 25, 15, 10], strict=True))
    (tmp_path / "train.json").write_text(json.dumps(trained))
    return path


def evaluated(table, capsys, *words):
    code = run(["evaluate", str(table), "--resamples", "50", *words])
    said = capsys.readouterr()
    return code, said.out, said.err


def test_it_prints_and_writes_it_all(table, tmp_path, capsys):
    out = tmp_path / "evaluation.json"
    few = ["--class-metrics", "recall,precision"]
    trained = ["--train-prior", str(tmp_path / "train.json")]
    code, said, _ = evaluated(table, capsys, "--groups", "site", *trained, *few, "--out", str(out))
    assert code == 0
    for part in (
        "test: 150 samples, 5 classes",
        "Under the training prior: mean and 95 % interval",
        "Were all classes equally easy",
        "Accuracy under every deployment",
        "Accuracy: paired differences",
        "By class, natural as trained",
        "Recall by class, balanced minus natural:",
        "Pearson of the change with the log training share",
        "Accuracy by group",
        f"All of it: {out}",
    ):
        assert part in " ".join(said.split()), part
    stored = Evaluation.load(out)
    assert list(stored.priors) == ["train", "uniform"]
    assert set(stored.by_group["group"]) == {"north", "south"}
    assert set(stored.rarity["statistic"]) == {"pearson", "spearman", "slope"}
    assert set(stored.class_differences["class"]) == set(NAMES)


def test_long_tails_are_judged_by_name(table, tmp_path, capsys):
    words = ["--metrics", "accuracy", "--class-metrics", "recall", "--json"]
    words += ["--train-prior", str(tmp_path / "train.json"), "--priors", "long-tail,forward:3"]
    code, said, _ = evaluated(table, capsys, *words)
    assert code == 0
    found = json.loads(said)
    assert [one["name"] for one in found["priors"]][:6] == [
        *(f"forward:{ratio}" for ratio in (50, 25, 10, 5, 2)),
        "uniform",
    ]
    forward = next(one for one in found["priors"] if one["name"] == "forward:3")["shares"]
    assert forward[0] / forward[-1] == pytest.approx(3)


def test_mixes_of_hardness_and_sites(table, tmp_path, capsys):
    from steelyard.records import Hardness
    from steelyard.records.hardness import save_scores

    values = np.linspace(0, 1, 150)
    score = Hardness(
        "el2n", np.arange(150), np.zeros(150, int), NAMES, values, np.full(150, np.nan), 1,
        "0123456789abcdef",
    )  # fmt: skip
    save_scores({"el2n": score}, tmp_path / "s.parquet")
    mix = {"mostly hard": {"hardness": {"easy": 1, "middle": 1, "hard": 8}}}
    (tmp_path / "m.json").write_text(json.dumps(mix))
    words = ["--scores", str(tmp_path / "s.parquet"), "--score", "el2n"]
    words += ["--mixes", str(tmp_path / "m.json"), "--json", "--class-metrics", "recall"]
    code, said, _ = evaluated(table, capsys, *words)
    assert code == 0
    found = json.loads(said)
    assert found["priors"][-1]["name"] == "mostly hard"
    assert {one["group"] for one in found["by_group"]} == {"easy", "middle", "hard"}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--groups", "sites"], "no column 'sites' of groups"),
        (["--metrics", "acuracy"], "'acuracy', which is no metric"),
        (["--priors", "forward:3"], "goes by the training prior"),
        (["--priors", "forward:0.1"], "must be 'forward:R'"),
        (["--base", "naturl"], "no arm 'naturl'"),
        (["--easy", "x", "--hard", "a"], "no class 'x'"),
        (["--mixes", "nothing.json"], "no file of mixes"),
        (["--resamples", "1"], "'n_resamples'"),
    ],
)
def test_mistakes_are_told_in_one_line(table, capsys, words, message):
    code, said, err = evaluated(table, capsys, *words)
    assert code == 2
    assert said == ""
    assert message in err
    assert len(err.strip().splitlines()) <= 2


def test_a_sample_has_one_group(table, capsys):
    frame = pd.read_parquet(table)
    frame.loc[(frame["id"] == 3) & (frame["arm"] == "balanced"), "site"] = "east"
    frame.to_parquet(table)
    code, _, err = evaluated(table, capsys, "--groups", "site")
    assert code == 2
    assert "Groups must be the same in every row of a sample" in err


def test_arms_of_other_ids_or_seeds_are_refused(table, capsys):
    frame = pd.read_parquet(table)
    other = frame[~((frame["arm"] == "balanced") & (frame["seed"] == 1))]
    other.to_parquet(table)
    code, _, err = evaluated(table, capsys)
    assert code == 2
    assert "paired by seed" in err
    frame.loc[(frame["arm"] == "balanced") & (frame["id"] == 3), "id"] = 3000
    frame.to_parquet(table)
    code, _, err = evaluated(table, capsys)
    assert code == 2
    assert "not predicted on the same samples" in err


def test_in_chunks_the_plain_metrics_are_the_same(table, tmp_path, capsys):
    trained = ["--train-prior", str(tmp_path / "train.json")]
    code, said, _ = evaluated(table, capsys, *trained, "--chunks", "--json")
    assert code == 0
    chunked = json.loads(said)
    assert chunked["record"] == "StreamedEvaluation"
    words = ["--metrics", "accuracy,log_loss,brier,balanced_accuracy", "--class-metrics", "recall"]
    code, said, _ = evaluated(table, capsys, *trained, *words, "--json")
    assert code == 0
    whole = json.loads(said)["by_seed"]
    by_key = {
        (one["arm"], one["seed"], one["prior"], one["metric"]): one["value"]
        for one in whole
        if one["decision"] == "as trained"
    }
    compared = 0
    for one in chunked["overall"]:
        key = (one["arm"], one["seed"], one["prior"], one["metric"])
        if key in by_key:
            assert one["mean"] == pytest.approx(by_key[key], abs=1e-9)
            compared += 1
    assert compared == 2 * 2 * 2 * 4
    code, said, _ = evaluated(table, capsys, "--chunks")
    assert "judged in chunks" in said
    assert "The lowest recalls" in said


def test_what_needs_all_predictions_is_refused_in_chunks(table, capsys):
    code, said, err = evaluated(table, capsys, "--chunks", "--groups", "site", "--metrics", "mcc")
    assert code == 2
    assert said == ""
    assert "--groups, --metrics cannot be judged in chunks" in err


def test_a_table_that_does_not_fit_is_judged_in_chunks(table, capsys, monkeypatch):
    from steelyard.cli import evaluate as module

    monkeypatch.setattr("steelyard.cli.evaluate._MOST", 5 * 600 - 1, raising=True)
    code, said, _ = evaluated(table, capsys)
    assert code == 0
    assert "judged in chunks" in said
    assert module is not None
    code, said, _ = evaluated(table, capsys, "--whole", "--class-metrics", "recall")
    assert "judged in chunks" not in said


def test_costs_stand_beside_the_metrics(table, tmp_path, capsys):
    matrix = {came: {said: float(came != said) for said in NAMES} for came in NAMES}
    matrix["e"]["a"] = 20.0  # to miss an e for an a is dear
    (tmp_path / "costs.json").write_text(json.dumps({"unit": "EUR", "costs": matrix}))
    words = ["--train-prior", str(tmp_path / "train.json"), "--metrics", "accuracy"]
    words += ["--class-metrics", "recall", "--costs", str(tmp_path / "costs.json")]
    out = tmp_path / "e.json"
    code, said, _ = evaluated(table, capsys, *words, "--out", str(out))
    assert code == 0
    assert "Cost a sample in EUR under the training prior" in said
    costs = Evaluation.load(out).costs.set_index(["prior", "arm", "rule"]).sort_index()
    natural = costs.loc[("train", "natural")]
    assert natural.loc["as trained", "saved"] == 0
    frame = pd.read_parquet(table).query("arm == 'natural'")
    said = frame[[f"p_{name}" for name in NAMES]].to_numpy().argmax(axis=1)
    paid = [matrix[came][NAMES[code]] for came, code in zip(frame["truth"], said, strict=True)]
    # the shares of this part are those of training
    assert natural.loc["as trained", "cost"] == pytest.approx(np.mean(paid))
    assert set(natural.index) == {"as trained", "prior corrected", "least cost"}
    code, _, err = evaluated(table, capsys, "--costs", str(tmp_path / "train.json"))
    assert code == 2
    assert len(err.strip().splitlines()) <= 2


def test_any_metric_can_be_the_only_one(table, tmp_path, capsys):
    words = ["--train-prior", str(tmp_path / "train.json"), "--class-metrics", "f1"]
    code, said, _ = evaluated(table, capsys, *words, "--metrics", "mcc")
    assert code == 0
    said = " ".join(said.split())
    assert "MCC under every deployment" in said
    assert "MCC: paired differences" in said
    assert said.count("balanced, prior corrected MCC") == 1


def test_arms_that_do_not_differ_are_not_said_to_be_tested(table, capsys):
    frame = pd.read_parquet(table).query("arm == 'natural'")
    pd.concat([frame, frame.assign(arm="twin")]).to_parquet(table)
    words = ["--metrics", "accuracy", "--class-metrics", "recall,auroc"]
    code, said, _ = evaluated(table, capsys, *words)
    assert code == 0
    assert "paired differences" not in said
    assert "are shown to change" not in said


def test_each_arm_has_the_prior_that_its_training_saw(table, tmp_path, capsys):
    shares = dict(zip(NAMES, [60, 40, 25, 15, 10], strict=True))
    arms = {"natural": shares, "balanced": dict.fromkeys(NAMES, 1)}
    (tmp_path / "arms.json").write_text(json.dumps(arms))
    words = ["--metrics", "accuracy", "--class-metrics", "recall", "--json"]
    code, said, err = evaluated(table, capsys, *words, "--train-prior", str(tmp_path / "arms.json"))
    assert (code, err) == (0, "")
    found = {
        (one["arm"], one["decision"], one["prior"]): one["mean"]
        for one in json.loads(said)["overall"]
    }
    balanced = "balanced"
    assert found[balanced, "prior corrected", "uniform"] == pytest.approx(
        found[balanced, "as trained", "uniform"]
    )
    assert found[balanced, "prior corrected", "train"] != found[balanced, "as trained", "train"]
    words += ["--train-prior", str(tmp_path / "train.json")]
    code, said, err = evaluated(table, capsys, *words)
    assert code == 0
    assert "is taken for 2 arms alike" in err
    (tmp_path / "train.json").write_text(json.dumps({"balancd": shares}))
    code, said, err = evaluated(table, capsys, *words)
    assert code == 2
    assert "did you mean 'balanced'" in err


def test_a_truth_that_was_given_no_chance_is_told(table, capsys):
    frame = pd.read_parquet(table)
    at = (frame["id"] == 0) & (frame["arm"] == "natural")
    frame.loc[at, [f"p_{name}" for name in NAMES]] = [0.0, 1.0, 0.0, 0.0, 0.0]
    frame.to_parquet(table)
    words = ["--metrics", "log_loss", "--class-metrics", "recall"]
    code, said, _ = evaluated(table, capsys, *words)
    assert code == 0
    assert "2 of 600 predictions give the true class the probability 0" in said


@pytest.mark.parametrize("words", [["--groups", "id"], ["--easy", "a"]])
def test_what_cannot_be_compared_is_refused(table, capsys, words):
    code, _, err = evaluated(table, capsys, *words)
    assert code == 2
    assert "name no groups" in err or "name both, or neither" in err


def test_a_grouping_is_named_once(table, capsys):
    words = ["--metrics", "accuracy", "--class-metrics", "recall", "--groups", "site,site"]
    assert evaluated(table, capsys, *words)[0] == 0


def test_the_answer_stands_first(table, capsys):
    frame = pd.read_parquet(table)
    came = frame["truth"].to_numpy()
    wrong = (frame["arm"] == "balanced") & (frame["id"] % 2 == 0)  # half of it is made wrong
    for name in NAMES:
        frame.loc[wrong, f"p_{name}"] = np.where(came[wrong] == name, 0.0, 0.25)
    frame.to_parquet(table)
    words = ["--metrics", "accuracy,log_loss", "--class-metrics", "recall"]
    code, said, _ = evaluated(table, capsys, *words)
    assert code == 0
    lines = said.splitlines()
    assert lines[2].startswith("Under the part's own shares: nothing is shown to have a better acc")
    assert "Shown worse: balanced (-0." in lines[2]
    code, said, _ = evaluated(table, capsys, *words, "--base", "balanced")
    answer = (
        "Under the part's own shares: accuracy is shown better than of balanced by natural (+0."
    )
    assert said.splitlines()[2].startswith(answer)


def test_what_is_not_shown_is_not_told_as_shown(table, capsys):
    frame = pd.read_parquet(table).query("arm == 'natural'")
    other = frame.assign(arm="other")
    at = other.index[:2]  # two samples are called otherwise
    other.loc[at, [f"p_{name}" for name in NAMES]] = [0.0, 0.0, 0.0, 0.0, 1.0]
    pd.concat([frame, other]).to_parquet(table)
    code, said, _ = evaluated(table, capsys, "--metrics", "accuracy", "--class-metrics", "recall")
    assert code == 0
    assert "nothing is shown to have a better accuracy than natural; a difference of 0." in said
    assert "hown worse" not in said


def test_a_prior_that_the_table_records_is_not_replaced(tmp_path, capsys):
    rng = np.random.default_rng(0)
    truth = np.arange(60) % 3
    logits = rng.normal(size=(60, 3)) + np.eye(3)[truth]
    one = Predictions(np.arange(60), truth, logits, ("a", "b", "c"), np.array([0.5, 0.3, 0.2]))
    save_predictions([one], tmp_path / "own.parquet")
    (tmp_path / "t.json").write_text('{"a": 1, "b": 1, "c": 8}')
    words = ["--train-prior", str(tmp_path / "t.json"), "--metrics", "accuracy", "--json"]
    code, said, _ = evaluated(tmp_path / "own.parquet", capsys, *words)
    assert code == 0
    priors = {row["name"]: row["shares"] for row in json.loads(said)["priors"]}
    assert priors["train"] == [0.5, 0.3, 0.2]
