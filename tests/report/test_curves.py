import dataclasses

import pytest

from steelyard.records.evaluation import CORRECTED
from steelyard.report import curves, digits


def traces(chart):
    names = ("trained band", "corrected band", "control", "corrected", "trained", "chosen")
    return dict(zip(names, chart.data, strict=True))


@pytest.mark.parametrize("metric", [curves.ACCURACY, curves.LOG_LOSS], ids=lambda one: one.key)
def test_the_curves_hold_the_figures_of_the_test_part(images, metric):
    drawn = curves.curves(images, metric)
    assert [panel.prior for panel in drawn.panels] == ["train", "uniform", "field"]
    for panel in drawn.panels:
        found = traces(panel.chart)
        for arm, x, trained, corrected in zip(
            images.study.arms,
            found["trained"]["x"],
            found["trained"]["y"],
            found["corrected"]["y"],
            strict=True,
        ):
            figure = images.test.figure(arm.name, panel.prior, metric.key)
            assert (x, trained) == (arm.degree, pytest.approx(metric.scale * figure.mean))
            figure = images.test.figure(arm.name, panel.prior, metric.key, CORRECTED)
            assert corrected == pytest.approx(metric.scale * figure.mean)


def test_bands_are_the_intervals(images):
    found = traces(curves.curves(images, curves.ACCURACY).panels[1].chart)
    figure = images.test.figure("degree=0.25", "uniform")
    band = found["trained band"]
    assert (band["x"][1], band["x"][-2]) == (0.25, 0.25)
    assert band["y"][1] == pytest.approx(100 * figure.low)
    assert band["y"][-2] == pytest.approx(100 * figure.high)


def test_the_control_is_natural_data_corrected_and_the_ring_the_chosen_degree(images):
    for panel, answer in zip(
        curves.curves(images, curves.ACCURACY).panels, images.verdict.priors, strict=True
    ):
        found = traces(panel.chart)
        control = 100 * images.test.figure("degree=0", answer.prior, decision=CORRECTED).mean
        assert found["control"]["y"] == pytest.approx([control, control])
        chosen = images.test.figure(f"degree={answer.degree:g}", answer.prior)
        assert found["chosen"]["x"] == [answer.degree]
        assert found["chosen"]["y"] == pytest.approx([100 * chosen.mean])


def test_panels_span_equally_many_units(images):
    spans = {
        round(high - low, 9)
        for low, high in (
            panel.chart.layout["yaxis"]["range"]
            for panel in curves.curves(images, curves.ACCURACY).panels
        )
    }
    assert len(spans) == 1


def test_arms_are_drawn_by_degree_whatever_their_order(images):
    study = dataclasses.replace(images.study, arms=images.study.arms[::-1])
    turned = dataclasses.replace(images, study=study)
    assert curves.curves(turned, curves.ACCURACY) == curves.curves(images, curves.ACCURACY)


def test_the_table_has_every_arm_paired_and_marks_the_choice(images):
    table = curves.curves(images, curves.ACCURACY).table
    assert len(table.rows) == 15
    row = table.rows[5 + 2]
    assert (row[0].text, row[1].text) == ("uniform", "0.5")
    paired = digits.points(images.test.difference("degree=0.5", "degree=0", "uniform"))
    assert (row[3].text, row[3].note) == (paired.value, paired.range)
    marked = [(one[0].text, float(one[1].text)) for one in table.rows if one[1].note == "chosen"]
    assert marked == [(answer.prior, answer.degree) for answer in images.verdict.priors]


def test_a_pair_that_was_not_compared_is_said(images):
    rows = images.test.differences
    test = dataclasses.replace(images.test, differences=rows[rows["arm"] != "degree=0.5"])
    table = curves.curves(dataclasses.replace(images, test=test), curves.ACCURACY).table
    assert table.rows[2][3].text == "not compared"


def test_the_lead_says_what_was_shown_and_no_more(images):
    lead = curves.lead(images.verdict)
    assert "beat the data as they are under uniform." in lead
    assert "beat the control, which corrects the prior afterwards, under no prior." in lead
    assert "The largest degree was shown to hurt under train and field." in lead
