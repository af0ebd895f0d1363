"""Stacks: how an ensemble is shared out, what memory allows, and what is refused."""

import os
import subprocess
import sys
import textwrap
import threading
from dataclasses import replace

import numpy as np
import pytest
import torch
from toy_data import parted, toy_images, toy_table

from steelyard._support.errors import (
    DataError,
    MismatchError,
    ParameterError,
    ResourceError,
    SteelyardWarning,
)
from steelyard.records import Recipe
from steelyard.resampling import by_count
from steelyard.training import Member, fit_ensemble, memory, prepare, stacked
from steelyard.training.members import alike, parts
from steelyard.training.memory import bytes_a_member

DATA = parted(toy_images())
READY = prepare(DATA.part("train"), [DATA.part("test")])
RECIPE = Recipe("mlp", widths=(9,), batch_size=16, epochs=3)
MEMBERS = [Member(RECIPE, repetition=k, record=True) for k in range(7)]


def logits(fitted):
    return np.stack([one.predictions[0].logits for one in fitted])


def sizes_trained(monkeypatch):
    """Record the sizes of the stacks that are trained."""
    sizes = []
    train = stacked.train_stack

    def spy(training, jobs, *args, **values):
        sizes.append(len(jobs))
        return train(training, jobs, *args, **values)

    monkeypatch.setattr(stacked, "train_stack", spy)
    return sizes


def test_results_come_in_the_order_of_the_members_with_their_names():
    plan = by_count(DATA.part("train"), 1.0)
    members = [Member(RECIPE, plan, 5, "balanced"), Member(replace(RECIPE, widths=(4,)), None, 2)]
    first, second = fit_ensemble(READY, members)
    assert (first.predictions[0].arm, first.predictions[0].seed) == ("balanced", 5)
    np.testing.assert_allclose(first.predictions[0].prior, plan.prior)
    assert (second.predictions[0].arm, second.predictions[0].seed) == ("model", 2)
    assert first.dynamics is None
    assert first.losses.shape == (3,)


def test_equal_calls_give_equal_bits_however_many_cores_there_are():
    before = torch.get_num_threads()
    results = []
    try:
        for threads in (1, 2, 1):
            torch.set_num_threads(threads)
            results.append(
                logits(fit_ensemble(READY, [Member(RECIPE, None, k) for k in range(20)]))
            )
            assert torch.get_num_threads() == threads
    finally:
        torch.set_num_threads(before)
    np.testing.assert_array_equal(results[0], results[1])
    np.testing.assert_array_equal(results[0], results[2])


def test_libraries_that_begin_with_other_threads_change_no_bit(tmp_path):
    # the matrix library of a new thread begins with as many as the environment says
    program = """
        import numpy as np
        from steelyard.records import Labelled, Recipe
        from steelyard.training import Member, fit_ensemble, prepare
        draw = np.random.default_rng(0)
        X = draw.integers(0, 255, (96, 6, 6, 1), dtype=np.uint8)
        train, test = (
            Labelled(X[rows], rows % 3, ("a", "b", "c"), rows)
            for rows in (np.arange(72), np.arange(72, 96))
        )
        recipe = Recipe("mlp", widths=(9,), batch_size=16, epochs=4)
        members = [Member(recipe, None, k) for k in range(3)]
        ready = prepare(train, [test])
        for _ in range(2):  # the second time it only predicts
            fitted = fit_ensemble(ready, members, checkpoint=FOLDER)
            print(hash(np.stack([one.predictions[0].logits for one in fitted]).tobytes()))
    """
    printed = []
    for threads in ("1", "2"):
        folder = repr(str(tmp_path / threads))
        done = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(program).replace("FOLDER", folder)],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "OMP_NUM_THREADS": threads, "PYTHONHASHSEED": "0"},
        )
        assert done.returncode == 0, done.stderr
        printed += done.stdout.split()
    assert len(printed) == 4
    assert len(set(printed)) == 1


def test_stacks_train_side_by_side(monkeypatch):
    monkeypatch.setattr(torch, "get_num_threads", lambda: 2)
    met = threading.Barrier(2, timeout=30)
    train = stacked.train_stack

    def together(*args, **values):
        met.wait()  # breaks, and raises, unless two arrive
        return train(*args, **values)

    monkeypatch.setattr(stacked, "train_stack", together)
    fit_ensemble(READY, [Member(RECIPE, None, k) for k in range(16)])


def test_little_memory_trains_in_parts_with_the_same_result(monkeypatch):
    whole = fit_ensemble(READY, MEMBERS)
    sizes = sizes_trained(monkeypatch)
    each = bytes_a_member(RECIPE, stacked_shapes(), (36,), 16, own_inputs=True)
    split = fit_ensemble(READY, MEMBERS, memory=3 * each)
    assert sizes == [3, 3, 1]
    np.testing.assert_allclose(logits(split), logits(whole), atol=1e-5)
    for one, other in zip(split, whole, strict=True):
        for name, channel in one.dynamics.channels.items():
            np.testing.assert_allclose(channel, other.dynamics.channels[name], atol=1e-5)


