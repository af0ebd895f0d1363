"""Small runs: complete, stopped, of scores alone."""

from dataclasses import replace
from functools import partial
from pathlib import Path

from toy_data import parted, toy_images, toy_table

from steelyard.report import write_report
from steelyard.training import PROBES
from steelyard.workflow import score, weigh
from steelyard.workflow.engines.local import Local

FOLDS = 5  # cells of trees, or members of a cell of networks
TREES = replace(PROBES["trees"], epochs=5)
NETWORK = replace(PROBES["mlp"], epochs=2, batch_size=16)
TABLE = parted(toy_table((90, 40)))
IMAGES = parted(toy_images((60, 40, 20)))
_weigh = partial(weigh, degrees=(0, 1), seeds=2, engine=Local(1))


def weighed(folder: Path, data=TABLE, probe=TREES, **values) -> Path:
    """Four cells of trees (or one of networks) and five folds, every record and the page."""
    _weigh(data, probe=probe, run=folder, **values).save(folder)
    write_report(folder)
    return folder


def stopped(folder: Path, after: int = 2, **values) -> Path:
    """A weighing that was interrupted once some of its cells were there."""

    def interrupt(done, total, what):
        if done >= after:
            raise KeyboardInterrupt

    try:
        _weigh(TABLE, probe=TREES, run=folder, progress=interrupt, **values)
    except KeyboardInterrupt:
        return folder
    raise AssertionError("it was not interrupted")


def scored(folder: Path, **values) -> Path:
    """Two cells, and no record."""
    score(TABLE, runs=2, probe=TREES, run=folder, engine=Local(1), **values)
    return folder


def content(folder: Path) -> dict[str, bytes]:
    """Return every file below a folder."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
