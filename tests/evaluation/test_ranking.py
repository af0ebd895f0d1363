"""AUROC and average precision are scikit-learn's, on every kind of input."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from steelyard._support.errors import DataError, ParameterError
from steelyard.evaluation.fixed_prior import fixed_prior_average_precision
from steelyard.evaluation.ranking import ranking

RNG = np.random.default_rng(0)
N = 80
SCORES = {
    "random": RNG.normal(size=(N, 3)),
    "three values": RNG.integers(0, 3, (N, 3)).astype(float),
    "all the same": np.ones((N, 3)),
    "float32": RNG.normal(size=(N, 3)).astype(np.float32),
    "neighbouring floats": 1 + RNG.integers(0, 3, (N, 3)) * np.finfo(float).eps,
    "whole numbers": RNG.integers(-5, 5, (N, 3)),
    "fortran": np.asfortranarray(RNG.normal(size=(N, 3))),
}
LABELS = {
    "some": RNG.random((N, 3)) < [0.5, 0.1, 0.9],
    "one positive": np.arange(N)[:, None] == [3, 40, 79],
    "one negative": np.arange(N)[:, None] != [3, 40, 79],
    "absent, all, some": np.arange(N)[:, None] < [0, N, 7],
}
WEIGHTS = {
    "none": None,
    "random": RNG.random(N),
    "with zeros": RNG.integers(0, 2, N) * RNG.random(N),
    "by class": RNG.random((N, 3)),
}


def sklearns(scores, labels, weights):
    found = np.full((2, 3), np.nan)
    for k in range(3):
        mine = weights if weights is None or weights.ndim == 1 else weights[:, k]
        seen = np.ones(N, bool) if mine is None else mine > 0
        if labels[seen, k].any() and not labels[seen, k].all():
            for row, metric in enumerate((roc_auc_score, average_precision_score)):
                found[row, k] = metric(labels[:, k], scores[:, k], sample_weight=mine)
    return found


@pytest.mark.parametrize("weights", WEIGHTS)
@pytest.mark.parametrize("labels", LABELS)
@pytest.mark.parametrize("scores", SCORES)
def test_it_is_scikit_learns(scores, labels, weights):
    before = SCORES[scores].copy()
    found = ranking(SCORES[scores], LABELS[labels], WEIGHTS[weights])
    expected = sklearns(SCORES[scores], LABELS[labels], WEIGHTS[weights])
    np.testing.assert_allclose(found.auroc, expected[0], atol=1e-12)
    np.testing.assert_allclose(found.average_precision, expected[1], atol=1e-12)
    assert (found.counted == ~np.isnan(expected[0])).all()
    assert (SCORES[scores] == before).all()  # the caller's scores are not sorted


def test_codes_are_one_class_against_the_rest():
    codes = RNG.choice(3, N, p=[0.9, 0.1, 0])
    found = ranking(SCORES["random"], codes)
    expected = sklearns(SCORES["random"], codes[:, None] == [0, 1, 2], None)
    np.testing.assert_allclose(found.auroc, expected[0], atol=1e-12)
    np.testing.assert_allclose(found.average_precision, expected[1], atol=1e-12)
    assert found.n_positive.tolist() == np.bincount(codes, minlength=3).tolist()
    assert (found.n_positive + found.n_negative == N).all()


def test_many_columns_are_cut_into_blocks(monkeypatch):
    monkeypatch.setattr("steelyard.evaluation.ranking._BLOCK", 2 * N)
    scores, codes = RNG.normal(size=(N, 7)), RNG.integers(0, 7, N)
    labels = codes[:, None] == np.arange(7)
    for truth in (codes, labels):
        found = ranking(scores, truth).average_precision
        expected = [average_precision_score(labels[:, k], scores[:, k]) for k in range(7)]
        np.testing.assert_allclose(found, expected, atol=1e-12)


def test_means_are_over_the_classes_that_have_data():
    found = ranking(SCORES["random"], LABELS["absent, all, some"])
    assert found.counted.tolist() == [False, False, True]
    assert found.macro_auroc == found.auroc[2]
    assert found.macro_average_precision == found.average_precision[2]
    nothing = ranking(SCORES["random"], np.zeros((N, 3)))
    assert np.isnan([nothing.macro_auroc, nothing.macro_average_precision]).all()


def test_infinite_scores_are_ranked_as_the_largest_and_smallest():
    scores = np.array([-np.inf, 0, 1, np.inf, np.inf])[:, None]
    labels = np.array([0, 1, 0, 1, 0])[:, None]
    found = ranking(scores, labels)
    assert found.auroc[0] == roc_auc_score(labels[:, 0], [-1, 0, 1, 2, 2])
    assert found.average_precision[0] == average_precision_score(labels[:, 0], [-1, 0, 1, 2, 2])


def test_no_weight_on_either_side_is_no_data():
    found = ranking(SCORES["random"], LABELS["some"], np.zeros(N))
    assert np.isnan(found.auroc).all()
    assert found.n_positive.tolist() == [0, 0, 0]


@pytest.mark.parametrize(
    ("scores", "truth", "weights", "told"),
    [
        (np.where(np.arange(6).reshape(3, 2) == 3, np.nan, 1), [0, 1, 1], None, "row 1, column 1"),
        (np.ones(3), [0, 1, 1], None, r"scores\[:, None\]"),
        (np.array([["a"], ["b"]]), [0, 0], None, "must be numbers"),
        (np.ones((3, 2)), [0, 1], None, "have 3 rows, the truth has 2"),
        (np.ones((3, 2)), [0, 1, 2], None, "codes from 0 to 1"),
        (np.ones((3, 2)), np.ones((3, 3)), None, "one column for each of 2 labels"),
        (np.ones((3, 2)), np.full((3, 2), 0.5), None, "0 or 1"),
        (np.ones((3, 2)), [0, 1, 1], [1, -1, 1], "finite numbers in the range"),
        (np.ones((3, 2)), [0, 1, 1], [1, np.nan, 1], "finite numbers in the range"),
        (np.ones((3, 2)), [0, 1, 1], [1, 1], "must be 3 finite numbers"),
    ],
)
def test_bad_input_is_refused(scores, truth, weights, told):
    with pytest.raises((DataError, ParameterError), match=told):
        ranking(scores, truth, weights)


@pytest.mark.parametrize("scores", SCORES)
def test_at_its_own_share_a_class_has_plain_average_precision(scores):
    labels = LABELS["some"]
    expected = ranking(SCORES[scores], labels).average_precision
    for k, share in enumerate(labels.mean(axis=0)):
        found = fixed_prior_average_precision(SCORES[scores], labels, share)
        assert found[k] == pytest.approx(expected[k], abs=1e-12)


def test_the_fixed_prior_is_in_the_precision_of_each_step():
    scores, codes = SCORES["three values"], RNG.choice(3, N, p=[0.9, 0.1, 0])
    expected = 0.0
    called_before = 0.0
    for threshold in (2, 1, 0):  # by its definition: recall gained times precision
        tpr = (scores[codes == 1, 1] >= threshold).mean()
        fpr = (scores[codes != 1, 1] >= threshold).mean()
        expected += (tpr - called_before) * 0.05 * tpr / (0.05 * tpr + 0.95 * fpr)
        called_before = tpr
    found = fixed_prior_average_precision(scores, codes, 0.05)
    assert found[1] == pytest.approx(expected)
    assert np.isnan(found[2])


@pytest.mark.parametrize(
    ("d", "plain", "half", "hundredth"),
    [
        (2.0, [0.146, 0.442, 0.809], [0.925, 0.922, 0.921], None),
        (2.7, [0.385, 0.713, 0.927], [0.972] * 3, [0.559, 0.563, 0.565]),
    ],
)
def test_normal_scores_give_the_published_figures_at_any_rarity(d, plain, half, hundredth):
    draw = np.random.default_rng(1)
    for place, (n_positive, repeats) in enumerate([(60, 200), (600, 40), (6000, 20)]):
        labels = (np.arange(20_000 + n_positive) < n_positive)[:, None]
        found = []
        for _ in range(repeats):
            scores = draw.normal(size=labels.shape) + d * labels
            found.append(
                [
                    ranking(scores, labels).average_precision[0],
                    fixed_prior_average_precision(scores, labels, 0.5)[0],
                    fixed_prior_average_precision(scores, labels)[0],
                ]
            )
        # .02 where 60 positives leave a standard deviation of .065 / sqrt(200) and more
        means = np.mean(found, axis=0)
        assert means[0] == pytest.approx(plain[place], abs=0.02)
        assert means[1] == pytest.approx(half[place], abs=0.005)
        if hundredth:
            assert means[2] == pytest.approx(hundredth[place], abs=0.02)


@pytest.mark.parametrize("reference", [0, 1, -0.1, np.nan])
def test_a_reference_is_a_share(reference):
    with pytest.raises(ParameterError, match="reference"):
        fixed_prior_average_precision(np.ones((2, 1)), [[0], [1]], reference)
