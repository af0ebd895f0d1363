"""Every metric of counts, against scikit-learn on random, degenerate, absent and tied classes."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings, strategies
from hypothesis.extra import numpy as arrays
from sklearn import metrics

from steelyard._support.errors import ParameterError
from steelyard.evaluation import count_metrics as ours
from steelyard.evaluation.counts import count

RANDOM = np.random.default_rng(0)
CASES = {
    "random": (RANDOM.integers(0, 4, 200), RANDOM.integers(0, 4, 200), 4),
    "perfect": (np.arange(5), np.arange(5), 5),
    "all wrong": (np.arange(5), (np.arange(5) + 1) % 5, 5),
    "one class called": (np.array([0, 1, 2, 2]), np.zeros(4, int), 3),
    "one class present": (np.zeros(4, int), np.array([0, 1, 2, 2]), 3),
    "nothing but one class": (np.zeros(3, int), np.zeros(3, int), 2),
    "never called": (np.array([0, 1, 2, 2]), np.array([0, 0, 2, 2]), 3),
    "absent and called": (np.array([0, 0, 1]), np.array([0, 2, 1]), 3),
    "absent and not called": (np.array([0, 0, 1]), np.array([0, 1, 1]), 3),
    "one sample a class": (np.array([2, 1, 0]), np.array([2, 0, 0]), 3),
}
codes = strategies.integers(1, 40).flatmap(
    lambda n: strategies.integers(2, 6).flatmap(
        lambda k: strategies.tuples(
            *[arrays.arrays(np.int64, n, elements=strategies.integers(0, k - 1))] * 2,
            strategies.just(k),
            arrays.arrays(np.float64, n, elements=strategies.floats(0.1, 4)),
        )
    )
)


def check(truth, predicted, k, weights):
    counts = count(truth, predicted, k, weights)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # scikit-learn's, of what is undefined
        check_classes(counts, truth, predicted, k, weights)
        check_averages(counts, truth, predicted, k, weights)


def check_classes(counts, truth, predicted, k, weights):
    every = range(k)
    absent = np.bincount(truth, minlength=k) == 0
    given = {"average": None, "labels": every, "zero_division": np.nan, "sample_weight": weights}
    for name, theirs in (
        ("recall", metrics.recall_score),
        ("precision", metrics.precision_score),
        ("f1", metrics.f1_score),
    ):
        expected = np.where(absent, np.nan, theirs(truth, predicted, **given))
        np.testing.assert_allclose(ours.CLASS_METRICS[name](counts), expected, atol=1e-12)
    for code in every:
        one, called = truth == code, predicted == code
        accuracy = metrics.accuracy_score(one, called, sample_weight=weights)
        assert ours.one_vs_rest_accuracy(counts)[code] == pytest.approx(accuracy, abs=1e-12)
        # the recall of the rest
        specific = metrics.recall_score(~one, ~called, zero_division=np.nan, sample_weight=weights)
        assert ours.specificity(counts)[code] == pytest.approx(specific, abs=1e-12, nan_ok=True)
        correlation = metrics.matthews_corrcoef(one, called, sample_weight=weights)
        correlation = np.nan if one.all() or not one.any() else correlation
        assert ours.one_vs_rest_mcc(counts)[code] == pytest.approx(
            correlation, abs=1e-7, nan_ok=True
        )


def check_averages(counts, truth, predicted, k, weights):
    there = np.unique(truth)
    one_class = len(there) == 1
    mcc = metrics.matthews_corrcoef(truth, predicted, sample_weight=weights)
    expected = {
        "accuracy": metrics.accuracy_score(truth, predicted, sample_weight=weights),
        "balanced_accuracy": metrics.balanced_accuracy_score(
            truth, predicted, sample_weight=weights
        ),
        "mcc": np.nan if one_class else mcc,
    }
    for kind in ("macro", "micro", "weighted"):
        labels = range(k) if kind == "micro" else there
        for of, theirs in (
            ("recall", metrics.recall_score),
            ("precision", metrics.precision_score),
            ("f1", metrics.f1_score),
        ):
            expected[f"{kind}_{of}"] = theirs(
                truth, predicted, average=kind, labels=labels, zero_division=np.nan,
                sample_weight=weights,
            )  # fmt: skip
    recalls = metrics.recall_score(
        truth, predicted, average=None, labels=there, sample_weight=weights
    )
    expected["worst_recall"] = recalls.min()
    if not one_class:
        expected["macro_mcc"] = np.mean(
            [
                metrics.matthews_corrcoef(truth == c, predicted == c, sample_weight=weights)
                for c in there
            ]
        )
    else:
        expected["macro_mcc"] = np.nan
    assert expected.keys() == ours.AVERAGES.keys()
    for name, value in expected.items():
        found = float(ours.AVERAGES[name](counts))
        assert found == pytest.approx(value, abs=1e-7, nan_ok=True), name
        low, high = ours.RANGES[name]
        assert np.isnan(found) or low <= found <= high
    called = np.bincount(predicted, minlength=k)[there] > 0
    assert ours.n_counted("macro_precision", counts) == called.sum()
    assert ours.n_counted("weighted_precision", counts) == called.sum()
    assert ours.n_counted("macro_f1", counts) == len(there)
    assert ours.n_counted("mcc", counts) == len(there)
    assert ours.n_counted("macro_mcc", counts) == (0 if one_class else len(there))


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(("truth", "predicted", "k"), CASES.values(), ids=CASES)
def test_agrees_with_scikit_learn(truth, predicted, k, weighted):
    weights = RANDOM.random(len(truth)) + 0.1 if weighted else np.ones(len(truth))
    check(truth, predicted, k, weights)


@settings(max_examples=40)
@given(codes)
def test_agrees_with_scikit_learn_on_whatever_is_drawn(case):
    check(*case)


@given(
    arrays.arrays(bool, arrays.array_shapes(min_dims=2, max_dims=2, min_side=2, max_side=8)),
    strategies.data(),
)
def test_several_labels_agree_with_scikit_learn(truth, data):
    predicted = data.draw(arrays.arrays(bool, truth.shape))
    counts = count(truth, predicted, truth.shape[1])
    there = np.flatnonzero(truth.any(axis=0))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for of, theirs in (("recall", metrics.recall_score), ("f1", metrics.f1_score)):
            each = np.full(truth.shape[1], np.nan)
            for c in there:
                each[c] = theirs(truth[:, c], predicted[:, c], zero_division=np.nan)
            np.testing.assert_allclose(ours.CLASS_METRICS[of](counts), each, atol=1e-12)
            if len(there):
                macro = float(ours.AVERAGES[f"macro_{of}"](counts))
                assert macro == pytest.approx(each[there].mean())
        micro = metrics.f1_score(truth, predicted, average="micro", zero_division=np.nan)
    assert float(ours.micro_f1(counts)) == pytest.approx(micro, nan_ok=True)
    hamming = metrics.hamming_loss(truth, predicted)
    assert float(ours.accuracy(counts)) == pytest.approx(1 - hamming)


def test_the_multi_class_correlation_is_not_of_labels():
    labels = np.eye(3, dtype=bool)
    with pytest.raises(ParameterError, match="macro_mcc"):
        ours.mcc(count(labels, labels, 3))


def test_leading_axes_are_kept_and_each_is_as_if_alone():
    rng = np.random.default_rng(1)
    truth, predicted = rng.integers(0, 5, (2, 60))
    weights = rng.integers(0, 3, (7, 60))
    many = count(truth, predicted, 5, weights)
    for name, metric in (ours.CLASS_METRICS | ours.AVERAGES).items():
        alone = [metric(count(truth, predicted, 5, row)) for row in weights]
        np.testing.assert_allclose(metric(many), alone, err_msg=name)


def test_a_class_that_is_given_up_raises_macro_precision_and_not_macro_f1():
    truth = np.repeat([0, 1, 2], 4)
    tried = np.array([0, 0, 0, 0, 1, 1, 1, 2, 2, 1, 1, 1])
    given_up = np.where(tried == 2, 1, tried)
    before, after = (count(truth, one, 3) for one in (tried, given_up))
    assert ours.macro_precision(after) > ours.macro_precision(before)
    assert (
        ours.n_counted("macro_precision", before),
        ours.n_counted("macro_precision", after),
    ) == (
        3,
        2,
    )
    assert ours.macro_f1(after) < ours.macro_f1(before)


def test_no_samples_of_any_class_is_no_data():
    empty = count([0], [0], 2, [[1.0]])
    nothing = type(empty)(empty.hits * 0, empty.called * 0, empty.present * 0, empty.total * 0)
    for metric in ours.AVERAGES.values():
        assert np.isnan(metric(nothing)).all()


def test_huge_counts_do_not_overflow():
    many = np.array([1e120, 1e120])
    counts = type(count([0], [0], 2))(many, many, many, many.sum())
    assert float(ours.mcc(counts)) == pytest.approx(1)
    assert ours.one_vs_rest_mcc(counts) == pytest.approx([1, 1])


def test_an_unknown_average_is_told_with_the_nearest():
    with pytest.raises(ParameterError, match="did you mean 'macro_f1'"):
        ours.n_counted("makro_f1", count([0], [0], 2))
