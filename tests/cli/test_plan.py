import inspect
import json
import re

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from steelyard._support.errors import ParameterError
from steelyard.cli.app import run
from steelyard.cli.plan import plan as command
from steelyard.datasets import load
from steelyard.records import Hardness, Plan, save_scores
from steelyard.resampling import by_label_count
from steelyard.workflow.plan import SCHEMES, options_of


@pytest.fixture
def table(tmp_path):
    draw = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "x": draw.normal(size=90),
            "z": draw.normal(size=90),
            "class": np.repeat(["common", "rare"], [60, 30]),
        }
    )
    frame.to_csv(tmp_path / "data.csv", index=False)
    return tmp_path / "data.csv"


@pytest.fixture
def several(tmp_path):
    hot = np.zeros((40, 3), int)
    hot[:32, 0] = hot[28:36, 1] = hot[34:36, 2] = 1
    frame = pd.DataFrame(hot, columns=["is_a", "is_b", "is_c"])
    frame.insert(0, "x", np.random.default_rng(0).normal(size=40))
    frame.to_csv(tmp_path / "several.csv", index=False)
    return tmp_path / "several.csv"


@pytest.fixture
def plan(table, tmp_path):
    """Return a function that runs the command on the table and returns the plan it wrote."""

    def planned(*options):
        out = tmp_path / "plan.parquet"
        words = ["plan", table, "--target", "class", "--out", out, *options]
        assert run([str(word) for word in words]) == 0
        return Plan.load(out)

    return planned


@pytest.fixture
def refused(table, tmp_path, capsys):
    """Return a function that runs the command and returns the one line it was refused with."""

    def line(*options):
        out = tmp_path / "plan.parquet"
        words = ["plan", table, "--target", "class", "--out", out, *options]
        assert run([str(word) for word in words]) == 2
        assert not out.exists()
        said = capsys.readouterr().err.strip()
        assert "\n" not in said
        return said

    return line


@pytest.fixture
def arriving(table, tmp_path, monkeypatch):
    """Return a function that runs the command and returns what the verb is called with."""
    called = {}

    def record(part, **options):
        called.update(options)
        raise ParameterError("That is enough.")

    def options_of_call(*options):
        called.clear()
        with monkeypatch.context() as patched:
            patched.setattr("steelyard.cli.plan.plan_data", record)
            words = ["plan", table, "--target", "class", *options]
            assert run([str(word) for word in words]) == 2
        return called

    return options_of_call


@pytest.fixture
def scores(tmp_path):
    """Return a table of somebody's scores, where the last of each class are hardest."""
    frame = pd.DataFrame({"id": np.arange(90), "mine": np.r_[0:60, 0:30] / 60.0})
    frame.to_csv(tmp_path / "scores.csv", index=False)
    return ["--scores", tmp_path / "scores.csv", "--estimator", "mine", "--harder", "high"]


