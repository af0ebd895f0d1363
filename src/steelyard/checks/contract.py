"""What a contract is made of: clauses, each of which holds or raises `ContractError`."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import numpy as np

from steelyard._support.errors import SteelyardError
from steelyard._support.fingerprints import fingerprint

Subject = TypeVar("Subject")


class ContractError(SteelyardError, AssertionError):
    """A score or a plan scheme breaks a clause of its contract."""


def require(holds: object, came: str) -> None:
    """Raise `ContractError` unless something holds; `came` says what was found instead."""
    if not holds:
        raise ContractError(came)


def run_clauses(name: str, subject: Subject, clauses: Iterable[Callable[[Subject], None]]) -> None:
    """Hold a subject to each clause in turn; the first line of a clause's docstring names it.

    Raises
    ------
    ContractError
        For the first clause that is broken, with the clause, its words and what was found. An
        exception inside the subject breaks the clause that was being tried.
    """
    for clause in clauses:
        words = (clause.__doc__ or "").strip().splitlines()[0]
        try:
            with _random_state_watched():
                clause(subject)
        except Exception as error:
            came = (
                error.message
                if isinstance(error, ContractError)
                else f"It raised {type(error).__name__}: {error}"
            )
            raise ContractError(f"{name} breaks {clause.__name__!r}: {words} {came}") from error


@contextmanager
def _random_state_watched() -> Iterator[None]:
    """Raise if the block touches Python's or numpy's global random state."""
    before = _random_state()
    yield
    require(
        _random_state() == before,
        "It touched global random state; draw from a generator of its own seed instead.",
    )


def _random_state() -> str:
    return fingerprint(random.getstate(), np.random.get_state())  # noqa: NPY002
