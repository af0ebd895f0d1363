import pytest
from report.test_quantities import quantities

from steelyard.records.claim import Claim, Outcome
from steelyard.report.study_findings import (
    accuracies,
    circularity,
    findings,
    headline,
    not_run,
    other_judges,
)

GAP = "m/shared/straggler/gap"
STOPPED = "m/shared/early-stopped/gap"
RANDOM = "m/shared/random/gap"
PAIRED = "m/shared/gap/straggler-minus-early-stopped"


def outcomes(*words):
    claim = Claim("c", "", "", GAP, ">", None, None, 0)
    return [Outcome(claim, word, "") for word in words]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "No claims were published for these data; this is what was measured."),
        (["not run"], "The one claim was not run."),
        (["reproduced"] * 3, "All 3 claims were reproduced."),
        (
            ["not run", "reproduced", "contradicted", "inconclusive"],
            "Of 4 published claims, 1 was reproduced, 1 contradicted, 1 inconclusive and "
            "1 not run.",
        ),
        (["contradicted"] * 2 + ["reproduced"] * 1200,
         "Of 1,202 published claims, 1,200 were reproduced and 2 contradicted."),
    ],
)  # fmt: skip
def test_the_headline_counts_what_came_of_the_claims(words, said):
    assert headline(outcomes(*words)) == said


def test_both_accuracies_and_the_gap_are_said():
    found = quantities(
        ("m/shared/straggler/keep-easy=1/hard/accuracy", 27.13, 2.0, "%"),
        ("m/shared/straggler/keep-easy=1/easy/accuracy", 97.81, 0.2, "%"),
        (GAP, 70.68, 2.1, "points"),
    )
    assert accuracies(found, "m", "shared").replace("\u202f", " ") == (
        "Networks trained on all their data get 97.81 % [97.61, 98.01] of easy test samples right "
        "and 27.1 % [25.1, 29.1] of hard ones (stragglers): a gap of +70.7 [+68.6, +72.8] points."
    )


def test_full_data_may_be_known_by_either_share():
    found = quantities(
        ("m/shared/straggler/keep-hard=1/hard/accuracy", 20, 1, "%"),
        ("m/shared/straggler/keep-hard=1/easy/accuracy", 90, 1, "%"),
    )
    assert "90.0" in accuracies(found, "m", "shared")
    assert "was not run" in accuracies(quantities((GAP, 1, 1, "points")), "m", "shared")


@pytest.mark.parametrize(
    ("stopped", "share", "said"),
    [
        (68.0, "97", "nearly all of it is had without an inversion point"),
        (50.0, "71", "most of it is had without an inversion point"),
        (20.0, "29", "most of it is not had by testing networks on what another got wrong"),
        (-3.0, "-4", "most of it is not had by"),
    ],
)
def test_how_circular_the_gap_is_follows_from_the_early_stopped_control(stopped, share, said):
    found = quantities((GAP, 70.0, 2, "points"), (STOPPED, stopped, 2, "points"))
    words = circularity(found, "m", "shared").replace("\u202f", " ").replace("\N{MINUS SIGN}", "-")
    assert f"{share} % of that of stragglers" in words
    assert said in words


def test_a_random_set_that_has_a_gap_is_not_called_harmless():
    harmless = quantities((GAP, 70, 2, "points"), (RANDOM, -0.4, 1, "points"))
    assert "none was shown that" in circularity(harmless, "m", "shared")
    harmful = quantities((GAP, 70, 2, "points"), (RANDOM, 8, 1, "points"))
    assert "A random set of the same size has a gap of +8.0 [+7.0, +9.0] points." in circularity(
        harmful, "m", "shared"
    )


@pytest.mark.parametrize(
    ("difference", "said"),
    [
        (0.5, "no difference between the two was shown"),
        (5.0, "stragglers have a gap wider by +5.0"),
        (-5.0, "is not even wider"),
    ],
)
def test_the_paired_difference_decides_whether_stragglers_add_anything(difference, said):
    rows = (GAP, 70, 2, "points"), (STOPPED, 68, 2, "points"), (PAIRED, difference, 1, "points")
    assert said in circularity(quantities(*rows), "m", "shared")


def test_a_missing_control_and_a_missing_gap_are_said():
    assert "were not run" in circularity(quantities((GAP, 70, 2, "points")), "m", "shared")
    alone = circularity(quantities((STOPPED, 68, 2, "points")), "m", "shared")
    assert "Errors of an early-stopped network have a gap of +68.0" in alone
    unclear = circularity(
        quantities((GAP, 1, 5, "points"), (STOPPED, 9, 2, "points")), "m", "shared"
    )
    assert "%" not in unclear  # no share of a gap that was not shown
    assert "of stragglers none was shown" in unclear


def test_judges_of_other_kinds_are_named_with_their_gaps():
    found = quantities(("m/family/trees/straggler/gap", 40, 2, "points"))
    assert "+40.0 [+38.0, +42.0] by gradient-boosted trees." in other_judges(found, "m")
    assert other_judges(quantities((GAP, 1, 1, "points")), "m").endswith("not run.")


def test_strips_of_all_data_share_one_scale_that_holds_them():
    found = quantities(
        (GAP, 70, 2, "points"), (RANDOM, -4, 2, "points"), ("n/shared/energy/gap", 35, 2, "points")
    )
    first, second = findings(found)
    wide, narrow = first.evidence[0].strip, second.evidence[0].strip
    assert wide.zero == narrow.zero
    assert 0 < first.evidence[1].strip.low < wide.zero < narrow.mean < wide.high < 100
    assert [one.clear for one in first.evidence] == [True, True]
    assert narrow.mean - wide.zero == pytest.approx((wide.mean - wide.zero) / 2, abs=0.02)


def test_data_without_a_search_for_hard_samples_say_so():
    (finding,) = findings(quantities(("m/error/class=0", 0.1, 0.01, "share")))
    assert finding.sentences == ("No hard samples were looked for in these data.",)
    assert not_run(quantities()) == ""