def test_a_dry_run_shows_everything_and_writes_nothing(table, tmp_path, capsys):
    before = sorted(tmp_path.iterdir())
    words = ["plan", str(table), "--target", "class", "--degree", "1", "--dry-run"]
    assert run(words) == 0
    said = capsys.readouterr().out
    assert sorted(tmp_path.iterdir()) == before
    assert re.search(r"^common +60 +45\.0 +45\.0 +0\.5000 +0\.750$", said, re.MULTILINE)
    assert re.search(r"^effective samples, over epochs +90 +", said, re.MULTILINE)
    assert "plan.parquet" not in said
    assert run([*words, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["file"] is None
    assert document["achieved"]["draws"] == 90
    assert [one["achieved"] for one in document["classes"]] == [45, 45]


def test_bounds_shares_and_ways_reach_the_plan(plan, tmp_path):
    (tmp_path / "shares.json").write_text('{"common": 3, "rare": 1}')
    assert plan("--degree", 1, "--shares", tmp_path / "shares.json").achieved.tolist() == [68, 22]
    assert plan("--degree", 0.5, "--interpolation", "linear").achieved.tolist() == [53, 37]
    assert plan("--degree", 1, "--max-repeat", 1.2).achieved.tolist() == [54, 36]
    assert plan("--degree", 1, "--cap", 46, "--floor", 44).achieved.tolist() == [45, 45]
    assert plan("--degree", 1, "--under", "none").achieved.tolist() == [60, 45]
    assert plan("--degree", 1, "--size", "shrink", "--over", "none").total == 60


def test_by_hardness_with_the_scores_that_score_wrote(table, plan, tmp_path):
    out = str(tmp_path / "scores.parquet")
    words = ["score", str(table), "--target", "class", "--runs", "1", "--estimators", "aum,el2n"]
    assert run([*words, "--out", out]) == 0
    first = plan("--by", "hardness", "--degree", 0.5, "--scores", out)
    assert first.scheme.startswith("by hardness 'aum', degree 0.5, safe")
    assert first.total == 90
    named = plan("--by", "hardness", "--degree", 1, "--scores", out, "--estimator", "el2n",
                 "--mode", "paper-v2", "--under", "random")  # fmt: skip
    assert named.scheme == "by hardness 'el2n', degree 1, paper-v2"


def test_the_hardest_stay_and_the_hard_repeat(plan, scores):
    ways = ["--under", "easiest", "--over", "hard", "--strength", -40, "--least-weight", 0]
    made = plan("--degree", 1, *scores, *ways)
    assert made.counts[:15].tolist() == [0] * 15
    assert made.counts[15:60].tolist() == [1] * 45
    assert made.counts[60:75].tolist() == [1] * 15


def test_pruning_and_coverage(plan, scores):
    pruned = plan("--by", "pruning", "--rate", 0.33, "--level", "class", *scores)
    assert pruned.achieved.tolist() == [40, 20]  # 60.3 of 90 stay
    assert pruned.counts[:19].sum() == 0
    assert plan("--by", "pruning", "--rate", 0.5, "--remove", "random").total == 45
    covered = plan("--by", "coverage", "--rate", 0.5, *scores, "--n-strata", 5)
    assert covered.total == 45
    assert covered.counts[:60:12].any()


def test_several_labels_a_sample(several, tmp_path, capsys):
    words = ["plan", str(several), "--targets", "is_*", "--dry-run"]
    assert run([*words, "--degree", "1", "--rule", "mean"]) == 0
    said = capsys.readouterr().out
    assert "rule mean" in said
    assert "labels a sample" in said
    assert "Samples without labels keep 1 use: 4 of 40." in said
    assert run([*words, "--by", "repeat-factor", "--threshold", "0.2"]) == 0
    assert "repeat factor" in capsys.readouterr().out
    assert run([*words, "--by", "pruning", "--rate", "0.5"]) == 2
    assert "takes one class a sample" in capsys.readouterr().err


def test_synthetic_rows_stand_beside_the_plan(plan, tmp_path):
    made = plan("--degree", 1, "--over", "smote", "--n-neighbours", 3)
    assert made.achieved.tolist() == [45, 45]
    assert len(made.added) == 15
    assert (tmp_path / "plan.added.parquet").exists()


def folder(path, classes, n, value):
    for name in classes:
        (path / name).mkdir(parents=True)
        for one in range(n):
            Image.new("L", (4, 4), value + one).save(path / name / f"{value}-{one}.png")
    return path


def test_a_reserve_and_a_pool_of_one_class_are_folders_like_the_data(tmp_path, capsys):
    data = folder(tmp_path / "data", ["cat"], 12, 0)
    folder(tmp_path / "data", ["dog"], 4, 100)
    put_aside = folder(tmp_path / "reserve", ["dog"], 6, 150)
    generated = folder(tmp_path / "pool", ["dog"], 9, 200)
    out = tmp_path / "plan.parquet"
    for option, source in (("--reserve", put_aside), ("--pool", generated)):
        words = ["plan", str(data), "--degree", "1", option, str(source), "--out", str(out)]
        assert run(words) == 0
        made = Plan.load(out)
        assert made.achieved.tolist() == [8, 8]
        assert made.added.class_counts.tolist() == [0, 4]
    assert run(["apply", str(data), "--plan", str(out), "--out", str(tmp_path / "list.csv")]) == 0
    listed = pd.read_csv(tmp_path / "list.csv")
    assert list(listed.columns) == ["id", "class", "count", "weight", "added"]
    assert listed["count"].sum() == 16
    assert listed.loc[listed["class"] == "cat", "count"].tolist().count(1) == 8


def test_a_plan_is_applied_as_a_table_with_a_row_a_draw(plan, table, tmp_path, capsys):
    plan("--degree", 1)
    stored = str(tmp_path / "plan.parquet")
    words = ["apply", str(table), "--target", "class", "--plan", stored]
    assert run([*words, "--out", str(tmp_path / "balanced.csv")]) == 0
    for _ in range(2):  # such a table of an earlier time is written over
        assert run([*words, "--out", str(tmp_path / "balanced.parquet")]) == 0
    frame = pd.read_csv(tmp_path / "balanced.csv")
    assert frame["label"].value_counts().to_dict() == {"common": 45, "rare": 45}
    data = load(table, "class")
    np.testing.assert_allclose(
        frame["x"], data.inputs["x"].to_numpy()[Plan.load(stored).rows(data)], rtol=1e-12
    )
    capsys.readouterr()
    assert run([*words, "--out", str(table)]) == 2
    assert "it is left alone" in capsys.readouterr().err
    assert len(pd.read_csv(table)) == 90
    assert run([*words, "--out", stored]) == 2
    assert Plan.load(stored).total == 90
    assert run([*words, "--out", str(tmp_path / "list.csv"), "--manifest"]) == 0
    assert len(pd.read_csv(tmp_path / "list.csv")) == 90


def test_a_plan_of_other_data_is_refused(plan, table, tmp_path, capsys):
    plan("--degree", 1)
    frame = pd.read_csv(table)
    frame.loc[3, "x"] += 1
    frame.to_csv(tmp_path / "other.csv", index=False)
    words = ["apply", str(tmp_path / "other.csv"), "--target", "class"]
    stored = ["--plan", str(tmp_path / "plan.parquet"), "--out", str(tmp_path / "b.csv")]
    assert run([*words, *stored]) == 2
    assert "This plan was made on data" in capsys.readouterr().err
    assert not (tmp_path / "b.csv").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ((), "The 'degree' parameter of plan is needed by='count'. Hint: 0 leaves"),
        (("--by", "hardness", "--degree", 1), "score the data first"),
        (("--by", "pruning"), "The 'rate' parameter of plan is needed"),
        (("--by", "size"), "must be one of"),
        (("--degree", 1, "--rate", 0.5), "The 'rate' parameter of plan does not apply"),
        (("--degree", 1, "--rule", "max"), "The 'rule' parameter of plan does not apply"),
        (("--degree", "nan"), "must be a float in the range"),
        (("--degree", 1, "--floor", 50), "lower floor"),
        (("--degree", 1, "--estimator", "aum"), "--estimator is nothing without a table"),
        (("--degree", 1, "--over", "hard"), "hardness=... (--scores FILE)"),
        (("--degree", 1, "--over", "smot"), "did you mean 'smote'?"),
        (("--degree", 1, "--n-strata", 3), "Hint: it is of by='coverage'; leave it out."),
        (("--degree", 1, "--rule", "max"), "by='count' where a sample has several labels; leave"),
        (("--by", "pruning", "--rate", 0.98, "--remove", "random"), "at most 0.977777"),
        (("--degree", 1, "--over", "smote", "--n-neighbours", 30), "30"),
        (("--degree", 1, "--n-neighbours", 3), "--n-neighbours is nothing without synthetic rows"),
        (("--degree", 1, "--over", "hard", "--pool", "x"), "--over and --pool exclude"),
        (("--degree", 1, "--pool", "nowhere/"), "There is no file or folder"),
        (("--degree", 1, "--out", "plan.csv"), "parquet"),
    ],
)
def test_what_cannot_be_planned_is_told_in_one_line(refused, options, message):
    assert message in refused(*options)


