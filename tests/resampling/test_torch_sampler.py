import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, DistributedSampler, RandomSampler

from steelyard._support.errors import DataError, MismatchError, ParameterError, SteelyardWarning
from steelyard.checks.hand_made import labelled
from steelyard.records.plan import Plan
from steelyard.resampling import by_count
from steelyard.resampling.epoch import epoch_counts
from steelyard.resampling.torch_sampler import PlanSampler

SCRIPT = Path(__file__).parents[1] / "ddp_training.py"
DATA = labelled(np.repeat([0, 1, 2], [70, 25, 5]), ("a", "b", "c"))
PLAN = by_count(DATA, 1.0)
TOTALS = np.array([34, 33, 33])
WEIGHTS = (TOTALS / DATA.class_counts)[DATA.labels]  # .49, 1.32 and 6.6 uses
FRACTIONAL = Plan.of(DATA, epoch_counts(WEIGHTS, DATA.labels), TOTALS, "fractions", weights=WEIGHTS)


def shared(plan, world_size, epoch=0, state=None, **options):
    """Return what each of several processes draws in an epoch."""
    drawn = []
    for rank in range(world_size):
        sampler = PlanSampler(plan, rank=rank, world_size=world_size, **options)
        if state is not None:
            sampler.load_state_dict(state)
        sampler.set_epoch(epoch)
        drawn.append(list(sampler))
    return drawn


def interleaved(drawn):
    """Return one stream of what processes drew in turns."""
    longest = max(map(len, drawn))
    return [one[step] for step in range(longest) for one in drawn if step < len(one)]


# what is drawn


def test_a_plan_is_drawn_exactly_and_another_order_each_epoch():
    sampler = PlanSampler(PLAN, seed=3)
    first, second = list(sampler), list(sampler)
    assert len(sampler) == len(first) == 100
    for rows in (first, second):
        uses = np.bincount(rows, minlength=100)
        assert np.array_equal(np.bincount(DATA.labels, uses), PLAN.achieved)
        assert (np.abs(uses - PLAN.weights) < 1).all()
    assert first != second
    assert all(type(row) is int for row in first)


@pytest.mark.parametrize("seed", [0, 7])
@pytest.mark.parametrize("epoch", [0, 5])
@pytest.mark.parametrize("world_size", [1, 2, 3])
def test_a_plan_that_changes_nothing_is_torchs_own_shuffle_bit_for_bit(seed, epoch, world_size):
    plan = by_count(DATA, 0.0)
    for last, drop_last in (("pad", False), ("drop", True)):
        for rank, mine in enumerate(shared(plan, world_size, epoch, seed=seed, last=last)):
            theirs = DistributedSampler(
                range(100), world_size, rank, shuffle=True, seed=seed, drop_last=drop_last
            )
            theirs.set_epoch(epoch)
            assert mine == list(theirs)
    random_sampler = RandomSampler(
        range(100), generator=torch.Generator().manual_seed(seed + epoch)
    )
    # torch's own draws a new permutation of its generator
    assert shared(plan, 1, epoch, seed=seed)[0] == list(random_sampler)


def test_fractions_are_rounded_anew_each_epoch_and_class_totals_stay():
    sampler = PlanSampler(FRACTIONAL, seed=1)
    seen = np.zeros(100)
    different = set()
    for _ in range(400):
        counts = np.bincount(list(sampler), minlength=100)
        assert np.bincount(DATA.labels, weights=counts).tolist() == TOTALS.tolist()
        assert (np.abs(counts - WEIGHTS) < 1).all()
        different.add(counts.tobytes())
        seen += counts
    assert len(different) == 400
    fraction = WEIGHTS % 1
    assert (np.abs(seen / 400 - WEIGHTS) < 5 * np.sqrt(fraction * (1 - fraction) / 400)).all()


def test_weights_alone_are_expected_uses():
    counts = np.bincount(list(PlanSampler([0.0, 0.5, 0.5, 2.0])), minlength=4)
    assert counts.sum() == 3
    assert counts[0] == 0
    assert counts[3] == 2


def test_rows_follow_the_data_that_are_given():
    order = np.random.default_rng(2).permutation(100)
    permuted = DATA.take(order)
    for plan in (PLAN, FRACTIONAL):
        mine = np.bincount(list(PlanSampler(plan)), minlength=100)
        theirs = np.bincount(list(PlanSampler(plan, data=permuted)), minlength=100)
        assert np.array_equal(theirs, mine[order])
    other = labelled(DATA.labels, ("a", "b", "d"), DATA.ids)
    with pytest.raises(MismatchError, match="made on data"):
        PlanSampler(PLAN, data=other)
    with pytest.raises(ParameterError, match="goes with a Plan"):
        PlanSampler(np.ones(100), data=DATA)


