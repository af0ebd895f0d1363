import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from steelyard._support.errors import DataError, ParameterError
from steelyard.resampling.rounding import largest_remainder
from steelyard.resampling.targets import INTERPOLATIONS, SIZES, target_counts, target_shares

class_counts = arrays(np.int64, st.integers(2, 1000), elements=st.integers(1, 10**6))
degrees = st.floats(-1, 2)


def test_the_three_formulas():
    counts, degree = np.array([900, 100, 25]), 0.5
    grown = [n * (900 / n) ** 0.5 for n in counts]
    shrunk = [n * (25 / n) ** 0.5 for n in counts]
    roots = [30, 10, 5]
    np.testing.assert_allclose(target_counts(counts, degree, "grow"), grown)
    np.testing.assert_allclose(target_counts(counts, degree, "shrink"), shrunk)
    np.testing.assert_allclose(
        target_counts(counts, degree, "constant"), [1025 * root / 45 for root in roots]
    )


def test_half_a_degree_by_hand():
    # square roots of 64, 16 and 4 are 8, 4 and 2; N = 84 is shared 8 : 4 : 2
    np.testing.assert_allclose(target_counts(np.array([64, 16, 4]), 0.5), [48, 24, 12])


@pytest.mark.parametrize("size", SIZES)
def test_degree_zero_asks_for_what_there_is(size):
    counts = np.array([37, 11, 0, 1])
    np.testing.assert_allclose(target_counts(counts, 0.0, size), counts)


@pytest.mark.parametrize(("size", "each"), [("constant", 16), ("grow", 37), ("shrink", 1)])
def test_degree_one_asks_for_the_same_of_every_class_that_is_there(size, each):
    np.testing.assert_allclose(
        target_counts(np.array([37, 10, 0, 1]), 1.0, size), [each] * 2 + [0, each]
    )


def test_overshoot_turns_the_order_round_and_a_negative_degree_widens_it():
    counts = np.array([100, 10])
    over = target_counts(counts, 2.0)
    under = target_counts(counts, -1.0)
    assert over[1] / over[0] == pytest.approx(10)
    assert under[0] / under[1] == pytest.approx(100)


@pytest.mark.parametrize("degree", [-400.0, 400.0])
def test_extreme_degrees_of_constant_size_stay_finite(degree):
    targets = target_counts(np.array([10**6, 1000, 1]), degree)
    assert targets.sum() == pytest.approx(1_001_001)
    assert targets.max() == pytest.approx(1_001_001)


@pytest.mark.parametrize(("degree", "size"), [(3.0, "grow"), (400.0, "grow"), (-4.0, "shrink")])
def test_a_plan_too_large_to_count_is_refused(degree, size):
    with pytest.raises(ParameterError, match="asks for") as error:
        target_counts(np.array([10**6, 1]), degree, size)
    assert "size='constant'" in error.value.hint


@given(class_counts, degrees)
def test_a_constant_size_is_met_exactly_with_no_class_lost(counts, degree):
    totals = largest_remainder(target_counts(counts, degree), int(counts.sum()), least=counts > 0)
    assert totals.sum() == counts.sum()
    assert (totals >= 1).all()


@given(class_counts, degrees, st.sampled_from(SIZES))
def test_the_ratio_afterwards_is_rho_to_the_power_of_one_minus_degree(counts, degree, size):
    rho = counts.max() / counts.min()
    targets = target_counts(counts, degree, size)
    asked = targets[counts.argmax()] / targets[counts.argmin()]
    assert asked == pytest.approx(rho ** (1 - degree), rel=1e-9)

    total = int(counts.sum()) if size == "constant" else None
    totals = largest_remainder(targets, total, least=counts > 0)
    if targets.min() >= 1:  # rounding moves a count by less than one
        achieved = totals[counts.argmax()] / totals[counts.argmin()]
        slack = 1 / targets[counts.argmax()] + 1 / totals[counts.argmin()]
        assert achieved == pytest.approx(rho ** (1 - degree), rel=2 * slack)


@given(class_counts, st.floats(0, 1))
def test_growing_takes_from_no_class_and_shrinking_gives_to_none(counts, degree):
    grown = largest_remainder(target_counts(counts, degree, "grow"), least=counts > 0)
    shrunk = largest_remainder(target_counts(counts, degree, "shrink"), least=counts > 0)
    assert (grown >= counts).all()
    assert (shrunk <= counts).all()
    assert grown.max() == counts.max()
    assert shrunk.min() == counts.min()


