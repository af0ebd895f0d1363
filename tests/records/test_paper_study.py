import pytest

from steelyard._support.errors import ParameterError
from steelyard.records import Claim, PaperStudy


def study(*keys):
    claims = tuple(Claim(key, "s", "figure 1", "a", ">") for key in keys)
    return PaperStudy("s", "title", "paper", "command", "cost", ("a",), {}, {}, {}, claims, {})


def test_claims_of_different_keys():
    assert len(study("a", "b").claims) == 2
    assert study().claims == ()


def test_keys_that_repeat_are_refused():
    with pytest.raises(ParameterError, match="'b' comes 2 times"):
        study("a", "b", "b")
