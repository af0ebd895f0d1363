"""Parts from different sources brought to the same classes and the same columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from steelyard._support.errors import MismatchError
from steelyard.records.labelled import Labelled


def aligned(parts: Mapping[str, Labelled]) -> tuple[dict[str, Labelled], tuple[str, ...]]:
    """Return the parts with one list of classes and the columns that all of them have.

    Two files of one table may lack a class each, and reading them leaves out columns that are
    constant in one alone.

    Parameters
    ----------
    parts : mapping of str to Labelled
        By name, the training part first: its classes and columns lead.

    Returns
    -------
    parts : dict of str to Labelled
        In the same order, without their splits.
    left_out : tuple of str
        Columns that are not in all parts, or hold numbers here and categories there.

    Raises
    ------
    MismatchError
        If one holds images and another a table, images differ in shape, only some are
        multi-label, or no column is common to all.
    """
    given = list(parts.values())
    names = list(dict.fromkeys(name for one in given for name in one.class_names))
    _require_one_kind(parts)
    if given[0].modality == "image":
        return {part: _relabelled(one, names) for part, one in parts.items()}, ()
    columns = [str(column) for column in given[0].inputs]
    everywhere = [
        column
        for column in columns
        if len({_kind(one, column) for one in given}) == 1  # a missing column has a kind, too
    ]
    if not everywhere and columns:
        raise MismatchError(
            "The parts have no column in common that is of one kind.",
            hint="read all of them with the same options.",
        )
    every = dict.fromkeys(str(column) for one in given for column in one.inputs)
    left_out = tuple(column for column in every if column not in everywhere)
    return {
        part: _relabelled(replace(one, inputs=one.inputs[everywhere]), names)
        for part, one in parts.items()
    }, left_out


def _kind(data: Labelled, column: str) -> str:
    if column not in data.inputs:
        return "missing"
    return "category" if data.inputs[column].dtype == "category" else "number"


def _relabelled(data: Labelled, names: Sequence[str]) -> Labelled:
    place = {name: code for code, name in enumerate(names)}
    codes = np.array([place[name] for name in data.class_names])
    if data.multi_label:
        labels = np.zeros((len(data), len(names)), bool)
        labels[:, codes] = data.labels
    else:
        labels = codes[data.labels]
    return replace(data, labels=labels, class_names=tuple(names), split=None)


def _require_one_kind(parts: Mapping[str, Labelled]) -> None:
    (first, leader), *others = parts.items()
    for name, one in others:
        same = one.modality == leader.modality
        if not same or one.multi_label != leader.multi_label:
            raise MismatchError(
                f"The {name} part holds {_words(one)}; the {first} part holds {_words(leader)}.",
                hint="read all of them with the same options.",
            )
        if one.modality == "image" and one.inputs.shape[1:] != leader.inputs.shape[1:]:
            raise MismatchError(
                f"The {name} part holds images of shape {one.inputs.shape[1:]}; those of the "
                f"{first} part have {leader.inputs.shape[1:]}.",
                hint="read all of them with the same image_size.",
            )


def _words(data: Labelled) -> str:
    what = "images" if data.modality == "image" else "a table"
    return f"{what} of {'several labels' if data.multi_label else 'one class'} a sample"
