"""`steelyard study`: run a published study again, on its data or on yours."""

from __future__ import annotations

import typer

from steelyard.cli.study_hardness import hardness_pruning, hardness_resampling
from steelyard.cli.study_in_class import in_class

app = typer.Typer(
    name="study",
    help="Run a published study again, and hold its claims against what comes out.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.command("in-class")(in_class)
app.command("hardness-resampling")(hardness_resampling)
app.command("hardness-pruning")(hardness_pruning)
