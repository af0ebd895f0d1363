"""Conducting: only what is missing, each cell once, whoever shares the work and whatever breaks."""

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections import Counter
from concurrent.futures import Future
from contextlib import contextmanager

import numpy as np
import pytest
from loky.process_executor import TerminatedWorkerError
from toy_cells import break_down, cells, compute, count_threads, die, expected, fail, warn

from steelyard._support.errors import DataError, OutputError, ResourceError, SteelyardWarning
from steelyard.workflow.conduct import conduct
from steelyard.workflow.engines import Local
from steelyard.workflow.engines import local as local_module
from steelyard.workflow.store import Store, cell_path

SHARED = np.full(3, 2.0)


def made_ready(engine):
    end = time.monotonic() + 60
    while not all(worker.ready for worker in engine._pool):
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.fixture(scope="module")
def workers():
    with Local(2) as engine:
        yield engine


@pytest.fixture
def pool(workers):
    """Two workers that are ready, so that every cell goes to them; an error ends them."""
    workers.start()
    made_ready(workers)
    return workers


@pytest.fixture(params=["here", "away"])
def engine(request):
    return Local(1) if request.param == "here" else request.getfixturevalue("pool")


def conducted(folder, wanted, engine, how=compute, progress=None):
    with Store(folder) as store:
        told = {} if progress is None else {"progress": progress}
        return list(conduct(wanted, how, SHARED, store, engine, **told))


def computed(log):
    """Return how often each number was computed."""
    lines = log.read_text().split("\n")[:-1] if log.exists() else []
    return Counter(int(line.split()[0]) for line in lines)


def assert_expected(contents, numbers):
    assert len(contents) == len(numbers)
    for content, number in zip(contents, numbers, strict=True):
        np.testing.assert_array_equal(content.arrays["values"], np.arange(5.0) * number * 2)
        assert content.metadata == expected(number).metadata


def test_contents_come_in_the_order_of_the_cells(tmp_path, engine):
    wanted = cells(20, log=str(tmp_path / "log"))
    assert_expected(conducted(tmp_path / "run", wanted[::-1], engine), range(19, -1, -1))
    assert computed(tmp_path / "log") == dict.fromkeys(range(20), 1)


def test_what_is_there_is_not_computed_again(tmp_path, engine):
    wanted = cells(12, log=str(tmp_path / "log"))
    conducted(tmp_path / "run", wanted[3:7], engine)
    assert_expected(conducted(tmp_path / "run", wanted, engine), range(12))
    assert_expected(conducted(tmp_path / "run", wanted, engine), range(12))
    assert computed(tmp_path / "log") == dict.fromkeys(range(12), 1)


def test_one_cell_asked_for_twice_is_computed_once(tmp_path, engine):
    wanted = cells(3, log=str(tmp_path / "log"))
    assert_expected(conducted(tmp_path / "run", wanted + wanted, engine), [0, 1, 2, 0, 1, 2])
    assert computed(tmp_path / "log") == dict.fromkeys(range(3), 1)


def test_cells_are_computed_where_the_engine_says(tmp_path, pool):
    log = tmp_path / "log"
    conducted(tmp_path / "here", cells(6, log=str(log)), Local(1))
    assert {line.split()[1] for line in log.read_text().splitlines()} == {str(os.getpid())}
    log.unlink()
    conducted(tmp_path / "away", cells(6, seconds=0.2, log=str(log)), pool)
    workers = {line.split()[1] for line in log.read_text().splitlines()}
    assert str(os.getpid()) not in workers
    assert len(workers) == 2


def test_a_damaged_cell_is_computed_again_and_said(tmp_path, engine):
    wanted = cells(4, log=str(tmp_path / "log"))
    conducted(tmp_path / "run", wanted, engine)
    path = cell_path(tmp_path / "run", wanted[2].address)
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.warns(SteelyardWarning, match=f"{wanted[2].address} was damaged; it is computed"):
        again = conducted(tmp_path / "run", wanted, engine)
    assert_expected(again, range(4))
    assert computed(tmp_path / "log") == {0: 1, 1: 1, 2: 2, 3: 1}


def test_the_first_error_ends_the_work_and_what_is_done_is_kept(tmp_path, engine):
    wanted = cells(8, log=str(tmp_path / "log"))
    with pytest.raises(DataError, match="Number 3 cannot be computed") as raised:
        conducted(tmp_path / "run", wanted, engine, fail)
    assert raised.value.hint == "leave it out."
    with Store(tmp_path / "run") as store:
        kept = store.finished()
        assert kept & {one.address for one in wanted[:3]}  # two workers: one of them at least
        assert not store.claimed()
    conducted(tmp_path / "run", wanted, engine)
    counts = computed(tmp_path / "log")
    assert all(counts[k] == 1 for k, one in enumerate(wanted) if one.address in kept)