@pytest.mark.parametrize(
    ("words", "name", "value"),
    [
        ("--degree 0.5", "degree", 0.5),
        ("--interpolation linear", "interpolation", "linear"),
        ("--size grow", "size", "grow"),
        ("--floor 2", "floor", 2),
        ("--cap 9", "cap", 9),
        ("--max-repeat 1.5", "max_repeat", 1.5),
        ("--rule sum", "rule", "sum"),
        ("--reference median", "reference", "median"),
        ("--soften 100", "soften", 100.0),
        ("--threshold 0.1", "threshold", 0.1),
        ("--exponent 0.4", "exponent", 0.4),
        ("--mode paper-v2", "mode", "paper-v2"),
        ("--ratio softplus", "ratio", "softplus"),
        ("--low-is-hard", "low_is_hard", True),
        ("--ratios-of-all", "ratios_of_all", True),
        ("--clip", "clip", True),
        ("--rate 0.3", "rate", 0.3),
        ("--level class", "level", "class"),
        ("--remove hardest", "remove", "hardest"),
        ("--keep-classes", "keep_classes", True),
        ("--no-keep-classes", "keep_classes", False),
        ("--hardest-left-out 0.1", "hardest_left_out", 0.1),
        ("--n-strata 7", "n_strata", 7),
        ("--under none", "under", "none"),
        ("--over hard", "over", "hard"),
        ("--strength -5", "strength", -5.0),
        ("--least-weight 0", "least_weight", 0.0),
    ],
)
def test_an_option_is_called_as_its_parameter_and_arrives(arriving, words, name, value):
    assert arriving(*words.split()) == {"by": "count", "seed": 0, name: value}
    assert words.split()[0].removeprefix("--").removeprefix("no-").replace("-", "_") == name


def test_every_parameter_of_every_scheme_has_an_option():
    options = set(inspect.signature(command).parameters)
    takes = {name for one in (*SCHEMES.values(), by_label_count) for name in options_of(one)}
    assert takes - {"hardness"} <= options


