import json
from dataclasses import replace

import numpy as np
import pytest
from records.samples import NAMES, assert_same, evaluation

from steelyard._support.errors import DataError
from steelyard.records import Evaluation, Interval


def test_an_evaluation_survives_storing(tmp_path):
    one = evaluation()
    one.save(tmp_path / "a.json")
    loaded = Evaluation.load(tmp_path / "a.json")
    assert_same(one, loaded)
    assert list(loaded.priors) == ["uniform", "a"]  # in their order, not the alphabet's


def test_no_data_is_null_in_the_file_and_nan_in_the_record(tmp_path):
    evaluation().save(tmp_path / "a.json")
    rows = json.loads((tmp_path / "a.json").read_text())["by_class"]
    assert [row["mean"] for row in rows] == [None] * len(NAMES)
    loaded = Evaluation.load(tmp_path / "a.json")
    assert loaded.by_class["mean"].dtype == np.float64
    assert loaded.by_class[["mean", "low", "high"]].isna().all(axis=None)
    assert loaded.by_class["n"].tolist() == [0] * len(NAMES)
    assert loaded.no_data == NAMES


def test_a_figure_is_looked_up_by_arm_prior_metric_and_decision():
    one = evaluation()
    assert one.figure("degree=0", "uniform") == Interval(0.75, 0.5, 1.0)
    assert one.figure("degree=0", "a") == Interval(0.5, 0.25, 1.0)
    for wrong in (
        ("degree=1", "uniform"),
        ("degree=0", "other"),
        ("degree=0", "uniform", "log_loss"),
        ("degree=0", "uniform", "accuracy", "prior corrected"),
    ):
        with pytest.raises(DataError, match="holds 0 figures for"):
            one.figure(*wrong)


def test_a_difference_is_looked_up_by_both_sides():
    one = evaluation()
    assert one.difference("degree=1", "degree=0", "uniform") == Interval(-0.25, -0.5, 0.125)
    for wrong in (
        {"arm": "degree=0"},
        {"base_arm": "degree=1"},
        {"prior": "a"},
        {"metric": "log_loss"},
        {"decision": "prior corrected"},
        {"base_decision": "prior corrected"},
    ):
        right = {"arm": "degree=1", "base_arm": "degree=0", "prior": "uniform"}
        with pytest.raises(DataError, match="holds 0 figures for"):
            one.difference(**{**right, **wrong})


def test_a_wrong_name_is_answered_with_the_nearest():
    one = evaluation()
    with pytest.raises(DataError, match=r"no metric 'acuracy'. Hint: did you mean 'accuracy'"):
        one.figure("degree=0", "uniform", "acuracy")
    with pytest.raises(DataError, match=r"no metric 'acuracy'. Hint: did you mean 'accuracy'"):
        one.matrix("acuracy")
    with pytest.raises(DataError, match=r"no arm 'degre=0'. Hint: did you mean 'degree=0'"):
        one.classes("degre=0", "uniform")
    with pytest.raises(DataError, match=r"no base arm 'degre=0'. Hint: did you mean 'degree=0'"):
        one.difference("degree=1", "degre=0", "uniform")


def test_two_figures_for_one_question_are_none():
    one = evaluation()
    twice = replace(one, overall=one.overall.iloc[[0, 0, 1]])
    with pytest.raises(DataError, match="holds 2 figures for degree=0, as trained, uniform"):
        twice.figure("degree=0", "uniform")


def test_a_table_of_other_columns_or_kinds_is_refused():
    one = evaluation()
    with pytest.raises(DataError, match="The overall table of an Evaluation must have the columns"):
        replace(one, overall=one.overall.drop(columns="mean"))
    with pytest.raises(DataError, match="The by_class table of an Evaluation cannot hold this"):
        replace(one, by_class=one.by_class.assign(n=np.nan))
    with pytest.raises(DataError, match="The overall table of an Evaluation cannot hold this"):
        replace(one, overall=one.overall.assign(mean="high"))


def test_the_callers_table_is_not_shared():
    mine = evaluation().overall.copy()
    one = replace(evaluation(), overall=mine)
    mine["mean"] = 0.6
    assert one.figure("degree=0", "uniform").mean == 0.75
