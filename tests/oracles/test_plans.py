"""Plans against the slow, obvious loops."""

import numpy as np
import pytest
from oracles import plans

from steelyard.checks.hand_made import labelled
from steelyard.records import Hardness
from steelyard.resampling import coverage, select
from steelyard.resampling.select import OVER, UNDER

DRAW = np.random.default_rng(0)
LABELS = DRAW.permutation(np.repeat([0, 1, 2, 4], [17, 9, 1, 2]))
IDS = {
    "integers": DRAW.permutation(1000)[: len(LABELS)],
    "text": np.array([f"é{one}" for one in DRAW.permutation(1000)[: len(LABELS)]]),
}
VALUES = {
    "normal": DRAW.normal(size=len(LABELS)),
    "tied": DRAW.integers(0, 3, len(LABELS)).astype(float),
}
TOTALS = [(17, 9, 1, 0, 2), (5, 30, 4, 0, 1), (60, 2, 0, 0, 7)]


@pytest.mark.parametrize("under", UNDER)
@pytest.mark.parametrize("over", OVER)
@pytest.mark.parametrize("ids", IDS)
@pytest.mark.parametrize("values", VALUES)
def test_a_selection_equals_the_loop(under, over, ids, values):
    for seed, totals in enumerate(TOTALS):
        for strength, least in ((5.0, 0.5), (0.0, 0.0), (-3.0, 0.1)):
            options = {"values": VALUES[values], "strength": strength, "least_weight": least}
            expected = plans.select(
                IDS[ids], LABELS, totals, under, over, VALUES[values], strength, least, seed
            )
            found = select(
                IDS[ids], LABELS, np.array(totals), under=under, over=over, seed=seed, **options
            )
            assert found.tolist() == expected.tolist()


@pytest.mark.parametrize("values", ["normal", "skewed", "tied", "equal"])
@pytest.mark.parametrize(("rate", "beta"), [(0.0, 0.0), (0.5, 0.0), (0.7, 0.2), (0.9, 0.9)])
def test_coverage_equals_the_loop(values, rate, beta):
    n = 200
    data = labelled(np.arange(n) % 3, "abc")
    scores = {
        "normal": DRAW.normal(size=n),
        "skewed": DRAW.exponential(size=n) ** 3,
        "tied": DRAW.integers(0, 5, n).astype(float),
        "equal": np.ones(n),
    }[values]
    hardness = Hardness(
        "s", data.ids, data.labels, "abc", scores, np.full(n, np.nan), 1, data.fingerprint
    )
    for n_strata in (1, 7, 50):
        plan = coverage(data, hardness, rate, n_strata=n_strata, hardest_left_out=beta, seed=3)
        keep, cut = round((1 - rate) * n), round(beta * n)
        expected = plans.covered(data.ids, scores, keep, cut, n_strata, 3)
        assert set(data.ids[plan.counts == 1].tolist()) == expected
        assert plan.total == len(expected) == keep
