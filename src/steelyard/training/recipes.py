"""The probe recipes: cheap models that show what the data do. All constants here are ours."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

from steelyard.records.labelled import Labelled
from steelyard.records.recipe import Recipe

_TREES = Recipe("trees", learning_rate=0.1, weight_decay=1.0, epochs=100, leaves=15)

PROBES = MappingProxyType(
    {
        "mlp": Recipe("mlp", widths=(128,), learning_rate=2e-3, batch_size=64, epochs=20),
        "cnn": Recipe("cnn", widths=(16, 32, 64), learning_rate=3e-3, batch_size=64, epochs=15),
        "trees": _TREES,
        "xgboost": replace(_TREES, library="xgboost"),
    }
)

# Boosting grows one tree a class and round: beyond this many classes a network is far cheaper.
_MOST_CLASSES_FOR_TREES = 10


def default_probe(data: Labelled) -> str:
    """Return the name of the probe for data whose user has not chosen one.

    Trees for tables of up to ten classes, because they are what practitioners would deploy
    there; the perceptron otherwise, because a convolutional network costs minutes on a CPU.
    """
    trees = data.modality == "table" and data.n_classes <= _MOST_CLASSES_FOR_TREES
    return "trees" if trees else "mlp"
