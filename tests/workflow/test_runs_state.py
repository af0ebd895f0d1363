"""A run is read while anybody may write, and reading writes nothing."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import pytest
from run_cases import FOLDS, IMAGES, NETWORK, TREES, content, scored, stopped, weighed

from steelyard._support.errors import DataError, DataNotFoundError
from steelyard._support.storage import read_json, write_json
from steelyard.records.run_folder import INDEX, MANIFEST, PLAN, SCORES, VERDICT, WORK, WORKERS
from steelyard.workflow.index import Index
from steelyard.workflow.presence import Presence, living
from steelyard.workflow.runs import export_run, list_runs, read_run
from steelyard.workflow.store import Store, cell_path


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    return weighed(tmp_path_factory.mktemp("runs") / "original")


@pytest.fixture
def run(original, tmp_path):
    return Path(shutil.copytree(original, tmp_path / "run"))


def test_a_complete_run_says_what_it_is(run):
    state = read_run(run)
    manifest = read_json(run / MANIFEST, "Manifest")
    assert state.status == "complete"
    assert state.facts["data"]["name"] == "toy table"
    assert state.facts["data"]["samples"] == 130
    assert state.facts["data"]["classes"] == ["class 0", "class 1"]
    assert state.facts["data"]["fingerprint"] == manifest["fingerprint"]
    split = {part: manifest[f"n_{part}"] for part in ("train", "validation", "test")}
    assert state.facts["split"] == {**split, "given": ["train", "validation", "test"]}
    assert state.facts["study"] == {
        "kind": "weigh", "degrees": [0.0, 1.0], "repetitions": 2, "trainings": 4,
    }  # fmt: skip
    assert set(state.facts["recipe"]) == set(TREES.in_use)
    assert state.facts["recipe"]["epochs"] == 5
    assert state.facts["seeds"] == {"seed": 0}
    assert state.facts["versions"]["python"].startswith("3.")
    assert state.verdict.headline == json.loads((run / VERDICT).read_text())["headline"]
    assert (len(state.declared), state.n_done, state.at_work) == (4 + FOLDS, 4 + FOLDS, ())
    assert {cell.address for cell in state.cells} == set(state.declared)
    assert all(cell.seconds > 0 for cell in state.cells)
    assert state.started == manifest["started"]
    assert state.seconds == manifest["wall_seconds"]
    assert state.bytes == sum(map(len, content(run).values()))


def test_a_stopped_run_says_what_was_declared_and_how_far_it_is(tmp_path):
    state = read_run(stopped(tmp_path / "run"))
    assert state.status == "stopped"
    assert state.verdict is None
    assert not state.is_overtaken
    assert state.facts["study"]["trainings"] == 4
    assert state.facts["recipe"]["epochs"] == 5
    assert state.facts["seeds"] == {"seed": 0}
    assert 0 < state.n_done < len(state.declared) == 4 + FOLDS
    assert state.started[:10] == time.strftime("%Y-%m-%d", time.gmtime())


def test_a_run_that_was_killed_while_its_records_were_written_is_stopped(run):
    write_json({"record": "Manifest", "format": 1, "status": "running"}, run / MANIFEST)
    state = read_run(run)
    assert (state.status, state.verdict, state.n_done) == ("stopped", None, 4 + FOLDS)


def test_scores_have_cells_and_no_verdict(tmp_path):
    state = read_run(scored(tmp_path / "run", seed=3))
    assert state.status == "complete"
    assert state.facts["study"] == {"kind": "score", "trainings": 2}
    assert state.facts["recipe"]["epochs"] == 5
    assert state.facts["seeds"] == {"seed": 3}
    assert (state.verdict, state.n_done) == (None, 2)
    cell_path(tmp_path / "run", state.declared[0]).unlink()
    assert read_run(tmp_path / "run").status == "stopped"


def test_networks_of_one_stack_are_one_cell(tmp_path):
    state = read_run(weighed(tmp_path / "run", IMAGES, NETWORK))
    assert (state.n_done, state.facts["study"]["trainings"]) == (1 + 1, 4)
    names = ["2 arms, repetition 1 to 2", "5 arms, repetition 1"]  # the second are the folds
    assert sorted(cell.name for cell in state.cells) == names


@pytest.mark.parametrize("change", ["study", "name", "fingerprint"])
def test_records_of_an_earlier_command_are_not_taken_for_this_ones(change, run):
    work = read_json(run / WORK, "Work")
    if change == "study":
        work["study"]["repetitions"] = 3
    else:
        work["data"][change] = "another"
    write_json(work, run / WORK)
    state = read_run(run)
    assert state.is_overtaken
    assert (state.status, state.verdict) == ("stopped", None)
    assert "split" not in state.facts


def test_an_older_run_has_records_and_no_cells(run):
    for name in (WORK, INDEX, "run.lock"):
        (run / name).unlink()
    shutil.rmtree(run / "cells")
    state = read_run(run)
    assert (state.status, state.declared, state.cells) == ("complete", (), ())
    assert state.verdict is not None


def test_cells_that_were_removed_do_not_make_a_verdict_incomplete(run):
    shutil.rmtree(run / "cells")
    state = read_run(run)
    assert (state.status, state.n_done, len(state.declared)) == ("complete", 0, 4 + FOLDS)


@pytest.mark.parametrize("damage", ["missing", "garbage", "of another making"])
def test_without_its_index_the_cells_speak_for_themselves(damage, run):
    known = read_run(run).cells
    (run / INDEX).unlink()
    if damage == "garbage":
        (run / INDEX).write_bytes(b"no index" * 1000)
    elif damage == "of another making":
        import sqlite3

        connection = sqlite3.connect(run / INDEX)
        connection.execute("CREATE TABLE cells (something)")
        connection.commit()
        connection.close()
    before = content(run)
    found = read_run(run).cells
    assert [(one.address, one.name, one.bytes) for one in found] == [
        (one.address, one.name, one.bytes) for one in known
    ]
    assert {one.seconds for one in found} == {None}
    assert content(run) == before


def test_the_folder_is_believed_before_the_index(run):
    gone, *left = read_run(run).declared
    cell_path(run, gone).unlink()
    state = read_run(run)
    assert {one.address for one in state.cells} == set(left)
    assert state.n_done == 3 + FOLDS


def test_a_cell_that_cannot_be_read_is_called_damaged(run):
    (run / INDEX).unlink()
    address = read_run(run).declared[0]
    cell_path(run, address).write_bytes(b"PK no cell")
    names = {one.address: one.name for one in read_run(run).cells}
    assert names.pop(address) == "(damaged)"
    assert "(damaged)" not in names.values()


def test_who_is_at_work_and_on_what(run):
    address = read_run(run).declared[0]
    with Store(run) as store:
        store.discard(address)
        assert store._index.claim(address, store.presence.token)
        state = read_run(run)
        assert state.status == "running"
        (worker,) = state.at_work
        assert str(os.getpid()) in worker
        assert state.under_way == {address: worker}
        assert state.n_done == 3 + FOLDS
    state = read_run(run)
    assert (state.status, state.at_work, state.under_way) == ("complete", (), {})


def test_what_the_dead_claimed_is_not_under_way(run):
    address = read_run(run).declared[0]
    index = Index.open(run / INDEX)
    index.drop([address])
    assert index.claim(address, "host-1-abcdef01")
    index.close()
    state = read_run(run)
    assert (state.at_work, state.under_way) == ((), {})


def test_the_dead_are_not_at_work(run):
    (run / WORKERS / "host-1-abcdef01").mkdir(parents=True)
    (run / WORKERS / "host-1-abcdef01" / "alive.lock").touch()
    (run / WORKERS / "host-2-abcdef02").mkdir()
    assert read_run(run).status == "complete"
    with (run / WORKERS / "host-1-abcdef01" / "alive.lock").open("rb") as another_readers:
        fcntl = pytest.importorskip("fcntl")
        fcntl.flock(another_readers, fcntl.LOCK_SH)
        assert read_run(run).status == "complete"
    assert (run / WORKERS / "host-1-abcdef01").exists()  # a reader does not tidy up


def test_a_reader_does_not_keep_a_process_from_coming(tmp_path):
    stop = threading.Event()

    def look():
        while not stop.is_set():
            living(tmp_path)

    reader = threading.Thread(target=look)
    reader.start()
    try:
        for _ in range(300):
            presence = Presence(tmp_path)
            assert presence.token in living(tmp_path)
            presence.leave()
    finally:
        stop.set()
        reader.join()


def test_reading_leaves_no_trace(run, tmp_path):
    stopped(tmp_path / "other")
    for folder in (run, tmp_path / "other"):
        before = content(folder), {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
        read_run(folder)
        list_runs(folder)
        assert before == (
            content(folder),
            {path: path.stat().st_mtime_ns for path in folder.rglob("*")},
        )


@pytest.mark.parametrize("somebody", ["nobody is", "somebody is"])
def test_a_folder_that_may_not_be_written_can_be_read(somebody, original):
    if not hasattr(os, "seteuid"):
        pytest.skip("this system has no users to become")
    with tempfile.TemporaryDirectory() as parent, contextlib.ExitStack() as stack:
        os.chmod(parent, 0o755)
        run = Path(shutil.copytree(original, Path(parent) / "run"))
        if somebody == "somebody is":
            stack.enter_context(Store(run))
        paths = (run, *run.rglob("*"))
        for path in paths:
            path.chmod(0o555 if path.is_dir() else 0o444)
        root = os.geteuid() == 0
        expected = read_run(run)
        if root:
            os.seteuid(65534)
        try:
            if not os.access(run, os.R_OK, effective_ids=True):
                pytest.skip("the folder of temporary files is closed to others")
            with pytest.raises(OSError, match="denied"):
                (run / "mine").touch()
            assert read_run(run) == expected
            assert expected.status == ("running" if somebody == "somebody is" else "complete")
            assert all(cell.seconds for cell in expected.cells)
            assert [one.path for one in list_runs(parent)] == [str(run)]
        finally:
            if root:
                os.seteuid(0)
            for path in paths:
                path.chmod(0o755)


WRITER = """
import sys
import numpy as np
from steelyard.workflow.cells import Cell, Content
from steelyard.workflow.store import Store, write_cell
cells = [Cell(f"{number:016x}", f"cell {number}", None) for number in range(150)]
with Store(sys.argv[1]) as store:
    store.declare({"data": {"name": "toy", "fingerprint": "0"}, "n_trainings": 150}, cells)
    print("at work", flush=True)
    for cell in cells:
        assert store.claim(cell)
        write_cell(store.folder, cell, Content({"x": np.arange(3)}, {}))
        store.record(cell, 0.1)
