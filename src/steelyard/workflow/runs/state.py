"""What a run is, how far it is and who is at work in it, read while anybody may write.

Nothing is written. The folder of cells is the truth; the index adds names and times.
"""

from __future__ import annotations

import contextlib
import datetime
import os
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from steelyard._support.errors import DataError, DataNotFoundError, SteelyardError
from steelyard._support.storage import npz_metadata, read_json, read_parquet
from steelyard._support.validation import did_you_mean, nearest
from steelyard.records.recipe import Recipe
from steelyard.records.run_folder import (
    INDEX,
    MANIFEST,
    PLAN,
    VERDICT,
    WORK,
    WORKERS,
    digest,
)
from steelyard.records.verdict import Verdict
from steelyard.workflow.index import Entry, Index
from steelyard.workflow.presence import living
from steelyard.workflow.runs.archive import unpack
from steelyard.workflow.store import cell_path, stored_addresses

_NAMED = "name a run folder or an exported file; `steelyard runs list` shows the runs."
DAMAGED = "(damaged)"  # the name of a cell that cannot be read


@dataclass(frozen=True)
class RunState:
    """A run at one moment.

    Parameters
    ----------
    path : str
        The folder or the exported file, as it was named.
    status : {"complete", "running", "stopped"}
        Running: a living process is at work in it. Stopped: the same command goes on from there.
    facts : mapping of str to mapping
        What is known of "data", "split", "study", "recipe" (the values in use), "seeds",
        "versions" and "command", as plain values; a run that has not finished knows less.
    verdict : Verdict, optional
        None where it is not there yet, or the run is no weighing.
    verdict_digest : str, optional
        SHA-256 of its file.
    is_overtaken : bool
        The records are of an earlier command than the cells.
    declared : tuple of str
        Addresses of the cells that the run is to have.
    cells : tuple of Entry
        Those that are there, by address.
    under_way : mapping of str to str
        Who computes which cell: worker by address, of the living.
    at_work : tuple of str
        The processes at work, in words.
    bytes : int
        Size on the disk.
    started : str
        When, in UTC, as ISO 8601.
    seconds : float, optional
        What it took, where it is complete and the records say so.
    """

    path: str
    status: str
    facts: Mapping[str, Mapping[str, Any]]
    verdict: Verdict | None
    verdict_digest: str | None
    is_overtaken: bool
    declared: tuple[str, ...]
    cells: tuple[Entry, ...]
    under_way: Mapping[str, str]
    at_work: tuple[str, ...]
    bytes: int
    started: str
    seconds: float | None = None

    @property
    def n_done(self) -> int:
        """How many of the declared cells are there."""
        return len(set(self.declared) & {cell.address for cell in self.cells})


def read_run(path: str | Path) -> RunState:
    """Read a run, from its folder or from the file that `export_run` wrote.

    Raises
    ------
    DataNotFoundError, DataError
        If there is no run, or its records are damaged.
    """
    with run_folder(path) as folder:
        try:
            return _read(folder, Path(path))
        except SteelyardError:
            raise
        except OSError as error:
            raise DataError(f"Cannot read the run in {str(path)!r}: {error.strerror}.") from error
        except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
            raise DataError(
                f"A record of the run in {str(path)!r} lacks what it should hold "
                f"({type(error).__name__}: {error}).",
                hint="run the same command again.",
            ) from error


@contextlib.contextmanager
def run_folder(path: str | Path) -> Iterator[Path]:
    """Yield the folder of a run; an exported file is unpacked while the block runs.

    Raises
    ------
    DataNotFoundError, DataError
        If there is neither, or the file is no export.
    """
    path = Path(path)
    if path.is_dir():
        yield path
    elif path.is_file():
        with tempfile.TemporaryDirectory(prefix="steelyard-") as folder:
            unpack(path, Path(folder))
            yield Path(folder)
    else:
        raise no_run(path)


def no_run(path: Path) -> DataNotFoundError:
    """Return what to raise where a path is no run, with the names that are near."""
    if path.is_dir():
        message = f"{str(path)!r} holds no run: neither {MANIFEST} nor {WORK}."
        return DataNotFoundError(message, hint=_NAMED)
    siblings = os.listdir(path.parent) if path.parent.is_dir() else []
    hint = did_you_mean(path.name, siblings) if nearest(path.name, siblings) else _NAMED
    return DataNotFoundError(f"There is no run {str(path)!r}.", hint=hint)


def _read(folder: Path, path: Path) -> RunState:
    manifest, work = _record(folder, MANIFEST, "Manifest"), _record(folder, WORK, "Work")
    if manifest is None and work is None:
        raise no_run(path)
    if manifest is not None and manifest.get("status") != "complete":
        manifest = None  # it says no more than that it is being written
    trained_on = None
    if manifest is not None and (folder / PLAN).is_file():
        trained_on = read_parquet(folder / PLAN, "Plan")[1]["data_fingerprint"]
    overtaken = manifest is not None and work is not None and not _fits(manifest, trained_on, work)
    records = None if overtaken else manifest
    verdict, verdict_digest = _verdict(folder, records) if records else (None, None)
    declared = () if work is None else tuple(map(str, work["cells"]))
    known, claims = _index(folder)
    cells = tuple(_cells(folder, known))
    at_work = living(folder / WORKERS)
    if at_work:
        status = "running"
    elif records or (_is_finished_without_records(work) and _holds(cells, declared)):
        status = "complete"
    else:
        status = "stopped"
    facts: dict[str, Any] = {}
    if work is not None:
        facts |= _facts_of_work(work)
    if records is not None:
        facts |= _facts_of_manifest(records, trained_on)
    return RunState(
        str(path),
        status,
        facts,
        verdict,
        verdict_digest,
        overtaken,
        declared,
        cells,
        {address: _process(token) for address, token in claims.items() if token in at_work},
        tuple(_process(token) for token in sorted(at_work)),
        path.stat().st_size if path.is_file() else size_of(folder),
        records["started"] if records else _written(folder),
        records["wall_seconds"] if records else None,
    )


