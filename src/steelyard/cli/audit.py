"""`steelyard audit`: what makes figures flatter or worthless, in data and predictions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from steelyard._support.storage import header, read_parquet
from steelyard.cli import options
from steelyard.cli.terminal import one_line, print_facts, print_json, print_table
from steelyard.datasets import read_prior
from steelyard.guards import audit as audit_parts
from steelyard.records.finding import PAGE
from steelyard.records.labelled import Labelled
from steelyard.records.thresholds import Thresholds

FOUND = 3  # the exit code where something worse than a note was found


@options.reads_data
def audit(
    read: Callable[..., Labelled],
    evaluation: Annotated[
        str | None,
        typer.Option(
            help="What judges: another source, read by the same options; by default the test "
            "part that DATA hold."
        ),
    ] = None,
    validation: Annotated[
        str | None, typer.Option(help="What choices are made on: another source.")
    ] = None,
    predictions: Annotated[
        Path | None,
        typer.Option(help="A parquet table: id, truth, one p_<class> column a class."),
    ] = None,
    prior: Annotated[
        Path | None,
        typer.Option(
            help="Class shares or counts of the raw data, before any resampling (.json or .csv)."
        ),
    ] = None,
    reported: Annotated[
        str | None, typer.Option(help="The arm of the predictions whose figures are stated.")
    ] = None,
    chosen_on: Annotated[
        str | None,
        typer.Option(
            help="The part on which thresholds or a degree were chosen, or a file of `steelyard "
            "thresholds`."
        ),
    ] = None,
    part: Annotated[str, typer.Option(help="What the part that judges is called.")] = "test",
    quick: Annotated[
        bool, typer.Option("--quick", help="Look for no near copies and interpolations.")
    ] = False,
    seed: options.Seed = 0,
    json: options.Json = False,
) -> None:
    """Look for leaks, resampled test data and unsound predictions; exit code 3 if there are."""
    found = audit_parts(
        read(),
        None if evaluation is None else read(evaluation),
        validation=None if validation is None else read(validation),
        predictions=None if predictions is None else read_parquet(predictions)[0],
        raw_prior=None if prior is None else read_prior(prior),
        reported=reported,
        thresholds=None if chosen_on is None else (_part_of(chosen_on), None),
        part=part,
        quick=quick,
        seed=seed,
    )
    if json:
        print_json(header("Audit", **found.to_dict()))
    else:
        looked = f"{len(found.ran)} guards ran, {len(found.not_run)} could not"
        if found.findings:
            rows = [
                [one.code, one.severity, f"{one.count:,} of {one.n:,}", one.title]
                for one in found.findings
            ]
            print_table("Found", ["code", "severity", "count", "what"], rows, left=4)
            print()
            print_facts([(one.code, f"{one.message} Hint: {one.hint}") for one in found.findings])
            print(f"\n{looked}. {PAGE} says more about each code.")
        else:
            print(f"Nothing found. {looked}.")
        for why, what in found.silent:
            print(f"Not looked for, {one_line(why)}: {one_line(what)}.")
    if found.worst in ("error", "warning"):
        raise typer.Exit(FOUND)


def _part_of(chosen_on: str) -> str:
    """Return the part that is named, or on which the thresholds in a file were chosen."""
    return Thresholds.load(chosen_on).split if Path(chosen_on).is_file() else chosen_on
