"""What every stage of the study shares: the data, the open run and who computes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from steelyard._support.progress import Progress
from steelyard.workflow.cells import Cell, Compute, Content
from steelyard.workflow.conduct import conduct
from steelyard.workflow.engines import Engine
from steelyard.workflow.store import Store


@dataclass(frozen=True)
class Conductor:
    """Computes cells that are missing.

    Parameters
    ----------
    store : Store
        Open.
    engine : Engine
        Where cells are computed.
    device : str
        Where networks train.
    declared : mapping
        What the run says of itself.
    progress : callable
        Told of the steps of each stage.
    """

    store: Store
    engine: Engine
    device: str
    declared: Mapping[str, Any]
    progress: Progress

    def contents(
        self, stage: str, shared: Any, cells: Sequence[Cell], compute: Compute
    ) -> list[Content]:
        """Return the content of every cell of a stage, in order."""

        def told(done: int, total: int, what: str) -> None:
            self.progress(done, total, f"{stage}: {what}")

        self.store.declare_more(self.declared, cells)
        return list(conduct(cells, compute, shared, self.store, self.engine, told))
