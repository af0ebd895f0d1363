"""The hardest and the most suspect samples: pictures, or rows of the table."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from PIL import Image

from steelyard.records.hardness import Hardness
from steelyard.records.labelled import Labelled
from steelyard.records.weighing import Weighing
from steelyard.report.digits import measured
from steelyard.report.names import shortened
from steelyard.report.tables import Cell, Column, Table, absent_cell, name_cell

_MOST_SAMPLES = 24  # a gallery
_MOST_COLUMNS = 16  # of the original table
_MOST_SCORES = 4  # beside the one that orders them
_DOUBT = "label_doubt"
_SIDES = (96, 80, 64, 48, 32)  # pixels: the longer side of a picture, the largest that fits
_BYTES = 300_000  # a gallery's pictures, so that the page stays under 6 MB


@dataclass(frozen=True)
class Picture:
    """One image with its caption."""

    source: str
    alternative: str
    identity: str
    label: str
    score: str
    small: bool


@dataclass(frozen=True)
class Gallery:
    """The samples of one kind, hardest first.

    Parameters
    ----------
    pictures : tuple of Picture
        Empty for a table.
    table : Table or None
        Scores of each sample, and its row for a table; None where there is no sample.
    left_out : int
        Columns of the original table that are not shown.
    n_shown : int
        Samples shown.
    """

    pictures: tuple[Picture, ...]
    table: Table | None
    left_out: int
    n_shown: int


def hardest(weighing: Weighing) -> Gallery:
    """Return the hardest samples that are not suspect."""
    caption = "The hardest samples that do not look mislabelled"
    return _gallery(weighing, caption, hardest_by(weighing), suspect=False)


def suspects(weighing: Weighing) -> Gallery:
    """Return the samples that look mislabelled."""
    return _gallery(weighing, "Samples that look mislabelled", suspect_by(weighing), suspect=True)


def hardest_by(weighing: Weighing) -> Hardness:
    """Return the score that orders the hardest samples."""
    return next(iter(weighing.hardness.values()))


def suspect_by(weighing: Weighing) -> Hardness:
    """Return the score that orders the suspects."""
    return weighing.hardness.get(_DOUBT, hardest_by(weighing))


def _gallery(weighing: Weighing, caption: str, score: Hardness, suspect: bool) -> Gallery:
    data = weighing.gallery
    place = {identity: at for at, identity in enumerate(score.ids.tolist())}
    rows = np.array([place[identity] for identity in data.ids.tolist()])
    mine = np.flatnonzero((weighing.kinds[rows] == "suspect") == suspect)
    mine = mine[np.argsort(-score.values[rows[mine]], kind="stable")][:_MOST_SAMPLES]
    if not len(mine):
        return Gallery((), None, 0, 0)
    shown, rows = data.take(mine), rows[mine]
    pictures: tuple[Picture, ...] = ()
    left_out = 0
    if data.modality == "image":
        captions = [f"{score.name} {_score(score, row)}" for row in rows]
        pictures = pictures_of(shown, captions)
    else:
        left_out = columns_left_out(shown)
    table = _table(weighing, shown, rows, caption, score)
    return Gallery(pictures, table, left_out, len(mine))


def _score(score: Hardness, row: int) -> str:
    value, spread = measured(score.values[row], score.spread[row])
    return f"{value} \N{PLUS-MINUS SIGN} {spread}" if spread else value


def pictures_of(
    shown: Labelled, captions: Sequence[str], most_bytes: int = _BYTES
) -> tuple[Picture, ...]:
    """Return images with a caption each, as large as so many bytes have room for."""
    pictures = []
    for at, source in enumerate(_sources(shown.inputs, most_bytes)):
        label = shortened(shown.class_names[shown.labels[at]], 40)
        identity = shortened(shown.ids[at], 24)
        pictures.append(
            Picture(
                source,
                f"Training sample {identity}, labelled {label}",
                identity,
                label,
                captions[at],
                max(shown.inputs.shape[1:3]) <= _SIDES[0],
            )
        )
    return tuple(pictures)


def _sources(images: np.ndarray, most_bytes: int) -> list[str]:
    """Return data addresses of PNGs, as large as the page has room for."""
    for side in _SIDES:
        encoded = [_png(image, side) for image in images]
        if sum(map(len, encoded)) <= most_bytes:
            break
    return [f"data:image/png;base64,{base64.b64encode(one).decode()}" for one in encoded]


def _png(image: np.ndarray, side: int) -> bytes:
    picture = Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image)
    picture.thumbnail((side, side), Image.Resampling.LANCZOS)  # never enlarges
    file = io.BytesIO()
    picture.save(file, "PNG", optimize=True)
    return file.getvalue()


def _table(
    weighing: Weighing, shown: Labelled, rows: np.ndarray, caption: str, score: Hardness
) -> Table:
    others = [one for one in weighing.hardness.values() if one.name not in (score.name, _DOUBT)]
    scores = [score, *others[:_MOST_SCORES]]
    columns = [Column("Sample", numeric=False), Column("Label", numeric=False)]
    columns += [Column(shortened(one.name, 40)) for one in scores]
    features = features_of(shown)
    columns += [Column(shortened(name, 30), numeric) for name, numeric, _ in features]
    cells = []
    for at, row in enumerate(rows):
        cells.append(
            (
                name_cell(shown.ids[at], 24),
                name_cell(shown.class_names[shown.labels[at]]),
                *(_score_cell(one, row) for one in scores),
                *(values[at] for _, _, values in features),
            )
        )
    spread = ", \N{PLUS-MINUS SIGN} standard deviation over runs" if scores[-1].n_runs > 1 else ""
    caption = f"{caption}. Scores: higher is harder{spread}"
    return Table(caption, tuple(columns), tuple(cells))


def _score_cell(score: Hardness, row: int) -> Cell:
    value, spread = measured(score.values[row], score.spread[row])
    return Cell(value, note=f"\N{PLUS-MINUS SIGN} {spread}" if spread else "")


def features_of(shown: Labelled) -> list[tuple[str, bool, list[Cell]]]:
    """Return (name, whether numeric, cells) of each column of the original table that fits."""
    if shown.modality == "image":
        return []
    table: pd.DataFrame = shown.inputs
    features = []
    for column in table.columns[:_MOST_COLUMNS]:
        numeric = pd.api.types.is_float_dtype(table[column].dtype)
        features.append((column, numeric, [_value(value) for value in table[column]]))
    return features


def columns_left_out(shown: Labelled) -> int:
    """Return how many columns of a table `features_of` leaves out."""
    return max(shown.inputs.shape[1] - _MOST_COLUMNS, 0)


def _value(value: object) -> Cell:
    if pd.isna(value):
        return absent_cell("missing")
    return Cell(f"{value:.6g}") if isinstance(value, float) else name_cell(value)
