"""The page of a study: what was measured beside what its paper claims, in one file."""

from __future__ import annotations

from pathlib import Path

from steelyard.records.study_results import StudyResults
from steelyard.report.document import written
from steelyard.report.hardness_page import render_pruning, render_resampling
from steelyard.report.in_class_page import render_in_class

_PAGES = {"hardness-resampling": render_resampling, "hardness-pruning": render_pruning}


def render_study(results: StudyResults) -> str:
    """Return the page as HTML; the same records give the same text.

    It holds the verdict first, then the figures of the study, every claim, and how it was done.
    What was not run is named.

    Parameters
    ----------
    results : StudyResults
        What the study measured, and its claims with their outcomes.
    """
    return _PAGES.get(results.figures.study, render_in_class)(results)


def write_study_report(folder: str | Path) -> Path:
    """Render the study in a folder into its ``report.html`` and return the path.

    Raises
    ------
    DataNotFoundError, DataError
        If the folder holds no results of a study, or values that no page can show.
    OutputError
        If the page cannot be written; nothing is left half-written.
    """
    results = StudyResults.load(folder)
    return written(folder, "folder of a study", lambda: render_study(results))
