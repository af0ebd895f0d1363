"""A guard that lacks what it needs says so: silence must not be taken for "nothing found"."""

from __future__ import annotations

from steelyard._support.errors import DataError


class CannotTell(DataError):
    """A guard cannot look at these data; the message says why."""
