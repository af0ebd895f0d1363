"""Radii of class manifolds: how far the representations of one class lie from their middle.

The gyration radius of a class of n vectors x is, in its two forms,

    R^2 = 1 / (2 n^2) sum_x sum_y |x - y|^2 = mean |x|^2 - |mean x|^2

so that counts and sums are enough (`class_sums`), and batches and processes add up. Where every x
lies on the unit sphere, R^2 = 1 - |mean x|^2, in [0, 1].

Four variants, by name. A vector is taken as it is ("raw") or divided by its norm ("sphere"), and
what is told is R^2 ("squared") or R ("root"):

- "raw-squared" is what the text of the study says (P. Pukowski and H. Lu, 2024, arXiv 2409.14401);
- "sphere-root" is what its published code computes and its figures show, and the default here;
- "sphere-squared" and "raw-root" complete the square. A root never moves a minimum or a rise.

When they mislead. Raw radii rise with the norm of the representations, and norms rise as a network
trains: nearly every class then "inverts" at the first chance, whatever its shape does. Radii on the
sphere are blind to norms: classes that differ in norm alone look as one point. All of them are
blind to shape (two tight clusters and one wide cloud may have one radius), and none can be compared
between layers of different width or after another activation without thought.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from scipy.sparse import csc_array

from steelyard._support.arrays import frozen_integers, require_finite
from steelyard._support.errors import DataError
from steelyard._support.validation import check_choice, check_integer
from steelyard.records.class_sums import ClassSums, on_sphere
from steelyard.records.manifold_history import FORMULAS

_BLOCK = 2**20  # ours: numbers that are held in 64 bits at once


def class_sums(
    representations: Any, labels: Any, n_classes: int, *, sphere: bool = True
) -> ClassSums:
    """Return counts and sums of the representations of each class, in float64.

    One product of one-hot labels with the vectors: O(n d), no pairwise distance. The sums of
    batches may be added. In sums of n numbers of 64 bits a radius below some 1e-8 of the mean norm
    is rounding; 32-bit representations do not know theirs as well as that.

    Parameters
    ----------
    representations : ndarray or Tensor of shape (n, d)
        One vector a sample, of any precision and device.
    labels : ndarray, Tensor or sequence of shape (n,)
        Class codes 0..K-1.
    n_classes : int
        K.
    sphere : bool
        Divide each vector by its norm; a zero vector stays zero.

    Raises
    ------
    DataError
        If shapes do not fit, a label is no class code, or a number is NaN or infinite.
    """
    n_classes = check_integer(n_classes, "n_classes", "class_sums", 1)
    vectors = _vectors(representations)
    codes = _codes(labels, len(vectors), n_classes)
    width = vectors.shape[1]
    sums, squares = np.zeros((n_classes, width)), np.zeros(n_classes)
    step = max(1, _BLOCK // max(width, 1))
    for start in range(0, len(vectors), step):
        block = vectors[start : start + step].astype(np.float64)
        own = codes[start : start + step]
        one_hot = csc_array(
            (np.ones(len(own)), own, np.arange(len(own) + 1)), shape=(n_classes, len(own))
        )
        if sphere:
            block = _on_sphere(block)
        sums += one_hot @ block
        squares += one_hot @ (block**2).sum(axis=1)
    return ClassSums(np.bincount(codes, minlength=n_classes), sums, squares)


def class_radii(
    representations: Any, labels: Any, n_classes: int, *, formula: str = "sphere-root"
) -> np.ndarray:
    """Return the radius of each class, float64 of shape (K,); NaN of a class without samples.

    Parameters
    ----------
    representations, labels, n_classes
        As in `class_sums`.
    formula : {"sphere-root", "sphere-squared", "raw-squared", "raw-root"}
        "raw-squared" is the formula in the text of arXiv 2409.14401; "sphere-root" made its
        published numbers. Raw radii, in the units of the representations (or their square), rise
        with their norm; those on the sphere are pure numbers in [0, 1].

    Raises
    ------
    ParameterError
        If the formula is none of these.
    DataError
        As `class_sums`.
    """
    check_choice(formula, "formula", "class_radii", FORMULAS)
    sums = class_sums(representations, labels, n_classes, sphere=on_sphere(formula))
    return sums.radii(formula)


def _vectors(representations: Any) -> np.ndarray:
    if isinstance(representations, torch.Tensor):
        if representations.dtype is torch.bfloat16:  # numpy has no such numbers
            representations = representations.float()
        representations = representations.numpy(force=True)
    array = np.asarray(representations)
    if array.ndim != 2:
        raise DataError(
            f"Representations must be of shape (n, d). Got {array.shape}.",
            hint="one vector a sample: flatten(1) those of a convolution, or pool them.",
        )
    if array.dtype.kind not in "fiu":
        raise DataError(f"Representations must be real numbers. Got {array.dtype}.")
    require_finite(array, "representations", "class_sums")
    return array


def _codes(labels: Any, n: int, n_classes: int) -> np.ndarray:
    if isinstance(labels, torch.Tensor):
        labels = labels.numpy(force=True)
    codes = frozen_integers(labels, "labels", "class_sums")
    if codes.shape != (n,):
        raise DataError(f"{n} representations need {n} labels. Got shape {codes.shape}.")
    if n and (codes.min() < 0 or codes.max() >= n_classes):
        raise DataError(
            f"The labels of class_sums must be codes from 0 to {n_classes - 1}. "
            f"Got {codes.min()} to {codes.max()}."
        )
    return codes


def _on_sphere(vectors: np.ndarray) -> np.ndarray:
    # by the largest entry first: squares of very large or small numbers leave the range of floats
    largest = np.abs(vectors).max(axis=1, keepdims=True, initial=0.0)
    scaled = vectors / np.where(largest > 0, largest, 1.0)
    norms = np.sqrt((scaled**2).sum(axis=1, keepdims=True))
    return scaled / np.where(norms > 0, norms, 1.0)
