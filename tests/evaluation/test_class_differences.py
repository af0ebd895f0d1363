"""Changes of classes: by hand, and how often they claim what is not there."""

import numpy as np
import pytest
from scipy import special, stats

from steelyard._support.errors import DataError, ParameterError
from steelyard.evaluation.class_differences import class_estimates
from steelyard.evaluation.intervals import stratified_estimate


@pytest.mark.parametrize(("up", "down", "n"), [(3, 1, 20), (0, 0, 20), (5, 0, 12), (7, 7, 200)])
def test_one_seeds_error_is_bonett_and_prices(up, down, n):
    difference = np.zeros((1, n))
    difference[0, :up], difference[0, up : up + down] = 1, -1
    (found,) = class_estimates(difference, np.zeros(n, dtype=int), 1)
    p12, p21 = (up + 1) / (n + 2), (down + 1) / (n + 2)
    expected = np.sqrt((p12 + p21 - (p12 - p21) ** 2) / (n + 2))
    assert found.error == pytest.approx(expected)
    assert found.mean == pytest.approx((up - down) / n)
    assert found.freedom == n


@pytest.mark.parametrize("n_seeds", [1, 5])
def test_twenty_samples_of_which_none_changed_are_not_certain(n_seeds):
    (found,) = class_estimates(np.zeros((n_seeds, 20)), np.zeros(20, dtype=int), 1)
    assert found.mean == 0
    assert found.error == pytest.approx(np.sqrt(2) / 22)
    assert found.freedom == 20
    assert found.detectable() == pytest.approx(
        (stats.t.ppf(0.975, 20) + stats.t.ppf(0.8, 20)) * np.sqrt(2) / 22
    )
    # of what the arms would have to differ on, so that 20 samples show none of it in 5 %
    assert found.interval().high > 1 - 0.05 ** (1 / 20) - 0.02


def test_a_class_stands_for_itself_and_an_absent_one_is_no_data():
    rng = np.random.default_rng(0)
    truth = rng.permutation(np.repeat([0, 1, 3], [30, 12, 5]))
    difference = rng.integers(-1, 2, (4, 47)).astype(float)
    found = class_estimates(difference, truth, 5)
    assert [one is None for one in found] == [False, False, True, False, True]
    for c in (0, 1, 3):
        mine = difference[:, truth == c]
        assert class_estimates(mine, np.zeros(mine.shape[1], dtype=int), 1) == [found[c]]


def test_with_many_samples_a_class_is_the_stratified_estimate():
    rng = np.random.default_rng(0)
    values = rng.normal(0, 1, 20_000) + rng.normal(0, 0.02, (4, 1)) + rng.normal(size=(4, 20_000))
    truth = np.zeros(20_000, dtype=int)
    for rows in (values[:1], values):
        (found,) = class_estimates(rows, truth, 1)
        expected = stratified_estimate(rows, truth, np.ones(1))
        assert found.mean == pytest.approx(expected.mean)
        assert found.error == pytest.approx(expected.error, rel=1e-3)
        assert found.freedom == pytest.approx(expected.freedom, rel=2e-3)


def test_seeds_that_disagree_make_a_class_less_sure():
    truth = np.zeros(1000, dtype=int)
    seeds = np.array([0.1, 0.2, 0.3])
    difference = (np.arange(1000) < 1000 * seeds[:, None]).astype(float)
    (found,) = class_estimates(difference, truth, 1)
    (alone,) = class_estimates(difference[1:2], truth, 1)
    assert found.mean == pytest.approx(0.2)
    assert found.error > 3 * alone.error
    assert 2 <= found.freedom < 2.5


def test_a_quantity_without_bounds_has_pseudo_samples_of_its_own_size():
    rng = np.random.default_rng(0)
    truth = np.repeat([0, 1], [100, 5])
    difference = np.where(truth == 0, rng.normal(0, 3, (1, 105)), 0.0)
    found = class_estimates(difference, truth, 2, pseudo=None)
    size = np.sqrt((difference**2).mean())
    assert found[1].error == pytest.approx(np.sqrt(2) * size / 7)
    scaled = class_estimates(100 * difference, truth, 2, pseudo=None)
    assert scaled[0].error == pytest.approx(100 * found[0].error)
    never = class_estimates(np.zeros((3, 10)), np.zeros(10, dtype=int), 1, pseudo=None)[0]
    assert (never.mean, never.error) == (0, 0)
    assert np.isnan(never.p_value())


