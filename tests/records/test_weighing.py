import hashlib
import json
from dataclasses import replace

import numpy as np
import pytest
from records.samples import IDS, NAMES, assert_same, images, table, weighing

from steelyard._support.errors import DataError, DataNotFoundError, OutputError, ParameterError
from steelyard._support.storage import header, write_json, write_text
from steelyard.records import Weighing, alone_in, claim_folder, require_own_folder, run_folder
from steelyard.records.run_folder import EVALUATION, MANIFEST, REPORT, VERDICT

ALWAYS = {
    "manifest.json",
    "verdict.json",
    "scores.parquet",
    "plan.parquet",
    "predictions.parquet",
    "samples.parquet",
    *EVALUATION.values(),
}


def files_in(folder):
    return {path.name for path in folder.iterdir()}


@pytest.mark.parametrize("make", [images, table])
@pytest.mark.parametrize("ids", IDS.values(), ids=list(IDS))
def test_a_weighing_survives_storing(make, ids, tmp_path):
    one = weighing(ids, make)
    one.save(tmp_path / "run")
    gallery = {images: "gallery.npz", table: "gallery.parquet"}[make]
    assert files_in(tmp_path / "run") == ALWAYS | {gallery}
    loaded = Weighing.load(tmp_path / "run")
    # stored as probabilities: the logits come back up to a constant a row
    for mine, theirs in zip(one.predictions, loaded.predictions, strict=True):
        np.testing.assert_allclose(theirs.log_probabilities, mine.log_probabilities, atol=1e-12)
    assert loaded.manifest == one.manifest
    apart = {"predictions": (), "manifest": {}}
    assert_same(replace(one, **apart), replace(loaded, **apart))
    assert repr(loaded) == repr(one)


def test_storing_what_was_loaded_gives_the_same_files(tmp_path):
    weighing().save(tmp_path / "one")
    Weighing.load(tmp_path / "one").save(tmp_path / "two")
    # the manifest holds the digest of the predictions, whose logarithms are taken anew
    for name in files_in(tmp_path / "one") - {"predictions.parquet", MANIFEST}:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_the_samples_name_class_and_kind():
    one = weighing()
    samples = one.samples()
    assert list(samples.columns) == ["id", "label", "kind"]
    assert samples["id"].tolist() == one.hardness["aum"].ids.tolist()
    assert samples["label"].tolist() == [NAMES[code] for code in one.hardness["aum"].labels]
    assert samples["kind"].tolist() == ["ordinary", "hard", "suspect"] * 4


@pytest.mark.parametrize("name", [*sorted(ALWAYS - {MANIFEST}), "gallery.npz"])
def test_a_changed_or_missing_file_is_noticed(name, tmp_path):
    weighing().save(tmp_path)
    content = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(content + b" ")
    with pytest.raises(DataError, match=f"{name}' is missing or was changed.* Hint: run the same"):
        Weighing.load(tmp_path)
    (tmp_path / name).unlink()
    with pytest.raises(DataError, match=f"{name}' is missing or was changed"):
        Weighing.load(tmp_path)
    (tmp_path / name).write_bytes(content)
    Weighing.load(tmp_path)


def tampered(folder, **changes):
    """Change the manifest of a run; None takes a key away."""
    document = json.loads((folder / MANIFEST).read_text()) | changes
    kept = {key: value for key, value in document.items() if value is not None}
    (folder / MANIFEST).write_text(json.dumps(kept))


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def opened(monkeypatch):
    """Names of the files whose digest was asked for, which is how load opens each first."""
    names = []
    monkeypatch.setattr(
        run_folder, "digest", lambda path: (names.append(path.name), digest(path))[1]
    )
    return names


