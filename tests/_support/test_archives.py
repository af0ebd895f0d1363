import io
import struct
import time
import warnings
import zipfile

import numpy as np
import pytest

from steelyard._support import archives
from steelyard._support.archives import read_arrays, write_arrays
from steelyard._support.errors import DataError

ARRAYS = {
    "a": np.arange(5.0),
    "weights/layer.0": np.array(["x", "🦜"]),
    "empty": np.zeros((0, 2), np.uint8),
    "number": np.array(7),
    "columns": np.asfortranarray(np.arange(6).reshape(2, 3)),
}
NPY = io.BytesIO()
np.save(NPY, np.arange(3))
NPY = NPY.getvalue()
UNPACKED = 24  # bytes into a directory entry at which its unpacked size stands


def assert_same(some, others):
    assert list(some) == list(others)
    for name, array in some.items():
        assert others[name].dtype == array.dtype
        np.testing.assert_array_equal(others[name], array, strict=True)


def archive(path, members, method=zipfile.ZIP_STORED):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # zipfile's, of a name that comes twice
        with zipfile.ZipFile(path, "w", method) as file:
            for name, content in members:
                file.writestr(name, content)
    return path


def npy(header, content=b"", version=1):
    text = header if isinstance(header, bytes) else header.encode()
    width = "<H" if version == 1 else "<I"
    return b"\x93NUMPY" + bytes([version, 0]) + struct.pack(width, len(text)) + text + content


def described(descr="'<i8'", shape="(2,)", order="False"):
    return f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}}}"


@pytest.mark.parametrize("compress", [True, False])
def test_arrays_come_back_and_can_be_written_to(compress, tmp_path):
    write_arrays(ARRAYS, tmp_path / "a.npz", compress=compress)
    found = read_arrays(tmp_path / "a.npz")
    assert_same(ARRAYS, found)
    found["a"][0] = 9
    assert found["a"][0] == 9
    with np.load(tmp_path / "a.npz") as theirs:
        assert_same(ARRAYS, dict(theirs))


def test_what_numpy_writes_is_read(tmp_path):
    for save in (np.savez, np.savez_compressed):
        save(tmp_path / "a.npz", **ARRAYS)
        found = read_arrays(tmp_path / "a.npz")
        assert_same(ARRAYS, found)
        assert found["columns"].flags.f_contiguous
    content = io.BytesIO()
    np.lib.format.write_array(content, np.arange(3), version=(2, 0))
    found = read_arrays(archive(tmp_path / "b.npz", [("a.npy", content.getvalue())]))
    assert found["a"].tolist() == [0, 1, 2]


def test_what_is_not_asked_for_is_not_unpacked(tmp_path):
    members = [("a.npy", NPY), ("b.npy", b"no array"), ("c.npy", NPY)]
    path = archive(tmp_path / "a.npz", members)
    assert read_arrays(path, {"a", "c", "z"}).keys() == {"a", "c"}
    assert read_arrays(path, ()) == {}
    with pytest.raises(DataError, match="a header that numpy does not read"):
        read_arrays(path, {"b"})


@pytest.mark.parametrize("compress", [True, False])
def test_the_bytes_do_not_tell_time_system_or_layout(compress, tmp_path, monkeypatch):
    path = tmp_path / "a.npz"
    write_arrays(ARRAYS, path, compress=compress)
    first = path.read_bytes()
    localtime = time.localtime
    for seconds in (0, 86_400 * 365, 4_000_000_000):  # a zip can tell no year before 1980
        monkeypatch.setattr(time, "time", lambda seconds=seconds: float(seconds))
        monkeypatch.setattr(time, "localtime", lambda *_, seconds=seconds: localtime(seconds))
        write_arrays(ARRAYS, path, compress=compress)
        assert path.read_bytes() == first
    monkeypatch.setattr(archives.zipfile.sys, "platform", "win32")
    other_layout = np.ascontiguousarray(ARRAYS["columns"])
    write_arrays({**ARRAYS, "columns": other_layout}, path, compress=compress)
    assert path.read_bytes() == first


