"""What a shard says of itself: a .npy file, or Parquet with a column of vectors; and its ids."""

from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from sparing.datasets.vectorfile import ID_COLUMNS
from sparing.errors import MissingExtraError, ShardError
from sparing.sharded.places import RemotePath, ShardPlace
from sparing.types import IntArray

NUMPY, PARQUET = (".npy",), (".parquet", ".pq")
SUFFIXES = (*NUMPY, *PARQUET)
DTYPES = ("float32", "float64", "float16", "int8")
EPS = float(np.finfo(np.float32).eps)
BLOCK_VALUES = 1 << 19  # 2 MB of float32: a block stays in the cache of a core
IDS, SCALES, SCALE = ".ids.txt", ".scales.npy", "scale"

HEADERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}
P = TypeVar("P", Path, ShardPlace)
LOST = ("\r", "\0")  # a table that has one cannot be read again
NOT_KEPT = (
    "tables of answers keep no spaces at an end of a name, no empty one, no carriage return or NUL"
)


class ShardHeader(NamedTuple):
    """What a shard says of itself before its rows are read."""

    rows: int
    columns: int
    dtype: str


def is_shard(path: ShardPlace) -> bool:
    """Tell whether a file of a folder is a shard, not what stands beside one."""
    return path.suffix.lower() in SUFFIXES and not path.name.endswith(SCALES)


def beside(path: P, ending: str) -> P:
    """Return the file with the ids or the scales of a .npy shard."""
    return path.with_name(f"{path.stem}{ending}")


def header_of(path: ShardPlace) -> ShardHeader:
    """Read rows, columns and type of a shard.

    Raises
    ------
    ShardError : it is not there, truncated, or holds no vectors
    MissingExtraError : Parquet without pyarrow
    """
    if path.suffix.lower() in PARQUET:
        return _parquet_header(path)
    array = layout_of(path)
    if len(array.shape) != 2 or 0 in array.shape or array.dtype.name not in DTYPES:
        raise ShardError(
            f"{path} must hold vectors, (rows, columns) of {', '.join(DTYPES)}."
            f" It holds {array.dtype} of shape {array.shape}."
        )
    rows, columns = array.shape
    return ShardHeader(rows, columns, array.dtype.name)


def ids_of(path: ShardPlace) -> list[str]:
    """Return the name of each row; where nobody has named them, the shard's name and the row.

    Raises
    ------
    ShardError : not one id a row
    """
    if path.suffix.lower() in PARQUET:
        return _parquet_ids(path)
    rows, names = header_of(path).rows, beside(path, IDS)
    if not names.is_file():
        stem = path.stem
        return [f"{stem}:{row}" for row in range(rows)]
    try:
        ids = names.read_text("utf-8").removesuffix("\n").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise ShardError(f"{names} cannot be read: {error}.") from error
    if len(ids) != rows:
        raise ShardError(f"{names} has {len(ids):,} ids, and {path.name} {rows:,} rows.")
    return ids


def id_column(path: ShardPlace) -> Any:
    """Return what :func:`ids_of` does as an array of Arrow, without a text of Python a row.

    Raises
    ------
    ShardError : not one id a row
    """
    import pyarrow as pa

    if path.suffix.lower() in PARQUET:
        return _parquet_id_column(path)
    names, rows = beside(path, IDS), header_of(path).rows
    if not names.is_file():
        return _numbered(path.stem, rows)
    raw = names.read_bytes().removesuffix(b"\n")
    if not raw.isascii() or b"\r" in raw or not raw:
        return pa.array(ids_of(path), pa.large_string())
    ends = np.flatnonzero(np.frombuffer(raw, np.uint8) == ord("\n"))
    if len(ends) + 1 != rows:
        return pa.array(ids_of(path), pa.large_string())  # which says what is wrong
    text = raw.replace(b"\n", b"")
    return _strings(np.r_[0, ends - np.arange(len(ends)), len(text)], text)


