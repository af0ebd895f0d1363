"""The csv files of the package ``aum``: read as hardness, written from hardness or dynamics.

That package writes ``sample_id,aum``, largest first, where its area under the margin has the
published sign: low is hard. Here higher is harder, so the sign is turned on the way.

The files tell no classes and no spread over runs: give the data if you need the former.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from steelyard._support.errors import DataError
from steelyard._support.storage import write_text
from steelyard.hardness.area_under_margin import AREA_UNDER_MARGIN
from steelyard.hardness.read_scores import read_csv, scored
from steelyard.records.dynamics import Dynamics
from steelyard.records.hardness import Hardness
from steelyard.records.labelled import Labelled


def read_aum_csv(path: str | Path, data: Labelled | None = None) -> Hardness:
    """Read ``aum_values.csv`` or ``full_aum_records.csv``.

    Parameters
    ----------
    path : path
        The file; of the full records each sample's last one counts.
    data : Labelled, optional
        Gives order, labels and classes. Without it samples stand as in the file, in one class
        named "unknown".

    Returns
    -------
    Hardness
        The score "aum", higher is harder, of one run.

    Raises
    ------
    DataNotFoundError, DataError
        If there is no file, it has other columns, or an id or value is not what it should be.
    MismatchError
        If a sample of the data is not in the file.
    """
    frame = read_csv(path)
    if not {"sample_id", "aum"} <= set(frame):
        raise DataError(
            f"{str(path)!r} must have the columns 'sample_id' and 'aum'. Got {list(frame)[:8]}."
        )
    if "num_measurements" in frame:
        frame = frame.sort_values("num_measurements", key=pd.to_numeric, kind="stable")
        frame = frame.drop_duplicates("sample_id", keep="last").sort_index()
    values = -pd.to_numeric(frame["aum"], errors="coerce").to_numpy(np.float64)
    return scored(AREA_UNDER_MARGIN.name, frame["sample_id"], values, data, path)


def write_aum_csv(record: Hardness | Dynamics, path: str | Path) -> None:
    """Write ``aum_values.csv`` as the package does: ``sample_id,aum``, largest first.

    Parameters
    ----------
    record : Hardness or Dynamics
        The score "aum", or dynamics, whose margins are averaged over runs.
    path : path
        Where to.

    Raises
    ------
    DataError
        If the record is another score.
    """
    if isinstance(record, Dynamics):
        margins = record.channels["margin"].mean(axis=0)
    elif record.name == AREA_UNDER_MARGIN.name:
        margins = -record.values
    else:
        raise DataError(f"The csv of the aum package holds the score 'aum'. Got {record.name!r}.")
    frame = pd.DataFrame({"sample_id": record.ids, "aum": margins})
    frame = frame.sort_values("aum", ascending=False, kind="stable")
    write_text(frame.to_csv(index=False, lineterminator="\n"), path)