@pytest.mark.parametrize(
    ("difference", "truth", "message"),
    [
        (np.zeros(5), np.zeros(5, int), "differences of shape"),
        (np.zeros((0, 5)), np.zeros(5, int), "differences of shape"),
        (np.zeros((2, 5)), np.zeros(4, int), "same seeds and samples"),
        (np.full((2, 5), np.inf), np.zeros(5, int), "finite"),
        (np.zeros((2, 5)), np.full(5, 3), "from 0 to 2"),
        (np.zeros((2, 5)), np.full(5, -1), "from 0 to 2"),
        (np.zeros((2, 5)), np.zeros(5), "class codes"),
    ],
)
def test_what_does_not_fit_is_refused(difference, truth, message):
    with pytest.raises(DataError, match=message):
        class_estimates(difference, truth, 3)


def test_pseudo_samples_and_classes_are_checked():
    with pytest.raises(ParameterError, match="'pseudo'"):
        class_estimates(np.zeros((1, 2)), np.zeros(2, int), 1, pseudo=-1)
    with pytest.raises(ParameterError, match="'n_classes'"):
        class_estimates(np.zeros((1, 2)), np.zeros(2, int), 0)


def test_time_is_that_of_the_samples_not_of_classes_times_samples(monkeypatch):
    """Each pass over the samples is one `bincount`: as many of them for a thousand classes."""
    rng = np.random.default_rng(0)
    passes, plain = [], np.bincount
    monkeypatch.setattr(np, "bincount", lambda *a, **k: passes.append(1) or plain(*a, **k))
    needed = {}
    for n_classes in (10, 1000):
        passes.clear()
        difference = rng.integers(-1, 2, (5, 10_000)).astype(float)
        class_estimates(difference, rng.integers(0, n_classes, 10_000), n_classes)
        needed[n_classes] = len(passes)
    assert needed[1000] == needed[10] < 20


@pytest.mark.parametrize("quantity", ["accuracy", "log loss"])
@pytest.mark.parametrize("n_seeds", [1, 3, 5, 10])
@pytest.mark.parametrize(("n", "classes"), [(10, 2000), (20, 2000), (100, 1000), (500, 400)])
def test_classes_that_do_not_differ_are_told_apart_in_at_most_one_of_twenty(
    n, classes, n_seeds, quantity
):
    """Each class is a replicate of its own: samples, seeds of both arms and of each, and rest."""
    rng = np.random.default_rng(n)
    seed_sd, arm_sd = (0.0, 0.0) if n_seeds == 1 else (0.2, 0.15)  # one seed: of these two models
    shape = (n_seeds, classes)
    sample = 0.5 + rng.normal(0, 1, (classes, n)) + rng.normal(0, seed_sd, shape)[..., None]
    arms = [
        sample
        + rng.normal(0, 0.5, (classes, n))
        + rng.normal(0, arm_sd, shape)[..., None]
        + rng.normal(0, 0.7, (n_seeds, classes, n))
        for _ in range(2)
    ]
    if quantity == "accuracy":
        left, right = ((margin > 0).astype(float) for margin in arms)
    else:
        left, right = (np.logaddexp(0, -margin) for margin in arms)
    truth = np.repeat(np.arange(classes), n)
    pseudo = 1.0 if quantity == "accuracy" else None
    found = class_estimates((left - right).reshape(n_seeds, -1), truth, classes, pseudo)
    told = np.mean([one.p_value() <= 0.05 for one in found])
    assert told <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / classes)


@pytest.mark.parametrize("n_seeds", [3, 10])
def test_a_change_of_a_class_is_covered(n_seeds):
    """The arms differ by .3 on the latent scale, whose law gives the true change."""
    rng = np.random.default_rng(1)
    classes, n = 1000, 60
    sample = rng.normal(0, 1, (classes, n))
    right = []
    for gap in (0.3, 0.0):
        seeds = rng.normal(0, 0.2, (n_seeds, classes, 1))
        right.append(sample + seeds + gap + rng.normal(0, 0.7, (n_seeds, classes, n)) > 0)
    change = special.ndtr(0.3 / np.sqrt(1 + 0.04 + 0.49)) - 0.5
    difference = right[0].astype(float) - right[1]
    found = class_estimates(
        difference.reshape(n_seeds, -1), np.repeat(np.arange(classes), n), classes
    )
    covered = np.mean([one.interval().low <= change <= one.interval().high for one in found])
    assert covered >= 0.93
