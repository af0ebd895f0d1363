"""Inputs made ready for a model, in an order that does not depend on rows or label names.

Training draws random numbers for positions: which sample comes next, which output unit starts
where. Rows are therefore sorted by id and classes by the smallest id that carries them, so that
permuted rows or renamed labels train the very same network; results go back to the caller's
order at the end.

What is learned of the data, the moments of channels, the encoding of a table and the order of the
classes, is learned from the training part, or from a reference: parts with other rows added are
then encoded alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from steelyard._support.errors import DataError, MismatchError
from steelyard._support.validation import check_choice
from steelyard.records.labelled import Labelled
from steelyard.records.plan import Plan
from steelyard.records.recipe import MODELS
from steelyard.training.class_weights import class_weights
from steelyard.training.encodings import encode

_BLOCK = 1024  # images that are counted at once


@dataclass(frozen=True, eq=False)
class Prepared:
    """A training part and held-out parts, encoded for one family of models.

    Parameters
    ----------
    data : Labelled
        The training part, in the caller's order.
    held_out : tuple of Labelled
        The parts to predict, in the caller's order.
    model : str
        The family of models that the encoding suits.
    X : ndarray of shape (n, ...)
        Encoded training inputs, rows sorted by id.
    y : ndarray of shape (n,)
        Canonical class codes of those rows.
    X_held_out : tuple of ndarray
        Encoded held-out inputs, rows sorted by id.
    y_held_out : tuple of ndarray
        Canonical class codes of those rows.
    order : ndarray of shape (n,)
        Row of ``data`` at each canonical position.
    classes : ndarray of shape (K,)
        Class code of ``data`` for each canonical class.
    categorical : ndarray of shape (n_columns,)
        Which columns of X are category codes; empty where none are.
    reference : Labelled, optional
        What was learned from instead of ``data``.
    """

    data: Labelled
    held_out: tuple[Labelled, ...]
    model: str
    X: np.ndarray
    y: np.ndarray
    X_held_out: tuple[np.ndarray, ...]
    y_held_out: tuple[np.ndarray, ...]
    order: np.ndarray
    classes: np.ndarray
    categorical: np.ndarray
    reference: Labelled | None = None

    @cached_property
    def channel_moments(self) -> tuple[np.ndarray, np.ndarray]:
        """Mean and standard deviation of each channel of uint8 training images, shape (channels,).

        Of the reference, where there is one. From counts of bytes, which are whole numbers: exact,
        and the same for any order of rows.
        """
        X = self.X if self.reference is None else self.reference.inputs.transpose(0, 3, 1, 2)
        # in blocks, because counting takes eight bytes a pixel
        counts = np.zeros((X.shape[1], 256), dtype=np.int64)
        for start in range(0, len(X), _BLOCK):
            for channel, images in enumerate(X[start : start + _BLOCK].swapaxes(0, 1)):
                counts[channel] += np.bincount(images.ravel(), minlength=256)
        n_pixels, values = counts[0].sum(), np.arange(256)
        mean = counts @ values / n_pixels
        variance = counts @ values**2 / n_pixels - mean**2
        return mean, np.sqrt(np.maximum(variance, 1.0))  # a blank set stays finite

    def draws(self, plan: Plan | None) -> np.ndarray:
        """Return the canonical position of each draw of a plan, sorted; None draws each row once.

        Raises
        ------
        MismatchError
            If the plan was made on other data.
        """
        rows = np.arange(len(self.data)) if plan is None else plan.rows(self.data)
        return np.sort(np.argsort(self.order, kind="stable")[rows])

    def weights(self, draws: np.ndarray, exponent: float) -> np.ndarray | None:
        """Return the class weight of each canonical row in the loss, or None where all weigh 1.

        Parameters
        ----------
        draws : ndarray of shape (m,)
            What `draws` returned: the weights follow from how often each class is drawn.
        exponent : float
            The recipe's ``class_weighting``.
        """
        if not exponent:
            return None
        counts = np.bincount(self.y[draws], minlength=self.data.n_classes)
        return class_weights(counts, exponent)[self.y]

    def left_out(self, plan: Plan | None) -> np.ndarray:
        """Return the canonical positions that a plan leaves out, sorted."""
        drawn = np.bincount(self.draws(plan), minlength=len(self.data))
        return np.flatnonzero(drawn == 0)


def prepare(
    data: Labelled,
    held_out: Sequence[Labelled] = (),
    *,
    model: str = "mlp",
    reference: Labelled | None = None,
) -> Prepared:
    """Encode a training part and held-out parts; everything is learned from the training part.

    Parameters
    ----------
    data : Labelled
        The training part.
    held_out : sequence of Labelled
        Parts to predict later.
    model : {"mlp", "cnn", "resnet", "trees"}
        The family of models.
    reference : Labelled, optional
        Learn from this part instead: for a training part with synthetic or pool rows added, what
        it was before. Parts that share a reference are encoded alike: the same moments of
        channels, the same columns, the same class at each output unit.

    Raises
    ------
    DataError
        If a class has no training sample or none in the reference, the data are multi-label or
        labels alone, or a table is to enter a convolutional network.
    MismatchError
        If a held-out part or the reference has other classes or other inputs, or a held-out part
        shares ids with the training part or the reference.
    """
    check_choice(model, "model", "prepare", MODELS)
    for part in (data, *(() if reference is None else (reference,))):
        part.require_single_label("Training")
        part.require_inputs("Training")
    if model in ("cnn", "resnet") and data.modality != "image":
        raise DataError(
            "A convolutional network needs images; these data are a table.",
            hint="choose the probe mlp or trees.",
        )
    _require_every_class(data, "training")
    if reference is not None:
        _require_alike(data, reference)
        _require_every_class(reference, "reference")
    for part in held_out:
        _require_match(data, part, "training")
        if reference is not None:
            _require_match(reference, part, "reference")
    order = np.argsort(data.ids, kind="stable")
    ordered = data.take(order)
    learned_from = ordered if reference is None else _by_id(reference)
    _, first_position = np.unique(learned_from.labels, return_index=True)
    classes = np.argsort(first_position, kind="stable")  # canonical class -> code
    canonical = np.argsort(classes, kind="stable")  # code -> canonical class
    sorted_parts = [_by_id(part) for part in held_out]
    X, X_held_out, categorical = encode(ordered, sorted_parts, model, learned_from)
    return Prepared(
        data,
        tuple(held_out),
        model,
        X,
        canonical[ordered.labels],
        tuple(X_held_out),
        tuple(canonical[part.labels] for part in sorted_parts),
        order,
        classes,
        categorical,
        reference,
    )


def _by_id(part: Labelled) -> Labelled:
    return part.take(np.argsort(part.ids, kind="stable"))


def _require_every_class(part: Labelled, what: str) -> None:
    empty = [part.class_names[code] for code in np.flatnonzero(part.class_counts == 0)]
    if empty:
        raise DataError(
            f"{len(empty)} classes have no {what} sample, first {empty[0]!r}.",
            hint="collect some, or leave the class out.",
        )


def _require_alike(data: Labelled, reference: Labelled) -> None:
    if reference.class_names != data.class_names or _kinds(reference) != _kinds(data):
        raise MismatchError(
            "The reference must have the classes and inputs of the training part: the same names, "
            "and columns or sizes of images.",
            hint="pass the training part as it was before rows were added.",
        )


def _kinds(data: Labelled) -> object:
    """Return what inputs have to share: a size of images, or columns and which hold numbers."""
    if data.modality == "image":
        return data.inputs.shape[1:]
    return set(data.inputs.columns), set(data.inputs.select_dtypes("number").columns)


def _require_match(data: Labelled, part: Labelled, what: str) -> None:
    if part.class_names != data.class_names or part.modality != data.modality:
        raise MismatchError("A held-out part must have the classes and inputs of the training.")
    shared = np.intersect1d(data.ids, part.ids)
    if len(shared):
        raise MismatchError(
            f"{len(shared)} held-out samples stand in the {what} part, first id "
            f"{str(shared[0])!r}.",
            hint="split the data: steelyard.split(data).",
        )
