"""A lost node, an interruption, a killed driver: they cost what was under way, and nothing else."""

import contextlib
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
import pytest
from toy_cells import cells, compute
from toy_data import parted, toy_table

from steelyard.resampling import by_count
from steelyard.training import PROBES, Member
from steelyard.workflow import trainings
from steelyard.workflow.conduct import conduct
from steelyard.workflow.engines import Local
from steelyard.workflow.store import Store
from steelyard.workflow.trainings import train_members

ray = pytest.importorskip("ray", reason="the extra `cluster` is not installed")

from cluster_cells import train_and_say  # noqa: E402
from ray.cluster_utils import Cluster  # noqa: E402

from steelyard.workflow.engines.ray import Ray  # noqa: E402

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]
PATHS = [str(ROOT / "src"), str(ROOT / "tests")]


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    """What daemons and workers begin with: they find our modules."""
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(PATHS))


@pytest.fixture
def nodes():
    """Two nodes of one core each; the second is the worse one."""
    resources = {"num_cpus": 1, "object_store_memory": 10**8, "include_dashboard": False}
    cluster = Cluster(initialize_head=True, head_node_args=resources)
    cluster.add_node(**resources)
    yield cluster
    ray.shutdown()
    cluster.shutdown()


def files_of(folder):
    return {path.name: path.read_bytes() for path in (folder / "cells").rglob("*.npz")}


def study():
    """Return data and members of four dozen cells, networks and boosters."""
    data = parted(toy_table((300, 150)))
    train = data.part("train")
    trees = replace(PROBES["trees"], epochs=10)
    networks = replace(PROBES["mlp"], epochs=2, batch_size=32)
    members = [
        Member(recipe, by_count(train, degree, seed=k), k, f"degree={degree:g}", record=not degree)
        for recipe, n in ((trees, 20), (networks, 32))
        for k in range(n)
        for degree in (0.0, 1.0)
    ]
    return train, [data.part("validation"), data.part("test")], members


def test_a_node_that_dies_costs_its_cells_alone(nodes, tmp_path, monkeypatch):
    data, held_out, members = study()
    train_members(data, held_out, members, run=tmp_path / "local", engine=Local(1))
    monkeypatch.setattr(trainings, "train_stack", train_and_say)
    (second,) = nodes.worker_nodes
    log, stored = tmp_path / "log", {}

    def said():
        return [line.split() for line in log.read_text().splitlines()] if log.exists() else []

    def watch(done, total, what):
        by_second = [address for address, node in said() if node == second.node_id]
        if len(by_second) >= 4 and not stored:
            nodes.remove_node(second, allow_graceful=False)
            for path in (tmp_path / "ray" / "cells").rglob("*.npz"):
                stored[path] = path.stat().st_ino
            (tmp_path / "gone").touch()

    with Ray(nodes.address) as engine:
        began = time.monotonic()
        train_members(data, held_out, members, run=tmp_path / "ray", engine=engine, progress=watch)
        assert time.monotonic() - began < 120
    assert files_of(tmp_path / "ray") == files_of(tmp_path / "local")
    assert 4 <= len(stored) <= 12 < len(files_of(tmp_path / "ray"))  # it died in the middle
    # what was stored stands as it was, and was computed once
    assert stored == {path: path.stat().st_ino for path in stored}
    times = Counter(address for address, _ in said())
    assert {times[path.stem] for path in stored} == {1}
    # what came after the node was computed by the other, at most its cell twice
    assert times.total() <= len(times) + 1


PROGRAM = """
    import signal
    # in the background of a shell it would be ignored
    signal.signal(signal.SIGINT, signal.default_int_handler)
    import sys
    import numpy as np
    import ray
    from toy_cells import cells, {how}
    from steelyard.workflow.conduct import conduct
    from steelyard.workflow.engines.ray import Ray
    from steelyard.workflow.store import Store
    wanted = cells({n}, seconds=0.4, log={log!r})
    with Store({folder!r}) as store, Ray(workers={workers}) as engine:
        engine.start()
        for content in conduct(wanted, {how}, np.full(3, 2.0), store, engine):
            assert content.arrays["values"][1] == 2 * content.metadata["number"]
    print("done", ray.is_initialized())
"""


def process(tmp_path, n, how="compute", workers=1):
    """Start a process that computes cells in a cluster of its own."""
    program = textwrap.dedent(PROGRAM).format(
        n=n, how=how, workers=workers, log=str(tmp_path / "log"), folder=str(tmp_path / "run")
    )
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", program],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def computed(log):
    lines = log.read_text().split("\n")[:-1] if log.exists() else []
    return Counter(int(line.split()[0]) for line in lines)


def wait_for(n, log):
    end = time.monotonic() + 90
    while computed(log).total() < n:
        assert time.monotonic() < end
        time.sleep(0.02)


def family(started):
    """Return the daemons and workers of a process."""
    return psutil.Process(started.pid).children(recursive=True)


def assert_all_end(processes, seconds):
    _, alive = psutil.wait_procs(processes, timeout=seconds)
    assert not alive, [one.cmdline()[:3] for one in alive]


def test_a_cluster_of_our_own_is_silent_and_ends_with_us(tmp_path):
    started = process(tmp_path, 12, "die", workers=2)
    wait_for(4, tmp_path / "log")
    daemons = family(started)
    assert daemons
    assert started.communicate(timeout=90) == ("done False\n", "")
    assert started.returncode == 0
    assert (tmp_path / "log.died").exists()  # a worker was killed, and nothing said of it
    assert computed(tmp_path / "log") == dict.fromkeys(range(12), 1)
    assert_all_end(daemons, 10)


def test_an_interruption_ends_in_seconds_and_keeps_what_is_done(tmp_path):
    started = process(tmp_path, 400)
    wait_for(4, tmp_path / "log")
    daemons = family(started)
    began = time.monotonic()
    os.killpg(started.pid, signal.SIGINT)  # as a terminal does: daemons get it too
    out, errors = started.communicate(timeout=60)
    assert time.monotonic() - began < 10
    assert started.returncode != 0
    assert errors.rstrip().endswith("KeyboardInterrupt")
    assert (out + errors).count("Traceback") == 1  # ours, and none of a worker's
    assert_all_end(daemons, 10)
    with Store(tmp_path / "run") as store:
        assert len(store.finished()) >= 3
        assert not store.claimed()


def test_what_a_killed_driver_left_is_taken_up_by_local(tmp_path):
    started = process(tmp_path, 20)
    wait_for(6, tmp_path / "log")
    daemons = family(started)
    # Ray's two agents try for a minute to tell the dead of each other
    agents = [one for one in daemons if one.name().endswith("Agent")]
    assert len(daemons) >= len(agents) + 4
    started.kill()
    started.communicate()
    assert_all_end([one for one in daemons if one not in agents], 15)
    for agent in agents:
        with contextlib.suppress(psutil.NoSuchProcess):
            agent.kill()
    before = computed(tmp_path / "log")
    with Store(tmp_path / "run") as store:
        stored = store.finished()
        assert len(stored) >= 4
        wanted = cells(20, log=str(tmp_path / "log"))
        for cell, content in zip(
            wanted, conduct(wanted, compute, np.full(3, 2.0), store, Local(1)), strict=True
        ):
            number = cell.task["number"]
            np.testing.assert_array_equal(content.arrays["values"], np.arange(5.0) * number * 2)
    after = computed(tmp_path / "log")
    assert set(after) == set(range(20))
    again = {number for number in after if after[number] > 1}
    assert not {wanted[number].address for number in again} & stored
    assert len(again) <= 1 < before.total()