def stacked_shapes():
    return {"layer0.weight": (9, 36), "layer0.bias": (9,), "layer1.weight": (3, 9),
            "layer1.bias": (3,)}  # fmt: skip


def test_a_container_may_be_allowed_less_than_the_machine_has(tmp_path, monkeypatch):
    whole = memory.free_bytes()
    monkeypatch.setattr(memory, "_CONTAINER", tmp_path)
    (tmp_path / "memory.current").write_text("600\n")
    for limit, free in (("1000\n", 400), ("500\n", 0)):
        (tmp_path / "memory.max").write_text(limit)
        assert memory.free_bytes() == free
    (tmp_path / "memory.max").write_text("max\n")
    assert memory.free_bytes() > whole / 2


def test_a_network_that_does_not_fit_is_refused_before_it_starts(monkeypatch):
    sizes = sizes_trained(monkeypatch)
    with pytest.raises(ResourceError, match=r"needs about 0\.\d MiB to train; it may use 0.0 MiB"):
        fit_ensemble(READY, MEMBERS, memory=1000)
    assert sizes == []


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory"),
        RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried"),
        MemoryError(),
    ],
)
def test_out_of_memory_is_caught_halved_and_said(monkeypatch, error):
    whole = fit_ensemble(READY, MEMBERS)
    train = stacked.train_stack
    tried = []

    def small(training, jobs, *args, **values):
        tried.append(len(jobs))
        if len(jobs) > 2:
            raise error
        return train(training, jobs, *args, **values)

    monkeypatch.setattr(stacked, "train_stack", small)
    with pytest.warns(SteelyardWarning) as warned:
        split = fit_ensemble(READY, MEMBERS)
    assert sorted(tried) == [1, 2, 2, 2, 3, 4, 7]
    assert sorted(str(one.message) for one in warned) == [
        "Out of memory with 3 networks as one; they train 1 or 2 at once.",
        "Out of memory with 4 networks as one; they train 2 at once.",
        "Out of memory with 7 networks as one; they train 3 or 4 at once.",
    ]
    np.testing.assert_allclose(logits(split), logits(whole), atol=1e-5)
    assert all(one.dynamics.n_epochs == 3 for one in split)


def test_epochs_of_a_stack_that_begins_again_count_once(monkeypatch):
    train, told = stacked.train_stack, []

    def exhausted_at_the_end(training, jobs, *args, **values):
        train(training, jobs, *args, **values)
        if len(jobs) > 4:
            raise MemoryError

    monkeypatch.setattr(stacked, "train_stack", exhausted_at_the_end)
    with pytest.warns(SteelyardWarning, match="Out of memory"):
        fit_ensemble(READY, MEMBERS, progress=lambda done, total, what: told.append(done))
    assert max(told) == told[-1] == 21


def test_out_of_memory_with_one_network_is_an_error(monkeypatch):
    def never(*args, **values):
        raise MemoryError

    monkeypatch.setattr(stacked, "train_stack", never)
    with pytest.raises(ResourceError, match="Not even one network fits"):
        fit_ensemble(READY, MEMBERS[:1])


def test_another_error_is_not_taken_for_memory(monkeypatch):
    def broken(*args, **values):
        raise RuntimeError("shapes differ")

    monkeypatch.setattr(stacked, "train_stack", broken)
    with pytest.raises(RuntimeError, match="shapes differ"):
        fit_ensemble(READY, MEMBERS)


