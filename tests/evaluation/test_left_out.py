import pandas as pd
import pytest

from steelyard.evaluation.left_out import left_out
from steelyard.records.figures import COLUMNS, Figures


def reasons(facts):
    return left_out([Figures("s", "small", pd.DataFrame([], columns=list(COLUMNS)), facts)])


@pytest.mark.parametrize(
    ("arm", "starts"),
    [
        ("v2/alpha=1.5/smote+easiest", set()),
        ("v2/alpha=1.5/pool-hardest+easiest", {"pool/hardest-minus-random/alpha=1.5"}),
        ("v2/alpha=3/pool-average+easiest", {"pool/average-minus-random/alpha=3"}),
        (
            "v2/alpha=3/pool-random+easiest",
            {"pool/hardest-minus-random/alpha=3", "pool/average-minus-random/alpha=3"},
        ),
        (
            "pruned/rate=0.75/held-out+easiest",
            {"refill/held-out-minus-random/rate=0.75"},
        ),
        ("pruned/rate=0.75/random+easiest", {"refill/held-out-minus-random/rate=0.75"}),
        ("pruned/rate=0.75/smote+easiest", set()),
    ],
)
def test_what_needs_an_arm_that_was_left_out_is_not_there_either(arm, starts):
    own = {f"{kind}/{arm}" for kind in ("arm", "change", "relative")}
    assert reasons({"d": {"not_run": {arm: "No pool."}}}) == {
        f"d/{start}/": "No pool." for start in own | starts
    }


def test_there_is_no_best_arm_where_all_of_a_family_were_left_out():
    arms = [
        "v1/alpha=1/a",
        "v1/alpha=1/logits",
        "v1/el2n/alpha=1/a",
        "v2/alpha=1/a",
        "v2/alpha=3/a",
    ]
    not_run = {"v2/alpha=3/a": "No cars.", "v1/alpha=1/a": "No cats.", "v2/alpha=1/logits": "?"}
    found = reasons({"d": {"not_run": not_run, "protocol": {"arms": arms}}})
    best = {start: why for start, why in found.items() if "/best/" in start}
    assert best == {"d/best/v1/": "No arm of v1 could run. No cats."}
    # of a run that does not say what it tried, nothing is said
    assert not any("/best/" in start for start in reasons({"d": {"not_run": not_run}}))


def test_other_facts_are_passed_over():
    assert reasons({"seconds": 3.0, "d": {"name": "D"}, "e": {"not_run": "nothing"}}) == {}
