"""What a model sees of each sample: rows of a table, or images. Read-only, in one form."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import is_complex_dtype, is_numeric_dtype

from steelyard._support.arrays import frozen_array, frozen_categories
from steelyard._support.errors import DataError
from steelyard._support.validation import require_text


def frozen_inputs(inputs: Any) -> pd.DataFrame | np.ndarray:
    """Return a table or images in their one read-only form, sharing nothing with the caller.

    A table has float64 columns, NaN where missing, and category columns whose levels are text,
    sorted, and those that occur. pandas refuses to write into its columns; whoever puts another
    column in its place has to take a copy first.

    Raises
    ------
    DataError
        If the inputs are neither a table of numbers and categories nor uint8 images.
    """
    return _frozen_table(inputs) if isinstance(inputs, pd.DataFrame) else _frozen_images(inputs)


def _frozen_table(table: pd.DataFrame) -> pd.DataFrame:
    names = [str(column) for column in table.columns]
    require_text(names, "column names", "Labelled")
    if len(set(names)) < len(names):
        twice = sorted({name for name in names if names.count(name) > 1})
        raise DataError(f"The column names must differ from one another. Repeated: {twice[:5]}.")
    columns = {
        name: _frozen_column(name, column)
        for name, (_, column) in zip(names, table.items(), strict=True)
    }
    # without a copy the read-only columns stay as they are; one by one, for pandas copies a dict
    return pd.DataFrame(columns, index=pd.RangeIndex(len(table)), copy=False)


def _frozen_column(name: str, column: pd.Series) -> np.ndarray | pd.Categorical:
    dtype = column.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        levels = map(str, column.cat.categories)
        require_text(levels, f"categories of column {name!r}", "Labelled")
        return frozen_categories(column)
    if not is_numeric_dtype(dtype) or is_complex_dtype(dtype):
        raise DataError(
            f"Column {name!r} must hold numbers or categories. Got {dtype}.",
            hint="read the table with steelyard.load, which tells them apart.",
        )
    values = column.to_numpy(np.float64, na_value=np.nan)
    infinite = np.isinf(values)
    if infinite.any():
        raise DataError(
            f"Column {name!r} holds infinity, first in row {int(infinite.argmax())}.",
            hint="replace it by a number or leave the cell empty.",
        )
    return frozen_array(values)


def _frozen_images(images: Any) -> np.ndarray:
    images = np.asarray(images)
    if images.dtype != np.uint8 or images.ndim != 4 or images.shape[-1] not in (1, 3):
        raise DataError(
            "Inputs must be a table or uint8 images of shape (n, height, width, 1 or 3). "
            f"Got {images.dtype} of shape {images.shape}."
        )
    return frozen_array(images)
