"""Change against rarity, against scipy and where the truth is known."""

from itertools import permutations

import numpy as np
import pytest
import statsmodels.api as statsmodels
from scipy import special, stats

from steelyard._support.errors import DataError, MismatchError, ParameterError
from steelyard.evaluation.rarity import _orders_p_value, rarity_test


def _classes(seed=0, n=30, slope=0.0):
    rng = np.random.default_rng(seed)
    counts = np.round(10 ** rng.uniform(1, 4, n))
    return slope * np.log10(counts) + rng.normal(0, 0.1, n), counts


def test_the_figures_are_scipys():
    changes, counts = _classes(slope=-0.05)
    found = rarity_test(changes, counts)
    x = np.log10(counts)
    line = stats.linregress(x, changes)
    assert found.pearson.mean == pytest.approx(line.rvalue)
    assert found.slope.mean == pytest.approx(line.slope)
    assert found.spearman.mean == pytest.approx(stats.spearmanr(counts, changes).statistic)


@pytest.mark.parametrize("weighted", [False, True])
def test_the_error_of_the_slope_is_statsmodels_hc3(weighted):
    changes, counts = _classes(slope=-0.05)
    weights = np.random.default_rng(5).uniform(0.1, 2, 30) if weighted else np.ones(30)
    found = rarity_test(changes, counts, weights if weighted else None)
    expected = _hc3(np.log10(counts), changes, weights)
    assert found.slope.error == pytest.approx(expected.bse[1])
    assert found.slope.p_value() == pytest.approx(expected.pvalues[1])
    interval = found.slope.interval()
    assert (interval.low, interval.high) == pytest.approx(tuple(expected.conf_int()[1]))
    if not weighted:
        ranks = _hc3(stats.rankdata(counts), stats.rankdata(changes), weights)
        assert found.spearman_p >= ranks.pvalues[1]


def _hc3(x, y, weights):
    model = statsmodels.WLS(y, statsmodels.add_constant(x), weights=weights)
    return model.fit(cov_type="HC3", use_t=True)


def test_bootstrap_intervals_are_those_of_classes_drawn_by_hand():
    changes, counts = _classes(slope=-0.05)
    found = rarity_test(changes, counts, n_draws=10_000)
    rng = np.random.default_rng(1)
    drawn = [rng.integers(0, 30, 30) for _ in range(2000)]
    x = np.log10(counts)
    by_hand = {
        "pearson": [stats.pearsonr(x[i], changes[i]).statistic for i in drawn],
        "spearman": [stats.spearmanr(x[i], changes[i]).statistic for i in drawn],
    }
    for name, values in by_hand.items():
        interval, (low, high) = getattr(found, name), np.quantile(values, [0.025, 0.975])
        assert (interval.low, interval.high) == pytest.approx((low, high), abs=0.1 * (high - low))


def test_a_slope_that_hangs_on_one_class_is_unknown():
    found = rarity_test(np.array([0.1, 0.2, 0.3, 0.9]), np.array([10, 10, 10, 1000]))
    assert found.slope.mean == pytest.approx(0.7 / 2)
    assert found.slope.interval().low == -np.inf
    assert found.slope.p_value() == 1
    assert found.spearman_p == 1


def test_bins_hold_equal_numbers_of_classes_from_rare_to_common():
    changes, counts = _classes(n=23)
    bins = rarity_test(changes, counts, n_bins=4).bins
    assert bins["n_classes"].tolist() == [6, 6, 6, 5]
    assert (bins["count_low"].to_numpy()[1:] >= bins["count_high"].to_numpy()[:-1]).all()
    rarest = changes[np.argsort(counts)][:6]
    low, high = stats.t.interval(0.95, 5, rarest.mean(), stats.sem(rarest))
    assert bins.loc[0, ["mean", "low", "high"]].tolist() == pytest.approx(
        [rarest.mean(), low, high]
    )
    assert len(rarity_test(changes[:5], counts[:5]).bins) == 2  # two classes a bin at least


def test_classes_without_data_are_left_out_and_counted():
    changes, counts = _classes()
    with_gaps = np.append(changes, [np.nan, 0.3]), np.append(counts, [50, 0])
    found = rarity_test(*with_gaps)
    assert (found.n_classes, found.n_excluded) == (30, 2)
    assert found.pearson == rarity_test(changes, counts).pearson


def test_weights_make_a_class_count_for_more():
    changes, counts = _classes(slope=-0.05)
    weights = np.where(np.arange(30) < 10, 3.0, 1.0)
    found = rarity_test(changes, counts, weights)
    rows = np.repeat(np.arange(30), weights.astype(int))
    assert found.pearson.mean == pytest.approx(
        stats.pearsonr(np.log10(counts[rows]), changes[rows]).statistic
    )
    assert found.spearman.mean == pytest.approx(
        stats.spearmanr(counts[rows], changes[rows]).statistic
    )
    assert found.slope.mean == pytest.approx(
        np.polyfit(np.log10(counts), changes, 1, w=np.sqrt(weights))[0]
    )
    without = rarity_test(changes, counts, np.append(np.zeros(5), np.ones(25)))
    assert without.n_excluded == 5
    assert without.slope.mean == pytest.approx(rarity_test(changes[5:], counts[5:]).slope.mean)


def test_only_the_ratio_of_counts_matters_for_the_correlation():
    changes, counts = _classes()
    assert rarity_test(changes, counts / counts.sum()).pearson.mean == pytest.approx(
        rarity_test(changes, counts).pearson.mean
    )