def test_a_defect_keeps_its_traceback(tmp_path, engine):
    with pytest.raises(ZeroDivisionError, match="a defect") as raised:
        conducted(tmp_path / "run", cells(2), engine, break_down)
    assert "in break_down" in "".join(raised.value.__notes__)


def test_a_killed_worker_costs_its_cell_alone(tmp_path):
    wanted = cells(10, log=str(tmp_path / "log"))
    with Local(2) as engine:
        engine.start()
        made_ready(engine)
        assert_expected(conducted(tmp_path / "run", wanted, engine, die), range(10))
    assert (tmp_path / "log.died").exists()
    assert computed(tmp_path / "log") == dict.fromkeys(range(10), 1)


def test_a_cell_that_always_kills_its_worker_is_given_up(tmp_path):
    wanted = cells(4, log=str(tmp_path / "log"), always=True)
    with Local(2) as engine:
        engine.start()
        made_ready(engine)
        with pytest.raises(ResourceError, match=r"3 workers died while they computed toy \d"):
            conducted(tmp_path / "run", wanted, engine, die)


def test_a_worker_that_dies_between_two_cells_is_replaced(tmp_path):
    wanted = cells(6, log=str(tmp_path / "log"))
    with Local(2) as engine:
        engine.start()
        made_ready(engine)
        for worker in engine._pool:  # as the system does where memory is short
            (process,) = worker._executor._processes.values()
            os.kill(process.pid, signal.SIGKILL)
        time.sleep(0.5)
        assert_expected(conducted(tmp_path / "run", wanted, engine), range(6))
    lines = (tmp_path / "log").read_text().splitlines()
    assert str(os.getpid()) not in {line.split()[1] for line in lines}


def test_what_a_worker_stored_before_it_died_is_not_computed_again(tmp_path):
    class Forgetful(Local):
        """Its workers die when they have stored a cell, before they say so."""

        @contextmanager
        def opened(self, shared, cells):
            with super().opened(shared, cells) as bench:
                submit = bench.submit

                def forget(job, listen):
                    submit(job, listen)
                    future = Future()
                    future.set_exception(TerminatedWorkerError("killed"))
                    return future

                bench.submit = forget
                yield bench

    told = []
    wanted = cells(4, steps=2, log=str(tmp_path / "log"))
    found = conducted(
        tmp_path / "run", wanted, Forgetful(1), progress=lambda *words: told.append(words[0])
    )
    assert_expected(found, range(4))
    assert computed(tmp_path / "log") == dict.fromkeys(range(4), 1)
    assert told[-1] == 8
    with Store(tmp_path / "run") as store:
        assert not store.claimed()


def test_warnings_of_workers_are_passed_on(tmp_path, engine):
    with pytest.warns(SteelyardWarning, match="number 1 is odd"):
        conducted(tmp_path / "run", cells(2), engine, warn)


def test_progress_counts_the_steps_of_what_is_missing(tmp_path, engine):
    conducted(tmp_path / "run", cells(2, steps=10), engine)
    told = []
    wanted = cells(5, steps=10, seconds=1.0)
    conducted(tmp_path / "run", wanted, engine, progress=lambda *words: told.append(words))
    done = [words[0] for words in told]
    assert {words[1] for words in told} == {30}
    assert done[0] == 0
    assert done[-1] == 30
    assert done == sorted(done)
    assert any(steps % 10 for steps in done)  # a cell tells of its steps while it is computed


def test_a_disk_that_is_full_ends_the_work_and_keeps_what_is_done(tmp_path, monkeypatch):
    wanted = cells(6, log=str(tmp_path / "log"))
    real = os.fsync

    def full(handle):
        if computed(tmp_path / "log").total() > 3:
            raise OSError(28, os.strerror(28))
        real(handle)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OutputError, match=r"No space left on device.*free some space"):
            conducted(tmp_path / "run", wanted, Local(1))
    assert_expected(conducted(tmp_path / "run", wanted, Local(1)), range(6))
    assert computed(tmp_path / "log") == {0: 1, 1: 1, 2: 1, 3: 2, 4: 1, 5: 1}


PROGRAM = """
    import signal
    import sys
    # in the background of a shell it would be ignored
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.path[:0] = {path!r}
    import numpy as np
    from toy_cells import cells, compute
    from steelyard.workflow.conduct import conduct
    from steelyard.workflow.engines import Local
    from steelyard.workflow.store import Store
    wanted = cells({n}, seconds={seconds}, log={log!r})
    with Store({folder!r}) as store, Local({workers}) as engine:
        engine.start()
        print("ready", flush=True)
        sys.stdin.readline()
        for content in conduct(wanted, compute, np.full(3, 2.0), store, engine):
            assert content.arrays["values"][1] == 2 * content.metadata["number"]
"""


