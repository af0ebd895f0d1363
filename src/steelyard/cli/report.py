"""`steelyard report`: render a run folder's page again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from steelyard._support.storage import header
from steelyard.cli import options
from steelyard.cli.terminal import print_json
from steelyard.report import write_report


def report(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A run folder of `weigh`.")],
    json: options.Json = False,
) -> None:
    """Render the page of a run from its stored records."""
    page = write_report(folder)
    if json:
        print_json(header("Report", file=str(page)))
    else:
        print(f"The page: {page}")