def with_two_more(weights):
    """Return a plan that adds two rows."""
    added = labelled([2, 1], DATA.class_names, ids=np.array([10_001, 10_002]))
    counts = PLAN.counts if weights is None else FRACTIONAL.counts
    return Plan.of(DATA, counts, PLAN.requested, "with two more", weights=weights, added=added)


@pytest.mark.parametrize("weights", [None, WEIGHTS])
def test_added_rows_stand_behind_the_data_and_come_once(weights):
    plan = with_two_more(weights)
    added = plan.added
    rows = list(PlanSampler(plan))
    assert len(rows) == 102 == plan.total
    assert np.bincount(rows, minlength=102)[100:].tolist() == [1, 1]
    labels = np.append(DATA.labels, added.labels)
    assert np.array_equal(np.bincount(labels[rows]), plan.achieved)
    order = np.random.default_rng(2).permutation(100)
    permuted = np.bincount(list(PlanSampler(plan, data=DATA.take(order))), minlength=102)
    assert np.array_equal(permuted[:100], np.bincount(rows, minlength=102)[order])


def test_with_replacement_draws_are_independent_and_in_proportion():
    weights = np.array([0.0, 1, 2, 0, 7, 0])
    sampler = PlanSampler(weights, replacement=True, n_draws=60_000)
    rows = np.array(list(sampler))
    shares = np.bincount(rows, minlength=6) / 60_000
    assert len(sampler) == 60_000
    np.testing.assert_allclose(shares, weights / 10, atol=5 * 0.5 / np.sqrt(60_000))
    assert (shares[[0, 3, 5]] == 0).all()
    # in random order: a row says nothing of the next
    pairs = np.bincount(rows[:-1] * 6 + rows[1:], minlength=36).reshape(6, 6) / 59_999
    np.testing.assert_allclose(pairs, np.outer(shares, shares), atol=5 * 0.5 / np.sqrt(60_000))
    again = [list(sampler), list(PlanSampler(weights, replacement=True, n_draws=60_000))]
    assert again[0] != rows.tolist() == again[1]


def test_with_replacement_leaves_out_a_third_even_where_a_plan_changes_nothing():
    data = labelled(np.zeros(20_000, int), ("a",))
    rows = list(PlanSampler(by_count(data, 0.0), replacement=True))
    assert len(rows) == 20_000
    assert len(set(rows)) / 20_000 == pytest.approx(1 - np.exp(-1), abs=0.015)


