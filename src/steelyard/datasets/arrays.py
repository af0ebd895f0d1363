"""Arrays to `Labelled`: numpy arrays in memory, and .npz files that hold X and y."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from steelyard._support.arrays import require_finite
from steelyard._support.errors import DataError
from steelyard._support.storage import read_npz
from steelyard.datasets.labels import EncodedLabels, encode_labels, named_labels
from steelyard.datasets.multi_hot import encode_multi_hot
from steelyard.datasets.tables import usable_features
from steelyard.records.labelled import Labelled

_OPTIONAL = ("ids", "split", "class_names")


def labelled_from_npz(
    path: Path, *, drop_missing_target: bool = False, name: str = "data"
) -> Labelled:
    """Read an archive of `X` and `y`, and perhaps `ids`, `split` and `class_names`.

    A file that `Labelled.save` wrote is read back as it was.

    Raises
    ------
    DataError
        If the archive cannot be read, X or y is not in it, or they do not fit together.
    """
    arrays, metadata = read_npz(path)
    if metadata.get("record") == "Labelled":
        return Labelled.load(path)
    missing = [key for key in ("X", "y") if key not in arrays]
    if missing:
        raise DataError(
            f"{str(path)!r} must hold the arrays 'X' and 'y'. It holds {sorted(arrays)}.",
            hint="write it with numpy.savez(path, X=X, y=y).",
        )
    extra = {key: arrays[key] for key in _OPTIONAL if key in arrays}
    return labelled_from_arrays(
        arrays["X"], arrays["y"], drop_missing_target=drop_missing_target, name=name, **extra
    )


def labelled_from_arrays(
    X: Any,
    y: Any,
    *,
    ids: Any = None,
    split: Any = None,
    class_names: Any = None,
    drop_missing_target: bool = False,
    name: str = "data",
) -> Labelled:
    """Take a table of numbers or images, and one label a sample.

    Parameters
    ----------
    X : array_like of shape (n, k), (n, height, width) or (n, height, width, 1 or 3)
        Numbers (columns x0, x1, ...), or images: integers 0 to 255, or floats from 0 to 1.
    y : array_like of shape (n,) or (n, K)
        Raw labels; codes 0..K-1 if `class_names` says what they mean. Or, of K labels, 1 where a
        sample has one and 0 where not.
    ids, split : array_like of shape (n,), optional
        Unique ids (default 0..n-1) and the part of each sample.
    class_names : sequence of str, optional
        One name a code.
    drop_missing_target : bool
        Leave out rows without a target, with a warning, instead of refusing them.
    name : str
        What to call the data.

    Raises
    ------
    DataError
        If shapes or values do not fit, or X holds NaN or infinity.
    """
    X = np.asarray(X)
    if X.dtype.kind not in "biuf" or X.ndim not in (2, 3, 4):
        raise DataError(
            "X must be numbers of shape (n, k), (n, height, width) or (n, height, width, 1 or 3). "
            f"Got {X.dtype} of shape {X.shape}.",
            hint="pass a table with text as a DataFrame, .csv or .parquet.",
        )
    _check_no_missing(X)
    encoded = _encoded(y, class_names, drop_missing_target)
    kept = encoded.kept
    if len(kept) != len(X):
        raise DataError(f"X and y must be of one length. Got {len(X)} and {len(kept)}.")
    ids = np.arange(len(X)) if ids is None else _one_a_sample(ids, len(X), "ids")
    split = None if split is None else _one_a_sample(split, len(X), "split")[kept]
    inputs = _table(X[kept]) if X.ndim == 2 else _images(X)[kept]
    return Labelled(inputs, encoded.codes, encoded.class_names, ids[kept], split, name=name)


def labels_alone(y: Any, *, drop_missing_target: bool = False, name: str = "data") -> Labelled:
    """Take labels without what they are labels of: enough to plan.

    Parameters
    ----------
    y : array_like of shape (n,) or (n, K)
        As in `labelled_from_arrays`. Rows are numbered from 0.
    drop_missing_target : bool
        Leave out rows without a target, with a warning; their numbers stay out too.
    name : str
        What to call the data.
    """
    encoded = _encoded(y, None, drop_missing_target)
    ids = np.flatnonzero(encoded.kept)
    nothing = pd.DataFrame(index=range(len(ids)))
    return Labelled(nothing, encoded.codes, encoded.class_names, ids, name=name)


def _encoded(y: Any, class_names: Any, drop_missing: bool) -> EncodedLabels:
    if np.ndim(y) == 2 and np.shape(y)[1] > 1:
        return encode_multi_hot(y, class_names=class_names, drop_missing=drop_missing)
    if class_names is None:
        return encode_labels(y, drop_missing=drop_missing)
    return named_labels(y, class_names)


def _check_no_missing(X: np.ndarray) -> None:
    if X.dtype.kind == "f" and np.isnan(X).any():
        row = int(np.argwhere(np.isnan(X))[0][0])
        raise DataError(
            f"X holds {int(np.isnan(X).sum())} NaN, the first in row {row}.",
            hint="fill them in; or, if they mean a missing value, pass a DataFrame, .csv or "
            ".parquet, where an empty cell is one.",
        )
    require_finite(X, "X", "load")


def _one_a_sample(values: Any, n: int, what: str) -> np.ndarray:
    values = np.asarray(values)
    if values.shape != (n,):
        raise DataError(f"There must be {n} {what}, one a sample. Got shape {values.shape}.")
    return values


def _table(X: np.ndarray) -> pd.DataFrame:
    columns = [f"x{position}" for position in range(X.shape[1])]
    return usable_features(pd.DataFrame(X.astype(np.float64), columns=columns))


def _images(X: np.ndarray) -> np.ndarray:
    """Return uint8 images of shape (n, height, width, channels)."""
    if X.ndim == 3:
        X = X[..., None]
    if X.shape[-1] not in (1, 3):
        raise DataError(
            f"Images must have 1 or 3 channels in their last axis. Got shape {X.shape}.",
            hint="move the channels there, X.transpose(0, 2, 3, 1); leave out transparency.",
        )
    if X.dtype == np.uint8 or len(X) == 0:
        return X.astype(np.uint8)
    low, high = X.min(), X.max()
    if X.dtype.kind in "bf" and low >= 0 and high <= 1:
        return np.rint(X * 255.0).astype(np.uint8)
    whole = X.dtype.kind in "iu" or bool((np.rint(X) == X).all())
    if whole and low >= 0 and high <= 255:
        return X.astype(np.uint8)
    raise DataError(
        f"Images must be integers from 0 to 255 or floats from 0 to 1. Got {X.dtype} from "
        f"{low:g} to {high:g}.",
        hint="undo the normalisation: steelyard scales images itself.",
    )
