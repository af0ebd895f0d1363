"""A user's mistake ends with exit code 2, one line that says what to do, and nothing lost."""

import errno
import os

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from steelyard.cli.app import run

RNG = np.random.default_rng(0)


def good():
    label = np.repeat(["a", "b"], [30, 20])
    return pd.DataFrame({"x": RNG.normal(size=50), "z": RNG.normal(size=50), "y": label})


def written(frame, path):
    frame.to_csv(path, index=False)
    return path


def empty(folder):
    (folder / "data.csv").touch()


def single_class(folder):
    written(good().assign(y="a"), folder / "data.csv")


def one_sample(folder):
    frame = good()
    frame.loc[0, "y"] = "lonely"
    written(frame, folder / "data.csv")


def missing_target(folder):
    frame = good()
    frame.loc[:4, "y"] = None
    written(frame, folder / "data.csv")


def infinity(folder):
    frame = good()
    frame.loc[7, "x"] = np.inf
    written(frame, folder / "data.csv")


def nothing_but_constants(folder):
    written(good().assign(x=1, z="same"), folder / "data.csv")


def many_classes(folder):
    frame = pd.DataFrame({"x": np.arange(3000.0), "y": np.arange(3000) / 7})
    written(frame, folder / "data.csv")


def dates(folder):
    days = pd.date_range("2024-01-01", periods=50).strftime("%Y-%m-%d")
    written(good().assign(day=days), folder / "data.csv")


