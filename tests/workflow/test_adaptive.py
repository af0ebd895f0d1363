"""Runs grow until halves of them agree: on scores whose truth is known, and on real trainings."""

import dataclasses
import sys

import numpy as np
import pytest
from run_cases import IMAGES, NETWORK, TABLE, TREES

from steelyard._support.errors import ParameterError
from steelyard.checks.hand_made import dynamics_from_logits
from steelyard.hardness import stability
from steelyard.records import Dynamics, Hardness
from steelyard.workflow import score
from steelyard.workflow.adaptive import gather_until
from steelyard.workflow.engines.local import Local
from steelyard.workflow.scores import Scores
from steelyard.workflow.store import stored_addresses

N = 600
NO_TRAINING = "knn_disagreement"
TRAININGS = sys.modules["steelyard.workflow.trainings"]


def dynamics(n_runs, noise):
    """Runs of one margin a sample, each with noise of its own; the first ones stay the same."""
    effects = np.random.default_rng(0).normal(size=N)
    logits = np.zeros((n_runs, 1, N, 3))
    for run in range(n_runs):
        own = np.random.default_rng(run + 1).normal(size=N)
        logits[run, 0, :, 0] = effects + noise * own + 20
    labels, ids = np.zeros(N, dtype=int), np.arange(N)
    return dynamics_from_logits(logits, labels, ids, ("a", "b", "c"))


def grown(noise, until, *, runs=3, most_runs=30, share=0.1):
    asked = []

    def gather(total, grown_from):
        asked.append((total, grown_from))
        return [dynamics(total, noise)]

    records, growth = gather_until(
        gather, "aum", until=until, share=share, runs=runs, most_runs=most_runs, seed=0
    )
    return records, growth, asked


def test_it_grows_in_steps_until_two_halves_agree():
    records, growth, asked = grown(noise=0.8, until=0.75)
    assert growth.reached
    runs = [total for total, _ in growth.steps]
    assert runs == list(range(3, runs[-1] + 1, 3))
    assert len(runs) > 2
    assert asked == [(total, tuple(runs[:at])) for at, total in enumerate(runs)]
    assert records[0].n_runs == runs[-1]
    assert all(shared < 0.75 for _, shared in growth.steps[:-1])
    # what stopped it is what the stability of the same runs says of their halves
    by_run = -records[0].channels["margin"]
    found = stability(by_run, records[0].labels, records[0].ids, thresholds=(0.1,), draws=100)
    assert growth.steps[-1][1] == pytest.approx(found.shared()[0], abs=0.02)
    assert f"{runs[-1]} runs (enough): by aum, two halves of {runs[-1] // 2} share" in str(growth)


def test_it_ends_at_the_most_runs_and_says_so():
    records, growth, asked = grown(noise=5.0, until=0.9, runs=4, most_runs=10)
    assert not growth.reached
    assert [total for total, _ in growth.steps] == [4, 8, 10]
    assert records[0].n_runs == 10
    assert "10 runs (the most allowed; 90 % was asked)" in str(growth)
    assert asked[-1] == (10, (4, 8))


def test_one_run_has_no_halves_and_another_share_other_ones():
    _, growth, asked = grown(noise=0.1, until=0.5, runs=1, most_runs=5)
    assert [total for total, _ in asked] == [1, 2]
    assert [total for total, _ in growth.steps] == [2]
    _, wide, _ = grown(noise=0.8, until=0.75, share=0.5)
    assert len(wide.steps) < len(grown(noise=0.8, until=0.75)[1].steps)
    assert "hardest 50 %" in str(wide)


def test_ties_do_not_stop_it():
    found = score(
        "digits", estimators=["forgetting"], runs=2, until=0.75, most_runs=4, engine=Local(1)
    )
    assert not found.growth.reached
    assert [runs for runs, _ in found.growth.steps] == [2, 4]
    assert found.growth.steps[0][1] < 0.6


@pytest.mark.parametrize(
    "values",
    [{"until": 0}, {"until": 1}, {"until": 0.5, "share": 1}, {"until": 0.5, "most_runs": 2}],
)
def test_numbers_out_of_range_are_refused_before_any_training(values):
    with pytest.raises(ParameterError):
        grown(noise=1, **values)
    with pytest.raises(ParameterError):
        score(None, runs=3, **values)