HOSTILE_NAMES = [
    "/etc/passwd",
    "../secret.parquet",
    "../run/scores.parquet",
    "sub/../../secret.parquet",
    "./scores.parquet",
    "..\\secret.parquet",
    "C:\\secret.parquet",
    "sub/scores.parquet",
    "report.html",
    "manifest.json",
    "scores.parquet\n",
    "",
    ".",
    "..",
]


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_a_manifest_that_names_other_files_is_refused_before_any_is_opened(name, tmp_path, opened):
    run = tmp_path / "run"
    weighing().save(run)
    written = opened.copy()
    (tmp_path / "secret.parquet").write_bytes((run / "scores.parquet").read_bytes())
    (run / "sub").mkdir()
    (run / "sub" / "scores.parquet").write_bytes((run / "scores.parquet").read_bytes())
    files = json.loads((run / MANIFEST).read_text())["files"]
    secret = digest(tmp_path / "secret.parquet")
    without = {key: value for key, value in files.items() if key != "gallery.npz"}
    for changes in (
        {"files": {**files, name: secret}},
        {"gallery": name},
        {"gallery": name, "files": {**without, name: secret}},
    ):
        tampered(run, **{"files": files, "gallery": "gallery.npz", **changes})
        with pytest.raises(DataError, match=r"must name each file that a run writes.*Hint: ") as it:
            Weighing.load(run)
        assert "\n" not in str(it.value)
        assert repr(name) in str(it.value)
    assert opened == written


@pytest.mark.parametrize(
    "changes",
    [
        {"files": None},
        {"files": []},
        {"files": "scores.parquet"},
        {"files": {}},
        {"files": {"scores.parquet": "0"}},
        {"gallery": None},
        {"gallery": ["gallery.npz"]},
        {"gallery": {"a": 1}},
        {"gallery": "scores.parquet"},
        {"gallery": "gallery.parquet"},
    ],
)
def test_a_manifest_that_does_not_name_what_is_read_is_refused(changes, tmp_path, opened):
    weighing().save(tmp_path)
    written = opened.copy()
    tampered(tmp_path, **changes)
    with pytest.raises(DataError, match="must name each file that a run writes"):
        Weighing.load(tmp_path)
    assert opened == written


@pytest.mark.parametrize("name", [*sorted(ALWAYS), "gallery.npz"])
def test_a_link_out_of_the_run_folder_is_refused(name, tmp_path):
    run = tmp_path / "run"
    weighing().save(run)
    outside = tmp_path / "outside"
    (run / name).rename(outside)
    (run / name).symlink_to(outside)
    with pytest.raises(DataError, match=r"is a link that leads out of the run folder.*Hint: if"):
        Weighing.load(run)
    (run / name).unlink()
    (run / name).symlink_to(name)  # a circle
    with pytest.raises((DataError, DataNotFoundError), match=name):
        Weighing.load(run)
    (run / name).unlink()
    outside.rename(run / "elsewhere")
    (run / name).symlink_to(run / "elsewhere")
    Weighing.load(run)
    (tmp_path / "link").symlink_to(run)  # the folder itself may stand anywhere
    Weighing.load(tmp_path / "link")


@pytest.mark.parametrize(
    "name", ["cells", "cells/3f", "workers", "unfinished", "index.sqlite", "run.lock"]
)
def test_a_run_that_keeps_its_trainings_elsewhere_is_not_written_to(name, tmp_path):
    run, mine = tmp_path / "run", tmp_path / "mine"
    weighing().save(run)
    if "." in name:
        mine.write_text("mine")
    else:
        (mine / "mine").mkdir(parents=True)
    (run / name).parent.mkdir(exist_ok=True)
    (run / name).symlink_to(mine)
    before = sorted(tmp_path.rglob("*"))
    for claim in (require_own_folder, claim_folder, weighing().save):
        with pytest.raises(OutputError, match=rf"run/{name}' is a link that leads out.*Hint: if"):
            claim(run)
    assert sorted(tmp_path.rglob("*")) == before
    (run / name).unlink()
    (run / name).symlink_to("nowhere")
    assert require_own_folder(run) == run


