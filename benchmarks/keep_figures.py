"""Writes the summary of a study's run that comes with the package: figures.json, cut to a text.

    python benchmarks/keep_figures.py RUN KEY      # for instance steelyard-study fashion-mnist

What is kept of the data set KEY: every figure that a claim speaks of and what could be detected of
it, what the baseline reaches, and of the hardness studies what is asked of each class. All else
stands in the run's own figures.json.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from steelyard.records import Figures
from steelyard.studies import STUDIES
from steelyard.studies.stored import FOLDER

# beside what is claimed; the in-class study keeps all but its single ratios
_KEPT = {
    "in-class": r"(?!.*/ratio=).*",
    "hardness-resampling": r"arm/baseline/.*|allocation/.*|noise/.*"
    r"|(change|relative)/[^/]+/[^/]+(/[^/]+)?/(accuracy|recall(/(easy_hard|max_min))?)(/p-holm)?"
    r"|score/aum/(rank/)?class=\d+|change/.*/class=\d+/recall",
    "hardness-pruning": r"arm/(baseline|dlp.*|clp.*)/(accuracy|recall(/max_min)?)"
    r"|change/[^/]+/[^/]+(/[^/]+)?/(accuracy|recall(/(easy_hard|max_min))?)(/p-holm)?",
}


def summary(figures: Figures, key: str) -> Figures:
    """Return the figures of a data set that are worth keeping."""
    claimed = {claim.figure for claim in STUDIES[figures.study].claims}
    wanted = re.compile(rf"{re.escape(key)}/(?:{_KEPT[figures.study]})")
    keys = figures.table["key"]
    bare = keys.str.removesuffix("/detectable")
    kept = keys.str.startswith(f"{key}/") & (bare.isin(claimed) | keys.str.fullmatch(wanted))
    facts = {name: figures.facts[name] for name in ("command", "versions")}
    own = {name: value for name, value in figures.facts[key].items() if name != "seconds"}
    return Figures(figures.study, figures.scale, figures.table[kept], {**facts, key: own})


def main() -> None:
    """Read the run and the key from the command line."""
    run, key = sys.argv[1:]
    figures = Figures.load(Path(run) / "figures.json")
    path = FOLDER / f"{figures.study}-{key}-{figures.scale}.json"
    found = summary(figures, key)
    found.save(path)
    told = f"{len(found.table):,} of {len(figures.table):,} figures"
    print(f"{path}: {told}, {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
