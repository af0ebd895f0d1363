"""Plain metrics of a table of predictions of any length, in bounded memory.

The table is read in batches of rows, and of each model only sums by true class are kept: samples,
log loss, Brier score and their squares, the calibration bins, and which classes were taken for
which. Metrics under any deployment prior follow from those. Nothing is kept of a row, so models
are judged each by itself: `evaluate` pairs them, and needs them whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from steelyard._support.errors import DataError, DataNotFoundError, unreadable
from steelyard._support.storage import parse_json
from steelyard._support.validation import check_integer, did_you_mean
from steelyard.evaluation.priors import deployment_priors
from steelyard.evaluation.streamed_sums import Sums
from steelyard.records.classes import check_class_names

COLUMNS = MappingProxyType(
    {
        "overall": ("arm", "seed", "prior", "metric", "mean", "low", "high", "n_classes"),
        "by_class": (
            *("arm", "seed", "prior", "class", "n", "recall", "low", "high"),
            *("precision", "f1"),
        ),
        "confusions": ("arm", "seed", "class", "called", "n", "share"),
    }
)
_CLASS, _TRUTH = "p_", "t_"  # begin the names of columns
_VALUES = 2**23  # probabilities in a batch of rows
_SUM_TOLERANCE = 1e-3  # as for predictions that are read whole
_PAGE = 2**16  # bytes that are read ahead of each column


@dataclass(frozen=True, eq=False)
class Streamed:
    """What became of a table of predictions, each arm and seed by itself.

    Parameters
    ----------
    split : str
        The part.
    class_names : tuple of str
        The K classes.
    priors : mapping of str to ndarray of shape (K,)
        The deployment priors.
    overall : pandas.DataFrame
        ``arm``, ``seed``, ``prior``, ``metric``, ``mean``, ``low`` and ``high`` (the ends of the
        95 % interval over samples; NaN where a metric has none here), ``n_classes`` (counted).
    by_class : pandas.DataFrame
        ``arm``, ``seed``, ``prior``, ``class``, ``n``, ``recall`` with ``low`` and ``high``,
        ``precision`` and ``f1``. NaN is no data.
    confusions : pandas.DataFrame
        The most frequent confusions: ``class``, what it was ``called``, how often (``n``), and
        the ``share`` of the class's samples. The prior does not matter to them.
    n_rows : int
        Rows that were judged.
    """

    split: str
    class_names: tuple[str, ...]
    priors: Mapping[str, np.ndarray]
    overall: pd.DataFrame
    by_class: pd.DataFrame
    confusions: pd.DataFrame
    n_rows: int


def evaluate_in_chunks(
    path: str | Path,
    priors: Mapping[str, Any] | None = None,
    *,
    split: str = "test",
    train_prior: np.ndarray | None = None,
    n_bins: int = 15,
    n_confusions: int = 20,
    batch_rows: int | None = None,
) -> Streamed:
    """Judge a parquet table of predictions without holding it.

    Parameters
    ----------
    path : path
        A table with ``id``, ``truth`` and one ``p_<class>`` column a class; ``split`` ("test"),
        ``arm`` ("model") and ``seed`` (0) may be left out. Rows may come in any order.
    priors : mapping of str to (mapping of class name to weight, array, or None), optional
        Deployment priors by name; see `deployment_priors`. "train" (what the first arm saw;
        where that is unknown, "test", the part as it is) and "uniform" are always judged.
    split : str
        The part to judge.
    train_prior : ndarray of shape (K,), optional
        Class shares that training saw, where the file does not say.
    n_bins : int
        Bins of equal width of the calibration error.
    n_confusions : int
        Confusions of each model that are listed, at most.
    batch_rows : int, optional
        Rows at a time; about 8 million probabilities by default. No result depends on it, but by
        rounding.

    Returns
    -------
    Streamed
        Equal, but for rounding, to what `evaluate` and `calibration` say of each model alone.

    Raises
    ------
    DataNotFoundError
        If the file is not there.
    DataError
        If columns or rows are missing, probabilities are NaN, negative or do not sum to one (the
        row is named), the truth names a class without a column, the table is multi-label, has no
        such part, or a prior does not fit.

    Notes
    -----
    Memory is a batch, the compressed pages of the row group that is read, and for each model K
    sums and the kinds of confusions that occurred. Ids are not kept, so that one which occurs
    twice is not noticed, as it is by ``load_predictions``. Of float64 probabilities that differ
    by less than their logarithms can tell, the larger is the prediction, not the first.
    """
    n_bins = check_integer(n_bins, "n_bins", "evaluate_in_chunks", 1)
    n_confusions = check_integer(n_confusions, "n_confusions", "evaluate_in_chunks", 0)
    with _opened(Path(path)) as file:
        table = _Table.of(file, path)
        rows = max(_VALUES // len(table.class_names), 1)
        if batch_rows is not None:
            rows = check_integer(batch_rows, "batch_rows", "evaluate_in_chunks", 1)
        models: dict[tuple[str, str, int], Sums] = {}
        for batch in table.batches(rows):
            for model, truth, chosen, columns in batch:
                if model not in models:
                    models[model] = Sums(len(table.class_names), n_bins)
                models[model].add(truth, chosen, columns)
    judged = {model: sums for model, sums in models.items() if model[0] == split}
    if not judged:
        parts = sorted({part for part, _, _ in models})
        raise DataError(f"The predictions have no part {split!r}.", hint=did_you_mean(split, parts))
    first = next(iter(judged))[1]
    seen = table.priors.get(first, train_prior)
    tested = np.array(judged[next(iter(judged))].n, np.float64)
    stated = deployment_priors(
        priors or {},
        table.class_names,
        None if seen is None else np.asarray(seen, np.float64),
        test_prior=tested / max(tested.sum(), 1),
    )
    found: dict[str, list[tuple]] = {name: [] for name in COLUMNS}
    for (_, arm, seed), sums in judged.items():
        for prior_name, prior in stated.items():
            key = (arm, seed, prior_name)
            found["overall"] += [(*key, *row) for row in sums.overall(prior)]
            found["by_class"] += [
                (*key, name, *row)
                for name, row in zip(table.class_names, sums.by_class(prior), strict=True)
            ]
        for came, called, n, share in sums.confusions(n_confusions):
            names = table.class_names[came], table.class_names[called]
            found["confusions"].append((arm, seed, *names, n, share))
    frames = {name: pd.DataFrame(found[name], columns=names) for name, names in COLUMNS.items()}
    n_rows = int(sum(sums.n.sum() for sums in judged.values()))
    return Streamed(split, table.class_names, stated, **frames, n_rows=n_rows)


def n_probabilities(path: str | Path) -> int:
    """Return how many probabilities a parquet table of predictions holds, from its footer alone."""
    with _opened(Path(path)) as file:
        columns = sum(name.startswith(_CLASS) for name in file.schema_arrow.names)
        return columns * file.metadata.num_rows


def streamed_class_names(path: str | Path) -> tuple[str, ...]:
    """Return the classes of a parquet table of predictions."""
    with _opened(Path(path)) as file:
        return _Table.of(file, path).class_names


def _opened(path: Path) -> pq.ParquetFile:
    if not path.is_file():
        raise DataNotFoundError(
            f"There is no file {str(path)!r}.", hint="check the path and the working folder."
        )
    try:
        # column by column and page by page: a row group may be larger than the memory
        return pq.ParquetFile(path, buffer_size=_PAGE, pre_buffer=False)
    except Exception as error:
        raise unreadable(path, "parquet file", error) from error


_Rows = tuple[tuple[str, str, int], np.ndarray, np.ndarray | slice, list[np.ndarray]]


@dataclass(frozen=True, eq=False)
class _Table:
    """An open file of predictions: its classes, and its rows in batches."""

    file: pq.ParquetFile
    path: str | Path
    class_names: tuple[str, ...]
    keys: tuple[str, ...]
    priors: Mapping[str, Any]
    code_of: dict[str, int] = field(repr=False)

    @classmethod
    def of(cls, file: pq.ParquetFile, path: str | Path) -> _Table:
        schema = file.schema_arrow
        columns = [str(name) for name in schema.names]
        of_classes = [name for name in columns if name.startswith(_CLASS)]
        names = check_class_names(
            (name.removeprefix(_CLASS) for name in of_classes), "the predictions"
        )
        if "truth" not in columns and any(name.startswith(_TRUTH) for name in columns):
            raise DataError(
                "evaluate_in_chunks judges one class a sample; these predictions are of any "
                "number of labels.",
                hint="how calibrated they are: steelyard.evaluation.calibration, or steelyard "
                "correct.",
            )
        if not {"id", "truth"} <= set(columns) or len(names) < 2 or not file.metadata.num_rows:
            raise DataError(
                f"{str(path)!r} must have the columns 'id', 'truth' and one 'p_<class>' column a "
                f"class, and at least one row. Got {columns[:12]}, {file.metadata.num_rows} rows.",
                hint="a weighing writes such a table as predictions.parquet.",
            )
        for name in of_classes:
            kind = schema.field(name).type
            if not (pa.types.is_floating(kind) or pa.types.is_integer(kind)):
                raise DataError(f"Probabilities must be numbers: the column {name!r} is {kind}.")
        try:
            note = parse_json((schema.metadata or {}).get(b"steelyard", b"{}").decode())
            priors = note.get("priors", {})
        except (ValueError, AttributeError) as error:
            raise unreadable(path, "parquet file", error) from error
        keys = tuple(name for name in ("split", "arm", "seed") if name in columns)
        code_of = {name: code for code, name in enumerate(names)}
        return cls(file, path, names, keys, priors, code_of)

    def batches(self, n_rows: int) -> Iterator[Iterator[_Rows]]:
        """Yield, of each batch of rows, the rows of each model in it."""
        names = [f"{_CLASS}{name}" for name in self.class_names]
        wanted = ["id", "truth", *self.keys, *names]
        read = self.file.iter_batches(n_rows, columns=wanted, use_threads=False)
        done = 0
        while True:
            try:
                batch = next(read, None)
            except Exception as error:  # on broken pages pyarrow raises almost anything
                raise unreadable(self.path, "parquet file", error) from error
            if batch is None:
                return
            if batch.num_rows:
                columns = [_numbers(batch.column(name), name, done) for name in names]
                yield self._by_model(batch, columns, done)
                done += batch.num_rows

    def _by_model(
        self, batch: pa.RecordBatch, columns: list[np.ndarray], done: int
    ) -> Iterator[_Rows]:
        if batch.column("id").null_count:
            row = done + int(np.asarray(batch.column("id").is_null()).argmax())
            raise DataError(f"The ids of the predictions must not be missing. Row {row} has none.")
        _require_probabilities(columns, done)
        truth = self._codes(batch.column("truth"), done)
        which, models = self._models(batch)
        for at, model in enumerate(models):
            chosen: np.ndarray | slice = slice(None)
            if len(models) > 1:
                chosen = np.flatnonzero(which == at)
            yield model, truth[chosen], chosen, columns

    def _codes(self, column: pa.Array, done: int) -> np.ndarray:
        places, values = _levels(column)
        codes = np.array([self.code_of.get(str(value), -1) for value in values] or [-1])
        found = np.where(places < 0, -1, codes[places])
        if (found < 0).any():
            row = int((found < 0).argmax())
            named = sorted({str(values[at]) if at >= 0 else "None" for at in places[found < 0]})
            raise DataError(
                f"The truth names classes that have no column: {named[:5]}, the first in row "
                f"{done + row}.",
                hint=f"the columns speak of {list(self.class_names)[:12]}.",
            )
        return found

    def _models(self, batch: pa.RecordBatch) -> tuple[np.ndarray, list[tuple[str, str, int]]]:
        """Return the model of each row, and the models in the order in which they come."""
        which = np.zeros(batch.num_rows, dtype=np.int64)
        levels: list[list[Any]] = []
        for name, default in (("split", "test"), ("arm", "model"), ("seed", 0)):
            places, values = np.zeros_like(which), [default]
            if name in self.keys:
                places, values = _levels(batch.column(name))
                if (places < 0).any():
                    raise DataError(f"The columns [{name!r}] must not miss values.")
            levels.append([_seed(one) if name == "seed" else str(one) for one in values])
            which = which * len(values) + places
        found, first, inverse = np.unique(which, return_index=True, return_inverse=True)
        order = np.argsort(first)
        shape = tuple(len(one) for one in levels)
        models = [
            tuple(level[at] for level, at in zip(levels, np.unravel_index(one, shape), strict=True))
            for one in found[order]
        ]
        place = np.empty_like(order)
        place[order] = np.arange(len(order))
        return place[inverse], models  # type: ignore[return-value]


def _levels(column: pa.Array) -> tuple[np.ndarray, list[Any]]:
    """Return the place of each value among the different ones, -1 where it is missing."""
    if not pa.types.is_dictionary(column.type):
        column = column.dictionary_encode()
    values = column.dictionary.to_pylist()
    places = np.asarray(column.indices.fill_null(-1)).astype(np.int64)
    missing = [at for at, value in enumerate(values) if value is None or value != value]
    return np.where(np.isin(places, missing), -1, places), values


def _seed(value: Any) -> int:
    try:
        whole = int(value) == value
    except (TypeError, ValueError, OverflowError):
        whole = False
    if not whole:
        raise DataError(f"The seeds of the predictions must be whole numbers. Got {value!r}.")
    return int(value)


def _numbers(column: pa.Array, name: str, done: int) -> np.ndarray:
    if column.null_count:
        row = done + int(np.asarray(column.is_null()).argmax())
        raise DataError(
            f"Probabilities must be non-negative and sum to one a row. Row {row} has none in "
            f"{name!r}."
        )
    values = column.to_numpy(zero_copy_only=False)
    return values if values.dtype in (np.float32, np.float64) else values.astype(np.float64)


def _require_probabilities(columns: list[np.ndarray], done: int) -> None:
    sums = np.zeros(len(columns[0]))
    least = np.full(len(columns[0]), np.inf)
    for column in columns:
        sums += column
        np.minimum(least, column, out=least)  # NaN stays
    good = (least >= 0) & (np.abs(sums - 1) <= _SUM_TOLERANCE)
    if not good.all():
        row = int(good.argmin())
        raise DataError(
            "Probabilities must be non-negative and sum to one a row. The first row that does "
            f"not is row {done + row}: it sums to {sums[row]:.6g}, its smallest is "
            f"{least[row]:.6g}."
        )
