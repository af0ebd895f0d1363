import numpy as np
import pytest

from steelyard._support.errors import DataError, ParameterError
from steelyard.evaluation import correct_prior, effective_prior, weighted_prior
from steelyard.records import Predictions

DRAW = np.random.default_rng(0)
P = DRAW.dirichlet([1, 1, 1], 50)
Q = DRAW.random((50, 3))


def test_correction_is_bayes_rule():
    # .6 * .2/.7 : .3 * .2/.2 : .1 * .6/.1
    weights = np.array([0.6 * 0.2 / 0.7, 0.3, 0.6])
    found = correct_prior([[0.6, 0.3, 0.1]], [0.7, 0.2, 0.1], [0.2, 0.2, 0.6])
    np.testing.assert_allclose(found, [weights / weights.sum()], rtol=1e-12)
    # counts are shares times something
    again = correct_prior([[0.6, 0.3, 0.1]], [7, 2, 1], [2, 2, 6])
    np.testing.assert_allclose(again, found, rtol=1e-12)


def test_binary_correction_is_elkans_theorem():
    # Elkan (2001), theorem 2: p' = b' (p - p b) / (b - p b + b' p - b b')
    p, b, b_new = DRAW.random(100), 0.3, 0.05
    elkan = b_new * (p - p * b) / (b - p * b + b_new * p - b * b_new)
    np.testing.assert_allclose(correct_prior(p, b, b_new), elkan, rtol=1e-10)
    both = correct_prior(np.stack([1 - p, p], axis=1), [0.7, 0.3], [0.95, 0.05])
    np.testing.assert_allclose(both[:, 1], elkan, rtol=1e-10)


def test_labels_are_corrected_each_by_itself():
    trained, deployed = [0.5, 0.1, 0.9], [0.2, 0.6, 0.9]
    found = correct_prior(Q, trained, deployed, multi_label=True)
    for k in range(3):
        alone = correct_prior(Q[:, k], trained[k], deployed[k])
        np.testing.assert_allclose(found[:, k], alone, rtol=1e-12)
    np.testing.assert_allclose(found[:, 2], Q[:, 2], rtol=1e-12)


@pytest.mark.parametrize("multi_label", [False, True])
def test_arrays_and_predictions_are_corrected_alike(multi_label):
    trained, deployed = np.array([0.6, 0.3, 0.1]), np.array([0.05, 0.0, 0.95])
    given = Q if multi_label else P
    logits = np.log(given) - (np.log1p(-given) if multi_label else 0)
    truth = Q > 0.5 if multi_label else np.zeros(50, int)
    record = Predictions(np.arange(50), truth, logits, ("a", "b", "c"), trained)
    mine = np.exp(record.corrected(deployed).log_probabilities)
    found = correct_prior(given, trained, deployed, multi_label=multi_label)
    np.testing.assert_allclose(found, mine, rtol=1e-9, atol=1e-300)
    assert (found[:, 1] == 0).all()


def test_certainties_stay_and_stay_finite():
    certain = np.eye(3)
    found = correct_prior(certain, [0.98, 0.01, 0.01], [0.1, 0.1, 0.8])
    np.testing.assert_array_equal(found, certain)
    labels = correct_prior([[0.0, 1.0]], [0.98, 0.01], [0.1, 0.8], multi_label=True)
    np.testing.assert_array_equal(labels, [[0, 1]])
    np.testing.assert_array_equal(correct_prior([0.0, 1.0, 0.3], 0.5, 0.0), [0, 0, 0])
    np.testing.assert_array_equal(correct_prior([0.0, 1.0, 0.3], 0.5, 1.0), [1, 1, 1])


def test_what_was_certain_of_an_excluded_class_says_nothing_of_the_others():
    found = correct_prior([[1.0, 0.0, 0.0]], [0.5, 0.25, 0.25], [0.0, 0.75, 0.25])
    np.testing.assert_allclose(found, [[0, 0.75, 0.25]], rtol=1e-12)


def test_a_class_that_training_never_saw_keeps_its_score():
    found = correct_prior([[0.6, 0.3, 0.1]], [0.5, 0.5, 0.0], [0.25, 0.5, 0.25])
    np.testing.assert_allclose(found, [[0.3 / 0.7, 0.3 / 0.7, 0.1 / 0.7]], rtol=1e-12)
    np.testing.assert_allclose(correct_prior([0.3], 0.0, 0.5), [0.3], rtol=1e-12)
    np.testing.assert_allclose(correct_prior([0.3], 1.0, 0.5), [0.3], rtol=1e-12)