def _record(folder: Path, name: str, kind: str) -> dict[str, Any] | None:
    try:
        return read_json(folder / name, kind)
    except DataNotFoundError:
        return None


def _fits(manifest: Mapping[str, Any], trained_on: str | None, work: Mapping[str, Any]) -> bool:
    """Whether the records are of what the cells were declared for."""
    return (
        manifest["study"] == work.get("study")
        and manifest["name"] == work["data"]["name"]
        and trained_on in (None, work["data"]["fingerprint"])
    )


def _is_finished_without_records(work: Mapping[str, Any] | None) -> bool:
    return work is not None and "study" not in work  # of `score`: its cells are all that it keeps


def _holds(cells: tuple[Entry, ...], declared: tuple[str, ...]) -> bool:
    return set(declared) <= {cell.address for cell in cells}


def _verdict(folder: Path, manifest: Mapping[str, Any]) -> tuple[Verdict, str]:
    """Return the verdict and its digest; the other records are only seen to be there."""
    expected = manifest["files"][VERDICT]
    for name in manifest["files"]:
        if not (folder / name).is_file() or (name == VERDICT and digest(folder / name) != expected):
            raise DataError(
                f"{str(folder / name)!r} is missing or was changed since the run wrote it.",
                hint="run the same command again.",
            )
    return Verdict.load(folder / VERDICT), expected


def _facts_of_work(work: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    data = {"name": work["data"]["name"], "training_part": work["data"]["fingerprint"]}
    if "study" in work:
        study = work["study"]
        return {
            "data": data,
            "study": _study(study),
            "recipe": _in_use(study["arms"][0]["recipe"]),
            "seeds": {"seed": study["seed"]},
        }
    score = work.get("score", {})
    return {
        "data": data,
        "study": {"kind": "score" if score else "train", "trainings": work["n_trainings"]},
        **({"recipe": _in_use(score["recipe"])} if "recipe" in score else {}),
        **({"seeds": {"seed": score["seed"]}} if "seed" in score else {}),
    }


def _facts_of_manifest(
    manifest: Mapping[str, Any], trained_on: str | None
) -> dict[str, dict[str, Any]]:
    return {
        "data": {
            "name": manifest["name"],
            "samples": manifest["n"],
            "modality": manifest["modality"],
            "classes": manifest["classes"],
            "fingerprint": manifest["fingerprint"],
            **({} if trained_on is None else {"training_part": trained_on}),
        },
        "split": {
            **{part: manifest[f"n_{part}"] for part in ("train", "validation", "test")},
            "given": manifest["split"]["given"],
            **{f"drawn_{part}": share for part, share in manifest["split"]["drawn"].items()},
        },
        "study": _study(manifest["study"]),
        "recipe": _in_use(manifest["probe"]),
        "seeds": {"seed": manifest["seed"]},
        "versions": manifest["versions"],
        "command": {"command": manifest["command"]},
    }


def _study(study: Mapping[str, Any]) -> dict[str, Any]:
    arms = study["arms"]
    hardness = [arm["degree"] for arm in arms if arm.get("by") == "hardness"]
    plain = all(arm["name"] == f"degree={arm['degree']:g}" for arm in arms)
    return {
        "kind": study["name"],
        **({} if plain else {"arms": [arm["name"] for arm in arms]}),
        "degrees": [arm["degree"] for arm in arms if arm.get("by") != "hardness"],
        **({"hardness_degrees": hardness} if hardness else {}),
        "repetitions": study["repetitions"],
        "trainings": len(arms) * study["repetitions"],
    }


def _in_use(values: dict[str, Any]) -> dict[str, Any]:
    recipe = Recipe.from_dict(values)
    return {name: recipe.to_dict()[name] for name in recipe.in_use}


def _cells(folder: Path, known: Mapping[str, Entry]) -> Iterator[Entry]:
    with contextlib.suppress(FileNotFoundError):  # an older run has no cells
        for address in sorted(stored_addresses(folder)):
            if address in known:
                yield known[address]
                continue
            path = cell_path(folder, address)
            with contextlib.suppress(FileNotFoundError):  # removed since
                yield Entry(address, _name(path), path.stat().st_size)


def _name(path: Path) -> str:
    try:
        return str(npz_metadata(path, "Cell")["name"])
    except (DataError, KeyError):
        return DAMAGED


def _index(folder: Path) -> tuple[dict[str, Entry], dict[str, str]]:
    """Return what the index says of cells and of claims; nothing where it cannot be read."""
    try:
        with contextlib.closing(Index.read(folder / INDEX)) as index:
            return {entry.address: entry for entry in index.entries()}, index.claims()
    except (DataError, sqlite3.DatabaseError):
        return {}, {}


def _process(token: str) -> str:
    """Return what people call a worker: by host and process id."""
    host, process, _ = token.rsplit(".", 2)
    return f"process {process} on {host}"


def size_of(folder: Path) -> int:
    """Return the bytes of all files below a folder; one that vanishes meanwhile counts nothing."""
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):
                total += os.lstat(os.path.join(parent, name)).st_size
    return total


def _written(folder: Path) -> str:
    with contextlib.suppress(OSError):
        seconds = (folder / WORK).stat().st_mtime
        return datetime.datetime.fromtimestamp(seconds, datetime.UTC).isoformat(timespec="seconds")
    return ""
