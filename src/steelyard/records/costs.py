"""`Costs`: what each decision costs where each class is the true one."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from steelyard._support.arrays import frozen_array
from steelyard._support.errors import DataError, SteelyardWarning
from steelyard._support.validation import did_you_mean, named_few, require_text
from steelyard.records.classes import check_class_names

UNIT = "units"
_OF_TWO = ("miss", "false_alarm", "positive", "unit")
_FORMS = (
    'costs are a matrix {"true class": {"decided class": cost, ...}, ...}, or, of two classes, '
    '{"miss": 10, "false_alarm": 1, "positive": "a class"}.'
)


@dataclass(frozen=True, eq=False)
class Costs:
    """A cost for every pair of true and decided class.

    A right decision may cost too (a treatment, say), and a cost may be negative: it earns. Which
    decision is best depends on the differences within a row alone.

    Parameters
    ----------
    matrix : ndarray of shape (K, K)
        ``matrix[true, decided]``, the cost of one sample.
    class_names : tuple of str
        The K classes, of rows and columns alike.
    unit : str
        What costs are counted in, for instance "EUR".

    Raises
    ------
    DataError
        If the matrix is not square or not of these classes, holds anything but finite numbers, or
        costs the same whatever is decided.

    Warns
    -----
    SteelyardWarning
        If deciding rightly costs more than every wrong decision: rows and columns may have been
        exchanged, or a sign.
    """

    matrix: np.ndarray
    class_names: tuple[str, ...]
    unit: str = UNIT

    def __post_init__(self) -> None:
        names = check_class_names(self.class_names, "Costs")
        matrix = _numbers(self.matrix, names)
        object.__setattr__(self, "class_names", names)
        object.__setattr__(self, "matrix", matrix)
        object.__setattr__(self, "unit", _checked_unit(self.unit))
        if (np.ptp(matrix, axis=1) == 0).all():
            raise DataError(
                "These costs are the same whatever is decided, so that no decision matters.",
                hint="a wrong decision must cost something else than the right one.",
            )
        wrong = np.where(np.eye(len(names), dtype=bool), -np.inf, matrix).max(axis=1)
        odd = [name for name, is_odd in zip(names, np.diag(matrix) > wrong, strict=True) if is_odd]
        if odd:
            warnings.warn(
                f"Deciding rightly costs more than every wrong decision where the true class is "
                f"{named_few(odd)}. If that is not meant: rows are true classes, columns decided "
                "ones, and a cost above 0 is paid.",
                SteelyardWarning,
                stacklevel=3,
            )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Costs) and self.to_dict() == other.to_dict()

    def __hash__(self) -> int:
        return hash((self.matrix.tobytes(), self.class_names, self.unit))

    @classmethod
    def of(cls, given: Any, class_names: Iterable[str]) -> Costs:
        """Return costs for these classes, in their order.

        Parameters
        ----------
        given : Costs, mapping, or array_like of shape (K, K)
            A mapping of true class to a mapping of decided class to cost, in any order, alone or
            as ``{"costs": ..., "unit": ...}``; or, of two classes, ``miss`` (what it costs to
            overlook the class ``positive``), ``false_alarm`` and perhaps ``unit``, right decisions
            being free. An array is in the order of the classes.
        class_names : sequence of str
            The classes of the data.

        Raises
        ------
        DataError
            As `Costs`; or if a class is unknown (with the nearest names) or left out.
        """
        names = check_class_names(class_names, "Costs")
        if isinstance(given, Costs):
            return given.in_order(names)
        if not isinstance(given, Mapping):
            return cls(given, names)
        unit = UNIT
        if "costs" in given and set(given) <= {"costs", "unit"} and not _is_matrix(given):
            given, unit = given["costs"], given.get("unit", UNIT)
            if not isinstance(given, Mapping):
                return cls(given, names, unit)
        if not _is_matrix(given):
            return _of_two_classes(given, names)
        rows = _in_order(given, names, "the costs have", "as a true class")
        return cls(
            np.array(
                [
                    [
                        _number(cost, f"{true!r} decided as {decided!r}")
                        for cost, decided in zip(
                            _in_order(row, names, f"the costs of {true!r} have", "as a decision"),
                            names,
                            strict=True,
                        )
                    ]
                    for true, row in zip(names, rows, strict=True)
                ]
            ),
            names,
            unit,
        )

    def in_order(self, class_names: tuple[str, ...]) -> Costs:
        """Return the same costs with the classes in this order.

        Raises
        ------
        DataError
            If the classes are others.
        """
        if class_names == self.class_names:
            return self
        codes = _in_order(
            {name: code for code, name in enumerate(self.class_names)},
            class_names, "the costs have", "as a class",
        )  # fmt: skip
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SteelyardWarning)  # what is odd was said once
            return Costs(self.matrix[np.ix_(codes, codes)], class_names, self.unit)

    def to_dict(self) -> dict[str, Any]:
        """Return the costs as plain data."""
        return {
            "matrix": self.matrix.tolist(),
            "class_names": list(self.class_names),
            "unit": self.unit,
        }

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Costs:
        """Return the costs of plain data."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SteelyardWarning)  # what is odd was said once
            return cls(**values)


