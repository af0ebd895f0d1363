import dataclasses

from study_cases import make_study

from steelyard.report.study_method import facts


def told(**changes):
    study = make_study(data=("mnist",), claimed=(), not_run=(), class_names=("0",), epochs=30)
    figures = dataclasses.replace(study.figures, facts=changes)
    return {one.title: one for one in facts(dataclasses.replace(study, figures=figures))}


def test_facts_of_every_shape_are_told_in_words():
    shown = told(
        command="steelyard study x", seconds=754.2, versions={"numpy": "2", "torch": "3"},
        seeds=[0, 1], runs={"sets": {"mnist": 3}}, share=0.25, note=None, none=[],
    )  # fmt: skip
    assert (shown["Command"].value, shown["Command"].code) == ("steelyard study x", True)
    assert shown["Time"].value == "12 min 34 s"
    assert shown["Versions"].value == "numpy 2, torch 3"
    assert shown["Seeds"].value == "0, 1"
    assert shown["Runs"].value == "sets mnist 3"
    assert shown["Share"].value == "0.25"
    assert (shown["Note"].value, shown["None"].value) == ("none", "none")
    assert shown["Scale"].value == "small"


def test_what_everybody_looks_for_comes_first_whatever_the_order_of_the_file():
    titles = [*told(zebra=1, versions={}, command="c", apple=2)]
    assert titles[:6] == ["Study", "Paper", "Scale", "Quantities measured", "Command", "Versions"]
    assert titles[6:] == ["Apple", "Zebra"]


def test_a_missing_command_is_said():
    assert told()["Command"].value == "not recorded"
    assert told()["Versions"].value == "not recorded"
