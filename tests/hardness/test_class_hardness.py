"""Figures of classes against numpy's, and intervals against simulations whose truth is known."""

import numpy as np
import pytest

from steelyard._support.errors import DataError, ParameterError
from steelyard.hardness.class_hardness import class_hardness

NAMES = ("a", "b", "c")


def made(by_run, labels, names=NAMES, **values):
    return class_hardness(by_run, labels, np.arange(len(labels)), names, **values)


def crossed(random, n_runs, sizes, of_runs, of_samples, rest, means=None):
    """Runs and samples as crossed random effects; each run is off by an amount a class."""
    labels = np.repeat(np.arange(len(sizes)), sizes)
    values = random.normal(0, of_runs, (n_runs, len(sizes)))[:, labels]
    values = values + random.normal(0, of_samples, len(labels))
    values = values + random.normal(0, rest, (n_runs, len(labels)))
    return values + (0 if means is None else np.asarray(means)[labels]), labels


def test_the_estimates_are_numpys():
    by_run, labels = crossed(np.random.default_rng(0), 4, (30, 7, 63), 0.1, 1, 1)
    found, values = made(by_run, labels, share=0.2), by_run.mean(axis=0)
    hardest = set(np.argsort(-values)[:20])
    for code, size in enumerate((30, 7, 63)):
        mine = values[labels == code]
        expected = {
            "mean": mine.mean(),
            "q10": np.quantile(mine, 0.1),
            "median": np.median(mine),
            "q90": np.quantile(mine, 0.9),
            "tail": np.mean([row in hardest for row in np.flatnonzero(labels == code)]),
        }
        assert found.counts[code] == size
        for name, value in expected.items():
            assert found.figures[name][code, 0] == pytest.approx(value, abs=1e-12)
    assert found.share == 0.2
    assert found.counted == "runs and samples"
    assert found.hardest_first()[0] == NAMES[np.argmax(found.figures["mean"][:, 0])]


def test_a_share_that_cuts_a_sample_leaves_it_out():
    found = made([[5.0, 4.0, 3.0, 2.0]], [0, 1, 2, 2], share=0.375)  # one sample and a half
    assert found.figures["tail"][:, 0].tolist() == [1, 0, 0]


def test_tied_samples_share_the_tail_whatever_their_ids():
    labels = np.repeat([0, 1], 50)
    values = np.zeros((1, 100))
    values[0, :5] = 1.0
    found = made(values, labels, ("a", "b"), share=0.1)
    # five of the tail are of class a, and the other five are any of the 95
    assert found.figures["tail"][:, 0] == pytest.approx([0.1 + 5 / 95 * 45 / 50, 5 / 95])


def test_rows_and_names_of_classes_do_not_matter():
    random = np.random.default_rng(1)
    by_run, labels = crossed(random, 3, (20, 30, 10), 0.2, 1, 1)
    ids = random.permutation(1000)[:60]
    one = class_hardness(by_run, labels, ids, NAMES)
    rows, renamed = random.permutation(60), np.array([2, 0, 1])
    other = class_hardness(by_run[:, rows], renamed[labels][rows], ids[rows], ("b", "c", "a"))
    for name, figure in one.figures.items():
        np.testing.assert_allclose(other.figures[name][renamed], figure, rtol=1e-9)
    again = class_hardness(by_run, labels, ids, NAMES, seed=1)
    assert not np.array_equal(again.figures["mean"][:, 1], one.figures["mean"][:, 1])


def test_a_class_without_samples_has_no_data_and_one_sample_no_interval():
    by_run, labels = crossed(np.random.default_rng(2), 3, (40, 0, 1), 0.1, 1, 1)
    found = made(by_run, labels)
    for figure in found.figures.values():
        assert np.isnan(figure[1]).all()
        assert np.isfinite(figure[0]).all()
        assert np.isfinite(figure[2, 0])
    assert found.interval("b") is None
    assert found.interval("c") is None
    assert found.interval("c", "tail").half_width > 0.3  # one sample tells little of a share
    assert "b" not in found.hardest_first()
    assert found.table()["count"].tolist() == [40, 0, 1]


def test_one_run_is_over_samples_alone():
    by_run, labels = crossed(np.random.default_rng(3), 2, (400, 400, 400), 1.0, 1, 0)
    one, two = made(by_run[:1], labels), made(by_run, labels)
    assert one.counted == "samples alone"
    assert one.interval("a").half_width == pytest.approx(1.96 / 20, rel=0.15)
    assert two.interval("a").half_width > 3 * one.interval("a").half_width


def test_two_runs_are_worth_one_degree_of_freedom():
    by_run = np.array([[1.0], [2.0]]) + np.zeros((2, 50))  # nothing but the runs differs
    found = made(by_run, np.zeros(50, int), ("a",)).interval("a")
    assert found.mean == 1.5
    assert found.half_width == pytest.approx(12.706 * 0.5, rel=0.1)


