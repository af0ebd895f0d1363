import errno
import io
import json
import os
import pickle
import zipfile

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from steelyard._support import archives, storage
from steelyard._support.errors import DataError, DataNotFoundError, OutputError
from steelyard._support.storage import (
    header,
    json_text,
    npz_metadata,
    parse_json,
    read_json,
    read_npz,
    read_parquet,
    write_json,
    write_npz,
    write_parquet,
    write_text,
    written_aside,
)

NAMES = ["<b>", '"', "'", "🦜", "a\nb", "", "\\u0041", "\0", "\u2028"]
WRITERS = {
    "json": lambda path: write_json(header("T", names=NAMES), path),
    "parquet": lambda path: write_parquet(pd.DataFrame({"s": NAMES}), path, header("T", n=1)),
    "npz": lambda path: write_npz({"a": np.arange(9.0)}, path, header("T", names=NAMES)),
}
READERS = {"json": read_json, "parquet": read_parquet, "npz": read_npz}
KINDS = sorted(WRITERS)


def files_in(folder):
    return sorted(path.name for path in folder.iterdir())


def test_content_survives(tmp_path):
    document = {"names": NAMES, "number": 0.1, "none": None, "lone surrogate": "caf\udce9"}
    write_json(header("T", **document), tmp_path / "a.json")
    assert read_json(tmp_path / "a.json", "T") == header("T", **document)
    (tmp_path / "a.json").read_text("utf-8")  # even a lone surrogate leaves valid UTF-8

    frame = pd.DataFrame({"s": NAMES, "x": np.linspace(0, 1, len(NAMES))})
    write_parquet(frame, tmp_path / "a.parquet", header("T", names=NAMES))
    found, metadata = read_parquet(tmp_path / "a.parquet", "T")
    pd.testing.assert_frame_equal(found, frame)
    assert metadata == header("T", names=NAMES)

    arrays = {"file": np.arange(3), "text": np.array(NAMES[:-2]), "empty": np.zeros((0, 2))}
    write_npz({**arrays}, tmp_path / "a.npz", header("T", names=NAMES))
    found, metadata = read_npz(tmp_path / "a.npz", "T")
    assert metadata == header("T", names=NAMES)
    assert sorted(found) == sorted(arrays)
    for key, array in arrays.items():
        assert found[key].dtype == array.dtype
        np.testing.assert_array_equal(found[key], array)


@pytest.mark.parametrize("kind", KINDS)
def test_equal_content_gives_equal_bytes(kind, tmp_path):
    for name in ("one", "two"):
        WRITERS[kind](tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_json_text_is_sorted_readable_and_has_no_nan():
    assert json_text({"b": 1, "a": "é"}) == '{\n  "a": "é",\n  "b": 1\n}'
    with pytest.raises(ValueError, match="not JSON compliant"):
        json_text({"a": np.nan})


def test_text_for_people_replaces_what_utf8_cannot_hold(tmp_path):
    write_text("caf\udce9 é", tmp_path / "page.html")
    assert (tmp_path / "page.html").read_text("utf-8") == "caf? é"


@pytest.mark.parametrize("umask", [0o022, 0o077, 0o002])
def test_a_file_has_the_permissions_of_any_new_file(umask, tmp_path):
    before = os.umask(umask)
    try:
        write_text("x", tmp_path / "a.txt")
        (tmp_path / "plain.txt").write_text("x")
    finally:
        os.umask(before)
    assert (tmp_path / "a.txt").stat().st_mode == (tmp_path / "plain.txt").stat().st_mode
    assert (tmp_path / "a.txt").stat().st_mode & 0o777 == 0o666 & ~umask


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, RuntimeError, MemoryError])
def test_an_interruption_leaves_what_was_there(error, tmp_path):
    path = tmp_path / "a.txt"
    write_text("before", path)

    def interrupted():
        with written_aside(path) as aside:
            aside.write_text("half of it")
            raise error

    with pytest.raises(error):
        interrupted()
    assert files_in(tmp_path) == ["a.txt"]
    assert path.read_text() == "before"


