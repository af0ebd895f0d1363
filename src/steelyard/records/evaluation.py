"""`Evaluation`: metrics with intervals, by seed and class, under several deployment priors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from steelyard._support.arrays import frozen_array
from steelyard._support.errors import DataError
from steelyard._support.storage import header, read_json, write_json
from steelyard._support.validation import did_you_mean
from steelyard.records.classes import check_class_names
from steelyard.records.interval import Interval

AS_TRAINED = "as trained"
CORRECTED = "prior corrected"
_CELL = ["arm", "decision", "prior", "metric"]
_AGAINST = ["arm", "decision", "base_arm", "base_decision"]
_ENDS = ["mean", "low", "high"]
_TESTS = ["p", "p_holm", "detectable"]
COLUMNS = {
    "overall": [*_CELL, *_ENDS, "n_seeds", "n_classes"],
    "by_seed": [*_CELL, "seed", "value"],
    "by_class": [*_CELL, "class", "n", *_ENDS],
    "differences": ["prior", "metric", *_AGAINST, *_ENDS, *_TESTS, "n_seeds"],
    "by_group": [*_CELL, "grouping", "group", "n", "n_classes", *_ENDS],
    "class_differences": ["prior", "metric", "class", "n", *_AGAINST, *_ENDS, *_TESTS],
    "rarity": ["prior", "metric", *_AGAINST, "statistic", *_ENDS, "p", "n_classes"],
    "chance": [*_CELL, "mean", "end"],
    "costs": [
        "prior", "arm", "rule", "cost", "low", "high", "saved", "saved_low", "saved_high",
        "relative", "n_seeds", "unit",
    ],
}  # fmt: skip
_TEXTS = [
    *_CELL, *_AGAINST, "class", "grouping", "group", "statistic", "rule", "unit",
]  # fmt: skip
_COUNTS = ["n", "seed", "n_seeds", "n_classes"]
_KINDS = {**dict.fromkeys(_TEXTS, "object"), **dict.fromkeys(_COUNTS, "int64")}


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What the judge says of every arm on one held-out part.

    Parameters
    ----------
    split : str
        The part, "validation" or "test".
    class_names : tuple of str
        One name a class.
    priors : mapping of str to ndarray of shape (K,)
        The deployment priors, by name.
    overall : pandas.DataFrame
        One row for each arm, decision ("as trained" or "prior corrected"), prior and metric: mean
        over seeds and its interval; of how many classes it tells.
    by_seed : pandas.DataFrame
        The same, one row a seed.
    by_class : pandas.DataFrame
        The same for each class: one metric a row, ``n`` the samples of the class in this part.
        NaN where a class has no data; the ends are NaN where a metric has no interval.
    differences : pandas.DataFrame
        Paired differences arm minus base, by prior and metric: interval, p-value, the same
        adjusted by Holm over all comparisons of the prior and metric, and the least difference
        that would have been shown with probability .8.
    by_group : pandas.DataFrame
        Metrics of the samples of each group that the user named.
    class_differences : pandas.DataFrame
        Paired differences of each class's recall, precision, F1 and rank metrics against the base
        arm as trained, adjusted over classes and arms.
    rarity : pandas.DataFrame
        How the change of a class goes with the logarithm of its training share, by statistic.
    chance : pandas.DataFrame
        What each gap between recalls would come to, were all classes equally easy: its mean, and
        the end that it stays below in 95 of 100 such parts.
    costs : pandas.DataFrame
        What each arm and rule of decision costs a sample, where costs were stated.
    no_data : tuple of str
        Classes absent from the part: left out of every figure, and named.

    Raises
    ------
    DataError
        If a table lacks its columns, or a column holds other values than its kind.
    """

    split: str
    class_names: tuple[str, ...]
    priors: Mapping[str, np.ndarray]
    overall: pd.DataFrame
    by_seed: pd.DataFrame
    by_class: pd.DataFrame
    differences: pd.DataFrame
    by_group: pd.DataFrame = field(default_factory=lambda: _empty("by_group"))
    class_differences: pd.DataFrame = field(default_factory=lambda: _empty("class_differences"))
    rarity: pd.DataFrame = field(default_factory=lambda: _empty("rarity"))
    chance: pd.DataFrame = field(default_factory=lambda: _empty("chance"))
    costs: pd.DataFrame = field(default_factory=lambda: _empty("costs"))
    no_data: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name, columns in COLUMNS.items():
            table = getattr(self, name)
            if list(table.columns) != columns:
                raise DataError(
                    f"The {name} table of an Evaluation must have the columns {columns}. "
                    f"Got {list(table.columns)}."
                )
            object.__setattr__(self, name, _typed(table, name))
        priors = {name: frozen_array(prior, np.float64) for name, prior in self.priors.items()}
        object.__setattr__(self, "priors", priors)
        names = check_class_names(self.class_names, "Evaluation")
        object.__setattr__(self, "class_names", names)
        object.__setattr__(self, "no_data", tuple(self.no_data))

    def figure(
        self, arm: str, prior: str, metric: str = "accuracy", decision: str = AS_TRAINED
    ) -> Interval:
        """Return one arm's metric under one prior, with its interval.

        Raises
        ------
        DataError
            If the evaluation holds no such figure (nearest names shown).
        """
        names = {"arm": arm, "decision": decision, "prior": prior, "metric": metric}
        return _only(self._of("overall", names), names)

    def difference(
        self,
        arm: str,
        base_arm: str,
        prior: str,
        metric: str = "accuracy",
        decision: str = AS_TRAINED,
        base_decision: str = AS_TRAINED,
    ) -> Interval:
        """Return the paired difference arm minus base under one prior, with its interval.

        Raises
        ------
        DataError
            As `figure`.
        """
        against = {"base_arm": base_arm, "base_decision": base_decision}
        names = {"arm": arm, "decision": decision, **against, "prior": prior, "metric": metric}
        return _only(self._of("differences", names), names)

    def classes(
        self, arm: str, prior: str, metric: str = "recall", decision: str = AS_TRAINED
    ) -> pd.DataFrame:
        """Return one arm's metric for each class: ``n``, ``mean``, ``low``, ``high``, by class.

        Raises
        ------
        DataError
            As `figure`.
        """
        names = {"arm": arm, "decision": decision, "prior": prior, "metric": metric}
        mine = self._of("by_class", names)
        return mine.set_index("class")[["n", "mean", "low", "high"]]

    def matrix(self, metric: str = "accuracy", decision: str = AS_TRAINED) -> pd.DataFrame:
        """Return a metric of every arm (rows) under every prior (columns).

        Where the arms were trained at several ratios and the priors are the ratios of deployment,
        this is the matrix of train ratio against test ratio, from one inference a model.

        Raises
        ------
        DataError
            As `figure`.
        """
        mine = self._of("overall", {"decision": decision, "metric": metric})
        arms, priors = dict.fromkeys(mine["arm"]), dict.fromkeys(mine["prior"])
        table = mine.pivot(index="arm", columns="prior", values="mean")
        return table.loc[list(arms), list(priors)]

    def _of(self, table: str, names: Mapping[str, str]) -> pd.DataFrame:
        """Return the rows of a table that have these names in these columns, one or more."""
        found = getattr(self, table)
        for column, name in names.items():
            rows = found[found[column] == name]
            if rows.empty:
                raise DataError(
                    f"This evaluation holds 0 figures for {_listed(names)}: of these, there is no "
                    f"{column.replace('_', ' ')} {name!r}.",
                    hint=did_you_mean(name, dict.fromkeys(found[column])),
                )
            found = rows
        return found

    def to_dict(self) -> dict[str, Any]:
        """Return the evaluation as plain data; null where there is no data."""
        tables = {name: _records(getattr(self, name)) for name in COLUMNS}
        return header(
            "Evaluation",
            split=self.split,
            class_names=list(self.class_names),
            # a list: the first prior is the headline's, and JSON objects are sorted by name
            priors=[
                {"name": name, "shares": prior.tolist()} for name, prior in self.priors.items()
            ],
            no_data=list(self.no_data),
            **tables,
        )

    def save(self, path: str | Path) -> None:
        """Write the evaluation as one JSON document."""
        write_json(self.to_dict(), path)

    @classmethod
    def load(cls, path: str | Path) -> Evaluation:
        """Read what `save` wrote."""
        document = read_json(path, "Evaluation")
        lacking = [name for name in COLUMNS if name not in document]
        if lacking:
            raise DataError(
                f"{str(path)!r} lacks the tables {lacking}: another version wrote it.",
                hint="evaluate the predictions again.",
            )
        tables = {
            name: pd.DataFrame(document[name], columns=columns) for name, columns in COLUMNS.items()
        }
        return cls(
            document["split"],
            document["class_names"],
            {one["name"]: one["shares"] for one in document["priors"]},
            **tables,
            no_data=document["no_data"],
        )


def _only(found: pd.DataFrame, names: Mapping[str, str]) -> Interval:
    if len(found) != 1:
        raise DataError(
            f"This evaluation holds {len(found)} figures for {_listed(names)}, not one."
        )
    row = found.iloc[0]
    return Interval(float(row["mean"]), float(row["low"]), float(row["high"]))


def _listed(names: Mapping[str, str]) -> str:
    return ", ".join(names.values())


def _empty(name: str) -> pd.DataFrame:
    return pd.DataFrame(columns=COLUMNS[name])


def _typed(table: pd.DataFrame, name: str) -> pd.DataFrame:
    # a table without rows, or without data, comes back from JSON without its types
    kinds = {column: _KINDS.get(column, "float64") for column in table.columns}
    try:
        return table.reset_index(drop=True).astype(kinds)
    except (TypeError, ValueError) as error:
        raise DataError(f"The {name} table of an Evaluation cannot hold this: {error}.") from error


def _records(table: pd.DataFrame) -> list[dict]:
    # JSON has no NaN: "no data" is null there
    plain = table.astype(object).where(table.notna(), None)
    return plain.to_dict(orient="records")
