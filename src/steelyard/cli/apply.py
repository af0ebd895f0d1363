"""`steelyard apply`: a stored plan as a balanced table, or as a list of files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from steelyard._support.errors import OutputError, ParameterError
from steelyard._support.storage import (
    header,
    require_own_table,
    write_parquet,
    written_aside,
)
from steelyard.cli import options
from steelyard.records.labelled import Labelled
from steelyard.records.plan import Plan, added_path
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
        require_own_table(out, _RECORD)
    elif out.exists():  # a csv does not say whose it is
        raise OutputError(
            f"There is a file {str(out)!r}; it is left alone.",
            hint="choose another name with --out, or remove it first.",
        )
    made = Plan.load(plan)
    part = training_part(read())
    listed = once or part.modality == "image"
    table = manifest(made, part) if listed else balanced_frame(made, part)
    _write(table, out)
    what = "one a sample, with its count" if listed else "one a draw"
    print(f"{len(table)} rows, {what}: {out}")
    if listed and made.added is not None:
        print(f"The {len(made.added)} added rows: {added_path(plan, made.added.modality)}")


def _write(table: pd.DataFrame, out: Path) -> None:
    if out.suffix == ".parquet":
        write_parquet(table, out, header(_RECORD))
        return
    with written_aside(out) as aside:
        table.to_csv(aside, index=False)
