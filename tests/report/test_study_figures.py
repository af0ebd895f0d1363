"""The figures of a study's page: each of their points and rows, from made-up results."""

import pandas as pd
import pytest
from report.test_quantities import quantities
from study_cases import SHARES, make_study

from steelyard.records.claim import Claim
from steelyard.report import (
    effects,
    gap_controls,
    hard_counts,
    kept_shares,
    protocol_table,
    radii,
)
from steelyard.report.identifier_styles import KeyItem, key_items, points_of, style_of
from steelyard.report.quantities import Quantities, Quantity

DASH = "\N{EN DASH}"


@pytest.fixture(scope="module")
def study():
    return make_study(data=("mnist",), claimed=("mnist",), not_run=())


@pytest.fixture(scope="module")
def found(study):
    return Quantities(study)


def text_of(table):
    return [[cell.text for cell in row] for row in table.rows]


def lines_of(chart):
    return [trace for trace in chart.data if trace["mode"] == "lines+markers"]


def test_identifiers_look_the_same_everywhere_and_differ_in_more_than_colour():
    items = key_items(["random", "straggler", "straggler", "energy"])
    assert [one.words for one in items] == ["stragglers", "energy", "a random set"]
    assert isinstance(items[0], KeyItem)
    names = ("straggler", "max-logit", "energy", "early-stopped", "random", "another")
    assert len({style_of(one).symbol for one in names}) == len(names)


def test_points_carry_their_intervals_and_leave_out_what_was_not_run():
    values = [Quantity(), quantities(("m/error/class=0", 5.0, 2.0, "%"))["m/error/class=0"]]
    drawn = points_of(style_of("energy"), [1, 2], values, ["a", "b"])
    assert (drawn["x"], drawn["y"]) == ([2], [5.0])
    assert drawn["error_y"]["array"] == drawn["error_y"]["arrayminus"] == [2.0]


def test_each_point_of_figure_7_is_drawn_ours_and_published(study, found):
    (section,) = kept_shares.kept_shares(found)
    assert [panel.title for panel in section.panels] == [
        "Tested on hard samples, trained with fewer easy ones",
        "Tested on hard samples, trained with fewer hard ones",
        "Tested on easy samples, trained with fewer easy ones",
        "Tested on easy samples, trained with fewer hard ones",
    ]
    for panel, (tested, kept) in zip(
        section.panels,
        (("hard", "easy"), ("hard", "hard"), ("easy", "easy"), ("easy", "hard")),
        strict=True,
    ):
        lines = lines_of(panel.chart)
        assert len(lines) == 5
        straggler = next(one for one in lines if one["line"]["color"] == "@straggler")
        assert straggler["x"] == [100 * share for share in SHARES[kept]]
        keys = [
            f"mnist/shared/straggler/keep-{kept}={share:g}/{tested}/accuracy"
            for share in SHARES[kept]
        ]
        assert straggler["y"] == [study.figures.row(key)["value"] for key in keys]
        bands = [one for one in panel.chart.data if one.get("fill") == "toself"]
        assert [one["fillcolor"] for one in bands] == [
            "@straggler-band", "@max-logit-band", "@energy-band",
        ]  # fmt: skip
        published, n = found[keys[0]], len(keys)
        assert bands[0]["y"][0] == pytest.approx(published.published - published.published_spread)
        assert bands[0]["y"][2 * n - 1] == pytest.approx(
            published.published + published.published_spread
        )


def test_panels_of_a_row_share_an_axis_that_holds_every_interval(found):
    (section,) = kept_shares.kept_shares(found)
    for row in (section.panels[:2], section.panels[2:]):
        ranges = [panel.chart.layout["yaxis"]["range"] for panel in row]
        assert ranges[0] == ranges[1]
        for panel in row:
            for line in lines_of(panel.chart):
                for y, up, down in zip(
                    line["y"], line["error_y"]["array"], line["error_y"]["arrayminus"], strict=True
                ):
                    assert ranges[0][0] <= y - down <= y + up <= ranges[0][1]


