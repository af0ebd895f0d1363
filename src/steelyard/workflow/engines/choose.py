"""Which engine a word of the user's stands for."""

from __future__ import annotations

from steelyard._support.errors import ParameterError
from steelyard._support.validation import check_choice
from steelyard.workflow.engines.engine import Engine
from steelyard.workflow.engines.local import Local

ENGINES = ("local", "ray")


def choose_engine(
    name: str = "local", workers: int | None = None, address: str | None = None
) -> Engine:
    """Return the engine of that name.

    Parameters
    ----------
    name : {"local", "ray"}
        Processes of this machine, or a Ray cluster.
    workers : int, optional
        Cells computed at the same time; None takes what the machine or the cluster has.
    address : str, optional
        Of a running Ray cluster; None starts one on this machine, unless RAY_ADDRESS is set.

    Raises
    ------
    ParameterError
        If no engine has that name, or an address is given to one that has none.
    MissingExtraError
        If it needs a package that is not installed.
    """
    if check_choice(name, "engine", "choose_engine", ENGINES) == "local":
        if address is not None:
            raise ParameterError(
                f"The engine 'local' takes no address. Got {address!r}.",
                hint="an address is that of a Ray cluster: choose the engine ray with it.",
            )
        return Local(workers)
    from steelyard.workflow.engines.ray import Ray  # an extra: imported by those who ask for it

    return Ray(address, workers)
