"""The full trace on disk, and dataset-cartography's files there and back."""

import numpy as np
import pandas as pd
import pytest
from dynamics_cases import CASES
from oracles.dynamics import loss, margin
from recordings import declared, feed, recorded

from steelyard import Recorder
from steelyard._support.errors import DataError, DataNotFoundError, MismatchError, SteelyardWarning
from steelyard.training import cartography_trace, parquet_trace, read_cartography

CASE = CASES["random"]
RUNS, EPOCHS, N, _ = CASE.logits.shape
TEXTS = [f"é/{i}" for i in range(N)]


@pytest.mark.parametrize("ids", [CASE.ids, TEXTS], ids=["numbers", "text"])
def test_one_read_gives_every_run_epoch_and_sample(ids, tmp_path):
    for run in range(RUNS):
        recorder = Recorder(ids, CASE.labels, run=run, trace=parquet_trace(tmp_path / "trace"))
        for logits in CASE.logits[run]:
            recorder.update(ids, logits)
            recorder.end_epoch()
    frame = pd.read_parquet(tmp_path / "trace").astype({"run": int, "epoch": int})
    assert len(frame) == RUNS * EPOCHS * N
    frame = frame.set_index(["run", "epoch", "id"])
    for run, epoch, row in ((0, 0, 0), (2, 6, 7), (1, 3, 19)):
        logits, label = CASE.logits[run, epoch, row], CASE.labels[row]
        one = frame.loc[(run, epoch, ids[row])]
        assert one["label"] == label
        assert one["margin"] == pytest.approx(margin(logits, label), rel=1e-6)
        assert one["loss"] == pytest.approx(loss(logits, label), rel=1e-6)
        assert one["correct"] == (margin(logits, label) > 0)


def test_a_trace_holds_those_that_came_once_each_in_declared_order():
    seen = []
    recorder = Recorder([9, 8, 7], [0, 1, 0], trace=lambda *values: seen.append(values), run=4)
    recorder.update([7, 9, 7], [[3.0, 0.0], [1.0, 2.0], [5.0, 0.0]])
    recorder.end_epoch()
    ((run, epoch, ids, labels, channels, logits),) = seen
    assert (run, epoch, ids.tolist(), labels.tolist()) == (4, 0, [9, 7], [0, 0])
    assert channels["margin"].tolist() == [-1, 4]
    assert channels["correct"].tolist() == [0, 1]
    assert all(channel.dtype == np.float32 for channel in channels.values())
    assert logits is None


def test_a_trace_changes_nothing_and_keeps_what_it_was_given(tmp_path):
    kept = []
    traced = declared(CASE, trace=lambda *values: kept.append(values[4]["margin"]))
    for epoch in range(EPOCHS):
        feed(traced, CASE, 0, epoch)
        traced.end_epoch()
    np.testing.assert_array_equal(traced.state()["past_sums"], recorded(CASE).state()["past_sums"])
    assert not np.array_equal(kept[0], kept[1])


@pytest.mark.parametrize("ids", [CASE.ids, TEXTS], ids=["numbers", "text"])
def test_cartography_goes_there_and_back(ids, tmp_path):
    recorder = Recorder(
        ids, CASE.labels, CASE.class_names, early_epoch=0, trace=cartography_trace(tmp_path)
    )
    for logits in CASE.logits[0].astype(np.float32):
        recorder.update(ids, logits)
        recorder.end_epoch()
    back = read_cartography(tmp_path, CASE.class_names, early_epoch=0)
    here = recorder.dynamics()
    np.testing.assert_array_equal(back.ids, here.ids)
    np.testing.assert_array_equal(back.labels, here.labels)
    assert (back.n_epochs, back.class_names) == (EPOCHS, CASE.class_names)
    for name, channel in here.channels.items():  # the file's numbers are computed in 64 bits
        np.testing.assert_allclose(back.channels[name], channel, rtol=1e-5, atol=1e-6)


def test_cartographys_lines_are_as_published(tmp_path):
    recorder = Recorder([12, 7], [1, 0], trace=cartography_trace(tmp_path / "training_dynamics"))
    for _ in range(2):
        recorder.update([7], [[1.0, -2.5]])
        recorder.update([12, 7], [[0.5, 0.25], [3.0, -1.5]])  # twice: its mean is one line
        recorder.end_epoch()
    text = (tmp_path / "training_dynamics" / "dynamics_epoch_1.jsonl").read_text()
    assert text == (
        '{"guid":12,"logits_epoch_1":[0.5,0.25],"gold":1}\n'
        '{"guid":7,"logits_epoch_1":[2.0,-2.0],"gold":0}\n'
    )


