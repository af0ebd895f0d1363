"""A weighing end to end, on small data."""

import json
import sys
from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import recall_score
from toy_data import parted, renamed_and_permuted, toy_images, toy_table

from steelyard._support.errors import DataError, ParameterError, SteelyardWarning
from steelyard.guards import audit
from steelyard.records import Labelled, Weighing
from steelyard.records.run_folder import PREDICTIONS, VERDICT
from steelyard.report.methods import gaps
from steelyard.resampling import by_count
from steelyard.training import PROBES
from steelyard.workflow import out_of_fold, plan, score, train, weigh
from steelyard.workflow.decide import decide
from steelyard.workflow.evidence import plain_scores
from steelyard.workflow.weigh import declare

# by its full name: the package calls its function "weigh" too
MODULE = sys.modules["steelyard.workflow.weigh"]
STUDY = sys.modules["steelyard.workflow.study"]
QUICK = replace(PROBES["mlp"], epochs=3, batch_size=16)
TREES = replace(PROBES["trees"], epochs=8)
IMAGES = parted(toy_images((120, 60, 20), noise=120.0))


def quick_weigh(data=IMAGES, **values):
    values = {"degrees": (0, 1), "seeds": 2, "probe": QUICK, **values}
    return weigh(data, **values)


@pytest.fixture(scope="module")
def weighing():
    return quick_weigh(degrees=(0.5, 0, 1), priors={"field": {"class 2": 1, "class 0": 1}})


def test_it_holds_every_record(weighing):
    assert [arm.name for arm in weighing.study.arms] == ["degree=0", "degree=0.5", "degree=1"]
    assert [answer.prior for answer in weighing.verdict.priors] == ["field", "train", "uniform"]
    assert list(weighing.hardness) == [*plain_scores(), "label_odds", "label_doubt"]
    assert len(weighing.predictions) == 3 * 2 * 2
    n_train = (IMAGES.split == "train").sum()
    assert len(weighing.kinds) == len(weighing.plan.ids) == n_train
    assert weighing.manifest["n_train"] == n_train
    assert weighing.verdict.headline == weighing.verdict.priors[0].sentence
    assert [one.rare for one in weighing.verdict.classes] == [False, False, True]


def test_the_verdict_counts_the_kinds_as_the_page_names_them(weighing):
    # "of the hardest tenth so many do not look mislabelled": the rare are among them
    assert (weighing.kinds == "rare").any()
    assert weighing.verdict.n_hard == np.isin(weighing.kinds, ["rare", "hard"]).sum()
    assert weighing.verdict.n_suspect == (weighing.kinds == "suspect").sum()


def test_arms_are_trained_on_what_they_say(weighing):
    priors = {one.arm: one.prior for one in weighing.predictions}
    np.testing.assert_allclose(priors["degree=0"], IMAGES.part("train").prior)
    np.testing.assert_allclose(priors["degree=1"], 1 / 3, atol=0.01)


def test_scores_come_from_the_training_part_alone(weighing):
    held_out = set(IMAGES.ids[IMAGES.split != "train"])
    assert not held_out & set(weighing.hardness["aum"].ids)
    assert not held_out & set(weighing.gallery.ids)


def test_the_stored_predictions_give_the_stated_recalls(weighing, tmp_path):
    import pandas as pd

    weighing.save(tmp_path / "run")
    frame = pd.read_parquet(tmp_path / "run" / PREDICTIONS)
    names = [one.name for one in weighing.verdict.classes]
    mine = frame[(frame["arm"] == "degree=0") & (frame["split"] == "test")]
    recalls = []
    for _, rows in mine.groupby("seed"):
        columns = [f"p_{name}" for name in names]
        predicted = np.asarray(names)[rows[columns].to_numpy().argmax(axis=1)]
        recalls.append(recall_score(rows["truth"], predicted, average=None, labels=names))
    stated = [one.recall.mean for one in weighing.verdict.classes]
    np.testing.assert_allclose(stated, np.mean(recalls, axis=0))


