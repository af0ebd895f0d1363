import numpy as np
import pytest

from steelyard._support.errors import ParameterError
from steelyard.records import Claim, Outcome


def claim(**changes):
    values = {"key": "k", "sentence": "s", "where": "figure 1", "figure": "a/b", "relation": ">"}
    return Claim(**{**values, **changes})


def test_numbers_are_floats_and_a_bound_may_be_below_zero():
    one = claim(published=np.float32(-2), spread=1, tolerance=-5)
    assert [(value, type(value)) for value in (one.published, one.spread, one.tolerance)] == [
        (-2.0, float), (1.0, float), (-5.0, float),
    ]  # fmt: skip
    assert claim().published is None
    assert claim(relation="=", published=0).tolerance == 0


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"relation": ">="}, "'relation' parameter of Claim"),
        ({"relation": "="}, r"The claim 'k' says '=' without a published value\. Hint: give it"),
        ({"relation": "=", "published": 1, "tolerance": -1}, r"'tolerance'.*range \[0"),
        ({"tolerance": np.nan}, "'tolerance' parameter of Claim"),
        ({"published": np.inf}, "'published' parameter of Claim"),
        ({"spread": -0.1}, r"'spread'.*range \[0"),
    ],
)
def test_what_claims_nothing_is_refused(changes, message):
    with pytest.raises(ParameterError, match=message):
        claim(**changes)


def test_an_outcome_is_one_of_four():
    assert Outcome(claim(), "not run", "because").value is None
    with pytest.raises(ParameterError, match="'outcome' parameter of Outcome"):
        Outcome(claim(), "not-run", "because")


def test_a_claim_is_primary_where_it_is_said_to_be():
    assert claim(primary=True).primary
    assert not claim().primary
