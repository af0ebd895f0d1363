"""Recorders of several processes, merged: exact, associative and commutative."""

import subprocess
import sys
from functools import reduce

import numpy as np
import pytest
from dynamics_cases import CASES
from hypothesis import given, settings
from hypothesis import strategies as st
from recordings import assert_equal, assert_same_state, declared, feed, recorded

from steelyard import Recorder
from steelyard._support.errors import MismatchError

CASE = CASES["one run"]
EPOCHS, N = CASE.logits.shape[1:3]


def merged(recorders):
    return reduce(Recorder.merge, recorders)


def shares(draw, processes, extra=0):
    """Share the samples, and some of them again, among processes at random."""
    rows = draw.permutation(np.concatenate([np.arange(N), draw.integers(0, N, extra)]))
    return np.split(rows, np.sort(draw.integers(0, len(rows) + 1, processes - 1)))


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 5), st.integers(0, 15))
def test_epochs_shared_out_anew_equal_one_process_that_saw_everything(seed, processes, extra):
    draw = np.random.default_rng(seed)
    everything = declared(CASE)
    ranks = [declared(CASE) for _ in range(processes)]
    for epoch in range(EPOCHS):
        for rank, rows in zip(ranks, shares(draw, processes, extra), strict=True):
            feed(rank, CASE, 0, epoch, rows)
            feed(everything, CASE, 0, epoch, rows)
        states = [rank.state() for rank in ranks]  # what all_gather_object would bring
        total = merged(Recorder.from_state(state) for state in states)
        everything.end_epoch()
        total.end_epoch()
        assert_same_state(total, everything)
        ranks = [Recorder.from_state(total.state()) for _ in ranks]
    assert_equal(total.dynamics(), everything.dynamics())


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 5))
def test_fixed_shares_merged_at_the_end_equal_one_process(seed, processes):
    ranks = []
    for rows in shares(np.random.default_rng(seed), processes):
        rank = declared(CASE)
        for epoch in range(EPOCHS):
            feed(rank, CASE, 0, epoch, rows)
            if len(rows):
                rank.end_epoch()
        if len(rows):
            ranks.append(rank)
    assert_equal(merged(ranks).dynamics(), recorded(CASE).dynamics())


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6))
def test_merging_is_associative_and_commutative(seed):
    draw = np.random.default_rng(seed)
    a, b, c = (
        feed(declared(CASE), CASE, 0, 0, rows, batch=draw.integers(1, 9))
        for rows in shares(draw, 3, extra=12)
    )
    assert_same_state(a.merge(b).merge(c), a.merge(b.merge(c)))
    assert_same_state(a.merge(b), b.merge(a))
    assert_same_state(c.merge(a.merge(b)), b.merge(c).merge(a))


def test_merging_changes_neither_recorder():
    a, b = (feed(declared(CASE), CASE, 0, 0, rows) for rows in ([1, 2], [2, 3]))
    before = a.state(), b.state()
    total = a.merge(b)
    total.end_epoch()
    for recorder, state in zip((a, b), before, strict=True):
        assert_same_state(recorder, Recorder.from_state(state))


def test_a_sampler_that_pads_the_last_batch_counts_its_sample_once():
    # torch's DistributedSampler repeats the first samples so that every process gets as many
    rows = np.concatenate([np.arange(N), np.arange(22 - N)])
    ranks = [declared(CASE) for _ in range(2)]
    for epoch in range(EPOCHS):
        for number, rank in enumerate(ranks):
            feed(rank, CASE, 0, epoch, rows[number::2], batch=4)
        total = merged(ranks)
        total.end_epoch()
        ranks = [Recorder.from_state(total.state()) for _ in ranks]
    assert_equal(total.dynamics(), recorded(CASE).dynamics())


def test_labels_learned_by_different_processes_come_together():
    halves = []
    for rows in (range(10), range(10, N)):
        half = Recorder(CASE.ids)
        half.update(CASE.ids[rows], CASE.logits[0, 0, rows], CASE.labels[rows])
        halves.append(half)
    nothing = Recorder(CASE.ids)
    total = merged([nothing, *halves])
    assert_same_state(total, merged([*halves, nothing]))
    total.end_epoch()
    np.testing.assert_array_equal(total.dynamics().labels, CASE.labels)


WORKER = """
import sys
import numpy as np
from steelyard import Recorder

rank, processes, folder = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
data = np.load(folder + "/data.npz")
recorder = Recorder(data["ids"], data["labels"])
rows = np.random.default_rng(0).permutation(len(data["ids"]))[rank::processes]
recorder.update(data["ids"][rows], data["logits"][rows])
recorder.save(f"{folder}/rank{rank}.npz")
"""


@pytest.mark.slow
def test_two_processes_record_one_epoch(tmp_path):
    logits = CASE.logits[0, 0]
    np.savez(tmp_path / "data.npz", ids=CASE.ids, labels=CASE.labels, logits=logits)
    workers = [
        subprocess.Popen([sys.executable, "-c", WORKER, str(rank), "2", str(tmp_path)])
        for rank in range(2)
    ]
    assert [worker.wait(timeout=120) for worker in workers] == [0, 0]
    total = merged(Recorder.load(tmp_path / f"rank{rank}.npz") for rank in range(2))
    total.end_epoch()
    alone = Recorder(CASE.ids, CASE.labels)
    alone.update(CASE.ids, logits)
    alone.end_epoch()
    assert_same_state(total, alone)


def other(**changes):
    fields = {"ids": CASE.ids, "labels": CASE.labels, "class_names": CASE.class_names}
    return Recorder(**{**fields, "data_fingerprint": "hand-made", "early_epoch": 0, **changes})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"ids": CASE.ids[::-1].copy()}, "declared ids differ.*declare all ids in every process"),
        ({"labels": (CASE.labels + 1) % 3}, f"{N} labels differ, first that of id '"),
        ({"class_names": ("a", "b", "c")}, "classes differ"),
        ({"data_fingerprint": "another"}, "fingerprints differ"),
        ({"run": 1}, "Runs cannot be mixed in one recorder. Got 0 and 1"),
        ({"early_epoch": 3}, "early epoch must be the same in both recorders. Got 0 and 3"),
    ],
)
def test_recorders_of_other_data_are_not_merged(changes, message):
    with pytest.raises(MismatchError, match=message):
        declared(CASE).merge(other(**changes))


def test_recorders_that_closed_other_epochs_are_not_merged():
    one, two = declared(CASE), declared(CASE)
    feed(one, CASE, 0, 0).end_epoch()
    with pytest.raises(MismatchError, match=r"as many epochs.*Got 1 and 0.*before end_epoch"):
        one.merge(two)
    feed(two, CASE, 0, 1).end_epoch()
    with pytest.raises(MismatchError, match=f"{N} samples have closed epochs in both.*merge befor"):
        one.merge(two)
    same = Recorder.from_state(one.state())
    assert_same_state(one.merge(same), one)  # what each process holds after a merged epoch