def test_extreme_priors_lose_nothing():
    there = correct_prior(P, [1 / 3] * 3, [1e-200, 1e-200, 1.0])
    assert np.isfinite(there).all()
    back = correct_prior(there, [1e-200, 1e-200, 1.0], [1 / 3] * 3)
    np.testing.assert_allclose(back, P, rtol=1e-9)


@pytest.mark.parametrize(
    ("probabilities", "trained", "deployed", "message"),
    [
        ([[0.5, 0.6]], [0.5, 0.5], [0.5, 0.5], "sum to one a row.*row 0.*multi_label=True"),
        ([[1.5, -0.5]], [0.5, 0.5], [0.5, 0.5], r"lie in \[0, 1\]. 2 do not, the first is 1.5"),
        ([[0.5, np.nan]], [0.5, 0.5], [0.5, 0.5], r"lie in \[0, 1\]. 1 do not"),
        ([["a", "b"]], [0.5, 0.5], [0.5, 0.5], "must be numbers"),
        (0.5, 0.5, 0.5, r"shape \(n, K\) or \(n,\)"),
        ([0.5], [0.5, 0.5], [0.5, 0.5], "must be its shares"),
        ([0.5], 1.5, 0.5, r"\(trained\) must hold .* in \[0, 1\]"),
        ([0.5], 0.5, np.nan, r"\(deployed\) must hold .* in \[0, 1\]"),
        ([[0.5, 0.5]], [0.5, -0.5], [0.5, 0.5], r"\(trained\) must hold finite"),
        ([[0.5, 0.5]], [0.5, 0.5], [1.0], r"\(deployed\) needs one weight for each of 2"),
        ([[0.5, 0.5]], [0.5, 0.5], [0.0, 0.0], "positive sum"),
    ],
)
def test_what_is_no_probability_or_prior_is_refused(probabilities, trained, deployed, message):
    with pytest.raises(DataError, match=message):
        correct_prior(probabilities, trained, deployed)


def test_weights_in_the_loss_act_as_copies():
    # 90 and 10 samples, weights 1 and 9: as many of each
    np.testing.assert_allclose(effective_prior([90, 10], [1, 9]), [0.5, 0.5], rtol=1e-12)
    np.testing.assert_allclose(effective_prior([0.9, 0.1], [2, 18]), [0.5, 0.5], rtol=1e-12)
    # after a plan: the product
    np.testing.assert_allclose(effective_prior([0.5, 0.5], [1, 9]), [0.1, 0.9], rtol=1e-12)
    # pos_weight multiplies the odds: .1/.9 * 9 = 1; .5/.5 * 3 = 3
    found = effective_prior([0.1, 0.5, 0.0, 1.0], [9, 3, 5, 5], multi_label=True)
    np.testing.assert_allclose(found, [0.5, 0.75, 0, 1], rtol=1e-12)
    # and is what copies of the samples with the label would do
    with_label, without, copies = 7, 20, 3
    share = with_label * copies / (with_label * copies + without)
    found = effective_prior([with_label / (with_label + without)], [copies], multi_label=True)
    np.testing.assert_allclose(found, [share], rtol=1e-12)


def test_weights_of_samples_are_shares_of_the_weight():
    labels, weights = np.array([0, 0, 1, 3]), np.array([1, 2, 3, 0])
    assert weighted_prior(labels, weights, 4).tolist() == [0.5, 0.5, 0, 0]
    hot = np.array([[1, 1], [0, 1], [0, 0]])
    np.testing.assert_allclose(weighted_prior(hot, [1, 2, 3], 2), [1 / 6, 1 / 2], rtol=1e-12)
    # weights of classes are weights of samples
    counts, class_weights = np.array([2, 1, 0, 1]), np.array([3.0, 1, 7, 2])
    np.testing.assert_allclose(
        weighted_prior(labels, class_weights[labels], 4), effective_prior(counts, class_weights)
    )


def test_weights_that_mean_nothing_are_refused():
    for weights in ([1], [1, -1], [1, np.nan], [1, np.inf], ["a", "b"]):
        with pytest.raises(ParameterError, match="weights of effective_prior"):
            effective_prior([1, 1], weights)
        with pytest.raises(ParameterError, match="weights of weighted_prior"):
            weighted_prior([0, 1], weights, 2)
    with pytest.raises(DataError, match="positive sum"):
        effective_prior([0, 1], [1, 0])
    with pytest.raises(DataError, match="nothing is left"):
        effective_prior([0.5, 1.0], [1, 0], multi_label=True)
    with pytest.raises(DataError, match="more than 0"):
        weighted_prior([0, 1], [0, 0], 2)
    with pytest.raises(DataError, match="codes from 0 to 1"):
        weighted_prior([0, 2], [1, 1], 2)
