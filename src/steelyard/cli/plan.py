"""`steelyard plan`: how often to use each training sample."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from steelyard._support.storage import header, require_own_table
from steelyard.cli import options
from steelyard.cli.terminal import print_json, print_table
from steelyard.records.labelled import Labelled
from steelyard.workflow import plan as plan_data


@options.reads_data
def plan(
    read: Callable[[], Labelled],
    degree: Annotated[float, typer.Option(help="0 leaves the data as they are, 1 balances.")],
    by: Annotated[str, typer.Option(help="What decides the class shares: count.")] = "count",
    size: Annotated[
        str, typer.Option(help="constant, grow (repeat only) or shrink (leave out only).")
    ] = "constant",
    out: Annotated[Path, typer.Option(help="The plan to write.")] = Path("plan.parquet"),
    seed: options.Seed = 0,
    json: options.Json = False,
) -> None:
    """Plan the resampling of all rows; of split data, of the training part."""
    require_own_table(out)
    labelled = read()
    made = plan_data(labelled, by=by, degree=degree, size=size, seed=seed)
    made.save(out)
    rows = made.table().to_dict("records")
    if json:
        print_json(header("PlanTable", file=str(out), scheme=made.scheme, classes=rows))
        return
    cells = [
        [
            one["class"],
            f"{one['before']}",
            f"{one['requested']:.1f}",
            f"{one['achieved']}",
            f"{one['share']:.4f}",
            f"{one['repeat']:.3f}",
        ]
        for one in rows
    ]
    print_table(made.scheme, ["class", "before", "requested", "achieved", "share", "repeat"], cells)
    print(f"\nThe plan of {made.total} draws: {out}")
