"""The pages of docs/scores say what the code says, and their code runs."""

import json
import re

import numpy as np
import pyarrow.parquet as pq
import pytest
from score_pages import EVIDENCE, FOLDER, index, module_of, page_of, pages

from steelyard.checks.score_cases import case, neighbour_case
from steelyard.hardness import SCORES, estimate
from steelyard.records import CHANNELS, load_scores, save_scores

PAGES = pages()
WHAT = ("## What it tells you", "## What they tell you", "## What it does")
WHEN = ("## When it misleads", "## When they mislead")


def blocks_of(page):
    return re.findall(r"```python\n(.*?)```", (FOLDER / page).read_text(), re.DOTALL)


@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_what_its_code_says(page):
    written = (FOLDER / page).read_text()
    assert written == PAGES[page], "run python tests/score_pages.py"


def test_there_is_a_page_for_every_score_and_no_other():
    files = {path.name for path in FOLDER.glob("*.md")}
    assert files == {*PAGES, "README.md", "exchange.md"}
    assert {f"{page_of(score)}.md" for score in SCORES} <= files


@pytest.mark.parametrize("page", PAGES)
def test_a_page_has_every_part(page):
    text = PAGES[page]
    assert any(heading in text for heading in WHAT)
    assert any(heading in text for heading in WHEN)
    if page != "neighbours.md":
        assert "## Formula\n" in text
        assert "## Reference\n" in text
    assert "**" not in text.replace("2**", "")  # every bold heading became one of the page's
    for part in re.split(r"^## .*$", text, flags=re.MULTILINE)[1:]:
        assert len(part.split()) >= 10


@pytest.mark.parametrize("score", SCORES, ids=lambda score: score.name)
def test_a_page_names_its_score_and_its_docstring_gives_the_formula(score):
    assert f"\n## `{score.name}`\n\n{score.title}\n" in PAGES[f"{page_of(score)}.md"]
    assert f"\n* taken: {score.taken}\n" in PAGES[f"{page_of(score)}.md"]
    formula = module_of(score).__doc__.partition("**Formula.**")[2]
    assert re.search(rf"\b{score.name}(_i)?\b", formula), formula


def test_the_index_shows_every_score_with_what_it_declares():
    readme = (FOLDER / "README.md").read_text()
    assert readme == index(readme), "run python tests/score_pages.py"
    assert set(re.findall(r"^\| \[`(\w+)`\]", readme, re.MULTILINE)) == {s.name for s in SCORES}
    front = (FOLDER.parents[1] / "README.md").read_text()
    assert f"There are {len(SCORES)} scores" in front
    groups = [set(group) for group in EVIDENCE.values()]
    assert set().union(*groups) == set(CHANNELS)


def test_the_code_of_the_page_on_exchange_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names: dict = {}
    for block in blocks_of("exchange.md"):
        exec(compile(block, "exchange.md", "exec"), names)
    assert names["again"]["n3"].values.tolist() == names["scores"]["n3"].values.tolist()
    assert names["found"]["their_quality"].values.argmax() == 4
    assert names["aum"].hardest(1).tolist() == [4]
    assert names["metric"].name == "el2n_1_model"


@pytest.mark.slow
def test_the_code_of_the_index_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for block in blocks_of("README.md"):
        exec(compile(block, "README.md", "exec"), {})


@pytest.mark.parametrize("ids", [np.arange(12), np.array(list("abcdefghijkl"))])
def test_the_written_schema_is_the_files(ids, tmp_path):
    page = (FOLDER / "exchange.md").read_text()
    ours = page.partition("## Our own table")[2].partition("## Anybody")[0]
    documented = dict(re.findall(r"^\| `([^`]+)` \| ([^|]+?) \|", ours, re.MULTILINE))
    scores = estimate([case(), neighbour_case()], ["aum", "n3"])
    scores = {name: type(one)(**{**vars(one), "ids": ids}) for name, one in scores.items()}
    save_scores(scores, tmp_path / "scores.parquet")
    schema = pq.read_schema(tmp_path / "scores.parquet")
    expected = {"id": "id", "label": "label"}
    expected |= dict.fromkeys(scores, "<score>")
    expected |= {f"{name}_spread": "<score>_spread" for name in scores}
    assert set(schema.names) == set(expected)
    assert schema.names[2:] == ["aum", "aum_spread", "n3", "n3_spread"]
    for column, name in expected.items():
        kind = str(schema.field(column).type).removeprefix("large_")
        assert kind in documented[name].split(" or "), column
    metadata = json.loads(schema.metadata[b"steelyard"])
    assert set(metadata) | set(expected.values()) == set(documented)
    assert (metadata["record"], metadata["format"]) == ("Hardness", 1)
    assert metadata["scores"] == {"aum": 3, "n3": 1}
    assert "zstd" in ours
    compression = pq.ParquetFile(tmp_path / "scores.parquet").metadata.row_group(0).column(0)
    assert compression.compression == "ZSTD"
    assert list(load_scores(tmp_path / "scores.parquet")) == ["aum", "n3"]