@given(class_counts, degrees)
def test_equal_counts_get_targets_equal_to_the_bit(counts, degree):
    twice = np.concatenate([counts, counts[::-1]])
    targets = target_counts(twice, degree)
    assert np.array_equal(targets, targets[::-1])


@given(class_counts, degrees, st.randoms(use_true_random=False))
def test_the_order_of_the_classes_changes_no_bit(counts, degree, random):
    order = np.array(random.sample(range(len(counts)), len(counts)))
    targets = target_counts(counts, degree)
    assert np.array_equal(target_counts(counts[order], degree), targets[order])


@pytest.mark.parametrize("interpolation", INTERPOLATIONS)
@pytest.mark.parametrize(
    ("size", "achieved"),
    # of (60, 30, 10) towards 1 : 1 : 2; the first has 2.4 times what it should, the third 0.2
    [("constant", [25, 25, 50]), ("grow", [60, 60, 120]), ("shrink", [5, 5, 10])],
)
def test_degree_one_reaches_a_given_target(size, achieved, interpolation):
    shares = np.array([0.25, 0.25, 0.5])
    targets = target_counts(
        np.array([60, 30, 10]), 1.0, size, shares=shares, interpolation=interpolation
    )
    np.testing.assert_allclose(targets, achieved)


def test_half_a_degree_to_a_given_target_by_hand():
    # square roots of 64 * 1, 16 * 4 and 4 * 25 are 8, 8 and 10; N = 84 is shared so
    counts, shares = np.array([64, 16, 4]), np.array([1, 4, 25]) / 30
    np.testing.assert_allclose(
        target_counts(counts, 0.5, shares=shares), 84 * np.array([8, 8, 10]) / 26
    )


def test_the_line_between_counts_and_target():
    counts = np.array([60, 30, 0, 10])
    for degree in (0.0, 0.25, 1.0, 1.2):
        expected = (1 - degree) * counts + degree * np.array([100, 100, 0, 100]) / 3
        targets = target_counts(counts, degree, interpolation="linear")
        np.testing.assert_allclose(targets, expected)
    grown = target_counts(counts, 0.5, "grow", interpolation="linear")
    np.testing.assert_allclose(grown, [60, 45, 0, 35])
    shrunk = target_counts(counts, 0.5, "shrink", interpolation="linear")
    np.testing.assert_allclose(shrunk, [35, 20, 0, 10])


def test_a_line_that_falls_below_nothing_names_the_degrees_that_do_not():
    # 60 falls to 33.3 at degree 1, to 0 at 60 / 26.7 = 2.25; 10 rises by 23.3, to 0 at -0.42857
    counts = np.array([60, 30, 10])
    with pytest.raises(ParameterError, match=r"degrees from -0\.4285 to 2\.25 can be met") as error:
        target_counts(counts, 2.3, interpolation="linear")
    assert "interpolation='exponent'" in error.value.hint
    with pytest.raises(ParameterError, match="asks for"):
        target_counts(counts, -0.43, interpolation="linear")
    with pytest.raises(ParameterError, match=r"degrees from -0\.2 can be met"):
        target_counts(counts, -0.3, "grow", interpolation="linear")
    for degree in (2.25, -0.4285):
        targets = target_counts(counts, degree, interpolation="linear")
        assert targets.min() == pytest.approx(0, abs=0.01)
        assert targets.min() >= 0


def test_a_share_of_zero_leaves_a_class_out():
    counts, shares = np.array([60, 30, 10]), np.array([0.5, 0.5, 0])
    assert target_counts(counts, 0.5, shares=shares)[2] == 0
    assert target_counts(counts, 0.0, shares=shares).tolist() == [60, 30, 10]
    # the others make up for it: a constant size is that of all
    assert target_counts(counts, 1.0, shares=shares).tolist() == [50, 50, 0]
    assert target_counts(counts, 0.5, shares=shares).sum() == pytest.approx(100)
    halfway = target_counts(counts, 0.5, shares=shares, interpolation="linear")
    np.testing.assert_allclose(halfway, [55, 40, 5])
    assert target_counts(counts, 1.0, "grow", shares=shares).tolist() == [60, 60, 0]
    with pytest.raises(ParameterError, match="away from a target share of 0"):
        target_counts(counts, -0.5, shares=shares)


def test_extreme_degrees_to_a_given_target_stay_finite():
    counts, shares = np.array([10**6, 1000, 1]), np.array([1e-9, 0.5, 0.5 - 1e-9])
    for degree in (-400.0, 400.0):
        targets = target_counts(counts, degree, shares=shares)
        assert targets.sum() == pytest.approx(1_001_001)
        assert targets.min() > 0


