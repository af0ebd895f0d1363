"""Nothing in the package can make a file run code, or be told by one where to write."""

import ast

import pytest
from architecture.test_floors import FILES, SOURCE

# their import is enough: whatever they read can run code
MODULES = {
    "pickle", "_pickle", "cloudpickle", "dill", "jsonpickle", "joblib", "marshal", "shelve",
}  # fmt: skip
NAMES = {
    "eval", "exec", "compile", "__import__",
    "numpy.load",  # archives are read by steelyard._support.archives, which trusts no header
    "torch.load", "torch.hub.load", "torch.jit.load",
    "pandas.read_hdf", "pandas.eval",
    "yaml.load", "yaml.load_all", "yaml.full_load", "yaml.unsafe_load",
}  # fmt: skip
# whatever they belong to: unpickling, and unpacking to where an archive says
METHODS = {
    "read_pickle", "set_auto_load", "allow_pickle", "extractall", "unpack_archive",
}  # fmt: skip
# Each with its reason.
EXCEPTIONS = {
    # hands data to worker processes through a private temporary folder, which nobody else fills
    "workflow/engines/local.py": {"joblib"},
}


def unsafe(source: str) -> set[str]:
    """Return what a file imports, names or allows of all that; joblib.load counts as joblib."""
    tree = ast.parse(source)
    meaning: dict[str, str] = {}
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                meaning[alias.asname or alias.name.split(".")[0]] = (
                    alias.name if alias.asname else alias.name.split(".")[0]
                )
                found.add(alias.name)
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                meaning[alias.asname or alias.name] = f"{node.module}.{alias.name}"
                found.add(f"{node.module}.{alias.name}")
    for node in ast.walk(tree):
        if isinstance(node, (ast.Name, ast.Attribute)):
            found.add(dotted(node, meaning))
        elif isinstance(node, ast.keyword) and node.arg in METHODS:
            refused = isinstance(node.value, ast.Constant) and node.value.value is False
            found |= set() if refused else {node.arg}
    modules = {name.split(".")[0] for name in found} & MODULES
    return modules | found & NAMES | {name.split(".")[-1] for name in found} & METHODS


def dotted(node: ast.expr, meaning: dict[str, str]) -> str:
    if isinstance(node, ast.Name):
        return meaning.get(node.id, node.id)
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value, meaning)}.{node.attr}"
    return "?"  # of a value that has no name


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_no_file_can_make_it_run_code_or_write_elsewhere(path):
    allowed = EXCEPTIONS.get(path.relative_to(SOURCE).as_posix(), set())
    assert unsafe(path.read_text()) - allowed == set()


@pytest.mark.parametrize(
    ("source", "named"),
    [
        ("import pickle", {"pickle"}),
        ("def f():\n    import pickle as p", {"pickle"}),
        ("from pickle import loads", {"pickle"}),
        ("from joblib import load", {"joblib"}),
        ("import joblib\njoblib.load(x)", {"joblib"}),
        ("import joblib.numpy_pickle", {"joblib"}),
        ("import marshal, shelve", {"marshal", "shelve"}),
        ("import numpy as np\nnp.load(x)", {"numpy.load"}),
        ("import numpy\nread = numpy.load", {"numpy.load"}),
        ("from numpy import load as l", {"numpy.load"}),
        ("import torch\ntorch.load(x, weights_only=True)", {"torch.load"}),
        ("import torch.hub\ntorch.hub.load(x)", {"torch.hub.load"}),
        ("import pandas as pd\npd.read_pickle(x)", {"read_pickle"}),
        ("from pandas import read_pickle", {"read_pickle"}),
        ("import yaml\nyaml.load(x)", {"yaml.load"}),
        ("eval('1')", {"eval"}),
        ("run = exec", {"exec"}),
        ("__import__('pickle')", {"__import__"}),
        ("read(x, allow_pickle=True)", {"allow_pickle"}),
        ("read(x, allow_pickle=flag)", {"allow_pickle"}),
        ("zipfile.ZipFile(x).extractall(y)", {"extractall"}),
        ("from shutil import unpack_archive", {"unpack_archive"}),
    ],
)
def test_each_of_them_is_seen(source, named):
    assert unsafe(source) == named


@pytest.mark.parametrize(
    "source",
    [
        "read(x, allow_pickle=False)",
        "import re\nre.compile(x)",
        "import torch\ntorch.compile(x)\nnetwork.eval()",
        "import yaml\nyaml.safe_load(x)",
        "from steelyard.records import Plan\nPlan.load(x)",
        "import json\njson.loads('pickle.load eval(')",
    ],
)
def test_nothing_else_is(source):
    assert unsafe(source) == set()
