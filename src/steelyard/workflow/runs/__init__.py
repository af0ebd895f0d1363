"""Runs as a whole: list them, read one, compare two, tidy one up, and carry one elsewhere."""

from steelyard.workflow.runs.bundle import export_run, open_run
from steelyard.workflow.runs.collect import Leftover, collect
from steelyard.workflow.runs.difference import Change, Difference, SideBySide, compare
from steelyard.workflow.runs.listing import Listed, list_runs
from steelyard.workflow.runs.state import RunState, read_run, run_folder
from steelyard.workflow.runs.tracking import EXPERIMENT, LOCAL_STORE, Tracked, track

__all__ = [
    "EXPERIMENT",
    "LOCAL_STORE",
    "Change",
    "Difference",
    "Leftover",
    "Listed",
    "RunState",
    "SideBySide",
    "Tracked",
    "collect",
    "compare",
    "export_run",
    "list_runs",
    "open_run",
    "read_run",
    "run_folder",
    "track",
]