def test_a_score_of_no_training_is_refused_before_any():
    with pytest.raises(ParameterError, match=f"{NO_TRAINING}' comes of no training"):
        score(None, estimators=[NO_TRAINING, "aum"], until=0.5)  # before the data are read


def test_the_trainings_of_the_first_runs_are_kept(tmp_path, monkeypatch):
    values = {"estimators": ["aum"], "probe": NETWORK, "engine": Local(1), "until": 0.999}
    first = score(IMAGES, runs=2, most_runs=2, run=tmp_path, **values)
    before = stored_addresses(tmp_path)
    trained = []
    fit = TRAININGS.fit_ensemble
    monkeypatch.setattr(
        TRAININGS,
        "fit_ensemble",
        lambda prepared, members, **rest: trained.extend(members) or fit(prepared, members, **rest),
    )
    again = score(IMAGES, runs=2, most_runs=6, run=tmp_path, **values)
    assert [total for total, _ in again.growth.steps] == [2, 4, 6]
    assert sorted(member.repetition for member in trained) == [2, 3, 4, 5]
    assert set(before) <= set(stored_addresses(tmp_path))
    np.testing.assert_array_equal(again.by_run("aum")[:2], first.by_run("aum"))
    assert again["aum"].n_runs == 6
    trained.clear()
    score(IMAGES, runs=2, most_runs=6, run=tmp_path, fresh=True, **values)
    assert sorted(member.repetition for member in trained) == [0, 1, 2, 3, 4, 5]


def test_without_a_folder_nothing_is_left_behind_and_nothing_trained_twice(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    trained = []
    fit = TRAININGS.fit_ensemble
    monkeypatch.setattr(
        TRAININGS,
        "fit_ensemble",
        lambda prepared, members, **rest: trained.extend(members) or fit(prepared, members, **rest),
    )
    found = score(
        TABLE, estimators=["el2n"], probe=TREES, engine=Local(1), runs=1, until=0.999, most_runs=3
    )
    assert sorted(member.repetition for member in trained) == list(range(found["el2n"].n_runs))
    assert [path for path in tmp_path.iterdir() if path.name.startswith("steelyard-")] == []


def scores(n_runs=6):
    record = dynamics(n_runs, 0.5)
    labels = np.arange(N) % 3
    record = dataclasses.replace(record, labels=labels)
    by_run = -record.channels["margin"]
    aum = Hardness(
        "aum", record.ids, labels, record.class_names, by_run.mean(axis=0),
        by_run.std(axis=0), n_runs, record.data_fingerprint,
    )  # fmt: skip
    return Scores({"aum": aum, "el2n": dataclasses.replace(aum, name="el2n")}, (record,))


def test_scores_are_a_mapping_that_tells_more():
    found = scores()
    assert list(found) == ["aum", "el2n"]
    assert dict(found)["aum"] is found["aum"]
    assert len(found) == 2
    assert isinstance(found.dynamics, Dynamics)
    np.testing.assert_array_equal(found.by_run("aum"), -found.dynamics.channels["margin"])
    classes = found.class_hardness("aum", share=0.2)
    assert (classes.name, classes.share, classes.n_runs) == ("aum", 0.2, 6)
    assert classes.figures["mean"][0, 0] == pytest.approx(
        found["aum"].values[found["aum"].labels == 0].mean()
    )
    assert found.stability("aum").most_disjoint == 3
    needed = found.runs_needed("aum", until=0.99)
    assert needed == found.runs_needed("aum", until=0.99, stability=found.stability("aum", (0.1,)))
    assert found.agreement().between("aum", "el2n") == 1
    assert repr(found) == "Scores(aum, el2n; 600 samples)"
    with pytest.raises(ParameterError, match="aum"):
        found.by_run("aun")
    with pytest.raises(ParameterError, match="two runs"):
        scores(1).stability("aum")


def test_what_score_returns_says_what_was_trained():
    found = score(TABLE, estimators=["el2n", "aum"], probe=TREES, runs=2, engine=Local(1))
    assert list(found) == ["el2n", "aum"]
    assert found.growth is None
    assert found.dynamics.n_runs == 2
    np.testing.assert_allclose(found.by_run("el2n").mean(axis=0), found["el2n"].values)
    with pytest.raises(ParameterError, match="estimators"):
        score(TABLE, estimators=[], probe=TREES)
    with pytest.raises(ParameterError, match=r"sequence of names. Got 'aum'.*\('aum',\)"):
        score(TABLE, estimators="aum", probe=TREES)
