"""The recorder's page: its code runs, and its table of channels is the code's."""

import re
from pathlib import Path

import numpy as np
import torch

from steelyard import Dynamics, Recorder
from steelyard.records import CHANNELS

PAGE = (Path(__file__).parents[2] / "docs" / "recorder.md").read_text()


def test_the_pages_code_runs_as_it_stands(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    torch.manual_seed(0)
    names = {}
    for block in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL):
        exec(compile(block, "recorder.md", "exec"), names)
    assert Dynamics.load("dynamics.parquet").n_epochs == 5
    assert Dynamics.load("dynamics.parquet").channels["correct"].mean() > 0.5
    assert len(names["frame"]) == 3 * 500
    assert Recorder.load("recorder.npz").n_epochs == 5
    assert len(names["hardest"]) == 10
    assert names["final"].channels["final_margin"].shape == (1, 500)
    np.testing.assert_array_equal(names["dynamics"].labels, names["labels"])

    def gather(states, state):  # what two processes would bring
        states[:] = [state, state]

    monkeypatch.setattr(torch.distributed, "all_gather_object", gather)
    names["recorder"].update(names["ids"], names["logits"].repeat(25, axis=0)[:500])
    assert names["end_epoch_together"](names["recorder"], 2).n_epochs == 2


def test_the_pages_channels_are_the_codes():
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", PAGE, re.MULTILINE))
    assert rows == CHANNELS
