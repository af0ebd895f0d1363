import pytest

from steelyard.evaluation import claim_sums
from steelyard.records import Claim, Outcome


def outcome(word, detectable=None, protocol="paper-v1", unit="points", primary=False):
    claim = Claim("k", "s", "figure 1", "a/b", "<", unit=unit, protocol=protocol, primary=primary)
    return Outcome(claim, word, "because", detectable=detectable)


def test_a_ledger_is_summed_up_a_protocol_a_line():
    found = claim_sums(
        [
            outcome("inconclusive", 2.14, "paper-v2"),
            outcome("reproduced", 0.1),  # what it could have seen does not matter
            outcome("inconclusive", 0.4),
            outcome("not run"),
            outcome("inconclusive", 1.26),
            outcome("not run"),
            outcome("inconclusive", 0.9),
            outcome("contradicted", 9.0),
            outcome("not run", protocol=""),
        ]
    )
    assert [one.protocol for one in found] == ["paper-v2", "paper-v1", ""]
    assert found[1].detectable == (0.4, 0.9, 1.26)
    assert found[1].counts == {
        "reproduced": 1, "contradicted": 1, "inconclusive": 3, "not run": 2,
    }  # fmt: skip
    assert [one.words for one in found] == [
        "paper-v2: 0 reproduced, 0 contradicted, 1 inconclusive (least detectable difference 2.1 "
        "points), 0 not run",
        "paper-v1: 1 reproduced, 1 contradicted, 3 inconclusive (least detectable difference "
        "between 0.4 and 1.3 points), 2 not run",
        "of no protocol: 0 reproduced, 0 contradicted, 0 inconclusive, 1 not run",
    ]


def test_where_some_have_no_least_difference_it_is_said_of_how_many_it_is_told():
    (found,) = claim_sums(
        [
            outcome("inconclusive", 0.5),
            outcome("inconclusive", 1.5),
            outcome("inconclusive"),
            outcome("inconclusive", 30.0, unit="%"),  # percent are no points
        ]
    )
    assert "4 inconclusive (least detectable difference between 0.5 and 1.5 points, told of 2)" in (
        found.words
    )


@pytest.mark.parametrize("n", [1, 1234])
def test_large_counts_have_their_commas(n):
    (found,) = claim_sums([outcome("not run")] * n)
    assert found.words.endswith(f", {n:,} not run")


def test_of_no_claims_there_is_no_sum():
    assert claim_sums([]) == ()


def test_primary_claims_come_first():
    found = claim_sums(
        [
            outcome("inconclusive", 0.4),
            outcome("inconclusive", 1.2, primary=True),
            outcome("reproduced", primary=True),
            outcome("contradicted"),
            outcome("not run", protocol="paper-v2", primary=True),
        ]
    )
    assert [one.words for one in found] == [
        "paper-v1: of 2 primary claims: 1 reproduced, 0 contradicted, 1 inconclusive (least "
        "detectable difference 1.2 points), 0 not run; of all 4: 1 reproduced, 1 contradicted, 2 "
        "inconclusive (least detectable difference between 0.4 and 1.2 points), 0 not run",
        "paper-v2: of 1 primary claim: 0 reproduced, 0 contradicted, 0 inconclusive, 1 not run; of "
        "all 1: 0 reproduced, 0 contradicted, 0 inconclusive, 1 not run",
    ]
    assert found[0].primary.counts["reproduced"] == 1
    assert (found[0].n_claims, found[0].primary.n_claims) == (4, 2)
    assert claim_sums([outcome("reproduced")])[0].primary is None
