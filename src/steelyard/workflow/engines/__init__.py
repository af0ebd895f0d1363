"""Engines: where cells are computed; the same cells, the same store, the same results."""

from steelyard.workflow.engines.choose import ENGINES, choose_engine
from steelyard.workflow.engines.engine import Engine
from steelyard.workflow.engines.local import Local

__all__ = ["ENGINES", "Engine", "Local", "choose_engine"]
