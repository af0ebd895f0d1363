"""Deployment priors from a file: one weight a class."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from steelyard._support.errors import DataError, DataNotFoundError
from steelyard._support.storage import parse_json
from steelyard._support.validation import did_you_mean

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
            hint=f"a prior is known by name or a file: {_SHAPE}.",
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


def read_arm_priors(path: str | Path, arms: Sequence[str]) -> dict[str, dict[str, float]]:
    """Read what training saw in each arm: one prior for all, or one for each.

    Parameters
    ----------
    path : path
        What `read_prior` reads, which is then every arm's; or a JSON object from the name of an
        arm to such weights.
    arms : sequence of str
        The arms that there are.

    Returns
    -------
    dict of str to dict of str to float
        By arm; arms that the file leaves out are not in it.

    Raises
    ------
    DataNotFoundError, DataError
        If the file is not there, has another shape, or names an arm that is not there.
    """
    path = Path(path)
    if path.suffix == ".json" and path.is_file():
        try:
            document = parse_json(path.read_text("utf-8"))
        except (ValueError, OSError) as error:
            raise DataError(f"{str(path)!r} is no readable JSON: {error}.") from error
        if isinstance(document, dict) and any(isinstance(one, dict) for one in document.values()):
            return {arm: _of_arm(path, arm, one, arms) for arm, one in document.items()}
    weights = read_prior(path)
    return dict.fromkeys(arms, weights)


def _of_arm(path: Path, arm: str, weights: Any, arms: Sequence[str]) -> dict[str, float]:
    if arm not in arms:
        raise DataError(
            f"{str(path)!r} names the arm {arm!r}, which is not there.",
            hint=did_you_mean(arm, arms),
        )
    try:
        return {str(name): float(weight) for name, weight in weights.items()}
    except (ValueError, TypeError, AttributeError) as error:
        raise DataError(
            f"{str(path)!r} has no weights of classes for the arm {arm!r}: {error}.",
            hint='give {"arm": {"class": weight, ...}, ...}.',
        ) from error
