"""The vectors of a shard, a block of rows at a time, as they lie there.

A .npy file of this machine is looked at where the system keeps it: nothing is copied, and of the
file only a window is ever held.
"""

import math
import mmap
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from sparing._validate import check_features
from sparing.errors import InvalidInputError, ShardError
from sparing.sharded.places import RemotePath, ShardPlace, why
from sparing.sharded.shardfile import (
    PARQUET,
    SCALE,
    SCALES,
    ArrayLayout,
    ShardHeader,
    beside,
    dataset_of,
    header_of,
    layout_of,
    mapped,
    vector_column,
)
from sparing.system import load_mapped
from sparing.types import FloatArray, IntArray

EPS = float(np.finfo(np.float32).eps)
BLOCK_VALUES, BLOCK_ROWS = 1 << 24, 1 << 15  # of a block no more than either
PIECE = 1 << 17  # numbers that are turned to float32 at a time
WINDOW = 1 << 25  # bytes of a file
ALL = slice(None)

Numbers = npt.NDArray[Any]
Blocks = Iterator[tuple[Numbers, Numbers | None]]


@dataclass(frozen=True, eq=False, slots=True)
class Block:
    """Some rows of a shard.

    Parameters
    ----------
    shard : its file
    first : number of the first of them
    raw : (n, n_columns) numbers as they lie there; the memory may be that of the next block
    scale : (n,) what the numbers of each row are multiplied by; None: by nothing
    longest : no vector of the shard is longer; None: nobody knows
    """

    shard: ShardPlace
    first: int
    raw: Numbers
    scale: Numbers | None = None
    longest: float | None = None

    def __len__(self) -> int:
        return len(self.raw)

    def unscaled(self) -> Iterator[tuple[slice, FloatArray]]:
        """Yield rows and their float32 numbers before they are multiplied; none is checked.

        What has to be turned to float32 comes in pieces that stay in the cache of a core.
        """
        n = len(self)
        is_plain = self.raw.dtype == np.float32 and self.raw.flags.c_contiguous
        step = n if is_plain else max(1, PIECE // self.raw.shape[1])
        for first in range(0, n, step):
            rows = slice(first, min(first + step, n))
            yield rows, np.ascontiguousarray(self.raw[rows], np.float32)

    def vectors(self, rows: IntArray | slice = ALL) -> FloatArray:
        """Return float32 vectors of some rows.

        Raises
        ------
        ShardError : they have NaN, infinity, or values too large to be squared
        """
        with np.errstate(over="ignore"):  # what is too large is refused below
            X = np.ascontiguousarray(self.raw[rows], np.float32)
        if self.scale is not None:
            X = X * np.asarray(self.scale[rows], np.float32)[:, None]
        if not len(X):
            return X
        try:
            with np.errstate(over="ignore", invalid="ignore"):
                check_features(X, "a shard")
        except InvalidInputError as error:
            place = f"rows {self.first:,} to {self.first + len(self) - 1:,}"
            raise ShardError(
                f"{self.shard} has NaN, infinity or too large values in {place}."
            ) from error
        return X

    def length(self) -> float:
        """Return a number that no vector of the block is longer than."""
        if self.scale is not None:
            return float(np.abs(self.scale).max()) * 128.01 * math.sqrt(self.raw.shape[1])
        if self.longest is None:
            return max(longest_of(X) for _, X in self.unscaled())
        return self.longest


def longest_of(X: FloatArray) -> float:
    """Return a number that no row of float32 vectors is longer than, and the longest hardly is."""
    with np.errstate(over="ignore", invalid="ignore"):
        squared = float(np.vecdot(X, X).max())
    # A sum of that many squares may be rounded as often, and tiny ones may be lost.
    return math.sqrt(squared * (1 + X.shape[1] * EPS)) + 1e-15


def blocks_of_shard(path: ShardPlace, longest: float | None = None) -> Iterator[Block]:
    """Yield blocks until all rows are read; a row stays in its block.

    The memory of a block may be that of the next one: what is to be kept is copied.

    Parameters
    ----------
    path : of the shard
    longest : no vector of it is longer, as its manifest may know

    Raises
    ------
    ShardError : the file cannot be read to its end
    """
    header = header_of(path)
    read = _parquet_blocks if path.suffix.lower() in PARQUET else _numpy_blocks
    step = min(BLOCK_ROWS, max(1, BLOCK_VALUES // header.columns))
    first = 0
    for raw, scale in read(path, header, step):
        yield Block(path, first, raw, scale, longest)
        first += len(raw)
    if first != header.rows:
        raise ShardError(f"{path} ends after {first:,} of {header.rows:,} rows.")


def _scales(path: ShardPlace) -> Any:
    if isinstance(path, Path):
        return mapped(path)
    try:
        return np.load(BytesIO(path.read_bytes()), allow_pickle=False)
    except (ValueError, EOFError) as error:
        raise ShardError(f"{path} is truncated or not a .npy file of numbers.") from error


def _numpy_blocks(path: ShardPlace, header: ShardHeader, step: int) -> Blocks:
    layout, scales = layout_of(path), None
    if header.dtype == "int8":
        scales = _scales(beside(path, SCALES))
        if scales.shape != (header.rows,):
            raise ShardError(f"{beside(path, SCALES)} must have one scale a row of {path.name}.")
    for start, block in _numpy_rows(path, layout, step):
        yield block, None if scales is None else scales[start : start + len(block)]


def _numpy_rows(path: ShardPlace, layout: ArrayLayout, step: int) -> Iterator[tuple[int, Numbers]]:
    rows = layout.shape[0]
    if layout.by_rows:
        try:
            if isinstance(path, Path):
                yield from _looked_at(path, layout, step)
            else:
                yield from _streamed(path, layout, step)
        except (OSError, ValueError) as error:
            raise ShardError(f"{path} cannot be read: {why(error)}.") from error
        return
    if isinstance(path, RemotePath):
        raise ShardError(f"{path} lies column after column: at a URL it has to lie row after row.")
    array = mapped(path)
    for start in range(0, rows, step):
        yield start, array[start : start + step]


def _looked_at(path: Path, layout: ArrayLayout, step: int) -> Iterator[tuple[int, Numbers]]:
    """Yield rows out of windows of the file, of which this process keeps only the last."""
    (rows, columns), kind = layout.shape, layout.dtype
    wide = columns * kind.itemsize
    with path.open("rb") as stream:
        many = step * max(1, WINDOW // (step * wide))
        for start in range(0, rows, many):
            n = min(many, rows - start)
            window = _window(stream.fileno(), layout.offset + start * wide, n * wide)
            inside = window.view(kind).reshape(n, columns)
            for at in range(0, n, step):
                yield start + at, inside[at : at + step]


def _window(file: int, first: int, n_bytes: int) -> npt.NDArray[np.uint8]:
    """Return some bytes of a file, not copied."""
    below = first % mmap.ALLOCATIONGRANULARITY
    start, length = first - below, below + n_bytes
    there = mmap.mmap(file, length, access=mmap.ACCESS_READ, offset=start)
    load_mapped(there)
    return np.frombuffer(there, np.uint8, n_bytes, below)


def _streamed(path: RemotePath, layout: ArrayLayout, step: int) -> Iterator[tuple[int, Numbers]]:
    rows, columns = layout.shape
    with path.open("rb") as stream:
        stream.seek(layout.offset)
        room: Any = np.empty((min(step, rows), columns), layout.dtype)
        for start in range(0, rows, step):
            block = room[: rows - start]
            there = stream.readinto(memoryview(block).cast("B")) // block[0].nbytes
            if there < len(block):
                raise ShardError(f"{path} is truncated after row {start + there:,}.")
            yield start, block


def _parquet_blocks(path: ShardPlace, header: ShardHeader, step: int) -> Blocks:
    there = dataset_of(path)
    column = vector_column(path, there.schema).name
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
