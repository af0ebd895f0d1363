"""A run in one file: the same bytes for the same run, whole or not at all, and never trusted."""

import errno
import io
import os
import shutil
import stat
import struct
import zipfile
from pathlib import Path

import pytest
from run_cases import FOLDS, IMAGES, NETWORK, content, scored, stopped, weighed

from steelyard._support.errors import DataError, DataNotFoundError, OutputError, ParameterError
from steelyard._support.storage import read_json, write_json
from steelyard.records import Weighing
from steelyard.records.run_folder import INDEX, MANIFEST, REPORT, VERDICT, WORK, WORKERS
from steelyard.report import write_report
from steelyard.workflow.runs import archive, collect, export_run, open_run, read_run
from steelyard.workflow.store import Store, cell_path

NEVER_EXPORTED = {INDEX, "run.lock"}


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    return weighed(tmp_path_factory.mktemp("runs") / "original")


@pytest.fixture
def run(original, tmp_path):
    return Path(shutil.copytree(original, tmp_path / "run"))


@pytest.fixture(scope="module")
def exported(original, tmp_path_factory):
    file = tmp_path_factory.mktemp("exported") / "run.zip"
    export_run(original, file)
    return file


def test_it_holds_records_page_and_cells(original, exported):
    with zipfile.ZipFile(exported) as packed:
        held = {name: packed.read(name) for name in packed.namelist()}
    expected = {
        name: data for name, data in content(original).items() if name not in NEVER_EXPORTED
    }
    assert held == expected
    assert list(held) == sorted(held)
    assert sum(name.startswith("cells/") for name in held) == 4 + FOLDS


def test_equal_runs_give_equal_bytes(original, exported, tmp_path):
    copy = Path(shutil.copytree(original, tmp_path / "elsewhere"))
    for path in copy.rglob("*"):
        os.utime(path, (1, 1))
    (copy / "my notes.txt").write_text("not of the run")
    export_run(copy, tmp_path / "again.zip")
    assert (tmp_path / "again.zip").read_bytes() == exported.read_bytes()


def test_what_was_opened_exports_to_the_same_bytes(exported, tmp_path):
    open_run(exported, tmp_path / "opened")
    write_report(tmp_path / "opened")
    export_run(tmp_path / "opened", tmp_path / "again.zip")
    assert (tmp_path / "again.zip").read_bytes() == exported.read_bytes()


def test_what_was_opened_is_the_run(original, exported, tmp_path):
    opened = open_run(exported, tmp_path / "elsewhere" / "opened")
    state = read_run(original)
    assert opened.status == "complete"
    assert opened.facts == state.facts
    assert opened.verdict == state.verdict
    assert opened.n_done == len(opened.declared) == 4 + FOLDS
    there, here = content(tmp_path / "elsewhere" / "opened"), content(original)
    for name in here.keys() - NEVER_EXPORTED - {REPORT}:
        assert there[name] == here[name]
    assert there.keys() == here.keys() - {INDEX, REPORT}  # somebody's page may hold scripts
    assert list(tmp_path.joinpath("elsewhere").iterdir()) == [tmp_path / "elsewhere" / "opened"]
    write_report(tmp_path / "elsewhere" / "opened")
    page = (tmp_path / "elsewhere" / "opened" / REPORT).read_bytes()
    assert page == here[REPORT]


@pytest.mark.parametrize("make", ["trees", "networks", "scores"])
def test_the_same_command_computes_nothing_where_it_was_opened(make, tmp_path, monkeypatch):
    def go(folder):
        if make == "scores":
            return scored(folder)
        return weighed(folder) if make == "trees" else weighed(folder, IMAGES, NETWORK)

    go(tmp_path / "run")
    export_run(tmp_path / "run", tmp_path / "run.zip")
    open_run(tmp_path / "run.zip", tmp_path / "opened")
    trained = []
    monkeypatch.setattr("steelyard.workflow.trainings.fit_ensemble", trained.append)
    go(tmp_path / "opened")
    assert trained == []
    if make != "scores":
        theirs, ours = (tmp_path / name / VERDICT for name in ("opened", "run"))
        assert theirs.read_bytes() == ours.read_bytes()


def test_without_cells_it_is_a_complete_run_all_the_same(run, tmp_path):
    names = export_run(run, tmp_path / "small.zip", cells=False)
    assert not any(name.startswith("cells/") for name in names)
    opened = open_run(tmp_path / "small.zip", tmp_path / "opened")
    assert (opened.status, opened.n_done, len(opened.declared)) == ("complete", 0, 4 + FOLDS)
    assert Weighing.load(tmp_path / "opened").verdict == opened.verdict
    assert collect(tmp_path / "opened") == []