def test_a_lock_that_is_a_link_empties_nothing(tmp_path):
    (tmp_path / "mine").write_text("mine")
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "run.lock").symlink_to(tmp_path / "mine")
    with pytest.raises(OutputError, match="Cannot keep a run"), alone_in(tmp_path / "run"):
        pass
    assert (tmp_path / "mine").read_text() == "mine"


def test_saving_replaces_a_link_and_never_writes_through_it(tmp_path):
    run = tmp_path / "run"
    weighing().save(run)
    for name in files_in(run):
        (tmp_path / name).write_text("mine")
        (run / name).unlink()
        (run / name).symlink_to(tmp_path / name)
    (tmp_path / MANIFEST).write_text('{"record": "Manifest", "format": 1}')
    kept = {name: (tmp_path / name).read_bytes() for name in files_in(run)}
    weighing().save(run)
    Weighing.load(run)
    assert {name: (tmp_path / name).read_bytes() for name in files_in(run)} == kept


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        (MANIFEST, '"study":', '"stu":'),
        (MANIFEST, '"arms":', '"legs":'),
        (MANIFEST, '"repetitions": 3', '"repetitions": []'),
        (MANIFEST, '"arms": [', '"arms": [3, '),
        (VERDICT, '"classes":', '"ranks":'),
        (VERDICT, '"priors": [', '"priors": [3, '),
        (VERDICT, '"headline":', '"head":'),
        (VERDICT, '"mean":', '"average":'),
        (VERDICT, '"low": 0.25', '"low": "<b>"'),
        (EVALUATION["test"], '"split":', '"part":'),
        (EVALUATION["test"], '"priors": [', '"priors": [3, '),
        (EVALUATION["test"], '"n": 0', f'"n": 1{"0" * 40}'),
    ],
)
def test_records_that_lack_something_are_refused(name, old, new, tmp_path):
    weighing().save(tmp_path)
    text = (tmp_path / name).read_text()
    assert old in text
    (tmp_path / name).write_text(text.replace(old, new, 1))
    if name != MANIFEST:
        files = json.loads((tmp_path / MANIFEST).read_text())["files"]
        tampered(tmp_path, files={**files, name: digest(tmp_path / name)})
    with pytest.raises((DataError, ParameterError)):
        Weighing.load(tmp_path)


def test_a_record_says_for_itself_what_is_wrong_with_it(tmp_path):
    weighing().save(tmp_path)
    study = json.loads((tmp_path / MANIFEST).read_text())["study"]
    tampered(tmp_path, study={**study, "repetitions": 0})
    with pytest.raises(ParameterError, match=r"^The 'repetitions' parameter of Study"):
        Weighing.load(tmp_path)


def test_a_run_that_did_not_finish_is_refused(tmp_path):
    claim_folder(tmp_path)
    with pytest.raises(DataError, match=r"did not finish.* Hint: run the same command again"):
        Weighing.load(tmp_path)


def test_a_folder_without_a_run_is_refused(tmp_path):
    for folder in (tmp_path, tmp_path / "none"):
        with pytest.raises(DataNotFoundError, match=MANIFEST):
            Weighing.load(folder)
    (tmp_path / MANIFEST).write_text('{"name": "somebody else\'s"}')
    with pytest.raises(DataError, match="no steelyard record"):
        Weighing.load(tmp_path)


