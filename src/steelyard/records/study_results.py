"""`StudyResults`: what a study measured, beside what its paper claims; all that its page shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from steelyard._support.errors import DataError
from steelyard._support.storage import header, read_json, read_parquet, write_json, write_parquet
from steelyard.records.claim import Claim, Outcome
from steelyard.records.figures import FIGURES, Figures
from steelyard.records.labelled import Labelled

OUTCOMES = "outcomes.json"
CURVES = "curves.parquet"
CURVE_COLUMNS = ("data", "class", "epoch", "mean", "spread", "n_runs")


@dataclass(frozen=True, eq=False)
class StudyResults:
    """A study's figures, what came of its paper's claims, and what else its page shows.

    Parameters
    ----------
    title : str
        What the study is about, in a few words.
    paper : str
        Whom it repeats: authors, title, year, address. Empty for no paper.
    figures : Figures
        What was measured.
    outcomes : tuple of Outcome
        One a claim; empty where nothing was published on these data.
    curves : pandas.DataFrame, optional
        Mean radius curves, of the in-class study. One row a data set, class and epoch. ``data``,
        ``class``: their names; ``epoch``: from 0; ``mean``: mean radius over runs; ``spread``: its
        standard deviation over runs, NaN for a single run; ``n_runs``: how many.
    hardest : mapping of str to Labelled, optional
        The hardest samples of each data set, hardest first, for a gallery.

    Raises
    ------
    DataError
        If a column of the curves is missing, or a mean is not finite.
    """

    title: str
    paper: str
    figures: Figures
    outcomes: tuple[Outcome, ...]
    curves: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=[*CURVE_COLUMNS]))
    hardest: Mapping[str, Labelled] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "outcomes", tuple(self.outcomes))
        object.__setattr__(self, "hardest", dict(self.hardest))
        missing = [name for name in CURVE_COLUMNS if name not in self.curves.columns]
        if missing:
            raise DataError(f"The curves of StudyResults lack the columns {missing}.")
        curves = self.curves.loc[:, list(CURVE_COLUMNS)].reset_index(drop=True)
        types = {
            "data": str, "class": str, "epoch": int, "mean": float, "spread": float, "n_runs": int,
        }  # fmt: skip
        try:
            curves = curves.astype(types)
        except (TypeError, ValueError) as error:
            raise DataError(f"The curves of StudyResults hold no such values: {error}.") from error
        if not np.isfinite(curves["mean"].to_numpy()).all():
            raise DataError("The curves of StudyResults must be finite; leave out what has none.")
        object.__setattr__(self, "curves", curves)

    def to_dict(self) -> dict[str, Any]:
        """Return figures and outcomes as plain data; curves and samples are tables of their own."""
        return {
            "title": self.title,
            "paper": self.paper,
            "figures": self.figures.to_dict(),
            "outcomes": [asdict(outcome) for outcome in self.outcomes],
        }

    def save(self, folder: str | Path) -> None:
        """Write the results into a folder: figures.json, outcomes.json, curves.parquet.

        The hardest samples of the data sets stand beside them in files of their own.
        """
        folder = Path(folder)
        self.figures.save(folder / FIGURES)
        document = header(
            "Outcomes",
            title=self.title,
            paper=self.paper,
            outcomes=[asdict(outcome) for outcome in self.outcomes],
            hardest=[[name, one.modality] for name, one in self.hardest.items()],
            curves=bool(len(self.curves)),
        )
        for number, one in enumerate(self.hardest.values()):
            one.save(folder / _hardest_file(number, one.modality))
        write_json(document, folder / OUTCOMES)
        if len(self.curves):
            write_parquet(self.curves, folder / CURVES, header("RadiusCurves"))

    @classmethod
    def load(cls, folder: str | Path) -> StudyResults:
        """Read what `save` wrote.

        Raises
        ------
        DataNotFoundError, DataError
            If a file is missing, or holds something else.
        """
        folder = Path(folder)
        document = read_json(folder / OUTCOMES, "Outcomes")
        try:
            title, paper = document["title"], document["paper"]
            # files that this class names, and none that the document does
            hardest = {
                str(name): Labelled.load(folder / _hardest_file(number, modality))
                for number, (name, modality) in enumerate(document.get("hardest", []))
            }
            outcomes = tuple(
                Outcome(**{**values, "claim": Claim(**values["claim"])})
                for values in document["outcomes"]
            )
        except (LookupError, TypeError, ValueError) as error:
            raise DataError(
                f"{str(folder / OUTCOMES)!r} holds no claims with their outcomes ({error}).",
                hint="run the study again.",
            ) from error
        more: dict[str, Any] = {"hardest": hardest}
        if document.get("curves", True):
            more["curves"], _ = read_parquet(folder / CURVES, "RadiusCurves")
        return cls(title, paper, Figures.load(folder / FIGURES), outcomes, **more)


def _hardest_file(number: int, modality: str) -> str:
    return f"hardest-{number}{'.npz' if modality == 'image' else '.parquet'}"