def test_the_table_of_figure_7_has_every_point_with_its_outcome(found):
    (section,) = kept_shares.kept_shares(found)
    rows = text_of(section.table)
    assert len(rows) == 5 * 14
    key = "mnist/shared/energy/keep-hard=0.25/{}/accuracy"
    hard, easy = (found[key.format(part)] for part in ("hard", "easy"))
    row = next(row for row in rows if row[:3] == ["energy", "hard", "25"])
    assert row[3:] == [
        hard.short, f"{hard.published:g}", hard.outcome,
        easy.short, f"{easy.published:g}", easy.outcome,
    ]  # fmt: skip


def test_a_panel_of_which_nothing_is_known_has_words_instead():
    found = quantities(("m/shared/straggler/keep-easy=1/hard/accuracy", 20, 1, "%"))
    (section,) = kept_shares.kept_shares(found)
    assert [panel.chart is None for panel in section.panels] == [False, True, True, True]
    assert section.panels[1].words.startswith("Not run")


def test_figure_8_has_each_class_ours_and_published(found):
    (section,) = hard_counts.hard_counts(found)
    assert len(section.counts.data) == 6
    bars, points = section.counts.data[0], section.counts.data[3]
    one = found["mnist/shared/straggler/count/class=4"]
    assert (bars["y"][4], points["y"][4]) == (one.published, one.value)
    assert bars["error_y"]["array"][4] == one.published_spread
    places = [trace["x"][4] for trace in section.counts.data[3:]]
    assert places == pytest.approx([3.8, 4.0, 4.2])
    assert section.errors.data[1]["y"][4] == found["mnist/error/class=4"].value
    assert [row[0] for row in text_of(section.table)] == [*"0123456789"]
    assert len(section.table.columns) == 1 + 2 * 4
    assert section.words == ""


def test_of_many_classes_the_first_are_drawn_and_all_stand_in_the_table():
    rows = [(f"m/shared/straggler/count/class={at}", at, 1, "samples") for at in range(30)]
    (section,) = hard_counts.hard_counts(quantities(*rows))
    assert section.errors is None
    assert len(section.counts.data[1]["y"]) == 20
    assert len(section.table.rows) == 30
    assert section.words == "Drawn: the first 20 of 30 classes."


@pytest.fixture(scope="module")
def watched(study):
    """The curves as a run has them: from the first check on."""
    return study.curves[study.curves["epoch"] >= 20]


def test_radius_curves_begin_after_the_first_check_and_span_equally_many_units(
    study, found, watched
):
    (section,) = radii.radii(found, watched)
    assert len(section.panels) == 10
    spans = set()
    for panel in section.panels:
        low, high = panel.chart.layout["yaxis"]["range"]
        spans.add(round(high - low, 6))
        line = panel.chart.data[1]
        assert (line["x"][0], line["x"][-1]) == (21, 499)
        assert len(line["x"]) <= 122
    assert len(spans) == 1
    mean = study.curves.query("`class` == '0' and epoch == 21")["mean"].item()
    assert section.panels[0].chart.data[1]["y"][0] == pytest.approx(mean, abs=1e-4)
    band = section.panels[0].chart.data[0]
    assert band["y"][0] == pytest.approx(mean - 0.03, abs=1e-4)
    assert band["y"][-1] == pytest.approx(mean + 0.03, abs=1e-4)


def test_published_landmarks_are_rings_where_they_belong(found, watched):
    (section,) = radii.radii(found, watched)
    rings, dot = section.panels[3].chart.data[2:]
    prefix = "mnist/radius/class=3"
    assert rings["x"] == [21, 208, 499]
    assert rings["y"] == [found[f"{prefix}/{one}"].published for one in ("start", "minimum", "end")]
    assert dot["x"] == [found[f"{prefix}/minimum-epoch"].value]
    row = text_of(section.table)[3]
    assert (row[0], row[6]) == ("3", "208")
    assert [column.title for column in section.table.columns][:3] == [
        "Class", "Start, ours", "published",
    ]  # fmt: skip


def test_short_curves_are_drawn_whole_and_missing_ones_named(study, found):
    short = study.curves[study.curves["epoch"] < 10]
    (section,) = radii.radii(found, short)
    assert section.panels[0].chart.data[1]["x"] == [*range(1, 10)]
    (section,) = radii.radii(found, short[short["epoch"] == 3])
    assert section.panels[0].chart.data[1]["x"] == [3]
    (section,) = radii.radii(found, study.curves.iloc[:0])
    assert (section.panels, section.words) == ((), "Curves: not run.")
    assert section.table is not None
    one_run = study.curves.assign(n_runs=1, spread=float("nan"))
    (section,) = radii.radii(quantities(("mnist/error/class=0", 1, 1, "")), one_run)
    assert section.words == "Mean over 1 run."
    assert section.table is None


