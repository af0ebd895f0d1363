"""What nothing refers to is removed, and nothing else."""

import shutil
from pathlib import Path

import pytest
from run_cases import FOLDS, content, stopped, weighed

from steelyard._support.errors import DataError, DataNotFoundError, OutputError
from steelyard._support.storage import read_json, write_json
from steelyard.records import Weighing
from steelyard.records.run_folder import CHECKPOINTS, INDEX, MANIFEST, VERDICT, WORK, WORKERS
from steelyard.workflow.runs import collect, export_run, read_run
from steelyard.workflow.store import Store, cell_path


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    return weighed(tmp_path_factory.mktemp("runs") / "original")


@pytest.fixture
def run(original, tmp_path):
    return Path(shutil.copytree(original, tmp_path / "run"))


def litter(run):
    """Leave behind what killed processes and earlier commands leave, and what is to stay."""
    work = read_json(run / WORK, "Work")
    undeclared, gone, stored, *_ = work["cells"]
    work["cells"].remove(undeclared)
    write_json(work, run / WORK)
    cell_path(run, gone).unlink()
    for name in (gone, stored, undeclared, "no address"):
        (run / CHECKPOINTS / name).mkdir(parents=True)
        (run / CHECKPOINTS / name / "stack.npz").write_bytes(bytes(100))
    (run / CHECKPOINTS / gone / ".stack.npz.0a1b2c3d.part").write_bytes(bytes(7))
    (run / WORKERS / "host-1-abcdef01").mkdir(parents=True)
    (run / WORKERS / "host-1-abcdef01" / "alive.lock").touch()
    (run / WORKERS / "host-1-abcdef01" / stored).write_text("12")
    (run / ".verdict.json.0a1b2c3d.part").write_bytes(bytes(20))
    (cell_path(run, stored).parent / f".{stored}.npz.deadbeef.part").write_bytes(bytes(30))
    # of the user, however it looks
    (run / "my notes.part").write_text("mine")
    (run / ".vimrc.part").write_text("mine")
    (run / "cells" / "notes.txt").write_text("mine")
    (cell_path(run, stored).parent / "notes.npz").write_text("mine")
    return undeclared, gone, stored


def test_it_removes_what_nothing_refers_to_and_nothing_else(run):
    undeclared, gone, stored = litter(run)
    before = content(run)
    size = cell_path(run, undeclared).stat().st_size
    found = collect(run)
    assert sorted((one.kind, one.path.relative_to(run).as_posix(), one.bytes) for one in found) == [
        ("cell", cell_path(Path(), undeclared).as_posix(), size),
        *sorted(
            ("checkpoint", f"{CHECKPOINTS}/{name}", 100)
            for name in (stored, undeclared, "no address")
        ),
        ("dead process", f"{WORKERS}/host-1-abcdef01", 2),
        *sorted(
            [
                ("unfinished file", ".verdict.json.0a1b2c3d.part", 20),
                ("unfinished file", f"cells/{stored[:2]}/.{stored}.npz.deadbeef.part", 30),
                ("unfinished file", f"{CHECKPOINTS}/{gone}/.stack.npz.0a1b2c3d.part", 7),
            ]
        ),
    ]
    removed = {
        name for name in before if any((run / name).is_relative_to(one.path) for one in found)
    }
    after = content(run)
    assert after.keys() == before.keys() - removed
    for name in after.keys() - {INDEX}:
        assert after[name] == before[name]
    assert collect(run) == []


def test_the_run_is_what_it_was(run):
    _, gone, _ = litter(run)
    collect(run)
    state = read_run(run)
    assert (state.status, state.n_done, len(state.declared)) == ("complete", 2 + FOLDS, 3 + FOLDS)
    assert {cell.address for cell in state.cells} == set(state.declared) - {gone}
    with Store(run) as store:
        assert store.finished() == {cell.address for cell in state.cells}
    assert Weighing.load(run).verdict == state.verdict


def test_a_dry_run_says_the_same_and_touches_nothing(run):
    litter(run)
    before = content(run)
    said = collect(run, dry_run=True)
    assert content(run) == before
    assert sorted(said, key=lambda one: one.path) == sorted(collect(run), key=lambda one: one.path)


