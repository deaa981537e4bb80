import gzip
import pickle
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from sparing.datasets.idx import ELEMENTS, parse_idx, unpack
from sparing.errors import SourceError


def encode(array):
    """The IDX bytes of an array, written from the format's description."""
    code = {np.dtype(name): code for code, name in ELEMENTS.items()}[array.dtype]
    sizes = b"".join(size.to_bytes(4, "big") for size in array.shape)
    return bytes([0, 0, code, array.ndim]) + sizes + array.tobytes()


arrays = st.sampled_from([np.dtype(name) for name in ELEMENTS.values()]).flatmap(
    lambda dtype: npst.arrays(dtype, npst.array_shapes(max_dims=4, min_side=0, max_side=5))
)


@given(arrays)
def test_what_was_written_is_read(array):
    values = parse_idx(encode(array), "made")
    assert values.dtype == array.dtype
    assert values.shape == array.shape
    assert values.tobytes() == array.tobytes()


@given(arrays, st.integers(1, 4), st.booleans())
def test_a_wrong_length_is_refused(array, count, longer):
    raw = encode(array)
    wrong = raw + bytes(count) if longer else raw[:-count]
    with pytest.raises(SourceError, match=r"^made has"):
        parse_idx(wrong, "made")


@given(st.binary(max_size=64) | st.binary(max_size=64).map(lambda tail: b"\0\0\x08" + tail))
def test_any_bytes_give_an_array_or_one_error(raw):
    try:
        size = parse_idx(raw, "noise").nbytes
    except SourceError:
        size = 0
    assert size <= len(raw)


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"", id="empty"),
        pytest.param(pickle.dumps([1, 2]), id="pickle"),
        pytest.param(bytes([0, 0, 0x0A, 1, 0, 0, 0, 0]), id="unknown element"),
        pytest.param(bytes([0, 0, 8, 65]) + bytes([0, 0, 0, 1]) * 65 + b"x", id="65 axes"),
        pytest.param(bytes([0, 0, 8, 3]) + b"\xff" * 8 + bytes(4), id="huge and empty"),
    ],
)
def test_what_is_no_idx_is_refused_by_name(raw):
    with pytest.raises(SourceError, match=r"^some file is not an IDX file"):
        parse_idx(raw, "some file")


def test_the_values_are_a_read_only_view():
    raw = np.frombuffer(encode(np.arange(6, dtype=np.uint8).reshape(2, 3)), np.uint8).copy()
    values = parse_idx(raw, "made")
    assert np.shares_memory(values, raw)
    assert not values.flags.writeable


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
@pytest.mark.parametrize("size", [0, 1, 5000, 3_000_000])
def test_plain_and_gzip_unpack_to_the_same(tmp_path, pack, size):
    content = bytes(range(250)) * (size // 250) + bytes(size % 250)
    path = tmp_path / "file"
    path.write_bytes(pack(content))
    unpacked = unpack(path, size)
    assert unpacked.flaw == ""
    assert unpacked.raw.tobytes() == content


def test_a_file_longer_than_allowed_is_flawed_and_takes_no_memory(tmp_path):
    path = tmp_path / "bomb.gz"
    path.write_bytes(gzip.compress(bytes(50_000_000)))
    tracemalloc.start()
    unpacked = unpack(path, 1000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert unpacked.flaw == "longer than 1000 bytes"
    assert unpacked.raw.size == 1000
    assert peak < 2_000_000


def flip(content, at):
    return content[:at] + bytes([content[at] ^ 0xFF]) + content[at + 1 :]


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda packed: packed[:-1], id="last byte cut"),
        pytest.param(lambda packed: packed[: len(packed) // 2], id="half"),
        pytest.param(lambda packed: packed[:11], id="header only"),
        pytest.param(lambda packed: flip(packed, len(packed) // 2), id="middle flipped"),
        pytest.param(lambda packed: flip(packed, -8 % len(packed)), id="checksum flipped"),
        pytest.param(lambda packed: packed + b"more", id="tail added"),
    ],
)
def test_a_damaged_gzip_is_flawed(tmp_path, damage):
    content = np.random.default_rng(0).integers(0, 40, 20_000, dtype=np.uint8).tobytes()
    path = tmp_path / "file.gz"
    path.write_bytes(damage(gzip.compress(content, mtime=0)))
    assert unpack(path, len(content)).flaw.startswith("damaged gzip: ")


def test_what_cannot_be_opened_is_named(tmp_path):
    with pytest.raises(SourceError, match=r"absent cannot be read: No such file"):
        unpack(tmp_path / "absent", 10)
    with pytest.raises(SourceError, match=r"cannot be read: Is a directory"):
        unpack(tmp_path, 10)
