"""Rows as points whose distances tell whether two of them are nearly the same thing.

Tables: every number is centred on its median, divided by its spread and drawn together by asinh,
so that long tails do not hide the rest; a missing one is the median, with a column that says so; a
difference of category counts 1. Images: grey, averaged over cells of a grid of 12 x 12, then
shifted and scaled to mean 0 and spread 1, so that compression, resizing, brightness and contrast
change little. Many columns are projected at random to 128, which keeps small distances small.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from steelyard._support.seeding import generator
from steelyard.records.labelled import Labelled

GRID = 12
VERSIONS = 7  # of an image, beside itself
_MOST = 128  # columns
_LEVELS = 64  # of a category; the rarer ones share a column
_FLAT = 2.0  # grey values: an image that varies less says nothing


def points_of(parts: list[Labelled], seed: int = 0) -> list[np.ndarray]:
    """Return a matrix of float64 for each part, scaled by the first, shape (n, d), d <= 128.

    Images that show nothing (of one grey value) are rows of zeros.

    Parameters
    ----------
    parts : list of Labelled
        Of the same columns, or of images of the same shape.
    seed : int
        Draws the projection.
    """
    if parts[0].modality == "image":
        return [_image_points(part.inputs) for part in parts]
    columns = [
        block
        for name in parts[0].inputs
        for block in _column_points([part.inputs[name] for part in parts])
    ]
    if not columns:
        return [np.zeros((len(part), 0)) for part in parts]
    if len(columns) <= _MOST:
        return [np.stack([column[at] for column in columns], axis=1) for at in range(len(parts))]
    draw = generator(seed, purpose="guards: projection")
    projected = [np.zeros((len(part), _MOST)) for part in parts]
    for column in columns:
        direction = draw.normal(size=_MOST) / np.sqrt(_MOST)
        for sums, values in zip(projected, column, strict=True):
            sums += np.outer(values, direction)
    return projected


def versions(data: Labelled) -> Iterator[np.ndarray]:
    """Yield points of images mirrored, shifted, enlarged and shrunk: `VERSIONS` at most.

    They are shifted each way by a thirtieth; their middle nine tenths are enlarged, or they are
    shrunk to nine tenths with their border repeated. Of a table there are none.
    """
    if data.modality == "table":
        return
    images = data.inputs
    height, width = images.shape[1:3]
    down, right = max(round(height / 30), 1), max(round(width / 30), 1)
    yield _image_points(images[:, :, ::-1])
    for shift, axis in ((down, 1), (-down, 1), (right, 2), (-right, 2)):
        yield _image_points(np.roll(images, shift, axis))
    top, left = round(height / 20), round(width / 20)
    if min(height - 2 * top, width - 2 * left) >= GRID and top and left:
        yield _image_points(images[:, top : height - top, left : width - left])
        yield _image_points(np.pad(images, ((0, 0), (top, top), (left, left), (0, 0)), "edge"))


def _column_points(columns: list[pd.Series]) -> list[list[np.ndarray]]:
    if columns[0].dtype == "category":
        return _category_points(columns)
    numbers = [column.to_numpy(np.float64) for column in columns]
    missing = [np.isnan(values) for values in numbers]
    known = numbers[0][~missing[0]]
    centre, spread = 0.0, 1.0
    if len(known):
        centre = float(np.median(known))
        low, high = np.quantile(known, [0.25, 0.75])
        spread = float((high - low) / 1.35) or float(known.std()) or 1.0
    points = [
        np.arcsinh(np.where(gap, 0.0, (values - centre) / spread))
        for values, gap in zip(numbers, missing, strict=True)
    ]
    if any(gap.any() for gap in missing):
        return [points, [gap.astype(np.float64) for gap in missing]]
    return [points]


def _category_points(columns: list[pd.Series]) -> list[list[np.ndarray]]:
    """Return a column a level; two different levels are 1 apart."""
    texts = [column.astype(object).where(column.notna(), None) for column in columns]
    levels = texts[0].value_counts().index[:_LEVELS]
    return [
        [(text == level).to_numpy(np.float64) / np.sqrt(2) for text in texts] for level in levels
    ]


def _image_points(images: np.ndarray) -> np.ndarray:
    rows, columns = (_averaging(size) for size in images.shape[1:3])
    points = np.empty((len(images), rows.shape[0] * columns.shape[0]))
    for start in range(0, len(images), 4096):
        grey = images[start : start + 4096].mean(axis=3, dtype=np.float64)
        points[start : start + len(grey)] = (rows @ grey @ columns.T).reshape(len(grey), -1)
    points -= points.mean(axis=1, keepdims=True)
    spread = points.std(axis=1, keepdims=True)
    return np.where(spread > _FLAT, points / np.maximum(spread, _FLAT), 0.0)


def _averaging(size: int) -> np.ndarray:
    """Return the matrix that averages ``size`` pixels over at most GRID cells of equal width."""
    cells = min(size, GRID)
    edges = np.linspace(0, size, cells + 1)
    pixels = np.arange(size)
    overlap = np.minimum(edges[1:, None], pixels + 1) - np.maximum(edges[:-1, None], pixels)
    return np.clip(overlap, 0, None) * cells / size
