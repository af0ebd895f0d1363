"""The hardest samples of each data set of a hardness study: pictures, or rows of the table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from steelyard.records.labelled import Labelled
from steelyard.report.gallery import Gallery, columns_left_out, features_of, pictures_of
from steelyard.report.hardness_quantities import data_title
from steelyard.report.names import shortened
from steelyard.report.tables import Cell, Column, Table, name_cell

_MOST_SAMPLES = 16  # of a data set
_BYTES = 100_000  # of all pictures of the page


@dataclass(frozen=True)
class HardestSamples:
    """The gallery of a data set."""

    name: str
    gallery: Gallery


def hardest_samples(hardest: Mapping[str, Labelled]) -> tuple[HardestSamples, ...]:
    """Return one gallery a data set, the hardest sample first."""
    return tuple(
        HardestSamples(data_title(data), _gallery(samples, _BYTES // len(hardest)))
        for data, samples in hardest.items()
        if len(samples.labels)
    )


def _gallery(samples: Labelled, most_bytes: int) -> Gallery:
    shown = samples.take(np.arange(min(_MOST_SAMPLES, len(samples.labels))))
    n = len(shown.labels)
    table = _table(shown)
    if shown.modality == "image":
        captions = [f"rank {at}" for at in range(1, n + 1)]
        return Gallery(pictures_of(shown, captions, most_bytes), table, 0, n)
    return Gallery((), table, columns_left_out(shown), n)


def _table(shown: Labelled) -> Table:
    features = features_of(shown)
    columns = [Column("Rank", numeric=False), Column("Sample", numeric=False)]
    columns.append(Column("Label", numeric=False))
    columns += [Column(shortened(name, 30), numeric) for name, numeric, _ in features]
    rows = tuple(
        (
            Cell(str(at + 1)),
            name_cell(shown.ids[at], 24),
            name_cell(shown.class_names[shown.labels[at]]),
            *(values[at] for _, _, values in features),
        )
        for at in range(len(shown.labels))
    )
    return Table("The hardest training samples, hardest first", tuple(columns), rows)
