import pickle

import numpy as np
import pandas as pd
import pytest
from records.samples import IDS, LABELS, NAMES, assert_same, dynamics, n

from steelyard._support.errors import DataError, MismatchError, ParameterError
from steelyard.records import CHANNELS, Dynamics
from steelyard.records.dynamics import FINAL, GRADIENT, LEFT_OUT, TRAINING


@pytest.mark.parametrize("suffix", [".npz", ".parquet"])
@pytest.mark.parametrize("ids", IDS.values(), ids=list(IDS))
def test_dynamics_survive_storing(ids, suffix, tmp_path):
    one = dynamics(ids)
    one.save(tmp_path / f"a{suffix}")
    assert_same(one, Dynamics.load(tmp_path / f"a{suffix}"))


def test_the_table_has_a_row_a_run_and_sample(tmp_path):
    one = dynamics(runs=2)
    one.save(tmp_path / "a.parquet")
    frame = pd.read_parquet(tmp_path / "a.parquet")
    assert list(frame) == ["run", "id", "label", *one.channels]
    assert frame["run"].tolist() == [0] * n + [1] * n
    second = frame[(frame["run"] == 1) & (frame["id"] == one.ids[3])]
    assert second["label"].tolist() == [NAMES[LABELS[3]]]
    assert second["loss"].tolist() == [one.channels["loss"][1, 3]]


@pytest.mark.parametrize("name", ["a.csv", "a"])
def test_other_formats_are_refused(name, tmp_path):
    with pytest.raises(ParameterError, match=r"save must end in '.npz' or '.parquet'"):
        dynamics().save(tmp_path / name)
    with pytest.raises(ParameterError, match=r"load must end in '.npz' or '.parquet'"):
        Dynamics.load(tmp_path / name)


def test_dynamics_travel_between_processes():
    one = pickle.loads(pickle.dumps(dynamics()))
    assert_same(dynamics(), one)
    with pytest.raises(TypeError):
        one.channels["margin"] = 1


def test_channels_are_copied_and_locked():
    mine = {name: np.ones((1, n)) for name in CHANNELS}
    one = Dynamics(range(n), LABELS, NAMES, mine, 1, "f")
    mine["margin"][:] = 7
    assert one.channels["margin"].max() == 1
    with pytest.raises(ValueError, match="read-only"):
        one.channels["margin"][0, 0] = 7
    with pytest.raises(TypeError):
        one.channels["margin"] = mine["margin"]


def test_runs_are_stacked_in_order():
    first, second = dynamics(runs=2), dynamics(runs=3)
    both = Dynamics.stack([first, second])
    assert both.n_runs == 5
    np.testing.assert_array_equal(both.channels["loss"][:2], first.channels["loss"])
    np.testing.assert_array_equal(both.channels["loss"][2:], second.channels["loss"])
    assert_same(Dynamics.stack([first]), first)


def changed(**changes):
    one = dynamics()
    fields = {name: getattr(one, name) for name in one.__dataclass_fields__}
    return Dynamics(**{**fields, **changes})


@pytest.mark.parametrize(
    "changes",
    [
        {"ids": np.arange(n)},
        {"data_fingerprint": "other"},
        {"n_epochs": 8},
        {"early_epoch": 3},
        {"channels": {"gradient_norm": np.ones((2, n))}},
    ],
)
def test_runs_on_other_data_are_not_stacked(changes):
    with pytest.raises(MismatchError, match="Only runs on the same data and epochs"):
        Dynamics.stack([dynamics(), changed(**changes)])


def channels(**changes):
    return {**{name: np.ones((2, n)) for name in CHANNELS}, **changes}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"channels": {}}, "Dynamics knows the channels .* Got none"),
        ({"channels": channels(extra=np.ones((2, n)))}, r"Dynamics knows .* Got \['extra'\]"),
        ({"channels": {"final_loss": np.ones((2, n))}}, "Dynamics needs final_energy, final_e"),
        ({"channels": channels(loss=np.ones((1, n)))}, "'loss' must have shape"),
        ({"channels": {name: np.ones(n) for name in CHANNELS}}, "must have shape"),
        ({"channels": {name: np.ones((2, n - 1)) for name in CHANNELS}}, "must have shape"),
        ({"channels": {name: np.ones((0, n)) for name in CHANNELS}}, "at least one run"),
        (
            {"channels": channels(loss=np.where(np.arange(n) == 3, np.nan, np.ones((2, n))))},
            "channel 'loss' of Dynamics must be finite. Got 2 .* first in row 3",
        ),
        ({"labels": LABELS + 1}, "labels of Dynamics must be codes"),
        ({"ids": np.zeros(n)}, "unique"),
        ({"class_names": ("a",) * len(NAMES)}, "must differ"),
    ],
)
def test_what_does_not_fit_together_is_refused(changes, message):
    with pytest.raises(DataError, match=message):
        changed(**changes)


def test_there_is_an_epoch_and_a_run():
    with pytest.raises(ParameterError, match="Got 0 instead"):
        changed(n_epochs=0)
    with pytest.raises(DataError, match="at least one run"):
        Dynamics.stack([])


def some(*groups, runs=2, **changes):
    names = [name for group in groups for name in group]
    return changed(**{"channels": {name: np.ones((runs, n)) for name in names}, **changes})


def test_a_record_holds_the_groups_that_were_recorded(tmp_path):
    for one in (some(GRADIENT, n_epochs=0, early_epoch=4), some(FINAL, LEFT_OUT)):
        for name in ("a.npz", "a.parquet"):
            one.save(tmp_path / name)
            assert_same(one, Dynamics.load(tmp_path / name))


def test_records_of_other_channels_are_joined():
    training, others = some(TRAINING, n_epochs=7), some(GRADIENT, n_epochs=0, early_epoch=1)
    for both in (training.joined(others), others.joined(training)):
        assert set(both.channels) == {*TRAINING, *GRADIENT}
        assert (both.n_epochs, both.early_epoch) == (7, 1)


@pytest.mark.parametrize(
    ("other", "message"),
    [
        ({"ids": np.arange(n)}, "the same samples"),
        ({"data_fingerprint": "other"}, "the same samples"),
        ({"runs": 3}, "Got 2 and 3 runs, and no channel in both"),
    ],
)
def test_records_that_do_not_fit_are_not_joined(other, message):
    with pytest.raises(MismatchError, match=message):
        some(TRAINING).joined(some(FINAL, **other))
    with pytest.raises(MismatchError, match=r"final_energy, .* in both"):
        some(FINAL, LEFT_OUT).joined(some(FINAL))