@pytest.mark.slow
def test_real_exhaustion_of_memory_is_survived():
    # full batches of 4,000 rows and wide layers in an address space that cannot hold them all
    program = """
        import resource, sys, warnings
        import numpy as np, torch
        torch.set_num_threads(1)
        from steelyard.records import Labelled, Recipe
        from steelyard.training import Member, fit_ensemble, memory, prepare
        memory._CACHE = 2**40  # let them all into one stack
        draw = np.random.default_rng(0)
        images = draw.integers(0, 255, (4000, 8, 8, 1), dtype=np.uint8)
        data = Labelled(images, np.arange(4000) % 3, ("a", "b", "c"), np.arange(4000))
        ready = prepare(data)
        recipe = Recipe("mlp", widths=(2000,), batch_size=None, epochs=1)
        fit_ensemble(ready, [Member(recipe)])  # threads and libraries are loaded now
        in_use = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (in_use + 400 * 2**20,) * 2)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            fitted = fit_ensemble(ready, [Member(recipe, None, k) for k in range(16)], memory=2**40)
        assert len(fitted) == 16 and all(np.isfinite(one.losses).all() for one in fitted)
        assert any("Out of memory with" in str(one.message) for one in caught), "never exhausted"
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_members_are_stacked_by_what_they_share_and_parted_evenly():
    wide, fast = replace(RECIPE, widths=(5,)), replace(RECIPE, learning_rate=0.1, epochs=9)
    members = [Member(one) for one in (RECIPE, wide, fast, RECIPE, wide)]
    assert alike(members) == [[0, 2, 3], [1, 4]]
    assert parts(range(7), 3) == [[0, 1], [2, 3], [4, 5, 6]]
    assert parts(range(6), 3) == [[0, 1, 2], [3, 4, 5]]
    assert parts(range(2), 9) == [[0, 1]]


def test_what_does_not_belong_together_is_refused():
    with pytest.raises(ParameterError, match="must hold a member"):
        fit_ensemble(READY, [])
    with pytest.raises(MismatchError, match="prepared for 'mlp'; the recipe trains 'cnn'"):
        fit_ensemble(READY, [Member(RECIPE), Member(Recipe("cnn"))])
    with pytest.raises(MismatchError, match="made on data"):
        fit_ensemble(READY, [Member(RECIPE, by_count(toy_images(seed=5), 0.5))])
    with pytest.raises(ParameterError, match="'order' parameter of fit_ensemble must be one of"):
        fit_ensemble(READY, MEMBERS, order="random")
    with pytest.raises(ParameterError, match="'precision' parameter"):
        fit_ensemble(READY, MEMBERS, precision="float16")
    with pytest.raises(ParameterError, match="'memory' parameter"):
        fit_ensemble(READY, MEMBERS, memory=0)
    with pytest.raises(DataError, match="patience needs a validation part"):
        fit_ensemble(READY, [Member(replace(RECIPE, patience=1))])


def test_a_plan_that_leaves_samples_out_is_not_recorded_in_own_order(monkeypatch):
    shrunk = by_count(DATA.part("train"), 1.0, size="shrink")
    member = Member(RECIPE, shrunk, 3, "few", record=True)
    (seen,) = fit_ensemble(READY, [member], order="shared")
    assert len(seen.dynamics.ids) == len(DATA.part("train"))
    sizes = sizes_trained(monkeypatch)
    with pytest.raises(DataError, match=r"'few', repetition 3 leaves out 36 samples"):
        fit_ensemble(READY, [member])
    assert sizes == []


def test_a_device_that_is_not_there_is_refused():
    with pytest.raises(ParameterError, match=r"must be 'cpu', 'cuda' or 'cuda:N'. Got 'gpu'"):
        fit_ensemble(READY, MEMBERS, device="gpu")
    with pytest.raises(ParameterError, match="Got 'meta'"):
        fit_ensemble(READY, MEMBERS, device="meta")
    with pytest.raises(ResourceError, match=r"'cuda:77' is not there; torch finds .*device='cpu'"):
        fit_ensemble(READY, MEMBERS, device="cuda:77")


def test_one_member_that_diverges_is_named():
    members = [*MEMBERS[:2], Member(replace(RECIPE, learning_rate=1e30), None, 4, "too fast")]
    with pytest.raises(DataError, match=r"diverged.*'too fast', repetition 4.*lower the recipe's"):
        fit_ensemble(READY, members)


@pytest.mark.parametrize("n_workers", [1, 2])
def test_an_interruption_in_one_stack_stops_them_all(n_workers, monkeypatch):
    monkeypatch.setattr(torch, "get_num_threads", lambda: n_workers)
    before = threading.active_count()
    told = []

    def interrupt_once(done, total, what):
        told.append((done, total))
        if len(told) == 20:
            raise KeyboardInterrupt

    long = replace(RECIPE, epochs=200)
    with pytest.raises(KeyboardInterrupt):
        fit_ensemble(READY, [Member(long, None, k) for k in range(20)], progress=interrupt_once)
    assert threading.active_count() == before
    assert told[-1][0] < 0.5 * told[-1][1]  # neither what ran nor what waited went on to its end


def test_trees_grow_one_by_one_and_take_no_checkpoint(tmp_path):
    table = parted(toy_table())
    ready = prepare(table.part("train"), [table.part("test")], model="trees")
    recipe = Recipe("trees", epochs=5, leaves=4)
    told = []
    first, second = fit_ensemble(
        ready,
        [Member(recipe, None, 0, record=True), Member(recipe, None, 1)],
        progress=lambda done, total, what: told.append((done, total)),
    )
    assert told == [(0, 2), (1, 2), (2, 2)]
    assert first.dynamics.n_epochs == 5
    assert second.dynamics is None
    assert not np.array_equal(first.predictions[0].logits, second.predictions[0].logits)
    with pytest.raises(ParameterError, match=r"'checkpoint' parameter .* must be None for trees"):
        fit_ensemble(ready, [Member(recipe)], checkpoint=tmp_path)
