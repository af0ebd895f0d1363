"""Where a stack trains and in which precision."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import torch

from steelyard._support.errors import ParameterError, ResourceError
from steelyard._support.validation import check_choice

PRECISIONS = {"float32": None, "bfloat16": torch.bfloat16}


def checked_device(name: str) -> torch.device:
    """Return a device that is there.

    Parameters
    ----------
    name : str
        "cpu", "cuda" or "cuda:1".

    Raises
    ------
    ParameterError
        If the name is of another kind of device.
    ResourceError
        If that device is not there.
    """
    device = named_device(name)
    if device.type == "cuda":
        n_devices = torch.cuda.device_count() if torch.cuda.is_available() else 0
        if (device.index or 0) >= n_devices:
            there = ", ".join(f"cuda:{k}" for k in range(n_devices)) or "no CUDA device"
            raise ResourceError(
                f"The device {name!r} is not there; torch finds {there}.",
                hint="train on device='cpu', or install a torch built for your GPU.",
            )
    return device


def named_device(name: str) -> torch.device:
    """Return a device, whether this machine has it or not.

    Raises
    ------
    ParameterError
        If the name is of another kind of device.
    """
    try:
        device = torch.device(name)
    except (RuntimeError, TypeError) as error:
        raise _unknown(name) from error
    if device.type not in ("cpu", "cuda"):
        raise _unknown(name)
    return device


def mixed_precision(
    device: torch.device, precision: str
) -> Callable[[], contextlib.AbstractContextManager]:
    """Return what gives the context of a forward pass.

    bfloat16 has the range of float32, so that no loss has to be scaled: a scale shared by a stack
    would let one member's overflow stop the steps of all.

    Raises
    ------
    ParameterError
        If the precision is unknown.
    """
    check_choice(precision, "precision", "fit_ensemble", PRECISIONS)
    dtype = PRECISIONS[precision]
    if dtype is None:
        return contextlib.nullcontext
    return lambda: torch.autocast(device.type, dtype=dtype)


def _unknown(name: object) -> ParameterError:
    return ParameterError(
        f"The 'device' parameter of fit_ensemble must be 'cpu', 'cuda' or 'cuda:N'. "
        f"Got {name!r} instead."
    )
