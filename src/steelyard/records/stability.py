"""`Stability`: how a score and the sets it selects change with the number of runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from steelyard._support.errors import DataError, ParameterError
from steelyard._support.storage import header, read_json, write_json
from steelyard._support.validation import check_choice, check_integer, check_real
from steelyard.records.interval import Interval

KINDS = {
    "nested": "the ensemble of the first runs against the same with one run more",
    "disjoint": "two ensembles of as many runs that share none",
}
SIDES = ("hardest", "easiest")
LEVELS = ("samples", "classes")
SETS = [
    "kind", "runs", "side", "threshold", "change", "change_low", "change_high",
    "jaccard", "jaccard_low", "jaccard_high", "by_chance", "tied",
]  # fmt: skip
CORRELATIONS = ["kind", "runs", "level", "spearman", "low", "high"]


@dataclass(frozen=True)
class RunsNeeded:
    """How many runs until two ensembles of them share enough of their hardest samples.

    Parameters
    ----------
    share : float
        The share of all samples that is the hardest.
    until : float
        The share of these that two ensembles without a common run are to have in common.
    runs : int or None
        Runs in each ensemble; None if more than ``most`` are needed, or if nothing is known.
    low, high : int or None
        The range that the evidence allows; None where it ends beyond ``most``.
    extrapolated : bool
        Whether ``runs`` is more than half of the runs there are, which no two disjoint ensembles
        have shown: simulated instead, from the spread of samples and the noise of runs.
    most : int
        The largest number considered.
    known : bool
        Whether there were runs enough to tell. Two are not: ``runs``, ``low`` and ``high`` are None
        then, and not because they are many.
    """

    share: float
    until: float
    runs: int | None
    low: int | None
    high: int | None
    extrapolated: bool
    most: int
    known: bool = True

    def __str__(self) -> str:
        if not self.known:
            return f"two runs cannot tell how many {100 * self.until:g} % needs"
        goal = f"{100 * self.until:g} % needs"
        if self.runs is None:
            return f"{goal} more than {self.most:,} runs (extrapolated)"
        ends = [f"{end:,}" if end else f"over {self.most:,}" for end in (self.low, self.high)]
        span = "" if ends[0] == ends[1] else f" [{ends[0]}, {ends[1]}]"
        about, how = ("about ", " (extrapolated)") if self.extrapolated else ("", "")
        return f"{goal} {about}{self.runs:,} run{'s' * (self.runs > 1)}{span}{how}"


@dataclass(frozen=True, eq=False)
class Stability:
    r"""How a score changes with the number of runs.

    Parameters
    ----------
    name : str
        The score's name.
    n, n_runs : int
        Samples and runs that were compared.
    sets : pandas.DataFrame
        One row for each kind of comparison (`KINDS`), ensemble size ``runs``, side (`SIDES`) and
        ``threshold``, the share of all samples selected. ``change`` is |B \ A| / |A|, ``jaccard``
        the samples in both over those in either, both means over draws with 95 % intervals (NaN:
        unknown). ``by_chance`` is the change over that of two random sets, 1 - threshold; ``tied``
        the share of a set that the score leaves open among samples of one value: two ensembles
        fill it independently, which the change counts.
    correlations : pandas.DataFrame
        One row for each kind, size and ``level``: the rank correlation of all samples, and of the
        class means, with intervals. NaN where there is none: a constant score, fewer than three
        classes.
    n_draws : int
        Orders of the runs that were drawn.
    data_fingerprint : str
        Fingerprint of the data that were scored.

    Raises
    ------
    DataError
        If a table lacks its columns, or holds an unknown kind, side or level.
    """

    name: str
    n: int
    n_runs: int
    sets: pd.DataFrame
    correlations: pd.DataFrame
    n_draws: int
    data_fingerprint: str

    def __post_init__(self) -> None:
        check_integer(self.n, "n", "Stability", 2)
        check_integer(self.n_runs, "n_runs", "Stability", 2)
        check_integer(self.n_draws, "n_draws", "Stability", 1)
        texts = {"kind": KINDS, "side": SIDES, "level": LEVELS}
        for name, columns in (("sets", SETS), ("correlations", CORRELATIONS)):
            table = getattr(self, name)
            if list(table.columns) != columns:
                raise DataError(f"The {name} of Stability must have the columns {columns}.")
            for column in set(texts) & set(columns):
                if strange := sorted(set(table[column]) - set(texts[column])):
                    raise DataError(f"Stability knows no {column} {strange[0]!r}.")
            kinds = {one: "object" if one in texts else "float64" for one in columns}
            typed = table.reset_index(drop=True).astype({**kinds, "runs": "int64"})
            object.__setattr__(self, name, typed)

    @property
    def thresholds(self) -> tuple[float, ...]:
        """The shares of all samples that were selected."""
        return tuple(sorted(set(self.sets["threshold"])))

    @property
    def most_disjoint(self) -> int:
        """Runs in each of the largest ensembles that share none."""
        return self.n_runs // 2

    def shared(
        self, threshold: float = 0.1, runs: int | None = None, side: str = "hardest"
    ) -> tuple[float, Interval | None]:
        """Return the share of a set that two disjoint ensembles have in common.

        Parameters
        ----------
        threshold : float
            The share of all samples that is selected; one of ``thresholds``.
        runs : int, optional
            Runs in each ensemble; the most there are by default.
        side : {"hardest", "easiest"}
            Which samples.

        Returns
        -------
        estimate : float
            One minus the change.
        interval : Interval or None
            Its interval; None where there were too few runs to tell.
        """
        size = self.most_disjoint if runs is None else runs
        check_integer(size, "runs", "Stability.shared", 1, self.most_disjoint)
        check_choice(side, "side", "Stability.shared", SIDES)
        row = _only(self._sets("disjoint", side, threshold), size)
        estimate = 1 - float(row["change"])
        ends = 1 - float(row["change_high"]), 1 - float(row["change_low"])
        return estimate, None if np.isnan(ends).any() else Interval(estimate, *ends)

    def tied(self, threshold: float = 0.1, runs: int | None = None, side: str = "hardest") -> float:
        """Return the share of such a set that is open among samples of one value."""
        size = self.most_disjoint if runs is None else runs
        check_integer(size, "runs", "Stability.tied", 1, self.most_disjoint)
        return float(_only(self._sets("disjoint", side, threshold), size)["tied"])

    def curve(self, threshold: float = 0.1, side: str = "hardest") -> np.ndarray:
        """Return shape (sizes, 3): `shared` with its low and high end for 1, 2, ... runs."""
        rows = self._sets("disjoint", side, threshold).sort_values("runs")
        return 1 - rows[["change", "change_high", "change_low"]].to_numpy()

    def _sets(self, kind: str, side: str, threshold: float) -> pd.DataFrame:
        check_real(threshold, "threshold", "Stability", 0, 1, "()")
        rows = self.sets[(self.sets["kind"] == kind) & (self.sets["side"] == side)]
        found = rows[np.isclose(rows["threshold"], threshold, atol=1e-9)]
        if found.empty:
            raise ParameterError(
                f"These sets were selected at the thresholds {list(self.thresholds)}. "
                f"Got {threshold:g} instead."
            )
        return found

    def to_dict(self) -> dict[str, Any]:
        """Return the record as plain data; null where there is no data."""
        return header(
            "Stability",
            name=self.name,
            n=self.n,
            n_runs=self.n_runs,
            sets=_records(self.sets),
            correlations=_records(self.correlations),
            n_draws=self.n_draws,
            data_fingerprint=self.data_fingerprint,
        )

    def save(self, path: str | Path) -> None:
        """Write the record as one JSON document."""
        write_json(self.to_dict(), path)

    @classmethod
    def load(cls, path: str | Path) -> Stability:
        """Read what `save` wrote."""
        document = read_json(path, "Stability")
        fields = cls.__dataclass_fields__
        values = {key: value for key, value in document.items() if key in fields}
        for name, columns in (("sets", SETS), ("correlations", CORRELATIONS)):
            values[name] = pd.DataFrame(values[name], columns=columns)
        return cls(**values)


def _only(rows: pd.DataFrame, runs: int) -> pd.Series:
    return rows[rows["runs"] == runs].iloc[0]


def _records(table: pd.DataFrame) -> Sequence[dict]:
    # JSON has no NaN: "no data" is null there
    return table.astype(object).where(table.notna(), None).to_dict(orient="records")
