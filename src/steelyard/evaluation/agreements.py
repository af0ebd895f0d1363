"""How far a study's figures agree with all published ones of a kind, beside claim by claim."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pandas as pd

from steelyard.records.claim import Claim
from steelyard.records.figures import COLUMNS, Figures

_FEWEST = 3  # classes of which a correlation says anything


def with_agreements(figures: Figures, claims: Iterable[Claim]) -> Figures:
    """Return figures with two kinds more, of what claims with "=" publish.

    ``DATA/agreement/figure-7``: the share of the published accuracies of figure 7 that ours meet
    within their tolerance, in %. ``DATA/PROTOCOL/correlation/count~published-count``: Pearson's
    correlation, over classes, of our mean number of stragglers with the published one. Neither has
    an interval: their parts are not independent.

    Parameters
    ----------
    figures : Figures
        What was measured.
    claims : iterable of Claim
        What was published.
    """
    measured = dict(zip(figures.table["key"], figures.table["value"], strict=True))
    n_runs = dict(zip(figures.table["key"], figures.table["n_runs"], strict=True))
    asked: Counter[str] = Counter()
    met: dict[str, list[tuple[bool, int]]] = defaultdict(list)
    counts: dict[str, list[tuple[float, float, int]]] = defaultdict(list)
    for claim in claims:
        data, protocol, *rest = claim.figure.split("/")
        if claim.relation != "=" or claim.published is None:
            continue
        point = claim.where == "figure 7" and protocol == "shared" and rest[-1] == "accuracy"
        asked[f"{data}/agreement/figure-7"] += point
        if claim.figure not in measured:
            continue
        ours, runs = measured[claim.figure], int(n_runs[claim.figure])
        if point:
            near = abs(ours - claim.published) <= claim.tolerance
            met[f"{data}/agreement/figure-7"].append((near, runs))
        elif rest[:2] == ["straggler", "count"]:
            key = f"{data}/{protocol}/correlation/count~published-count"
            counts[key].append((ours, claim.published, runs))
    rows = [
        _row(key, 100 * float(np.mean([near for near, _ in points])), "%", points[0][1])
        for key, points in met.items()
        if len(points) == asked[key]  # a few of them are not what the claim speaks of
    ]
    for key, classes in counts.items():
        ours, published = np.array([one[:2] for one in classes]).T
        if len(classes) >= _FEWEST and np.ptp(ours) > 0 and np.ptp(published) > 0:
            correlation = float(np.corrcoef(ours, published)[0, 1])
            rows.append(_row(key, correlation, "", classes[0][2]))
    kept = figures.table[~figures.table["key"].isin([row["key"] for row in rows])]
    more = pd.DataFrame(rows, columns=list(COLUMNS)).astype(kept.dtypes.to_dict())
    return replace(figures, table=pd.concat([kept, more]) if rows else figures.table)


def _row(key: str, value: float, unit: str, n_runs: int) -> dict[str, object]:
    bare = {"spread": np.nan, "low": np.nan, "high": np.nan}
    return {"key": key, "value": value, **bare, "n_runs": n_runs, "unit": unit}