def test_many_classes_are_drawn_in_part():
    curves = pd.DataFrame(
        {"data": "m", "class": [str(one) for one in range(25)] * 2, "epoch": [30] * 25 + [31] * 25,
         "mean": 0.5, "spread": 0.1, "n_runs": 2}
    )  # fmt: skip
    (section,) = radii.radii(quantities(("m/error/class=0", 1, 1, "")), curves)
    assert len(section.panels) == 20
    assert section.words == "Mean over 2 runs. Drawn: the first 20 of 25 classes."


def test_gaps_stand_by_identifier_and_by_judge_with_controls(found):
    (section,) = gap_controls.controls(found)
    names = [row[0] for row in text_of(section.gaps)]
    assert names == ["stragglers", "max logit", "energy", "early-stopped errors", "a random set"]
    assert text_of(section.gaps)[0] == [
        "stragglers", "+71.3", "71.9", "reproduced", "+64.2", "+28.5", "+35.6",
    ]  # fmt: skip
    assert section.chart.layout["xaxis"]["ticktext"] == ["study", "MLP", "CNN", "trees"]
    ours = section.chart.data[5:]
    assert ours[4]["y"] == pytest.approx([-0.6, -0.54, -0.24, -0.3])
    assert ours[0]["error_y"]["array"] == pytest.approx([1.7, 1.2, 1.2, 1.2])


def test_overlaps_name_both_sets(found):
    (section,) = gap_controls.controls(found)
    rows = text_of(section.overlaps)
    assert ["energy", "max logit", "88.0", "87.42", "reproduced"] in rows
    assert ["stragglers", "stragglers of another network", "73.8", DASH, DASH] in rows


def test_without_judges_and_overlaps_the_gaps_stand_alone():
    (section,) = gap_controls.controls(quantities(("m/shared/straggler/gap", 5, 1, "points")))
    assert section.overlaps is None
    assert section.chart.layout["xaxis"]["ticktext"] == ["study"]
    assert gap_controls.controls(quantities(("m/error/class=0", 5, 1, ""))) == ()


def test_protocols_stand_side_by_side_with_what_is_published(found):
    (section,) = protocol_table.protocols(found)
    assert [one.title for one in section.table.columns] == [
        "Quantity", "As the code (shared)", "As the text (snapshot)",
        "At the lowest radius (argmin)", "Published", "Outcome",
    ]  # fmt: skip
    rows = text_of(section.table)
    assert rows[0][:5] == ["Hard samples", "1,522", "2,046", "1,887", "1,425.1"]
    assert ["Gap, points", "+71.3", "+49", "not run", "71.9", "reproduced"] in rows


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        (2046, 1522, "the code comes nearer, 7 % off, the text 44 %."),
        (1430, 1522, "the text comes nearer, 0 % off, the code 7 %."),
    ],
)
def test_the_sentence_on_text_and_code_follows_from_the_counts(text, code, said):
    claim = Claim("c", "", "", "m/shared/count/total", "=", 1425.1, None, 60)
    rows = (
        ("m/shared/count/total", code, 60, "samples"),
        ("m/snapshot/count/total", text, 60, "samples"),
    )
    words = protocol_table.sentence(quantities(*rows, claims=(claim,)), "m").replace("\u202f", " ")
    assert words.endswith(said)
    assert "Published" not in protocol_table.sentence(quantities(*rows), "m")
    assert "was not measured for both" in protocol_table.sentence(quantities(rows[0]), "m")
    assert protocol_table.protocols(quantities(rows[0])) == ()


def test_effects_are_told_in_words_by_identifier(found):
    (section,) = effects.effects(found)
    rows = text_of(section.table)
    assert len(rows) == 5 * 6 + 1
    assert rows[0][:2] == ["Hard accuracy: all easy samples kept minus none, points", "stragglers"]
    assert rows[-1] == [
        "Correlation of counts by class with class errors", "stragglers", "0.951", "0.9507",
        "reproduced",
    ]  # fmt: skip
