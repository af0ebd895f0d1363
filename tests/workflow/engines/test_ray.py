"""Cells as tasks of a Ray cluster: what `local` does, and what a cluster adds."""

import logging
import os
import socket
import sys
import threading
import time
import types
from collections import Counter
from contextlib import contextmanager
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from toy_cells import break_down, cells, compute, die, expected, fail
from toy_data import parted, toy_images, toy_table

from steelyard._support.errors import (
    DataError,
    MissingExtraError,
    ParameterError,
    ResourceError,
    SteelyardWarning,
)
from steelyard.cli.app import run as command
from steelyard.resampling import by_count
from steelyard.training import PROBES, Member
from steelyard.workflow.cells import Needs
from steelyard.workflow.conduct import conduct
from steelyard.workflow.engines import Local, choose_engine
from steelyard.workflow.engines import local as local_module
from steelyard.workflow.store import Store
from steelyard.workflow.trainings import train_members

ray = pytest.importorskip("ray", reason="the extra `cluster` is not installed")

from cluster_cells import fail_strangely, large, last, look_around, meet, stay  # noqa: E402

from steelyard.workflow.engines import cluster as cluster_module  # noqa: E402
from steelyard.workflow.engines import ray as ray_module  # noqa: E402
from steelyard.workflow.engines.ray import Ray  # noqa: E402

ROOT = Path(__file__).parents[3]
SHARED = np.full(200_000, 2.0)  # large enough to lie in the object store


