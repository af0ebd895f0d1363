import numpy as np
import pandas as pd
import pytest

from steelyard._support.errors import MismatchError
from steelyard.evaluation.claims import outcomes
from steelyard.records import Claim, Figures
from steelyard.records.figures import COLUMNS


def claim(relation, tolerance, published=None, figure="a/b", unit="%"):
    return Claim("k", "s", "figure 1", figure, relation, published, None, tolerance, unit)


def measured(value, low=np.nan, high=np.nan, n_runs=5, key="a/b", unit="%", scale="small"):
    row = (key, value, np.nan, low, high, n_runs, unit)
    return Figures("s", scale, pd.DataFrame([row], columns=list(COLUMNS)), {})


def judged(one, figures, **how):
    (outcome,) = outcomes([one], figures, **how)
    return outcome


EQUAL = claim("=", 2, published=10)
ABOVE, BELOW = claim(">", 10), claim("<", 10)


@pytest.mark.parametrize(
    ("one", "interval", "expected"),
    [
        (EQUAL, (9, 8.5, 9.5), "reproduced"),
        (EQUAL, (10, 8, 12), "reproduced"),  # the band is closed
        (EQUAL, (10, 7.9, 12), "inconclusive"),  # as published, but it may be another value
        (EQUAL, (10, 8, 12.1), "inconclusive"),
        (EQUAL, (10, 0, 20), "inconclusive"),
        (EQUAL, (13, 11, 15), "inconclusive"),
        (EQUAL, (13, 12, 14), "inconclusive"),
        (EQUAL, (13, 12.1, 13.9), "contradicted"),
        (EQUAL, (7, 6, 7.9), "contradicted"),
        (ABOVE, (11, 10.1, 12), "reproduced"),
        (ABOVE, (11, 10, 12), "inconclusive"),
        (ABOVE, (9, 7, 11), "inconclusive"),
        (ABOVE, (9, 8, 10), "contradicted"),
        (ABOVE, (9, 8, 9.9), "contradicted"),
        (BELOW, (9, 8, 9.9), "reproduced"),
        (BELOW, (9, 8, 10), "inconclusive"),
        (BELOW, (11, 9, 13), "inconclusive"),
        (BELOW, (11, 10, 12), "contradicted"),
        # without an interval the value decides
        (EQUAL, (12,), "reproduced"),
        (EQUAL, (12.1,), "contradicted"),
        (ABOVE, (10.1,), "reproduced"),
        (ABOVE, (10,), "contradicted"),
        (BELOW, (9.9,), "reproduced"),
        (BELOW, (10,), "contradicted"),
        # half an interval is none
        (EQUAL, (10, 0), "reproduced"),
        (EQUAL, (10, np.nan, 30), "reproduced"),
    ],
)
def test_the_interval_decides(one, interval, expected):
    found = judged(one, measured(*interval))
    assert found.outcome == expected
    whole = len(interval) == 3 and not np.isnan(interval[1])
    assert (found.value, found.low, found.high) == (
        interval if whole else (interval[0], None, None)
    )
    assert (found.claim, found.n_runs, found.scale) == (one, 5, "small")
    assert ("There is no interval" in found.why) is not whole


@pytest.mark.parametrize("one", [EQUAL, ABOVE, BELOW])
@pytest.mark.parametrize("value", [9.5, 30])
def test_one_run_without_an_interval_decides_nothing(one, value):
    found = judged(one, measured(value, n_runs=1))
    assert found.outcome == "inconclusive"
    assert found.why.startswith(
        f"One run, without an interval, decides nothing; its value, {value:g}"
    )


def test_one_figure_with_an_interval_counts_whatever_its_runs():
    assert judged(EQUAL, measured(10, 9, 11, n_runs=1)).outcome == "reproduced"


@pytest.mark.parametrize(
    ("one", "interval", "why"),
    [
        (EQUAL, (9, 8.5, 9.5), "The 95 % interval, 8.5 to 9.5, lies within 10 +- 2."),
        (EQUAL, (13, 12.5, 14), "The 95 % interval, 12.5 to 14, lies outside 10 +- 2."),
        (
            EQUAL,
            (11, 8.123456, 14),
            "The 95 % interval, 8.123 to 14, lies partly within 10 +- 2 and partly outside; the "
            "value, 11, is within. An interval as wide cannot lie within: these runs could not "
            "have reproduced the claim.",
        ),
        (
            EQUAL,
            (11, 9, 13),  # as wide as the band: another value could have been reproduced
            "The 95 % interval, 9 to 13, lies partly within 10 +- 2 and partly outside; the value, "
            "11, is within.",
        ),
        (ABOVE, (12345.6, 12000, 13000), "The 95 % interval, 12,000 to 13,000, lies above 10."),
        (BELOW, (20, 18, 22), "The 95 % interval, 18 to 22, does not lie below 10."),
        (
            BELOW,
            (9, 7, 11),
            "The 95 % interval, 7 to 11, lies on both sides of 10; the value is 9.",
        ),
        (BELOW, (9,), "There is no interval; the value, 9, lies below 10."),
    ],
)
def test_the_reason_states_the_numbers(one, interval, why):
    assert judged(one, measured(*interval)).why == why


