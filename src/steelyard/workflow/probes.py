"""Which recipe a word of the user's stands for."""

from __future__ import annotations

from steelyard._support.validation import check_choice
from steelyard.records.labelled import Labelled
from steelyard.records.recipe import Recipe
from steelyard.training import PROBES, default_probe


def probe_recipe(data: Labelled, probe: str | Recipe | None) -> Recipe:
    """Return the recipe that was named, given, or suits the data.

    Raises
    ------
    ParameterError
        If no probe has that name.
    """
    if isinstance(probe, Recipe):
        return probe
    if probe is None:
        return PROBES[default_probe(data)]
    return PROBES[check_choice(probe, "probe", "weigh", PROBES)]
