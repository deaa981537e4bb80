"""Items turned into a folder of shards, a shard at a time; a second run goes on where one ended."""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from sparing._validate import invalid
from sparing.datasets.items import Items
from sparing.encoders.base import BlockEncoder, nobody
from sparing.encoders.cache import content_of_one
from sparing.encoders.kept import unkept
from sparing.errors import ShardError, SourceError
from sparing.files import (
    Waits,
    atomic_stream,
    check_writable,
    read_arrays,
    resumed,
    unsaid,
    write_arrays,
    write_atomically,
)
from sparing.sharded.engine import Engine, run_all
from sparing.sharded.manifest import ENCODING, ShardManifest
from sparing.sharded.shardfile import (
    IDS,
    NOT_KEPT,
    SCALES,
    beside,
    header_of,
    ids_of,
    is_kept,
    is_shard,
    layout_of,
)
from sparing.sharded.shardpool import index_shards
from sparing.types import FloatArray, Tick

FLOAT32 = "float32"
WRITTEN = (FLOAT32, "float16", "int8")
FORMAT = 1
LEARNED = "encoder.npz"
FITTED_ON = 10_000  # items, drawn at random, that an encoder learns from
AT_ONCE = 2048  # items between two steps of the progress


@dataclass(frozen=True, eq=False, slots=True)
class ShardWriting:
    """What is to be written.

    Parameters
    ----------
    items : of the source
    encoder : unfitted
    out : folder of the shards
    rows : of a shard
    seed : of the draw of the items that the encoder learns from
    dtype : ``"float32"``, ``"float16"`` or ``"int8"``
    """

    items: Items
    encoder: BlockEncoder
    out: Path
    rows: int
    seed: int = 0
    dtype: str = FLOAT32

    @property
    def of(self) -> str:
        """Names all that the vectors depend on."""
        maker = (self.encoder.name, self.encoder.get_params(deep=False), self.encoder.fingerprint())
        told: tuple[Any, ...] = (FORMAT, maker, self.rows, self.seed)
        told += () if self.dtype == FLOAT32 else (self.dtype,)  # folders of before have no other
        digest = hashlib.sha256(repr(told).encode())
        for name, value in zip(self.items.names, self.items.values, strict=True):
            digest.update(name.encode("utf-8", "surrogatepass") + b"\n")
            for piece in _stamp(value):
                digest.update(piece)
        return digest.hexdigest()


def _stamp(item: Any) -> Sequence[bytes]:
    """Return what changes with an item; a file is not read for this."""
    if isinstance(item, Path):
        found = item.stat()
        return [f"{found.st_size} {found.st_mtime_ns}".encode()]
    return [bytes(piece) for piece in content_of_one(item)]


def encode_shards(
    writing: ShardWriting,
    progress: Tick = nobody,
    *,
    engine: Engine | None = None,
    waits: Waits = unsaid,
) -> ShardManifest:
    """Write shards with ids, and last their manifest: where it is, all of them are there.

    Whatever a killed run has written whole is kept, and what it had begun is removed; a second run
    at the same time waits for the first. The encoder learns from at most ``FITTED_ON`` items, once:
    what it has learned lies beside the shards.

    Parameters
    ----------
    writing : what is to be written
    progress : told how many items are encoded, of how many
    engine : who encodes, a shard at a time; None: this process, which tells of every few items
    waits : called before another run is waited for

    Raises
    ------
    SourceError : the folder cannot be written, or holds vectors that are others; two items have
        one name, or a name has a line break, or is one that a table would not give back
    SparingError : the encoder cannot be loaded, or an item cannot be read
    """
    if writing.dtype not in WRITTEN:
        expected = f"one of {', '.join(WRITTEN)}"
        raise invalid("dtype", "encode_shards", expected, writing.dtype)
    _check_names(writing.items.names)
    _take(writing)
    with resumed(writing.out, "part-*", LEARNED, waits=waits):
        _write_missing(writing, progress, engine)
        return index_shards(writing.out)


