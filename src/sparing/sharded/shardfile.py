"""One shard, read a block of rows at a time: a .npy file, or Parquet with a column of vectors."""

import math
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from sparing._validate import LARGEST, check_features
from sparing.datasets.vectorfile import ID_COLUMNS
from sparing.errors import InvalidInputError, MissingExtraError, ShardError
from sparing.sharded.places import RemotePath, ShardPlace, why
from sparing.types import FloatArray, IntArray

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


class Block(NamedTuple):
    """Some rows of a shard.

    Parameters
    ----------
    first : number of the first of them
    X : (n, n_columns) float32 vectors; the memory may be that of the next block
    length : no vector is longer
    """

    first: int
    X: FloatArray
    length: float


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
    array = _layout(path)
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
        return pa.array(ids_of(path), pa.string())
    ends = np.flatnonzero(np.frombuffer(raw, np.uint8) == ord("\n"))
    if len(ends) + 1 != rows:
        return pa.array(ids_of(path), pa.string())  # which says what is wrong
    text = raw.replace(b"\n", b"")
    return _strings(np.r_[0, ends - np.arange(len(ends)), len(text)], text)


def _numbered(stem: str, rows: int) -> Any:
    import pyarrow as pa
    from pyarrow import compute

    return compute.binary_join_element_wise(stem, pa.array(np.arange(rows)).cast(pa.string()), ":")


def _strings(offsets: IntArray, text: Any) -> Any:
    import pyarrow as pa

    ends = pa.py_buffer(offsets.astype(np.int32))
    return pa.StringArray.from_buffers(len(offsets) - 1, ends, pa.py_buffer(text))


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


