"""The run store: cells whole or not there, an index made again, claims that die with processes."""

import errno
import json
import os
import sqlite3
import subprocess
import sys
import textwrap
import time

import numpy as np
import pytest
from toy_cells import cells, expected

from steelyard._support.errors import DataError, OutputError, SteelyardWarning
from steelyard.records.run_folder import CELLS, INDEX, WORK, WORKERS
from steelyard.workflow.cells import Content
from steelyard.workflow.index import Entry, Index
from steelyard.workflow.store import (
    Store,
    cell_path,
    checkpoint_path,
    read_cell,
    stored_addresses,
    write_cell,
)

CELL, OTHER, THIRD = cells(3)


def put(store, cell, number=0):
    write_cell(store.folder, cell, expected(number))
    store.record(cell, 0.5)


def names(folder):
    return {path.name for path in folder.iterdir()}


def test_a_cell_comes_back_as_it_was(tmp_path):
    content = Content({"a/b": np.arange(3), "c": np.eye(2, dtype=np.float32)}, {"words": ["é", 1]})
    with Store(tmp_path / "run") as store:
        write_cell(store.folder, CELL, content)
        found = read_cell(store.folder, CELL.address)
    assert found.metadata == {"words": ["é", 1]}
    assert found.arrays.keys() == content.arrays.keys()
    for name, array in content.arrays.items():
        np.testing.assert_array_equal(found.arrays[name], array)
        assert found.arrays[name].dtype == array.dtype


def test_equal_content_gives_equal_bytes_whenever_it_is_written(tmp_path, monkeypatch):
    write_cell(tmp_path / "one", CELL, expected(1))
    monkeypatch.setattr(time, "time", lambda: 0.0)  # 1970: no zip may hold such a date
    monkeypatch.setattr(time, "localtime", lambda *_: time.gmtime(0))
    write_cell(tmp_path / "two", CELL, expected(1))
    one, two = (cell_path(tmp_path / name, CELL.address) for name in ("one", "two"))
    assert one.read_bytes() == two.read_bytes()


def test_the_index_says_what_is_there(tmp_path):
    with Store(tmp_path) as store:
        assert store.finished() == set()
        put(store, CELL)
        assert store.finished() == {CELL.address}
        (entry,) = Index.read(tmp_path / INDEX).entries()  # while the writer has it open
    n_bytes = cell_path(tmp_path, CELL.address).stat().st_size
    assert (entry.address, entry.name) == (CELL.address, "toy 0")
    assert (entry.bytes, entry.seconds) == (n_bytes, 0.5)


def lose(path):
    path.unlink()


def truncate(path):
    os.truncate(path, path.stat().st_size // 2)


def overwrite(path):
    path.write_bytes(b"no database at all" * 100)


def empty(path):
    path.write_bytes(b"")


def scramble(path):
    content = bytearray(path.read_bytes())
    content[4096:] = os.urandom(len(content) - 4096)
    path.write_bytes(bytes(content))


def another_table(path):
    path.unlink()
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE cells (something TEXT)")
    connection.close()


def another_version(path):
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()


@pytest.mark.parametrize(
    "harm", [lose, truncate, overwrite, empty, scramble, another_table, another_version]
)
def test_a_lost_or_damaged_index_is_made_again_from_the_folder(harm, tmp_path):
    with Store(tmp_path) as store:
        for number, cell in enumerate((CELL, OTHER)):
            put(store, cell, number)
    harm(tmp_path / INDEX)
    with Store(tmp_path) as store:
        assert store.finished() == {CELL.address, OTHER.address}
        assert store.claim(THIRD)
        assert not store.claim(CELL)
    assert {one.name for one in Index.read(tmp_path / INDEX).entries()} == {"toy 0", "toy 1"}


def test_a_cell_that_was_renamed_and_not_indexed_is_found(tmp_path):
    with Store(tmp_path) as store:
        write_cell(store.folder, CELL, expected(0))
    with Store(tmp_path) as store:
        assert store.finished() == {CELL.address}


def test_a_cell_whose_file_is_gone_is_not_there(tmp_path):
    with Store(tmp_path) as store:
        put(store, CELL)
    cell_path(tmp_path, CELL.address).unlink()
    with Store(tmp_path) as store:
        assert store.finished() == set()
        assert store.claim(CELL)


def test_what_a_killed_process_left_is_swept(tmp_path):
    aside = cell_path(tmp_path, CELL.address).with_name(".x.npz.0a1b2c3d.part")
    dead = tmp_path / WORKERS / "host.1.0a1b2c3d"
    for folder in (aside.parent, dead):
        folder.mkdir(parents=True)
    aside.write_text("half")
    (tmp_path / "run.lock").touch()
    (dead / "alive.lock").touch()
    with Store(tmp_path):
        assert not aside.exists()
        assert not dead.exists()
    assert names(tmp_path) == {CELLS, INDEX, "run.lock"}


def test_what_a_living_process_is_writing_stays(tmp_path):
    with Store(tmp_path) as first:
        aside = cell_path(tmp_path, CELL.address).with_name(".x.npz.0a1b2c3d.part")
        aside.parent.mkdir(parents=True)
        aside.write_text("half")
        with Store(tmp_path) as second:
            assert aside.exists()
            assert second.others() == {first.presence.token}
        assert first.others() == set()


def test_two_claim_and_one_gets_it(tmp_path):
    with Store(tmp_path) as first, Store(tmp_path) as second:
        assert first.claim(CELL)
        assert not second.claim(CELL)
        assert not first.claim(CELL)
        assert second.claim(OTHER)
        second.take_over()  # the other lives
        assert second.claimed() == {CELL.address, OTHER.address}
        first.give_back(CELL)
        assert second.claim(CELL)
        put(second, CELL)
        assert second.claimed() == {OTHER.address}
        assert not first.claim(CELL)
        assert first.finished() == {CELL.address}


def test_who_leaves_gives_its_claims_back(tmp_path):
    with Store(tmp_path) as first:
        with Store(tmp_path) as second:
            second.claim(CELL)
        assert first.claim(CELL)


def run_and_kill(folder, *lines):
    """Run lines in a process with an open store, and kill it."""
    program = f"""
        import os, sys
        sys.path[:0] = {sys.path!r}
        from toy_cells import cells, expected
        from steelyard.workflow.store import Store, write_cell
        with Store({str(folder)!r}) as store:
            CELL, OTHER, THIRD = cells(3)
    """
    body = "".join(f"    {line}\n" for line in (*lines, "os.kill(os.getpid(), 9)"))
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program) + body], capture_output=True, check=False
    )
    assert done.returncode == -9, done.stderr


