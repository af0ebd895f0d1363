"""Real disks that are full or read-only: a clear error, and then the same command goes on."""

import subprocess

import numpy as np
import pytest
from toy_data import toy_images

from steelyard._support.errors import OutputError
from steelyard.cli.app import run
from steelyard.records.run_folder import VERDICT
from steelyard.workflow.store import Store, stored_addresses

QUICK = ["--degrees", "0,0.5,1", "--seeds", "8", "--probe", "mlp", "--workers", "1"]


def mount(path, *options):
    words = ["mount", "-t", "tmpfs", "-o", ",".join(options), "tmpfs", str(path)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"a file system cannot be mounted here: {done.stderr.strip()}")


@pytest.fixture
def disk(tmp_path):
    """Return a function that mounts or remounts a small disk, and the folder where it stands."""
    path = tmp_path / "disk"
    path.mkdir()
    mounted = []

    def of(*options):
        mount(path, *(["remount"] if mounted else []), *options)
        mounted.append(options)
        return path

    yield of
    if mounted:
        subprocess.run(["umount", "-l", str(path)], check=True)


@pytest.fixture
def data(tmp_path):
    labelled = toy_images((120, 60, 20), noise=120.0)
    path = tmp_path / "images.npz"
    np.savez(path, X=labelled.inputs[..., 0], y=labelled.labels)
    return str(path)


@pytest.mark.slow
@pytest.mark.parametrize("kilobytes", [4, 32, 100, 160, 260, 400, 3000])
def test_a_full_disk_is_told_and_the_same_command_goes_on(kilobytes, disk, data, tmp_path, capsys):
    assert run(["weigh", data, *QUICK, "--out", str(tmp_path / "undisturbed")]) == 0
    out = disk(f"size={kilobytes}k") / "run"
    words = ["weigh", data, *QUICK, "--out", str(out)]
    capsys.readouterr()
    assert run(words) == 2
    said = capsys.readouterr().err
    assert said.startswith("Error: ")
    assert "No space left" in said or "full" in said or "disk I/O" in said
    assert "Hint: " in said
    assert said.count("\n") == 1
    kept = {path: path.read_bytes() for path in out.glob("cells/*/*.npz")}
    disk("size=100m")
    assert run(words) == 0
    assert (out / VERDICT).read_bytes() == (tmp_path / "undisturbed" / VERDICT).read_bytes()
    assert {path: path.read_bytes() for path in kept} == kept
    if kilobytes >= 400:
        assert kept


@pytest.mark.slow
def test_a_read_only_folder_is_told_before_the_work(disk, data, capsys):
    out = disk("size=100m") / "run"
    words = ["weigh", data, *QUICK, "--out", str(out)]
    for state in ("empty", "with a run"):
        disk("ro")
        assert run(words) == 2, state
        said = capsys.readouterr().err
        assert said.startswith("Error: Cannot keep a run in")
        assert "Read-only file system" in said
        with pytest.raises(OutputError, match="Read-only"), Store(out):
            pass
        disk("rw")
        if state == "empty":
            assert run(words) == 0
            capsys.readouterr()
    assert len(list(stored_addresses(out))) == 5  # three degrees in four stacks, and the folds
