"""Traces: every epoch of every sample, written to the disk as it closes.

A trace is a function that a `Recorder` calls at each end of an epoch. Each of these writes one
file an epoch, aside and renamed, so that a training that is interrupted leaves whole epochs and
one that goes on from a saved recorder writes an epoch again as it was.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from steelyard._support.errors import DataError, DataNotFoundError
from steelyard._support.storage import header, parse_json, write_parquet, write_text
from steelyard.records.dynamics import Dynamics
from steelyard.training.recorder import Recorder

_EPOCH_FILE = "dynamics_epoch_{}.jsonl"


def parquet_trace(folder: str | Path) -> Callable[..., None]:
    """Return a trace that writes ``folder/run=0/epoch=3/part.parquet`` and so on.

    ``pandas.read_parquet(folder)`` reads them all as one table: ``id``, ``label`` (class code),
    the channels as float32, ``run`` and ``epoch``.
    """

    def write(
        run: int,
        epoch: int,
        ids: np.ndarray,
        labels: np.ndarray,
        channels: Mapping[str, np.ndarray],
        logits: np.ndarray | None,
    ) -> None:
        path = Path(folder) / f"run={run}" / f"epoch={epoch}" / "part.parquet"
        write_parquet(pd.DataFrame({"id": ids, "label": labels, **channels}), path, header("Trace"))

    return write


def cartography_trace(folder: str | Path) -> Callable[..., None]:
    """Return a trace that writes the files of dataset-cartography, for one run.

    They are ``folder/dynamics_epoch_0.jsonl`` and so on, one line a sample with ``guid``,
    ``logits_epoch_0`` and ``gold``. The published scripts look for them in a folder named
    ``training_dynamics``.

    References
    ----------
    Swayamdipta et al. (2020), Dataset cartography, arXiv 2009.10795; github.com/allenai/cartography
    """

    def write(
        run: int,
        epoch: int,
        ids: np.ndarray,
        labels: np.ndarray,
        channels: Mapping[str, np.ndarray],
        logits: np.ndarray | None,
    ) -> None:
        if logits is None:
            raise DataError(
                f"Epoch {epoch} was recorded in part without this trace, so its logits are gone.",
                hint="load a recorder with its trace, and save it between epochs.",
            )
        if not np.isfinite(logits).all():
            raise DataError("JSON holds no infinite logits, and this epoch has some.")
        samples = zip(ids.tolist(), logits.tolist(), labels.tolist(), strict=True)
        lines = [
            json.dumps(
                {"guid": guid, f"logits_epoch_{epoch}": row, "gold": gold}, separators=(",", ":")
            )
            for guid, row, gold in samples
        ]
        write_text("".join(f"{line}\n" for line in lines), Path(folder) / _EPOCH_FILE.format(epoch))

    write.wants_logits = True  # type: ignore[attr-defined]
    return write


def read_cartography(
    folder: str | Path,
    class_names: Iterable[object] | None = None,
    *,
    early_epoch: int | None = None,
) -> Dynamics:
    """Read a folder of dataset-cartography's ``dynamics_epoch_*.jsonl`` as one run.

    Parameters
    ----------
    folder : path
        Where the files are; the published scripts name it ``training_dynamics``.
    class_names : sequence of str, optional
        Names for the codes in ``gold``; the codes themselves if left out.
    early_epoch : int, optional
        As in `Recorder`.

    Raises
    ------
    DataNotFoundError
        If there is no such file.
    DataError
        If an epoch is missing, a line is no record of its epoch, or a sample's label changes.
    """
    numbers = sorted(
        int(found[1])
        for path in Path(folder).glob(_EPOCH_FILE.format("*"))
        if (found := re.fullmatch(_EPOCH_FILE.format(r"(\d+)"), path.name))
    )
    if not numbers:
        raise DataNotFoundError(
            f"There is no {_EPOCH_FILE.format(0)!r} in {str(folder)!r}.",
            hint="name the folder that holds the files, often called training_dynamics.",
        )
    if numbers != list(range(len(numbers))):
        missing = min(set(range(numbers[-1])) - set(numbers))
        raise DataError(f"{_EPOCH_FILE.format(missing)!r} is missing in {str(folder)!r}.")
    label_of = {
        record["guid"]: record["gold"] for epoch in numbers for record in _records(folder, epoch)
    }
    recorder = Recorder(
        list(label_of), list(label_of.values()), class_names, early_epoch=early_epoch
    )
    for epoch in numbers:
        records = list(_records(folder, epoch))
        try:
            logits = np.array([record[f"logits_epoch_{epoch}"] for record in records], float)
        except ValueError as error:
            raise DataError(
                f"The lines of {_EPOCH_FILE.format(epoch)!r} must hold as many logits each: {error}"
            ) from error
        guids, golds = ([record[key] for record in records] for key in ("guid", "gold"))
        recorder.update(guids, logits, golds)
        recorder.end_epoch(epoch)
    return recorder.dynamics()


def _records(folder: str | Path, epoch: int) -> Iterator[dict[str, Any]]:
    path = Path(folder) / _EPOCH_FILE.format(epoch)
    expected = ("guid", f"logits_epoch_{epoch}", "gold")
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            try:
                record = parse_json(line)
                absent = [key for key in expected if key not in record]
            except (ValueError, TypeError) as error:
                raise DataError(
                    f"Line {number} of {str(path)!r} is no JSON record: {error}."
                ) from error
            if absent:
                raise DataError(f"Line {number} of {str(path)!r} has no {absent[0]!r}.")
            yield record
