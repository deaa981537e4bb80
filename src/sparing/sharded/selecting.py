"""What to label next in a pool of shards: each shard keeps its best, and the best of those win."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from sparing._validate import check_int
from sparing.encoders.base import nobody
from sparing.errors import (
    CapabilityError,
    InvalidInputError,
    PoolExhaustedError,
)
from sparing.models.saved import SavedModel, load_model
from sparing.pool.snapshot import Snapshot
from sparing.sharded.blocks import Block, blocks_of_shard
from sparing.sharded.engine import ALONE, Engine, run_all
from sparing.sharded.keys import keys_of
from sparing.sharded.manifest import Shard, ShardManifest
from sparing.sharded.places import ShardPlace
from sparing.sharded.quick import DOUBTS, BoundedRows, QuickLinear
from sparing.sharded.shardfile import ids_of, names_of
from sparing.sharded.shardpool import check_shard, check_sizes
from sparing.sharded.worker_model import check_width, worker_model
from sparing.strategies.base import FROM_STRATEGY, FROM_UNIFORM, QueryStrategy
from sparing.strategies.registry import STRATEGIES, get_strategy
from sparing.strategies.uncertainty import RandomSampling
from sparing.types import BoolArray, FloatArray, IntArray, Tick

NO_ROWS = np.empty(0, np.int64)
AUTO = "auto"
AT_ONCE = 4096  # rows that are looked at exactly


@dataclass(frozen=True, slots=True)
class PickedRow:
    """One item to label.

    Parameters
    ----------
    item_id : its id
    shard, row : where its vector is
    utility : higher = ask first; 0 for a draw at random
    source : ``"strategy"``, or ``"uniform"`` for a draw that no score influenced
    propensity : of such a draw, given those before it; NaN else
    """

    item_id: str
    shard: str
    row: int
    utility: float
    source: str
    propensity: float


@dataclass(frozen=True, eq=False, slots=True)
class ShardedChoice:
    """The batch, and what was passed over.

    Parameters
    ----------
    rows : in the order in which they are to be asked
    n_candidates : how many could have been chosen
    bad : why a shard was skipped, one sentence each
    """

    rows: tuple[PickedRow, ...]
    n_candidates: int
    bad: tuple[str, ...]

    @property
    def ids(self) -> list[str]:
        """The ids of the items."""
        return [row.item_id for row in self.rows]


@dataclass(frozen=True, slots=True)
class WantedRows:
    """What is to be chosen.

    Parameters
    ----------
    strategy : the name of one that judges each row by itself, or ``"random"``
    n : how many items
    model : file of a saved model; None only for ``"random"``
    excluded : ids that are not to be asked
    seed : an int >= 0
    """

    strategy: str
    n: int
    model: Path | None = None
    excluded: frozenset[str] = frozenset()
    seed: int = 0


@dataclass(frozen=True, slots=True)
class BestTask:
    """One shard to be looked through, for a worker."""

    folder: ShardPlace
    shard: Shard
    first: int
    wanted: WantedRows

    def __str__(self) -> str:
        return str(self.folder / self.shard.file)


@dataclass(frozen=True, eq=False, slots=True)
class BestRows:
    """The best rows of one shard: by utility, then by key; with their ids."""

    shard: str
    rows: npt.NDArray[np.int64]
    utility: FloatArray
    keys: npt.NDArray[np.uint64]
    ids: Sequence[str]
    n_candidates: int


def select_rows(
    folder: ShardPlace,
    manifest: ShardManifest,
    wanted: WantedRows,
    *,
    engine: Engine = ALONE,
    skip_bad: bool = False,
    progress: Tick = nobody,
) -> ShardedChoice:
    """Choose exactly the items that the strategy would choose of the whole pool, in one pass.

    Equal arguments give equal choices, whatever the number of workers; ties are broken at random,
    by the seed.

    Parameters
    ----------
    folder, manifest : the pool
    wanted : how many items, and by what
    engine : who does the work
    skip_bad : go on without a shard that cannot be read, and count it
    progress : told how many shards are done

    Raises
    ------
    CapabilityError : the strategy compares rows with one another
    InvalidInputError : no model, or one of another width
    PoolExhaustedError : fewer candidates than wanted
    ShardError : a shard cannot be read
    """
    check_int("n", "select", wanted.n, 1)
    check_int("seed", "select", wanted.seed, 0)
    chooser = _pointwise(wanted.strategy)
    if chooser.requires and wanted.model is None:
        raise InvalidInputError(f"Strategy '{chooser.name}' asks a model: name it with --model.")
    if wanted.model is not None:
        check_width(load_model(wanted.model), manifest, wanted.model)
    if not skip_bad:
        check_sizes(folder, manifest)
    starts = np.cumsum([0, *(shard.rows for shard in manifest.shards)]).tolist()
    tasks = [
        BestTask(folder, shard, first, wanted)
        for shard, first in zip(manifest.shards, starts[:-1], strict=True)
    ]
    found, bad = run_all(best_of_shard, tasks, engine=engine, skip_bad=skip_bad, progress=progress)
    n_candidates = sum(part.n_candidates for part in found)
    if wanted.n > n_candidates:
        raise PoolExhaustedError(
            f"{wanted.n} items were asked for and {n_candidates} may be asked.{skipped(bad)}"
        )
    return ShardedChoice(_merged(found, wanted.n, n_candidates, chooser), n_candidates, bad)


def skipped(bad: Sequence[str]) -> str:
    """Return what is said of skipped shards where too few items are left.

    Examples
    --------
    >>> skipped(["a.npy is truncated."]), skipped([])
    (' 1 skipped: a.npy is truncated.', '')
    """
    return f" {len(bad):,} skipped: {bad[0]}" if bad else ""


def strategies_over_shards() -> tuple[str, ...]:
    """Return the names of this package's strategies that judge each row by itself, or draw it.

    Examples
    --------
    >>> strategies_over_shards()
    ('entropy', 'least_confidence', 'margin', 'random')
    """
    return tuple(sorted(name for name, one in STRATEGIES.items() if _judges_alone(one())))


def _judges_alone(chooser: QueryStrategy) -> bool:
    return chooser.is_pointwise or isinstance(chooser, RandomSampling)


def _pointwise(name: str) -> QueryStrategy:
    chooser = get_strategy(name)
    if _judges_alone(chooser):
        return chooser
    raise CapabilityError(
        f"Strategy '{name}' compares items with one another: it chooses in two passes."
    )


def judges_alone(name: str) -> bool:
    """Tell whether a strategy judges each row by itself, or draws it: then one pass is exact.

    Examples
    --------
    >>> judges_alone("margin"), judges_alone("k_center"), judges_alone("auto")
    (True, False, False)
    """
    return name != AUTO and _judges_alone(get_strategy(name))


def best_of_shard(task: BestTask) -> BestRows:
    """Return the best rows of one shard.

    Raises
    ------
    ShardError : it cannot be read, or is not the one of the manifest
    """
    path, wanted = check_shard(task.folder, task.shard), task.wanted
    ids = ids_of(path) if wanted.excluded else None
    eligible = np.ones(task.shard.rows, dtype=bool)
    if ids is not None:
        eligible[:] = [name not in wanted.excluded for name in ids]
    chooser = get_strategy(wanted.strategy)
    if chooser.requires and wanted.model is not None:
        blocks = blocks_of_shard(path, task.shard.longest)
        rows, utility = highest(blocks, chooser, worker_model(wanted.model), eligible, wanted.n)
    else:
        rows = np.flatnonzero(eligible)
        utility = np.zeros(len(rows))
    keys = keys_of(wanted.seed, task.first + rows)
    best = best_positions(utility, keys, wanted.n)
    chosen = rows[best]
    named = names_of(path, chosen) if ids is None else [ids[row] for row in chosen.tolist()]
    n_candidates = int(np.count_nonzero(eligible))
    return BestRows(task.shard.file, chosen, utility[best], keys[best], named, n_candidates)


def highest(
    blocks: Iterable[Block], chooser: QueryStrategy, model: SavedModel, eligible: BoolArray, k: int
) -> tuple[IntArray, FloatArray]:
    """Return the rows with the k highest utilities, and those as high as the last of them.

    Where the model is linear, only rows that float32 cannot rule out are looked at exactly, many at
    a time.
    """
    doubt, quick = DOUBTS.get(chooser.name), QuickLinear.of(model)
    best, waiting, n_waiting = _Highest(k), list[_Waiting](), 0
    for block in blocks:
        may = eligible[block.first : block.first + len(block)]
        if quick is None or doubt is None:
            near = BoundedRows.unknown(np.flatnonzero(may))
        else:
            near = quick.reaching(doubt, block, may, k, best.least)
            best = best.above(near.low)
            near = near.where(near.high >= best.least)
        waiting.append(_Waiting(block.first + near.rows, block.vectors(near.rows), near.high))
        n_waiting += len(near.rows)
        if n_waiting >= AT_ONCE:
            waiting = [one.reaching(best.least) for one in waiting]
            n_waiting = sum(len(one.rows) for one in waiting)
        if n_waiting >= AT_ONCE:
            best = best.joined(*_exact(waiting, chooser, model))
            waiting, n_waiting = [], 0
    waiting = [one.reaching(best.least) for one in waiting]
    best = best.joined(*_exact(waiting, chooser, model))
    return best.rows, best.utility


class _Waiting(NamedTuple):
    """Rows to be looked at exactly, with their vectors, and what none has more of."""

    rows: IntArray
    X: FloatArray
    high: FloatArray

    def reaching(self, least: float) -> "_Waiting":
        """Return those that may still be among the best."""
        may = self.high >= least
        return self if may.all() else _Waiting(self.rows[may], self.X[may], self.high[may])


def _exact(
    waiting: Sequence[_Waiting], chooser: QueryStrategy, model: SavedModel
) -> tuple[IntArray, FloatArray]:
    rows = np.concatenate([NO_ROWS, *(one.rows for one in waiting)])
    if not len(rows):
        return rows, np.zeros(0)
    X = np.concatenate([one.X for one in waiting])
    everyone, proba = np.ones(len(rows), dtype=bool), model.proba_of(X)
    seen = Snapshot(X, everyone, NO_ROWS, NO_ROWS, len(model.classes), proba=proba)
    return rows, chooser.utility(seen)


@dataclass(frozen=True, eq=False, slots=True)
class _Highest:
    """The rows with the k highest utilities so far; fewer rows than k count as none.

    Parameters
    ----------
    k : how many
    rows, utility : looked at exactly
    bounds : (k,) the highest of the numbers that utilities are known to be no less than
    least : no row below it is among the k
    """

    k: int
    rows: IntArray = field(default_factory=lambda: NO_ROWS)
    utility: FloatArray = field(default_factory=lambda: np.zeros(0))
    bounds: FloatArray = field(default_factory=lambda: np.zeros(0))
    least: float = -np.inf

    def above(self, low: FloatArray) -> "_Highest":
        """Return this with what the utilities of further rows are no less than."""
        bounds = np.concatenate([self.bounds, low])
        if len(bounds) < self.k:
            return replace(self, bounds=bounds)
        bounds = np.partition(bounds, len(bounds) - self.k)[len(bounds) - self.k :]
        return replace(self, bounds=bounds, least=max(self.least, float(bounds[0])))

    def joined(self, rows: IntArray, utility: FloatArray) -> "_Highest":
        """Return this with further rows that were looked at exactly."""
        rows, utility = np.concatenate([self.rows, rows]), np.concatenate([self.utility, utility])
        if len(rows) < self.k:
            return replace(self, rows=rows, utility=utility)
        least = float(np.partition(utility, len(rows) - self.k)[len(rows) - self.k])
        kept = utility >= least
        least = max(self.least, least)
        return replace(self, rows=rows[kept], utility=utility[kept], least=least)


def best_positions(
    utility: FloatArray, keys: npt.NDArray[np.uint64], k: int
) -> npt.NDArray[np.int64]:
    """Return the positions of the ``k`` highest utilities, of equal ones those of the lowest keys.

    Examples
    --------
    >>> best_positions(np.array([1.0, 2.0, 1.0]), np.array([9, 5, 3], np.uint64), 2)
    array([1, 2])
    """
    if k < len(utility):
        cut = np.partition(utility, len(utility) - k)[len(utility) - k]
        there = np.flatnonzero(utility >= cut)
    else:
        there = np.arange(len(utility))
    order = np.lexsort((keys[there], -utility[there]))
    return np.asarray(there[order[:k]])


def _merged(
    found: Sequence[BestRows], n: int, n_candidates: int, chooser: QueryStrategy
) -> tuple[PickedRow, ...]:
    utility = np.concatenate([part.utility for part in found])
    keys = np.concatenate([part.keys for part in found])
    starts = np.cumsum([0, *(len(part.rows) for part in found)])
    is_drawn = isinstance(chooser, RandomSampling)
    source = FROM_UNIFORM if is_drawn else FROM_STRATEGY
    picked, best = [], best_positions(utility, keys, n)
    of = np.searchsorted(starts, best, side="right") - 1
    for turn, (at, shard) in enumerate(zip(best.tolist(), of.tolist(), strict=True)):
        part, i = found[shard], at - int(starts[shard])
        chance = 1 / (n_candidates - turn) if is_drawn else float("nan")
        picked.append(
            PickedRow(
                part.ids[i], part.shard, int(part.rows[i]), float(utility[at]), source, chance
            )
        )
    return tuple(picked)