def test_the_claims_of_the_dead_are_taken_over(tmp_path):
    with Store(tmp_path) as store:
        run_and_kill(
            tmp_path,
            "store.claim(CELL), store.claim(OTHER)",
            "write_cell(store.folder, OTHER, expected(1))",  # renamed and not indexed
        )
        assert not store.claim(CELL)
        store.take_over()
        assert store.finished() == {OTHER.address}
        assert store.claim(CELL)
        assert not store.claim(OTHER)


def test_who_opens_a_run_takes_over_at_once(tmp_path):
    run_and_kill(tmp_path, "store.claim(CELL)")
    with Store(tmp_path) as store:
        assert store.claim(CELL)


def test_liveness_asks_no_clock(tmp_path, monkeypatch):
    with Store(tmp_path) as first:
        assert first.claim(CELL)
        for now in (0.0, 1e12):  # back to 1970, and far ahead
            monkeypatch.setattr(time, "time", lambda now=now: now)
            monkeypatch.setattr(time, "monotonic", lambda now=now: now)
            with Store(tmp_path) as second:
                assert not second.claim(CELL)
                second.take_over()
                assert second.claimed() == {CELL.address}


@pytest.mark.parametrize("position", range(0, 1000, 37))
def test_a_damaged_cell_is_never_read_as_another_result(position, tmp_path):
    write_cell(tmp_path, CELL, expected(7))
    path = cell_path(tmp_path, CELL.address)
    content = bytearray(path.read_bytes())
    position = position * len(content) // 1000
    content[position] ^= 0x10
    path.write_bytes(bytes(content))
    try:
        found = read_cell(tmp_path, CELL.address)
    except DataError:
        return
    np.testing.assert_array_equal(found.arrays["values"], expected(7).arrays["values"])
    assert found.metadata == expected(7).metadata


def test_a_cell_under_anothers_name_is_refused(tmp_path):
    write_cell(tmp_path, CELL, expected(0))
    path = cell_path(tmp_path, OTHER.address)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(cell_path(tmp_path, CELL.address).read_bytes())
    with pytest.raises(DataError, match="holds another cell than its name says"):
        read_cell(tmp_path, OTHER.address)


def test_a_damaged_file_is_left_out_of_a_new_index(tmp_path):
    with Store(tmp_path) as store:
        put(store, CELL)
    cell_path(tmp_path, CELL.address).write_bytes(b"PK\x03\x04 and no more")
    (tmp_path / INDEX).unlink()
    damaged = pytest.warns(SteelyardWarning, match=f"{CELL.address} was damaged")
    with damaged, Store(tmp_path) as again:
        assert again.finished() == set()
    assert not cell_path(tmp_path, CELL.address).exists()


