"""A weighing that resamples by hardness too: a second round, and all else as without it."""

import json
import sys
from dataclasses import replace

import numpy as np
import pytest
from toy_data import parted, renamed_and_permuted, toy_images, toy_table

from steelyard._support.errors import ParameterError, SteelyardWarning
from steelyard.records import Weighing
from steelyard.records.run_folder import CELLS, VERDICT, WORK
from steelyard.records.verdict import OtherWay
from steelyard.resampling import by_count, by_hardness
from steelyard.training import PROBES
from steelyard.workflow import weigh
from steelyard.workflow.decide import decide
from steelyard.workflow.decide_costs import CLASS_WEIGHTS
from steelyard.workflow.engines.local import Local
from steelyard.workflow.runs import read_run
from steelyard.workflow.study import plan_of, plan_seed
from steelyard.workflow.weigh import declare

MODULE = sys.modules["steelyard.workflow.weigh"]
STUDY = sys.modules["steelyard.workflow.study"]
QUICK = replace(PROBES["mlp"], epochs=3, batch_size=16)
TREES = replace(PROBES["trees"], epochs=5)
IMAGES = parted(toy_images((120, 60, 20), noise=120.0))
EVEN = parted(toy_images((60, 60, 60), noise=120.0))
MATRIX = np.array([[0, 1, 1], [2, 0, 2], [9, 9, 0]])


def quick_weigh(data=IMAGES, **values):
    return weigh(data, **{"degrees": (0, 1), "seeds": 2, "probe": QUICK, **values})