"""


@pytest.mark.slow
def test_a_reader_can_query_while_another_process_writes(tmp_path):
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(tmp_path / "run")], stdout=subprocess.PIPE, text=True
    )
    with writer:
        assert writer.stdout.readline() == "at work\n"
        seen = []
        while writer.poll() is None:
            state = read_run(tmp_path / "run")
            seen.append((state.n_done, state.status))
            assert all(cell.name == f"cell {int(cell.address, 16)}" for cell in state.cells)
    assert writer.returncode == 0
    assert seen == sorted(seen, key=lambda one: one[0])
    assert any(0 < done < 150 and status == "running" for done, status in seen)
    state = read_run(tmp_path / "run")
    assert (state.n_done, state.status) == (150, "complete")


def test_what_is_no_run_is_refused(tmp_path):
    with pytest.raises(DataNotFoundError, match=r"There is no run .*steelyard runs list"):
        read_run(tmp_path / "nothing")
    with pytest.raises(DataNotFoundError, match=r"neither manifest\.json nor work\.json"):
        read_run(tmp_path)
    (tmp_path / "results-a").mkdir()
    with pytest.raises(DataNotFoundError, match="did you mean 'results-a'"):
        read_run(tmp_path / "result-a")
    (tmp_path / MANIFEST).write_text('{"name": "a web app"}')
    with pytest.raises(DataError, match="no steelyard record"):
        read_run(tmp_path)


def truncated(run):
    (run / MANIFEST).write_bytes((run / MANIFEST).read_bytes()[:200])


def of_the_future(run):
    write_json({**read_json(run / MANIFEST, "Manifest"), "format": 99}, run / MANIFEST)


def without_a_study(run):
    manifest = read_json(run / MANIFEST, "Manifest")
    del manifest["study"]
    write_json(manifest, run / MANIFEST)


def with_files_as_text(run):
    write_json({**read_json(run / MANIFEST, "Manifest"), "files": "all"}, run / MANIFEST)


def with_an_odd_recipe(run):
    manifest = read_json(run / MANIFEST, "Manifest")
    manifest["probe"]["epoch"] = 3
    write_json(manifest, run / MANIFEST)


def without_cells_in_work(run):
    write_json({"record": "Work", "format": 1, "data": {}}, run / WORK)


def changed_verdict(run):
    (run / VERDICT).write_text((run / VERDICT).read_text().replace("seed", "Seed"))


def without_scores(run):
    (run / SCORES).unlink()


def broken_plan(run):
    (run / PLAN).write_bytes(b"PAR1 and no more")


DAMAGES = {
    truncated: "no readable JSON",
    of_the_future: "has format 99",
    without_a_study: "lacks what it should hold .*study",
    with_files_as_text: "lacks what it should hold",
    with_an_odd_recipe: "did you mean 'epochs'",
    without_cells_in_work: "lacks what it should hold",
    changed_verdict: r"verdict.json' is missing or was changed",
    without_scores: r"scores.parquet' is missing or was changed",
    broken_plan: "no readable parquet",
}


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda one: one.__name__)
def test_a_damaged_run_says_what_is_wrong(damage, run):
    damage(run)
    with pytest.raises(ValueError, match=DAMAGES[damage]):
        read_run(run)


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda one: one.__name__)
def test_a_damaged_run_does_not_hide_the_others(damage, run, tmp_path):
    stopped(tmp_path / "another")
    damage(run)
    another, broken = list_runs(tmp_path)
    assert (another.path, another.run.status) == (str(tmp_path / "another"), "stopped")
    assert (broken.path, broken.run) == (str(run), None)
    assert broken.reason


def test_an_older_run_whose_manifest_is_damaged_is_listed(run):
    (run / WORK).unlink()
    truncated(run)
    (broken,) = list_runs(run)
    assert "no readable JSON" in broken.reason


def test_runs_are_found_and_nothing_else(original, tmp_path):
    shutil.copytree(original, tmp_path / "b" / "deep" / "deeper" / "deepest")
    shutil.copytree(original, tmp_path / "b" / "deep" / "deeper" / "deep" / "too deep")
    shutil.copytree(original, tmp_path / "a")
    shutil.copytree(original, tmp_path / "a" / "inside")  # of a run: its own affair
    shutil.copytree(original, tmp_path / ".hidden")
    shutil.copytree(original, tmp_path / "mlruns" / "1" / ("0" * 32) / "artifacts")
    for name in (MANIFEST, WORK):
        (tmp_path / "web app").mkdir(exist_ok=True)
        (tmp_path / "web app" / name).write_text('{"name": "a web app"}')
    (tmp_path / "link").symlink_to(tmp_path / "a")
    found = [Path(one.path).relative_to(tmp_path).as_posix() for one in list_runs(tmp_path)]
    assert found == ["a", "b/deep/deeper/deepest"]
    assert [one.path for one in list_runs(tmp_path / "a")] == [str(tmp_path / "a")]
    with pytest.raises(DataNotFoundError, match="no folder"):
        list_runs(tmp_path / "none")


def test_an_exported_run_is_read_like_its_folder(run, tmp_path):
    export_run(run, tmp_path / "run.zip")
    from_folder, from_file = read_run(run), read_run(tmp_path / "run.zip")
    assert from_file.path == str(tmp_path / "run.zip")
    assert from_file.bytes == (tmp_path / "run.zip").stat().st_size
    assert from_file.facts == from_folder.facts
    assert from_file.verdict == from_folder.verdict
    assert from_file.declared == from_folder.declared
    assert [one.address for one in from_file.cells] == [one.address for one in from_folder.cells]
