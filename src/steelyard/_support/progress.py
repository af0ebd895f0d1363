"""What long work says while it runs."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Called after each step of long work."""

    def __call__(self, done: int, total: int, what: str) -> None:
        """Say that ``done`` of ``total`` steps are finished, and what comes next."""


def silent(done: int, total: int, what: str) -> None:
    """Say nothing."""
