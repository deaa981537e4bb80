"""The first of two passes: of a pool of any size some rows, by doubt and by a draw with a chance.

What compares items with one another then chooses among these, in memory.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sparing.encoders.base import nobody
from sparing.models.saved import load_model
from sparing.sharded.blocks import blocks_of_shard
from sparing.sharded.engine import ALONE, Engine, results
from sparing.sharded.keys import keys_of
from sparing.sharded.manifest import Shard, ShardManifest
from sparing.sharded.places import ShardPlace
from sparing.sharded.selecting import best_positions, highest
from sparing.sharded.shardfile import ids_of
from sparing.sharded.shardpool import check_shard, check_sizes
from sparing.sharded.worker_model import check_width, worker_model
from sparing.strategies.uncertainty import MarginSampling
from sparing.types import FloatArray, IntArray, Tick

LIMIT = 200_000
DRAWN = 1  # the stream of keys by which rows are drawn; ties have another
KEYS = 1 << 64


@dataclass(frozen=True, slots=True)
class WantedCandidates:
    """How many candidates are kept.

    Parameters
    ----------
    n_doubted : those the model doubts most, by its margin
    n_drawn : about as many are drawn, each row with the same chance
    n_rows : of the pool
    model : file of a saved model; None where none are kept for doubt
    labeled : ids that are no candidates; their rows are found
    seed : an int >= 0
    """

    n_doubted: int
    n_drawn: int
    n_rows: int
    model: Path | None = None
    labeled: frozenset[str] = frozenset()
    seed: int = 0

    @property
    def chance(self) -> float:
        """The probability of each row to be drawn."""
        return min(1.0, self.n_drawn / self.n_rows)


@dataclass(frozen=True, slots=True)
class KeepTask:
    """One shard and what is wanted, for a worker; ``first`` is the shard's first row."""

    folder: ShardPlace
    shard: Shard
    first: int
    wanted: WantedCandidates

    def __str__(self) -> str:
        return str(self.folder / self.shard.file)


@dataclass(frozen=True, eq=False, slots=True)
class KeptRows:
    """What is kept of a shard: rows of the whole pool.

    Parameters
    ----------
    drawn : ascending
    doubted, utility : rows, and how much the model doubts them
    labeled : row of each labeled id that is here
    n_candidates : how many rows could be kept
    """

    drawn: IntArray
    doubted: IntArray
    utility: FloatArray
    labeled: dict[str, int]
    n_candidates: int


@dataclass(frozen=True, eq=False, slots=True)
class Candidates:
    """What the first pass keeps.

    Parameters
    ----------
    rows : of the whole pool, ascending; none is labeled
    propensity : (n,) the probability with which each was kept: 1 of what is doubted most
    labeled : row of each labeled id that was found
    n_candidates : how many could have been kept
    bad : why a shard was skipped, one sentence each
    """

    rows: IntArray
    propensity: FloatArray
    labeled: dict[str, int]
    n_candidates: int
    bad: tuple[str, ...]


def keep_candidates(
    folder: ShardPlace,
    manifest: ShardManifest,
    wanted: WantedCandidates,
    *,
    engine: Engine = ALONE,
    skip_bad: bool = False,
    progress: Tick = nobody,
) -> Candidates:
    """Read all shards once and keep candidates; the same ones whatever the workers.

    Parameters
    ----------
    folder, manifest : the pool
    wanted : how many, and by what
    engine, skip_bad, progress : as in :func:`sparing.sharded.selecting.select_rows`

    Raises
    ------
    InvalidInputError : a model of another width
    ShardError : a shard cannot be read
    """
    if wanted.model is not None:
        check_width(load_model(wanted.model), manifest, wanted.model)
    if not skip_bad:
        check_sizes(folder, manifest)
    starts = np.cumsum([0, *(shard.rows for shard in manifest.shards)]).tolist()
    tasks = [
        KeepTask(folder, shard, first, wanted)
        for shard, first in zip(manifest.shards, starts[:-1], strict=True)
    ]
    bad: dict[int, str] = {}
    found = results(kept_of_shard, tasks, bad, engine=engine, skip_bad=skip_bad, progress=progress)
    return _joined((part for _, part in found), wanted, bad)


def kept_of_shard(task: KeepTask) -> KeptRows:
    """Return what is kept of one shard.

    Raises
    ------
    ShardError : it cannot be read, or is not the one of the manifest
    """
    path, wanted = check_shard(task.folder, task.shard), task.wanted
    eligible, labeled = np.ones(task.shard.rows, dtype=bool), dict[str, int]()
    if wanted.labeled:
        places = {name: row for row, name in enumerate(ids_of(path)) if name in wanted.labeled}
        eligible[[*places.values()]] = False
        labeled = {name: task.first + row for name, row in places.items()}
    rows = task.first + np.flatnonzero(eligible)
    keys = keys_of(wanted.seed, rows, DRAWN)
    drawn = rows if wanted.chance >= 1 else rows[keys < np.uint64(int(wanted.chance * KEYS))]
    doubted: IntArray = np.zeros(0, np.int64)
    utility: FloatArray = np.zeros(0)
    if wanted.model is not None and wanted.n_doubted and wanted.chance < 1:
        model = worker_model(wanted.model)
        blocks = blocks_of_shard(path, task.shard.longest)
        doubted, utility = highest(blocks, MarginSampling(), model, eligible, wanted.n_doubted)
    return KeptRows(drawn, task.first + doubted, utility, labeled, len(rows))


def _joined(parts: Iterator[KeptRows], wanted: WantedCandidates, bad: dict[int, str]) -> Candidates:
    """Join what came of the shards as it comes: of the doubted no more are ever held than asked."""
    drawn, labeled, n_candidates = [], dict[str, int](), 0
    doubted: IntArray = np.zeros(0, np.int64)
    utility: FloatArray = np.zeros(0)
    for part in parts:
        drawn.append(part.drawn)
        labeled |= part.labeled
        n_candidates += part.n_candidates
        doubted = np.concatenate([doubted, part.doubted])
        utility = np.concatenate([utility, part.utility])
        best = best_positions(utility, keys_of(wanted.seed, doubted), wanted.n_doubted)
        doubted, utility = doubted[best], utility[best]
    rows = np.unique(np.concatenate([*drawn, doubted]))
    propensity = np.where(np.isin(rows, doubted), 1.0, wanted.chance)
    by_row = dict(sorted(labeled.items(), key=lambda one: one[1]))
    return Candidates(rows, propensity, by_row, n_candidates, tuple(bad[i] for i in sorted(bad)))