@pytest.mark.parametrize("kind", KINDS)
def test_an_interrupted_write_leaves_no_file(kind, tmp_path, monkeypatch):
    def stop(descriptor):
        raise KeyboardInterrupt

    monkeypatch.setattr(storage.os, "fsync", stop)
    with pytest.raises(KeyboardInterrupt):
        WRITERS[kind](tmp_path / "result")
    assert files_in(tmp_path) == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_full_disk_leaves_no_file(kind, tmp_path, monkeypatch):
    def full(descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(storage.os, "fsync", full)
    with pytest.raises(OutputError, match=r"No space left on device.* Hint: free some space"):
        WRITERS[kind](tmp_path / "result")
    assert files_in(tmp_path) == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_really_full_disk_leaves_no_file(kind, tmp_path, monkeypatch):
    if not os.path.exists("/dev/full"):
        pytest.skip("this system has no /dev/full")
    made = storage.Path.touch

    def on_the_full_device(path, *arguments, **options):
        made(path, *arguments, **options)
        path.unlink()
        path.symlink_to("/dev/full")  # every write to it fails for want of space

    monkeypatch.setattr(storage.Path, "touch", on_the_full_device)
    with pytest.raises(OutputError, match="No space left on device"):
        WRITERS[kind](tmp_path / "result")
    assert files_in(tmp_path) == []


def test_a_path_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("mine")
    (tmp_path / "folder").mkdir()
    for path in (tmp_path / "file" / "a.txt", tmp_path / "folder"):
        with pytest.raises(OutputError, match=f"Cannot write '{path}'"):
            write_text("x", path)
    assert files_in(tmp_path) == ["file", "folder"]
    assert (tmp_path / "file").read_text() == "mine"


def test_missing_folders_are_made(tmp_path):
    write_text("x", tmp_path / "a" / "b" / "c.txt")
    assert (tmp_path / "a" / "b" / "c.txt").read_text() == "x"


@pytest.mark.parametrize("kind", KINDS)
def test_a_damaged_file_is_refused_with_a_hint(kind, tmp_path):
    path = tmp_path / "a"
    WRITERS[kind](path)
    whole = path.read_bytes()
    middle = len(whole) // 2
    flipped = bytes(255 - byte for byte in whole[middle - 8 : middle + 8])
    for damaged in (
        b"",
        b"\x00" * 40,
        whole[:middle],
        whole[:-3],
        whole[:middle] + flipped * 4 + whole[middle + 64 :],
    ):
        path.write_bytes(damaged)
        with pytest.raises(DataError, match=r"is no readable .* Hint: it may be incomplete"):
            READERS[kind](path, "T")


@pytest.mark.parametrize("kind", KINDS)
def test_a_missing_file_is_named(kind, tmp_path):
    for path in (tmp_path / "none", tmp_path):
        with pytest.raises(DataNotFoundError, match=f"There is no file '{path}'.*Hint"):
            READERS[kind](path, "T")


@pytest.mark.parametrize("kind", KINDS)
def test_another_record_or_format_is_refused(kind, tmp_path, monkeypatch):
    WRITERS[kind](tmp_path / "a")
    with pytest.raises(DataError, match=r"must hold a Plan record. It holds a T record"):
        READERS[kind](tmp_path / "a", "Plan")
    monkeypatch.setattr(storage, "FORMAT", 2)
    with pytest.raises(
        DataError, match=r"has format 1; this version reads 2.* Hint: write it again"
    ):
        READERS[kind](tmp_path / "a", "T")


def test_foreign_files_have_no_record(tmp_path):
    (tmp_path / "a.json").write_text("[1, 2]")
    np.savez(tmp_path / "a.npz", X=np.arange(3))
    np.save(tmp_path / "a.npy", np.arange(3))
    pd.DataFrame({"x": [1]}).to_parquet(tmp_path / "a.parquet")
    for name, read in (("a.json", read_json), ("a.npz", read_npz), ("a.parquet", read_parquet)):
        with pytest.raises(DataError, match="It holds no steelyard record"):
            read(tmp_path / name, "T")
    assert read_parquet(tmp_path / "a.parquet")[1] == {}
    assert read_npz(tmp_path / "a.npz")[0]["X"].tolist() == [0, 1, 2]
    with pytest.raises(DataError, match="no readable npz"):
        read_npz(tmp_path / "a.npy")


def test_the_metadata_of_an_npz_are_read_alone(tmp_path, monkeypatch):
    WRITERS["npz"](tmp_path / "a.npz")
    real, read = archives._unpacked, []
    monkeypatch.setattr(
        archives,
        "_unpacked",
        lambda archive, one: (read.append(one.filename), real(archive, one))[1],
    )
    assert npz_metadata(tmp_path / "a.npz", "T") == header("T", names=NAMES)
    assert read == ["steelyard.npy"]
    with pytest.raises(DataError, match="must hold a Plan record"):
        npz_metadata(tmp_path / "a.npz", "Plan")
    np.savez(tmp_path / "b.npz", X=np.arange(3))
    with pytest.raises(DataError, match="no steelyard record"):
        npz_metadata(tmp_path / "b.npz", "T")


def test_metadata_of_another_shape_is_refused(tmp_path):
    for note in ('"text"', "[1]", "{"):
        np.savez(tmp_path / "a.npz", steelyard=np.array(note))
        for kind in ("T", None):
            with pytest.raises(DataError):
                read_npz(tmp_path / "a.npz", kind)
        table = pq.read_table(_plain_parquet(tmp_path)).replace_schema_metadata({"steelyard": note})
        pq.write_table(table, tmp_path / "b.parquet")
        for kind in ("T", None):
            with pytest.raises(DataError):
                read_parquet(tmp_path / "b.parquet", kind)


def _plain_parquet(folder):
    pd.DataFrame({"x": [1]}).to_parquet(folder / "plain.parquet")
    return folder / "plain.parquet"


NO_JSON = {
    "deep list": ("[" * 100_000, "nested too deeply"),
    "deep object": ('{"a":' * 100_000, "nested too deeply"),
    "NaN": ('{"a": NaN}', "it holds NaN, beyond what JSON or a float can hold"),
    "infinity": ("[Infinity]", "it holds Infinity"),
    "minus infinity": ("[-Infinity]", "it holds -Infinity"),
    "1e999": ("[-1e999]", "it holds -1e999"),
    "400 digits": ("[1" + "0" * 400 + "]", r"it holds 10{19}\.\.\., "),
    "5000 digits": ("-" + "9" * 5000, r"it holds -9{19}\.\.\., "),
    "no text": (b"\xff\xfe{", "can't decode"),
}


@pytest.mark.parametrize("case", NO_JSON)
def test_what_json_does_not_allow_or_nothing_can_hold_is_refused(case, tmp_path):
    content, reason = NO_JSON[case]
    content = content if isinstance(content, bytes) else content.encode()
    (tmp_path / "a.json").write_bytes(content)
    with pytest.raises(DataError, match=f"is no readable JSON document: .*{reason}.*Hint: "):
        read_json(tmp_path / "a.json", "T")
    if case != "no text":
        with pytest.raises(ValueError, match=reason):
            parse_json(content.decode())
    table = pq.read_table(_plain_parquet(tmp_path)).replace_schema_metadata({"steelyard": content})
    pq.write_table(table, tmp_path / "a.parquet")
    with pytest.raises(DataError, match=f"is no readable parquet file: .*{reason}"):
        read_parquet(tmp_path / "a.parquet")
    if case != "no text":
        np.savez(tmp_path / "a.npz", steelyard=np.array(content.decode()))
        with pytest.raises(DataError, match=f"is no readable npz .*{reason}"):
            read_npz(tmp_path / "a.npz")


def test_what_json_allows_is_read():
    largest = 10**307
    text = f'{{"a": [1.5e-400, -2, {largest}, 1e308], "b": {{}}, "a": [null, true]}}'
    assert parse_json(text) == {"a": [None, True], "b": {}}
    assert parse_json(f"[{largest}, 1.5e-400, -2, 1e308]") == [largest, 0.0, -2, 1e308]
    assert type(parse_json("2")) is int
    assert parse_json("[" * 50 + "]" * 50)


def test_an_error_shows_no_more_of_a_hostile_header_than_a_line(tmp_path):
    for document in (
        {"record": "a" * 500},
        {"record": "\x1b[2J\n" * 99},
        {"record": "T", "format": "\x1b[2J\n" * 99},
    ):
        (tmp_path / "a.json").write_text(json.dumps(document))
        with pytest.raises(DataError) as it:
            read_json(tmp_path / "a.json", "T")
        message = str(it.value)
        assert message.isprintable()
        assert len(message) < len(str(tmp_path)) + 150


class Trap:
    """Writes a file when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (str(self.path), "w"))


def test_nothing_is_unpickled(tmp_path):
    sprung = tmp_path / "sprung"
    np.savez(tmp_path / "a.npz", X=np.array([Trap(sprung)], dtype=object))
    with pytest.raises(DataError, match=r"no readable npz file of plain arrays: it holds objects"):
        read_npz(tmp_path / "a.npz")
    content = io.BytesIO()
    np.lib.format.write_array(content, np.array([Trap(sprung)], dtype=object), allow_pickle=True)
    with zipfile.ZipFile(tmp_path / "b.npz", "w") as archive:
        archive.writestr("steelyard.npy", content.getvalue())
    with pytest.raises(DataError, match="no readable npz"):
        read_npz(tmp_path / "b.npz", "T")
    assert not sprung.exists()


@pytest.mark.filterwarnings("ignore")  # some versions say that they did not
def test_no_type_of_a_parquet_file_is_unpickled(tmp_path):
    # pyarrow before 14.0.1 did so unasked: CVE-2023-47248
    sprung = tmp_path / "sprung"
    plain = pa.field("x", pa.int64())
    for nested in (False, True):
        inner = plain.with_metadata(
            {
                "ARROW:extension:name": "arrow.py_extension_type",
                "ARROW:extension:metadata": pickle.dumps(Trap(sprung)),
            }
        )
        field = pa.field("x", pa.struct([inner])) if nested else inner
        values = pa.array([{"x": 1}] if nested else [1], field.type)
        table = pa.Table.from_arrays([values], schema=pa.schema([field]))
        pq.write_table(table, tmp_path / "a.parquet")
        raw = pq.ParquetFile(tmp_path / "a.parquet").metadata.metadata
        assert b"ARROW:schema" in raw
        frame, _ = read_parquet(tmp_path / "a.parquet")
        assert frame["x"].tolist() == ([{"x": 1}] if nested else [1])
    assert not sprung.exists()


HOSTILE_PANDAS = (
    "[]",
    "1",
    "{",
    "[" * 100_000,
    '{"index_columns": ["nowhere"], "columns": [], "column_indexes": []}',
    '{"index_columns": [{"kind": "range", "name": null, "start": 0, "stop": 9, "step": 0}], '
    '"columns": [], "column_indexes": []}',
    '{"index_columns": [], "columns": [{"name": "x", "field_name": "x", "pandas_type": "int64", '
    '"numpy_type": "open(\'SPRUNG\', \'w\')", "metadata": null}], "column_indexes": []}',
)


@pytest.mark.parametrize("note", HOSTILE_PANDAS, ids=range(len(HOSTILE_PANDAS)))
def test_hostile_notes_for_pandas_are_refused(note, tmp_path):
    sprung = tmp_path / "sprung"
    note = note.replace("SPRUNG", str(sprung))
    table = pa.table({"x": [1, 2]}).replace_schema_metadata({"pandas": note})
    pq.write_table(table, tmp_path / "a.parquet")
    with pytest.raises(DataError, match=r"is no readable parquet file: .*Hint: ") as it:
        read_parquet(tmp_path / "a.parquet")
    assert "\n" not in str(it.value)
    assert not sprung.exists()


@pytest.mark.parametrize("name", ["secret.parquet", "/secret.parquet", "../run/secret.parquet"])
def test_a_column_that_stands_in_another_file_is_not_fetched(name, tmp_path):
    folder = tmp_path / "run"
    folder.mkdir()
    written = {}
    for what in ("secret", "public"):
        footer = []
        table = pa.table({"x": [what] * 3})
        pq.write_table(table, folder / f"{what}.parquet", metadata_collector=footer)
        footer[0].set_file_path(str(folder) + name if name.startswith("/") else name)
        footer[0].write_metadata_file(folder / f"{what}.footer")
        written[what] = (folder / f"{what}.parquet").read_bytes()
    # a footer alone, all of whose columns stand elsewhere
    (folder / "secret.footer").rename(folder / "a.parquet")
    chunk = pq.read_metadata(folder / "a.parquet").row_group(0).column(0)
    assert chunk.file_path.endswith(name)
    with pytest.raises(DataError, match="is no readable parquet file"):
        read_parquet(folder / "a.parquet")
    # a whole file whose footer sends its reader elsewhere: its own column is read
    whole, footer = written["public"], (folder / "public.footer").read_bytes()
    length = int.from_bytes(whole[-8:-4], "little")
    (folder / "b.parquet").write_bytes(whole[: -8 - length] + footer[4:])
    chunk = pq.read_metadata(folder / "b.parquet").row_group(0).column(0)
    assert chunk.file_path.endswith(name)
    assert read_parquet(folder / "b.parquet")[0]["x"].tolist() == ["public"] * 3


def test_nothing_is_pickled(tmp_path):
    with pytest.raises(ValueError, match="Object arrays cannot be saved"):
        write_npz({"a": np.array([object()])}, tmp_path / "a.npz", header("T"))
    assert files_in(tmp_path) == []
