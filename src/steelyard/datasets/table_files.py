"""Table files as they lie on the disk: comma- or tab-separated text and parquet."""

from __future__ import annotations

import csv
import gzip
import warnings
import zlib
from pathlib import Path

import pandas as pd

from steelyard._support.errors import DataError, SteelyardWarning
from steelyard._support.storage import read_parquet

TEXT_SUFFIXES = (".csv", ".csv.gz", ".tsv", ".tsv.gz")


def read_text_table(path: Path, *, header: bool = True, comment: str | None = None) -> pd.DataFrame:
    """Read comma- or tab-separated text; the suffix tells which.

    Empty cells, "?" and pandas' own markers (NA, null, None, ...) are missing. Without a header
    the columns are named x0, x1, ... . A utf-8 file may begin with a byte-order mark.

    Parameters
    ----------
    path : Path
        Ends in one of `TEXT_SUFFIXES`.
    header : bool
        Whether the first row names the columns.
    comment : str, optional
        One character; what follows it on a line is not read.

    Raises
    ------
    DataError
        If the file is empty, has no row below its header, is no text, or its rows differ in
        length from its header.
    """
    separator = "\t" if path.name.lower().removesuffix(".gz").endswith(".tsv") else ","
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)  # rows cut to the header
            table = pd.read_csv(
                path,
                sep=separator,
                header=0 if header else None,
                index_col=False,
                comment=comment,
                skipinitialspace=True,
                na_values=["?"],
                low_memory=False,
                compression="gzip" if path.name.lower().endswith(".gz") else None,
            )
    except pd.errors.EmptyDataError as error:
        raise DataError(
            f"{str(path)!r} is empty.", hint="it must hold a header and one row a sample."
        ) from error
    except (pd.errors.ParserError, pd.errors.ParserWarning, csv.Error) as error:
        raise DataError(
            f"{str(path)!r} is no regular table: {str(error).strip()}.",
            hint="every row needs as many cells as the header; quote cells that hold commas.",
        ) from error
    except UnicodeDecodeError as error:
        raise DataError(
            f"{str(path)!r} is no UTF-8 text: {error}.", hint="save it as UTF-8 and try again."
        ) from error
    except (EOFError, OSError, gzip.BadGzipFile, zlib.error) as error:
        raise DataError(
            f"{str(path)!r} cannot be read: {error}.", hint="is the file complete?"
        ) from error
    if table.empty:
        raise DataError(
            f"{str(path)!r} has a header and no rows.",
            hint="it must hold one row a sample; a table without a header needs --no-header.",
        )
    if not header:
        return table.rename(columns=lambda position: f"x{position}")
    _refuse_other_separators(path, table.columns)
    _warn_of_data_in_header(path, table.columns)
    return table


def _refuse_other_separators(path: Path, names: pd.Index) -> None:
    """Raise if the header is one name that holds what separates columns elsewhere."""
    for separator in (";", "\t", "|", ","):
        if len(names) == 1 and separator in str(names[0]):
            raise DataError(
                f"{str(path)!r} has a single column, {str(names[0])!r}; its cells seem to be "
                f"separated by {separator!r}.",
                hint="save it with commas as .csv, or with tabs as .tsv.",
            )


def _warn_of_data_in_header(path: Path, names: pd.Index) -> None:
    """Warn if the header holds numbers that do not rise: years and pixel numbers do."""
    numbers = pd.to_numeric(pd.Series(names), errors="coerce").dropna()
    if not numbers.is_monotonic_increasing:
        warnings.warn(
            f"The first row of {str(path)!r} is read as its header and looks like data: "
            f"{', '.join(map(repr, names[:4]))}, ... A table without a header needs --no-header "
            "(header=False).",
            SteelyardWarning,
            stacklevel=4,
        )


def read_parquet_table(path: Path) -> pd.DataFrame:
    """Read a parquet table.

    Raises
    ------
    DataError
        If it cannot be read or has no rows.
    """
    table, _ = read_parquet(path)
    if len(table) == 0:
        raise DataError(f"{str(path)!r} has no rows.", hint="it must hold one row a sample.")
    return table


def is_stored_labelled(path: Path) -> bool:
    """Tell whether `Labelled.save` wrote this parquet file."""
    _, metadata = read_parquet(path)
    return metadata.get("record") == "Labelled"
