"""What the page says where resampling by hardness was weighed too."""

import dataclasses
from dataclasses import replace

import numpy as np
import pytest
from html_pages import Page
from toy_data import parted, toy_images

from steelyard.records import Interval
from steelyard.report import answers, by_hardness_changes, costs, curves, digits, methods, render
from steelyard.training import PROBES
from steelyard.workflow import weigh

QUICK = replace(PROBES["mlp"], epochs=3, batch_size=16)
NAMES = (
    "trained band", "corrected band", "control", "corrected", "trained", "hardness band",
    "hardness", "chosen",
)  # fmt: skip


@pytest.fixture(scope="module")
def weighing():
    data = parted(toy_images((120, 60, 20), noise=120.0))
    matrix = 1 - np.eye(3)
    return weigh(
        data, degrees=(0, 1), hardness_degrees=(0.5, 1.25), seeds=2, probe=QUICK, costs=matrix
    )


def told(weighing, **values):
    """The weighing with another first answer."""
    first, *rest = weighing.verdict.priors
    priors = (dataclasses.replace(first, **values), *rest)
    return replace(weighing, verdict=replace(weighing.verdict, priors=priors))


@pytest.fixture(scope="module")
def chosen(weighing):
    other = dataclasses.replace(
        weighing.verdict.priors[0].other, by="count", degree=1.0, rebalanced=Interval(-3, -4, -2)
    )
    return told(weighing, by="hardness", degree=0.5, other=other)


@pytest.mark.parametrize("metric", [curves.ACCURACY, curves.LOG_LOSS], ids=lambda one: one.key)
def test_its_curve_begins_at_the_data_as_they_are(weighing, metric):
    for panel in curves.curves(weighing, metric).panels:
        found = dict(zip(NAMES, panel.chart.data, strict=True))
        assert found["trained"]["x"] == found["corrected"]["x"] == [0, 1]
        assert found["hardness"]["x"] == [0, 0.5, 1.25]
        arms = ("degree=0", "hardness degree=0.5", "hardness degree=1.25")
        figures = [weighing.test.figure(arm, panel.prior, metric.key) for arm in arms]
        means = [metric.scale * one.mean for one in figures]
        assert found["hardness"]["y"] == pytest.approx(means)
        assert found["hardness band"]["y"][2] == pytest.approx(metric.scale * figures[2].high) or (
            found["hardness band"]["y"][2] == pytest.approx(metric.scale * figures[2].low)
        )
        assert found["hardness"]["line"]["dash"] not in ("solid", "dash", "dot")
        low, high = panel.chart.layout["xaxis"]["range"]
        assert low < 0 < 1.25 < high
        assert panel.chart.layout["xaxis"]["tickvals"] == [0, 0.5, 1, 1.25]
        assert "by hardness at degree 1.25" in panel.words


def test_the_ring_is_on_the_curve_of_the_chosen_way(weighing, chosen):
    ring = curves.curves(chosen, curves.ACCURACY).panels[0].chart.data[-1]
    figure = chosen.test.figure("hardness degree=0.5", "train")
    assert (ring["x"], ring["y"]) == ([0.5], pytest.approx([100 * figure.mean]))
    by_count = told(weighing, by="count", degree=1.0)
    ring = curves.curves(by_count, curves.ACCURACY).panels[0].chart.data[-1]
    figure = weighing.test.figure("degree=1", "train")
    assert (ring["x"], ring["y"]) == ([1.0], pytest.approx([100 * figure.mean]))


def test_the_table_has_both_ways_and_marks_one(chosen):
    table = curves.curves(chosen, curves.ACCURACY).table
    assert [column.title for column in table.columns][:3] == ["Prior", "Way", "Degree"]
    mine = [row for row in table.rows if row[0].text == "train"]
    assert [(row[1].text, row[2].text) for row in mine] == [
        ("as is", "0"), ("by count", "1"), ("by hardness", "0.5"), ("by hardness", "1.25"),
    ]  # fmt: skip
    assert [row[2].note for row in mine] == ["", "", "chosen", ""]
    of_no_arm = curves.curves(told(chosen, degree=1.0), curves.ACCURACY).table  # but by count
    assert not any(row[2].note for row in of_no_arm.rows if row[0].text == "train")
    assert "Validation chose to resample by hardness under" in curves.lead(chosen.verdict)