def process(tmp_path, n=24, seconds=0.2, workers=1):
    program = textwrap.dedent(PROGRAM).format(
        path=[path for path in sys.path if path],
        n=n,
        seconds=seconds,
        workers=workers,
        log=str(tmp_path / "log"),
        folder=str(tmp_path / "run"),
    )
    return subprocess.Popen(
        [sys.executable, "-c", program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def begin(*started):
    """Let processes work, all at once."""
    for one in started:
        assert one.stdout.readline() == "ready\n"
    for one in started:
        one.stdin.write("go\n")
        one.stdin.flush()


def wait_for(n, log):
    end = time.monotonic() + 60
    while computed(log).total() < n:
        assert time.monotonic() < end
        time.sleep(0.02)


def ended(started):
    out, errors = started.communicate(timeout=60)
    return started.returncode, out + errors


@pytest.mark.slow
def test_two_processes_share_the_work_and_do_nothing_twice(tmp_path):
    both = [process(tmp_path), process(tmp_path)]
    begin(*both)
    assert [ended(one) for one in both] == [(0, ""), (0, "")]
    assert computed(tmp_path / "log") == dict.fromkeys(range(24), 1)
    lines = (tmp_path / "log").read_text().splitlines()
    shares = Counter(line.split()[1] for line in lines)
    assert len(shares) == 2
    assert min(shares.values()) >= 4


@pytest.mark.slow
def test_what_a_dead_process_had_claimed_is_taken_over_while_we_work(tmp_path):
    first, second = process(tmp_path), process(tmp_path)
    begin(first, second)
    wait_for(6, tmp_path / "log")
    first.kill()
    assert ended(second) == (0, "")
    first.communicate()
    counts = computed(tmp_path / "log")
    assert set(counts) == set(range(24))
    assert counts.total() <= 25  # the one that was under way had perhaps been logged


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_an_interruption_ends_in_seconds_and_keeps_what_is_done(workers, tmp_path):
    started = process(tmp_path, n=400, seconds=0.2, workers=workers)
    begin(started)
    wait_for(4, tmp_path / "log")
    began = time.monotonic()
    os.killpg(started.pid, signal.SIGINT)  # as a terminal does: workers get it too
    code, said = ended(started)
    assert time.monotonic() - began < 5
    assert code != 0
    assert said.rstrip().endswith("KeyboardInterrupt")
    assert said.count("Traceback") == 1  # ours, and none of a worker's
    with Store(tmp_path / "run") as store:
        assert len(store.finished()) >= 3
        assert not store.claimed()


@pytest.mark.slow
def test_workers_end_with_the_process_that_started_them(tmp_path):
    started = process(tmp_path, n=400, seconds=0.2, workers=2)
    begin(started)
    wait_for(6, tmp_path / "log")
    workers = {int(line.split()[1]) for line in (tmp_path / "log").read_text().splitlines()}
    started.kill()
    started.communicate()
    end = time.monotonic() + 10
    while any(os.path.exists(f"/proc/{worker}") for worker in workers - {started.pid}):
        assert time.monotonic() < end, "workers live on"
        time.sleep(0.05)


def test_small_work_stays_in_this_process(tmp_path, monkeypatch):
    monkeypatch.setattr(Local, "_hire", None)  # a call would fail
    assert_expected(conducted(tmp_path, cells(10), Local(8)), range(10))


def test_work_that_takes_longer_than_starting_workers_goes_to_them(tmp_path, monkeypatch):
    monkeypatch.setattr(local_module, "_START", 0.05)
    log = tmp_path / "log"
    with Local(2) as engine:
        conducted(tmp_path / "run", cells(6, seconds=0.2, log=str(log)), engine)
    first, *others = [int(line.split()[1]) for line in log.read_text().splitlines()]
    assert first == os.getpid()
    assert os.getpid() not in others


def test_workers_are_no_more_than_fit_into_memory(tmp_path, pool, monkeypatch):
    # seen through the number of cells that are computed at the same time
    memory = local_module.free_bytes()
    with pool.opened(SHARED, cells(8)) as bench:
        assert bench._most == 2
    with pool.opened(SHARED, cells(8, memory=memory)) as bench:
        assert bench._most == 1


def test_shared_data_are_in_memory_once_and_their_file_is_removed(tmp_path, pool):
    seen = []
    real = local_module.joblib.dump

    def spy(value, path):
        seen.append(path)
        return real(value, path)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(local_module.joblib, "dump", spy)
        conducted(tmp_path, cells(20, seconds=0.01), pool)
    (path,) = seen  # written once for all cells
    assert not path.exists()
    assert not path.parent.exists()


def test_the_threads_of_workers_are_bounded(tmp_path, pool):
    (content,) = conducted(tmp_path, cells(2), pool, count_threads)[:1]
    assert content.metadata == {"torch": 1, "pools": [1]}


def test_a_thread_of_the_users_may_conduct(tmp_path, pool):
    found = []
    thread = threading.Thread(target=lambda: found.extend(conducted(tmp_path, cells(6), Local(1))))
    thread.start()
    thread.join()
    assert_expected(found, range(6))