def truncated_parquet(folder):
    good().to_parquet(folder / "data.parquet")
    whole = (folder / "data.parquet").read_bytes()
    (folder / "data.parquet").write_bytes(whole[: len(whole) // 2])


def nan_array(folder):
    X = RNG.normal(size=(50, 3))
    X[4, 1] = np.nan
    np.savez(folder / "data.npz", X=X, y=np.repeat([0, 1], 25))


def pictures(folder, sizes=((6, 6),)):
    for name in ("cat", "dog"):
        (folder / "data" / name).mkdir(parents=True)
        for number in range(9):
            size = sizes[number % len(sizes)]
            pixels = RNG.integers(0, 255, (*size, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / "data" / name / f"{number}.png")


def truncated_picture(folder):
    pictures(folder)
    path = folder / "data" / "cat" / "3.png"
    path.write_bytes(path.read_bytes()[:60])


def mixed_sizes(folder):
    pictures(folder, ((6, 6), (8, 6)))


CASES = {
    "missing file": (lambda folder: None, "data.csv", ["data.csv"]),
    "empty file": (empty, "data.csv", ["empty"]),
    "no such target": (
        lambda folder: written(good().rename(columns={"y": "churned"}), folder / "data.csv"),
        "data.csv --target churn",
        ["churn", "did you mean 'churned'"],
    ),
    "semicolons": (
        lambda folder: good().to_csv(folder / "data.csv", sep=";", index=False),
        "data.csv",
        ["separated by ';'"],
    ),
    "an identifier for a target": (
        lambda folder: written(good().assign(y=range(50)), folder / "data.csv"),
        "data.csv",
        ["is it the right target?"],
    ),
    "no target": (lambda folder: written(good(), folder / "data.csv"), "data.csv --", ["target"]),
    "single class": (single_class, "data.csv", ["class"]),
    "class of one sample": (one_sample, "data.csv", ["lonely"]),
    "missing target values": (missing_target, "data.csv", ["5", "--drop-missing-target"]),
    "infinity": (infinity, "data.csv", ["'x'", "infinity"]),
    "nothing but constants": (nothing_but_constants, "data.csv", ["column"]),
    "more than a thousand classes": (many_classes, "data.csv", ["3,000"]),
    "dates": (dates, "data.csv", ["'day'", "--drop"]),
    "truncated parquet": (truncated_parquet, "data.parquet", ["data.parquet"]),
    "NaN in an array": (nan_array, "data.npz", ["NaN"]),
    "truncated picture": (truncated_picture, "data", ["cat/3.png", "--skip-unreadable"]),
    "mixed sizes": (mixed_sizes, "data", ["6", "8", "--image-size"]),
    "unknown built-in": (lambda folder: None, "fashion-mnits", ["fashion-mnist"]),
}


@pytest.mark.parametrize(("make", "words", "told"), CASES.values(), ids=CASES)
def test_data_that_cannot_be_weighed(make, words, told, tmp_path, capsys, monkeypatch):
    make(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("STEELYARD_DATA", raising=False)
    source, *rest = words.split()
    if not rest and source.endswith((".csv", ".parquet")):
        rest = ["--target", "y"]
    before = sorted(tmp_path.iterdir())
    assert run(["weigh", source, *[word for word in rest if word != "--"]]) == 2
    out, err = capsys.readouterr()
    errors = [line for line in err.splitlines() if not line.startswith("Warning: ")]
    assert out == ""
    assert len(errors) == 1, err
    assert errors[0].startswith("Error: ")
    assert "Hint: " in errors[0]
    for word in told:
        assert word in errors[0]
    assert sorted(tmp_path.iterdir()) == before  # nothing written, nothing lost


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--degrees", "0,much"], "separated by commas"),
        (["--degrees", "0"], "degree above 0"),
        (["--seeds", "0"], "int in the range [1, inf). Got 0"),
        (["--seeds", "many"], "valid integer"),
        (["--probe", "tree"], "did you mean 'trees'"),
        (["--priors", "train,nowhere.json"], "nowhere.json"),
        (["--priors", " ,"], "must be names or files separated by commas"),
        (["--drop", "w"], "'w'"),
        (["--no-such-option"], "--no-such-option"),
        (["--long-tail", "2"], "ratio"),
        (["--id", "w"], "'w'"),
        (["--probe", "cnn"], "needs images"),
    ],
)
def test_words_that_mean_nothing(words, told, tmp_path, capsys, monkeypatch):
    written(good(), tmp_path / "data.csv")
    monkeypatch.chdir(tmp_path)
    assert run(["weigh", "data.csv", "--target", "y", *words]) == 2
    _, err = capsys.readouterr()
    assert told in err
    assert "Traceback" not in err
    assert not (tmp_path / "steelyard-run").exists()


def test_a_prior_that_does_not_fit_names_the_nearest_class(tmp_path, capsys):
    frame = good().replace({"a": "stays", "b": "leaves"})
    data = str(written(frame, tmp_path / "data.csv"))
    (tmp_path / "field.json").write_text('{"stay": 1}')
    words = ["weigh", data, "--target", "y", "--out", str(tmp_path / "run")]
    assert run([*words, "--priors", str(tmp_path / "field.json")]) == 2
    assert "did you mean 'stays'" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"miss": 10, "false_alarm": 1, "positive": "leafs"}', "did you mean 'leaves'"),
        ('{"miss": 10, "false_alarm": 1}', "lack 'positive'"),
        ('{"miss": 1, "false_alarm": 1, "positive": "leaves"', "is no readable cost file"),
        (None, "There is no cost file"),
    ],
)
def test_costs_that_do_not_fit_are_refused_before_the_work(content, message, tmp_path, capsys):
    frame = good().replace({"a": "stays", "b": "leaves"})
    data = str(written(frame, tmp_path / "data.csv"))
    if content is not None:
        (tmp_path / "costs.json").write_text(content)
    words = ["weigh", data, "--target", "y", "--out", str(tmp_path / "run")]
    assert run([*words, "--costs", str(tmp_path / "costs.json")]) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_somebody_elses_folder_is_refused_before_the_work(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("steelyard.cli.weigh.weigh_data", pytest.fail)
    data = str(written(good(), tmp_path / "data.csv"))
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    (theirs / "report.html").write_text("precious")
    assert run(["weigh", data, "--target", "y", "--out", str(theirs)]) == 2
    assert "not a steelyard run" in capsys.readouterr().err
    assert [path.name for path in theirs.iterdir()] == ["report.html"]
    assert (theirs / "report.html").read_text() == "precious"


def test_a_mistake_does_not_spoil_an_earlier_run(tmp_path, capsys):
    data = str(written(good(), tmp_path / "data.csv"))
    out = str(tmp_path / "run")
    words = ["weigh", data, "--target", "y", "--degrees", "0,1", "--seeds", "1", "--out", out]
    assert run(words) == 0
    before = content(tmp_path / "run")
    one_sample(tmp_path)
    assert run(words) == 2
    assert content(tmp_path / "run") == before


def content(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("stage", [0, 3, 7])
def test_a_full_disk_leaves_no_half_file(stage, tmp_path, capsys, monkeypatch):
    data = str(written(good(), tmp_path / "data.csv"))
    out = tmp_path / "run"
    written_so_far = []
    real = os.fsync

    def full(handle):
        written_so_far.append(handle)
        if len(written_so_far) > stage:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(handle)

    monkeypatch.setattr(os, "fsync", full)
    words = ["weigh", data, "--target", "y", "--degrees", "0,1", "--seeds", "1", "--out", str(out)]
    assert run(words) == 2
    assert "No space left on device" in capsys.readouterr().err
    assert not list(out.glob(".*.part"))
    monkeypatch.setattr(os, "fsync", real)
    assert run(["report", str(out)]) == 2  # what is there is not taken for a whole run
    assert run(words) == 0  # and the same command completes it


def test_an_interruption_is_no_defect(tmp_path, capsys, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("steelyard.cli.weigh.weigh_data", interrupted)
    data = str(written(good(), tmp_path / "data.csv"))
    assert run(["weigh", data, "--target", "y", "--out", str(tmp_path / "run")]) == 130
    assert "Interrupted" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_a_defect_of_ours_shows_itself_and_exits_with_one(tmp_path, capsys, monkeypatch):
    def broken(*_, **__):
        raise RuntimeError("ours")

    monkeypatch.setattr("steelyard.cli.weigh.weigh_data", broken)
    data = str(written(good(), tmp_path / "data.csv"))
    assert run(["weigh", data, "--target", "y", "--out", str(tmp_path / "run")]) == 1
    err = capsys.readouterr().err
    assert "RuntimeError: ours" in err
    assert "defect of steelyard" in err


def test_predictions_that_cannot_be_judged(tmp_path, capsys):
    assert run(["evaluate", str(tmp_path / "nothing.parquet")]) == 2
    frame = pd.DataFrame({"id": [1], "truth": ["a"], "p_a": [0.5], "p_b": [0.9]})
    frame.to_parquet(tmp_path / "sums.parquet")
    assert run(["evaluate", str(tmp_path / "sums.parquet")]) == 2
    assert "sum to one" in capsys.readouterr().err
    frame.assign(p_b=0.5).to_parquet(tmp_path / "fine.parquet")
    assert run(["evaluate", str(tmp_path / "fine.parquet"), "--split", "tets"]) == 2
    assert "did you mean 'test'" in capsys.readouterr().err


def test_a_folder_that_is_no_run_cannot_be_rendered(tmp_path, capsys):
    assert run(["report", str(tmp_path)]) == 2
    assert "manifest.json" in capsys.readouterr().err
