"""Rare by count, hard by two witnesses, and no data where there is none."""

import numpy as np
import pytest

from steelyard.evaluation import evaluate
from steelyard.records import Hardness, Labelled, Predictions
from steelyard.workflow.classes import judge_classes

NAMES = ("common", "rare", "absent")


def judged(recalls, ranks, n_test=200, counts=(80, 10, 10)):
    """Three classes, of which the third has no test data; recalls hold at equal shares."""
    labels = np.repeat([0, 1, 2], counts)
    n = len(labels)
    part = Labelled(np.zeros((n, 2, 2, 1), np.uint8), labels, NAMES, np.arange(n))
    hardness = Hardness(
        "aum", part.ids, labels, NAMES, np.asarray(ranks)[labels], np.zeros(n), 2, part.fingerprint
    )
    truth = np.repeat([0, 1], n_test)
    logits = np.zeros((2 * n_test, 3))
    for code, recall in enumerate(recalls):
        rows = np.flatnonzero(truth == code)
        right = rows[: round(recall * n_test)]
        logits[rows, 1 - code] = 1.5
        logits[right, 1 - code], logits[right, code] = 0.0, 1.5
    # what training saw pulls the logits towards the common class; the correction undoes it
    predictions = Predictions(
        np.arange(2 * n_test), truth, logits + np.log(part.prior), NAMES, part.prior, arm="natural"
    )
    kinds = np.where(np.arange(n) == n - 1, "suspect", "ordinary")
    return judge_classes(
        part,
        "natural",
        evaluate([predictions], metrics=(), class_metrics=("recall",)),
        hardness,
        kinds,
    )


def test_a_class_below_half_an_even_share_is_rare():
    assert [one.rare for one in judged((0.9, 0.9), (0, 1, 2))] == [False, True, True]


@pytest.mark.parametrize(
    ("recalls", "ranks", "hard"),
    [
        ((0.95, 0.6), (0, 1, 1), [False, True]),
        ((0.6, 0.95), (0, 1, 1), [False, False]),  # the low recall is the easy class's
        ((0.95, 0.6), (1, 0, 0), [False, False]),
        ((0.8, 0.78), (0, 1, 1), [False, False]),  # within its interval
    ],
)
def test_hard_needs_low_recall_and_hard_samples(recalls, ranks, hard):
    assert [one.hard for one in judged(recalls, ranks)][:2] == hard


def test_the_correction_takes_rarity_out():
    common, rare, _ = judged((0.9, 0.9), (0, 1, 1))
    assert rare.recall_even.mean == pytest.approx(0.9)
    assert rare.recall.mean == 0  # log(80 / 10) outweighs a margin of 1.5
    assert common.recall_even.mean == pytest.approx(0.9)
    assert common.recall.mean == 1


def test_a_class_without_test_data_is_no_data():
    absent = judged((0.9, 0.9), (0, 1, 1))[2]
    assert (absent.n_test, absent.recall, absent.recall_even, absent.hard) == (0, None, None, None)
    assert absent.n_suspect == 1
