import dataclasses

import pytest
from cost_cases import two_classes, with_costs
from html_pages import Page

from steelyard.records import Costs
from steelyard.report import costs, curves, digits, methods, render


@pytest.fixture(scope="module")
def weighing():
    return two_classes()


@pytest.fixture(scope="module")
def page(weighing):
    return Page(render(weighing))


def test_the_section_stands_behind_the_verdict_and_is_linked(page):
    found = [attributes["id"] for attributes in page.all("section")]
    assert found[:3] == ["verdict", "costs", "degrees"]
    assert "#costs" in {link["href"] for link in page.all("a")}


def test_every_number_of_the_answer_appears(weighing, page):
    in_cost = weighing.verdict.costs
    for one in in_cost.priors:
        assert one.sentence in page.text
        assert str(digits.per_thousand(one.options[one.base].cost)) in page.text
        for number in one.alone.values():
            assert str(digits.per_thousand_saved(one.options[number].saved)) in page.text
        for option in one.options:
            assert str(digits.per_thousand(option.cost)) in page.text
    assert page.text.count("Under the training distribution: the cheapest choice") == 1


def test_measures_stand_side_by_side_with_what_they_mean(weighing):
    section = costs.section(weighing)
    for answer, one in zip(section.answers, weighing.verdict.costs.priors, strict=True):
        titles = [evidence.title for evidence in answer.evidence]
        assert titles[0] == "Cost as is, decided as trained"
        assert titles[2:6] == [
            "Class weights", "Prior corrected", "Threshold moved", "Decided at least cost",
        ]  # fmt: skip
        assert titles[1].startswith("Rebalanced (degree ")
        assert titles[6].startswith("Cheapest on validation: ")
        for evidence, number in zip(answer.evidence[1:], one.alone.values(), strict=False):
            saved = one.options[number].saved
            better = {True: "better", False: "worse" if saved.below_zero else "unclear"}
            if saved.half_width:
                assert evidence.meaning == better[saved.above_zero]
                assert 0 <= evidence.strip.low <= evidence.strip.mean <= evidence.strip.high <= 100
            else:
                assert (evidence.meaning, evidence.strip) == ("changes nothing", None)
    assert section.unit == "EUR"


def test_the_table_holds_every_option_the_cheapest_first_and_marks_the_choice(weighing):
    table = costs.section(weighing).table
    in_cost = weighing.verdict.costs
    assert len(table.rows) == sum(len(one.options) for one in in_cost.priors)
    n = len(in_cost.priors[0].options)
    for number, one in enumerate(in_cost.priors):
        rows = table.rows[n * number : n * (number + 1)]
        costs_shown = [float(row[3].text.replace(",", "")) for row in rows]
        assert costs_shown == sorted(costs_shown)
        (chosen,) = (row for row in rows if row[1].note == "chosen")
        assert chosen[2].text == one.best.rule
        assert chosen[3].text == digits.per_thousand(one.best.cost).value
        (base,) = (row for row in rows if row[4].text == "\N{EN DASH}")
        assert (base[1].text, base[2].text) == ("data as they are", "as trained")


def test_the_lead_says_what_was_shown_and_no_more(weighing):
    lead = costs.section(weighing).lead
    in_cost = weighing.verdict.costs
    for one in in_cost.priors:
        assert one.options[one.natural].saved.above_zero == (one.prior in lead.split(". ")[0])
        assert one.over_natural.above_zero == (one.prior in lead.split(". ")[1])


def test_the_costs_themselves_are_shown_where_they_can_be_read(weighing, images):
    matrix = costs.section(weighing).matrix
    names = weighing.test.class_names
    assert [row[0].text for row in matrix.rows] == list(names)
    assert [[cell.text for cell in row[1:]] for row in matrix.rows] == [["0", "1"], ["10", "0"]]
    assert matrix.columns[2].title == f"decided {names[1]}"
    monkey = pytest.MonkeyPatch()
    with monkey.context() as patch:
        patch.setattr(costs, "_CLASSES_SHOWN", 1)
        assert costs.section(weighing).matrix is None
        render(weighing)


def test_the_method_says_how_and_names_the_arm(weighing, page):
    titles = [step.title for step in methods.steps(weighing)]
    assert titles.index("Costs") == titles.index("Choice") + 1
    assert "Threshold moved: the second class is decided above" in page.text
    assert "Beside them, class weights: the data as they are" in page.text
    assert "class weighting" in page.text


def test_more_classes_have_no_threshold(images):
    names = images.test.class_names
    matrix = [[float(i != j) * (1 + 9 * (i == 9)) for j in range(10)] for i in range(10)]
    many = with_costs(images, Costs(matrix, names, "<b>EUR</b>"))
    text = render(many)
    assert "<b>EUR" not in text
    assert "there is no threshold to move" in Page(text).text
    assert "<b>EUR</b> per 1,000" in Page(text).text


def test_the_curves_are_those_of_the_degrees_alone(weighing):
    without = dataclasses.replace(
        weighing, study=dataclasses.replace(weighing.study, arms=weighing.study.arms[:-1])
    )
    assert curves.curves(weighing, curves.ACCURACY) == curves.curves(without, curves.ACCURACY)


def test_without_costs_there_is_no_section(images):
    assert costs.section(images) is None
    page = Page(render(images))
    assert "costs" not in [attributes["id"] for attributes in page.all("section")]
    assert "Costs" not in [step.title for step in methods.steps(images)]
    assert "#costs" not in {link["href"] for link in page.all("a")}
