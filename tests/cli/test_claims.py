"""`steelyard claims` from the words of the command line to its output and its exit code."""

import json

import numpy as np
import pandas as pd
import pytest

from steelyard.cli.app import run
from steelyard.records import Figures
from steelyard.records.figures import COLUMNS
from steelyard.studies import STUDIES, stored

POINT = "mnist/shared/straggler/keep-easy=1/hard/accuracy"  # 25.28, sd 4.44
GAP = "mnist/shared/straggler/gap"


def figures(folder, rows, scale="small", study="in-class", name="figures.json"):
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    folder.mkdir(parents=True, exist_ok=True)
    Figures(study, scale, table, {}).save(folder / name)


def row(key, value, half=np.nan, n_runs=15, unit="%"):
    return (key, value, np.nan, value - half, value + half, n_runs, unit)


@pytest.fixture(autouse=True)
def shipped(tmp_path, monkeypatch):
    """Nothing comes with the package but what a test puts here."""
    monkeypatch.setattr(stored, "FOLDER", tmp_path / "shipped")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")  # as wide as a line needs, whatever runs the tests
    return tmp_path / "shipped"


def listed(capsys, *words):
    assert run(["claims", *words, "--json"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    return json.loads(out)


def test_every_claim_is_listed_with_counts_first(capsys):
    assert run(["claims"]) == 0
    out, err = capsys.readouterr()
    lines = out.splitlines()
    n = sum(len(study.claims) for study in STUDIES.values())
    assert lines[0].split() == [f"{n:,}", "claims"]
    assert lines[1].split() == [
        "data", "protocol", "reproduced", "contradicted", "inconclusive", "not", "run",
    ]  # fmt: skip
    assert f"all 0 0 0 {n:,}".split() in [line.split() for line in lines]
    assert "Not run, 73: All 70,000 samples were not run" in out
    assert "Only KMNIST's test part" in out
    assert max(len(line) for line in lines if not line.startswith("Not run")) <= 120
    assert err == ""


def test_a_row_has_their_number_and_ours(tmp_path, capsys):
    figures(tmp_path / "mine", [row(POINT, 26.123, 2.0), row(GAP, 70, unit="points")])
    assert run(["claims", "--run", "mine", "--outcome", "reproduced", "--where", "figure 7"]) == 0
    out = capsys.readouterr().out
    assert out.splitlines()[0].split() == ["1", "claim"]
    for cell in ("25.28 ± 4.44", "26.1 [24.1, 28.1]", "15", "small", "shared", "figure 7"):
        assert cell in out, cell
    assert run(["claims", "--run", "mine", "--outcome", "reproduced", "--where", "section 5"]) == 0
    out = capsys.readouterr().out
    assert "> 0 (71.91)" in out
    assert " 70 " in out


def test_reasons_are_given_where_asked(tmp_path, capsys):
    figures(tmp_path / "mine", [row(POINT, 26, 2)])
    words = ["claims", "--run", "mine", "--where", "figure 7", "--outcome", "reproduced"]
    assert run(words) == 0
    assert "The reasons of the others: --why." in capsys.readouterr().out
    assert run([*words, "--why"]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert f"figure-7/{POINT}: The 95 % interval, 24 to 28, lies within 25.28 +- 8.88." in out


def test_json_is_one_document(tmp_path, capsys):
    figures(tmp_path / "mine", [row(POINT, 26, 2)])
    document = listed(capsys, "in-class", "--run", "mine", "--data", "mnist", "--where", "figure 7")
    assert document["record"] == "Claims"
    assert document["counts"]["reproduced"] == 1
    assert sum(document["counts"].values()) == len(document["claims"])
    (found,) = [one for one in document["claims"] if one["outcome"] == "reproduced"]
    assert found["study"] == "in-class"
    assert found["key"] == f"figure-7/{POINT}"
    assert (found["published"], found["spread"], found["tolerance"]) == (25.28, 4.44, 8.88)
    assert (found["value"], found["low"], found["high"]) == (26, 24, 28)
    assert (found["n_runs"], found["scale"], found["protocol"]) == (15, "small", "shared")


def test_filters_keep_what_they_name(capsys):
    found = listed(capsys, "--data", "mnist-70000")["claims"]
    assert {one["figure"].split("/")[0] for one in found} == {"mnist-70000"}
    found = listed(capsys, "--where", "section 1")["claims"]
    assert {one["where"] for one in found} == {"section 1"}
    every = sum(len(study.claims) for study in STUDIES.values())
    assert len(listed(capsys, "--outcome", "not-run")["claims"]) == every
    assert listed(capsys, "--outcome", "contradicted")["claims"] == []
    assert run(["claims", "--outcome", "contradicted"]) == 0
    assert capsys.readouterr().out == "There are no such claims.\n"


def test_a_run_stands_in_front_of_what_comes_with_us(tmp_path, shipped, capsys):
    figures(shipped, [row(POINT, 25, 1, 75), row(GAP, 70, 5, 75, "points")], "paper",
            name="in-class-mnist-paper.json")  # fmt: skip
    figures(tmp_path / "one", [row(POINT, 50, 1, 2)], "smoke")
    figures(tmp_path / "two", [row(POINT, 60, 1, 3)], "small")

    def scales(*words):
        found = listed(capsys, *words)["claims"]
        return {one["figure"]: one["scale"] for one in found if one["scale"]}

    assert scales() == {POINT: "paper", GAP: "paper"}
    assert scales("--run", "one") == {POINT: "smoke", GAP: "paper"}
    assert scales("--run", "one", "--run", "two") == {POINT: "small", GAP: "paper"}


def test_a_run_that_no_claim_speaks_of_is_said(tmp_path, capsys):
    figures(tmp_path / "mine", [row("my-data/shared/straggler/gap", 1)])
    assert run(["claims", "--run", "mine", "--where", "section 1"]) == 0
    assert "Warning: No claim of 'in-class' speaks of what 'mine'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["in-clas"], "There is no study 'in-clas'. Hint: did you mean 'in-class'?"),
        (["--run", "mina"], "There is no run folder 'mina'. Hint: did you mean 'mine'?"),
        (["--run", "x/y"], "There is no run folder 'x/y'. Hint: `steelyard study` makes them."),
        (["--run", "empty"], "The folder 'empty' holds no figures.json. Hint: `steelyard study`"),
        (["--run", "broken"], "is no readable table of figures"),
        (["--run", "other"], "is of the study 'in-clubs', whose claims are not listed. Hint: did"),
        (["--data", "mnits"], "No claim has --data 'mnits'. Hint: did you mean 'mnist'"),
        (["--where", "figure7"], "No claim has --where 'figure7'. Hint: did you mean 'figure 7'"),
        (["--outcome", "reproduce"], "Hint: did you mean 'reproduced'?"),
        (["--run", "shares"], "is in '%', its figure in 'share'"),
    ],
)
def test_mistakes_end_with_2_and_one_line(words, error, tmp_path, capsys):
    figures(tmp_path / "mine", [row(POINT, 26, 2)])
    figures(tmp_path / "other", [], study="in-clubs")
    figures(tmp_path / "shares", [row(POINT, 0.26, unit="share")])
    figures(tmp_path / "broken", [])
    broken = json.loads((tmp_path / "broken" / "figures.json").read_text())
    del broken["rows"]
    (tmp_path / "broken" / "figures.json").write_text(json.dumps(broken))
    (tmp_path / "empty").mkdir()
    assert run(["claims", *words]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("Error: ")
    assert error in err
    assert err.count("\n") == 1
