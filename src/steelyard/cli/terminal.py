"""What the terminal shows: the result on standard output, progress and warnings on the other."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from typing import Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from steelyard._support import progress as protocol
from steelyard._support.errors import SteelyardWarning
from steelyard._support.storage import json_text


def one_line(text: str) -> str:
    """Return text with its line breaks shown as escapes: names from data may hold any."""
    return text.replace("\r", "\\r").replace("\n", "\\n")


def show_warning(message: Any, category: type[Warning], *_: Any, **__: Any) -> None:
    """Print one of our warnings as one line; others are of no use to the user."""
    if issubclass(category, SteelyardWarning):
        print(f"Warning: {one_line(str(message))}", file=sys.stderr)


def print_json(document: dict[str, Any]) -> None:
    """Print the result as one JSON document on standard output."""
    print(json_text(document))


@contextlib.contextmanager
def progress_bar(what: str) -> Iterator[protocol.Progress]:
    """Show a bar with the time left on standard error while the block runs."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None)

        def advance(done: int, total: int, what: str) -> None:
            bar.update(task, completed=done, total=total, description=what)

        yield advance


def print_table(title: str, columns: list[str], rows: list[list[str]]) -> None:
    """Print a table on standard output; every column but the first is right-aligned."""
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    for position, column in enumerate(columns):
        # names come from data: no markup in them, and no line breaks
        table.add_column(column, justify="left" if position == 0 else "right", overflow="fold")
    for row in rows:
        table.add_row(*[one_line(cell) for cell in row])
    Console(markup=False, highlight=False, emoji=False).print(table)
