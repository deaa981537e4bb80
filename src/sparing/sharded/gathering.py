"""Some rows of a pool of shards, with their vectors, in one array."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sparing.encoders.base import nobody
from sparing.memory import check_memory
from sparing.sharded.blocks import blocks_of_shard
from sparing.sharded.engine import ALONE, Engine, run_all
from sparing.sharded.manifest import Shard, ShardManifest
from sparing.sharded.places import ShardPlace
from sparing.sharded.shardpool import check_shard
from sparing.types import FloatArray, IntArray, Tick

BYTES = 4 * 3  # of a number: in the worker's answer, in what it is read from, and in the result


@dataclass(frozen=True, eq=False, slots=True)
class GatherTask:
    """Rows of one shard, ascending, for a worker."""

    folder: ShardPlace
    shard: Shard
    rows: IntArray

    def __str__(self) -> str:
        return str(self.folder / self.shard.file)


def gathered(
    folder: ShardPlace,
    manifest: ShardManifest,
    places: Sequence[tuple[str, int]],
    *,
    engine: Engine = ALONE,
    progress: Tick = nobody,
) -> FloatArray:
    """Return the vectors of some rows, in the order in which they are named.

    Parameters
    ----------
    folder, manifest : the pool
    places : (file of the shard, row in it) of each
    engine : who does the work
    progress : told how many shards are done, of those that have such rows

    Raises
    ------
    MemoryBudgetError : they would not fit into memory
    ShardError : a shard cannot be read
    """
    check_memory(
        BYTES * len(places) * manifest.columns, f"{len(places):,} vectors", "take fewer items"
    )
    where: dict[str, list[int]] = {}
    for place, (file, _) in enumerate(places):
        where.setdefault(file, []).append(place)
    orders, tasks = [], []
    for shard in manifest.shards:
        if shard.file in where:
            at = np.array(where[shard.file], np.int64)
            rows = np.array([places[place][1] for place in at.tolist()], np.int64)
            order = np.argsort(rows, kind="stable")
            orders.append(at[order])
            tasks.append(GatherTask(folder, shard, rows[order]))
    parts, _ = run_all(rows_of_shard, tasks, engine=engine, progress=progress)
    X = np.empty((len(places), manifest.columns), np.float32)
    for at, part in zip(orders, parts, strict=True):
        X[at] = part
    return X


def places_of(manifest: ShardManifest, rows: IntArray) -> list[tuple[str, int]]:
    """Return the shard of each row of the pool, and the row in it."""
    starts = np.cumsum([0, *(shard.rows for shard in manifest.shards)])
    which = np.searchsorted(starts, rows, side="right") - 1
    inside = (rows - starts[which]).tolist()
    return [(manifest.shards[i].file, row) for i, row in zip(which.tolist(), inside, strict=True)]


def rows_of_shard(task: GatherTask) -> FloatArray:
    """Return (n_rows, n_columns) float32 vectors of one shard.

    Raises
    ------
    ShardError : it cannot be read, or is not the one of the manifest
    """
    path, parts = check_shard(task.folder, task.shard), []
    for block in blocks_of_shard(path):
        low, high = np.searchsorted(task.rows, (block.first, block.first + len(block)))
        if high > low:
            parts.append(block.vectors(task.rows[low:high] - block.first))
    return np.concatenate(parts)
