"""Plans: one file a scheme."""

from steelyard.resampling.by_count import SELECTIONS, by_count
from steelyard.resampling.by_label_count import LABEL_SIZES, REFERENCES, by_label_count
from steelyard.resampling.compounding import effective_prior
from steelyard.resampling.distribution import distribution
from steelyard.resampling.dry_run import dry_run
from steelyard.resampling.label_rules import RULES
from steelyard.resampling.repeat_factors import by_repeat_factor, repeat_factors
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
    "REFERENCES",
    "RULES",
    "SELECTIONS",
    "SIZES",
    "by_count",
    "by_label_count",
    "by_repeat_factor",
    "class_weights",
    "class_weights_to_degree",
    "degree_to_sampling_exponent",
    "degree_to_temperature",
    "distribution",
    "dry_run",
    "effective_number_weights",
    "effective_prior",
    "pos_weight",
    "repeat_factor_to_degree",
    "repeat_factors",
    "sampling_exponent_to_degree",
    "scale_pos_weight",
    "scale_pos_weight_to_degree",
    "temperature_to_degree",
]
