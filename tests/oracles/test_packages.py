"""Scores against the packages that define the same thing: aum, cleanlab, scikit-learn."""

import warnings

import numpy as np
import pandas as pd
import pytest
import torch
from dynamics_cases import CASES
from oracles.dynamics import dynamics_of
from sklearn.neighbors import KNeighborsClassifier, NearestNeighbors

from steelyard.hardness import estimate, neighbours, read_aum_csv
from steelyard.records import Labelled

CASE = CASES["random"]
DYNAMICS = dynamics_of(CASE.logits, CASE.labels, CASE.ids, CASE.class_names)
DRAW = np.random.default_rng(2)
POINTS = DRAW.normal(size=(400, 6)) * np.arange(1, 7)
LABELS = DRAW.choice(3, 400, p=[0.8, 0.15, 0.05])
DATA = Labelled(pd.DataFrame({"x": np.zeros(400)}), LABELS, ("2", "1", "0"), DRAW.permutation(400))


def test_aum_is_that_of_the_package_aum_with_the_sign_turned(tmp_path):
    aum = pytest.importorskip("aum", reason="the package aum is not installed")
    for run, logits in enumerate(CASE.logits):
        calculator = aum.AUMCalculator(str(tmp_path), compressed=True)
        for epoch in logits:
            calculator.update(
                torch.from_numpy(epoch), torch.from_numpy(CASE.labels), CASE.ids.tolist()
            )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of pandas: the package is from 2020
            calculator.finalize()
        theirs = read_aum_csv(tmp_path / "aum_values.csv")
        place = np.argsort(theirs.ids)[np.argsort(np.argsort(CASE.ids))]
        ours = -DYNAMICS.channels["margin"][run]
        np.testing.assert_allclose(theirs.values[place], ours, rtol=1e-12)
        assert np.ptp(ours) > 1


@pytest.mark.parametrize("name", ["random", "two classes", "huge logits"])
def test_self_confidence_is_cleanlabs_label_quality_turned_round(name):
    cleanlab = pytest.importorskip("cleanlab.rank", reason="the package cleanlab is not installed")
    case = CASES[name]
    dynamics = dynamics_of(case.logits[:1], case.labels, case.ids, case.class_names)
    left_out = torch.from_numpy(case.logits[0, -2])  # what the cases say without the sample
    probabilities = torch.softmax(left_out, dim=1).numpy()
    quality = cleanlab.get_label_quality_scores(
        case.labels, probabilities, method="self_confidence"
    )
    ours = estimate(dynamics, ["self_confidence"])["self_confidence"].values
    np.testing.assert_allclose(ours, 1 - quality, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("name", ["random", "two classes", "huge logits"])
def test_the_margin_out_of_fold_is_cleanlabs_turned_round_on_another_scale(name):
    cleanlab = pytest.importorskip("cleanlab.rank", reason="the package cleanlab is not installed")
    case = CASES[name]
    dynamics = dynamics_of(case.logits[:1], case.labels, case.ids, case.class_names)
    probabilities = torch.softmax(torch.from_numpy(case.logits[0, -2]), dim=1).numpy()
    quality = cleanlab.get_label_quality_scores(
        case.labels, probabilities, method="normalized_margin"
    )
    ours = estimate(dynamics, ["self_margin"])["self_margin"].values
    np.testing.assert_allclose(ours, 1 - 2 * quality, atol=1e-12)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_neighbours_are_scikit_learns(dtype):
    points = POINTS.astype(dtype)
    found = neighbours(points, DATA, k=9)
    distances, positions = (
        NearestNeighbors(n_neighbors=9, algorithm="brute")
        .fit(points.astype(np.float64))
        .kneighbors()
    )
    np.testing.assert_array_equal(found.positions, positions)
    np.testing.assert_allclose(found.distances, distances, rtol=1e-9)
    share = (LABELS[positions[:, :5]] != LABELS[:, None]).mean(axis=1)
    np.testing.assert_allclose(estimate(found)["knn_disagreement"].values, share, rtol=1e-15)


def test_n3_is_the_error_of_the_nearest_neighbour_rule_without_the_sample():
    found = estimate(neighbours(POINTS, DATA))["n3"].values
    wrong = []
    for row in range(len(POINTS)):
        others = np.arange(len(POINTS)) != row
        rule = KNeighborsClassifier(1).fit(POINTS[others], LABELS[others])
        wrong.append(rule.predict(POINTS[[row]])[0] != LABELS[row])
    assert found.tolist() == wrong
    assert 0 < np.mean(wrong) < 1
