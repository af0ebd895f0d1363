"""A reserve: real samples that were put aside earlier, such as those that pruning removed.

**What it tells you.** What more *real* data of the hard classes would do: the fair yardstick for
every way of making samples up.

**When it misleads.** It is no method: whoever has the samples should train on them anyway.

**Reference.** The "holdout" oversampling of arXiv 2504.07031, version 2.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from steelyard._support.errors import MismatchError
from steelyard._support.seeding import uniform_by_id
from steelyard._support.validation import check_kind
from steelyard.records.labelled import Labelled
from steelyard.resampling.added_rows import LOAD, chosen_rows, require_enough, rows_like


@dataclass(frozen=True, eq=False)
class Reserve:
    """Real samples put aside, drawn without replacement; none comes twice.

    Parameters
    ----------
    rows : Labelled
        Of the data's classes (matched by name) and columns, with ids that the data do not have.
        No validation or test rows.
    """

    rows: Labelled

    def __post_init__(self) -> None:
        check_kind(self.rows, Labelled, "rows", "Reserve", LOAD)

    words = "grown from a reserve"
    note = "Added rows are real samples that had been put aside."

    def rows_for(self, data: Labelled, wanted: np.ndarray, seed: int) -> Labelled:
        """Return ``wanted`` rows a class, drawn by id.

        Raises
        ------
        DataError
            If a class has too few.
        MismatchError
            If the rows do not fit the data, are among them, or are held out.
        """
        rows = rows_like(self.rows, data, "The reserve")
        if rows.ids.dtype.kind != data.ids.dtype.kind:
            raise MismatchError(
                f"The reserve has ids such as {rows.ids[0]!r}, the data such as {data.ids[0]!r}: "
                "whether they share samples cannot be told.",
                hint="take both from one data set, so that ids tell the samples apart.",
            )
        twice = np.intersect1d(rows.ids, data.ids)
        if len(twice):
            raise MismatchError(
                f"The reserve holds {len(twice)} samples of the data, first id {str(twice[0])!r}.",
                hint="take the samples that were put aside: data.take(plan.counts == 0). Of two "
                "files name the column of ids (id_column=..., --id COLUMN): rows that are merely "
                "numbered have the same ids.",
            )
        require_enough(
            rows,
            wanted,
            "The reserve",
            "choose a smaller degree, put more aside, or repeat samples: over='random'.",
        )
        return rows.take(
            chosen_rows(rows, wanted, uniform_by_id(rows.ids, seed, purpose="reserve"))
        )