def test_an_older_run_without_cells_is_carried_too(run, tmp_path):
    for name in (WORK, INDEX, "run.lock"):
        (run / name).unlink()
    shutil.rmtree(run / "cells")
    export_run(run, tmp_path / "old.zip")
    assert open_run(tmp_path / "old.zip", tmp_path / "opened").status == "complete"


def test_only_declared_cells_are_carried(run, tmp_path):
    work = read_json(run / WORK, "Work")
    dropped = work["cells"].pop()
    write_json(work, run / WORK)
    names = export_run(run, tmp_path / "run.zip")
    assert f"cells/{dropped[:2]}/{dropped}.npz" not in names
    assert sum(name.startswith("cells/") for name in names) == 3 + FOLDS


def test_what_did_not_finish_is_not_exported(run, tmp_path):
    file = tmp_path / "run.zip"
    with pytest.raises(DataError, match=r"did not finish.*run the same command again"):
        export_run(stopped(tmp_path / "stopped"), file)
    with Store(run), pytest.raises(DataError, match=r"did not finish.*wait for it"):
        export_run(run, file)
    with pytest.raises(DataNotFoundError, match="There is no run"):
        export_run(tmp_path / "none", file)
    with pytest.raises(ParameterError, match="nothing but cells"):
        export_run(scored(tmp_path / "scored"), file, cells=False)
    assert not file.exists()
    export_run(run, file)
    with pytest.raises(DataError, match="is a file, not a run folder"):
        export_run(file, tmp_path / "again.zip")


@pytest.mark.parametrize("name", ["scores.parquet", "evaluation-test.json", "gallery.parquet"])
def test_a_changed_record_is_not_exported(name, run, tmp_path):
    (run / name).write_bytes((run / name).read_bytes() + b" ")
    with pytest.raises(DataError, match=f"{name}' is missing or was changed"):
        export_run(run, tmp_path / "run.zip")
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_a_full_disk_leaves_the_earlier_file(run, tmp_path, monkeypatch):
    (tmp_path / "run.zip").write_text("the earlier file")
    monkeypatch.setattr(os, "fsync", full_disk())
    with pytest.raises(OutputError, match="No space left on device"):
        export_run(run, tmp_path / "run.zip")
    assert {path.name for path in tmp_path.iterdir()} == {"run", "run.zip"}
    assert (tmp_path / "run.zip").read_text() == "the earlier file"


@pytest.mark.parametrize("stage", [0, 3, 12])
def test_a_full_disk_leaves_no_half_run(stage, exported, tmp_path, monkeypatch):
    monkeypatch.setattr(os, "fsync", full_disk(stage))
    with pytest.raises(OutputError, match=r"No space left on device.*nothing was left half"):
        open_run(exported, tmp_path / "opened")
    assert list(tmp_path.iterdir()) == []


def full_disk(after=0):
    real, seen = os.fsync, []

    def fsync(handle):
        seen.append(handle)
        if len(seen) > after:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(handle)

    return fsync


def test_an_interruption_leaves_no_half_run(exported, tmp_path, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "rename", interrupted)
    with pytest.raises(KeyboardInterrupt):
        open_run(exported, tmp_path / "opened")
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_is_too_small_is_known_before(exported, tmp_path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)._replace(free=1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with pytest.raises(OutputError, match=r"needs [\d,]+ bytes; .* has 1,000 left"):
        open_run(exported, tmp_path / "opened")
    assert list(tmp_path.iterdir()) == []


def test_where_it_may_be_opened(exported, tmp_path, monkeypatch):
    (tmp_path / "empty").mkdir()
    assert open_run(exported, tmp_path / "empty").status == "complete"
    with pytest.raises(OutputError, match="holds files"):
        open_run(exported, tmp_path / "empty")
    (tmp_path / "file").write_text("mine")
    with pytest.raises(OutputError, match="is there and no folder"):
        open_run(exported, tmp_path / "file")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    with pytest.raises(OutputError, match="is there and no folder"):
        open_run(exported, tmp_path / "link")
    with pytest.raises(OutputError, match=r"Cannot write .*file"):
        open_run(exported, tmp_path / "file" / "below")
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    with pytest.raises(OutputError, match="working folder itself"):
        open_run(exported, Path("."))
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"empty", "file", "link", "here"}
    assert (tmp_path / "file").read_text() == "mine"


class Forger:
    """Writes an export anew, with what its bearer wished to be in it."""

    def __init__(self, exported):
        with zipfile.ZipFile(exported) as packed:
            self.members = {info.filename: packed.read(info) for info in packed.infolist()}

    def write(self, path, *more, drop=()):
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
            for name, data in self.members.items():
                if name not in drop:
                    packed.writestr(name, data)
            for member, data in more:
                packed.writestr(member, data)
        return path


@pytest.fixture
def forger(exported):
    return Forger(exported)


