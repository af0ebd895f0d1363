"""Kill a weighing and a grid of 200 trainings at random moments, resume, and compare every byte.

    python benchmarks/kills.py [--kills 50] [--work weigh grid] [--seed 0]

Each time a new run is begun in a process of its own, with workers, and killed with SIGKILL: half of
the times the conducting process alone, half of the times its workers with it. The same command is
then run to its end. Counted are

- lost: runs that did not end, or whose records or cells have other bytes than undisturbed ones;
- again: cells that were stored before the kill and whose file was replaced after it. A cell is
  stored whenever it is computed, so that a replaced file is a second computation.

Three moments that chance seldom meets are then made on purpose: before the renaming of a cell's
file, between renaming and index, and in the middle of the index's transaction.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import os
import pathlib
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from side_by_side import machine

MOMENTS = ("before the renaming", "between renaming and index", "in the index")
WEIGH = ["digits", "--seeds", "6"]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--work", nargs="+", default=["weigh", "grid"], choices=["weigh", "grid"])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--child", nargs=2, metavar=("WORK", "FOLDER"), help=argparse.SUPPRESS)
    parser.add_argument("--die", help=argparse.SUPPRESS)
    words = parser.parse_args()
    if words.child:
        _child(*words.child, words.die)
        return 0
    print(machine())
    failures = 0
    for work in words.work:
        failures += kill_often(work, words.kills, random.Random(words.seed))
    return int(failures > 0)


def kill_often(work: str, kills: int, chance: random.Random) -> int:
    """Kill and resume; print a line and return how often anything was lost or done again."""
    with tempfile.TemporaryDirectory() as parent:
        undisturbed = Path(parent) / "undisturbed"
        began = time.monotonic()
        _run(work, undisturbed)
        lasts = time.monotonic() - began
        wanted = _digests(undisturbed)
        lost = again = in_time = kept = 0
        for number in range(kills):
            folder = Path(parent) / "run"
            process = _start(work, folder)
            time.sleep(chance.uniform(0, lasts))
            in_time += process.poll() is None
            _kill(process, with_workers=number % 2 == 1)
            stored = _files(folder)
            kept += len(stored)
            bad, twice = _resume(work, folder, wanted, stored)
            lost, again = lost + bad, again + twice
            shutil.rmtree(folder)
        print(
            f"{work}: {kills} kills, {in_time} of them before the end of a run of {lasts:.1f} s; "
            f"{kept / kills:.1f} of {len(wanted['cells'])} cells were kept on average; "
            f"lost {lost}, again {again}",
            flush=True,
        )
        failures = lost + again
        for moment in MOMENTS:
            folder = Path(parent) / "run"
            process = _start(work, folder, die=moment)
            process.wait()
            stored = _files(folder)
            killed = process.returncode == -signal.SIGKILL
            bad, twice = _resume(work, folder, wanted, stored)
            print(
                f"{work}, killed {moment}: {len(stored)} cells kept, lost {bad}, again {twice}"
                + ("" if killed else " (NOT KILLED)"),
                flush=True,
            )
            failures += bad + twice + (not killed)
            shutil.rmtree(folder)
    return failures


def _resume(
    work: str, folder: Path, wanted: dict[str, dict[str, str]], stored: dict[str, tuple[int, int]]
) -> tuple[int, int]:
    """Run the command to its end; return whether anything was lost, and how many were replaced."""
    try:
        _run(work, folder)
    except subprocess.CalledProcessError as error:
        print(error.stderr, file=sys.stderr)
        return 1, 0
    found, after = _digests(folder), _files(folder)
    different = [
        name
        for part in wanted
        for name in wanted[part] | found[part]
        if wanted[part].get(name) != found[part].get(name)
    ]
    if different:
        print(f"{work}: other bytes in {different[:5]}", file=sys.stderr)
    return int(bool(different)), sum(after.get(name) != stored[name] for name in stored)


def _start(work: str, folder: Path, die: str | None = None) -> subprocess.Popen:
    words = [sys.executable, __file__, "--child", work, str(folder)]
    return subprocess.Popen(
        words + (["--die", die] if die else []),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def _run(work: str, folder: Path) -> None:
    process = _start(work, folder)
    out, errors = process.communicate(timeout=600)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, work, out, errors)


def _kill(process: subprocess.Popen, with_workers: bool) -> None:
    with contextlib.suppress(ProcessLookupError):  # it may have ended just now
        if with_workers:
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    process.wait()
    process.stdout.close()
    process.stderr.close()


def _files(folder: Path) -> dict[str, tuple[int, int]]:
    """Return which file each cell is; one that is written again is another."""
    found = {}
    for path in (folder / "cells").glob("*/*.npz"):
        status = path.stat()
        found[path.name] = (status.st_ino, status.st_ctime_ns)
    return found


def _digests(folder: Path) -> dict[str, dict[str, str]]:
    """Return the SHA-256 of every record, and of every cell; times of day stand in neither."""
    apart = {"manifest.json", "report.html", "work.json"}
    records = [one for one in folder.iterdir() if one.suffix in (".json", ".parquet", ".npz")]
    cells = (folder / "cells").glob("*/*.npz")
    return {
        "records": {one.name: _digest(one) for one in records if one.name not in apart},
        "cells": {one.name: _digest(one) for one in cells},
    }


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _child(work: str, folder: str, die: str | None) -> None:
    """Do the work in this process; die at a moment of the third cell, if one is named."""
    if die:
        _arrange_death(die)
    workers = "1" if die else "2"
    if work == "weigh":
        from steelyard.cli import main as steelyard

        steelyard(["weigh", *WEIGH, "--out", folder, "--workers", workers])
    from steelyard.records.predictions_table import save_predictions
    from steelyard.workflow.engines import Local
    from steelyard.workflow.study import train_study

    study, train_part, held_out = grid()
    with Local(int(workers)) as engine:
        engine.start()
        predictions, dynamics, _ = train_study(
            study, train_part, held_out, run=folder, engine=engine
        )
    save_predictions(predictions, Path(folder) / "predictions.parquet")
    dynamics.save(Path(folder) / "dynamics.npz")


def grid():
    """Return 200 trainings: 40 arms, eight recipes by five degrees, in 5 repetitions."""
    import steelyard as sy
    from steelyard.records import Recipe
    from steelyard.records.study import Arm, Study

    data = sy.split(sy.load("digits"))
    arms = [
        Arm(
            f"{width} units, {epochs} epochs, degree {degree}",
            Recipe("mlp", widths=(width,), epochs=epochs, batch_size=256),
            degree,
        )
        for width in (8, 16, 24, 32)
        for epochs in (2, 3)
        for degree in (0.0, 0.25, 0.5, 0.75, 1.0)
    ]
    study = Study("grid", tuple(arms), repetitions=5)
    return study, data.part("train"), [data.part("validation"), data.part("test")]


def _arrange_death(moment: str) -> None:
    """Let this process be killed at a moment of its third cell."""
    met = 0

    def third() -> bool:
        nonlocal met
        met += 1
        return met == 3

    def die() -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    rename = pathlib.Path.replace

    def renamed(path: Path, target: Path):  # type: ignore[no-untyped-def]
        ours = Path(target).parent.parent.name == "cells" and third()
        if ours and moment == MOMENTS[0]:
            die()
        result = rename(path, target)
        if ours and moment == MOMENTS[1]:
            die()
        return result

    pathlib.Path.replace = renamed  # type: ignore[method-assign]
    connect = sqlite3.connect

    def connected(*words, **values):  # type: ignore[no-untyped-def]
        connection = connect(*words, **values)
        if moment == MOMENTS[2]:
            added = 0

            def watch(statement: str) -> None:
                nonlocal added
                added += statement.startswith("INSERT OR REPLACE INTO cells")
                if added == 3 and statement.startswith("DELETE FROM claims WHERE address"):
                    die()

            connection.set_trace_callback(watch)
        return connection

    sqlite3.connect = connected


if __name__ == "__main__":
    sys.exit(main())
