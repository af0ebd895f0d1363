"""Cells that look around in a worker of a cluster; its workers find them by name."""

import contextlib
import os
import threading
import time
from pathlib import Path

import numpy as np
import ray
import torch
from threadpoolctl import threadpool_info

from steelyard.workflow.cells import Content
from steelyard.workflow.trainings import train_stack


def look_around(shared, task, report, checkpoint):
    """Return what a worker finds."""
    seen = []
    thread = threading.Thread(target=lambda: seen.append(torch.get_num_threads()))
    thread.start()
    thread.join()
    context = ray.get_runtime_context()
    return Content(
        {"shared": np.asarray(shared).ravel()[:5]},
        {
            "pid": os.getpid(),
            "node": context.get_node_id(),
            "resources": context.get_assigned_resources(),
            "gpus": os.environ.get("CUDA_VISIBLE_DEVICES"),
            "threads": sorted({one["num_threads"] for one in threadpool_info()}),
            "torch": [torch.get_num_threads(), *seen],
            "writeable": shared.flags.writeable,
            "sees the folder": checkpoint is not None,
        },
    )


def last(shared, task, report, checkpoint):
    """Say from when to when it was computed."""
    began = time.time()
    time.sleep(task["seconds"])
    return Content({"span": np.array([began, time.time()])}, {})


def meet(shared, task, report, checkpoint):
    """Wait until as many as are expected are there."""
    (Path(task["meeting"]) / str(task["number"])).touch()
    end = time.monotonic() + 60
    while len(os.listdir(task["meeting"])) < task["guests"]:
        assert time.monotonic() < end, "nobody came"
        time.sleep(0.02)
    return Content({}, {})


def stay(shared, task, report, checkpoint):
    """Begin, go on whatever one is asked, and end."""
    folder = Path(task["folder"])
    (folder / f"begun {task['number']}").touch()
    end = time.monotonic() + task["seconds"]
    while time.monotonic() < end:
        with contextlib.suppress(KeyboardInterrupt):
            report(0)
            time.sleep(0.05)
    (folder / f"ended {task['number']}").touch()
    return Content({}, {})


def large(shared, task, report, checkpoint):
    return Content({"values": np.full(3_000_000, task["number"], float)}, {})


class NeedsTwo(Exception):
    """An exception that can be sent to another process and not be made again there."""

    def __init__(self, first, second):
        super().__init__(first)
        self.second = second


def fail_strangely(shared, task, report, checkpoint):
    raise NeedsTwo("this", "that")


def train_and_say(shared, stack, report, checkpoint):
    """Train a cell, and say on which node in a log beside the run.

    No node gets more than six done before a node is gone, however slow the other one begins.
    """
    content = train_stack(shared, stack, report, checkpoint)
    run, node = checkpoint.parents[2], ray.get_runtime_context().get_node_id()
    with (run / "log").open("a") as log:
        log.write(f"{checkpoint.name} {node}\n")
    end = time.monotonic() + 60
    while (run / "log").read_text().count(node) >= 6 and not (run / "gone").exists():
        assert time.monotonic() < end, "no node went"
        time.sleep(0.02)
    return content