@pytest.mark.slow
def test_draws_beyond_two_to_the_24_reach_every_row():
    n = 2**24 + 2**21
    weights = np.ones(n)
    weights[: n // 2] = 0.5
    sampler = PlanSampler(weights, replacement=True, n_draws=90_000)
    rows = np.fromiter(sampler, np.int64, 90_000)
    assert (rows >= n // 2).mean() == pytest.approx(2 / 3, abs=5 * 0.47 / 300)
    assert (rows >= 2**24).mean() == pytest.approx(2**21 / (0.75 * n), abs=5 * 0.36 / 300)


def test_no_global_random_state_is_touched():
    before = (torch.get_rng_state(), np.random.get_state()[1].copy(), random.getstate())  # noqa: NPY002
    for options in ({}, {"replacement": True}):
        list(PlanSampler(FRACTIONAL, **options))
    assert torch.equal(torch.get_rng_state(), before[0])
    assert np.array_equal(np.random.get_state()[1], before[1])  # noqa: NPY002
    assert random.getstate() == before[2]


# several processes


@pytest.mark.parametrize("world_size", [2, 3, 7])
@pytest.mark.parametrize("replacement", [False, True])
def test_processes_share_one_stream(world_size, replacement):
    options = {"replacement": replacement, "seed": 5}
    uneven = pytest.warns(SteelyardWarning) if 100 % world_size else contextlib.nullcontext()
    with uneven:
        drawn = shared(FRACTIONAL, world_size, 2, **options)
    (alone,) = shared(FRACTIONAL, 1, 2, **options)
    assert interleaved(drawn) == alone
    assert [len(one) for one in drawn] == [
        len(PlanSampler(FRACTIONAL, rank=rank, world_size=world_size)) for rank in range(world_size)
    ]


@pytest.mark.parametrize("world_size", [2, 3])
def test_processes_share_added_rows_and_whole_class_totals_too(world_size):
    plan = with_two_more(WEIGHTS)
    labels = np.append(DATA.labels, plan.added.labels)
    for epoch in range(3):
        (alone,) = shared(plan, 1, epoch)
        rows = interleaved(shared(plan, world_size, epoch))
        assert rows == alone
        assert np.bincount(rows, minlength=102)[100:].tolist() == [1, 1]
        assert np.bincount(labels[rows]).tolist() == plan.achieved.tolist()


def test_an_uneven_rest_is_kept_dropped_or_padded():
    (alone,) = shared(PLAN, 1)
    with pytest.warns(SteelyardWarning, match="1 of them see one row more"):
        kept = shared(PLAN, 3)
    assert [len(one) for one in kept] == [34, 33, 33]
    dropped, padded = shared(PLAN, 3, last="drop"), shared(PLAN, 3, last="pad")
    assert interleaved(dropped) == alone[:99]
    assert interleaved(padded) == alone + alone[:2]
    assert [
        len(PlanSampler(PLAN, rank=2, world_size=3, last=last)) for last in ("drop", "pad")
    ] == [
        33,
        34,
    ]


def test_few_draws_are_padded_round_and_round():
    (alone,) = shared(np.ones(2), 1)
    assert interleaved(shared(np.ones(2), 7, last="pad")) == (alone * 4)[:7]
    assert shared(np.ones(2), 7, last="drop") == [[]] * 7


def test_the_uneven_rest_is_said_once():
    sampler = PlanSampler(PLAN, rank=0, world_size=3)
    with pytest.warns(SteelyardWarning, match="waits forever") as caught:
        epochs = [list(sampler) for _ in range(3)]
    assert len(epochs) == 3
    assert len(caught) == 1
    list(PlanSampler(PLAN, rank=0, world_size=2))  # would raise: warnings are errors here


def test_the_process_group_is_asked_when_an_epoch_begins(tmp_path, monkeypatch):
    sampler = PlanSampler(PLAN)
    torch.distributed.init_process_group(
        "gloo", init_method=f"file://{tmp_path / 'meeting'}", rank=0, world_size=1
    )
    try:
        with monkeypatch.context() as patch:  # as if three more had come
            patch.setattr(torch.distributed, "get_world_size", lambda: 4)
            assert len(sampler) == len(list(sampler)) == 25
    finally:
        torch.distributed.destroy_process_group()
    assert len(sampler) == 100


# epochs and resuming


def test_epochs_follow_set_epoch_or_else_one_another():
    epochs = [shared(FRACTIONAL, 1, epoch)[0] for epoch in range(4)]
    sampler = PlanSampler(FRACTIONAL)
    assert [list(sampler) for _ in range(3)] == epochs[:3]
    sampler.set_epoch(1)
    assert [list(sampler), list(sampler)] == epochs[1:3]
    sampler.set_epoch(2)  # the one that is under way: it begins anew
    assert list(sampler) == epochs[2]
    next(iter(sampler))
    assert sampler.epoch == 3
    sampler.set_epoch(3)
    assert list(sampler) == epochs[3]


@pytest.mark.parametrize("replacement", [False, True])
@pytest.mark.parametrize(("old", "new"), [(1, 1), (2, 2), (2, 3), (3, 2), (4, 1)])
def test_a_resumed_epoch_goes_on_where_it_was_whatever_the_processes(old, new, replacement):
    options = {"seed": 2, "replacement": replacement, "last": "pad"}
    (alone,) = shared(FRACTIONAL, 1, 1, **options)
    samplers = [PlanSampler(FRACTIONAL, rank=r, world_size=old, **options) for r in range(old)]
    drawn, states = [], []
    for sampler in samplers:
        sampler.set_epoch(1)
        draws = iter(sampler)
        drawn.append([next(draws) for _ in range(7)])
        states.append(json.loads(json.dumps(sampler.state_dict())))
    assert states[1:] == states[:-1]
    rest = interleaved(shared(FRACTIONAL, new, 1, states[0], **options))
    left = 100 - 7 * old
    assert interleaved(drawn) + rest[:left] == alone
    assert len(rest) == -(-left // new) * new


def test_an_epoch_resumed_twice_and_the_epoch_after_it():
    sampler = PlanSampler(PLAN)
    epochs = [list(sampler) for _ in range(2)]
    first = PlanSampler(PLAN)
    draws = iter(first)
    drawn = [next(draws) for _ in range(30)]
    second = PlanSampler(PLAN)
    second.load_state_dict(first.state_dict(20))
    draws = iter(second)
    drawn = drawn[:20] + [next(draws) for _ in range(30)]
    third = PlanSampler(PLAN)
    third.load_state_dict(second.state_dict(25))
    assert len(third) == 100
    assert drawn[:45] + list(third) == epochs[0]
    third.set_epoch(0)  # the epoch that is over, again: all of it
    assert list(third) == epochs[0]
    assert list(third) == epochs[1]
    finished = PlanSampler(PLAN)
    finished.load_state_dict(sampler.state_dict())
    finished.set_epoch(1)
    assert list(finished) == []
    finished.set_epoch(0)
    assert list(finished) == epochs[0]


@pytest.mark.parametrize("n_peeked", [1, 60])
def test_a_peek_into_a_resumed_epoch_brings_no_row_back(n_peeked):
    (epoch,) = shared(PLAN, 1)
    resumed = PlanSampler(PLAN)
    draws = iter(first := PlanSampler(PLAN))
    for _ in range(30):
        next(draws)
    resumed.load_state_dict(first.state_dict())
    draws = iter(resumed)
    assert [next(draws) for _ in range(n_peeked)] == epoch[30 : 30 + n_peeked]
    resumed.set_epoch(0)
    assert resumed.state_dict()["position"] == 30
    assert list(resumed) == epoch[30:]
    resumed.set_epoch(0)  # over: all of it
    assert list(resumed) == epoch


def test_an_epoch_begins_with_its_first_row():
    sampler = PlanSampler(PLAN)
    epochs = [list(sampler) for _ in range(2)]
    for _ in range(3):
        iter(sampler)
    assert sampler.epoch == 1
    sampler.set_epoch(0)
    iter(sampler)
    assert [list(sampler), list(sampler)] == epochs


@pytest.mark.parametrize("last", ["keep", "drop", "pad"])
@pytest.mark.parametrize("resumed", [False, True])
def test_an_epoch_that_is_over_is_over_for_every_process(last, resumed):
    positions = []
    for rank in range(3):
        sampler = PlanSampler(np.ones(17), rank=rank, world_size=3, last=last)
        if resumed:
            sampler.load_state_dict({**sampler.state_dict(), "position": 6})
        uneven = pytest.warns(SteelyardWarning) if last == "keep" else contextlib.nullcontext()
        with uneven:
            n_drawn = len(list(sampler))
        positions += [sampler.state_dict()["position"], sampler.state_dict(n_drawn)["position"]]
        assert sampler.state_dict(n_drawn - 1)["position"] == 3 * (n_drawn - 1) + 6 * resumed
    assert positions == [17] * 6
    after = PlanSampler(np.ones(17), last=last)
    after.load_state_dict(sampler.state_dict())
    assert list(after) == []


def test_workers_run_ahead_and_the_loop_says_how_far_it_is():
    epoch = list(PlanSampler(FRACTIONAL))
    sampler = PlanSampler(FRACTIONAL)
    loader = DataLoader(range(100), batch_size=5, sampler=sampler, num_workers=1)
    batches = iter(loader)
    seen = [row for _ in range(3) for row in next(batches).tolist()]
    assert sampler.state_dict()["position"] > 15
    state = sampler.state_dict(drawn=15)
    del batches
    resumed = PlanSampler(FRACTIONAL)
    resumed.load_state_dict(state)
    assert seen + list(resumed) == epoch


def test_a_state_before_the_first_draw_and_one_that_is_too_far():
    sampler = PlanSampler(PLAN)
    assert sampler.state_dict()["position"] == 0
    with pytest.raises(ParameterError, match="at most the 0 rows"):
        sampler.state_dict(drawn=1)
    draws = iter(sampler)
    next(draws)
    with pytest.raises(ParameterError, match=r"at most the 1 rows .* Got 2"):
        sampler.state_dict(drawn=2)


OTHERS = {
    "plan": PlanSampler(by_count(DATA, 0.5)),
    "rows in another order": PlanSampler(PLAN, data=DATA.take(np.arange(100)[::-1])),
    "other weights": PlanSampler(WEIGHTS),
    "seed": PlanSampler(PLAN, seed=1),
    "kind of draw": PlanSampler(PLAN, replacement=True),
    "number of draws": PlanSampler(by_count(DATA, 1.0, size="grow")),
}


@pytest.mark.parametrize("other", OTHERS)
def test_a_state_of_something_else_is_refused(other):
    with pytest.raises(MismatchError, match=other):
        PlanSampler(PLAN).load_state_dict(OTHERS[other].state_dict())


def test_what_is_no_state_is_refused():
    good = PlanSampler(PLAN).state_dict()
    for bad in ({}, None, [1], {key: good[key] for key in list(good)[1:]}):
        with pytest.raises(DataError, match="must hold"):
            PlanSampler(PLAN).load_state_dict(bad)
    for key, value in (("position", 101), ("position", -1), ("epoch", -1), ("epoch", "1")):
        with pytest.raises(ParameterError, match=key):
            PlanSampler(PLAN).load_state_dict({**good, key: value})


@pytest.mark.parametrize(
    ("weights", "options", "message"),
    [
        ([1.0, -1.0], {}, "0 or above"),
        ([1e-3, 1e-3], {}, "expected uses"),
        ([0.0, 0.0], {"replacement": True}, "weight above 0"),
        ([1.0], {"n_draws": 5}, "goes with replacement"),
        ([1.0], {"replacement": True, "n_draws": 0}, "n_draws"),
        ([1.0], {"seed": -1}, "seed"),
        ([1.0], {"last": "padd"}, "did you mean 'pad'"),
        ([1.0], {"rank": 0}, "together"),
        ([1.0], {"rank": 2, "world_size": 2}, "rank"),
    ],
)
def test_what_cannot_be_drawn_is_refused(weights, options, message):
    with pytest.raises(ParameterError, match=message):
        PlanSampler(np.array(weights), **options)


def test_weights_that_are_no_numbers_are_refused():
    with pytest.raises(DataError, match="finite"):
        PlanSampler([1.0, np.nan])


# the real thing

RUNNING = {"seed": 11, "epochs": 2}
EACH = (32 / DATA.class_counts)[DATA.labels]  # 96 draws: two, three and one process share the rest
SHARED = Plan.of(DATA, epoch_counts(EACH, DATA.labels), [32] * 3, "fractions", weights=EACH)
STOP = [1, 4]  # in the second epoch, one step after a save


def start(folder, world_size, state=None, stop_after=None):
    """Start the processes of one training."""
    folder.mkdir()
    case = {**RUNNING, "state": state, "stop_after": stop_after}
    (folder / "case.json").write_text(json.dumps(case))
    SHARED.save(folder / "plan.parquet")
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return [
        subprocess.Popen(
            [sys.executable, str(SCRIPT), str(folder), str(rank), str(world_size)], env=environment
        )
        for rank in range(world_size)
    ]


def run(folder, world_size, state=None):
    processes = start(folder, world_size, state)
    assert [process.wait(timeout=240) for process in processes] == [0] * world_size
    return records(folder, world_size)


def records(folder, world_size):
    """Return for each process its list of [epoch, step, rows]."""
    return [
        [json.loads(line) for line in (folder / f"rank{rank}.jsonl").read_text().splitlines()]
        for rank in range(world_size)
    ]


def stream(recorded, epoch, up_to=None):
    """Return the stream of an epoch that the processes shared."""
    return interleaved(
        [
            [
                row
                for at, step, rows in one
                if at == epoch and step <= (up_to or step)
                for row in rows
            ]
            for one in recorded
        ]
    )


@pytest.mark.slow
def test_a_killed_training_on_two_processes_is_resumed_on_two_three_or_one(tmp_path):
    whole = run(tmp_path / "whole", 2)
    processes = start(tmp_path / "killed", 2, stop_after=STOP)
    until = time.monotonic() + 240
    while not all((tmp_path / "killed" / f"stopped{rank}").exists() for rank in range(2)):
        assert time.monotonic() < until
        assert all(process.poll() is None for process in processes)
        time.sleep(0.05)
    for process in processes:
        process.send_signal(signal.SIGKILL)
    assert [process.wait() for process in processes] == [-signal.SIGKILL] * 2
    killed = records(tmp_path / "killed", 2)
    epoch, saved, state = json.loads((tmp_path / "killed" / "state.json").read_text())
    assert (epoch, saved, killed[0][-1][:2]) == (1, 3, STOP)

    sampler = PlanSampler(SHARED, seed=RUNNING["seed"])
    for at in range(2):  # what one process would have seen
        rows = stream(whole, at)
        assert rows == list(sampler)
        assert np.bincount(DATA.labels[rows]).tolist() == [32] * 3
    assert stream(killed, 0) == stream(whole, 0)
    before = stream(killed, 1, up_to=saved)
    assert len(before) == 24
    for world_size in (2, 3, 1):
        resumed = run(tmp_path / f"resumed{world_size}", world_size, state)
        assert not any(at == 0 for one in resumed for at, *_ in one)
        assert before + stream(resumed, 1) == stream(whole, 1)
        if world_size == 2:  # the very same rows at the same step of the same process
            for mine, one, all_ in zip(resumed, killed, whole, strict=True):
                steps = [rows for at, step, rows in one if at == 1 and step <= saved]
                assert steps + [rows for *_, rows in mine] == [r for at, _, r in all_ if at == 1]