def test_a_tidy_run_is_left_alone(run, tmp_path):
    for folder in (run, stopped(tmp_path / "stopped")):
        before = content(folder)
        assert collect(folder) == []
        assert content(folder) == before


def test_a_stopped_run_keeps_what_it_needs_to_go_on(tmp_path):
    run = stopped(tmp_path / "run")
    done = read_run(run).n_done
    (missing, *_) = set(read_run(run).declared) - {cell.address for cell in read_run(run).cells}
    (run / CHECKPOINTS / missing).mkdir(parents=True)
    (run / CHECKPOINTS / missing / "stack.npz").write_bytes(b"kept")
    (run / ".work.json.0a1b2c3d.part").touch()
    assert [one.kind for one in collect(run)] == ["unfinished file"]
    assert (run / CHECKPOINTS / missing / "stack.npz").read_bytes() == b"kept"
    assert read_run(run).n_done == done
    expected = weighed(tmp_path / "another")
    assert (weighed(run) / VERDICT).read_bytes() == (expected / VERDICT).read_bytes()


@pytest.mark.parametrize("dry_run", [True, False])
def test_it_is_refused_while_somebody_is_at_work(dry_run, run):
    litter(run)
    with Store(run):
        before = content(run)
        with pytest.raises(OutputError, match=r"at work in .* Hint: "):
            collect(run, dry_run=dry_run)
        assert content(run) == before


def test_who_comes_between_the_looks_is_left_in_peace(run, monkeypatch):
    litter(run)
    (undeclared, *_) = [one.path for one in collect(run, dry_run=True) if one.kind == "cell"]
    entered = Store.__enter__
    guests = []

    def enter(store):
        if not guests:
            guests.append(Store(run))
            entered(guests[0])
        return entered(store)

    monkeypatch.setattr(Store, "__enter__", enter)
    with pytest.raises(OutputError, match="Another process is at work"):
        collect(run)
    assert undeclared.exists()
    guests[0].__exit__()


def test_without_a_declaration_no_cell_is_superfluous(run):
    litter(run)
    (run / WORK).unlink()
    cells = set(run.glob("cells/*/*.npz")) | set(run.glob(f"{CHECKPOINTS}/*/stack.npz"))
    kinds = {one.kind for one in collect(run)}
    assert kinds == {"dead process", "unfinished file"}
    assert set(run.glob("cells/*/*.npz")) | set(run.glob(f"{CHECKPOINTS}/*/stack.npz")) == cells


def test_an_older_run_has_nothing_to_remove(run):
    for name in (WORK, INDEX, "run.lock"):
        (run / name).unlink()
    shutil.rmtree(run / "cells")
    before = content(run)
    assert collect(run) == []
    assert content(run) == before
    assert not (run / "cells").exists()


def test_what_cannot_be_understood_is_not_tidied(run, tmp_path):
    litter(run)
    for text, message in [
        ("{", "no readable JSON"),
        ('{"record": "Work", "format": 1}', "does not say which cells"),
        ('{"record": "Work", "format": 1, "cells": 3}', "does not say which cells"),
        ('{"record": "Work", "format": 2, "cells": []}', "has format 2"),
        ('{"name": "a web app"}', "no steelyard record"),
    ]:
        (run / WORK).write_text(text)
        before = content(run)
        with pytest.raises(DataError, match=message):
            collect(run)
        assert content(run) == before
    with pytest.raises(DataNotFoundError, match="There is no run"):
        collect(tmp_path / "none")
    with pytest.raises(DataNotFoundError, match="neither"):
        collect(tmp_path)
    (tmp_path / MANIFEST).write_text('{"name": "a web app"}')
    with pytest.raises(DataError, match="no steelyard record"):
        collect(tmp_path)


def test_an_exported_file_is_not_tidied(original, tmp_path):
    export_run(original, tmp_path / "run.zip")
    with pytest.raises(DataError, match="is a file, not a run folder"):
        collect(tmp_path / "run.zip")
