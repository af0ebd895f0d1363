"""Which Ray cluster: the one in use, the one at an address, or one started on this machine."""

from __future__ import annotations

import contextlib
import logging
import os
import re
import socket
from collections.abc import Iterator
from typing import Any

from steelyard._support.errors import MissingExtraError, ParameterError, ResourceError

try:
    import ray
except ImportError as error:
    raise MissingExtraError(
        "The engine 'ray' needs the package ray, which is not installed.",
        hint="pip install 'steelyard[cluster]', or choose the engine local.",
    ) from error

_ADDRESS = re.compile(r"(ray://)?(\[[^\]\s]+\]|[^\s/:\[\]]+):(\d{1,5})")
_WORDS = ("local", "auto")  # that Ray takes in the place of an address
_PATIENCE = 5.0  # seconds that a cluster has to answer
# what a client of HTTP/2 says first; a server answers with its settings
_TRIES = "RAY_gcs_server_port_wait_time_s"  # one a second
_GREETING = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\x00\x00\x00\x04\x00\x00\x00\x00\x00"
_SETTINGS = 4  # the kind of such a frame, in the fourth of its bytes


def checked_address(address: str) -> str:
    """Return an address if it has the form of one.

    Raises
    ------
    ParameterError
        If it has not.
    """
    if address in _WORDS or _ADDRESS.fullmatch(address):
        return address
    raise ParameterError(
        "The address of a Ray cluster must be HOST:PORT, ray://HOST:PORT, 'auto' or 'local'. "
        f"Got {address!r} instead.",
        hint="for instance that of `ray start --head`: its host with port 6379.",
    )


def stated_address(address: str | None) -> str:
    """Return an address, or what stands for none: RAY_ADDRESS, or a cluster on this machine."""
    return address or checked_address(os.environ.get("RAY_ADDRESS") or "local")


def connect(address: str | None, cores: int) -> bool:
    """Connect this process to a cluster; say whether it was not connected already.

    Parameters
    ----------
    address : str, optional
        As `Ray` takes it.
    cores : int
        Of a cluster that is started here.

    Raises
    ------
    ParameterError
        If this process is connected to another cluster.
    ResourceError
        If no cluster answers, or it has another version of ray or Python.
    """
    if ray.is_initialized():
        if address is not None:
            _require_connected_to(address)
        return False
    where = stated_address(address)
    quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
    if where not in _WORDS:
        _require_answer(where)
    try:
        if where == "local":
            os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
            ray.init(where, num_cpus=cores, include_dashboard=False, **quiet)
        else:
            with _few_tries():
                ray.init(where, **quiet)
    except Exception as error:
        ray.shutdown()
        raise _explained(error, where) from error
    except BaseException:  # an interruption: what was begun ends
        ray.shutdown()
        raise
    _let_daemons_print(False)
    return True


def disconnect() -> None:
    """Leave the cluster; one that was started here ends, with all that it was doing."""
    ray.shutdown()
    _let_daemons_print(True)


def last_line(error: BaseException) -> str:
    """Return what an error of Ray's comes to: the lines before are where it was noticed."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__


def _explained(error: BaseException, address: str) -> Exception:
    told = f"{error}\n{error.__cause__}"  # the reason lies in the second, or in both
    if "ray[client]" in told:
        return MissingExtraError(
            "Addresses that begin with ray:// need Ray's client, which is not installed.",
            hint="pip install 'ray[client]', or start the work on a machine of the cluster.",
        )
    if "InvalidAuthToken" in told:
        return ResourceError(
            f"The Ray cluster {address!r} asks for a token.",
            hint="set RAY_AUTH_MODE=token; the token itself lies in ~/.ray/auth_token, as on the "
            "machine where `ray start` made it.",
        )
    return ResourceError(
        f"Cannot use the Ray cluster {address!r}: {last_line(error)}",
        hint="see with `ray status` whether it runs, whether ray and Python have the same versions "
        "there and here, and whether it asks for a token (RAY_AUTH_MODE=token).",
    )


@contextlib.contextmanager
def _few_tries() -> Iterator[None]:
    """Let Ray try for seconds, unless the user says how long: something answers there already."""
    before = os.environ.get(_TRIES)
    os.environ.setdefault(_TRIES, "2")
    try:
        yield
    finally:
        if before is None:
            del os.environ[_TRIES]


def _require_connected_to(address: str) -> None:
    there = ray.get_runtime_context().gcs_address
    if address not in (there, "auto"):
        raise ParameterError(
            f"Ray is initialised already, with the cluster {there!r}. Got the address {address!r}.",
            hint="leave the address out, or call ray.shutdown() first.",
        )


def _require_answer(address: str) -> None:
    """Ask whether a cluster answers: Ray would ask for minutes, and could not be interrupted."""
    _, host, port = _ADDRESS.fullmatch(address).groups()  # type: ignore[union-attr]
    try:
        with socket.create_connection((host.strip("[]"), int(port)), _PATIENCE) as line:
            line.settimeout(_PATIENCE)
            if os.environ.get("RAY_USE_TLS", "0") in ("", "0", "false"):  # else we cannot talk
                line.sendall(_GREETING)
                frame = line.recv(9)
                if len(frame) < 4 or frame[3] != _SETTINGS:
                    raise OSError("what answers there is no Ray cluster")
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or str(error) or "no answer"
        raise ResourceError(
            f"No Ray cluster answers at {address!r}: {reason}.",
            hint="start one there with `ray start --head`, and give its host and port (6379; 8265 "
            "is the page for people).",
        ) from error


def _let_daemons_print(allowed: bool) -> None:
    # Ray prints what its daemons say of dead workers on standard output, which belongs to the
    # result; there is no public switch. Should this one go, the lines come back and nothing else.
    if hasattr(ray._private.worker, "_worker_logs_enabled"):
        ray._private.worker._worker_logs_enabled = allowed