def test_files_of_the_published_scripts_are_read(tmp_path):
    for epoch, (first, second) in enumerate(([2.0, -1.0], [-1.0, 3.0])):
        frame = pd.DataFrame(  # as log_training_dynamics of dataset-cartography writes it
            {"guid": [1355224458312, 4], f"logits_epoch_{epoch}": [[first, 0.0], [0.0, second]],
             "gold": [0, 1]}
        )  # fmt: skip
        frame.to_json(tmp_path / f"dynamics_epoch_{epoch}.jsonl", lines=True, orient="records")
    (tmp_path / "notes.txt").write_text("")
    with pytest.warns(SteelyardWarning, match="its last one, 1"):
        dynamics = read_cartography(tmp_path)
    assert dynamics.ids.tolist() == [1355224458312, 4]
    assert dynamics.channels["margin"].tolist() == [[0.5, 1.0]]
    assert dynamics.channels["first_learned"].tolist() == [[0, 1]]
    assert dynamics.channels["forgetting"].tolist() == [[1, 0]]


LINE = '{"guid":1,"logits_epoch_0":[1,2],"gold":0}\n'


@pytest.mark.parametrize(
    ("files", "error", "message"),
    [
        ({}, DataNotFoundError, r"no 'dynamics_epoch_0.jsonl' in .*training_dynamics"),
        ({0: LINE, 2: LINE}, DataError, r"'dynamics_epoch_1.jsonl' is missing"),
        ({0: LINE + "{"}, DataError, r"Line 2 of .*dynamics_epoch_0.jsonl' is no JSON record"),
        ({0: "3\n"}, DataError, r"Line 1 of .* is no JSON record"),
        ({0: LINE.replace("gold", "label")}, DataError, "Line 1 of .* has no 'gold'"),
        ({0: LINE, 1: LINE}, DataError, "Line 1 of .* has no 'logits_epoch_1'"),
        ({0: LINE + LINE.replace("[1,2]", "[1]")}, DataError, "as many logits each"),
        ({0: LINE + LINE.replace('gold":0', 'gold":1')}, MismatchError, "labels differ"),
        ({0: LINE.replace('gold":0', 'gold":2')}, DataError, "codes, 0 to 1"),
        ({0: LINE.replace("[1,2]", "[NaN,2]")}, DataError, "Line 1 of .* it holds NaN"),
        ({0: "[" * 100_000}, DataError, "Line 1 of .* nested too deeply"),
    ],
)
def test_broken_files_are_named(files, error, message, tmp_path):
    for epoch, text in files.items():
        (tmp_path / f"dynamics_epoch_{epoch}.jsonl").write_text(text)
    with pytest.raises(error, match=message):
        read_cartography(tmp_path)


def test_what_json_cannot_hold_is_refused(tmp_path):
    recorder = Recorder([1], [0], trace=cartography_trace(tmp_path))
    recorder.update([1], [[0.0, 1.0, -np.inf]])
    with pytest.raises(DataError, match="JSON holds no infinite logits"):
        recorder.end_epoch()
    assert not list(tmp_path.iterdir())
    late = Recorder([1], [0])
    late.update([1], [[0.0, 1.0]])
    late = Recorder.from_state(late.state(), trace=cartography_trace(tmp_path))
    with pytest.raises(DataError, match="in part without this trace"):
        late.end_epoch()


def test_a_resumed_training_goes_on_with_its_trace(tmp_path):
    recorder = declared(CASE, trace=cartography_trace(tmp_path / "a"))
    resumed = declared(CASE, trace=cartography_trace(tmp_path / "b"))
    for epoch in range(3):
        feed(recorder, CASE, 0, epoch)
        feed(resumed, CASE, 0, epoch, range(N - 1, -1, -1))
        resumed = Recorder.from_state(resumed.state(), like=resumed)
        recorder.end_epoch()
        resumed.end_epoch()
    for file in (tmp_path / "a").iterdir():
        assert file.read_bytes() == (tmp_path / "b" / file.name).read_bytes()
