"""What the README and the pages promise is there, and its code runs."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import steelyard
from steelyard.cli.runs import app
from steelyard.records.run_folder import (
    CELLS,
    CHECKPOINTS,
    INDEX,
    MANIFEST,
    RECORDS,
    REPORT,
    WORK,
    WORKERS,
)

ROOT = Path(__file__).parents[1]


def test_the_public_surface_is_what_stands_in_all():
    for name in steelyard.__all__:
        assert getattr(steelyard, name).__doc__, name
    public = {name for name in vars(steelyard) if not name.startswith("_")}
    rooms = {path.name for path in (ROOT / "src" / "steelyard").iterdir() if path.is_dir()}
    assert public - rooms - {"annotations"} == set(steelyard.__all__) - rooms


@pytest.mark.slow
def test_the_readmes_python_runs(tmp_path, monkeypatch):
    (code,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    rng = np.random.default_rng(0)
    churned = np.repeat(["stays", "leaves"], [160, 40])
    frame = pd.DataFrame({"months": rng.normal(size=200) + (churned == "stays")})
    frame.assign(churned=churned).to_csv(tmp_path / "customers.csv", index=False)
    monkeypatch.chdir(tmp_path)
    exec(compile(code, "README.md", "exec"), {})
    assert (tmp_path / "run" / "report.html").exists()


@pytest.mark.parametrize(
    "page",
    [
        "claims.md",
        "in-class.md",
        "comparisons.md",
        "correction.md",
        "costs.md",
        "diagnosis.md",
        "ensembles.md",
        "evaluation.md",
        "evidence.md",
        "guards.md",
        "hardness-plans.md",
        "hardness-resampling.md",
        "kinds.md",
        "metrics.md",
        "multi-label.md",
        "plans-by-count.md",
        "plans.md",
        "ranking.md",
        "runs.md",
        "samplers.md",
        "stability.md",
        "thresholds.md",
    ],
)
def test_the_code_of_a_page_runs(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / page).read_text(), re.DOTALL)
    assert blocks
    names: dict = {}
    for block in blocks:
        exec(compile(block, page, "exec"), names)


@pytest.mark.parametrize(
    "page",
    ["README.md", "CONTRIBUTING.md", *sorted(str(p) for p in (ROOT / "docs").rglob("*.md"))],
)
def test_links_lead_somewhere(page):
    text = (ROOT / page).read_text()
    for link in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text):
        if not link.startswith("http"):
            assert ((ROOT / page).parent / link).exists(), link


def test_the_page_of_runs_shows_every_verb_and_no_other():
    page = (ROOT / "docs" / "runs.md").read_text()
    verbs = {one.name or one.callback.__name__ for one in app.registered_commands}
    assert set(re.findall(r"^\$ steelyard runs (\w+)", page, re.MULTILINE)) == verbs
    readme = (ROOT / "README.md").read_text()
    assert "docs/runs.md" in readme


def test_every_file_of_a_run_is_documented():
    page = (ROOT / "docs" / "run-folder.md").read_text()
    for name in (*RECORDS, MANIFEST, REPORT, WORK, INDEX, CELLS, WORKERS, CHECKPOINTS):
        assert f"`{name}" in page, name


def test_the_documented_files_and_rooms_exist():
    contributing = (ROOT / "CONTRIBUTING.md").read_text()
    rooms = re.findall(r"^  (\w+)/ ", contributing, re.MULTILINE)
    there = {path.parent.name for path in (ROOT / "src" / "steelyard").glob("*/__init__.py")}
    assert set(rooms) == there