def test_two_runs_with_one_seed_give_identical_verdict_files(tmp_path):
    files = []
    for name in ("first", "second"):
        quick_weigh().save(tmp_path / name)
        files.append((tmp_path / name / VERDICT).read_bytes())
    assert files[0] == files[1]
    quick_weigh(seed=1).save(tmp_path / "third")
    assert files[0] != (tmp_path / "third" / VERDICT).read_bytes()


@pytest.mark.parametrize(
    ("make", "probe"), [(toy_images, QUICK), (toy_table, TREES), (toy_table, QUICK)]
)
def test_row_order_and_label_names_do_not_matter(make, probe):
    data = make()  # without a split: the split must follow the ids too
    other, _ = renamed_and_permuted(data)
    first, second = quick_weigh(data, probe=probe), quick_weigh(other, probe=probe)
    for name, hardness in first.hardness.items():
        twin = second.hardness[name]
        one, two = np.argsort(hardness.ids), np.argsort(twin.ids)
        np.testing.assert_array_equal(hardness.ids[one], twin.ids[two])
        np.testing.assert_array_equal(hardness.values[one], twin.values[two])
    one, two = np.argsort(first.plan.ids), np.argsort(second.plan.ids)
    np.testing.assert_array_equal(first.plan.counts[one], second.plan.counts[two])
    for mine, theirs in zip(first.verdict.priors, second.verdict.priors, strict=True):
        assert mine.outcome == theirs.outcome
        assert mine.as_is.mean == pytest.approx(theirs.as_is.mean, abs=1e-12)
        assert mine.rebalanced.low == pytest.approx(theirs.rebalanced.low, abs=1e-12)


@pytest.mark.parametrize("names", [("0", "1"), ("-1", "1"), ("zebra", "ant"), ("ant", "zebra")])
def test_any_two_names_give_the_same_scores(names):
    base = toy_table()
    expected = score(base, runs=1, probe=TREES)["aum"].values
    for labels in (base.labels, 1 - base.labels):
        named = Labelled(base.inputs, labels, names, base.ids)
        np.testing.assert_array_equal(score(named, runs=1, probe=TREES)["aum"].values, expected)


def test_it_survives_storage(weighing, tmp_path):
    weighing.save(tmp_path / "run")
    loaded = Weighing.load(tmp_path / "run")
    assert loaded.verdict == weighing.verdict
    assert loaded.study == weighing.study
    assert loaded.gallery.fingerprint == weighing.gallery.fingerprint
    assert loaded.test.to_dict() == weighing.test.to_dict()
    verdict = json.loads((tmp_path / "run" / VERDICT).read_text())
    assert verdict["headline"] == weighing.verdict.headline


def test_flipped_labels_are_among_the_suspects():
    data = parted(toy_images((150, 150, 150)))
    labels = data.labels.copy()
    train_rows = np.flatnonzero(data.split == "train")
    flipped = np.random.default_rng(0).choice(train_rows, 15, replace=False)
    labels[flipped] = (labels[flipped] + 1) % 3
    noisy = Labelled(data.inputs, labels, data.class_names, data.ids, data.split)
    found = quick_weigh(noisy, probe=replace(QUICK, epochs=15), seeds=3)
    suspects = set(found.hardness["aum"].ids[found.kinds == "suspect"])
    right = suspects & set(data.ids[flipped])
    assert len(right) > 15 / 2  # most wrong labels are found,
    assert len(right) > len(suspects) / 2  # and most that are called wrong are


def test_rows_that_stand_on_both_sides_of_the_split_are_warned_of():
    data = parted(toy_images())
    images = data.inputs.copy()
    train_row = np.flatnonzero(data.split == "train")[0]
    images[np.flatnonzero(data.split == "test")[:2]] = images[train_row]
    leaking = Labelled(images, data.labels, data.class_names, data.ids, data.split)
    with pytest.warns(SteelyardWarning) as told:
        found = quick_weigh(leaking)
    sentences = [str(one.message) for one in told]
    assert any(
        "2 of 24 test rows have the same inputs as a training row" in one for one in sentences
    )
    counts = {one["code"]: one["count"] for one in found.manifest["findings"]}
    assert counts == {"G101": 2, "G203": 1}
    assert found.manifest["warnings"] == []  # the page tells them as findings
    assert any("2 of 24 test rows" in gap for gap in gaps(found))