def by_part(weighing, arm, part="test"):
    return [one for one in weighing.predictions if (one.arm, one.split) == (arm, part)]


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Without arms by hardness, then with them into the same folder."""
    run = tmp_path_factory.mktemp("run") / "run"
    plain = quick_weigh(run=run)
    before = {one.relative_to(run): one.read_bytes() for one in (run / CELLS).rglob("*.*")}
    return run, before, plain, quick_weigh(run=run, hardness_degrees=(1, 0.5, 0))


def test_each_degree_above_0_is_one_more_arm(runs):
    _, _, plain, both = runs
    names = [arm.name for arm in both.study.arms]
    assert names == ["degree=0", "degree=1", "hardness degree=0.5", "hardness degree=1"]
    assert [arm.by for arm in both.study.arms] == ["count", "count", "hardness", "hardness"]
    assert [arm.name for arm in both.study.by_degree] == names[:2]
    assert [arm.name for arm in both.study.by_hardness] == names[2:]
    assert plain.study.by_hardness == ()
    for name in names:
        assert [one.seed for one in by_part(both, name)] == [0, 1]


def test_all_else_is_as_without_them(runs):
    _, _, plain, both = runs
    of_both = [one for one in both.predictions if not one.arm.startswith("hardness")]
    for one, other in zip(plain.predictions, of_both, strict=True):
        np.testing.assert_array_equal(one.logits, other.logits)
        assert (one.arm, one.seed, one.split) == (other.arm, other.seed, other.split)
    assert list(plain.hardness) == list(both.hardness)
    for name, hardness in plain.hardness.items():
        np.testing.assert_array_equal(hardness.values, both.hardness[name].values)
    np.testing.assert_array_equal(plain.kinds, both.kinds)
    assert plain.verdict.classes == both.verdict.classes
    for one, other in zip(plain.verdict.priors, both.verdict.priors, strict=True):
        assert (one.as_is, one.corrected) == (other.as_is, other.corrected)
        by_count_alone = OtherWay("count", one.degree, one.rebalanced)
        assert by_count_alone == OtherWay(other.by, other.degree, other.rebalanced) or (
            other.other == by_count_alone
        )


def test_trainings_that_the_run_holds_are_not_trained_again(runs):
    run, before, _, _ = runs
    for name, content in before.items():
        assert (run / name).read_bytes() == content
    assert len(list((run / CELLS).rglob("*.*"))) == len(before) + 1  # one stack of networks
    work = json.loads((run / WORK).read_text())
    assert len(work["cells"]) == len(before) + 1
    assert work["n_trainings"] == 4 * 2 + 5


def test_they_train_on_the_plan_that_the_natural_arm_asks_for(runs, monkeypatch):
    _, _, _, both = runs
    drawn = []

    def spy(name, make):
        def spied(data, *words, **values):
            drawn.append((name, words, values))
            return make(data, *words, **values)

        monkeypatch.setattr(STUDY, name, spied)

    spy("by_count", by_count)
    spy("by_hardness", by_hardness)
    again = quick_weigh(hardness_degrees=(0.5, 1))
    aum = both.hardness["aum"]
    asked = [(words, values) for name, words, values in drawn if name == "by_hardness"][:4]
    assert [words[1] for words, _ in asked] == [0.5, 1, 0.5, 1]
    for words, values in asked:
        assert words[0].name == "aum"
        np.testing.assert_array_equal(words[0].values, aum.values)
        assert values["clip"]
        assert "mode" not in values  # the default, which is the safe one
    seeds = [values["seed"] for _, values in asked]
    assert seeds[::2] == seeds[1::2]
    by_counts = [values["seed"] for name, _, values in drawn if name == "by_count"]
    assert set(seeds) == set(by_counts[:4])
    assert len(set(seeds)) == 2
    train_part = IMAGES.part("train")
    for degree in (0.5, 1.0):
        plan = by_hardness(train_part, aum, degree, seed=plan_seed(again.study, 0))
        for one in by_part(again, f"hardness degree={degree:g}"):
            np.testing.assert_allclose(one.prior, plan.prior)
        assert not np.allclose(plan.prior, train_part.prior)


def test_an_arm_by_hardness_needs_the_hardness():
    study = declare((0, 1), QUICK, 1, 0, by_hardness=(1,))
    with pytest.raises(ParameterError, match="'hardness degree=1' resamples by hardness"):
        plan_of(study.by_hardness[0], study, 0, IMAGES.part("train"))


def test_it_survives_storage(runs, tmp_path):
    _, _, plain, both = runs
    both.save(tmp_path / "both")
    loaded = Weighing.load(tmp_path / "both")
    assert (loaded.verdict, loaded.study) == (both.verdict, both.study)
    told = json.loads((tmp_path / "both" / VERDICT).read_text())["priors"]
    for one, answer in zip(told, both.verdict.priors, strict=True):
        assert one["by"] == answer.by
        assert one["other"]["by"] != answer.by
    plain.save(tmp_path / "plain")  # as it was written before there was another way
    told = json.loads((tmp_path / "plain" / VERDICT).read_text())["priors"]
    assert not any({"by", "other"} & set(one) for one in told)
    assert not any("by" in arm for arm in plain.study.to_dict()["arms"])
    assert Weighing.load(tmp_path / "plain").verdict == plain.verdict


@pytest.mark.parametrize(("n_cells", "after"), [(9, 2), (9, 9), (2, 1)])
def test_what_was_stopped_in_either_round_goes_on_to_the_same_bytes(n_cells, after, tmp_path):
    """Two degrees of two repetitions and five folds are nine cells; two more are by hardness."""
    table = parted(toy_table((90, 40)))
    values = {"probe": TREES, "hardness_degrees": (1,), "engine": Local(1)}
    whole = quick_weigh(table, run=tmp_path / "whole", **values)
    whole.save(tmp_path / "whole")

    def interrupt(done, total, what):
        if total == n_cells and done >= after:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        quick_weigh(table, run=tmp_path / "run", progress=interrupt, **values)
    stopped = {one: one.stat().st_mtime_ns for one in (tmp_path / "run" / CELLS).rglob("*.npz")}
    # a cell tells of its last step before it is stored
    assert len(stopped) == after - 1 + (9 if n_cells == 2 else 0)
    quick_weigh(table, run=tmp_path / "run", **values).save(tmp_path / "run")
    assert {one: one.stat().st_mtime_ns for one in stopped} == stopped
    for name in (VERDICT, WORK):
        assert (tmp_path / "run" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    state = read_run(tmp_path / "run")
    assert (state.status, state.n_done, len(state.declared)) == ("complete", 11, 11)
    assert state.facts["study"]["degrees"] == [0.0, 1.0]
    assert state.facts["study"]["hardness_degrees"] == [1.0]
    assert state.facts["study"]["trainings"] == 6


def decided(outcome, by):
    def changed(*words):
        answers = decide(*words)
        return (replace(answers[0], outcome=outcome, by=by, degree=1.0), *answers[1:])

    return changed


@pytest.mark.parametrize(
    ("outcome", "by", "scheme"),
    [
        ("rebalance", "hardness", "by hardness 'aum', degree 1"),
        ("rebalance", "count", "by count, degree 1"),
        ("leave", "hardness", "by count, degree 0"),
    ],
)
def test_the_plan_goes_the_way_that_is_recommended(outcome, by, scheme, monkeypatch):
    monkeypatch.setattr(MODULE, "decide", decided(outcome, by))
    found = quick_weigh(hardness_degrees=(1,))
    assert found.plan.scheme.startswith(scheme)
    assert found.plan.is_identity == (outcome == "leave")


def test_where_classes_come_equally_often_hardness_is_the_only_way():
    found = quick_weigh(EVEN, hardness_degrees=(0.5, 1))
    for answer in found.verdict.priors:
        assert (answer.by, answer.other) == ("hardness", None)
        assert "esampling by hardness" in answer.sentence or "resample by" in answer.sentence
    alone = quick_weigh(EVEN)
    assert "by count there is nothing to rebalance" in alone.verdict.headline


def test_degrees_by_hardness_are_enough():
    found = quick_weigh(degrees=(0,), hardness_degrees=(1,))
    assert [arm.name for arm in found.study.arms] == ["degree=0", "hardness degree=1"]
    assert {(one.by, one.other) for one in found.verdict.priors} == {("hardness", None)}


def test_a_degree_that_cannot_be_met_is_cut_and_said():
    with pytest.warns(SteelyardWarning, match="Degree 500 by hardness cannot be met in full"):
        found = quick_weigh(EVEN, seeds=1, hardness_degrees=(0.5, 500))
    assert len(found.manifest["warnings"]) == 1
    (cut,) = by_part(found, "hardness degree=500")
    assert cut.prior.min() == pytest.approx(1 / 108)  # one sample of the class is left


@pytest.mark.parametrize("probe", [QUICK, TREES])
def test_row_order_and_label_names_do_not_matter(probe):
    data = toy_table()
    other, code = renamed_and_permuted(data)
    first, second = (quick_weigh(one, probe=probe, hardness_degrees=(1,)) for one in (data, other))
    for mine, theirs in zip(
        by_part(first, "hardness degree=1"), by_part(second, "hardness degree=1"), strict=True
    ):
        one, two = np.argsort(mine.ids), np.argsort(theirs.ids)
        np.testing.assert_array_equal(mine.logits[one], theirs.logits[two][:, code])


def test_costs_have_an_option_of_their_own_for_it():
    found = quick_weigh(hardness_degrees=(0.5, 1), costs=MATRIX)
    assert [arm.name for arm in found.study.arms][-1] == CLASS_WEIGHTS
    for one in found.verdict.costs.priors:
        by_hardness_alone = one.options[one.alone["resampling by hardness"]]
        assert by_hardness_alone.arm in ("hardness degree=0.5", "hardness degree=1")
        assert one.options[one.alone["rebalancing"]].arm == "degree=1"
        assert "hardness degree=1" in {option.arm for option in one.options}
        degree = by_hardness_alone.arm.partition("=")[2]
        chosen = one.options[one.chosen] == by_hardness_alone
        assert chosen or f"resampling by hardness (degree {degree})" in one.beside


@pytest.mark.parametrize(
    ("degrees", "message"),
    [((-1,), r"'hardness_degrees' parameter of weigh"), ((float("nan"),), "float in the range")],
)
def test_bad_degrees_are_refused_before_the_work(degrees, message):
    told = []
    with pytest.raises(ParameterError, match=message):
        quick_weigh(hardness_degrees=degrees, progress=lambda *now: told.append(now))
    assert told == []


def test_nothing_but_natural_training_is_no_weighing():
    with pytest.raises(ParameterError, match="must hold a degree above 0"):
        quick_weigh(degrees=(0,), hardness_degrees=(0,))
