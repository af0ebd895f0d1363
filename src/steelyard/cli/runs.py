"""`steelyard runs`: what run folders hold, what changed between two, and how to carry one."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from steelyard._support.storage import header
from steelyard.cli import options
from steelyard.cli.run_texts import (
    RUN_COLUMNS,
    difference_document,
    print_difference,
    print_run,
    run_document,
    run_row,
    size_text,
)
from steelyard.cli.terminal import one_line, print_json, print_table
from steelyard.records.run_folder import REPORT
from steelyard.report import write_report
from steelyard.workflow.runs import (
    EXPERIMENT,
    LOCAL_STORE,
    collect,
    compare,
    export_run,
    list_runs,
    open_run,
    read_run,
)
from steelyard.workflow.runs import track as track_run

app = typer.Typer(
    name="runs",
    help="List, show, compare, tidy up, export, open and track runs.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Run = Annotated[Path, typer.Argument(metavar="RUN", help="A run folder, or an exported file.")]
Folder = Annotated[Path, typer.Argument(metavar="RUN", help="A run folder.")]


@app.command("list")
def list_(
    folder: Annotated[Path, typer.Argument(help="Where to look, four levels down.")] = Path("."),
    json: options.Json = False,
) -> None:
    """List every run below a folder."""
    found = list_runs(folder)
    if json:
        rows = [
            run_document(one.run)
            if one.run
            else {"path": one.path, "status": "damaged", "reason": one.reason}
            for one in found
        ]
        print_json(header("Runs", runs=rows))
        return
    if not found:
        print(f"There are no runs below {str(folder)!r}.")
        return
    cells = [run_row(one.run) if one.run else [one.path, "damaged", *[""] * 6] for one in found]
    print_table("Runs", RUN_COLUMNS, cells, left=3)
    broken = [one for one in found if one.run is None]
    if broken:
        print()
    for one in broken:
        print(f"{one_line(one.path)}: {one_line(one.reason)}")


@app.command()
def show(run: Run, json: options.Json = False) -> None:
    """Show what a run is, how far it is, and its cells."""
    state = read_run(run)
    if json:
        print_json(header("Run", **run_document(state), cells=[asdict(one) for one in state.cells]))
        return
    print_run(state)


@app.command()
def diff(left: Run, right: Run, json: options.Json = False) -> None:
    """Show what changed from one run to another."""
    found = compare(read_run(left), read_run(right))
    if json:
        print_json(difference_document(found))
        return
    print_difference(found)


@app.command()
def gc(
    run: Folder,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be removed, and remove nothing.")
    ] = False,
    json: options.Json = False,
) -> None:
    """Remove what nothing refers to: cells of earlier commands, and traces of killed processes."""
    found = collect(run, dry_run=dry_run)
    total = sum(one.bytes for one in found)
    if json:
        rows = [{"kind": one.kind, "path": str(one.path), "bytes": one.bytes} for one in found]
        print_json(header("Leftovers", removed=not dry_run, bytes=total, leftovers=rows))
        return
    if not found:
        print("There is nothing to remove.")
        return
    for one in found:
        print(f"{one.kind:<16}{size_text(one.bytes):>10}  {one_line(str(one.path))}")
    counts = Counter(one.kind for one in found)
    kinds = ", ".join(f"{n} {_plural(kind, n)}" for kind, n in counts.items())
    print(
        f"\n{'Would free' if dry_run else 'Freed'} {size_text(total)} ({total:,} bytes): {kinds}."
    )


@app.command()
def export(
    run: Folder,
    file: Annotated[Path, typer.Argument(metavar="FILE.zip", help="The file to write.")],
    without_cells: Annotated[
        bool,
        typer.Option(
            "--without-cells", help="Leave the trainings out: smaller, but nothing goes on from it."
        ),
    ] = False,
    json: options.Json = False,
) -> None:
    """Write a complete run into one file."""
    names = export_run(run, file, cells=not without_cells)
    n_bytes = file.stat().st_size
    if json:
        print_json(header("Export", file=str(file), bytes=n_bytes, names=names))
        return
    print(f"{len(names)} files, {size_text(n_bytes)}: {file}")


@app.command("open")
def open_(
    file: Annotated[Path, typer.Argument(metavar="FILE.zip", help="What `export` wrote.")],
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="A new or empty folder.")],
    json: options.Json = False,
) -> None:
    """Unpack an exported run, compare its digests and draw its page."""
    state = open_run(file, folder)
    page = write_report(folder) if state.verdict is not None else None
    if json:
        print_json(header("Run", **run_document(state), cells=[asdict(one) for one in state.cells]))
        return
    print(f"{len(state.cells)} of {len(state.declared)} cells, every digest holds: {folder}")
    if page is not None:
        print(f"The page: {folder / REPORT}")


@app.command()
def track(
    run: Run,
    uri: Annotated[
        str | None,
        typer.Option(
            help="A folder, or an address that MLflow knows; by default MLFLOW_TRACKING_URI, and "
            f"without it the folder {LOCAL_STORE}."
        ),
    ] = None,
    experiment: Annotated[str, typer.Option(help="The experiment in MLflow.")] = EXPERIMENT,
    json: options.Json = False,
) -> None:
    """Log a complete weighing to MLflow (extra `track`); a second time changes nothing."""
    tracked = track_run(run, store=uri, experiment=experiment)
    if json:
        print_json(header("Tracked", **asdict(tracked)))
        return
    how = "Logged" if tracked.is_new else "It was logged before"
    print(f"{how}: run {tracked.run_id} of experiment {tracked.experiment!r} in {tracked.store}")


def _plural(kind: str, n: int) -> str:
    if n == 1:
        return kind
    return f"{kind}es" if kind.endswith("s") else f"{kind}s"