def with_detectable(scale="small", n_runs=5, least=3.21, unit="points", key="a/b/detectable"):
    """Return figures with an interval around 0 and the least change that could be seen."""
    rows = [
        ("a/b", 0.5, np.nan, -1, 2, n_runs, "points"),
        (key, least, np.nan, np.nan, np.nan, n_runs, unit),
    ]
    return Figures("s", scale, pd.DataFrame(rows, columns=list(COLUMNS)), {})


@pytest.mark.parametrize(("unit", "shown"), [("points", "3.21 points"), ("", "3.21")])
def test_what_stays_open_says_what_would_have_been_seen(unit, shown):
    said = f"The least change that would have been seen (probability .8) is {shown}."
    figures = with_detectable(unit=unit)
    open_ = judged(claim(">", 0, unit="points"), figures)
    assert open_.outcome == "inconclusive"
    assert open_.why == (
        f"The 95 % interval, -1 to 2, lies on both sides of 0; the value is 0.5. {said}"
    )
    assert judged(claim("=", 2, 2, unit="points"), figures).why.endswith(f"is within. {said}")
    wide = judged(claim("=", 1, 1, unit="points"), figures)
    assert wide.why.endswith(f"could not have reproduced the claim. {said}")
    # what is decided needs no such excuse, and another figure's is not this one's
    for decided in (claim(">", -2, unit="points"), claim("<", -2, unit="points")):
        assert "least change" not in judged(decided, figures).why
    other = with_detectable(key="a/c/detectable")
    assert "least change" not in judged(claim(">", 0, unit="points"), other).why


def test_what_would_have_been_seen_is_told_of_the_run_that_counts():
    few, many = with_detectable("small", 5, 3.0), with_detectable("paper", 75, 1.0)
    for order in ([few, many], [many, few]):
        assert judged(claim(">", 0, unit="points"), order).why.endswith("is 1 points.")


def test_more_runs_count_and_of_equals_the_first():
    few = measured(10, 9, 11, n_runs=15, scale="small")
    many = measured(20, 19, 21, n_runs=75, scale="paper")
    again = measured(10, 9, 11, n_runs=75, scale="again")
    for order in ([few, many], [many, few], [many, few, again]):
        assert judged(EQUAL, order).scale == "paper"
    assert judged(EQUAL, [again, many]).scale == "again"
    # a larger run counts where it measured what is claimed, and nowhere else
    assert judged(EQUAL, [few, measured(20, n_runs=99, key="a/c")]).scale == "small"


def test_what_was_not_measured_was_not_run():
    reasons = {"a/": "All of a is dear.", "a/b": "b is dearer.", "b": "not this"}
    found = judged(EQUAL, [], not_run=reasons)
    assert (found.outcome, found.why) == ("not run", "b is dearer.")
    assert (found.value, found.low, found.high, found.n_runs, found.scale) == (
        None, None, None, 0, "",
    )  # fmt: skip
    assert judged(claim(">", 1, figure="a/c"), [], not_run=reasons).why == "All of a is dear."
    assert judged(claim(">", 1, figure="c/a/"), [], not_run=reasons).why == (
        "No run that was read measured it."
    )
    # a reason is no verdict: what was measured is judged
    assert judged(EQUAL, measured(10, 9, 11), not_run=reasons).outcome == "reproduced"


def test_one_outcome_a_claim_in_their_order():
    claims = (ABOVE, claim(">", 1, figure="x"), BELOW)
    found = outcomes(claims, measured(11, 10.5, 12))
    assert tuple(one.claim for one in found) == claims
    assert [one.outcome for one in found] == ["reproduced", "not run", "contradicted"]


def test_shares_are_not_held_against_percents():
    with pytest.raises(MismatchError, match="'k' is in '%', its figure in 'share'"):
        judged(EQUAL, measured(0.1, unit="share"))