def test_the_answer_names_both_ways(weighing, chosen):
    first = answers.answers(chosen)[0].evidence
    minus = digits.MINUS
    assert [one.title for one in first] == [
        "Accuracy as is",
        f"By hardness (degree 0.5) {minus} as is",
        f"Prior corrected {minus} as is",
        f"By hardness {minus} prior corrected",
        f"Largest degree (1.25) {minus} as is",
        f"By count (degree 1) {minus} as is",
    ]
    assert first[-1].meaning == "worse"
    assert first[-1].strip.low > 0  # on the common scale
    by_count = answers.answers(told(weighing, by="count", degree=1.0))[0].evidence
    assert by_count[1].title == f"By count (degree 1) {minus} as is"
    assert by_count[4].title == f"Largest degree (1) {minus} as is"


def test_classes_are_told_hardest_first_with_their_paired_change(chosen):
    section = by_hardness_changes.section(chosen)
    ranks = {one.name: one.hardness for one in chosen.verdict.classes}
    names = [row[0].text for row in section.table.rows]
    assert names == sorted(ranks, key=ranks.get, reverse=True)
    assert f"hardest class, {names[0]}, by" in section.lead
    rows = chosen.test.class_differences
    rows = rows[
        (rows["prior"] == "train") & (rows["arm"] == "hardness degree=0.5")
        & (rows["metric"] == "recall") & (rows["decision"] == "as trained")
        & (rows["base_decision"] == "as trained")
    ].set_index("class")  # fmt: skip
    prior = next(one.prior for one in chosen.predictions if one.arm == "hardness degree=0.5")
    recalls = chosen.test.classes("hardness degree=0.5", "train")["mean"]
    as_is = chosen.test.classes("degree=0", "train")["mean"]
    for row in section.table.rows:
        name = row[0].text
        change = Interval(*rows.loc[name, ["mean", "low", "high"]])
        assert change.mean == pytest.approx(recalls[name] - as_is[name])
        assert (row[5].text, row[5].note) == (
            digits.points(change).value, digits.points(change).range,
        )  # fmt: skip
        assert row[6].text == f"{rows.loc[name, 'p_holm']:.3f}"
        code = chosen.test.class_names.index(name)
        assert row[3].text == digits.exact_percent(prior[code])


def test_classes_are_told_of_the_best_degree_by_hardness_though_it_was_not_chosen(weighing):
    first = weighing.verdict.priors[0]
    other = dataclasses.replace(first.other, by="hardness", degree=1.25)
    found = by_hardness_changes.section(told(weighing, by="count", degree=1.0, other=other))
    assert found.lead.startswith("Degree 1.25 by hardness")


def test_a_class_that_was_shown_to_change_is_named(chosen):
    rows = chosen.test.class_differences.copy()
    mine = (rows["arm"] == "hardness degree=0.5") & (rows["class"] == "class 1")
    rows.loc[mine, ["mean", "p_holm"]] = (-0.1, 0.01)
    rows.loc[~mine, "p_holm"] = 0.06
    changed = replace(chosen, test=replace(chosen.test, class_differences=rows))
    assert "recall of class 1 was shown to fall." in by_hardness_changes.section(changed).lead
    rows.loc[:, "p_holm"] = 1.0
    none = replace(chosen, test=replace(chosen.test, class_differences=rows))
    assert "recall of no class was shown to change" in by_hardness_changes.section(none).lead


def test_costs_name_the_way(chosen):
    found = costs.section(chosen)
    trained = {row[1].text for row in found.table.rows}
    assert {"degree 1", "by hardness, degree 0.5", "by hardness, degree 1.25"} <= trained
    titles = [one.title for answer in found.answers for one in answer.evidence]
    assert any(title.startswith("By hardness (degree ") for title in titles)


def test_the_method_says_how_the_arms_were_made(chosen, images):
    steps = {step.title: " ".join(step.sentences) for step in methods.steps(chosen)}
    assert "2 more resample by hardness, of degree 0.5 and 1.25" in steps["Arms"]
    assert steps["Choice"].startswith("The way and its degree were chosen on the validation part")
    plain = {step.title: " ".join(step.sentences) for step in methods.steps(images)}
    assert "by hardness" not in plain["Arms"]
    assert plain["Choice"].startswith("The degree was chosen")


def test_the_page_has_the_section_where_there_is_something_to_tell(chosen, images):
    page = Page(render(chosen)).text
    assert "What resampling by hardness does to the classes" in page
    assert "resampled by hardness, as trained" in page
    assert "scales of their own" in page
    assert by_hardness_changes.section(images) is None
    without = Page(render(images)).text
    assert "by hardness" not in without