def test_of_a_table_in_which_low_is_hard_the_paper_modes_take_the_inverse(plan, tmp_path, arriving):
    margin = np.repeat([1.0, 2.0], [60, 30])
    pd.DataFrame({"id": np.arange(90), "mine": margin}).to_csv(tmp_path / "m.csv", index=False)
    table = ["--scores", tmp_path / "m.csv", "--estimator", "mine", "--harder", "low"]
    by = ["--by", "hardness", "--degree", 1]
    assert plan(*by, *table, "--mode", "paper-v2").achieved.tolist() == [60, 30]
    assert "low_is_hard" not in arriving(*by, *table, "--mode", "safe")
    assert "low_is_hard" not in arriving(*by, *table[:-1], "high", "--mode", "paper-v2")


def test_the_published_pruning_may_lose_a_class(plan, tmp_path):
    easy = np.repeat([0.0, 1.0], [60, 30])
    pd.DataFrame({"id": np.arange(90), "mine": easy}).to_csv(tmp_path / "m.csv", index=False)
    table = ["--scores", tmp_path / "m.csv", "--estimator", "mine", "--harder", "high"]
    words = ["--by", "pruning", "--rate", 0.8, *table]
    assert plan(*words).achieved.tolist() == [1, 17]
    assert plan(*words, "--no-keep-classes").achieved.tolist() == [0, 18]


def test_which_end_is_hard_is_known_of_an_own_table(refused, table, tmp_path):
    data = load(table, "class")
    own = Hardness(
        "mine", data.ids, data.labels, data.class_names, np.arange(90.0), np.full(90, np.nan), 1,
        data.fingerprint,
    )  # fmt: skip
    save_scores({"mine": own}, tmp_path / "own.parquet")
    words = ["--by", "hardness", "--degree", 1, "--scores", tmp_path / "own.parquet"]
    assert "in which high is hard; --harder does not apply" in refused(*words, "--harder", "low")


def test_a_reserve_whose_rows_are_only_numbered_is_told_of_ids(refused, table, tmp_path):
    frame = pd.read_csv(table)
    frame[60:80].to_csv(tmp_path / "aside.csv", index=False)
    said = refused("--degree", 1, "--reserve", tmp_path / "aside.csv")
    assert "numbered from 0, as those of the data are" in said
    assert "Hint: say which column of both holds the ids: --id COLUMN." in said
    frame.insert(0, "key", np.arange(90))
    frame[:75].to_csv(tmp_path / "rest.csv", index=False)
    frame[75:].to_csv(tmp_path / "aside.csv", index=False)
    out = tmp_path / "of-ids.parquet"
    words = ["plan", tmp_path / "rest.csv", "--target", "class", "--id", "key", "--degree", 0.2]
    words += ["--reserve", tmp_path / "aside.csv", "--out", out]
    assert run([str(word) for word in words]) == 0
    assert Plan.load(out).added.ids.min() >= 75


def test_a_table_of_others_must_say_what_it_holds(refused, scores, tmp_path):
    assert "which end of it is hard" in refused("--by", "hardness", "--degree", 1, *scores[:2])
    said = refused(
        "--by", "hardness", "--degree", 1, *scores[:2], "--estimator", "none", *scores[4:]
    )
    assert "none" in said


def test_no_result_of_another_kind_is_written_over(plan, table, tmp_path, capsys):
    plan("--degree", 1)
    out = str(tmp_path / "plan.parquet")
    before = (tmp_path / "plan.parquet").read_bytes()
    words = [str(table), "--target", "class", "--out", out]
    assert run(["score", *words, "--runs", "1", "--estimators", "aum"]) == 2
    assert "a record 'Plan' of steelyard's; it is left alone" in capsys.readouterr().err
    assert run(["apply", *words, "--plan", out]) == 2
    assert (tmp_path / "plan.parquet").read_bytes() == before


def test_a_strangers_table_where_added_rows_would_stand_is_left_alone(table, tmp_path, capsys):
    beside = tmp_path / "plan.added.parquet"
    pd.DataFrame({"mine": [1]}).to_parquet(beside)
    before = beside.read_bytes()
    words = ["plan", str(table), "--target", "class", "--degree", "1", "--over", "smote"]
    assert run([*words, "--out", str(tmp_path / "plan.parquet")]) == 2
    assert "plan.added.parquet" in capsys.readouterr().err
    assert beside.read_bytes() == before


def test_a_class_without_samples_has_no_repeat_in_json(tmp_path, capsys):
    np.savez(
        tmp_path / "a.npz",
        X=np.arange(12.0).reshape(6, 2),
        y=np.array([0, 0, 0, 0, 2, 2]),
        class_names=np.array(["a", "nobody", "c"]),
    )
    assert run(["plan", str(tmp_path / "a.npz"), "--degree", "1", "--dry-run", "--json"]) == 0
    classes = json.loads(capsys.readouterr().out)["classes"]
    assert [one["repeat"] for one in classes] == [0.75, None, 1.5]
