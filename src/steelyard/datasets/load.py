"""`load`: tells what kind of source came and hands it to the file that reads that kind."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from steelyard._support.errors import DataError, DataNotFoundError, ParameterError
from steelyard._support.validation import did_you_mean, nearest
from steelyard.datasets.arrays import labelled_from_arrays, labelled_from_npz, labels_alone
from steelyard.datasets.built_in import built_in_sets
from steelyard.datasets.image_folder import labelled_from_image_folder
from steelyard.datasets.table_files import (
    TEXT_SUFFIXES,
    is_stored_labelled,
    read_parquet_table,
    read_text_table,
)
from steelyard.datasets.tables import labelled_from_table
from steelyard.records.labelled import Labelled


def load(
    source: Any,
    target: Any = None,
    *,
    targets: str | Iterable[str] | None = None,
    id_column: str | int | None = None,
    header: bool = True,
    drop: Iterable[str | int] = (),
    image_size: int | None = None,
    skip_unreadable: bool = False,
    drop_missing_target: bool = False,
    one_class: bool = False,
    name: str | None = None,
) -> Labelled:
    """Read labelled data from a name, a file, a folder or memory.

    Parameters
    ----------
    source : str, Path, DataFrame, array_like, tuple or Labelled
        The name of a built-in set (see `built_in_sets`; write ./name for a file of that name); a
        .csv, .tsv (also .gz) or .parquet table; a folder of images with one folder a class; an
        .npz with arrays `X` and `y` and perhaps `ids`, `split` and `class_names`; a DataFrame; an
        array X; a pair (X, y); or a `Labelled`, which comes back as it is. None, with the labels
        as the target, stands for labels alone: enough to plan, not to train.
    target : str, int or array_like, optional
        For tables the target column, by name or, where no column has that name, by position (-1
        the last), given as a number or as its text; for DataFrames and arrays also the labels,
        of shape (n,), or (n, K) of 0 and 1 where a sample may have several of K labels.
    targets : str or iterable of str, optional
        For tables, in place of the target, the columns of 0 and 1 of K labels: names, or patterns
        such as "label_*".
    id_column : str or int, optional
        For tables, the column of unique ids; None numbers the rows from 0.
    header : bool
        Whether a text table begins with column names; without, they are x0, x1, ... .
    drop : iterable of str or int
        For tables, columns to leave out.
    image_size : int, optional
        For image folders, resize every image to this many pixels a side.
    skip_unreadable : bool
        For image folders, leave unreadable images out, with a warning.
    drop_missing_target : bool
        Leave rows without a target out, with a warning.
    one_class : bool
        Whether all samples may be of one class, as those that a plan adds to it may.
    name : str, optional
        What to call the data; by default the file or the set says.

    Returns
    -------
    Labelled
        Labels encoded once, in the natural order of their raw values.

    Raises
    ------
    DataNotFoundError
        If there is no such file, folder or built-in set.
    DataError
        If the data cannot be read or cannot be weighed as they are.
    ParameterError
        If an option does not fit the kind of source, or names no column.

    Warns
    -----
    SteelyardWarning
        For whatever is left out: useless columns, loose files, rows without a target.
    """
    options = {
        option: value
        for option, value, left_out in (
            ("target", target, target is None),
            ("targets", targets, targets is None),
            ("id_column", id_column, id_column is None),
            ("header", header, header),
            ("drop", drop, isinstance(drop, (tuple, list)) and len(drop) == 0),
            ("image_size", image_size, image_size is None),
            ("skip_unreadable", skip_unreadable, not skip_unreadable),
            ("drop_missing_target", drop_missing_target, not drop_missing_target),
        )
        if not left_out
    }
    kind = _kind_of(source)
    takes, read = _READERS[kind]
    for option in options:
        if option not in takes:
            raise ParameterError(
                f"The {option!r} parameter of load does not apply to {kind}.",
                hint=f"it takes {', '.join(takes)}." if takes else "leave it out.",
            )
    data = read(source, **options)
    if kind != "a Labelled" and not one_class:
        _require_two_classes(data)
    return data if name is None else replace(data, name=name)


def _kind_of(source: Any) -> str:
    if source is None:
        return "labels alone"
    if isinstance(source, Labelled):
        return "a Labelled"
    if isinstance(source, pd.DataFrame):
        return "a DataFrame"
    if isinstance(source, tuple) and len(source) == 2:
        return "a pair (DataFrame, y)" if isinstance(source[0], pd.DataFrame) else "a pair (X, y)"
    if not isinstance(source, (str, Path)):
        return "an array"
    if isinstance(source, str) and source in _names():
        return "a built-in set"
    path = _path(source)
    if path.is_dir():
        return "an image folder"
    if not path.exists():
        bare = isinstance(source, str) and path.name == source and not path.suffix
        raise _no_such_name(path.name) if bare else _no_such_file(path)
    suffix = next((s for s in _KIND_OF_SUFFIX if path.name.lower().endswith(s)), None)
    if suffix is None:
        raise DataError(
            f"{str(path)!r} is no kind of file that steelyard reads.",
            hint=f"it reads {', '.join(_KIND_OF_SUFFIX)}, and folders of images with one folder "
            "a class.",
        )
    return _KIND_OF_SUFFIX[suffix]


def _require_two_classes(data: Labelled) -> None:
    present = [data.class_names[code] for code in data.class_counts.nonzero()[0]]
    if len(present) < 2 and not data.multi_label:
        raise DataError(
            f"The target needs at least two classes. Got one: {present[0]!r}.",
            hint="choose another target; one class leaves nothing to weigh.",
        )


def _names() -> list[str]:
    return [candidate.name for candidate in built_in_sets()]


def _no_such_name(name: str) -> DataNotFoundError:
    return DataNotFoundError(
        f"There is neither a file, a folder nor a built-in set {name!r}.",
        hint=did_you_mean(name, _names()),
    )


def _no_such_file(path: Path) -> DataNotFoundError:
    beside = [other.name for other in path.parent.iterdir()] if path.parent.is_dir() else []
    hint = did_you_mean(path.name, beside) if nearest(path.name, beside) else ""
    return DataNotFoundError(
        f"There is no file or folder {str(path)!r}.",
        hint=hint or "check the path and the working folder.",
    )


def _path(source: str | Path) -> Path:
    return Path(source).expanduser()


def _stem(path: Path) -> str:
    """Return the name of a file without its whole suffix: .csv.gz is one."""
    suffix = max((s for s in _KIND_OF_SUFFIX if path.name.lower().endswith(s)), key=len)
    return path.name[: -len(suffix)] or path.name


def _load_built_in(source: str) -> Labelled:
    return next(candidate for candidate in built_in_sets() if candidate.name == source).load()


def _load_labels(source: None, target: Any = None, **options: Any) -> Labelled:
    if target is None:
        raise ParameterError(
            "The 'target' parameter of load must hold the labels where there is nothing else. "
            "Got None instead.",
            hint="load(None, y).",
        )
    return labels_alone(target, **options)


def _load_text_table(
    source: str | Path, target: Any = None, header: bool = True, **options: Any
) -> Labelled:
    path = _path(source)
    table = read_text_table(path, header=header)
    return labelled_from_table(table, target, name=_stem(path), **options)


def _load_parquet(source: str | Path, target: Any = None, **options: Any) -> Labelled:
    path = _path(source)
    if target is None and not options and is_stored_labelled(path):
        return Labelled.load(path)
    return labelled_from_table(read_parquet_table(path), target, name=_stem(path), **options)


def _load_npz(source: str | Path, **options: Any) -> Labelled:
    path = _path(source)
    return labelled_from_npz(path, name=_stem(path), **options)


def _load_image_folder(source: str | Path, **options: Any) -> Labelled:
    path = _path(source)
    return labelled_from_image_folder(path, name=path.resolve().name, **options)


def _load_array(source: Any, target: Any = None, **options: Any) -> Labelled:
    if target is None:
        raise ParameterError(
            "The 'target' parameter of load must hold one label a sample. Got None instead.",
            hint="load(X, y).",
        )
    return labelled_from_arrays(source, target, **options)


_KIND_OF_SUFFIX = {
    **dict.fromkeys(TEXT_SUFFIXES, "a text table"),
    ".parquet": "a parquet table",
    ".npz": "an .npz file",
}
_TABLE_OPTIONS = ("target", "targets", "id_column", "drop", "drop_missing_target")
_READERS: dict[str, tuple[tuple[str, ...], Callable[..., Labelled]]] = {
    "a Labelled": ((), lambda data: data),
    "labels alone": (("target", "drop_missing_target"), _load_labels),
    "a built-in set": ((), _load_built_in),
    "a text table": ((*_TABLE_OPTIONS, "header"), _load_text_table),
    "a parquet table": (_TABLE_OPTIONS, _load_parquet),
    "an .npz file": (("drop_missing_target",), _load_npz),
    "an image folder": (("image_size", "skip_unreadable"), _load_image_folder),
    "a DataFrame": (_TABLE_OPTIONS, labelled_from_table),
    "a pair (DataFrame, y)": (
        ("id_column", "drop", "drop_missing_target"),
        lambda pair, **options: labelled_from_table(*pair, **options),
    ),
    "a pair (X, y)": (
        ("drop_missing_target",),
        lambda pair, **options: labelled_from_arrays(*pair, **options),
    ),
    "an array": (("target", "drop_missing_target"), _load_array),
}
