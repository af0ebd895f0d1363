"""`steelyard apply`: a stored plan as a balanced table, or as a list of files."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from steelyard._support.errors import OutputError, ParameterError
from steelyard._support.storage import (
    header,
    read_parquet,
    require_own_table,
    write_parquet,
    written_aside,
)
from steelyard.cli import options
from steelyard.records.labelled import Labelled
from steelyard.records.plan import Plan
from steelyard.resampling import balanced_frame, manifest
from steelyard.workflow.plan import training_part

_SUFFIXES = (".csv", ".parquet")
_RECORD = "Balanced"


@options.reads_data
def apply(
    read: Callable[..., Labelled],
    plan: Annotated[Path, typer.Option(help="What `steelyard plan` wrote.")] = Path("plan.parquet"),
    out: Annotated[Path, typer.Option(help="The table to write: .csv or .parquet.")] = Path(
        "balanced.csv"
    ),
    once: Annotated[
        bool,
        typer.Option(
            "--manifest", help="One row a sample with its count and weight, as always for images."
        ),
    ] = False,
    seed: options.Seed = 0,
) -> None:
    """Write the planned data: a table with a row a draw, or which files to use how often."""
    if out.suffix not in _SUFFIXES:
        raise ParameterError(
            f"The table to write must end in .csv or .parquet. Got {str(out)!r} instead."
        )
    if out.suffix == ".parquet":
        require_own_table(out)
    made = Plan.load(plan)
    part = training_part(read())
    listed = once or part.modality == "image"
    table = manifest(made, part) if listed else balanced_frame(made, part)
    if out.resolve() == plan.resolve() or (out.exists() and not _is_such_a_table(out, table)):
        raise OutputError(
            f"There is a file {str(out)!r} that is another table; it is left alone.",
            hint="choose another name with --out.",
        )
    _write(table, out)
    what = "one a sample, with its count" if listed else "one a draw"
    print(f"{len(table)} rows, {what}: {out}")


def _is_such_a_table(out: Path, table: pd.DataFrame) -> bool:
    if out.suffix == ".parquet":
        return read_parquet(out)[1].get("record") == _RECORD
    with contextlib.suppress(ValueError, OSError):  # whatever it is, it is none
        return list(pd.read_csv(out, nrows=0).columns) == list(table.columns)
    return False


def _write(table: pd.DataFrame, out: Path) -> None:
    if out.suffix == ".parquet":
        write_parquet(table, out, header(_RECORD))
        return
    with written_aside(out) as aside:
        table.to_csv(aside, index=False)
