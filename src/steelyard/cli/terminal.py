"""What the terminal shows: the result on standard output, progress and warnings on the other."""

from __future__ import annotations

import contextlib
import os
import sys
import time
import warnings
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

_UNBROKEN = 16  # characters of a word that a narrow table does not break
_WIDE = 120  # characters of a line that is not shown on a terminal
_LINE_EVERY = 10.0  # seconds between lines where no bar can be drawn


def one_line(text: str) -> str:
    """Return text with its line breaks shown as escapes: names from data may hold any."""
    return text.replace("\r", "\\r").replace("\n", "\\n")


@contextlib.contextmanager
def our_warnings_alone() -> Iterator[None]:
    """Print our warnings as one line each while the block runs; others are of no use here."""

    def show(message: Any, *_: Any, **__: Any) -> None:
        print(f"Warning: {one_line(str(message))}", file=sys.stderr)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("always", SteelyardWarning)
        warnings.showwarning = show
        yield


def print_json(document: dict[str, Any]) -> None:
    """Print the result as one JSON document on standard output."""
    print(json_text(document))


@contextlib.contextmanager
def progress_shown() -> Iterator[protocol.Progress]:
    """Show progress with the time left on standard error: a bar, or a line now and then."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield _lines_now_and_then()
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("preparing", total=None)

        stage = None

        def advance(done: int, total: int, what: str) -> None:
            nonlocal stage
            if total != stage:  # another stage goes at another pace
                bar.reset(task, total=total)
                stage = total
            bar.update(task, completed=done, total=total, description=what)

        yield advance


def _lines_now_and_then() -> protocol.Progress:
    started = last = time.monotonic()
    stage, before = None, 0

    def advance(done: int, total: int, what: str) -> None:
        nonlocal started, last, stage, before
        now = time.monotonic()
        if total != stage:  # another stage goes at another pace; what is kept took no time
            started, stage, before = now, total, done
        if before < done < total and now - last >= _LINE_EVERY:
            left = (now - started) / (done - before) * (total - done)
            print(f"{what}: {done}/{total}, about {left:.0f} s left", file=sys.stderr)
            last = now

    return advance


def print_facts(facts: list[tuple[str, str]]) -> None:
    """Print what is called how, a line each, on standard output."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for name, text in facts:
        grid.add_row(one_line(name), one_line(text))
    _console().print(grid)


def print_table(title: str, columns: list[str], rows: list[list[str]], *, left: int = 1) -> None:
    """Print a table on standard output; every column but the first ones is right-aligned."""
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    for position, column in enumerate(columns):
        words = " ".join([column, *(row[position] for row in rows)]).split()
        # names come from data: no markup in them, and no line breaks
        table.add_column(
            column,
            justify="left" if position < left else "right",
            overflow="fold",
            min_width=min(_UNBROKEN, max(map(len, words), default=0)),
        )
    for row in rows:
        table.add_row(*[one_line(cell) for cell in row])
    _console().print(table)


def _console() -> Console:
    # into a file or a pipe nobody says how wide a line may be, and 80 cut numbers in two
    wide = None if sys.stdout.isatty() or "COLUMNS" in os.environ else _WIDE
    return Console(markup=False, highlight=False, emoji=False, width=wide)