@pytest.mark.parametrize(
    "name",
    [
        "/etc/passwd.npy",
        "../a.npy",
        "a/../../b.npy",
        "./a.npy",
        "a//b.npy",
        "\\\\host\\share\\a.npy",
        "..\\a.npy",
        "C:\\a.npy",
        "c:/a.npy",
        "c:a.npy",
        "a\n.npy",
        "a",
        "a.npz",
        "a.npy/",
        "a.pkl",
        " ",
    ],
)
def test_a_name_that_is_no_array_or_leads_elsewhere_is_refused(name, tmp_path):
    path = archive(tmp_path / "a.npz", [("fine.npy", NPY), (name, NPY)])
    with pytest.raises(DataError, match=r"must have plain names that end in '\.npy'.*Hint: ") as it:
        read_arrays(path)
    assert "\n" not in str(it.value)
    assert repr(name) in str(it.value)
    if name.endswith(".npy"):
        with pytest.raises(ValueError, match="plain relative name"):
            write_arrays({name.removesuffix(".npy"): np.arange(3)}, tmp_path / "b.npz")


def test_a_name_is_read_behind_its_zero_byte(tmp_path):
    path = archive(tmp_path / "a.npz", [("a.npyX/../b.npy", NPY)])
    path.write_bytes(path.read_bytes().replace(b"a.npyX", b"a.npy\0"))
    with pytest.raises(DataError, match=r"Got 'a\.npy\\x00/\.\./b\.npy'"):
        read_arrays(path)


def test_a_name_that_comes_twice_is_refused(tmp_path):
    path = archive(tmp_path / "a.npz", [("a.npy", NPY), ("b.npy", NPY), ("a.npy", NPY)])
    with pytest.raises(DataError, match=r"each its own. Got 'a\.npy' twice.*Hint: "):
        read_arrays(path)


def test_an_archive_that_says_it_is_huge_is_refused_unread(tmp_path, monkeypatch):
    path = archive(tmp_path / "a.npz", [("a.npy", NPY)])
    assert read_arrays(path)["a"].tolist() == [0, 1, 2]
    content = bytearray(path.read_bytes())
    at = content.index(b"PK\x01\x02") + UNPACKED
    content[at : at + 4] = struct.pack("<I", 3 * 2**30)
    path.write_bytes(content)
    monkeypatch.setattr(archives, "_unpacked", lambda *_: pytest.fail("it was unpacked"))
    with pytest.raises(DataError, match=r"would unpack to 3,221,225,472\. Hint: if you trust it"):
        read_arrays(path)


def test_a_member_shorter_than_its_directory_says_is_not_filled_up(tmp_path):
    values = np.arange(3)
    content = npy(described(shape="(4,)"), values.tobytes())
    path = archive(tmp_path / "a.npz", [("a.npy", content)])
    whole = bytearray(path.read_bytes())
    at = whole.index(b"PK\x01\x02") + UNPACKED
    whole[at : at + 4] = struct.pack("<I", len(content) + values.itemsize)
    path.write_bytes(whole)
    with pytest.raises(DataError, match="cannot reshape array of size 3"):
        read_arrays(path)


def test_zeros_are_a_bomb_only_above_what_is_always_allowed(tmp_path, monkeypatch):
    zeros, path = np.zeros(300_000), tmp_path / "a.npz"
    np.savez_compressed(path, a=zeros)
    assert zeros.nbytes > 200 * path.stat().st_size
    assert read_arrays(path)["a"].shape == zeros.shape
    monkeypatch.setattr(archives, "_ALWAYS_ALLOWED", 2**20)
    with pytest.raises(DataError, match=r"would unpack to 2,400,128\. Hint: "):
        read_arrays(path)
    np.savez_compressed(path, **dict.fromkeys("abc", zeros[::3]))  # their sum counts
    with pytest.raises(DataError, match="would unpack to"):
        read_arrays(path)


def test_what_is_written_can_always_be_read(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "_ALWAYS_ALLOWED", 2**20)
    some = {"some": np.arange(100_000)}
    write_arrays(some, tmp_path / "a.npz")
    assert (tmp_path / "a.npz").stat().st_size < some["some"].nbytes / 2
    blank = {"blank": np.zeros(300_000), "other": np.arange(9)}
    write_arrays(blank, tmp_path / "a.npz")
    assert_same(blank, read_arrays(tmp_path / "a.npz"))


