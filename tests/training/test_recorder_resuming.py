"""A recorder that is saved and loaded goes on as if nothing had happened."""

import copy
import pickle

import numpy as np
import pytest
from dynamics_cases import CASES
from recordings import assert_equal, assert_same_state, declared, feed, recorded

from steelyard import Recorder
from steelyard._support.errors import DataError, DataNotFoundError, MismatchError
from steelyard._support.storage import write_npz

CASE = CASES["one run"]
EPOCHS, N = CASE.logits.shape[1:3]


@pytest.mark.parametrize("stop", [(0, 0), (0, 13), (3, 0), (3, 13), (6, 20)])
def test_a_training_that_was_interrupted_gives_the_same_record(stop, tmp_path):
    path = tmp_path / "recorder.npz"
    recorder = declared(CASE)
    for epoch in range(EPOCHS):
        for row in range(N):
            if (epoch, row) == stop:
                recorder.save(path)
                recorder = Recorder.load(path, like=declared(CASE))
            feed(recorder, CASE, 0, epoch, [row, row] if row % 3 == 0 else [row])
        if (epoch, N) == stop:
            recorder.save(path)
            recorder = Recorder.load(path)
        recorder.end_epoch()
    assert_equal(recorder.dynamics(), recorded(CASE).dynamics())


@pytest.mark.parametrize("ids", [CASE.ids, [f"é/{i}\n" for i in range(N)]], ids=["numbers", "text"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_state_survives_storing(ids, dtype, tmp_path):
    recorder = Recorder(ids, class_names=("<b>", "é\n", ""), run=3, data_fingerprint="f")
    recorder.update(ids, CASE.logits[0, 0].astype(dtype), CASE.labels)
    recorder.end_epoch()
    recorder.update(ids[:5], CASE.logits[0, 1, :5].astype(dtype))
    recorder.save(tmp_path / "a.npz")
    loaded = Recorder.load(tmp_path / "a.npz")
    assert_same_state(loaded, recorder)
    assert (loaded.run, loaded.n_epochs, loaded.class_names) == (3, 1, ("<b>", "é\n", ""))
    assert loaded.data_fingerprint == "f"


def test_a_new_recorder_survives_storing(tmp_path):
    recorder = Recorder([3, 1])
    recorder.save(tmp_path / "a.npz")
    loaded = Recorder.load(tmp_path / "a.npz")
    assert_same_state(loaded, recorder)
    assert loaded.n_classes is None


def test_a_state_is_plain_arrays_of_its_own():
    recorder = feed(declared(CASE), CASE, 0, 0)
    state = recorder.state()
    assert all(type(array) is np.ndarray and array.dtype.kind in "ifbU" for array in state.values())
    restored = Recorder.from_state(state)
    for name in ("past_sums", "labels", "past_epochs_seen"):
        state[name][:] = 2
    recorder.end_epoch()
    restored.end_epoch()
    assert_same_state(restored, recorder)


@pytest.mark.parametrize(
    ("like", "message"),
    [
        (Recorder(range(N), CASE.labels), "declared ids differ"),
        (Recorder(CASE.ids, (CASE.labels + 1) % 3), "labels differ"),
        (Recorder(CASE.ids, CASE.labels, "abc"), "classes differ"),
        (Recorder(CASE.ids, CASE.labels, data_fingerprint="other"), "fingerprints differ"),
        (Recorder(CASE.ids, CASE.labels, run=1), "Runs cannot be mixed"),
    ],
    ids=["ids", "labels", "classes", "fingerprint", "run"],
)
def test_a_state_of_other_data_is_refused(like, message, tmp_path):
    feed(declared(CASE), CASE, 0, 0).save(tmp_path / "a.npz")
    with pytest.raises(MismatchError, match=message):
        Recorder.load(tmp_path / "a.npz", like=like)


def test_what_is_no_recorder_is_refused(tmp_path):
    with pytest.raises(DataNotFoundError, match="There is no file"):
        Recorder.load(tmp_path / "a.npz")
    recorded(CASE).dynamics().save(tmp_path / "a.npz")
    with pytest.raises(DataError, match=r"must hold a Recorder record. It holds a Dynamics record"):
        Recorder.load(tmp_path / "a.npz")
    whole = declared(CASE).state()
    for name in whole:
        state = {key: array for key, array in whole.items() if key != name}
        with pytest.raises(DataError, match=f"no recorder's state: '{name}' is missing"):
            Recorder.from_state(state)
    with pytest.raises(ValueError, match="Object arrays cannot be saved"):
        write_npz({"ids": np.array([object()])}, tmp_path / "b.npz", {})


def test_a_recorder_travels_between_processes():
    recorder = feed(recorded(CASE), CASE, 0, 0, range(5))
    for other in (pickle.loads(pickle.dumps(recorder)), copy.deepcopy(recorder)):
        assert_same_state(other, recorder)
