"""Costs from a file: a matrix with the classes on both axes, or a miss and a false alarm."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from steelyard._support.errors import DataError, DataNotFoundError
from steelyard._support.storage import parse_json

_SHAPE = (
    'a JSON object {"true class": {"decided class": cost, ...}, ...} or, of two classes, '
    '{"miss": 10, "false_alarm": 1, "positive": "a class"}; or a CSV file, one row a true class, '
    "its name first, and one column a decided class"
)


def read_costs(path: str | Path) -> dict[str, Any]:
    """Read costs as plain data; `Costs.of` and `weigh` fit them to the classes of the data.

    Parameters
    ----------
    path : path
        A JSON object: of true class to decided class to cost, perhaps as
        ``{"unit": "EUR", "costs": ...}``; or of two classes ``miss``, ``false_alarm``,
        ``positive`` and perhaps ``unit``. Or a CSV file: the first line names the decided
        classes, the first column the true ones; both may be in any order.

    Raises
    ------
    DataNotFoundError, DataError
        If the file is not there, or has another shape.
    """
    path = Path(path)
    if not path.is_file():
        raise DataNotFoundError(
            f"There is no cost file {str(path)!r}.", hint=f"costs are {_SHAPE}."
        )
    try:
        if path.suffix == ".json":
            costs = parse_json(path.read_text("utf-8"))
            if not isinstance(costs, dict):
                raise ValueError("it holds no JSON object")
            return costs
        with path.open(encoding="utf-8-sig", newline="") as file:
            return _of_rows([row for row in csv.reader(file, strict=True) if row])
    except (ValueError, OSError, csv.Error) as error:
        raise DataError(
            f"{str(path)!r} is no readable cost file: {error}.", hint=f"it must be {_SHAPE}."
        ) from error


def _of_rows(rows: list[list[str]]) -> dict[str, dict[str, float]]:
    if not rows:
        raise ValueError("it is empty")
    decided = rows[0][1:]
    true = [row[0] for row in rows[1:]]
    for names in (decided, true):
        if len(set(names)) != len(names):
            raise ValueError("a class occurs twice")
    if len(true) != len(decided):
        raise ValueError(f"it has {len(true)} true classes and {len(decided)} decided ones")
    costs: dict[str, dict[str, float]] = {}
    for row in rows[1:]:
        if len(row) != len(rows[0]):
            raise ValueError(f"{row[0]!r} has {len(row) - 1} costs, not {len(decided)}")
        costs[row[0]] = {}
        for name, text in zip(decided, row[1:], strict=True):
            try:
                costs[row[0]][name] = float(text)
            except ValueError:
                what = f"the cost of {row[0]!r} decided as {name!r}"
                raise ValueError(f"{what} is {text!r}, no number") from None
    return costs
