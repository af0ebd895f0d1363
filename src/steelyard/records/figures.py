"""`Figures`: what a study measured, a row a quantity, each under a key that a claim can name."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from steelyard._support.errors import DataError, unreadable
from steelyard._support.storage import header, read_json, write_json

FIGURES = "figures.json"  # its name in a run folder
COLUMNS = ("key", "value", "spread", "low", "high", "n_runs", "unit")


@dataclass(frozen=True, eq=False)
class Figures:
    """A study's measured quantities.

    Parameters
    ----------
    study : str
        Name of the study.
    scale : str
        "smoke", "small", "paper", or whatever was run.
    table : pandas.DataFrame
        One row a quantity. ``key``: its address, unique, parts between slashes; ``value``: the
        mean; ``spread``: standard deviation over what was repeated, NaN where that has none;
        ``low``, ``high``: ends of the 95 % interval of the mean, NaN where there is none;
        ``n_runs``: how many were averaged; ``unit``: for instance "%".
    facts : dict
        How they were measured, plain values: data and fingerprints, versions, seeds, seconds.

    Raises
    ------
    DataError
        If a column is missing, a key comes twice, or a value is not finite.
    """

    study: str
    scale: str
    table: pd.DataFrame
    facts: dict[str, Any]

    def __post_init__(self) -> None:
        missing = [name for name in COLUMNS if name not in self.table.columns]
        if missing:
            raise DataError(f"The table of Figures lacks the columns {missing}.")
        table = self.table.loc[:, list(COLUMNS)].reset_index(drop=True)
        twice = table["key"][table["key"].duplicated()]
        if len(twice):
            raise DataError(f"The keys of Figures must be unique. {twice.iloc[0]!r} comes twice.")
        if not np.isfinite(table["value"].to_numpy(dtype=float)).all():
            raise DataError("The values of Figures must be finite; leave out what has none.")
        object.__setattr__(self, "table", table)

    def __contains__(self, key: str) -> bool:
        """Whether a quantity was measured."""
        return bool((self.table["key"] == key).any())

    def row(self, key: str) -> pd.Series:
        """Return the row of a quantity.

        Raises
        ------
        DataError
            If it was not measured.
        """
        rows = self.table[self.table["key"] == key]
        if rows.empty:
            raise DataError(f"The study {self.study!r} measured no {key!r}.")
        return rows.iloc[0]

    def to_dict(self) -> dict[str, Any]:
        """Return the figures as plain data; numbers carry six digits.

        That is what a training repeats on one machine and more than a reader can use.
        """
        rows = [
            [None if _is_nan(value) else _short(value) for value in row]
            for row in self.table.itertuples(index=False)
        ]
        return {
            "study": self.study,
            "scale": self.scale,
            "columns": list(COLUMNS),
            "rows": rows,
            "facts": self.facts,
        }

    def save(self, path: str | Path) -> None:
        """Write the figures as JSON, a text small enough to keep under version control."""
        write_json(header("Figures", **self.to_dict()), path)

    @classmethod
    def load(cls, path: str | Path) -> Figures:
        """Read what `save` wrote.

        Raises
        ------
        DataNotFoundError, DataError
            If it is not there, or holds no figures.
        """
        document = read_json(path, "Figures")
        try:
            table = pd.DataFrame(document["rows"], columns=document["columns"])
            numbers = ["value", "spread", "low", "high"]
            table[numbers] = table[numbers].astype(float)
            table["n_runs"] = table["n_runs"].astype(int)
            return cls(document["study"], document["scale"], table, document["facts"])
        except (KeyError, TypeError, ValueError) as error:  # a DataError is a ValueError
            raise unreadable(path, "table of figures", error) from error


def _is_nan(value: Any) -> bool:
    return isinstance(value, float) and np.isnan(value)


def _short(value: Any) -> Any:
    if isinstance(value, (float, np.floating)):
        return float(f"{value:.6g}")
    return int(value) if isinstance(value, np.integer) else value