def test_three_samples_are_worth_two_degrees_of_freedom():
    found = made([[1.0, 2.0, 3.0]], np.zeros(3, int), ("a",)).interval("a")
    assert found.half_width == pytest.approx(4.303 * 1 / np.sqrt(3), rel=0.1)


def test_the_tail_of_a_class_that_is_nearly_all_of_the_data_is_nearly_known():
    random = np.random.default_rng(5)
    found = made(random.normal(size=(1, 1000)), np.repeat([0, 1], [980, 20]), ("a", "b"))
    assert found.interval("a", "tail").half_width < 0.008  # of 980 samples by themselves: .019


def test_a_share_of_none_or_all_is_not_certain():
    by_run = np.concatenate([np.arange(20.0), np.arange(100.0, 120)])[None] + np.zeros((3, 1))
    found = made(by_run, np.repeat([0, 1], 20), ("a", "b"), share=0.5)
    none, every = found.interval("a", "tail"), found.interval("b", "tail")
    assert (none.mean, none.low) == (0, 0)
    assert none.high == pytest.approx(0.161, abs=1e-3)  # Wilson's for 0 of 20
    assert (every.mean, every.high) == (1, 1)
    assert every.low == pytest.approx(1 - 0.161, abs=1e-3)


def test_no_interval_goes_beyond_what_the_score_can_be():
    by_run = np.random.default_rng(0).binomial(1, 0.1, (1, 60)).astype(float)
    free, bound = (
        made(by_run, np.repeat([0, 1], [50, 10]), ("a", "b"), **values).figures
        for values in ({}, {"bounds": (0.0, 1.0)})
    )
    beyond = np.concatenate([free[figure] for figure in ("mean", "q10", "median", "q90")])
    assert beyond.min() < 0 < 1 < beyond.max()
    for figure in free:
        np.testing.assert_array_equal(bound[figure], np.clip(free[figure], 0, 1))


def test_the_intervals_cover_the_truth_where_naive_ones_do_not():
    random, sizes, means = np.random.default_rng(4), (60, 15, 120), (0.0, 0.5, -0.2)
    n_runs, repetitions = 5, 250
    estimates: dict = {"mean": [], "median": [], "q90": [], "tail": []}
    ends: dict = {name: [] for name in estimates}
    naive = []
    for repetition in range(repetitions):
        by_run, labels = crossed(random, n_runs, sizes, 0.25, 1, 0.7, means)
        found = made(by_run, labels, draws=80, seed=repetition)
        for name in estimates:
            estimates[name].append(found.figures[name][:, 0])
            ends[name].append(found.figures[name][:, 1:])
        for code, size in enumerate(sizes):
            mine = by_run.mean(axis=0)[labels == code]
            half = 1.96 * mine.std(ddof=1) / np.sqrt(size)
            naive.append((code, abs(mine.mean() - means[code]) <= half))
    covered = {}
    for name in estimates:
        truth = np.mean(estimates[name], axis=0) if name != "mean" else np.array(means)
        low, high = np.moveaxis(np.array(ends[name]), 2, 0)
        covered[name] = ((low <= truth) & (truth <= high)).mean(axis=0)
        assert (covered[name] >= 0.92).all(), (name, covered[name])
    assert (covered["mean"] <= 0.995).all()  # and they are not as wide as you please
    of_runs = [hit for code, hit in naive if code == 2]
    assert np.mean(of_runs) < 0.82  # the largest class, where the runs are most of it


def test_with_many_runs_and_samples_the_interval_is_as_wide_as_the_truth_says():
    of_runs, of_samples, rest, n_runs, n = 0.3, 1.0, 1.0, 20, 200
    half = [
        made(
            *crossed(np.random.default_rng(seed), n_runs, (n,), of_runs, of_samples, rest),
            ("a",),
            draws=200,
        )
        .interval("a")
        .half_width
        for seed in range(12)
    ]
    error = np.sqrt(of_runs**2 / n_runs + of_samples**2 / n + rest**2 / n / n_runs)
    assert np.mean(half) == pytest.approx(2.05 * error, rel=0.12)


@pytest.mark.parametrize(
    ("by_run", "labels", "values", "words"),
    [
        (np.zeros((2, 3)), [0, 1], {}, "shape"),
        (np.zeros((0, 2)), [0, 1], {}, "shape"),
        (np.zeros(2), [0, 1], {}, "shape"),
        (np.array([[np.nan, 1.0]]), [0, 1], {}, "finite"),
        (np.zeros((2, 0)), [], {}, "shape"),
    ],
)
def test_values_that_are_no_scores_are_refused(by_run, labels, values, words):
    with pytest.raises(DataError, match=words):
        made(by_run, labels, **values)


@pytest.mark.parametrize("values", [{"share": 0}, {"share": 1}, {"draws": 1}])
def test_numbers_out_of_range_are_refused(values):
    with pytest.raises(ParameterError):
        made(np.zeros((2, 2)), [0, 1], **values)