@contextmanager
def environment_of_workers(**values):
    """What daemons and workers begin with: they find our modules, and are told other threads."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("RAY_ADDRESS", raising=False)
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        patch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT / "src"), str(ROOT / "tests")]))
        for name, value in values.items():
            patch.setenv(name, value)
        yield


@pytest.fixture(scope="module")
def cluster():
    """One that the user has started: two cores, and two GPUs that nobody has seen."""
    with environment_of_workers(OMP_NUM_THREADS="3"):
        ray.init(
            "local",
            num_cpus=2,
            num_gpus=2,
            include_dashboard=False,
            log_to_driver=False,
            logging_level=logging.ERROR,
        )
    yield
    ray.shutdown()


@pytest.fixture
def engine(cluster):
    with Ray() as engine:
        yield engine
    assert ray.is_initialized()  # what the user has started stays


class Lasting(Local):
    """Keeps its workers from one run to the next."""

    def __exit__(self, *_):
        pass


@pytest.fixture(scope="module")
def two():
    engine = Lasting(2)
    yield engine
    engine.end()


class Elsewhere(Ray):
    """Its workers do not see the folder of the run."""

    @contextmanager
    def opened(self, shared, cells):
        with super().opened(shared, cells) as bench:
            submit = bench.submit
            bench.submit = lambda job, listen: submit(
                replace(job, folder=Path("/on/another/machine")), listen
            )
            yield bench


def conducted(folder, wanted, engine, how=compute, progress=None, shared=SHARED):
    with Store(folder) as store:
        told = {} if progress is None else {"progress": progress}
        return list(conduct(wanted, how, shared, store, engine, **told))


def computed(log):
    """Return how often each number was computed."""
    lines = log.read_text().splitlines() if log.exists() else []
    return Counter(int(line.split()[0]) for line in lines)


def assert_expected(contents, numbers):
    assert len(contents) == len(numbers)
    for content, number in zip(contents, numbers, strict=True):
        np.testing.assert_array_equal(content.arrays["values"], np.arange(5.0) * number * 2)
        assert content.metadata == expected(number).metadata


def files_of(folder):
    return {path.name: path.read_bytes() for path in (folder / "cells").rglob("*.npz")}


# ------------------------------------------------------------------------------- the same results


def trainings(model):
    """Return data and members whose cells are several."""
    if model == "trees":
        # more numbers than torch hands to one thread
        data = parted(toy_table((9000, 6000)))
        recipe = replace(PROBES["trees"], epochs=5)
    else:
        data = parted(toy_images((160, 90, 50), size=12, noise=90.0))
        recipe = replace(PROBES[model], epochs=2, batch_size=32)
    train = data.part("train")
    n = {"trees": 3, "mlp": 9, "cnn": 9}[model]
    members = [Member(recipe, repetition=k, record=True) for k in range(n)]
    members += [Member(recipe, by_count(train, 1.0, seed=k), k, "balanced") for k in range(n)]
    return train, [data.part("validation"), data.part("test")], members


@pytest.mark.parametrize("model", ["mlp", "cnn", "trees"])
def test_the_bits_are_those_of_local(model, tmp_path, engine, two, monkeypatch):
    data, held_out, members = trainings(model)
    monkeypatch.setattr(local_module, "_START", -1.0)  # no cell stays in this process
    engines = {"one": Local(1), "two": two, "ray": engine}
    for name, chosen in engines.items():
        train_members(data, held_out, members, run=tmp_path / name, engine=chosen)
    files = {name: files_of(tmp_path / name) for name in engines}
    assert len(files["one"]) > 2
    assert files["ray"] == files["one"]
    assert files["two"] == files["one"]


def test_the_command_gives_the_same_verdict(tmp_path, cluster):
    data, verdicts = toy_table(), []
    frame = data.inputs.assign(label=np.asarray(data.class_names)[data.labels])
    frame.to_csv(tmp_path / "data.csv", index=False)
    for name in ("local", "ray"):
        words = ["weigh", str(tmp_path / "data.csv"), "--target", "label", "--degrees", "0,1"]
        words += ["--seeds", "2", "--engine", name, "--out", str(tmp_path / name)]
        assert command(words) == 0
        verdicts.append((tmp_path / name / "verdict.json").read_bytes())
    assert verdicts[0] == verdicts[1]


# ----------------------------------------------------------------------------------- conducting


def test_contents_come_in_the_order_of_the_cells_and_each_is_computed_once(tmp_path, engine):
    wanted = cells(20, log=str(tmp_path / "log"))
    assert_expected(conducted(tmp_path / "run", wanted[3:7], engine), range(3, 7))
    assert_expected(conducted(tmp_path / "run", wanted[::-1], engine), range(19, -1, -1))
    assert computed(tmp_path / "log") == dict.fromkeys(range(20), 1)
    workers = {line.split()[1] for line in (tmp_path / "log").read_text().splitlines()}
    assert str(os.getpid()) not in workers


def test_a_relative_folder_is_seen_by_workers(tmp_path, engine, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (found,) = conducted("run", cells(1), engine, look_around)
    assert found.metadata["sees the folder"]


@pytest.mark.parametrize("how", [compute, large])
def test_results_of_workers_that_do_not_see_the_folder_come_back(how, tmp_path, cluster):
    there, here = tmp_path / "there", tmp_path / "here"
    with Elsewhere() as engine:
        conducted(there, cells(6), engine, how)
    conducted(here, cells(6), Local(1), how)
    assert files_of(there) == files_of(here)
    with Elsewhere() as engine:
        (found,) = conducted(tmp_path / "look", cells(1), engine, look_around)
    assert not found.metadata["sees the folder"]


def test_progress_counts_steps_while_cells_are_computed(tmp_path, engine):
    told = []
    wanted = cells(4, steps=10, seconds=1.0)
    conducted(tmp_path, wanted, engine, progress=lambda *words: told.append(words))
    done = [words[0] for words in told]
    assert {words[1] for words in told} == {40}
    assert (done[0], done[-1]) == (0, 40)
    assert done == sorted(done)
    assert any(steps % 10 for steps in done)


def test_errors_of_the_work_come_back_as_they_are(tmp_path, engine):
    with pytest.raises(DataError, match="Number 3 cannot be computed") as raised:
        conducted(tmp_path / "ours", cells(6), engine, fail)
    assert raised.value.hint == "leave it out."
    with pytest.raises(ZeroDivisionError, match="a defect") as defect:
        conducted(tmp_path / "defect", cells(2), engine, break_down)
    assert "in break_down" in "".join(defect.value.__notes__)


@pytest.mark.parametrize("where", ["ray", "local"])
def test_errors_that_cannot_be_made_again_are_told(where, tmp_path, cluster, two, monkeypatch):
    monkeypatch.setattr(local_module, "_START", -1.0)  # no cell stays in this process
    with (
        Ray() if where == "ray" else two as engine,
        pytest.raises(RuntimeError, match="NeedsTwo: this") as raised,
    ):
        conducted(tmp_path, cells(2), engine, fail_strangely)
    assert "in fail_strangely" in "".join(raised.value.__notes__)


# -------------------------------------------------------------------------------- what cells get


def test_data_are_put_into_the_store_once_and_never_copied(tmp_path, engine, monkeypatch):
    puts = []
    put = ray.put
    monkeypatch.setattr(ray, "put", lambda value: puts.append(1) or put(value))
    found = conducted(tmp_path, cells(8), engine, look_around)
    assert puts == [1]
    for one in found:
        np.testing.assert_array_equal(one.arrays["shared"], np.full(5, 2.0))
        assert not one.metadata["writeable"]  # a copy would be


def test_a_cell_has_what_it_needs_and_one_thread(tmp_path, engine):
    plain, wide = cells(2)
    wide = replace(wide, needs=Needs(cpus=2, gpus=1, memory=10**9))
    first, second = (
        one.metadata for one in conducted(tmp_path, [plain, wide], engine, look_around)
    )
    assert first["resources"]["CPU"] == 1
    assert "GPU" not in first["resources"]
    assert second["resources"]["CPU"] == 2
    assert second["resources"]["GPU"] == 1
    assert second["gpus"] in ("0", "1")
    assert second["resources"]["memory"] - first["resources"]["memory"] == pytest.approx(10**9)
    for one in (first, second):  # whatever the node was told
        assert one["threads"] == [1]
        assert one["torch"] == [1, 1]


def test_a_cell_that_needs_more_memory_than_there_is_is_tried(tmp_path, engine):
    (cell,) = cells(1, memory=2**60)
    assert_expected(conducted(tmp_path, [cell], engine), [0])


def test_a_cell_that_no_node_can_take_is_refused(tmp_path, engine):
    (cell,) = cells(1)
    needs = replace(cell, needs=Needs(gpus=3))
    with pytest.raises(ResourceError, match=r"No node .* needs: 1 cores and 3 GPUs"):
        conducted(tmp_path, [needs], engine)


def test_as_many_cells_as_there_is_room_for_are_computed_at_once(tmp_path, engine):
    meeting = tmp_path / "meeting"
    meeting.mkdir()
    conducted(tmp_path / "run", cells(2, meeting=str(meeting), guests=2), engine, meet)


def test_a_gpu_is_looked_for_where_the_work_is(tmp_path, engine, monkeypatch):
    asked = []
    submit = ray_module._Bench.submit

    def spy(bench, job, listen):
        asked.append(job.cell.needs)
        return submit(bench, job, listen)

    monkeypatch.setattr(ray_module._Bench, "submit", spy)
    data, held_out, members = trainings("mlp")
    if torch.cuda.is_available():
        pytest.skip("this machine has the GPU that must not be found here")
    with pytest.raises(ResourceError, match="'cuda' is not there"):
        train_members(data, held_out, members, run=tmp_path, engine=engine, device="cuda")
    assert asked == [Needs(gpus=1)]  # it was a worker that did not find it
    with pytest.raises(ParameterError, match="'device'"):
        train_members(data, held_out, members, run=tmp_path, engine=engine, device="cudo")


def test_no_more_cells_than_workers_are_computed_at_once(tmp_path, cluster):
    with Ray(workers=1) as engine:
        found = conducted(tmp_path, cells(4, seconds=0.2), engine, last)
    spans = sorted(one.arrays["span"].tolist() for one in found)
    assert all(ends <= begins for (_, ends), (begins, _) in pairwise(spans))


def test_slots_follow_the_nodes(engine, monkeypatch):
    node = {"Alive": True, "Resources": {"CPU": 4.0, "GPU": 1.0, "memory": 8e9}}
    nodes = [node, {**node, "Alive": False}]
    monkeypatch.setattr(ray, "nodes", lambda: nodes)
    monkeypatch.setattr(ray_module, "_LOOK_EVERY", 0.0)
    with engine.opened(SHARED, cells(1)) as bench:
        assert bench.slots == 2 * 4
        nodes.append(node)
        assert bench.slots == 2 * 8
        nodes[:] = [{"Alive": True, "Resources": {"CPU": 4.0, "memory": 1e9}}]
        assert bench.slots == 2 * 2  # of 0.4 GB each
        nodes.clear()
        with pytest.warns(SteelyardWarning, match="No node is left"):
            assert bench.slots == 2
        assert bench.slots == 2  # and says so once
    nodes[:] = [node]
    with engine.opened(SHARED, [replace(cells(1)[0], needs=Needs(gpus=1))]) as bench:
        assert bench.slots == 2
    with Ray(workers=3).opened(SHARED, cells(1)) as bench:
        assert bench.slots == 3


def test_read_only_data_train_without_a_warning(tmp_path, cluster):
    """In this process, where a warning is an error."""
    data, held_out, members = trainings("mlp")
    seen = {}

    class Here(Ray):
        @contextmanager
        def opened(self, shared, cells):
            seen["shared"] = ray.get(ray.put(shared))
            with super().opened(shared, cells) as bench:
                bench.submit = self.submit
                yield bench

        def submit(self, job, listen):
            from concurrent.futures import Future

            future = Future()
            future.set_result(ray_module._away(seen["shared"], job, ray_module._versions()))
            return future

    torch.set_warn_always(True)
    try:
        train_members(data, held_out, members[:2], run=tmp_path, engine=Here())
    finally:
        torch.set_warn_always(False)
    assert not seen["shared"]["mlp"].X.flags.writeable


# ------------------------------------------------------------------------------------ what breaks


def test_a_killed_worker_costs_its_cell_alone_and_one_that_always_dies_is_given_up(
    tmp_path, engine
):
    wanted = cells(10, log=str(tmp_path / "log"), always=True)
    with pytest.raises(ResourceError, match="3 workers died while they computed toy 3"):
        conducted(tmp_path / "run", wanted, engine, die)
    assert (tmp_path / "log.died").exists()  # number 1 lost its first worker
    with Store(tmp_path / "run") as store:
        assert store.finished() == {cell.address for cell in wanted} - {wanted[3].address}
        assert not store.claimed()
    assert_expected(conducted(tmp_path / "run", wanted, engine), range(10))
    assert computed(tmp_path / "log") == dict.fromkeys(range(10), 1)


def test_other_versions_are_refused_in_one_line(tmp_path, engine, monkeypatch):
    mine = {**ray_module._versions(), "torch": "0.1", "steelyard": "9"}
    monkeypatch.setattr(ray_module, "_versions", lambda: mine)
    with pytest.raises(ResourceError) as raised:
        conducted(tmp_path, cells(2), engine)
    assert f"torch {torch.__version__} instead of 0.1" in str(raised.value)
    assert "instead of 9" in str(raised.value)
    assert "\n" not in str(raised.value)


def test_what_workers_cannot_import_is_told_in_one_line(tmp_path, engine, monkeypatch):
    only_here = types.ModuleType("only_here")
    exec("def compute(shared, task, report, checkpoint): pass", only_here.__dict__)
    monkeypatch.setitem(sys.modules, "only_here", only_here)
    with pytest.raises(ResourceError, match=r"No module named 'only_here'.*every node") as raised:
        conducted(tmp_path, cells(2), engine, only_here.compute)
    assert "\n" not in str(raised.value)


def test_data_for_which_the_cluster_has_no_room_are_told(engine, monkeypatch):
    def full(value):
        raise ray.exceptions.ObjectStoreFullError("no room")

    monkeypatch.setattr(ray, "put", full)
    with pytest.raises(ResourceError, match="no room for the data"), engine.opened(1, cells(1)):
        pass


def test_an_error_stops_what_is_running(tmp_path, engine):
    def interrupt(done, total, what):
        if list(tmp_path.glob("begun *")):
            raise KeyboardInterrupt

    wanted = cells(3, folder=str(tmp_path), seconds=3.0)
    with pytest.raises(KeyboardInterrupt):
        conducted(tmp_path / "run", wanted, engine, stay, progress=interrupt)
    time.sleep(5)
    assert not list(tmp_path.glob("ended *"))


# ------------------------------------------------------------------------------------- addresses


@pytest.mark.parametrize("address", ["nonsense", "host", "host:port", "http://host:8265", ":1", ""])
def test_addresses_without_the_form_of_one_are_refused(address):
    with pytest.raises(ParameterError, match="must be HOST:PORT"):
        Ray(address)


@pytest.mark.parametrize("workers", [0, -1, 1.5, True])
def test_workers_are_a_positive_number(workers):
    with pytest.raises(ParameterError, match="workers"):
        Ray(workers=workers)


def test_an_address_is_ray_s_alone():
    with pytest.raises(ParameterError, match=r"'local' takes no address.*engine ray"):
        choose_engine("local", None, "host:6379")
    assert choose_engine("ray", 3, "host:6379").address == "host:6379"


def test_another_cluster_than_the_one_in_use_is_refused(cluster):
    there = ray.get_runtime_context().gcs_address
    with pytest.raises(ParameterError, match=f"initialised already, with the cluster '{there}'"):
        Ray("no-such-host:6379").start()
    with Ray(there).opened(1, cells(1)), Ray("auto").opened(1, cells(1)):
        pass
    assert ray.is_initialized()


@pytest.fixture
def unconnected(monkeypatch):
    """As if Ray were not in use; nothing may be begun. Returns how often Ray was shut down."""
    shut_down = []
    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    monkeypatch.setattr(ray, "shutdown", lambda: shut_down.append(1))
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    return shut_down


def answering(words):
    """Return the port of a server that says these words to everybody."""
    server = socket.create_server(("127.0.0.1", 0))

    def answer():
        with server, server.accept()[0] as line:
            line.recv(100)
            line.sendall(words)

    threading.Thread(target=answer, daemon=True).start()
    return server.getsockname()[1]


def test_a_cluster_that_does_not_answer_is_told_in_seconds(unconnected):
    with socket.create_server(("127.0.0.1", 0)) as server:
        closed = server.getsockname()[1]
    page = answering(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    for address in (f"127.0.0.1:{closed}", f"ray://127.0.0.1:{closed}", f"127.0.0.1:{page}",
                    "no-such-host.invalid:6379", "127.0.0.1:99999"):  # fmt: skip
        began = time.monotonic()
        with pytest.raises(ResourceError, match=r"No Ray cluster answers.*ray start") as raised:
            Ray(address).start()
        assert "\n" not in str(raised.value)
        assert time.monotonic() - began < 10


def test_one_that_says_nothing_is_given_up(unconnected, monkeypatch):
    monkeypatch.setattr(cluster_module, "_PATIENCE", 0.3)
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        pytest.raises(ResourceError, match="timed out"),
    ):
        Ray(f"127.0.0.1:{silent.getsockname()[1]}").start()


def test_a_cluster_in_the_environment_is_taken(unconnected, monkeypatch):
    monkeypatch.setenv("RAY_ADDRESS", "127.0.0.1:1")
    with pytest.raises(ResourceError, match=r"127\.0\.0\.1:1"):
        Ray().start()
    monkeypatch.setenv("RAY_ADDRESS", "nonsense")
    with pytest.raises(ParameterError, match="nonsense"):
        Ray().start()


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        ("Version mismatch:\n  there 1\n  here 2\n", "here 2.*ray status"),
        ("RPC error: InvalidAuthToken: missing", "asks for a token.*RAY_AUTH_MODE=token"),
    ],
)
def test_what_ray_says_of_a_cluster_is_told_in_one_line(reason, told, unconnected, monkeypatch):
    def init(*_, **__):
        raise ConnectionError("no connection") from RuntimeError(reason)

    def short(*_, **__):
        raise RuntimeError(reason)

    for failing in (init, short) if "Token" in reason else (short,):
        monkeypatch.setattr(ray, "init", failing)
        port = answering(b"\x00\x00\x00\x04\x00\x00\x00\x00\x00")
        with pytest.raises(ResourceError, match=told) as raised:
            Ray(f"127.0.0.1:{port}").start()
        assert "\n" not in str(raised.value)
    assert unconnected  # half a connection is none


def test_the_client_is_an_extra_of_ray(unconnected, monkeypatch):
    def init(*_, **__):
        raise ValueError("Ray Client requires pip package `ray[client]`.")

    monkeypatch.setattr(ray, "init", init)
    port = answering(b"\x00\x00\x00\x04\x00\x00\x00\x00\x00")
    with pytest.raises(MissingExtraError, match=r"pip install 'ray\[client\]'"):
        Ray(f"ray://127.0.0.1:{port}").start()


def test_an_interruption_while_connecting_ends_what_was_begun(unconnected, monkeypatch):
    def init(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(ray, "init", init)
    with pytest.raises(KeyboardInterrupt):
        Ray().start()
    assert unconnected == [1]


def test_without_ray_the_extra_is_named(monkeypatch, capsys, tmp_path):
    for module in [name for name in sys.modules if name.endswith((".engines.ray", ".cluster"))]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingExtraError, match=r"needs the package ray.*steelyard\[cluster\]"):
        choose_engine("ray")
    assert command(["weigh", "digits", "--engine", "ray", "--out", str(tmp_path / "run")]) == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--engine", "ray", "--address", "127.0.0.1:1"], "No Ray cluster answers"),
        (["--engine", "ray", "--workers", "0"], "int in the range [1, inf). Got 0"),
        (["--address", "127.0.0.1:1"], "takes no address"),
    ],
)
def test_mistakes_end_in_one_line(words, told, tmp_path, capsys, unconnected):
    out = tmp_path / "run"
    assert command(["weigh", "digits", *words, "--out", str(out)]) == 2
    err = capsys.readouterr().err
    assert told in err
    assert err.count("\n") == 1
    assert not out.exists()
