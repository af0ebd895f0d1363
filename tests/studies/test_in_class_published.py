"""Numbers that were typed from a paper keep to what they must add up to."""

import numpy as np
import pytest
from scipy.stats import pearsonr

from steelyard.studies.in_class_published import (
    CELLS,
    CORRECTED_FOR_KMNIST,
    CORRELATIONS,
    FIGURE_5,
    FIGURE_7,
    FIGURE_7_MACRO,
    FIGURE_8_FASHION,
    FIGURE_8_KMNIST,
    FIGURE_8_MNIST,
    OVERLAPS,
    RADII,
    TYPED_FOR_KMNIST_0,
)

EASY = ["0", "0.05", "0.1", "0.15", "0.2", "0.25", "0.5", "0.75", "1"]
HARD = ["0", "0.25", "0.5", "0.75", "1"]
MNIST, KMNIST, FASHION = (
    np.array(list(table.values())) for table in (FIGURE_8_MNIST, FIGURE_8_KMNIST, FIGURE_8_FASHION)
)


def test_every_row_is_there_with_all_its_cells():
    rows = [*(f"keep-easy={one}" for one in EASY), *(f"keep-hard={one}" for one in HARD)]
    for table, width in ((FIGURE_7, 12), *((one, 6) for one in FIGURE_7_MACRO.values())):
        assert list(table) == rows
        assert {len(row) for row in table.values()} == {width}
    assert sorted(FIGURE_5) == sorted(row for row in rows if row[10:] in HARD)
    assert {len(row) for row in FIGURE_5.values()} == {2 * len(CELLS)}
    classes = [str(c) for c in range(10)]
    for table, width in ((FIGURE_8_MNIST, 8), (FIGURE_8_KMNIST, 4), (FIGURE_8_FASHION, 4)):
        assert list(table) == classes
        assert {len(row) for row in table.values()} == {width}
    for table in RADII.values():
        assert list(table) == classes
        assert {len(row) for row in table.values()} == {4}


@pytest.mark.parametrize(
    ("counts", "total"),
    [
        (MNIST[:, 0], 1425.1),
        (MNIST[:, 2], 1425.1),
        (MNIST[:, 4], 1425.1),
        (KMNIST[:, 0], 3420.4),
        (FASHION[:, 0], 3583.7),
    ],
)
def test_counts_add_up(counts, total):
    assert counts.sum() == pytest.approx(total, abs=0.06)


def test_errors_have_the_published_means():
    means = [MNIST[:, 6].mean(), KMNIST[:, 2].mean(), FASHION[:, 2].mean()]
    assert means == pytest.approx([0.0825, 0.1822, 0.1623], abs=5e-5)


def test_correlations_follow_from_counts_and_errors():
    found = {
        ("mnist", "straggler"): pearsonr(MNIST[:, 0], MNIST[:, 6])[0],
        ("mnist", "max-logit"): pearsonr(MNIST[:, 2], MNIST[:, 6])[0],
        ("mnist", "energy"): pearsonr(MNIST[:, 4], MNIST[:, 6])[0],
        ("fashion-mnist", "straggler"): pearsonr(FASHION[:, 0], FASHION[:, 2])[0],
    }
    assert round(pearsonr(KMNIST[:, 0], KMNIST[:, 2])[0], 4) == CORRECTED_FOR_KMNIST
    typed = np.array([TYPED_FOR_KMNIST_0, *KMNIST[1:, 0]])
    found["kmnist", "straggler"] = pearsonr(typed, KMNIST[:, 2])[0]
    # the bars carry four digits, what the authors typed may carry fewer
    assert found == pytest.approx(CORRELATIONS, abs=3e-4)
    assert round(found["fashion-mnist", "straggler"], 4) == 0.9855  # the paper prints 0.9856


def test_more_of_a_kind_in_training_helps_on_that_kind():
    for table in (FIGURE_5, FIGURE_7):
        for cell, (_, part) in enumerate(CELLS):
            shares = EASY if part == "easy" else HARD
            rows = [f"keep-{part}={share}" for share in shares]
            means = np.array([table[row][2 * cell] for row in rows if row in table])
            assert (np.diff(means) > -0.1).all(), (part, means)
            assert means[-1] > means[0]


def test_both_removals_end_at_the_same_networks():
    for table, within in ((FIGURE_5, 1.2), (FIGURE_7, 1.3)):
        full = np.array([table["keep-easy=1"], table["keep-hard=1"]])[:, ::2]
        assert np.abs(np.diff(full, axis=0)).max() < within


def test_macro_averages_follow_accuracy():
    accuracy = np.array([row[::2] for row in FIGURE_7.values()])
    for metric, table in FIGURE_7_MACRO.items():
        apart = np.abs(np.array(list(table.values())) - accuracy)
        first = apart[0, 1::2]  # easy after hard alone, where they part
        assert apart[:, ::2].max() <= 3.101, metric
        assert apart[1:, 1::2].max() <= 0.301, metric
        if metric == "recall":
            assert (first >= 3.1).all()
            assert first.max() <= 6.0


def test_deviations_are_small_and_of_one_size():
    for table in (FIGURE_5, FIGURE_7):
        spreads = np.array(list(table.values()))[:, 1::2]
        assert ((spreads >= 0.17) & (spreads <= 6)).all()
    for counts in (MNIST[:, :6], KMNIST[:, :2], FASHION[:, :2]):
        relative = counts[:, 1::2] / counts[:, ::2]
        assert ((relative > 0.07) & (relative < 0.31)).all()
    assert all(0 < spread < 4 < mean < 100 for mean, spread in OVERLAPS.values())


def test_radii_are_smallest_at_their_minimum():
    for data, table in RADII.items():
        for name, (start, least, epoch, end) in table.items():
            assert 0 < least <= min(start, end) <= 1, (data, name)
            assert 21 <= epoch < 500
            assert (epoch == 21) == (least == start) == ((data, name) == ("fashion-mnist", "7"))
