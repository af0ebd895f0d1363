from dataclasses import replace

import numpy as np
import pytest

from steelyard._support.errors import MismatchError, ParameterError
from steelyard.hardness import rare_classes, sample_kinds
from steelyard.hardness.kinds import THREE_TO_ONE
from steelyard.records.hardness import Hardness
from steelyard.records.weighing import KINDS

NAMES = ("common", "other", "rare")


def against(values, fingerprint="f"):
    n = len(values)
    return Hardness(
        "label_odds", np.arange(n), np.array([0] * 9 + [1] * 9 + [2] * (n - 18)), NAMES, values,
        np.full(n, np.nan), 1, fingerprint,
    )  # fmt: skip


def scores(values, labels, ids=None, withheld=0.3):
    n = len(values)
    ids = np.arange(n) if ids is None else ids
    withheld = np.broadcast_to(withheld, n)
    return {
        name: Hardness(name, ids, labels, NAMES, one, np.full(n, np.nan), 1, "f")
        for name, one in (("aum", values), ("confidence", withheld))
    }


def case(withheld=0.3):
    """20 samples, the last two of a rare class; hardness rises with the row but for those."""
    labels = np.array([0] * 9 + [1] * 9 + [2] * 2)
    return scores(np.r_[np.arange(18.0), 30.0, 2.5], labels, withheld=withheld)


def test_suspects_first_then_the_hardest_of_the_others_by_the_count_of_their_class():
    odds = np.full(20, -1.0)
    odds[[0, 17]] = THREE_TO_ONE
    kinds = sample_kinds(case(), against(odds))
    assert np.flatnonzero(kinds == "suspect").tolist() == [0, 17]
    assert np.flatnonzero(kinds == "rare").tolist() == [18]
    assert np.flatnonzero(kinds == "hard").tolist() == [16]
    assert (kinds == "ordinary").sum() == 16


def test_a_little_less_than_three_to_one_is_no_suspicion():
    odds = np.full(20, np.nextafter(THREE_TO_ONE, 0))
    assert not (sample_kinds(case(), against(odds)) == "suspect").any()


def test_what_the_networks_learned_readily_is_no_suspicion():
    odds, withheld = np.full(20, -1.0), np.full(20, 0.9)
    odds[[0, 17]] = 9.0
    withheld[0] = np.nextafter(0.3, 0)
    kinds = sample_kinds(case(withheld), against(odds))
    assert np.flatnonzero(kinds == "suspect").tolist() == [17]


@pytest.mark.parametrize(
    ("share", "n"), [(0, 0), (0.1, 2), (0.11, 3), (0.15, 3), (0.07, 2), (1, 20)]
)
def test_the_share_is_of_all_samples_and_rounded_up(share, n):
    kinds = sample_kinds(case(), against(np.full(20, -1.0)), share)
    assert np.isin(kinds, ["rare", "hard"]).sum() == n


def test_ties_go_by_id_so_that_rows_do_not_matter():
    ids = np.random.default_rng(0).permutation(20)
    tied = scores(np.ones(20), np.zeros(20, int), ids)
    kinds = sample_kinds(tied, replace(against(np.full(20, -1.0)), ids=ids))
    assert sorted(ids[kinds == "hard"]) == [0, 1]


def test_kinds_are_those_that_a_weighing_knows():
    odds = np.random.default_rng(0).normal(size=20)
    assert set(sample_kinds(case(), against(odds))) == set(KINDS)


@pytest.mark.parametrize(
    ("counts", "rare"),
    [
        ([10, 10, 4], [False, False, False]),  # an equal share is 8; half of it is 4
        ([10, 11, 3], [False, False, True]),
        ([5, 5], [False, False]),
        ([9, 3], [False, False]),
        ([9, 0], [False, True]),
    ],
)
def test_a_class_is_rare_below_half_of_an_equal_share(counts, rare):
    assert rare_classes(counts).tolist() == rare


def test_what_does_not_fit_is_refused():
    with pytest.raises(ParameterError, match="hard_share"):
        sample_kinds(case(), against(np.zeros(20)), 1.5)
    for name in ("aum", "confidence"):
        missing = {one: score for one, score in case().items() if one != name}
        with pytest.raises(ParameterError, match=f"must hold '{name}'. Got "):
            sample_kinds(missing, against(np.zeros(20)))
    for odds in (against(np.zeros(19)), against(np.zeros(20), "g")):
        with pytest.raises(MismatchError, match="'aum' and 'label_odds' are of other samples"):
            sample_kinds(case(), odds)
