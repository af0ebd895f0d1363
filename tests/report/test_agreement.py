import dataclasses

import numpy as np
import pytest
from cases import make_weighing
from html_pages import Page

from steelyard.hardness import agreement as compare
from steelyard.report import agreement, render


def scored(weighing, **columns):
    """The weighing with other scores."""
    base = next(iter(weighing.hardness.values()))
    scores = {
        name: dataclasses.replace(base, name=name, values=values)
        for name, values in columns.items()
    }
    return dataclasses.replace(weighing, hardness=scores)


@pytest.fixture(scope="module")
def weighing():
    small = make_weighing(n_classes=5, n_seeds=1, degrees=(0.0, 1.0), n_test_per_class=5)
    values, random = next(iter(small.hardness.values())).values, np.random.default_rng(0)
    other = random.normal(size=len(values))
    near = values + 0.1 * random.normal(size=len(values))
    return scored(small, aum=values, other=other, near=near)


def test_the_lead_names_the_pairs_that_agree_most_and_least(weighing):
    lead = agreement.section(weighing).lead
    table = compare(weighing.hardness).table()
    most = table.loc[table["jaccard_10"].idxmax()]
    assert {most["one"], most["other"]} == {"aum", "near"}
    assert f"have most in common ({100 * most['jaccard_10']:.0f}\N{NARROW NO-BREAK SPACE}%)" in lead
    assert "know nothing of one another would have 5\N{NARROW NO-BREAK SPACE}%" in lead
    values = weighing.hardness["aum"].values
    same = agreement.section(scored(weighing, a=values, b=2 * values, c=values**3)).lead
    assert "every two have 100\N{NARROW NO-BREAK SPACE}% in common" in same
    two = agreement.section(scored(weighing, a=values, b=2 * values)).lead
    assert "a and b have 100\N{NARROW NO-BREAK SPACE}% in common" in two


def test_the_cells_are_the_measures_of_both_sides_of_the_diagonal(weighing):
    found = compare(weighing.hardness)
    (data,) = agreement.section(weighing).chart.data
    assert len(data["z"]) == 6  # the diagonal is blank
    for row, column, shown, text in zip(data["y"], data["x"], data["z"], data["text"], strict=True):
        matrix = found.hardest_shared(0.1) if column < row else found.spearman
        assert shown == round(100 * matrix[row - 1, column - 1])
        assert found.names[row - 1] in text
        assert ("hardest tenth" in text) == (column < row)
    assert (data["zmin"], data["zmax"]) == (0, 100)


def test_the_rows_are_named_in_the_order_of_the_record(weighing):
    found = compare(weighing.hardness)
    drawn = agreement.section(weighing).chart.layout
    assert drawn["yaxis"]["ticktext"] == [f"{name} {at + 1}" for at, name in enumerate(found.names)]
    assert drawn["yaxis"]["range"] == [3.5, 0.5]  # the first row on top


def test_the_table_has_every_pair_most_alike_first(weighing):
    section = agreement.section(weighing)
    assert len(section.table.rows) == 3
    shared = [int(row[1].text) for row in section.table.rows]
    assert shared == sorted(shared, reverse=True)
    assert not section.folded
    assert not section.wide
    first = compare(weighing.hardness).between("aum", "near")
    assert section.table.rows[0][4].text == f"{first:.2f}"
    assert str(len(weighing.hardness["aum"].ids)) in section.table.caption.replace(",", "")


def test_what_cannot_be_compared_is_no_data(weighing):
    values = weighing.hardness["aum"].values
    section = agreement.section(scored(weighing, a=values, b=np.ones(len(values))))
    assert [cell.text for cell in section.table.rows[0][4:]] == ["no data"] * 3
    assert section.chart.data[0]["z"][0] is None
    assert "no data" in section.chart.data[0]["text"][0]


def test_the_caption_says_what_the_colours_hide(weighing):
    values = weighing.hardness["aum"].values
    turned = scored(weighing, a=values, b=-values)
    (data,) = agreement.section(turned).chart.data
    assert min(data["z"]) == -100 < data["zmin"]  # so light is not only zero
    said = Page(render(turned)).text
    assert "below 0 as light as 0" in said
    assert "One scale of colours serves two measures" in said
    assert "negative ones are as light as 0" in agreement.section(turned).chart.alternative


def test_twenty_scores_scroll_and_fold(weighing):
    random, values = np.random.default_rng(1), weighing.hardness["aum"].values
    many = {f"score_{at}": values + at / 10 * random.normal(size=len(values)) for at in range(20)}
    page = render(scored(weighing, **many))
    assert len(page.encode()) < 6_000_000
    assert 'class="scroll matrix many"' in page
    assert "Table: every pair of scores" in Page(page).text
    assert "score_7, score_8" in Page(page).text or "score_8, score_7" in Page(page).text


def test_a_single_score_is_said(weighing):
    alone = scored(weighing, aum=weighing.hardness["aum"].values)
    assert agreement.section(alone) is None
    assert "there is none to compare it with" in Page(render(alone)).text
