import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from steelyard._support.errors import DataError, ParameterError
from steelyard.resampling.select import OVER, UNDER, preference, select
from steelyard.resampling.selection import spread_evenly

LABELS = np.repeat([0, 1, 3], [10, 4, 1])
IDS = np.random.default_rng(0).permutation(15)
VALUES = np.random.default_rng(1).normal(size=15)


@pytest.mark.parametrize("totals", [(10, 4, 0, 1), (3, 4, 0, 5), (25, 1, 0, 1), (0, 11, 0, 2)])
def test_random_on_both_sides_is_spread_evenly(totals):
    totals = np.array(totals)
    for seed in range(5):
        expected = spread_evenly(IDS, LABELS, totals, seed)
        for values in (None, VALUES):
            assert np.array_equal(select(IDS, LABELS, totals, values=values, seed=seed), expected)


@given(st.data())
def test_totals_are_met_exactly_each_way(data):
    n = data.draw(st.integers(1, 60))
    labels = np.array(data.draw(st.lists(st.integers(0, 4), min_size=n, max_size=n)))
    there = np.bincount(labels, minlength=5)
    totals = np.array([data.draw(st.integers(0, 80)) if one else 0 for one in there])
    under, over = data.draw(st.sampled_from(UNDER)), data.draw(st.sampled_from(OVER))
    values = np.array(data.draw(st.lists(st.integers(-2, 2), min_size=n, max_size=n)), float)
    strength, least = data.draw(st.floats(-800, 800)), data.draw(st.floats(0, 1))
    counts = select(
        np.arange(n), labels, totals, under=under, over=over, values=values,
        strength=strength, least_weight=least,
    )  # fmt: skip
    found = np.bincount(labels, weights=counts, minlength=5)
    expected = np.where((totals < there) & (under == "none"), there, totals)
    expected = np.where((totals > there) & (over == "none"), there, expected)
    assert found.tolist() == expected.tolist()
    grows = (expected > there)[labels]
    assert (counts[grows] >= 1).all()
    assert (counts[~grows] <= 1).all()


def test_the_easiest_or_the_hardest_are_left_out():
    totals = np.array([4, 4, 0, 1])
    easiest = select(IDS, LABELS, totals, under="easiest", values=VALUES)
    hardest = select(IDS, LABELS, totals, under="hardest", values=VALUES)
    by_hardness = np.argsort(VALUES[:10])
    assert set(np.flatnonzero(easiest[:10])) == set(by_hardness[-4:])
    assert set(np.flatnonzero(hardest[:10])) == set(by_hardness[:4])
    assert easiest[10:].tolist() == hardest[10:].tolist() == [1] * 5


def test_ties_are_broken_by_a_seeded_draw_that_follows_the_ids():
    order = np.random.default_rng(1).permutation(15)
    kept = set()
    for seed in range(300):
        counts = select(IDS, LABELS, [4, 1, 0, 1], under="easiest", values=np.ones(15), seed=seed)
        permuted = select(
            IDS[order], LABELS[order], [4, 1, 0, 1], under="easiest", values=np.ones(15), seed=seed
        )
        assert np.array_equal(permuted, counts[order])
        kept.add(counts.tobytes())
    assert len(kept) > 150  # of 210 * 4


@pytest.mark.parametrize("over", ["easy", "hard"])
def test_codes_and_rows_do_not_matter_to_weighted_repeats(over):
    order = np.random.default_rng(2).permutation(15)
    counts = select(IDS, LABELS, [30, 20, 0, 5], over=over, values=VALUES, seed=3)
    recoded = np.array([2, 0, 1, 3])[LABELS]
    totals = np.array([20, 0, 30, 5])
    found = select(IDS[order], recoded[order], totals, over=over, values=VALUES[order], seed=3)
    assert np.array_equal(found, counts[order])


@pytest.mark.parametrize("over", ["random", "easy", "hard"])
@pytest.mark.parametrize("under", ["random", "easiest", "hardest"])
def test_larger_totals_use_no_sample_less_often(under, over):
    before = np.zeros(15, int)
    for total in range(1, 40):
        counts = select(
            IDS, LABELS, [total, total, 0, total], under=under, over=over, values=VALUES
        )
        assert (counts >= before).all()
        before = counts


# digest of arXiv 2504.07031, section 7
PUBLISHED = {0: 1.00, 0.25: 0.992, 0.5: 0.962, 0.75: 0.859, 0.9: 0.698, 1: 0.50}


def test_the_published_weights():
    weights = preference(101)
    for t, value in PUBLISHED.items():
        assert weights[round(100 * t)] == pytest.approx(value, abs=5e-4)
    many = preference(100_000)
    assert many[:50_000].sum() / many.sum() == pytest.approx(0.547, abs=5e-4)
    assert many[:10_000].sum() / many.sum() == pytest.approx(0.111, abs=5e-4)


@pytest.mark.parametrize(
    ("strength", "least", "half"), [(5, 0, 0.605), (0, 0, 0.75), (-5, 0, 0.939), (0, 1, 0.5)]
)
def test_how_strong_a_preference_is(strength, least, half):
    weights = preference(10_000, strength, least)
    assert weights[:5000].sum() / weights.sum() == pytest.approx(half, abs=1e-3)
    assert (np.diff(weights) <= 0).all()


def test_a_preference_has_no_jump_at_strength_0_and_survives_any_strength():
    np.testing.assert_allclose(preference(50, 1e-8), preference(50, 0), atol=1e-7)
    np.testing.assert_allclose(preference(50, -1e-8), preference(50, 0), atol=1e-7)
    assert preference(3, 1e6, 0).tolist() == [1, 1, 0]
    assert preference(3, -1e6, 0).tolist() == [1, 0, 0]
    assert preference(1).tolist() == [1]


@pytest.mark.parametrize("over", ["easy", "hard"])
def test_repeats_follow_the_weights(over):
    n, draws = 5, 200_000
    values = np.array([3.0, 1.0, 2.0, 5.0, 4.0])
    counts = select(
        np.arange(n), np.zeros(n, int), [n + draws], over=over, values=values, strength=-1.0,
        least_weight=0.1,
    )  # fmt: skip
    favoured = np.argsort(values if over == "easy" else -values)
    weights = preference(n, -1.0, 0.1)
    share = weights / weights.sum()
    seen = (counts[favoured] - 1) / draws
    assert (abs(seen - share) < 5 * np.sqrt(share * (1 - share) / draws)).all()


def test_hardness_is_needed_where_it_decides():
    for way in ({"under": "easiest"}, {"over": "hard"}):
        with pytest.raises(ParameterError, match=r"needs the hardness of each sample.*'random'"):
            select(IDS, LABELS, [3, 9, 0, 1], **way)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"under": "easy"}, ParameterError, "did you mean 'easiest'"),
        ({"over": "harder"}, ParameterError, "did you mean 'hard'"),
        ({"strength": np.nan}, ParameterError, "'strength'"),
        ({"least_weight": 1.5}, ParameterError, r"'least_weight' .* \[0, 1\]"),
        ({"seed": 0.5}, ParameterError, "'seed'"),
        ({"values": np.ones(3)}, DataError, "needs 15 values"),
        ({"values": np.full(15, np.nan)}, DataError, "finite"),
        ({"totals": np.array([1, 1, 2, 1])}, DataError, "1 classes without a sample"),
    ],
)
def test_what_is_refused(options, error, message):
    given_ = {"totals": np.array([1, 1, 0, 1]), **options}
    with pytest.raises(error, match=message):
        select(IDS, LABELS, **given_)
