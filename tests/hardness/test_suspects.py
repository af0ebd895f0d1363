import numpy as np
import pytest
from scipy.stats import norm

from steelyard._support.errors import ParameterError
from steelyard.hardness import sample_kinds, suspects
from steelyard.records.hardness import Hardness
from steelyard.records.weighing import KINDS

NAMES = ("<script>", "é\n", "-1", "d")


def hardness(values, labels=None, spread=None, name="aum", ids=None):
    values = np.asarray(values, dtype=float)
    n = len(values)
    return Hardness(
        name,
        np.arange(n) if ids is None else ids,
        np.zeros(n, int) if labels is None else labels,
        NAMES,
        values,
        np.full(n, np.nan) if spread is None else np.broadcast_to(spread, n),
        1 if spread is None else 5,
        "hand-made",
    )


def bulk(n, centre, width=1.0):
    """The quantiles of a normal: a class as even as can be."""
    return centre + width * norm.ppf((np.arange(n) + 0.5) / n)


def test_flipped_labels_are_suspected_and_nothing_else():
    found = suspects(hardness([*bulk(95, -6), 2, 3, 4, 5, 6], spread=0.5))
    assert np.flatnonzero(found).tolist() == [95, 96, 97, 98, 99]


def test_a_class_without_a_wrong_label_has_no_suspects():
    assert not suspects(hardness(bulk(500, -6))).any()


def test_a_class_contradicted_as_a_whole_is_hard_not_mislabelled():
    aum = hardness([*bulk(300, -6), *bulk(40, 2)], labels=np.repeat([0, 1], [300, 40]))
    assert (aum.values[300:] > 0).mean() > 0.9
    assert not suspects(aum).any()


def test_in_a_hard_class_the_wrong_label_must_stand_out_further():
    values = [*bulk(300, -6), 3.0, *bulk(40, 2), 3.0, 9.0]
    found = suspects(hardness(values, labels=np.repeat([0, 1], [301, 42])))
    assert np.flatnonzero(found).tolist() == [300, 342]


def test_what_stands_out_and_is_not_contradicted_is_merely_hard():
    assert not suspects(hardness([*bulk(95, -12), -2, -2, -2])).any()


def test_contradiction_must_exceed_the_noise_of_the_runs():
    values = [*bulk(95, -6), 2.0]
    assert suspects(hardness(values, spread=1.9))[-1]
    assert not suspects(hardness(values, spread=2.0)).any()
    assert suspects(hardness(values))[-1]  # one run shows no noise


def test_many_wrong_labels_do_not_hide_one_another():
    # three in ten of the class are wrong: the two-sided MAD would reach to twice the bulk's
    found = suspects(hardness([*bulk(140, -6), *bulk(60, 4)]))
    assert found[140:].mean() > 0.9
    assert not found[:140].any()


def test_the_more_samples_stand_out_the_lower_the_bar():
    moderate = 2.9  # standard deviations from the centre of its class
    alone = [*bulk(300, -2.8), -2.8 + moderate]
    among = [*bulk(300, -2.8), *[-2.8 + moderate] * 20, *[3.0] * 40]
    assert not suspects(hardness(alone)).any()
    assert suspects(hardness(among))[300:].all()


def test_the_list_is_cut_where_benjamini_and_hochberg_cut_it():
    values = np.concatenate([bulk(200, -2.5), [0.2, 0.4, 0.6, 0.8, 1.0, 1.5]])
    deviation = values - np.median(values)
    z = 0.6745 * deviation / np.median(-deviation[deviation <= 0])
    by_chance = norm.sf(z)
    kept = 0
    for place, chance in enumerate(sorted(by_chance), start=1):
        if chance <= 0.1 * place / len(values):
            kept = place
    assert 0 < kept < 6
    assert suspects(hardness(values)).sum() == kept


def test_no_class_below_five_samples_has_suspects():
    values = [*bulk(100, -6), -6, -6.1, -6.2, 9.0]
    assert not suspects(hardness(values, labels=np.repeat([0, 1], [100, 4]))).any()
    values = [*bulk(100, -6), -6, -6.1, -6.2, -5.9, 9.0]
    assert suspects(hardness(values, labels=np.repeat([0, 1], [100, 5])))[-1]


def test_a_class_of_equal_values_has_no_suspects_and_what_differs_from_it_is_one():
    assert not suspects(hardness([1.0] * 20)).any()
    found = suspects(hardness([-1.0] * 20 + [0.5]))
    assert np.flatnonzero(found).tolist() == [20]


def test_the_order_of_rows_and_the_codes_of_classes_do_not_matter():
    values = np.array([*bulk(95, -6), 2, 3, 4, *bulk(40, 2), 9])
    labels = np.repeat([0, 1], [98, 41])
    found = suspects(hardness(values, labels))
    order = np.random.default_rng(0).permutation(len(values))
    permuted = suspects(hardness(values[order], 3 - labels[order]))
    assert np.array_equal(permuted, found[order])
    assert found.sum() == 4


def test_the_rule_knows_no_score_but_the_area_under_the_margin():
    with pytest.raises(ParameterError, match=r"must be the score 'aum'\. Got 'el2n'") as error:
        suspects(hardness([0.1, 0.2], name="el2n"))
    assert "['aum']" in error.value.hint


def test_kinds_are_the_hardest_tenth_and_the_suspects():
    kinds = sample_kinds(hardness([*bulk(95, -6), 2, 3, 4, 5, 6]))
    assert kinds[95:].tolist() == ["suspect"] * 5
    assert (kinds == "hard").sum() == 5  # the rest of the hardest ten
    assert (kinds[:90] == "ordinary").all()
    assert set(kinds) == set(KINDS)


@pytest.mark.parametrize(("share", "n_hard"), [(0, 0), (0.1, 3), (0.11, 4), (0.5, 15), (1, 30)])
def test_the_share_counts_whole_samples(share, n_hard):
    assert (sample_kinds(hardness(bulk(30, -9)), share) == "hard").sum() == n_hard


def test_the_share_is_not_rounded_up_by_the_noise_of_floats():
    assert 0.07 * 100 > 7
    assert (sample_kinds(hardness(bulk(100, -9)), 0.07) == "hard").sum() == 7


def test_ties_at_the_edge_of_the_hardest_go_by_id():
    ids = np.random.default_rng(0).permutation(30)
    kinds = sample_kinds(hardness(np.full(30, -1.0), ids=ids))
    assert sorted(ids[kinds == "hard"].tolist()) == [0, 1, 2]


@pytest.mark.parametrize("share", [-0.1, 1.1, np.nan, "all"])
def test_a_share_lies_between_0_and_1(share):
    with pytest.raises(ParameterError, match="The 'hard_share' parameter of sample_kinds"):
        sample_kinds(hardness(bulk(30, -9)), share)