def test_changes_that_are_all_equal_have_no_correlation():
    found = rarity_test(np.full(10, 0.1), np.arange(1.0, 11))
    assert found.pearson is None
    assert found.spearman is None
    assert np.isnan(found.spearman_p)
    assert (found.slope.mean, found.slope.error) == (0, 0)
    assert np.isnan([found.slope.p_value(), *found.correlations.values()]).all()


@pytest.mark.parametrize("K", [4, 5, 7])
def test_few_classes_on_a_line_are_not_certain(K):
    least = 2 / special.factorial(K)
    found = rarity_test(np.arange(K) / 10, 10.0 ** np.arange(K))
    assert found.spearman_p == pytest.approx(least)
    assert found.slope.p_value() == pytest.approx(least)
    assert found.slope.mean == pytest.approx(0.1)
    assert (found.pearson, found.spearman) == (None, None)
    assert found.correlations == pytest.approx({"pearson": 1, "spearman": 1})


@pytest.mark.parametrize("values", [[0.3, 0.1, 0.2, 0.5, 0.4], [0.1, 0.1, 0.3, 0.2, 0.5, 0.4]])
def test_the_orders_of_few_classes_are_all_counted(values):
    counts = 10.0 ** np.arange(len(values))
    rho = [abs(stats.spearmanr(counts, order).statistic) for order in permutations(values)]
    found = _orders_p_value(np.log10(counts), np.array(values), np.ones(len(values)), 100, None)
    assert found == pytest.approx(np.mean(np.array(rho) >= rho[0] - 1e-9))
    assert rarity_test(np.array(values), counts).spearman_p >= found


def test_the_orders_of_many_classes_are_drawn():
    changes, counts = _classes(n=12, slope=-0.03)
    found = [rarity_test(changes, counts, seed=seed, n_draws=5000).spearman_p for seed in (0, 1)]
    rng = np.random.default_rng(0)
    rho = [abs(stats.spearmanr(counts, rng.permutation(changes)).statistic) for _ in range(2000)]
    by_hand = np.mean(np.array(rho) >= abs(stats.spearmanr(counts, changes).statistic))
    assert found == pytest.approx([by_hand] * 2, abs=0.03)
    line = rarity_test(np.arange(12.0), 10.0 ** np.arange(12), n_draws=500)
    assert line.spearman_p == 1 / 501


def test_four_classes_without_a_trend_are_never_a_finding():
    rng = np.random.default_rng(0)
    for _ in range(100):
        found = rarity_test(rng.normal(size=4), 10.0 ** np.arange(4), n_draws=100)
        assert min(found.spearman_p, found.slope.p_value()) > 0.05


def test_noise_of_rare_classes_is_not_taken_for_a_slope():
    """No class changes in truth, but the change of a rare one is measured on fewer samples."""
    repeats, told, classical = 1000, {"slope": 0, "ranks": 0}, 0
    rng = np.random.default_rng(0)
    counts = np.logspace(3, 1, 40)  # noise of 1 to 10
    for _ in range(repeats):
        changes = rng.normal(0, 1 / np.sqrt(counts))
        found = rarity_test(changes, counts, n_draws=100)
        told["slope"] += found.slope.p_value() <= 0.05
        told["ranks"] += found.spearman_p <= 0.05
        classical += stats.pearsonr(np.log10(counts), changes).pvalue <= 0.05
    # 1,000 repeats: three standard errors are 2.1 points
    assert classical / repeats > 0.09
    assert told["slope"] / repeats <= 0.071
    assert told["ranks"] / repeats <= 0.10


@pytest.mark.slow
@pytest.mark.parametrize("n", [20, 60])
def test_intervals_cover_the_true_slope_and_correlation(n):
    rng = np.random.default_rng(0)
    repeats, covered = 400, {"slope": 0, "pearson": 0}
    truth = {"slope": -0.1, "pearson": -0.1 / np.sqrt(0.01 + 0.04)}
    for k in range(repeats):
        x = rng.normal(3, 1, n)
        found = rarity_test(-0.1 * x + rng.normal(0, 0.2, n), 10**x, n_draws=500, seed=k)
        for name, true in truth.items():
            interval = found.pearson if name == "pearson" else found.slope.interval()
            covered[name] += interval.low <= true <= interval.high
    for name, times in covered.items():
        assert times / repeats >= 0.89, name  # percentiles of twenty classes are a bit narrow
        assert times / repeats <= 0.98, name


@pytest.mark.parametrize(
    ("changes", "counts", "message"),
    [
        (np.ones(3), np.arange(1, 4), "4 classes or more of different counts. Got 3 with data"),
        (np.ones(5), np.full(5, 7), "all of 7"),
        (np.full(5, np.nan), np.arange(5), "Got 0 with data"),
        (np.full(5, np.inf), np.arange(5), "changes of classes must be finite"),
        (np.ones(5), np.array([1, 2, 3, 4, -1]), "counts of classes must be finite and 0"),
        (np.ones(5), np.array([1, 2, 3, 4, np.nan]), "counts of classes must be finite and 0"),
    ],
)
def test_what_cannot_be_judged_is_refused(changes, counts, message):
    with pytest.raises(DataError, match=message):
        rarity_test(changes, counts)


def test_arrays_and_options_must_fit():
    with pytest.raises(MismatchError, match=r"\(4,\), \(5,\)"):
        rarity_test(np.ones(4), np.ones(5))
    with pytest.raises(DataError, match="weights of classes"):
        rarity_test(np.ones(4), np.arange(4), [-1, 1, 1, 1])
    with pytest.raises(ParameterError, match="'n_bins'"):
        rarity_test(*_classes(), n_bins=0)
    with pytest.raises(ParameterError, match="'n_draws'"):
        rarity_test(*_classes(), n_draws=10)
    with pytest.raises(ParameterError, match="'level'"):
        rarity_test(*_classes(), level=1)