def member(name, *, mode=None, method=zipfile.ZIP_STORED):
    info = zipfile.ZipInfo(name)
    info.compress_type = method
    if mode is not None:
        info.create_system, info.external_attr = 3, mode << 16
    return info


ADDRESS = "0123456789abcdef"
HOSTILE = [
    "/etc/passwd",
    "/verdict.json",
    "../verdict.json",
    "cells/../../verdict.json",
    "cells/01/../../../out.npz",
    "./verdict.json",
    "a/b/c/d",
    "..\\verdict.json",
    "C:\\verdict.json",
    "C:/verdict.json",
    "C:verdict.json",
    "\\\\host\\share\\verdict.json",
    "",
    ".",
    "..",
    "cells/",
    "cells/01/",
    f"cells/02/{ADDRESS}.npz",
    f"cells/01/{ADDRESS.upper()}.npz",
    f"cells/01/{ADDRESS}0.npz",
    f"cells/01/{ADDRESS}.npz\n",
    f"cells/{ADDRESS}.npz",
    f"CELLS/01/{ADDRESS}.npz",
    "Verdict.json",
    "verdict.json\n",
    "notes.txt",
    ".bashrc",
    "index.sqlite",
    "run.lock",
    f"{WORKERS}/a-1-b/alive.lock",
    "unfinished/x/stack.npz",
    ".verdict.json.0a1b2c3d.part",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_that_no_run_holds_is_refused(name, forger, tmp_path):
    file = forger.write(tmp_path / "hostile.zip", (member(name), b"{}"))
    refused(file, tmp_path, "no name of a file of a run")


def test_a_name_that_is_cut_at_a_zero_byte_is_refused(forger, tmp_path):
    file = forger.write(tmp_path / "hostile.zip", (member("gallery.npz.html"), b"x"))
    data = file.read_bytes()
    file.write_bytes(data.replace(b"gallery.npz.html", b"gallery.npz\0html"))
    refused(file, tmp_path, r"no name of a file of a run")


@pytest.mark.parametrize(
    "kind", [stat.S_IFLNK, stat.S_IFDIR, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFSOCK]
)
def test_what_is_no_plain_file_is_refused(kind, forger, tmp_path):
    info = member("gallery.npz", mode=kind | 0o777)
    refused(
        forger.write(tmp_path / "hostile.zip", (info, b"/etc/passwd")), tmp_path, "no plain file"
    )


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_that_comes_twice_is_refused(forger, tmp_path):
    file = forger.write(tmp_path / "hostile.zip", (member(VERDICT), b"{}"))
    refused(file, tmp_path, r"verdict.json', twice")


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_compressions_are_refused(method, forger, tmp_path):
    file = forger.write(
        tmp_path / "hostile.zip", (member("gallery.npz", method=method), b"0" * 1000)
    )
    refused(file, tmp_path, "compressed as no export is")


def test_an_encrypted_member_is_refused(forger, tmp_path):
    file = forger.write(tmp_path / "hostile.zip", (member("gallery.npz"), b"secret"))
    with_central(file, "gallery.npz", 8, "<H", 1)
    refused(file, tmp_path, "which is encrypted")


def with_central(file, name, offset, layout, value):
    """Write a value into the entry of a member in the directory at the end of a zip."""
    data = bytearray(file.read_bytes())
    entry = data.rindex(b"PK\1\2", 0, data.rindex(name.encode()))
    struct.pack_into(layout, data, entry + offset, value)
    file.write_bytes(bytes(data))


def test_a_bomb_is_refused_before_it_is_unpacked(forger, tmp_path, monkeypatch):
    zeros = member("gallery.npz", method=zipfile.ZIP_DEFLATED)
    file = forger.write(tmp_path / "bomb.zip", (zeros, bytes(2**26)), drop={REPORT})
    assert file.stat().st_size < 2**20
    monkeypatch.setattr(archive, "_ALWAYS_ALLOWED", 2**20)
    monkeypatch.setattr(archive, "_extract", pytest.fail)
    refused(file, tmp_path, r"bytes and would become 6\d,\d+,\d+")


def test_a_bomb_of_terabytes_needs_no_patience(forger, tmp_path):
    file = forger.write(tmp_path / "bomb.zip", (member("gallery.npz"), b"x"))
    with_central(file, "gallery.npz", 24, "<I", 2**32 - 2)
    refused(file, tmp_path, r"would become 4,(29|30)\d,")


@pytest.mark.parametrize("announced", [10, 2000])
def test_a_size_that_is_a_lie_is_noticed(announced, forger, tmp_path):
    info = member("gallery.npz", method=zipfile.ZIP_DEFLATED)
    file = forger.write(tmp_path / "lie.zip", (info, bytes(1000)))
    with_central(file, "gallery.npz", 24, "<I", announced)
    refused(file, tmp_path, r"no readable zip: .*gallery.npz")


def test_damage_is_noticed(exported, tmp_path):
    file = tmp_path / "damaged.zip"
    data = bytearray(exported.read_bytes())
    with zipfile.ZipFile(exported) as packed:
        at = packed.getinfo("predictions.parquet").header_offset + 200
    data[at] ^= 1
    file.write_bytes(data)
    refused(file, tmp_path, "no readable zip: Bad CRC")
    file.write_bytes(exported.read_bytes()[:-1000])
    refused(file, tmp_path, "no readable zip")


def test_what_is_no_zip_is_refused(tmp_path):
    file = tmp_path / "run.zip"
    for data in (b"", b"PK", b"no zip at all" * 100):
        file.write_bytes(data)
        refused(file, tmp_path, "no readable zip")
    with zipfile.ZipFile(file, "w"):
        pass
    refused(file, tmp_path, "holds no whole run")
    with pytest.raises(DataNotFoundError, match="There is no file"):
        open_run(tmp_path / "none.zip", tmp_path / "opened")
    with pytest.raises(DataNotFoundError, match="There is no file"):
        open_run(tmp_path, tmp_path / "opened")


@pytest.mark.parametrize("name", [VERDICT, "scores.parquet", "evaluation-validation.json"])
def test_a_changed_or_missing_record_is_refused(name, forger, tmp_path):
    file = tmp_path / "changed.zip"
    forger.write(file, drop={name})
    refused(file, tmp_path, f"holds no whole run: '?{name}'? is missing or was changed")
    forger.members[name] += b" "
    forger.write(file)
    refused(file, tmp_path, f"holds no whole run: '?{name}'? is missing or was changed")


def test_a_record_that_the_manifest_does_not_know_is_refused(forger, tmp_path):
    file = forger.write(tmp_path / "more.zip", (member("gallery.npz"), b"x"))
    refused(file, tmp_path, r"the manifest does not know 'gallery.npz'")


def test_a_cell_that_was_not_declared_is_refused(forger, tmp_path):
    name = f"cells/{ADDRESS[:2]}/{ADDRESS}.npz"
    file = forger.write(tmp_path / "more.zip", (member(name), b"x"))
    refused(file, tmp_path, "cells that the run does not declare")


def test_a_run_without_its_manifest_is_refused(forger, tmp_path):
    file = forger.write(tmp_path / "less.zip", drop={MANIFEST})
    refused(file, tmp_path, "did not finish")
    forger.write(file, drop={MANIFEST, WORK})
    refused(file, tmp_path, "neither manifest.json nor work.json")


@pytest.mark.parametrize("name", ["/etc/passwd", "../../secret.npz", "gallery.csv", None])
def test_a_manifest_may_not_point_out_of_its_folder(name, original, tmp_path):
    run = Path(shutil.copytree(original, tmp_path / "run"))
    manifest = read_json(run / MANIFEST, "Manifest")
    write_json({**manifest, "gallery": name}, run / MANIFEST)
    with pytest.raises(DataError, match="must name each file that a run writes"):
        Weighing.load(run)
    export_run(run, tmp_path / "run.zip")
    refused(tmp_path / "run.zip", tmp_path, "must name each file that a run writes")
    if name is not None:
        write_json({**manifest, "files": {**manifest["files"], name: "0"}}, run / MANIFEST)
        with pytest.raises(DataError, match="must name each file that a run writes"):
            Weighing.load(run)


def test_a_cell_that_was_exchanged_is_computed_again(forger, exported, tmp_path):
    # cells have no digest in the manifest; each says whose it is, and another's is not taken
    first, second, *_ = sorted(name for name in forger.members if name.startswith("cells/"))
    forger.members[first] = forger.members[second]
    state = open_run(forger.write(tmp_path / "run.zip"), tmp_path / "opened")
    assert state.status == "complete"
    with pytest.warns(UserWarning, match="was damaged; it is computed again"):
        weighed(tmp_path / "opened")
    good = io.BytesIO(exported.read_bytes())
    with zipfile.ZipFile(good) as packed:
        assert (tmp_path / "opened" / VERDICT).read_bytes() == packed.read(VERDICT)
        path = cell_path(tmp_path / "opened", Path(first).stem)
        assert path.read_bytes() == packed.read(first)


def refused(file, folder, message):
    """It is refused in one line, by every verb that reads it, and nothing is written anywhere."""
    before = {path.name for path in folder.iterdir()}
    with pytest.raises(DataError, match=message) as caught:
        open_run(file, folder / "opened")
    assert "\n" not in str(caught.value)
    assert caught.value.hint
    assert {path.name for path in folder.iterdir()} == before
    assert not (folder.parent / "verdict.json").exists()
