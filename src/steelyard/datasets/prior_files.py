"""Deployment priors from a file: one weight a class."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from steelyard._support.errors import DataError, DataNotFoundError
from steelyard._support.storage import parse_json

_SHAPE = 'a JSON object {"class": weight, ...} or a CSV file with the columns class and weight'


def read_prior(path: str | Path) -> dict[str, float]:
    """Read the weights of a deployment prior.

    Parameters
    ----------
    path : path
        A JSON object from class name to weight, or a CSV file with the columns ``class`` and
        ``weight``. Weights may be shares or counts.

    Raises
    ------
    DataNotFoundError, DataError
        If the file is not there, or has another shape.
    """
    path = Path(path)
    if not path.is_file():
        raise DataNotFoundError(
            f"There is no prior file {str(path)!r}.",
            hint=f"priors are train, uniform or a file: {_SHAPE}.",
        )
    try:
        if path.suffix == ".json":
            weights = parse_json(path.read_text("utf-8"))
        else:
            frame = pd.read_csv(path, dtype={"class": str}, keep_default_na=False)
            if frame["class"].duplicated().any():
                raise ValueError("a class occurs twice")
            weights = dict(zip(frame["class"], frame["weight"], strict=True))
        return {str(name): float(weight) for name, weight in weights.items()}
    except (ValueError, TypeError, KeyError, AttributeError, OSError) as error:
        raise DataError(
            f"{str(path)!r} is no readable prior: {error}.", hint=f"it must be {_SHAPE}."
        ) from error
