"""Agreement against scipy on every pair, and truths of sets."""

import itertools

import numpy as np
import pytest
from scipy.stats import kendalltau, pearsonr, spearmanr

from steelyard._support.errors import MismatchError, ParameterError
from steelyard.hardness.agreement import agreement
from steelyard.records.hardness import Hardness


def scores(columns, labels=None, ids=None, fingerprint="0"):
    n = len(next(iter(columns.values())))
    labels = np.arange(n) % 5 if labels is None else labels
    ids = np.arange(n) if ids is None else ids
    names = [str(code) for code in range(max(labels) + 1)]
    return {
        name: Hardness(name, ids, labels, names, values, np.zeros(n), 2, fingerprint)
        for name, values in columns.items()
    }


def some(n=200, seed=0):
    random = np.random.default_rng(seed)
    base, other = random.normal(size=(2, n))
    return {
        "b": base,
        "z": other,
        "a": np.rint(base + 0.5 * random.normal(size=n)),
        "y": other + 0.3 * random.normal(size=n),
        "m": -base,
    }


def inside(values, k):
    """The probability of each sample to be of the k hardest, ties broken at random."""
    found = []
    for value in values:
        above, equal = sum(one > value for one in values), sum(one == value for one in values)
        found.append(min(max((k - above) / equal, 0), 1))
    return np.array(found)


def test_every_pair_equals_scipy_and_the_sets_themselves():
    columns, labels = some(), np.random.default_rng(1).integers(0, 5, 200)
    given = scores(columns, labels)
    found = agreement(given)
    assert sorted(found.names) == sorted(columns)
    table = found.table().set_index(["one", "other"])
    assert len(table) == 10
    for one, other in itertools.combinations(found.names, 2):
        row, a, b = table.loc[(one, other)], columns[one], columns[other]
        assert row["spearman"] == pytest.approx(spearmanr(a, b)[0])
        assert row["kendall"] == pytest.approx(kendalltau(a, b)[0])
        means = [[values[labels == code].mean() for code in range(5)] for values in (a, b)]
        assert row["pearson"] == pytest.approx(pearsonr(*means)[0])
        for percent in (10, 30, 90):
            sets = [inside(values, 2 * percent) for values in (a, b)]
            expected = sets[0] @ sets[1] / (4 * percent - sets[0] @ sets[1])
            assert row[f"jaccard_{percent}"] == pytest.approx(expected)
        assert found.between(other, one, "kendall") == pytest.approx(row["kendall"])
        assert found.hardest_shared(0.3)[
            found.names.index(one), found.names.index(other)
        ] == pytest.approx(row["jaccard_30"])
    for measure in (found.spearman, found.kendall, found.pearson, *found.jaccard):
        np.testing.assert_array_equal(measure, measure.T)
        assert np.diag(measure) == pytest.approx(1)


def test_like_stands_beside_like_whatever_order_they_come_in():
    columns = some()
    names = agreement(scores(columns)).names
    for pair in (("a", "b"), ("y", "z")):
        assert abs(names.index(pair[0]) - names.index(pair[1])) == 1
    turned = dict(reversed(columns.items()))
    assert agreement(scores(turned)).names == names


def test_the_same_and_the_opposite_score():
    values = np.random.default_rng(2).normal(size=100)
    found = agreement(scores({"a": values, "b": values**3, "c": -values}))
    assert found.between("a", "b") == 1
    assert found.between("a", "b", "jaccard") == 1
    assert found.between("a", "c") == pytest.approx(-1)
    assert found.between("a", "c", "jaccard") == 0


def test_unrelated_scores_agree_as_chance_does():
    one, other = np.random.default_rng(3).normal(size=(2, 20_000))
    found = agreement(scores({"a": one, "b": other}))
    expected = [t / (2 - t) for t in found.thresholds]
    assert found.jaccard[:, 0, 1] == pytest.approx(expected, abs=0.02)
    assert found.n_kendall == 3000
    assert found.n == 20_000
    assert abs(found.between("a", "b", "kendall")) < 0.05


def test_unrelated_scores_of_few_values_agree_as_chance_does():
    one, other = (np.random.default_rng(6).random(size=(2, 20_000)) < 0.3).astype(float)
    found = agreement(scores({"a": one, "b": other, "flat": np.zeros(20_000), "turned": -one}))
    expected = [t / (2 - t) for t in found.thresholds]
    for pair in (("a", "b"), ("a", "flat"), ("b", "flat")):
        at, beside = (found.names.index(name) for name in pair)
        assert found.jaccard[:, at, beside] == pytest.approx(expected, abs=0.01)
    assert found.between("a", "turned", "jaccard") == 0


def test_two_scores_of_one_order_are_the_same_tied_or_not():
    values = np.random.default_rng(7).integers(0, 3, 500).astype(float)
    close = values.copy()
    close[np.flatnonzero(values == 2)[0]] = 0  # one sample of the hardest is easy
    found = agreement(scores({"a": values, "b": 5 * values**3 - 1, "c": close}))
    at = {name: found.names.index(name) for name in "abc"}
    assert (found.jaccard[:, at["a"], at["b"]] == 1).all()
    assert found.between("a", "c", "jaccard") < 0.5  # either draws 50 of some 160


def test_a_constant_score_and_two_classes_have_no_correlation():
    random = np.random.default_rng(4)
    columns = {"a": random.normal(size=30), "b": random.normal(size=30), "c": np.full(30, 0.1)}
    found = agreement(scores(columns, np.arange(30) % 2))
    at = found.names.index("c")
    assert np.isnan(found.spearman[at]).all()
    assert np.isnan(found.kendall[at]).all()
    assert np.isnan(found.pearson).all()
    assert np.isfinite(found.between("a", "b"))
    assert np.isfinite(found.jaccard).all()


def test_the_order_of_rows_does_not_matter():
    random = np.random.default_rng(5)
    columns, ids, labels = some(60), random.permutation(999)[:60], random.integers(0, 4, 60)
    rows = random.permutation(60)
    one = agreement(scores(columns, labels, ids), most_kendall=20)
    moved = {name: values[rows] for name, values in columns.items()}
    other = agreement(scores(moved, labels[rows], ids[rows]), most_kendall=20)
    assert one.names == other.names
    for measure in ("spearman", "kendall", "pearson", "jaccard"):
        np.testing.assert_allclose(getattr(one, measure), getattr(other, measure), atol=1e-12)
    again = agreement(scores(columns, labels, ids), most_kendall=20, seed=1)
    assert not np.array_equal(one.kendall, again.kendall)


def test_one_score_agrees_with_itself():
    found = agreement(scores({"a": np.arange(10.0)}))
    assert found.table().empty
    assert found.spearman.tolist() == [[1.0]]


def test_other_data_and_numbers_out_of_range_are_refused():
    values = {"a": np.arange(10.0)}
    other = scores({"b": np.arange(10.0)}, fingerprint="1")
    with pytest.raises(MismatchError):
        agreement({**scores(values), **other})
    turned = scores({"b": np.arange(10.0)}, ids=np.arange(10)[::-1])
    with pytest.raises(MismatchError):
        agreement({**scores(values), **turned})
    with pytest.raises(ParameterError):
        agreement({})
    with pytest.raises(ParameterError, match="thresholds"):
        agreement(scores(values), thresholds=(1.0,))
    with pytest.raises(ParameterError, match="compared at"):
        agreement(scores(values)).hardest_shared(0.15)
