"""Plans: one file a scheme, one a way to choose samples or to add rows."""

from steelyard.resampling.added_rows import AddedRows
from steelyard.resampling.by_count import by_count
from steelyard.resampling.by_hardness import by_hardness
from steelyard.resampling.coverage import coverage
from steelyard.resampling.pool import Pool
from steelyard.resampling.pruning import prune
from steelyard.resampling.realise import realise
from steelyard.resampling.reserve import Reserve
from steelyard.resampling.select import preference, select
from steelyard.resampling.smote import Smote
from steelyard.resampling.targets import SIZES
from steelyard.resampling.translations import (
    class_weights,
    degree_to_sampling_exponent,
    degree_to_temperature,
    sampling_exponent_to_degree,
    temperature_to_degree,
)

__all__ = [
    "SIZES",
    "AddedRows",
    "Pool",
    "Reserve",
    "Smote",
    "by_count",
    "by_hardness",
    "class_weights",
    "coverage",
    "degree_to_sampling_exponent",
    "degree_to_temperature",
    "preference",
    "prune",
    "realise",
    "sampling_exponent_to_degree",
    "select",
    "temperature_to_degree",
]
