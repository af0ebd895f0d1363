"""Cells whose content is known, for the tests of the store and the engines."""

import os
import time
import warnings
from pathlib import Path

import numpy as np
import torch
from threadpoolctl import threadpool_info

from steelyard._support.errors import DataError, SteelyardWarning
from steelyard._support.fingerprints import fingerprint
from steelyard.workflow.cells import Cell, Content, Needs


def cells(n, steps=1, memory=0, **task):
    return [
        Cell(
            fingerprint("toy", number),
            f"toy {number}",
            {"number": number, **task},
            steps,
            Needs(memory=memory),
        )
        for number in range(n)
    ]


def expected(number, shared=1.0):
    return Content({"values": np.arange(5.0) * number * shared}, {"number": number})


def compute(shared, task, report, checkpoint):
    """Return known numbers; every computation that ends leaves a line in the task's log."""
    for step in range(task.get("seconds", 0) and 10):
        time.sleep(task["seconds"] / 10)
        report(step)
    if "log" in task:
        with Path(task["log"]).open("a") as log:
            log.write(f"{task['number']} {os.getpid()}\n")
    return expected(task["number"], float(np.asarray(shared).flat[0]))


def fail(shared, task, report, checkpoint):
    if task["number"] == 3:
        raise DataError("Number 3 cannot be computed.", hint="leave it out.")
    return compute(shared, task, report, checkpoint)


def break_down(shared, task, report, checkpoint):
    raise ZeroDivisionError("a defect")


def die(shared, task, report, checkpoint):
    """Kill the worker: always for number 3, and for number 1 the first time."""
    once = Path(task["log"]).with_suffix(".died")
    always = task["number"] == 3 and task.get("always")
    if always or (task["number"] == 1 and not once.exists()):
        once.touch()
        os.kill(os.getpid(), 9)
    return compute(shared, task, report, checkpoint)


def warn(shared, task, report, checkpoint):
    if task["number"] == 1:
        warnings.warn("number 1 is odd", SteelyardWarning, stacklevel=1)
    return compute(shared, task, report, checkpoint)


def count_threads(shared, task, report, checkpoint):
    pools = sorted({one["num_threads"] for one in threadpool_info()})
    return Content({"values": np.zeros(1)}, {"torch": torch.get_num_threads(), "pools": pools})