def blocks_of_shard(path: ShardPlace) -> Iterator[Block]:
    """Yield float32 vectors until all rows are read; a row stays in its block.

    The memory of a block may be that of the next one: what is to be kept is copied.

    Raises
    ------
    ShardError : the file cannot be read to its end, or has NaN or infinity
    """
    header = header_of(path)
    read = _parquet_blocks if path.suffix.lower() in PARQUET else _numpy_blocks
    step = max(1, BLOCK_VALUES // header.columns)
    first = 0
    for raw, scale in read(path, header, step):
        block = np.ascontiguousarray(raw, np.float32)
        if scale is not None:
            block = block * np.asarray(scale, np.float32)[:, None]
        try:
            length = length_of(block, "a shard")
        except InvalidInputError as error:
            place = f"rows {first:,} to {first + len(block) - 1:,}"
            raise ShardError(f"{path} has NaN, infinity or too large values in {place}.") from error
        yield Block(first, block, length)
        first += len(block)
    if first != header.rows:
        raise ShardError(f"{path} ends after {first:,} of {header.rows:,} rows.")


def length_of(X: FloatArray, where: str) -> float:
    """Return a number that no row of finite float32 vectors is longer than: the length of all.

    Raises
    ------
    InvalidInputError : NaN, infinity, or too large to be squared
    """
    flat = X.reshape(-1)
    with np.errstate(over="ignore", invalid="ignore"):
        squared = float(np.dot(flat, flat))
    if not squared <= LARGEST**2:
        check_features(X, where)
    # A sum of that many squares may be rounded as often, and tiny ones may be lost.
    return math.sqrt(squared * (1 + flat.size * EPS)) + 1e-15


class _Layout(NamedTuple):
    """How the numbers of a .npy file lie in it: from which byte on, row after row or not."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    offset: int
    by_rows: bool


def _layout(path: ShardPlace) -> _Layout:
    if isinstance(path, Path):
        array = _mapped(path)
        return _Layout(array.shape, array.dtype, array.offset, array.flags.c_contiguous)
    try:
        with path.open() as stream:
            version = np.lib.format.read_magic(stream)
            shape, by_columns, dtype = HEADERS[version](stream)
            return _Layout(shape, dtype, stream.tell(), not by_columns)
    except (OSError, ValueError, LookupError) as error:
        raise ShardError(f"{path} is truncated or not a .npy file of numbers.") from error


def _scales(path: ShardPlace) -> Any:
    if isinstance(path, Path):
        return _mapped(path)
    try:
        return np.load(BytesIO(path.read_bytes()), allow_pickle=False)
    except (ValueError, EOFError) as error:
        raise ShardError(f"{path} is truncated or not a .npy file of numbers.") from error


Blocks = Iterator[tuple[npt.NDArray[Any], npt.NDArray[Any] | None]]


def _mapped(path: Path) -> Any:
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except FileNotFoundError as error:
        raise ShardError(f"There is no shard {path}.") from error
    except (OSError, ValueError, EOFError) as error:
        raise ShardError(f"{path} is truncated or not a .npy file of numbers.") from error
    if not isinstance(array, np.memmap):
        raise ShardError(f"{path} is empty or not a single array.")
    return array


def _numpy_blocks(path: ShardPlace, header: ShardHeader, step: int) -> Blocks:
    layout, scales = _layout(path), None
    if header.dtype == "int8":
        scales = _scales(beside(path, SCALES))
        if scales.shape != (header.rows,):
            raise ShardError(f"{beside(path, SCALES)} must have one scale a row of {path.name}.")
    if layout.by_rows:
        yield from _streamed(path, layout, scales, step)
        return
    if isinstance(path, RemotePath):
        raise ShardError(f"{path} lies column after column: at a URL it has to lie row after row.")
    array = _mapped(path)
    for start in range(0, header.rows, step):  # column after column: only a map reads it by rows
        yield array[start : start + step], None if scales is None else scales[start : start + step]


def _streamed(path: ShardPlace, layout: _Layout, scales: Any, step: int) -> Blocks:
    """Read in order, not through the map: what was read does not stay in this process."""
    rows, columns = layout.shape
    try:
        with path.open("rb") as stream:
            stream.seek(layout.offset)
            room: Any = np.empty((min(step, rows), columns), layout.dtype)
            for start in range(0, rows, step):
                block = room[: rows - start]
                there = stream.readinto(memoryview(block).cast("B")) // block[0].nbytes
                if there < len(block):
                    raise ShardError(f"{path} is truncated after row {start + there:,}.")
                yield block, None if scales is None else scales[start : start + len(block)]
    except OSError as error:
        raise ShardError(f"{path} cannot be read: {why(error)}.") from error


def _dataset(path: ShardPlace) -> Any:
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


def _vector_column(path: ShardPlace, schema: Any) -> Any:
    from pyarrow import types

    found = [field for field in schema if types.is_fixed_size_list(field.type)]
    if len(found) != 1:
        there = ", ".join(schema.names)
        raise ShardError(
            f"{path} must have one column of fixed-size lists of numbers. It has: {there}."
        )
    return found[0]


def _parquet_header(path: ShardPlace) -> ShardHeader:
    there = _dataset(path)
    field = _vector_column(path, there.schema)
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

    there = _dataset(path)
    name = next((name for name in ID_COLUMNS if name in there.schema.names), None)
    if name is None:
        return _numbered(path.stem, there.count_rows())
    ids = there.to_table(columns=[name], use_threads=False).column(name)
    if ids.null_count:
        place = ids.is_null().index(True).as_py()
        raise ShardError(f"{path} has no id in row {place}.")
    if pa.types.is_string(ids.type):
        return ids
    return pa.array([str(one) for one in ids.to_pylist()], pa.string())


def _parquet_blocks(path: ShardPlace, header: ShardHeader, step: int) -> Blocks:
    there = _dataset(path)
    column = _vector_column(path, there.schema).name
    columns = [column, SCALE] if header.dtype == "int8" else [column]
    try:
        for batch in there.to_batches(columns=columns, batch_size=step, use_threads=False):
            vectors = batch.column(0)
            if vectors.null_count:
                raise ShardError(f"{path} has rows without a vector.")
            flat = vectors.flatten().to_numpy(zero_copy_only=False)
            scale = batch.column(1).to_numpy() if len(columns) > 1 else None
            if len(flat):
                yield flat.reshape(-1, header.columns), scale
    except OSError as error:
        raise ShardError(f"{path} cannot be read: {error}.") from error