@pytest.mark.parametrize("stage", ["predictions", "samples", "verdict", "gallery", "manifest"])
def test_a_failure_leaves_a_run_that_says_so(stage, tmp_path, monkeypatch):
    from steelyard._support import storage

    weighing().save(tmp_path)
    real = storage.os.fsync
    names = []

    def full(descriptor):
        names.append(storage.os.readlink(f"/proc/self/fd/{descriptor}"))
        written = sum(f".{stage}" in name for name in names)
        if written > (1 if stage == "manifest" else 0):  # the first manifest says "running"
            raise OSError(28, "No space left on device")
        real(descriptor)

    if not storage.Path("/proc/self/fd").exists():
        pytest.skip("this system does not tell the name of an open file")
    monkeypatch.setattr(storage.os, "fsync", full)
    with pytest.raises(OutputError, match="No space left on device"):
        weighing(IDS["text"]).save(tmp_path)
    assert not [name for name in files_in(tmp_path) if name.startswith(".")]
    assert json.loads((tmp_path / MANIFEST).read_text())["status"] == "running"
    with pytest.raises(DataError, match="did not finish"):
        Weighing.load(tmp_path)
    monkeypatch.undo()
    weighing(IDS["text"]).save(tmp_path)
    assert Weighing.load(tmp_path).plan.ids.tolist() == IDS["text"].tolist()


def test_a_new_an_empty_and_an_own_folder_are_claimed(tmp_path):
    for folder in (tmp_path / "a" / "new one", tmp_path / "empty"):
        if folder.name == "empty":
            folder.mkdir()
        assert claim_folder(folder) == folder
        assert files_in(folder) == {MANIFEST}
        assert claim_folder(folder) == folder
    weighing().save(tmp_path / "empty")
    assert require_own_folder(tmp_path / "empty") == tmp_path / "empty"
    assert json.loads((tmp_path / "empty" / MANIFEST).read_text())["status"] == "complete"


def test_what_an_earlier_run_left_is_not_taken_for_this_one(tmp_path):
    weighing(make=table).save(tmp_path)
    write_text("the page of the earlier run", tmp_path / REPORT)
    (tmp_path / "my notes.txt").write_text("kept")
    (tmp_path / ".scores.parquet.0a1b2c3d.part").write_text("of a killed process")
    weighing(make=images).save(tmp_path)
    assert files_in(tmp_path) == ALWAYS | {"gallery.npz", "my notes.txt"}
    Weighing.load(tmp_path)


def test_a_killed_claim_does_not_lock_the_folder(tmp_path):
    (tmp_path / ".manifest.json.0a1b2c3d.part").write_text("{")
    claim_folder(tmp_path)
    assert files_in(tmp_path) == {MANIFEST}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("thesis.tex", "mine"),
        (".hidden", "mine"),
        (MANIFEST, '{"name": "a web app"}'),
        (MANIFEST, '["a list"]'),
        (MANIFEST, "no json"),
        (MANIFEST, ""),
    ],
)
def test_somebody_elses_folder_is_refused_and_left_alone(name, content, tmp_path):
    (tmp_path / name).write_text(content)
    for claim in (require_own_folder, claim_folder, weighing().save):
        with pytest.raises(OutputError, match=r"not a steelyard run.*Hint: choose a new or empty"):
            claim(tmp_path)
    assert files_in(tmp_path) == {name}
    assert (tmp_path / name).read_text() == content


def test_a_run_without_records_yet_is_ours(tmp_path):
    (tmp_path / "predictions.parquet").write_text("of a study")
    write_json(header("Work", cells=[]), tmp_path / "work.json")
    assert require_own_folder(tmp_path) == tmp_path


def test_a_file_is_no_folder(tmp_path):
    path = tmp_path / "file"
    path.write_text("mine")
    for folder in (path, path / "run"):
        with pytest.raises(OutputError, match="Hint: "):
            claim_folder(folder)
    assert path.read_text() == "mine"


def test_requiring_a_folder_touches_nothing(tmp_path):
    assert require_own_folder(tmp_path / "new") == tmp_path / "new"
    assert files_in(tmp_path) == set()


def test_what_does_not_fit_together_is_refused():
    one = weighing()
    with pytest.raises(DataError, match="at least one score"):
        replace(one, hardness={})
    with pytest.raises(DataError, match=r"Got shape \(3,\)"):
        replace(one, kinds=one.kinds[:3])
    with pytest.raises(DataError, match=r"and \['odd'\]"):
        replace(one, kinds=["odd"] * 12)
