"""Seeds from named axes, and draws that follow a sample's id instead of its row.

No function here touches global random state.
"""

from __future__ import annotations

import hashlib
import json

import numpy as np


def derive_seed(seed: int, **axes: str | int | float) -> int:
    """Return the 63-bit seed of one point on named axes.

    The same seed and axes give the same number on every machine; any other point gives an
    unrelated one. Two computations that must share their randomness name the same axes.

    Parameters
    ----------
    seed : int
        The user's seed.
    **axes : str, int or float
        For instance ``purpose="split"`` or ``repetition=3``; 1, 1.0 and numpy's 1 are one point.
    """
    point = {"seed": int(seed), **{name: _plain(value) for name, value in axes.items()}}
    text = json.dumps(point, sort_keys=True, allow_nan=False)
    digest = hashlib.blake2b(text.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1


def generator(seed: int, **axes: str | int | float) -> np.random.Generator:
    """Return numpy's generator for one point on named axes; see `derive_seed`."""
    return np.random.default_rng(derive_seed(seed, **axes))


def uniform_by_id(ids: np.ndarray, seed: int, **axes: str | int | float) -> np.ndarray:
    """Return one uniform draw a sample that stays with its id when rows are permuted.

    Parameters
    ----------
    ids : ndarray of shape (n,)
        Unique ids.
    seed : int
        The user's seed.
    **axes : str, int or float
        The named axes of the draw.

    Returns
    -------
    ndarray of shape (n,)
        Values in [0, 1).
    """
    draws = np.empty(len(ids))
    draws[np.argsort(ids, kind="stable")] = generator(seed, **axes).random(len(ids))
    return draws


def _plain(value: str | int | float) -> str | int | float:
    if isinstance(value, np.generic):
        value = value.item()
    return int(value) if isinstance(value, float) and value.is_integer() else value
