import pytest

from steelyard.records.claim import Claim, Outcome
from steelyard.report.ledger import bound, ledger, summary


def outcome(word, where="figure 7", **changes):
    values = {"relation": "=", "published": 25.28, "spread": 4.44, "tolerance": 8.88, "unit": "%"}
    claim = Claim("key", "Hard accuracy is 25 %.", where, "m/a", **{**values, **changes})
    if word == "not run":
        return Outcome(claim, word, "No such figure.")
    return Outcome(claim, word, "It is near.", 27.13, 25.0, 29.26, 27, "small")


def test_claims_are_grouped_by_their_place_in_order():
    groups = ledger(
        [outcome("reproduced"), outcome("not run", "section 5"), outcome("contradicted")]
    )
    assert [(one.where, one.summary) for one in groups] == [
        ("figure 7", "2 claims: 1 reproduced, 1 contradicted"),
        ("section 5", "1 claim: 1 not run"),
    ]
    assert summary([outcome("inconclusive")] * 1200) == "1,200 claims: 1,200 inconclusive"


def test_a_row_says_what_was_claimed_what_was_found_and_why():
    (group,) = ledger([outcome("contradicted")])
    (row,) = group.table.rows
    assert [cell.text for cell in row] == [
        "contradicted", "Hard accuracy is 25 %.", "25.28", "25.28 ± 8.88", "27.1", "%", "27",
        "It is near.",
    ]  # fmt: skip
    assert row[2].note == "± 4.44"
    assert row[4].note == "[25.0, 29.3]"
    assert row[0].mark == "contradicted"


def test_what_was_not_run_has_no_numbers_of_ours():
    (group,) = ledger([outcome("not run", published=None, spread=None, relation=">")])
    assert [cell.text for cell in group.table.rows[0]][2:7] == [
        "in words", "> 8.88", "not run", "%", "\N{EN DASH}",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("relation", "tolerance", "said"),
    [("=", 2, "25.28 ± 2"), (">", -0.5, "> \N{MINUS SIGN}0.5"), ("<", 5, "< 5")],
)
def test_the_bound_is_the_relation_with_its_number(relation, tolerance, said):
    claim = Claim("k", "", "", "f", relation, 25.28, None, tolerance)
    assert bound(claim) == said