def _write_missing(writing: ShardWriting, progress: Tick, engine: Engine | None) -> None:
    tasks, n = [*_missing(writing)], len(writing.items)
    few = n <= FITTED_ON  # else what is kept a second time in the user's cache fills the disk
    with nullcontext() if few else unkept():
        fitted = _fitted(writing) if tasks else writing.encoder
        for task in tasks if engine is None else ():
            _encode(task, fitted, partial(_tell, progress, task.start, n))
    if engine is not None:
        run_all(
            encode_one, tasks, engine=engine,
            progress=lambda done, every: progress(n - (every - done) * n // every, n),
        )  # fmt: skip
    progress(n, n)


@dataclass(frozen=True, eq=False, slots=True)
class EncodeTask:
    """Items of one shard, for a worker.

    Parameters
    ----------
    names, values : of its own items
    start : which item of all is its first
    encoder : unfitted
    path : of the shard
    dtype : of its numbers
    """

    names: tuple[str, ...]
    values: Any
    start: int
    encoder: BlockEncoder
    path: Path
    dtype: str

    def __str__(self) -> str:
        return str(self.path)


def _missing(writing: ShardWriting) -> Iterator[EncodeTask]:
    """Yield the shards that are not there yet, or not whole."""
    n = len(writing.items)
    for number, start in enumerate(range(0, n, writing.rows)):
        rows = slice(start, min(start + writing.rows, n))
        path = writing.out / f"part-{number:05}.npy"
        names, values = tuple(writing.items.names[rows]), writing.items.values[rows]
        task = EncodeTask(names, values, start, writing.encoder, path, writing.dtype)
        if not _is_there(task):
            yield task


def encode_one(task: EncodeTask) -> None:
    """Write one shard, by what the encoder has learned before.

    Raises
    ------
    SourceError : it cannot be written
    SparingError : an item cannot be read
    """
    learned = read_arrays(task.path.with_name(LEARNED), "what an encoder has learned")
    with unkept():
        _encode(task, task.encoder.set_state(learned), partial(_tell, nobody, 0, 0))


def _tell(progress: Tick, start: int, n: int, done: int) -> None:
    progress(start + done, n)


def _encode(task: EncodeTask, encoder: BlockEncoder, progress: Callable[[int], None]) -> None:
    blocks, n = [], len(task.names)
    for first in range(0, n, AT_ONCE):
        blocks.append(encoder.transform(task.values[first : first + AT_ONCE]))
        progress(min(first + AT_ONCE, n))
    write_atomically(beside(task.path, IDS), "\n".join(task.names).encode())
    _write(task.path, np.concatenate(blocks), task.dtype)


def _write(path: Path, X: FloatArray, dtype: str) -> None:
    """Write a shard whole, its scales before it.

    Raises
    ------
    SourceError : it cannot be written, or numbers are too large for the type
    """
    stored: Any = X
    if dtype == "int8":
        stored, scales = in_bytes(X)
        with atomic_stream(beside(path, SCALES)) as stream:
            np.save(stream, scales)
    elif dtype == "float16":
        if np.abs(X).max() > np.finfo(np.float16).max:
            raise SourceError(f"{path} would hold numbers too large for float16: take int8.")
        stored = X.astype(np.float16)
    with atomic_stream(path) as stream:
        np.save(stream, stored)


def in_bytes(X: FloatArray) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.float32]]:
    """Return (n, n_columns) numbers of a byte and (n,) what each row is multiplied by.

    Nothing is off by more than half a 127th of the largest number of its row.

    Examples
    --------
    >>> in_bytes(np.array([[127.0, -1.0], [0.0, 0.0]], np.float32))
    (array([[127,  -1],
           [  0,   0]], dtype=int8), array([1., 1.], dtype=float32))
    """
    scales = np.abs(X).max(axis=1) / np.float32(127)
    scales[scales == 0] = 1
    return np.rint(X / scales[:, None]).astype(np.int8), scales


def _check_names(names: Sequence[str]) -> None:
    broken = next((name for name in names if "\n" in name or "\r" in name), None)
    if broken is not None:
        raise SourceError(f"The name {broken!r} has a line break: ids stand one a line.")
    lost = next((name for name in names if not is_kept(name)), None)
    if lost is not None:
        raise SourceError(f"An item is called {lost!r}, and {NOT_KEPT}: give it another name.")
    name, times = Counter(names).most_common(1)[0]
    if times > 1:
        raise SourceError(f"'{name}' is the name of {times} items: every id has to be there once.")


def _take(writing: ShardWriting) -> None:
    """Take the folder for these vectors, unless it holds others."""
    check_writable(writing.out)
    told, of = writing.out / ENCODING, writing.of
    if told.is_file():
        try:
            is_same = json.loads(told.read_text("utf-8"))["of"] == of
        except (OSError, ValueError, LookupError, TypeError, RecursionError):
            is_same = False
        if not is_same:
            raise SourceError(
                f"{writing.out} holds vectors of other items or by another encoder: name another"
                " folder by --out."
            )
    elif any(map(is_shard, writing.out.glob("*"))):
        raise SourceError(f"{writing.out} holds shards already: name another folder by --out.")
    else:
        facts = {"sparing_encoding": FORMAT, "encoder": writing.encoder.name, "of": of}
        write_atomically(told, json.dumps(facts, indent=1).encode())


def _is_there(task: EncodeTask) -> bool:
    """Tell whether a shard is whole, with its ids and, of int8, its scales."""
    n = len(task.names)
    try:
        found = header_of(task.path)
        is_whole = (found.rows, found.dtype) == (n, task.dtype)
        if is_whole and task.dtype == "int8":
            is_whole = layout_of(beside(task.path, SCALES)).shape == (n,)
        return is_whole and ids_of(task.path) == [*task.names]
    except ShardError:  # not there, cut, or something else: it is written anew
        return False


def _fitted(writing: ShardWriting) -> BlockEncoder:
    learned = writing.out / LEARNED
    if learned.is_file():
        return writing.encoder.set_state(read_arrays(learned, "what an encoder has learned"))
    n = len(writing.items)
    rng = np.random.default_rng(writing.seed)
    rows = np.sort(rng.choice(n, min(n, FITTED_ON), replace=False))
    fitted = writing.encoder.fit(writing.items.take(rows))
    write_arrays(learned, fitted.get_state())
    return fitted