def _numbered(stem: str, rows: int) -> Any:
    """Return ``stem:0``, ``stem:1``, ...: thousands of equally long ones are written at once."""
    few = [f"{stem}:{row}".encode() for row in range(min(rows, 1000))]
    heads = [f"{stem}:{first}".encode() for first in range(1, -(-rows // 1000))]
    texts, ends = [b"".join(few)], [np.cumsum([0, *map(len, few)])]
    for length, alike in groupby(heads, len):
        head = np.array([*alike], f"V{length}")
        one = np.empty((len(head), 1000), [("head", head.dtype), ("tail", "V3")])
        one["head"], one["tail"] = head[:, None], _THOUSAND
        texts.append(one.tobytes())
        ends.append(ends[-1][-1] + (length + 3) * np.arange(1, one.size + 1))
    return _strings(np.concatenate(ends)[: rows + 1], b"".join(texts))


_THOUSAND = np.array([f"{row:03}".encode() for row in range(1000)], "V3")


def _strings(offsets: IntArray, text: Any) -> Any:
    import pyarrow as pa

    # Offsets of 32 bits would end at 2 GB of names.
    ends = pa.py_buffer(offsets.astype(np.int64))
    return pa.LargeStringArray.from_buffers(len(offsets) - 1, ends, pa.py_buffer(text))


def names_of(path: ShardPlace, rows: npt.NDArray[np.int64]) -> list[str]:
    """Return the ids of some rows; none is made of the others where ids follow from the row.

    Raises
    ------
    ShardError : not one id a row
    """
    if path.suffix.lower() in PARQUET or beside(path, IDS).is_file():
        ids = ids_of(path)
        return [ids[row] for row in rows.tolist()]
    stem = path.stem
    return [f"{stem}:{row}" for row in rows.tolist()]


def is_kept(name: str) -> bool:
    """Tell whether a table of answers gives an id, or the name of a class, back as it is.

    Examples
    --------
    >>> is_kept("item 1"), is_kept("item 1 "), is_kept("")
    (True, False, False)
    """
    return name != "" and name == name.strip() and not any(sign in name for sign in LOST)


def first_not_kept(ids: Any) -> int:
    """Return the first place of an array of Arrow whose text :func:`is_kept` refuses, -1 if none.

    What is null is no text, and none that is kept.
    """
    from pyarrow import compute

    kept = compute.and_(compute.equal(compute.utf8_trim_whitespace(ids), ids),
                        compute.not_equal(ids, ""))  # fmt: skip
    for sign in LOST:
        kept = compute.and_not(kept, compute.match_substring(ids, sign))
    return int(compute.index(compute.fill_null(kept, False), False).as_py())


class ArrayLayout(NamedTuple):
    """How the numbers of a .npy file lie in it: from which byte on, row after row or not."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    offset: int
    by_rows: bool


def layout_of(path: ShardPlace) -> ArrayLayout:
    """Read how a .npy file lies.

    Raises
    ------
    ShardError : it is not there, is truncated, or is none
    """
    if isinstance(path, Path):
        array = mapped(path)
        return ArrayLayout(array.shape, array.dtype, array.offset, array.flags.c_contiguous)
    try:
        with path.open() as stream:
            version = np.lib.format.read_magic(stream)
            shape, by_columns, dtype = HEADERS[version](stream)
            return ArrayLayout(shape, dtype, stream.tell(), not by_columns)
    except (OSError, ValueError, LookupError) as error:
        raise ShardError(f"{path} is truncated or not a .npy file of numbers.") from error


def mapped(path: Path) -> Any:
    """Return the array of a .npy file as a map of it; see :func:`layout_of`."""
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except FileNotFoundError as error:
        raise ShardError(f"There is no shard {path}.") from error
    except (OSError, ValueError, EOFError) as error:
        raise ShardError(f"{path} is truncated or not a .npy file of numbers.") from error
    if not isinstance(array, np.memmap):
        raise ShardError(f"{path} is empty or not a single array.")
    return array


def dataset_of(path: ShardPlace) -> Any:
    """Open a Parquet file.

    Raises
    ------
    ShardError : it is not there, or is none
    MissingExtraError : pyarrow is not installed
    """
    try:
        from pyarrow import dataset
    except ImportError as error:
        raise MissingExtraError("pyarrow", "tables", "Parquet shards") from error
    if not path.is_file():
        raise ShardError(f"There is no shard {path}.")
    try:
        if isinstance(path, RemotePath):
            return dataset.dataset(path.key, filesystem=path.filesystem, format="parquet")
        return dataset.dataset(path, format="parquet")
    except (OSError, ValueError) as error:
        raise ShardError(f"{path} is truncated or not Parquet.") from error


def vector_column(path: ShardPlace, schema: Any) -> Any:
    """Return the field of the vectors.

    Raises
    ------
    ShardError : there is none, or there are several
    """
    from pyarrow import types

    found = [field for field in schema if types.is_fixed_size_list(field.type)]
    if len(found) != 1:
        there = ", ".join(schema.names)
        raise ShardError(
            f"{path} must have one column of fixed-size lists of numbers. It has: {there}."
        )
    return found[0]


def _parquet_header(path: ShardPlace) -> ShardHeader:
    there = dataset_of(path)
    field = vector_column(path, there.schema)
    arrow = {"float": "float32", "double": "float64", "halffloat": "float16", "int8": "int8"}
    dtype = arrow.get(str(field.type.value_type))
    rows = there.count_rows()
    if dtype is None or not rows:
        raise ShardError(f"{path} must have rows of {', '.join(DTYPES)}.")
    if dtype == "int8" and SCALE not in there.schema.names:
        raise ShardError(f"{path} has int8 vectors, and no column '{SCALE}' to multiply them by.")
    return ShardHeader(rows, field.type.list_size, dtype)


def _parquet_ids(path: ShardPlace) -> list[str]:
    return [str(one) for one in _parquet_id_column(path).to_pylist()]


def _parquet_id_column(path: ShardPlace) -> Any:
    import pyarrow as pa

    there = dataset_of(path)
    name = next((name for name in ID_COLUMNS if name in there.schema.names), None)
    if name is None:
        return _numbered(path.stem, there.count_rows())
    ids = there.to_table(columns=[name], use_threads=False).column(name).combine_chunks()
    if ids.null_count:
        place = ids.is_null().index(True).as_py()
        raise ShardError(f"{path} has no id in row {place}.")
    if pa.types.is_string(ids.type) or pa.types.is_large_string(ids.type):
        return ids.cast(pa.large_string())
    return pa.array([str(one) for one in ids.to_pylist()], pa.large_string())