def _of_two_classes(given: Mapping[Any, Any], names: tuple[str, ...]) -> Costs:
    """Return the costs of a miss and a false alarm as a matrix."""
    for key in given:
        if key not in _OF_TWO:
            raise DataError(
                f"The costs hold {key!r}, which is neither a class with its costs nor one of "
                f"{', '.join(_OF_TWO)}.",
                hint=did_you_mean(key, (*_OF_TWO, *names)),
            )
    missing = [key for key in _OF_TWO[:3] if key not in given]
    if missing:
        raise DataError(f"The costs lack {', '.join(map(repr, missing))}.", hint=_FORMS)
    if len(names) != 2:
        raise DataError(
            f"A miss and a false alarm are costs of two classes; the data have {len(names)}.",
            hint=_FORMS,
        )
    positive = str(given["positive"])
    if positive not in names:
        raise DataError(
            f"The costs name the positive class {positive!r}, which the data do not have.",
            hint=did_you_mean(positive, names),
        )
    code = names.index(positive)
    matrix = np.zeros((2, 2))
    matrix[code, 1 - code] = _number(given["miss"], "a miss")
    matrix[1 - code, code] = _number(given["false_alarm"], "a false alarm")
    return Costs(matrix, names, given.get("unit", UNIT))


def _is_matrix(given: Mapping[Any, Any]) -> bool:
    return len(given) > 1 and all(isinstance(row, Mapping) for row in given.values())


def _in_order(given: Mapping[Any, Any], names: tuple[str, ...], whose: str, what: str) -> list[Any]:
    by_name = {str(key): value for key, value in given.items()}
    for key in by_name:
        if key not in names:
            raise DataError(
                f"The costs name {key!r} {what}, which the data do not have.",
                hint=did_you_mean(key, names),
            )
    missing = [name for name in names if name not in by_name]
    if missing:
        raise DataError(
            f"{whose[0].upper()}{whose[1:]} no {missing[0]!r} {what}"
            + (f", nor {len(missing) - 1} more." if len(missing) > 1 else "."),
            hint="name every class on both axes, right decisions too (they may cost 0).",
        )
    return [by_name[name] for name in names]


def _number(value: Any, what: str) -> float:
    try:
        if isinstance(value, bool):
            raise TypeError("it is neither true nor false")
        return float(value)
    except (TypeError, ValueError) as error:
        raise DataError(f"The cost of {what} must be a number. Got {value!r}.") from error


def _numbers(matrix: Any, names: tuple[str, ...]) -> np.ndarray:
    try:
        array = np.asarray(matrix, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(f"Costs must be numbers: {error}.", hint=_FORMS) from error
    if array.shape != (len(names), len(names)):
        raise DataError(
            f"Costs of {len(names)} classes need a matrix of shape ({len(names)}, {len(names)}), "
            f"true classes by decided ones. Got shape {array.shape}.",
            hint=_FORMS,
        )
    bad = np.argwhere(~np.isfinite(array))
    if len(bad):
        true, decided = bad[0]
        raise DataError(
            f"Costs must be finite numbers. The cost of {names[true]!r} decided as "
            f"{names[decided]!r} is {array[true, decided]}."
        )
    return frozen_array(array)


def _checked_unit(unit: Any) -> str:
    text = " ".join(unit.split()) if isinstance(unit, str) else ""
    if not text:
        raise DataError(f"The unit of costs must be a text such as 'EUR'. Got {unit!r}.")
    require_text([text], "unit", "Costs")
    return text
