"""`steelyard runs`: every verb from its words to its output, its files and its exit code."""

import json
import os
import re
import shutil
import sys
import zipfile
from pathlib import Path

import pytest
from run_cases import FOLDS, IMAGES, NETWORK, content, scored, stopped, weighed

from steelyard._support.storage import read_json, write_json
from steelyard.cli.app import run as command
from steelyard.cli.run_texts import size_text
from steelyard.records.run_folder import CHECKPOINTS, MANIFEST, REPORT, VERDICT, WORK
from steelyard.workflow.runs import read_run
from steelyard.workflow.store import Store


@pytest.fixture(scope="module")
def originals(tmp_path_factory):
    folder = tmp_path_factory.mktemp("originals")
    weighed(folder / "first")
    weighed(folder / "second", degrees=(0, 0.5, 1), seed=1)
    return folder


@pytest.fixture
def here(originals, tmp_path, monkeypatch):
    """A working folder with two complete runs."""
    shutil.copytree(originals, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    return tmp_path


def said(capsys, *words, code=0):
    capsys.readouterr()
    assert command(["runs", *map(str, words)]) == code
    out, err = capsys.readouterr()
    return out if code == 0 else err


def document(capsys, kind, *words):
    out = json.loads(said(capsys, *words, "--json"))
    assert (out["record"], out["format"]) == (kind, 1)
    return out


def refused(capsys, *words):
    """It ends with one line, and nothing on standard output."""
    assert command(["runs", *map(str, words)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("Error: ")
    assert err.count("\n") == 1
    assert "Hint: " in err
    return err


def test_list_shows_every_run_and_its_state(here, capsys):
    stopped(here / "third")
    scored(here / "deep" / "fourth")
    shutil.copytree(here / "first", here / "zz")
    (here / "zz" / "scores.parquet").unlink()
    with Store(here / "second"):
        out = said(capsys, "list")
    lines = {line.split()[0]: line for line in out.splitlines() if line}
    outcome = read_run(here / "first").verdict.priors[0].outcome
    assert re.search(rf"complete +toy table +2 x 2 +9/9 .* {outcome}$", lines["first"].rstrip())
    assert re.search(r"running +toy table +3 x 2 +11/11", lines["second"])
    assert re.search(r"stopped +toy table +2 x 2 +\d/9", lines["third"])
    assert re.search(r"complete +toy table +2 +2/2", lines["deep/fourth"])
    assert re.search(r"damaged", lines["zz"])
    assert "zz: 'zz/scores.parquet' is missing or was changed" in out
    runs = document(capsys, "Runs", "list", here)["runs"]
    assert [Path(one["path"]).name for one in runs] == ["fourth", "first", "second", "third", "zz"]
    assert [one["status"] for one in runs] == [
        "complete", "complete", "complete", "stopped", "damaged",
    ]  # fmt: skip
    assert runs[1]["headline"] == read_run(here / "first").verdict.headline
    assert "scores.parquet" in runs[4]["reason"]


def test_list_fits_a_narrow_terminal(here, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    lines = said(capsys, "list").splitlines()
    assert max(len(line.rstrip()) for line in lines) <= 80
    assert len(lines) == 4  # title, columns, and a line a run


def test_list_of_nothing(tmp_path, capsys):
    assert "no runs below" in said(capsys, "list", tmp_path)
    assert document(capsys, "Runs", "list", tmp_path)["runs"] == []
    assert "no folder" in refused(capsys, "list", tmp_path / "none")


def test_show_says_what_a_run_is(here, capsys):
    out = said(capsys, "show", "first")
    state = read_run(here / "first")
    assert "first: complete, " in out
    assert "130 samples, 2 classes" in out
    assert "weigh: degrees 0, 1 x 2 repetitions, 4 trainings" in out
    assert "model trees" in out
    assert "epochs 5" in out
    assert "optimiser" not in out
    assert "9 of 9" in out
    assert "nobody" in out
    assert " ".join(state.verdict.headline.split()) in " ".join(out.split())
    for cell in state.cells:
        assert cell.address in out
    lines = [line for line in out.splitlines() if re.search("[0-9a-f]{16} ", line)]
    names = [line.split("  ")[0].strip() for line in lines if "fingerprint" not in line]
    arms = [f"degree={d}, repetition {r}" for r in (1, 2) for d in (0, 1)]
    folds = [f"without fold {fold} of {FOLDS}, repetition 1" for fold in range(1, FOLDS + 1)]
    assert names == arms + folds  # as declared
    shown = document(capsys, "Run", "show", "first")
    assert (shown["status"], shown["n_done"], shown["study"]["repetitions"]) == (
        "complete",
        4 + FOLDS,
        2,
    )
    assert {cell["address"] for cell in shown["cells"]} == set(state.declared)


def test_show_of_what_is_not_finished(here, capsys):
    stopped(here / "third")
    out = said(capsys, "show", "third")
    assert "third: stopped" in out
    assert "not there yet" in out
    assert "training part" in out
    with Store(here / "third"):
        assert f"process {os.getpid()} on" in said(capsys, "show", "third")
    work = read_json(here / "first" / WORK, "Work")
    work["study"]["repetitions"] = 1
    work["cells"] = work["cells"][:2]
    write_json(work, here / "first" / WORK)
    out = said(capsys, "show", "first")
    assert "the records are those of an earlier command" in out
    assert out.count(", not declared") == 2 + FOLDS
    assert "7 not declared: `steelyard runs gc`" in out


def test_show_of_scores_has_no_verdict(here, capsys):
    scored(here / "scored", seed=4)
    out = said(capsys, "show", "scored")
    assert "score: 2 trainings" in out
    assert re.search(r"^seed +4", out, re.MULTILINE)
    assert "verdict" not in out


def test_show_takes_an_exported_file(here, capsys):
    said(capsys, "export", "first", "first.zip")
    assert "first.zip: complete" in said(capsys, "show", "first.zip")
    (here / "first.zip").write_bytes(b"PK no zip")
    assert "no readable zip" in refused(capsys, "show", "first.zip")


def test_diff_says_what_changed(here, capsys):
    out = said(capsys, "diff", "first", "second")
    assert re.search(r"study, degrees +0, 1 +0, 0.5, 1", out)
    assert re.search(r"seeds, seed +0 +1", out)
    assert re.search(r"train: as it is +\d+.*\] +\d+.*\]", out)
    assert re.search(r"uniform: prior corrected", out)
    assert "Cells: 0 shared, 9 only in first, 11 only in second." in out
    assert "to the byte" not in out
    told = document(capsys, "Difference", "diff", "first", "second")
    assert {"section": "seeds", "name": "seed", "left": 0, "right": 1} in told["changes"]
    assert told["same_verdict"] is False
    assert len(told["cells"]["only_right"]) == 6 + FOLDS
    assert told["left"]["path"] == "first"


def test_diff_of_equal_runs(here, capsys):
    said(capsys, "export", "first", "first.zip")
    for other in ("first", "first.zip"):
        out = said(capsys, "diff", "first", other)
        assert "No difference." in out
        assert "The verdict files are the same to the byte." in out
        assert "95 %" not in out
        assert "9 shared, 0 only in first, 0 only in" in out


def test_diff_with_a_run_that_has_not_finished(here, capsys):
    stopped(here / "third", seed=1)
    out = said(capsys, "diff", "first", "third")
    assert re.search(r"seeds, seed +0 +1", out)
    assert "not compared: split, versions, command, verdict." in out
    assert re.search(r"train: rebalanced .* not there yet", out)
    assert document(capsys, "Difference", "diff", "third", "first")["same_verdict"] is None


def test_gc_frees_what_is_of_no_use(here, capsys):
    work = read_json(here / "first" / WORK, "Work")
    dropped = work["cells"].pop()
    write_json(work, here / "first" / WORK)
    (here / "first" / CHECKPOINTS / dropped).mkdir(parents=True)
    cell = here / "first" / "cells" / dropped[:2] / f"{dropped}.npz"
    n_bytes = cell.stat().st_size
    before = content(here)
    out = said(capsys, "gc", "first", "--dry-run")
    assert f"kB ({n_bytes:,} bytes): 1 cell, 1 checkpoint." in out
    assert str(cell.relative_to(here)) in out
    assert content(here) == before
    with Store(here / "first"):
        assert "at work" in refused(capsys, "gc", "first")
    told = document(capsys, "Leftovers", "gc", "first", "--dry-run")
    assert (told["removed"], told["bytes"]) == (False, n_bytes)
    out = said(capsys, "gc", "first")
    assert "Freed " in out
    assert not cell.exists()
    assert said(capsys, "gc", "first") == "There is nothing to remove.\n"
    assert document(capsys, "Leftovers", "gc", "first")["leftovers"] == []


def test_export_and_open_carry_a_run_elsewhere(here, capsys, monkeypatch):
    out = said(capsys, "export", "first", "first.zip")
    with zipfile.ZipFile("first.zip") as packed:
        assert f"{len(packed.namelist())} files, " in out
    page = (here / "first" / REPORT).read_bytes()
    shutil.rmtree(here / "first")
    out = said(capsys, "open", "first.zip", "elsewhere/run")
    assert "9 of 9 cells, every digest holds: elsewhere/run" in out
    assert (here / "elsewhere" / "run" / REPORT).read_bytes() == page
    assert "complete" in said(capsys, "show", "elsewhere/run")
    assert command(["report", "elsewhere/run"]) == 0
    told = document(capsys, "Export", "export", "elsewhere/run", "small.zip", "--without-cells")
    assert told["bytes"] == (here / "small.zip").stat().st_size
    assert MANIFEST in told["names"]
    assert not any(name.startswith("cells/") for name in told["names"])
    told = document(capsys, "Run", "open", "small.zip", "small")
    assert (told["status"], told["n_done"], told["n_declared"]) == ("complete", 0, 4 + FOLDS)
    assert (here / "small" / REPORT).exists()


def test_a_page_from_elsewhere_is_not_kept(here, capsys):
    (here / "first" / REPORT).write_text("<script>fetch('http://example.org')</script>")
    said(capsys, "export", "first", "first.zip")
    said(capsys, "open", "first.zip", "opened")
    assert "example.org" not in (here / "opened" / REPORT).read_text()


@pytest.mark.parametrize("name", ["/etc/steelyard", "../escaped.json", "..\\escaped.json"])
def test_a_hostile_path_is_refused(name, here, capsys):
    said(capsys, "export", "first", "first.zip")
    with zipfile.ZipFile("first.zip", "a") as packed:
        packed.writestr(name, "{}")
    before = {path.name for path in here.iterdir()}
    for words in (("open", "first.zip", "opened"), ("show", "first.zip"), ("track", "first.zip")):
        assert "no name of a file of a run" in refused(capsys, *words)
    assert "no name of a file of a run" in refused(capsys, "diff", "first", "first.zip")
    assert {path.name for path in here.iterdir()} == before
    assert not (here.parent / "escaped.json").exists()
    assert not Path("/etc/steelyard").exists()


def test_track_logs_once(here, capsys, monkeypatch):
    pytest.importorskip("mlflow")
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    out = said(capsys, "track", "first", "--uri", "store")
    assert out.startswith("Logged: run ")
    assert f"in {(here / 'store').as_uri()}" in out
    again = said(capsys, "track", "first", "--uri", "store")
    assert again == out.replace("Logged", "It was logged before")
    told = document(capsys, "Tracked", "track", "first", "--experiment", "mine")
    assert (told["experiment"], told["is_new"]) == ("mine", True)
    assert told["store"] == (here / "mlruns").as_uri()
    assert len(document(capsys, "Runs", "list")["runs"]) == 2  # what MLflow keeps is no run


def test_track_without_mlflow(here, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "mlflow", None)
    assert "pip install 'steelyard[track]'" in refused(capsys, "track", "first")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("show", "firts"), "did you mean 'first'"),
        (("diff", "first", "secnd"), "did you mean 'second'"),
        (("gc", "firsst"), "did you mean 'first'"),
        (("export", "frist", "x.zip"), "did you mean 'first'"),
        (("track", "frist"), "did you mean 'first'"),
        (("show", "."), "neither manifest.json nor work.json"),
        (("open", "first.zpi", "x"), "There is no file 'first.zpi'"),
        (("open", "first", "x"), "There is no file 'first'"),
        (("shwo", "first"), "Did you mean 'show'"),
        (("show", "first", "--dry-rum"), "--dry-rum"),
        (("export", "first"), "FILE.zip"),
        (("export", "first", "second"), "Cannot write 'second'"),
        (("export", "first", "first/report.html/x.zip"), "Cannot write"),
    ],
)
def test_words_that_mean_nothing(words, told, here, capsys):
    before = content(here)
    assert told in refused(capsys, *words)
    assert content(here) == before


def test_a_run_that_cannot_be_written_is_not_tidied(here, capsys, monkeypatch):
    (here / "first" / ".x.json.0a1b2c3d.part").touch()

    def denied(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("steelyard.records.run_folder.FileLock.acquire", denied)
    err = refused(capsys, "gc", "first")
    assert "Cannot keep a run in 'first': Permission denied" in err
    monkeypatch.undo()
    monkeypatch.chdir(here)
    work = read_json(here / "first" / WORK, "Work")
    work["cells"].pop()
    write_json(work, here / "first" / WORK)
    monkeypatch.setattr(Store, "discard", denied)
    err = refused(capsys, "gc", "first")
    assert "Cannot tidy up 'first': Permission denied" in err
    assert len(list((here / "first").glob("cells/*/*.npz"))) == 4 + FOLDS


def test_a_broken_manifest_is_one_line(here, capsys):
    (here / "first" / MANIFEST).write_text("{")
    for words in (("show", "first"), ("diff", "second", "first"), ("export", "first", "x.zip")):
        assert "no readable JSON" in refused(capsys, *words)
    (here / "second" / VERDICT).unlink()
    assert "is missing or was changed" in refused(capsys, "show", "second")


def test_names_from_data_are_shown_on_one_line(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    weighed(tmp_path / "run", IMAGES, NETWORK)
    manifest = read_json(tmp_path / "run" / MANIFEST, "Manifest")
    work = read_json(tmp_path / "run" / WORK, "Work")
    manifest["name"] = work["data"]["name"] = "two\nlines [bold]"
    write_json(manifest, tmp_path / "run" / MANIFEST)
    write_json(work, tmp_path / "run" / WORK)
    for verb in ("list", "show"):
        assert "two\\nlines [bold]" in said(capsys, verb, tmp_path / "run")


@pytest.mark.parametrize(
    ("n_bytes", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (99_940, "99.9 kB"),
        (269_452, "269 kB"),
        (5_260_000, "5.3 MB"),
        (3 * 10**12, "3.0 TB"),
        (7 * 10**15, "7000 TB"),
    ],
)
def test_sizes_read_as_people_say_them(n_bytes, text):
    assert size_text(n_bytes) == text
