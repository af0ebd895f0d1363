"""Numbers that were typed from a paper keep to what they must add up to."""

import numpy as np
import pytest

from steelyard.datasets.local_files import OBJECTS
from steelyard.evaluation.gaps import max_min, top_bottom
from steelyard.studies.hardness_arms import V2_RATES
from steelyard.studies.hardness_published import (
    CIFAR10,
    CIFAR100,
    FIGURE_1,
    HARDEST_FIRST,
    LARGEST_CUTS,
    READ_WITHIN,
    SAFE_SHARES,
    V2_ALPHAS,
)


def test_ten_recalls_have_the_mean_and_the_gaps_of_their_figure():
    assert list(FIGURE_1) == sorted(FIGURE_1)
    recalls = np.array(FIGURE_1)
    assert recalls.tolist() == [89.1, 92.2, 93.5, 95.9, 96.3, 96.6, 96.7, 96.9, 97.0, 97.8]
    ours = {
        "recall": recalls.mean(),
        "recall/max_min": float(max_min(recalls)),
        "recall/top_bottom": float(top_bottom(recalls)),
    }
    assert ours == pytest.approx(CIFAR10, abs=READ_WITHIN)
    assert CIFAR10 == {"recall": 95.2, "recall/max_min": 8.8, "recall/top_bottom": 6.8}


def test_what_there_is_of_cifar_100():
    assert CIFAR100 == {"recall": 78, "recall/max_min": 44}
    assert CIFAR100["recall/max_min"] == pytest.approx(95.5 - 51, abs=1)


def test_largest_cuts():
    assert LARGEST_CUTS == {"cifar10": 32, "cifar100": 16}
    # what that makes of the gaps of figure 1
    after = [
        gap["recall/max_min"] * (1 - cut / 100)
        for gap, cut in zip((CIFAR10, CIFAR100), LARGEST_CUTS.values(), strict=True)
    ]
    assert after == pytest.approx([6.0, 37.0], abs=0.05)


def test_safe_shares_come_in_the_order_of_the_class_codes():
    assert tuple(SAFE_SHARES) == OBJECTS == tuple(sorted(OBJECTS))
    shares = [48.8, 74.22, 29.08, 10.64, 45.8, 31.44, 54.92, 58.36, 67.28, 63.66]
    assert list(SAFE_SHARES.values()) == shares
    assert np.mean(shares) == pytest.approx(48.4, abs=0.03)
    assert HARDEST_FIRST[:3] == ("cat", "bird", "dog")
    assert HARDEST_FIRST[-1] == "automobile"


def test_the_grid_of_version_2():
    assert V2_ALPHAS == (1, 3, 5)
    assert V2_RATES == (0.33, 0.42, 0.5, 0.58, 0.66, 0.75)
