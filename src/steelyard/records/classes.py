"""Classes: their names, and labels as codes into them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

import numpy as np

from steelyard._support.arrays import frozen_array, frozen_integers
from steelyard._support.errors import DataError
from steelyard._support.validation import require_text


def check_class_names(names: Iterable[object], owner: str) -> tuple[str, ...]:
    """Return class names as a tuple of str.

    Any text will do, the empty one included, as long as a file can hold it.

    Raises
    ------
    DataError
        If a name occurs twice or is no valid Unicode.
    """
    texts = tuple(str(name) for name in names)
    require_text(texts, "class names", owner)
    twice = [text for text, count in Counter(texts).items() if count > 1]
    if twice:
        raise DataError(
            f"The class names of {owner} must differ from one another. Repeated: {twice[:5]}."
        )
    return texts


def check_codes(codes: Any, class_names: tuple[str, ...], what: str, owner: str) -> np.ndarray:
    """Return labels as a read-only int64 vector of codes 0..K-1.

    Raises
    ------
    DataError
        If they are no vector of whole numbers, or lie outside the classes.
    """
    array = frozen_integers(codes, what, owner)
    if array.ndim != 1:
        raise DataError(f"The {what} of {owner} must be a vector. Got shape {array.shape}.")
    if len(array) and (array.min() < 0 or array.max() >= len(class_names)):
        raise DataError(
            f"The {what} of {owner} must be codes from 0 to {len(class_names) - 1}. "
            f"Got {array.min()} to {array.max()}."
        )
    return array


def check_multi_hot(labels: Any, class_names: tuple[str, ...], what: str, owner: str) -> np.ndarray:
    """Return labels of which a sample may have several as a read-only bool matrix.

    Raises
    ------
    DataError
        If they are no matrix with a column a class, or hold anything but 0 and 1.
    """
    array = np.asarray(labels)
    if array.ndim != 2 or array.shape[1] != len(class_names):
        raise DataError(
            f"The {what} of {owner} must have one column for each of {len(class_names)} labels. "
            f"Got shape {array.shape}."
        )
    if array.dtype != bool:
        if array.dtype.kind not in "iuf" or not np.isin(array, (0, 1)).all():
            raise DataError(
                f"The {what} of {owner} must be 0 or 1, one column a label. "
                f"Got {array.dtype} with other values.",
                hint="a sample has a label (1) or not (0); round probabilities yourself.",
            )
        array = array == 1
    return frozen_array(array)
