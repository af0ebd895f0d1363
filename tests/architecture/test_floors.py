"""Imports go down only, never sideways between rooms of one floor; torch stays at home."""

import ast
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src" / "steelyard"
FLOORS = {
    "cli": 4,
    "workflow": 3,
    "studies": 3,
    "report": 3,
    "datasets": 2,
    "training": 2,
    "hardness": 2,
    "resampling": 2,
    "evaluation": 2,
    "guards": 2,
    "diagnosis": 2,
    "checks": 2,
    "records": 1,
    "_support": 0,
}
HOMES = {
    "torch": {"training", "diagnosis"},
    "xgboost": {"training"},
    "mlxtend": {"datasets"},
    "PIL": {"datasets", "report"},
    "plotly": {"report"},
    "jinja2": {"report"},
    "typer": {"cli"},
    "rich": {"cli"},
    "ray": {"workflow"},
    "loky": {"workflow"},
    "joblib": {"workflow"},
    "sqlite3": {"workflow"},
    "mlflow": {"workflow"},
    "filelock": {"records", "workflow"},
}
NAMED_FOR = {"torch": {"torch_sampler.py"}}  # files elsewhere that say in their name what they use
FILES = sorted(SOURCE.rglob("*.py"))


def imported(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: write the whole name of what you import"
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


def room_of(path: Path) -> str:
    return path.relative_to(SOURCE).parts[0]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_imports_go_down_and_never_sideways(path):
    room = room_of(path)
    if room.endswith(".py"):  # the package itself stands above every floor
        return
    for name in imported(path):
        parts = name.split(".")
        if parts[0] != "steelyard" or len(parts) == 1 or parts[1] == room:
            continue
        if parts[1] not in FLOORS:
            assert parts[1] == "__version__", f"{path} imports {name}, which is in no room"
            continue
        assert FLOORS[parts[1]] < FLOORS[room], f"{path} ({room}) imports {name}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_libraries_of_one_purpose_have_one_home(path):
    for name in imported(path):
        library = name.split(".")[0]
        homes = HOMES.get(library)
        at_home = homes is None or room_of(path) in homes
        assert at_home or path.name in NAMED_FOR.get(library, ()), f"{path} imports {name}"


def test_every_room_stands_on_a_floor():
    rooms = {path.name for path in SOURCE.iterdir() if (path / "__init__.py").exists()}
    assert rooms <= set(FLOORS)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_no_room_without_a_name_and_no_long_file(path):
    assert path.stem not in {"util", "utils", "helper", "helpers", "common", "misc"}
    assert len(path.read_text().splitlines()) <= 400


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_no_global_seed_is_set(path):
    text = path.read_text()
    for banned in ("np.random.seed(", "torch.manual_seed("):
        assert banned not in text, f"{path} holds {banned}"
