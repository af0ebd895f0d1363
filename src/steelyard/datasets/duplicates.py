"""Rows that stand in the training part and in a held-out part: they flatter the judgement."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
import pandas as pd

from steelyard.records.labelled import Labelled


@dataclass(frozen=True)
class DuplicatesAcrossParts:
    """Held-out rows whose inputs also stand, exactly, in the training part.

    Parameters
    ----------
    n_held_out : int
        Validation and test rows.
    n_duplicates : int
        How many of them have the same inputs as a training row.
    n_other_label : int
        How many of those have a twin in the training part that carries another label: no
        model that sees the inputs alone can be right about both.
    """

    n_held_out: int
    n_duplicates: int
    n_other_label: int


def find_duplicates_across_parts(data: Labelled) -> DuplicatesAcrossParts:
    """Count exact duplicates between the training part and the held-out parts.

    Near duplicates (another crop, a rounded number) are not seen. In tables of few, coarse
    columns some equal rows are to be expected without any leak.

    Parameters
    ----------
    data : Labelled
        Without a split there is nothing to compare, and all counts are 0.
    """
    if data.split is None:
        return DuplicatesAcrossParts(0, 0, 0)
    rows = row_hashes(data)
    in_train = data.split == "train"
    train = pd.DataFrame({"row": rows[in_train], "label": data.labels[in_train]})
    lowest_highest = train.groupby("row")["label"].agg(["min", "max"])
    twins = lowest_highest.reindex(rows[~in_train]).to_numpy(np.float64)
    duplicate = ~np.isnan(twins[:, 0])
    labels = data.labels[~in_train][duplicate, None]
    other = (twins[duplicate] != labels).any(axis=1)
    return DuplicatesAcrossParts(int((~in_train).sum()), int(duplicate.sum()), int(other.sum()))


def row_hashes(data: Labelled) -> np.ndarray:
    """Return a number for the inputs of each row, uint64 of shape (n,): equal for equal inputs.

    Two different rows of a million meet in 1 of 10^7 cases.
    """
    if data.modality == "table":
        return pd.util.hash_pandas_object(data.inputs, index=False).to_numpy()
    digests = b"".join(hashlib.blake2b(image, digest_size=8).digest() for image in data.inputs)
    return np.frombuffer(digests, np.uint64)
