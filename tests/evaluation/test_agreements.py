"""Agreements with all published numbers of a kind: what is counted, and when it is left out."""

import numpy as np
import pandas as pd
import pytest

from steelyard.evaluation import with_agreements
from steelyard.records import Claim, Figures
from steelyard.records.figures import COLUMNS


def point(number, published, tolerance=2.0):
    figure = f"mnist/shared/straggler/keep-easy={number}/hard/accuracy"
    return Claim(figure, "s", "figure 7", figure, "=", published, 1.0, tolerance, "%", "shared")


def bar(code, published, protocol="snapshot"):
    figure = f"mnist/{protocol}/straggler/count/class={code}"
    return Claim(figure, "s", "figure 8", figure, "=", published, 1.0, 2.0, "samples", protocol)


def figures(values):
    rows = [(key, value, 1.0, value - 1, value + 1, 15, "") for key, value in values.items()]
    return Figures("in-class", "small", pd.DataFrame(rows, columns=list(COLUMNS)), {})


def test_the_share_of_points_within_their_tolerance():
    claims = [point(0, 10.0), point(1, 20.0), point(2, 30.0), point(3, 40.0)]
    ours = dict(zip((one.figure for one in claims), (12.0, 17.9, 30.0, 50.0), strict=True))
    found = with_agreements(figures(ours), claims).row("mnist/agreement/figure-7")
    assert found["value"] == 50
    assert (found["n_runs"], found["unit"]) == (15, "%")
    assert np.isnan(found["low"])


def test_some_of_the_points_are_no_agreement():
    claims = [point(0, 10.0), point(1, 20.0)]
    assert "mnist/agreement/figure-7" not in with_agreements(
        figures({claims[0].figure: 10.0}), claims
    )


def test_counts_are_correlated_with_the_published_ones():
    claims = [bar(0, 10.0), bar(1, 20.0), bar(2, 60.0), bar(3, 50.0)]
    ours = np.array([12.0, 25.0, 50.0, 55.0])
    made = figures({one.figure: value for one, value in zip(claims, ours, strict=True)})
    found = with_agreements(made, claims)
    expected = np.corrcoef(ours, [10, 20, 60, 50])[0, 1]
    key = "mnist/snapshot/correlation/count~published-count"
    assert found.row(key)["value"] == pytest.approx(expected)
    # what was there stays, and twice comes to the same
    assert set(made.table["key"]) <= set(found.table["key"])
    assert with_agreements(found, claims).table.equals(found.table)


def test_two_classes_are_no_correlation():
    claims = [bar(0, 10.0), bar(1, 20.0)]
    found = with_agreements(figures({one.figure: 5.0 for one in claims}), claims)
    assert not found.table["key"].str.contains("correlation").any()
