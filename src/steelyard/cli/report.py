"""`steelyard report`: render a run folder's page again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from steelyard._support.storage import header
from steelyard.cli import options
from steelyard.cli.terminal import print_json
from steelyard.records.study_results import OUTCOMES
from steelyard.report import write_report, write_study_report


def report(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="A run folder of `weigh` or `study`.")
    ],
    json: options.Json = False,
) -> None:
    """Render the page of a run from its stored records."""
    write = write_study_report if (folder / OUTCOMES).exists() else write_report
    page = write(folder)
    if json:
        print_json(header("Report", file=str(page)))
    else:
        print(f"The page: {page}")