def test_a_target_is_given_as_weights_or_by_name():
    counts, names = np.array([3, 2, 0]), ("a", "b", "c")
    assert target_shares([1, 3, 0], counts, names, "f").tolist() == [0.25, 0.75, 0]
    assert target_shares({"b": 3, "a": 1}, counts, names, "f").tolist() == [0.25, 0.75, 0]
    assert target_shares({"b": 3}, counts, names, "f").tolist() == [0, 1, 0]
    assert target_shares({1: 3, -1: 1}, counts, ("-1", "1", "2"), "f").tolist() == [0.25, 0.75, 0]


def test_a_target_must_be_a_distribution_of_the_classes_that_are_there():
    counts, names = np.array([3, 2, 0]), ("ape", "bee", "cat")
    with pytest.raises(ParameterError, match=r"asks for classes without samples: 'cat'\.") as error:
        target_shares([1, 1, 1], counts, names, "f")
    assert "the share 0" in error.value.hint
    with pytest.raises(ParameterError, match="Got 'bees'") as error:
        target_shares({"ape": 1, "bees": 1}, counts, names, "f")
    assert error.value.hint == "did you mean 'bee'?"
    for bad in ([1, 1], [0, 0, 0], [1, -1, 0], [np.nan, 1, 0], "even", {"ape": "x"}):
        with pytest.raises(DataError, match="The 'shares' parameter of f must hold 3") as error:
            target_shares(bad, counts, names, "f")
        assert error.value.hint


@st.composite
def counts_and_shares(draw):
    counts = draw(class_counts)
    weights = draw(arrays(np.float64, len(counts), elements=st.floats(1e-4, 1)))
    return counts, weights / weights.sum()


@given(counts_and_shares(), degrees, st.sampled_from(SIZES))
def test_ratios_to_a_target_shrink_to_the_power_of_one_minus_degree(case, degree, size):
    counts, shares = case
    before = counts / shares
    fixed = {"constant": 1.0, "grow": before.max(), "shrink": before.min()}[size]
    assume(size == "constant" or counts.sum() * ((before / fixed) ** -degree).max() < 2**53)
    targets = target_counts(counts, degree, size, shares=shares)
    after = targets / shares
    np.testing.assert_allclose(after / after[0], (before / before[0]) ** (1 - degree), rtol=1e-8)
    if size == "constant":
        assert targets.sum() == pytest.approx(counts.sum())
    else:
        fixed = before.argmax() if size == "grow" else before.argmin()
        assert targets[fixed] == pytest.approx(counts[fixed])


@given(counts_and_shares(), st.floats(0, 1), st.sampled_from(SIZES))
def test_the_line_stays_between_its_ends(case, degree, size):
    counts, shares = case
    line = target_counts(counts, degree, size, shares=shares, interpolation="linear")
    full = target_counts(counts, 1.0, size, shares=shares)
    assert (line >= np.minimum(counts, full) * (1 - 1e-9)).all()
    assert (line <= np.maximum(counts, full) * (1 + 1e-9)).all()


@given(counts_and_shares(), degrees, st.sampled_from(SIZES), st.randoms(use_true_random=False))
def test_the_order_of_the_classes_changes_no_bit_of_a_given_target(case, degree, size, random):
    counts, shares = case
    order = np.array(random.sample(range(len(counts)), len(counts)))
    try:
        targets = target_counts(counts, degree, size, shares=shares)
    except ParameterError:  # too many to count
        return
    again = target_counts(counts[order], degree, size, shares=shares[order])
    assert np.array_equal(again, targets[order])


@pytest.mark.parametrize("size", SIZES)
def test_a_target_that_is_met_already_is_blind_to_the_order_too(size):
    random = np.random.default_rng(0)
    for _ in range(50):
        counts = random.integers(1, 10**6, 20)
        shares = counts / counts.sum()
        order = random.permutation(20)
        targets = target_counts(counts, 0.3, size, shares=shares)
        np.testing.assert_allclose(targets, counts)
        again = target_counts(counts[order], 0.3, size, shares=shares[order])
        assert np.array_equal(again, targets[order])


def test_classes_that_differ_in_the_last_bit_of_their_share_are_told_apart_in_any_order():
    counts = np.full(40, 356_388)
    shares = np.full(40, 4.920745081411403e-07)
    shares[::3] = np.nextafter(shares[0], 1)
    shares[5] = 0.5
    for degree in (-0.4, 0.3):
        for size in SIZES:
            targets = target_counts(counts, degree, size, shares=shares)
            again = target_counts(counts[::-1], degree, size, shares=shares[::-1])
            assert np.array_equal(again, targets[::-1])
