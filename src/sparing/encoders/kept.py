"""What networks made of items, on the disk: each item by its content, a block of items at a time.

An item that comes a second time, in another order, another project or after an interruption, does
not go through the network again.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import numpy.typing as npt

from sparing.encoders.cache import content_of_one
from sparing.errors import SourceError
from sparing.files import read_arrays, write_arrays
from sparing.memory import check_memory
from sparing.types import BoolArray, FloatArray, IntArray, Tick

KEY_BYTES = 16  # written as twice as many hex digits
BLOCK_ITEMS = 512  # between two writes: what an interruption costs at most
Make = Callable[[Any, Tick], FloatArray]  # items, told how many of them are done
Keys = npt.NDArray[np.bytes_]
_IS_KEPT = ContextVar("is_kept", default=True)


@contextmanager
def unkept() -> Iterator[None]:
    """Neither keep nor look up what is made while the block runs: it is kept in another place."""
    token = _IS_KEPT.set(False)
    try:
        yield
    finally:
        _IS_KEPT.reset(token)


def kept(place: Path, items: Sequence[Any], make: Make, progress: Tick) -> FloatArray:
    """Return the vectors of items, of which only new ones are made.

    Parameters
    ----------
    place : folder of one network's vectors; it is made, for this user alone
    items : files are known by their content, not their name
    make : makes the vectors of some items
    progress : told (items that are there, items in all)

    Returns
    -------
    (n_items, n_outputs) float32

    Raises
    ------
    SourceError : the folder cannot be written, or an item cannot be read
    MemoryBudgetError : the vectors of all items do not fit into the memory
    """
    if not _IS_KEPT.get():
        return make(items, progress)
    keys, first, where = np.unique(_keys(items), return_index=True, return_inverse=True)
    out, is_there = _found(place, keys)
    missing = np.flatnonzero(~is_there)
    missing = missing[np.argsort(first[missing])]  # in the order of the items
    for start in range(0, len(missing), BLOCK_ITEMS):
        rows = missing[start : start + BLOCK_ITEMS]
        so_far = len(keys) - len(missing) + start
        block = make(_taken(items, first[rows]), _shifted(progress, so_far, len(keys)))
        if out is None:
            out = _room(len(keys), block)
        out[rows] = block
        _write(place, keys[rows], block)
    assert out is not None  # noqa: S101  # there is an item, so there is a vector
    return out[where]


def _keys(items: Sequence[Any]) -> Keys:
    digests = []
    for item in items:
        digest = hashlib.blake2b(digest_size=KEY_BYTES)
        for piece in content_of_one(item):
            digest.update(piece)
        digests.append(digest.hexdigest().encode())
    return np.array(digests, f"S{2 * KEY_BYTES}")


def _taken(items: Any, rows: IntArray) -> Any:
    return items[rows] if isinstance(items, np.ndarray) else [items[i] for i in rows.tolist()]


def _shifted(progress: Tick, so_far: int, total: int) -> Tick:
    return lambda done, _: progress(so_far + done, total)


def _found(place: Path, keys: Keys) -> tuple[FloatArray | None, BoolArray]:
    """Return the vectors of sorted keys where they are there, and which are."""
    out: FloatArray | None = None
    is_there = np.zeros(len(keys), dtype=bool)
    for old, vectors in _blocks(place):
        at = np.minimum(np.searchsorted(keys, old), len(keys) - 1)
        hits = keys[at] == old
        if hits.any():
            out = _room(len(keys), vectors) if out is None else out
            out[at[hits]], is_there[at[hits]] = vectors[hits], True
    return out, is_there


def _blocks(place: Path) -> Iterator[tuple[Keys, FloatArray]]:
    """Yield what was written before; what is damaged is made again."""
    for path in sorted(place.glob("*.npz")):
        try:
            block = read_arrays(path, "what a network made of items")
            keys, vectors = block["keys"], block["vectors"]
        except (SourceError, KeyError):
            continue
        if len(keys) == len(vectors):
            yield keys, vectors


def _room(n_items: int, block: FloatArray) -> FloatArray:
    needed = 3 * n_items * block.shape[1] * block.itemsize
    check_memory(needed, f"What a network makes of {n_items:,} items", "take fewer items")
    return np.empty((n_items, block.shape[1]), np.float32)


def _write(place: Path, keys: Keys, vectors: FloatArray) -> None:
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_arrays(place / f"{uuid4().hex}.npz", {"keys": keys, "vectors": vectors})
