"""A weighing with costs: one more arm, the answer in cost, and all else as without them."""

from dataclasses import replace

import numpy as np
import pytest
from toy_data import parted, toy_images, toy_table

from steelyard._support.errors import DataError, ParameterError, SteelyardWarning
from steelyard.evaluation.cost_report import cost_report
from steelyard.records import Costs, Weighing
from steelyard.records.run_folder import CELLS
from steelyard.training import PROBES
from steelyard.workflow import weigh
from steelyard.workflow.decide_costs import CLASS_WEIGHTS

QUICK = replace(PROBES["mlp"], epochs=3, batch_size=16)
TREES = replace(PROBES["trees"], epochs=8)
IMAGES = parted(toy_images((120, 60, 20), noise=120.0))
MISS = {"miss": 10, "false_alarm": 1, "positive": "class 1", "unit": "EUR"}
MATRIX = np.array([[0, 1, 1], [2, 0, 2], [9, 9, 0]])


def quick_weigh(data=IMAGES, **values):
    return weigh(data, **{"degrees": (0, 1), "seeds": 2, "probe": QUICK, **values})


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Without costs, then with them into the same folder."""
    run = tmp_path_factory.mktemp("run") / "run"
    plain = quick_weigh(run=run)
    before = {one.relative_to(run): one.read_bytes() for one in (run / CELLS).rglob("*.*")}
    costly = quick_weigh(run=run, costs=MATRIX)
    return run, before, plain, costly


def test_one_more_arm_weighs_the_classes_in_full(runs):
    _, _, plain, costly = runs
    assert [arm.name for arm in plain.study.arms] == ["degree=0", "degree=1"]
    assert [arm.name for arm in costly.study.arms] == ["degree=0", "degree=1", CLASS_WEIGHTS]
    weighted = [one for one in costly.predictions if one.arm == CLASS_WEIGHTS]
    assert len(weighted) == 2 * 2
    for one in weighted:
        np.testing.assert_allclose(one.prior, np.full(3, 1 / 3))
    assert [arm.name for arm in costly.study.by_degree] == ["degree=0", "degree=1"]


def test_all_else_is_as_without_costs(runs):
    _, _, plain, costly = runs
    assert plain.verdict == replace(costly.verdict, costs=None)
    assert plain.verdict.costs is None
    of_both = [one for one in costly.predictions if one.arm != CLASS_WEIGHTS]
    for one, other in zip(plain.predictions, of_both, strict=True):
        np.testing.assert_array_equal(one.logits, other.logits)
        assert (one.arm, one.seed, one.split) == (other.arm, other.seed, other.split)
    for name, hardness in plain.hardness.items():
        np.testing.assert_array_equal(hardness.values, costly.hardness[name].values)


def test_trainings_that_the_run_holds_are_not_trained_again(runs):
    run, before, _, _ = runs
    assert before
    for name, content in before.items():
        assert (run / name).read_bytes() == content
    after = {one.relative_to(run) for one in (run / CELLS).rglob("*.*")}
    assert len(after) > len(before)


def test_the_answer_is_that_of_the_predictions(runs):
    _, _, _, costly = runs
    validation, test = (
        [one for one in costly.predictions if one.split == part] for part in ("validation", "test")
    )
    report = cost_report(test, MATRIX, None, validation).set_index(["prior", "arm", "rule"])
    in_cost = costly.verdict.costs
    assert in_cost.costs == Costs(MATRIX, IMAGES.class_names)
    assert [one.prior for one in in_cost.priors] == ["train", "uniform"]
    for one in in_cost.priors:
        for option in one.options:
            assert option.cost.mean == report.loc[(one.prior, option.arm, option.rule), "cost"]


def test_it_survives_storage(runs, tmp_path):
    _, _, _, costly = runs
    costly.save(tmp_path / "run")
    assert Weighing.load(tmp_path / "run").verdict == costly.verdict


def test_trees_and_two_classes_have_a_threshold():
    found = quick_weigh(toy_table(), probe=TREES, costs=MISS)
    one = found.verdict.costs.priors[0]
    assert "threshold" in one.alone
    assert "EUR per 1,000 samples" in one.sentence
    assert len(one.options) == 3 * 4


def test_costs_that_do_not_fit_are_refused_before_the_work():
    told = []
    with pytest.raises(DataError, match="did you mean 'class 1'"):
        quick_weigh(
            toy_table(),
            costs={**MISS, "positive": "clas 1"},
            progress=lambda *now: told.append(now),
        )
    with pytest.raises(DataError, match=r"Costs of 3 classes need a matrix of shape \(3, 3\)"):
        quick_weigh(costs=np.ones((2, 2)))
    assert told == []


def test_odd_costs_are_noted():
    odd = -MATRIX  # a wrong sign
    with pytest.warns(SteelyardWarning, match="Deciding rightly costs more"):
        found = quick_weigh(costs=odd)
    assert any("Deciding rightly" in note for note in found.manifest["warnings"])


def test_costs_of_several_labels_a_sample_are_refused():
    X = np.random.default_rng(0).normal(size=(30, 2))
    several = np.random.default_rng(1).integers(0, 2, (30, 3))
    with pytest.raises(DataError, match="weigh takes one class a sample"):
        weigh(X, several, costs=MATRIX)


def test_a_probe_that_weighs_classes_itself_is_refused():
    with pytest.raises(ParameterError, match="class_weighting of 0"):
        quick_weigh(probe=replace(QUICK, class_weighting=0.5))