def test_only_names_of_cells_are_read_from_the_folder(tmp_path):
    write_cell(tmp_path, CELL, expected(0))
    parent = cell_path(tmp_path, CELL.address).parent
    for name in ("notes.npz", f"{CELL.address}.npz.bak", "0" * 15 + ".npz", "f" * 17 + ".npz"):
        (parent / name).write_text("mine")
    (tmp_path / CELLS / "file").write_text("mine")
    (tmp_path / CELLS / "zz").mkdir()
    (tmp_path / CELLS / "zz" / f"{CELL.address}.npz").write_text("in another's folder")
    assert list(stored_addresses(tmp_path)) == [CELL.address]


@pytest.mark.parametrize("address", ["../../secret", "/etc/passwd", "", "0" * 17, "0" * 15 + "/"])
def test_what_is_no_address_leads_to_no_file(address, tmp_path):
    with pytest.raises(DataError, match="16 hexadecimal digits"):
        cell_path(tmp_path, address)


def test_work_is_declared(tmp_path):
    with Store(tmp_path) as store:
        store.declare({"n_trainings": 3}, [CELL, OTHER, CELL])
    work = json.loads((tmp_path / WORK).read_text())
    assert work["cells"] == [CELL.address, OTHER.address]
    assert (work["record"], work["n_trainings"]) == ("Work", 3)


def test_another_declaration_beside_a_living_one_is_refused(tmp_path):
    with Store(tmp_path) as first, Store(tmp_path) as second:
        first.declare({}, [CELL])
        second.declare({}, [CELL])
        with pytest.raises(OutputError, match=r"at work in .* on something else.*Hint: wait"):
            second.declare({}, [OTHER])
        with pytest.raises(OutputError, match=r"Another process is at work.*Hint: wait"):
            second.clear()
    with Store(tmp_path) as alone:
        alone.declare({}, [OTHER])


def test_more_cells_that_another_process_declared_stay_declared(tmp_path):
    def cells():
        return json.loads((tmp_path / WORK).read_text())["cells"]

    with Store(tmp_path) as first, Store(tmp_path) as second:
        first.declare({}, [CELL])
        first.declare_more({}, [OTHER])
        second.declare({}, [CELL])  # its first round
        assert cells() == [CELL.address, OTHER.address]
        with pytest.raises(OutputError, match="on something else"):
            second.declare({}, [OTHER])
    with Store(tmp_path) as alone:
        alone.declare({}, [CELL])
    assert cells() == [CELL.address]


def test_a_run_is_conducted_from_one_machine(tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr("socket.gethostname", lambda: "another.machine")
        there = Store(tmp_path).__enter__()
    with (
        pytest.raises(OutputError, match=r"'another-machine' is at work in .*--engine ray"),
        Store(tmp_path),
    ):
        pass
    there.__exit__()
    with Store(tmp_path):
        pass


def test_clearing_forgets_every_cell(tmp_path):
    with Store(tmp_path) as store:
        put(store, CELL)
        checkpoint_path(tmp_path, OTHER.address).mkdir(parents=True)
        store.clear()
        assert store.finished() == set()
        assert list(stored_addresses(tmp_path)) == []
        assert not checkpoint_path(tmp_path, OTHER.address).exists()
        put(store, CELL)


def test_a_finished_cell_needs_no_checkpoint(tmp_path):
    with Store(tmp_path) as store:
        checkpoint_path(tmp_path, CELL.address).mkdir(parents=True)
        put(store, CELL)
        assert not checkpoint_path(tmp_path, CELL.address).exists()


def test_somebody_elses_folder_is_refused_and_left_alone(tmp_path):
    (tmp_path / CELLS).mkdir()
    (tmp_path / CELLS / "biology.csv").write_text("mine")
    with pytest.raises(OutputError, match="not a steelyard run"), Store(tmp_path):
        pass
    assert names(tmp_path) == {CELLS}


def test_a_file_is_no_run(tmp_path):
    (tmp_path / "file").write_text("mine")
    for folder in (tmp_path / "file", tmp_path / "file" / "run"):
        with pytest.raises(OutputError, match="Hint: "), Store(folder):
            pass


def test_a_full_disk_is_told_and_nothing_is_half_written(tmp_path, monkeypatch):
    def full(handle):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with Store(tmp_path) as store:
        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", full)
            with pytest.raises(OutputError, match="No space left on device"):
                write_cell(store.folder, CELL, expected(0))
        assert not list((tmp_path / CELLS).rglob("*.*"))
        assert store.claim(CELL)


def test_a_full_index_is_told(tmp_path):
    with Store(tmp_path) as store:
        pages = store._index._connection.execute("PRAGMA page_count").fetchone()[0]
        store._index._connection.execute(f"PRAGMA max_page_count = {pages}")
        many = [Entry(f"{number:016x}", "x" * 500, 1) for number in range(100)]
        with pytest.raises(OutputError, match=r"index of the run cannot be written: .*full"):
            store._index.add(many)
        assert store.finished() == set()  # all of it or nothing
