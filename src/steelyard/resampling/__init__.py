"""Plans: one file a scheme, one a way to choose samples or to add rows."""

from steelyard.resampling.added_rows import AddedRows
from steelyard.resampling.by_count import by_count
from steelyard.resampling.by_hardness import by_hardness
from steelyard.resampling.by_label_count import LABEL_SIZES, REFERENCES, by_label_count
from steelyard.resampling.compounding import compounded_prior
from steelyard.resampling.coverage import coverage
from steelyard.resampling.distribution import distribution
from steelyard.resampling.dry_run import dry_run
from steelyard.resampling.exports import balanced_frame, manifest, sample_weights
from steelyard.resampling.label_rules import RULES
from steelyard.resampling.pool import Pool
from steelyard.resampling.pruning import prune
from steelyard.resampling.realise import realise
from steelyard.resampling.repeat_factors import by_repeat_factor, repeat_factors
from steelyard.resampling.reserve import Reserve
from steelyard.resampling.select import OVER, UNDER, preference, select
from steelyard.resampling.smote import Smote
from steelyard.resampling.stream import balanced_stream
from steelyard.resampling.targets import INTERPOLATIONS, SIZES
from steelyard.resampling.translations import (
    class_weights,
    class_weights_to_degree,
    degree_to_sampling_exponent,
    degree_to_temperature,
    effective_number_weights,
    pos_weight,
    repeat_factor_to_degree,
    sampling_exponent_to_degree,
    scale_pos_weight,
    scale_pos_weight_to_degree,
    temperature_to_degree,
)

__all__ = [
    "INTERPOLATIONS",
    "LABEL_SIZES",
    "OVER",
    "REFERENCES",
    "RULES",
    "SIZES",
    "UNDER",
    "AddedRows",
    "Pool",
    "Reserve",
    "Smote",
    "balanced_frame",
    "balanced_stream",
    "by_count",
    "by_hardness",
    "by_label_count",
    "by_repeat_factor",
    "class_weights",
    "class_weights_to_degree",
    "compounded_prior",
    "coverage",
    "degree_to_sampling_exponent",
    "degree_to_temperature",
    "distribution",
    "dry_run",
    "effective_number_weights",
    "manifest",
    "pos_weight",
    "preference",
    "prune",
    "realise",
    "repeat_factor_to_degree",
    "repeat_factors",
    "sample_weights",
    "sampling_exponent_to_degree",
    "scale_pos_weight",
    "scale_pos_weight_to_degree",
    "select",
    "temperature_to_degree",
]
