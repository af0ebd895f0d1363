import dataclasses

import pytest

from steelyard.records.interval import Interval
from steelyard.report import answers
from steelyard.report.names import shortened


def test_one_answer_a_prior_in_the_order_of_the_verdict(images):
    found = answers.answers(images)
    assert [one.name for one in found] == ["train", "uniform", "field"]
    assert [one.word for one in found] == ["Leave as is", "Correct the prior", "Leave as is"]
    assert [one.sentence for one in found] == [one.sentence for one in images.verdict.priors]


def test_what_is_told_never_goes_beyond_the_interval(images):
    for answer, one in zip(answers.answers(images), images.verdict.priors, strict=True):
        told = {evidence.title: evidence.meaning for evidence in answer.evidence}
        intervals = [one.rebalanced, one.rebalanced_over_corrected, one.fully_balanced]
        titles = [title for title in told if title.startswith(("Reb", "Larg"))]
        for title, interval in zip(titles, intervals, strict=True):
            expected = "unclear"
            if interval.low > 0:
                expected = "better"
            if interval.high < 0:
                expected = "worse"
            assert told[title] == expected


def test_nothing_is_corrected_to_the_prior_of_training(images):
    train, uniform, _ = answers.answers(images)
    assert train.evidence[2].meaning == "nothing to correct"
    assert train.evidence[2].strip is None
    assert uniform.evidence[2].meaning == "better"


def test_the_degrees_are_named(images):
    titles = [evidence.title for evidence in answers.answers(images)[0].evidence]
    chosen = images.verdict.priors[0].degree
    assert f"(degree {chosen:g})" in titles[1]
    assert "Largest degree (1)" in titles[4]


def test_strips_share_a_scale_that_holds_zero_and_every_interval(images):
    strips = [
        evidence.strip
        for answer in answers.answers(images)
        for evidence in answer.evidence
        if evidence.strip
    ]
    assert len(strips) == 11  # four differences under three priors, less one that is no difference
    assert len({strip.zero for strip in strips}) == 1
    for strip in strips:
        assert 0 < strip.low <= strip.mean <= strip.high < 100


def test_a_scale_places_ends_zero_and_middle():
    strip = answers.Scale(-0.02, 0.06).place(Interval(0.02, 0.0, 0.06))
    assert (strip.zero, strip.low, strip.mean, strip.high) == (25, 25, 50, 100)
    assert answers.Scale(-0.02, 0.06).ends == ("\N{MINUS SIGN}2", "+6")


@pytest.mark.parametrize("outcome", list(answers.OUTCOME_WORDS))
def test_every_outcome_has_a_word(images, outcome):
    first = dataclasses.replace(images.verdict.priors[0], outcome=outcome, prior="x" * 80)
    verdict = dataclasses.replace(images.verdict, priors=(first,))
    (answer,) = answers.answers(dataclasses.replace(images, verdict=verdict))
    assert answer.word == answers.OUTCOME_WORDS[outcome]
    assert answer.name == shortened("x" * 80, 40)
