"""Cells that workers of a cluster can find by name, and that say where they were computed."""

import os
import threading
import time
from pathlib import Path

import numpy as np
import ray
import torch
from threadpoolctl import threadpool_info

from steelyard._support.errors import DataError
from steelyard._support.fingerprints import fingerprint
from steelyard.workflow.cells import Cell, Content, Needs
from steelyard.workflow.trainings import train_stack


def cells(n, steps=1, needs=None, **task):
    return [
        Cell(
            fingerprint("cluster", number),
            f"cell {number}",
            {"number": number, **task},
            steps,
            needs or Needs(),
        )
        for number in range(n)
    ]


def expected(number):
    return np.arange(5.0) * number


def compute(shared, task, report, checkpoint):
    """Return known numbers. With a log, say when it began and ended."""
    began = time.time()
    for step in range(10 if task.get("seconds") else 0):
        time.sleep(task["seconds"] / 10)
        report(step)
    if "log" in task:
        _say(task["log"], task["number"], os.getpid(), began, time.time())
    return Content(
        {"values": expected(task["number"]) * np.asarray(shared).flat[0]},
        {"number": task["number"]},
    )


def look_around(shared, task, report, checkpoint):
    """Return what a worker finds."""
    torch.ones(8) @ torch.ones(8)
    in_another_thread = []
    thread = threading.Thread(target=lambda: in_another_thread.append(torch.get_num_threads()))
    thread.start()
    thread.join()
    context = ray.get_runtime_context()
    return Content(
        {},
        {
            "pid": os.getpid(),
            "node": context.get_node_id(),
            "cwd": os.getcwd(),
            "resources": context.get_assigned_resources(),
            "gpus": os.environ.get("CUDA_VISIBLE_DEVICES"),
            "threads": sorted({one["num_threads"] for one in threadpool_info()}),
            "torch": [torch.get_num_threads(), *in_another_thread],
            "writeable": shared.flags.writeable,
            "sees the folder": checkpoint is not None,
        },
    )


def large(shared, task, report, checkpoint):
    return Content({"values": np.full(3_000_000, task["number"], float)}, {})


class NeedsTwo(Exception):
    """An exception that can be sent and cannot be made again."""

    def __init__(self, first, second):
        super().__init__(first)
        self.second = second


def fail(shared, task, report, checkpoint):
    if task["number"] != 3:
        return compute(shared, task, report, checkpoint)
    if task["how"] == "ours":
        raise DataError("Number 3 cannot be computed.", hint="leave it out.")
    if task["how"] == "a defect":
        raise ZeroDivisionError("a defect")
    raise NeedsTwo("this", "that")


def die(shared, task, report, checkpoint):
    """Kill the worker at number 3: the first time, or always; or after the cell was stored."""
    if task["number"] != 3:
        return compute(shared, task, report, checkpoint)
    once = Path(task["log"]).with_suffix(".died")
    if task["how"] == "after storing" and not once.exists():
        once.touch()
        stored = checkpoint.parents[1] / "cells"
        threading.Thread(target=_end_after, args=(stored,), daemon=True).start()
        return compute(shared, task, report, checkpoint)
    if task["how"] == "always" or not once.exists():
        once.touch()
        os.kill(os.getpid(), 9)
    return compute(shared, task, report, checkpoint)


def _end_after(folder):
    raise NotImplementedError


def train_and_say(shared, stack, report, checkpoint):
    """Train a cell, and say on which node; the log lies beside the run."""
    content = train_stack(shared, stack, report, checkpoint)
    _say(checkpoint.parents[2] / "log", checkpoint.name, ray.get_runtime_context().get_node_id())
    return content


def _say(log, *words):
    with Path(log).open("a") as file:  # short lines of several processes do not mix
        file.write(" ".join(str(word) for word in words) + "\n")


def said(log):
    log = Path(log)
    return [line.split() for line in log.read_text().splitlines()] if log.exists() else []