def test_clean_data_have_no_findings():
    assert quick_weigh().manifest["findings"] == []


def test_a_balanced_test_part_is_no_finding_because_every_figure_is_re_weighed():
    labels = np.repeat([0, 1, 2], [120, 60, 45])
    ranks = np.concatenate([np.arange(120), np.arange(60), np.arange(45)])
    parts = np.where(ranks < 20, "test", np.where(ranks < 30, "validation", "train"))
    images = np.random.default_rng(0).integers(0, 256, (225, 4, 4, 1), dtype=np.uint8)
    data = Labelled(images, labels, ("a", "b", "c"), np.arange(225), parts)
    assert "G202" in audit(data, quick=True).codes
    assert quick_weigh(data).manifest["findings"] == []


def test_progress_counts_every_epoch_of_every_training():
    told = []
    quick_weigh(progress=lambda done, total, what: told.append((done, total)))
    n_train = 1 * 2 * 2 * 3
    n_folds = 5 * 3
    trained = [one for one in told if one[1] == n_train + n_folds]
    assert trained == sorted(trained)
    assert trained[0] == (0, 27)
    assert trained[-1] == (27, 27)
    assert len(set(trained)) > 3
    n = (IMAGES.split == "train").sum()
    assert told[len(trained) :] == [(n, n)]  # and then the neighbours


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"degrees": (0,)}, "must hold a degree above 0"),
        ({"degrees": (0, -1)}, r"float in the range \[0, inf\)"),
        ({"degrees": (0, float("nan"))}, "float in the range"),
        ({"seeds": 0}, r"int in the range \[1, inf\). Got 0"),
        ({"probe": "mpl"}, "did you mean 'mlp'"),
    ],
)
def test_bad_parameters_are_refused(values, message):
    with pytest.raises(ParameterError, match=message):
        quick_weigh(**values)


def test_natural_training_is_called_degree_0_however_zero_is_written():
    for degrees in ((1,), (1, 0), (-0.0, 1), (0.0, 1, 1.0)):
        study = declare(degrees, QUICK, 2, 0)
        assert [arm.name for arm in study.arms] == ["degree=0", "degree=1"]


def test_a_prior_over_other_classes_is_refused():
    with pytest.raises(DataError, match="did you mean 'class 1'"):
        quick_weigh(priors={"field": {"clas 1": 1}})


def test_a_prior_that_no_held_out_sample_can_judge_is_refused_before_the_work():
    split = IMAGES.split.copy()
    split[(IMAGES.labels == 2) & (split == "test")] = "train"
    lacking = Labelled(IMAGES.inputs, IMAGES.labels, IMAGES.class_names, IMAGES.ids, split)
    told = []
    with (
        pytest.warns(SteelyardWarning, match="no test sample"),
        pytest.raises(DataError, match="'field' holds only classes without test samples"),
    ):
        quick_weigh(
            lacking, priors={"field": {"class 2": 1}}, progress=lambda *now: told.append(now)
        )
    assert told == []


def test_one_seed_is_enough(tmp_path):
    found = quick_weigh(seeds=1)
    assert np.isnan(found.hardness["aum"].spread).all()
    found.save(tmp_path / "run")
    Weighing.load(tmp_path / "run")


def test_train_and_plan_and_score_go_together():
    made = plan(IMAGES, degree=0.5)
    validation, test = train(IMAGES, QUICK, plan=made, arm="half")
    assert (validation.split, test.split) == ("validation", "test")
    assert test.arm == "half"
    np.testing.assert_allclose(test.prior, made.prior)
    scores = score(IMAGES, estimators=["el2n"], runs=2, probe=QUICK)
    assert list(scores) == ["el2n"]
    assert scores["el2n"].n_runs == 2
    with pytest.raises(ParameterError, match="did you mean 'el2n'"):
        score(IMAGES, estimators=["el2m"], runs=1, probe=QUICK)


def test_natural_training_is_always_an_arm():
    assert [arm.degree for arm in quick_weigh(degrees=(1,)).study.arms] == [0, 1]