def test_how_often_claims_of_known_truth_are_borne_out():
    # means of 10 runs, sd 3, of a true value at the edge of the band, inside it and outside it
    rng = np.random.default_rng(0)

    def shares(truth):
        found = []
        for draws in rng.normal(truth, 3, size=(2000, 10)):
            half = 2.2622 * draws.std(ddof=1) / np.sqrt(10)
            mean = draws.mean()
            found.append(judged(EQUAL, measured(mean, mean - half, mean + half)).outcome)
        return {name: found.count(name) / 2000 for name in ("reproduced", "contradicted")}

    edge = shares(12)
    assert edge["reproduced"] < 0.035  # 2.5 % by Schuirmann's two tests
    assert edge["contradicted"] < 0.035
    wide = shares(10)
    assert wide["contradicted"] < 0.01
    narrow_outside = shares(20)
    assert narrow_outside["contradicted"] > 0.99


def test_an_outcome_carries_the_least_change_of_the_run_that_was_judged():
    few, many = with_detectable("small", 5, 3.0), with_detectable("paper", 75, 1.0)
    for order in ([few, many], [many, few]):
        assert judged(claim(">", 0, unit="points"), order).detectable == 1.0
    assert judged(claim(">", -2, unit="points"), few).detectable == 3.0  # though it is decided
    assert judged(ABOVE, measured(11, 9, 13)).detectable is None


def test_an_arm_that_was_left_out_says_why():
    facts = {
        "d": {"not_run": {"v1/alpha=1": "A class would get no sample."}, "name": "D"},
        "seconds": 3.0,
        "e": {"not_run": "nothing of this kind"},
    }
    figures = Figures("s", "small", measured(1).table, facts)
    asked = {
        "d/change/v1/alpha=1/recall": True,
        "d/arm/v1/alpha=1/recall": True,
        "d/change/v1/alpha=1.5/recall": False,
        "e/change/v1/alpha=1/recall": False,
    }
    for key, told in asked.items():
        found = judged(claim("<", 0, figure=key), figures, not_run={"e/": "of e"})
        assert found.outcome == "not run"
        assert (found.why == "A class would get no sample.") == told, key
    # what the study declares of the whole data set gives way to what is known of the arm
    found = judged(claim("<", 0, figure="d/arm/v1/alpha=1/f1"), figures, not_run={"d/": "of d"})
    assert found.why == "A class would get no sample."


def among_many(p, low=-2.0, high=-0.5, key="a/b/p-holm"):
    """Return figures with an interval and its p among all that were tested with it."""
    rows = [
        ("a/b", (low + high) / 2, np.nan, low, high, 10, "points"),
        (key, p, np.nan, np.nan, np.nan, 10, ""),
        ("a/b/detectable", 1.5, np.nan, np.nan, np.nan, 10, "points"),
    ]
    return Figures("s", "small", pd.DataFrame(rows, columns=list(COLUMNS)), {})


@pytest.mark.parametrize(("relation", "decided"), [("<", "reproduced"), (">", "contradicted")])
def test_one_of_many_tests_also_needs_a_small_p(relation, decided):
    asked = claim(relation, 0, unit="points")
    assert judged(asked, among_many(0.049)).outcome == decided
    for p, shown in ((0.05, ".05"), (0.1234, ".12"), (1.0, "1")):
        found = judged(asked, among_many(p))
        assert found.outcome == "inconclusive"
        side = "lies below 0" if relation == "<" else "does not lie above 0"
        assert found.why == (
            f"The 95 % interval, -2 to -0.5, {side}, but of as many tests as were made (Holm) p is "
            f"{shown}. The least change that would have been seen (probability .8) is 1.5 points."
        )
        assert (found.low, found.high) == (-2, -0.5)
    # another figure's p is not this one's
    assert judged(asked, among_many(0.9, key="a/c/p-holm")).outcome == decided


def test_p_says_nothing_of_equivalence_nor_of_bounds_that_are_not_0():
    assert judged(claim("=", 3, 0, unit="points"), among_many(0.9)).outcome == "reproduced"
    assert judged(claim("=", 0.1, 0, unit="points"), among_many(0.9)).outcome == "contradicted"
    assert judged(claim("<", -0.1, unit="points"), among_many(0.9)).outcome == "reproduced"
    # nor does a small p decide what the interval leaves open
    open_ = judged(claim("<", 0, unit="points"), among_many(0.01, high=0.5))
    assert open_.outcome == "inconclusive"
    assert "Holm" not in open_.why