def test_objects_are_refused_before_they_are_unpickled(tmp_path):
    sprung = tmp_path / "sprung"

    class Trap:
        def __reduce__(self):
            return (open, (str(sprung), "w"))

    trap = np.array([Trap()], dtype=object)
    np.savez(tmp_path / "a.npz", X=trap)
    content = io.BytesIO()
    np.lib.format.write_array(content, trap, allow_pickle=True)
    pickled = content.getvalue()[128:]
    assert pickled.startswith(b"\x80")
    for header in (described("'|O'"), described("[('x', '<i8'), ('y', '|O')]")):
        archive(tmp_path / "b.npz", [("X.npy", npy(header, pickled))])
        for path in (tmp_path / "a.npz", tmp_path / "b.npz"):
            with pytest.raises(DataError, match="it holds objects, which would have to be unpick"):
                read_arrays(path)
    archive(tmp_path / "c.npz", [("X.npy", pickled)])
    with pytest.raises(DataError, match="a header that numpy does not read"):
        read_arrays(tmp_path / "c.npz")
    assert not sprung.exists()
    with pytest.raises(ValueError, match="Object arrays cannot be saved"):
        write_arrays({"X": trap}, tmp_path / "d.npz")


@pytest.mark.parametrize(
    "content",
    [
        npy(described(shape="(1,)"), bytes(16)),  # more values than announced
        npy(described(shape="(3,)"), bytes(16)),  # fewer
        npy(described(shape="(10**12,)"), bytes(16)),
        npy(described(shape="(1000000000000,)"), bytes(16)),
        npy(described(shape="(4294967296, 4294967296)"), b""),  # whose product overflows to 0
        npy(described(), bytes(15)),
        npy(described("'<U0'", "(1000000000000,)")),
        npy(described("'nonsense'"), bytes(16)),
        npy("(" * 9000),
        npy("-" * 9000 + "1"),
        npy("1+" * 4500 + "1"),
        npy("{[]: 1}"),
        npy("'''"),
        npy("__import__('os').abort()"),
        npy(described(), bytes(16), version=3),
        npy(described(), bytes(16))[:9],
        NPY[:-1],
        b"",
    ],
)
def test_what_a_header_announces_is_not_believed(content, tmp_path):
    path = archive(tmp_path / "a.npz", [("a.npy", content)], zipfile.ZIP_DEFLATED)
    with pytest.raises(DataError, match=r"is no readable npz file of plain arrays.* Hint: ") as it:
        read_arrays(path)
    assert "\n" not in str(it.value)


def test_an_archive_packed_in_another_way_is_refused(tmp_path):
    for method in (zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        with pytest.raises(DataError, match="not packed as numpy does it"):
            read_arrays(archive(tmp_path / "a.npz", [("a.npy", NPY)], method))
    with pytest.raises(DataError, match="it holds nothing"):
        read_arrays(archive(tmp_path / "a.npz", []))


@pytest.mark.parametrize("compress", [True, False])
def test_a_flipped_byte_is_noticed_or_changes_nothing(compress, tmp_path):
    path = tmp_path / "a.npz"
    arrays = {"a": np.arange(3.0), "b": np.array("note")}
    write_arrays(arrays, path, compress=compress)
    whole = path.read_bytes()
    directory = whole.index(b"PK\x01\x02")
    refused = 0
    for at in range(len(whole)):
        # 0x33 added to a length swallows one entry of the directory, 0x66 taken away both
        for mask in (0x01, 0x33, 0x66, 0xFF) if at >= directory else (0xFF,):
            path.write_bytes(whole[:at] + bytes([whole[at] ^ mask]) + whole[at + 1 :])
            try:
                found = read_arrays(path)
            except DataError:
                refused += 1
            else:
                assert_same(arrays, found)
    assert refused > len(whole)


def test_a_flipped_value_is_always_noticed(tmp_path):
    path, values = tmp_path / "a.npz", np.arange(1, 100, dtype=np.int64)
    write_arrays({"a": values}, path, compress=False)
    whole = path.read_bytes()
    start = whole.index(values.tobytes())
    for at in range(start, start + values.nbytes):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0x10]) + whole[at + 1 :])
        with pytest.raises(DataError, match="Bad CRC-32"):
            read_arrays(path)
