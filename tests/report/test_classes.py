import dataclasses
import math

import numpy as np
import pytest
from cases import make_weighing

from steelyard.report import classes


def test_the_lead_names_each_kind(images):
    assert classes.lead(images.verdict) == (
        "1 of 10 classes is both rare and hard (Sneaker); "
        "4 are rare but not shown to be hard (Sandal, Shirt, Bag and Ankle boot)."
    )
    plain = tuple(
        dataclasses.replace(one, rare=False, hard=False) for one in images.verdict.classes
    )
    assert classes.lead(dataclasses.replace(images.verdict, classes=plain)) == (
        "None of the 10 classes is rare, and none was shown to be hard."
    )


def test_marked_classes_come_first_and_then_the_worst(images):
    ordered = classes.worst_first(images.verdict)
    marked = [classes.kind(one) != "neither" for one in ordered]
    assert marked == sorted(marked, reverse=True)
    recalls = [one.recall_even.mean for one in ordered if classes.kind(one) == "neither"]
    assert recalls == sorted(recalls)


def test_the_table_shows_each_class_once():
    verdict = make_weighing(n_classes=40, n_seeds=1, degrees=(0.0, 1.0), n_test_per_class=5).verdict
    seen, rest = classes.tables(verdict)
    assert (len(seen.rows), len(rest.rows)) == (30, 10)
    names = [row[0].text for row in seen.rows + rest.rows]
    assert sorted(names) == sorted(one.name for one in verdict.classes)


def test_points_stand_at_count_and_recall_with_their_interval(images):
    found = {}
    for trace in classes.chart(images.verdict).data:
        for at, text in enumerate(trace["text"]):
            found[text.split("<br>")[0]] = (trace, at)
    for one in images.verdict.classes:
        trace, at = found[one.name]
        assert trace["x"][at] == pytest.approx(one.count)
        assert trace["y"][at] == pytest.approx(100 * one.recall_even.mean)
        high = trace["y"][at] + trace["error_y"]["array"][at]
        assert high == pytest.approx(100 * one.recall_even.high)


def test_shape_tells_the_kind_as_well_as_colour(images):
    data = classes.chart(images.verdict).data
    assert {trace["marker"]["symbol"] for trace in data} == {"circle", "triangle-up", "diamond"}
    assert len({trace["marker"]["color"] for trace in data}) == len(data)


def test_the_shade_ends_where_rare_ends_and_the_line_is_the_average_class(images):
    line, shade = classes.chart(images.verdict).layout["shapes"]
    counts = [one.count for one in images.verdict.classes]
    assert shade["x1"] == pytest.approx(sum(counts) / len(counts) / 2)
    average = np.mean([one.recall_even.mean for one in images.verdict.classes])
    assert line["y0"] == pytest.approx(100 * average)


def test_a_class_without_data_is_not_drawn_but_named():
    weighing = make_weighing(without_test=("Shirt",), n_seeds=1, n_test_per_class=20)
    drawn = classes.chart(weighing.verdict)
    assert sum(len(trace["x"]) for trace in drawn.data) == 9
    assert "Shirt" in classes.not_drawn(weighing.verdict)
    seen, _ = classes.tables(weighing.verdict)
    (row,) = [row for row in seen.rows if row[0].text == "Shirt"]
    assert [cell.text for cell in row[4:6]] == ["no data", "no data"]
    assert row[8].text == "no data"


def test_equal_classes_are_drawn_side_by_side():
    verdict = make_weighing(
        n_classes=5, ratio=1.0, n_largest=50, n_seeds=1, n_test_per_class=20
    ).verdict
    drawn = classes.chart(verdict)
    x = sorted(value for trace in drawn.data for value in trace["x"])
    assert len(set(x)) == 5
    assert math.prod(x) ** (1 / 5) == pytest.approx(50)  # moved around their common place
    assert x[-1] / x[0] < 1.05
    assert drawn.layout["xaxis"]["tickvals"] == [50]


def test_many_classes_label_the_hard_whatever_the_room(images):
    few = classes.chart(images.verdict).labels
    assert len(few) == 10
    assert {label["text"]: label["rank"] for label in few}["Sneaker"] == 0
    many = make_weighing(n_classes=60, n_seeds=1, degrees=(0.0, 1.0), n_test_per_class=10).verdict
    labels = classes.chart(many).labels
    assert len(labels) == sum(classes.kind(one) != "neither" for one in many.classes) < 60
    assert {label["rank"] for label in labels} <= {0, 2}
