from dataclasses import replace

import numpy as np
import pytest

from steelyard._support.errors import ParameterError
from steelyard.records import InClassProtocol, Recipe

ONE = InClassProtocol(
    "small", Recipe(), ("straggler", "energy"), (0.9, 0.5), (0, 0.5, 1), (0, 1), 5, 3, 2000, 7
)


def test_networks_are_counted():
    assert ONE.n_runs == 2 * 5 * 3
    assert ONE.n_networks == 2 * (3 + 2) * 30


def test_equal_protocols_are_equal_however_they_were_written():
    other = replace(
        ONE, ratios=[np.float64(0.9), 0.5], keep_easy=[0, 0.5, np.int64(1)], n_sets=np.int64(5),
        identifiers=["straggler", "energy"],
    )  # fmt: skip
    assert other == ONE
    assert hash(other) == hash(ONE)
    assert [type(one) for one in other.keep_easy] == [float] * 3
    assert (ONE.n_samples, ONE.seed, ONE.mode) == (2000, 7, "shared")
    assert replace(ONE, n_samples=None).n_samples is None


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"recipe": "stragglers-code"}, "'recipe' parameter of InClassProtocol must be a Recipe"),
        ({"identifiers": ("stragglers",)}, "did you mean 'straggler'"),
        ({"identifiers": "straggler"}, "must be a tuple"),
        ({"ratios": ()}, "at least one"),
        ({"keep_easy": (0, 0.5, 0)}, "values that differ"),
        ({"keep_easy": 1}, "must be a tuple"),
        ({"ratios": (1.0,)}, "'ratios'"),
        ({"ratios": (0.0,)}, "'ratios'"),
        ({"keep_hard": (1.5,)}, "'keep_hard'"),
        ({"keep_easy": (-0.5,)}, "'keep_easy'"),
        ({"n_sets": 0}, "'n_sets'"),
        ({"n_initialisations": 0}, "'n_initialisations'"),
        ({"n_samples": 0}, "'n_samples'"),
        ({"seed": -1}, "'seed'"),
        ({"mode": "snap"}, "did you mean 'snapshot'"),
    ],
)
def test_what_cannot_be_run_is_refused(changes, message):
    with pytest.raises(ParameterError, match=message):
        replace(ONE, **changes)
