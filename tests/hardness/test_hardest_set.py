"""Sets of as many samples as another has."""

import numpy as np
import pytest

from steelyard._support.errors import DataError, ParameterError
from steelyard.hardness import hardest_set, overlap, overlap_by_chance, random_set
from steelyard.records.hardness import Hardness

VALUES = np.array([5.0, 1.0, 4.0, 2.0, 9.0, 3.0])
LABELS = np.array([0, 0, 0, 1, 1, 1])


def members(n, *positions):
    found = np.zeros(n, dtype=bool)
    found[list(positions)] = True
    return found


def at(found):
    return np.flatnonzero(found).tolist()


def tied(n=400, levels=4, classes=3, seed=0):
    draw = np.random.default_rng(seed)
    values = draw.integers(0, levels, n).astype(float)
    return values, draw.integers(0, classes, n), draw.permutation(10 * n)[:n], draw.random(n) < 0.2


def test_over_the_data_set_the_hardest_are_taken_wherever_they_are():
    assert at(hardest_set(VALUES, members(6, 0, 1, 2))) == [0, 2, 4]


def test_per_class_each_gives_as_many_as_it_has_in_the_other_set():
    like = members(6, 0, 1, 3)
    assert at(hardest_set(VALUES, like, labels=LABELS, per="class")) == [0, 2, 4]
    like = members(6, 3, 4, 5)
    assert at(hardest_set(VALUES, like, labels=LABELS, per="class")) == [3, 4, 5]
    assert at(hardest_set(VALUES, like, labels=LABELS)) == [0, 2, 4]  # labels alone change nothing


def test_classes_may_be_coded_by_anything():
    like = members(6, 0, 1, 3)
    for codes in (LABELS * 7 - 3, np.array(["b", "b", "b", "a", "a", "a"])):
        assert at(hardest_set(VALUES, like, labels=codes, per="class")) == [0, 2, 4]


def test_none_and_all_are_counts_too():
    for n in (0, 6):
        like = np.arange(6) < n
        assert hardest_set(VALUES, like).sum() == random_set(like).sum() == n


@pytest.mark.parametrize("levels", [1, 2, 5, 400])
@pytest.mark.parametrize("seed", range(4))
def test_counts_are_met_exactly_whatever_ties(levels, seed):
    values, labels, ids, like = tied(levels=levels, seed=seed)
    whole = hardest_set(values, like, ids=ids, seed=seed)
    by_class = hardest_set(values, like, labels=labels, ids=ids, per="class", seed=seed)
    assert whole.sum() == by_class.sum() == like.sum() > 0
    assert (np.bincount(labels[by_class]) == np.bincount(labels[like])).all()
    assert values[whole].min() >= values[~whole].max()
    for code in range(3):
        mine = labels == code
        assert values[mine & by_class].min() >= values[mine & ~by_class].max()


def test_ties_follow_ids_and_seed_not_rows():
    values, labels, ids, like = tied()
    order = np.random.default_rng(9).permutation(len(ids))
    for per in ("data set", "class"):
        found = hardest_set(values, like, labels=labels, ids=ids, per=per)
        turned = hardest_set(
            values[order], like[order], labels=labels[order], ids=ids[order], per=per
        )
        np.testing.assert_array_equal(turned, found[order])
        drawn = random_set(like, labels=labels, ids=ids, per=per)
        np.testing.assert_array_equal(
            random_set(like[order], labels=labels[order], ids=ids[order], per=per), drawn[order]
        )
        assert (hardest_set(values, like, labels=labels, ids=ids, per=per, seed=1) != found).any()
        assert (random_set(like, labels=labels, ids=ids, per=per, seed=1) != drawn).any()


def test_every_tied_sample_is_drawn_about_as_often():
    values, like = np.array([0.0, 1, 1, 1, 1, 2]), members(6, 0, 1, 2)
    times = sum(hardest_set(values, like, seed=seed).astype(int) for seed in range(2000)) / 2000
    assert times[[0, 5]].tolist() == [0, 1]
    np.testing.assert_allclose(times[1:5], 0.5, atol=0.05)  # four standard errors: 0.045


def test_a_random_set_is_not_the_way_in_which_ties_are_broken():
    like = np.arange(1000) < 300
    both = hardest_set(np.zeros(1000), like) & random_set(like)
    assert 50 < both.sum() < 130  # 90 by chance, with a standard deviation of 6.6


def test_a_hardness_brings_its_labels_and_ids():
    values, labels, ids, like = tied()
    hardness = Hardness("x", ids, labels, ("a", "b", "c"), values, values * np.nan, 1, "f")
    for per in ("data set", "class"):
        np.testing.assert_array_equal(
            hardest_set(hardness, like, per=per),
            hardest_set(values, like, labels=labels, ids=ids, per=per),
        )
    with pytest.raises(ParameterError, match="beside a Hardness"):
        hardest_set(hardness, like, labels=labels)
    with pytest.raises(ParameterError, match="beside a Hardness"):
        hardest_set(hardness, like, ids=ids)


def test_what_was_given_stays_as_it_was():
    values, labels, ids, like = tied()
    before = [one.copy() for one in (values, labels, ids, like)]
    hardest_set(values, like, labels=labels, ids=ids, per="class")[:] = False
    for one, then in zip((values, labels, ids, like), before, strict=True):
        np.testing.assert_array_equal(one, then)


@pytest.mark.parametrize("per", ["data set", "class"])
def test_random_sets_overlap_as_chance_says(per):
    draw = np.random.default_rng(0)
    labels = np.repeat([0, 1, 2], [500, 300, 200])
    a = draw.random(1000) < np.array([0.05, 0.2, 0.6])[labels]
    found = [overlap(a, random_set(a, labels=labels, per=per, seed=seed)) for seed in range(300)]
    expected = overlap_by_chance(a, a, labels if per == "class" else None)
    error = np.std(found) / np.sqrt(len(found))
    assert np.mean(found) == pytest.approx(expected, abs=4 * error)
    assert (expected > 30) == (per == "class")  # classes alone make twice of what samples do


@pytest.mark.parametrize(
    ("change", "error", "match"),
    [
        ({"values": np.array([1, np.nan, 1, 1, 1, 1])}, DataError, "values .* must be finite"),
        ({"values": np.array([1, np.inf, 1, 1, 1, 1])}, DataError, "values .* must be finite"),
        ({"values": VALUES[:5]}, DataError, r"for each of the 6 .* Got shapes \(5,\)"),
        ({"values": VALUES[:, None]}, DataError, r"Got shapes \(6, 1\)"),
        ({"labels": LABELS[:5], "per": "class"}, DataError, r"\(6,\), \(5,\) and \(6,\)"),
        ({"ids": np.arange(7)}, DataError, r"and \(7,\)"),
        ({"like": np.arange(6)}, DataError, "True or False of each sample. Got int64"),
        ({"like": np.ones((2, 3), bool)}, DataError, r"for \(2, 3\)"),
        ({"per": "class"}, ParameterError, "needs labels to count per class"),
        ({"per": "dataset"}, ParameterError, "'data set', 'class'"),
        ({"seed": 0.5}, ParameterError, "'seed' parameter of hardest_set"),
    ],
)
def test_what_is_no_set_or_score_is_refused(change, error, match):
    given = {"values": VALUES, "like": members(6, 1)} | change
    with pytest.raises(error, match=match):
        hardest_set(**given)
    given.pop("values")
    if "values" not in change:
        with pytest.raises(error):
            random_set(**given)
