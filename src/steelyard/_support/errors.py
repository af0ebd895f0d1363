"""One hierarchy of errors; each says what was expected, what came, and what to do next."""

from __future__ import annotations


class SteelyardError(Exception):
    """Base of every error that steelyard raises on purpose.

    Parameters
    ----------
    message : str
        What was expected and what came, in one line.
    hint : str, optional
        What the user can do next, in one line.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} Hint: {self.hint}" if self.hint else self.message


class ParameterError(SteelyardError, ValueError):
    """An argument lies outside what its function accepts."""


class DataError(SteelyardError, ValueError):
    """The data cannot be read, or cannot be weighed as they are."""


class DataNotFoundError(SteelyardError, FileNotFoundError):
    """A file, a folder or a built-in data set is not there."""


class MismatchError(SteelyardError, ValueError):
    """Records that do not belong together were combined (other data, ids or classes)."""


class OutputError(SteelyardError, OSError):
    """A result cannot be written where it was asked for."""


class ResourceError(SteelyardError, RuntimeError):
    """The machine lacks the memory or the device that was asked for."""


class MissingExtraError(SteelyardError, ImportError):
    """An optional dependency is not installed."""


class SteelyardWarning(UserWarning):
    """Something was left out or looks wrong, and the work goes on."""


def unreadable(path: object, what: str, error: Exception) -> DataError:
    """Return the error for a file that is not ``what`` its reader expected."""
    reason = " ".join(str(error).split()).removesuffix(".") or type(error).__name__
    return DataError(
        f"{str(path)!r} is no readable {what}: {reason}.",
        hint="it may be incomplete, or of another format; write or fetch it again.",
    )
