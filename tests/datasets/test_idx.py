"""IDX files, plain and packed, whole and broken."""

import gzip

import numpy as np
import pytest
from idx_files import idx_bytes

from steelyard._support.errors import DataError
from steelyard.datasets.idx import read_idx

ARRAY = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)


def test_plain_and_packed_files_hold_the_same_array(tmp_path):
    (tmp_path / "a").write_bytes(idx_bytes(ARRAY))
    (tmp_path / "a.gz").write_bytes(gzip.compress(idx_bytes(ARRAY)))
    for name in ("a", "a.gz"):
        array = read_idx(tmp_path / name)
        assert array.shape == (2, 3, 4)
        assert (array == ARRAY).all()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a", b""),
        ("a", b"\0\0"),
        ("a", b"PK\3\4" * 10),
        ("a", bytes([0, 0, 0x0D, 1, 0, 0, 0, 0])),  # floats
        ("a", idx_bytes(ARRAY)[:10]),
        ("a", idx_bytes(ARRAY)[:-1]),
        ("a", idx_bytes(ARRAY) + b"\0"),
        ("a.gz", gzip.compress(idx_bytes(ARRAY))[:-10]),
        ("a.gz", idx_bytes(ARRAY)),
    ],
    ids=range(9),  # what gzip writes holds the time: no name for a test
)
def test_broken_files_are_refused(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match="no complete IDX file") as caught:
        read_idx(tmp_path / name)
    assert caught.value.hint
