"""The figures that runs of studies measured, as they come with the package."""

from __future__ import annotations

from pathlib import Path

from steelyard.records.figures import Figures

FOLDER = Path(__file__).parent / "figures"


def stored_figures(name: str) -> tuple[Figures, ...]:
    """Return the figures of a study that come with the package, in the order of their file names.

    Parameters
    ----------
    name : str
        Of the study; its files are called ``NAME-*.json``.

    Returns
    -------
    tuple of Figures
        One a run; empty where none was kept.
    """
    return tuple(Figures.load(path) for path in sorted(FOLDER.glob(f"{name}-*.json")))