def test_each_repetition_draws_its_own_plan_and_arms_share_it(monkeypatch):
    drawn = []

    def spy(data, degree, *, seed):
        drawn.append((degree, seed))
        return by_count(data, degree, seed=seed)

    monkeypatch.setattr(STUDY, "by_count", spy)
    quick_weigh(seeds=3)
    seeds = {degree: [seed for d, seed in drawn[:6] if d == degree] for degree in (0.0, 1.0)}
    assert seeds[0.0] == seeds[1.0]
    assert len(set(seeds[0.0])) == 3


def test_another_seed_splits_and_trains_otherwise():
    given, other = quick_weigh(seed=0), quick_weigh(seed=1)  # of data that bring their parts
    np.testing.assert_array_equal(given.predictions[0].ids, other.predictions[0].ids)
    assert not np.array_equal(given.predictions[0].logits, other.predictions[0].logits)
    whole = toy_table()
    first, second = (quick_weigh(whole, probe=TREES, seed=seed) for seed in (0, 1))
    assert set(first.predictions[0].ids) != set(second.predictions[0].ids)


def test_the_shares_of_the_parts_are_those_asked_for():
    found = quick_weigh(toy_table(), probe=TREES, validation=0.1, test=0.3).manifest
    assert (found["n_train"], found["n_validation"], found["n_test"]) == (120, 20, 60)
    assert found["split"] == {"given": [], "drawn": {"validation": 0.1, "test": 0.3}}


@pytest.mark.parametrize("outcome", ["rebalance", "correct", "leave", "no evidence"])
def test_the_plan_is_the_identity_unless_the_verdict_is_to_rebalance(outcome, monkeypatch):
    def decided(*words):
        answers = decide(*words)
        return (replace(answers[0], outcome=outcome), *answers[1:])

    monkeypatch.setattr(MODULE, "decide", decided)
    found = quick_weigh()
    assert found.plan.is_identity == (outcome != "rebalance")
    if outcome == "rebalance":
        assert set(found.plan.achieved) <= {35, 36, 37, 38, 39, 40, 41}  # three of 120/60/20


def test_the_gallery_shows_the_hardest_and_the_suspects(weighing):
    aum = weighing.hardness["aum"]
    hard = [r for r in aum.hardest(len(aum.ids)) if weighing.kinds[r] in ("rare", "hard")]
    assert set(aum.ids[hard[:24]]) <= set(weighing.gallery.ids)
    suspects = aum.ids[weighing.kinds == "suspect"]
    doubt = weighing.hardness["label_doubt"]
    first = [i for i in doubt.ids[doubt.hardest(len(doubt.ids))] if i in set(suspects)][:24]
    assert set(weighing.gallery.ids) - set(aum.ids[hard[:24]]) == set(first)


def test_runs_of_a_score_differ_and_so_do_seeds():
    first = score(IMAGES, estimators=["aum"], runs=2, probe=QUICK)["aum"]
    assert (first.spread > 0).all()
    second = score(IMAGES, estimators=["aum"], runs=2, probe=QUICK, seed=1)["aum"]
    assert not np.array_equal(first.values, second.values)


@pytest.mark.parametrize("counts", [(40, 20, 3), (3, 3)])
def test_nothing_is_said_against_the_only_sample_of_a_class(counts):
    data = toy_table(counts)
    found = weigh(data, degrees=(0, 1), seeds=1, probe=replace(PROBES["trees"], epochs=3))
    odds = found.hardness["label_odds"]
    alone = np.bincount(odds.labels)[odds.labels] == 1
    assert alone.sum() == sum(count == 3 for count in counts)
    assert (odds.values[alone] == -30).all()
    assert not (found.kinds[alone] == "suspect").any()


@pytest.mark.parametrize("verb", [weigh, score, out_of_fold])
def test_what_cannot_be_trained_on_is_refused_by_name(verb):
    X = np.random.default_rng(0).normal(size=(30, 2))
    several = np.random.default_rng(1).integers(0, 2, (30, 3))
    with pytest.raises(DataError, match=f"{verb.__name__} takes one class a sample"):
        verb(X, several)
    with pytest.raises(DataError, match=f"{verb.__name__} needs inputs"):
        verb(None, np.arange(30) % 3)
