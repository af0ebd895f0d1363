"""`steelyard datasets`: what can be weighed by name."""

from __future__ import annotations

from steelyard._support.storage import header
from steelyard.cli import options
from steelyard.cli.terminal import print_json, print_table
from steelyard.datasets import built_in_sets


def datasets(json: options.Json = False) -> None:
    """List the built-in data sets, and what is missing where one is not at hand."""
    sets = built_in_sets()
    if json:
        rows = [
            {"name": one.name, "title": one.title, "source": one.source, "at_hand": one.available}
            for one in sets
        ]
        print_json(header("Datasets", sets=rows))
        return
    cells = [[one.name, "yes" if one.available else "no", one.title] for one in sets]
    print_table("Built-in data sets", ["name", "at hand", "what it is"], cells)
    if not all(one.available for one in sets):
        print("\nThose not at hand are read from the folder that STEELYARD_DATA names.")
