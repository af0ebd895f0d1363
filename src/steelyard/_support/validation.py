"""Argument checks with one error formula.

``The 'k' parameter of X must be an int in the range [1, inf). Got 0 instead.``
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable
from numbers import Integral, Real
from typing import Any

import numpy as np

from steelyard._support.errors import DataError, ParameterError

_LONGEST = 100  # characters of a refused value that a message shows


def nearest(name: object, options: Iterable[object], n: int = 3) -> list[str]:
    """Return the options whose spelling is nearest to a name, best first."""
    by_folded = {str(option).casefold(): str(option) for option in options}
    found = difflib.get_close_matches(str(name).casefold(), list(by_folded), n=n, cutoff=0.5)
    return [by_folded[folded] for folded in found]


def did_you_mean(name: object, options: Iterable[object], limit: int = 12) -> str:
    """Return a hint with the nearest options, or with those that exist when none is near."""
    options = [str(option) for option in options]
    if not options:
        return "there are none."
    near = nearest(name, options)
    if near:
        return "did you mean " + " or ".join(repr(option) for option in near) + "?"
    shown = ", ".join(repr(option) for option in options[:limit])
    more = f", and {len(options) - limit} more" if len(options) > limit else ""
    return f"there are {shown}{more}."


def named_few(names: Iterable[object], limit: int = 5) -> str:
    """Return names in sorted order for a sentence, the first few of them and how many more."""
    texts = sorted(map(str, names))
    shown = ", ".join(repr(text) for text in texts[:limit])
    return shown + (f" and {len(texts) - limit} more" if len(texts) > limit else "")


def _expected(name: str, owner: str, expected: str, value: object) -> ParameterError:
    came = " ".join(repr(value).split())  # an array or a table shows in many lines
    came = came if len(came) <= _LONGEST else f"{came[:_LONGEST]}..."
    return ParameterError(
        f"The {name!r} parameter of {owner} must be {expected}. Got {came} instead."
    )


def check_integer(
    value: Any, name: str, owner: str, low: int | None = None, high: int | None = None
) -> int:
    """Return ``value`` as an int in the closed range [low, high], or raise.

    Parameters
    ----------
    value : object
        What the caller passed.
    name, owner : str
        The parameter and the function or record it belongs to, for the message.
    low, high : int, optional
        Inclusive bounds; None is unbounded.

    Raises
    ------
    ParameterError
        If the value is no integer or lies outside the range.
    """
    left = f"[{low}" if low is not None else "(-inf"
    right = f"{high}]" if high is not None else "inf)"
    whole = isinstance(value, Integral) and not isinstance(value, (bool, np.bool_))
    if not whole or (low is not None and value < low) or (high is not None and value > high):
        raise _expected(name, owner, f"an int in the range {left}, {right}", value)
    return int(value)


def check_real(
    value: Any,
    name: str,
    owner: str,
    low: float = -math.inf,
    high: float = math.inf,
    bounds: str = "[]",
) -> float:
    """Return ``value`` as a finite float between low and high, or raise.

    Parameters
    ----------
    value : object
        What the caller passed.
    name, owner : str
        The parameter and the function or record it belongs to, for the message.
    low, high : float
        The range.
    bounds : {"[]", "[)", "(]", "()"}
        Which ends belong to the range.

    Raises
    ------
    ParameterError
        If the value is no finite number or lies outside the range.
    """
    real = isinstance(value, Real) and not isinstance(value, (bool, np.bool_))
    above = real and (value >= low if bounds[0] == "[" else value > low)
    below = real and (value <= high if bounds[1] == "]" else value < high)
    if not (real and math.isfinite(value) and above and below):
        left = "(" if low == -math.inf else bounds[0]
        right = ")" if high == math.inf else bounds[1]
        raise _expected(name, owner, f"a float in the range {left}{low}, {high}{right}", value)
    return float(value)


def check_choice(value: Any, name: str, owner: str, choices: Iterable[str]) -> str:
    """Return ``value`` if it is one of the choices, or raise with the nearest names.

    Raises
    ------
    ParameterError
        If the value is not among the choices.
    """
    choices = list(choices)
    if not isinstance(value, str) or value not in choices:
        shown = "{" + ", ".join(repr(choice) for choice in choices) + "}"
        error = _expected(name, owner, f"one of {shown}", value)
        error.hint = did_you_mean(value, choices) if nearest(value, choices) else ""
        raise error
    return str(value)


def check_kind(value: Any, kind: type, name: str, owner: str, hint: str) -> None:
    """Raise unless a value is of the kind of record that is needed.

    Raises
    ------
    ParameterError
        Naming what came instead, with the hint.
    """
    if not isinstance(value, kind):
        raise ParameterError(
            f"The {name!r} parameter of {owner} must be a {kind.__name__}. "
            f"Got {type(value).__name__} instead.",
            hint=hint,
        )


def require_text(values: Iterable[str], what: str, owner: str) -> None:
    """Raise if a text holds lone surrogates, which no file format here can store.

    They come from file names in an encoding that is not the system's.

    Raises
    ------
    DataError
        Naming the first such text.
    """
    for value in values:
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise DataError(
                f"The {what} of {owner} must be valid Unicode text. Got {value!r}.",
                hint="rename it; a file name may be in an old encoding.",
            ) from error
