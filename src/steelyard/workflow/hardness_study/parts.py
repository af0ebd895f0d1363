"""The parts that a hardness study works with: what trains, what stands by, what judges."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from steelyard._support.errors import DataError
from steelyard._support.seeding import uniform_by_id
from steelyard.records.hardness_protocol import HardnessProtocol
from steelyard.records.labelled import Labelled
from steelyard.resampling.rounding import largest_remainder
from steelyard.resampling.selection import first_in_class, rank_in_class

_TEST = 0.2  # ours: of data that come without a test part


@dataclass(frozen=True, eq=False)
class Parts:
    """What trains, what stands by and what judges; no sample is in two of them.

    Parameters
    ----------
    train : Labelled
        The training samples of every arm.
    pool : Labelled or None
        Real samples that no arm but those that grow from a pool trains on.
    test : Labelled
        What judges.
    """

    train: Labelled
    pool: Labelled | None
    test: Labelled


def parts_of(data: Labelled, protocol: HardnessProtocol) -> Parts:
    """Return the parts; what is drawn is drawn by id, class by class, in the data's proportions.

    Data that come with a test part keep it; of others a fifth of each class is set aside.

    Raises
    ------
    DataError
        If the data cannot be split, are tables that should shrink, or a class would lose all of its
        training samples.
    """
    data.require_single_label("The hardness study")
    data.require_inputs("The hardness study")
    data = _shrunk(data, protocol.shrink)
    if "test" not in data.parts:
        data = _set_aside(data, protocol.seed)
    train = replace(data.part("train"), split=None)
    test = data.part("test")
    order = np.argsort(uniform_by_id(train.ids, protocol.seed, purpose="hardness study"))
    taken = _first_of_classes(train, order, protocol.n_train or len(train))
    lost = (train.class_counts > 0) & (train.take(taken).class_counts == 0)
    if lost.any():
        raise DataError(
            f"{int(lost.sum())} classes have no sample among {len(taken)} that were drawn, first "
            f"{data.class_names[int(lost.argmax())]!r}.",
            hint="leave such rare classes out, or draw more in a protocol of your own.",
        )
    rest = np.setdiff1d(np.arange(len(train)), taken)
    pool = None
    if protocol.n_pool and len(rest):
        others = train.take(rest)
        again = np.argsort(uniform_by_id(others.ids, protocol.seed, purpose="hardness study"))
        pool = others.take(_first_of_classes(others, again, protocol.n_pool))
    return Parts(train.take(taken), pool, test)


def _set_aside(data: Labelled, seed: int) -> Labelled:
    """Return the data with a test part; a validation part would only be lost."""
    draws = uniform_by_id(data.ids, seed, purpose="hardness study test")
    alone = data.class_counts == 1
    if alone.any():
        raise DataError(
            f"{int(alone.sum())} classes of {data.name!r} have one sample, first "
            f"{data.class_names[int(alone.argmax())]!r}: nothing of them could be tested.",
            hint="leave them out; or is the target a number to predict? Name a column of classes.",
        )
    n_test = np.maximum(np.rint(_TEST * data.class_counts), data.class_counts > 0)
    tests = rank_in_class(data.labels, data.class_counts, draws, draws) < n_test[data.labels]
    return replace(data, split=np.where(tests, "test", "train"))


def _first_of_classes(data: Labelled, order: np.ndarray, n: int) -> np.ndarray:
    """Return the positions, ascending, of n samples: the first of each class, in proportion."""
    if n >= len(data):
        return np.arange(len(data))
    tie_break = first_in_class(data.ids, data.labels, data.n_classes)
    totals = largest_remainder(data.class_counts * (n / len(data)), n, tie_break=tie_break)
    place = np.empty(len(data))
    place[order] = np.arange(len(data))
    rank = rank_in_class(data.labels, data.class_counts, place, place)
    return np.flatnonzero(rank < totals[data.labels])


def _shrunk(data: Labelled, times: int) -> Labelled:
    """Return images averaged over squares of ``times`` pixels a side."""
    if times == 1:
        return data
    if data.modality != "image":
        raise DataError("Only images can be averaged down; these data are a table.")
    n, height, width, channels = data.inputs.shape
    if height % times or width % times:
        raise DataError(
            f"Images of {height} by {width} pixels do not divide into squares of {times}.",
            hint="choose a divisor of both sides.",
        )
    small = np.empty((n, height // times, width // times, channels), dtype=np.uint8)
    for first in range(0, n, 1024):  # a mean takes eight bytes a pixel
        squares = data.inputs[first : first + 1024].reshape(
            -1, height // times, times, width // times, times, channels
        )
        small[first : first + 1024] = np.rint(squares.mean(axis=(2, 4)))
    return replace(data, inputs=small)
