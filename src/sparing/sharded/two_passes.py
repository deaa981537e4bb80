"""Strategies that compare items with one another, and ``auto``, over shards: in two passes.

The first keeps candidates by doubt and by a draw, the second is the choice of a pool in memory,
exactly, among these and what is labeled. What it covers less than a choice among all rows would is
measured in benchmarks/scale.py.
"""

from collections.abc import Mapping

import numpy as np

from sparing._validate import check_int
from sparing.encoders.base import nobody
from sparing.errors import PoolExhaustedError
from sparing.learner.learner import AUTO, ActiveLearner
from sparing.sharded.candidates import LIMIT, Candidates, WantedCandidates, keep_candidates
from sparing.sharded.engine import ALONE, Engine
from sparing.sharded.gathering import gathered, places_of
from sparing.sharded.manifest import ShardManifest
from sparing.sharded.places import ShardPlace
from sparing.sharded.selecting import PickedRow, ShardedChoice, WantedRows, skipped
from sparing.sharded.shardfile import names_of
from sparing.strategies.base import FROM_STRATEGY
from sparing.strategies.registry import get_strategy
from sparing.types import FloatArray, IntArray, Tick


def select_in_two_passes(
    folder: ShardPlace,
    manifest: ShardManifest,
    wanted: WantedRows,
    labels: Mapping[str, str],
    *,
    limit: int = LIMIT,
    engine: Engine = ALONE,
    skip_bad: bool = False,
    progress: Tick = nobody,
) -> ShardedChoice:
    """Choose by any strategy, among candidates that a first pass keeps; all rows if they are few.

    Half of the candidates are those that the model doubts most, where one is named and the strategy
    asks for doubt; the others are drawn, each row with the same chance.

    Parameters
    ----------
    folder, manifest : the pool
    wanted : ``"auto"`` or any strategy, and how many items; ids in ``excluded`` are not asked
    labels : of ids: what the strategy may learn from
    limit : how many candidates are kept
    engine, skip_bad, progress : as in :func:`sparing.sharded.selecting.select_rows`

    Raises
    ------
    CapabilityError, TrainingError : the strategy needs more than these labels, as in memory
    InvalidInputError : a model of another width
    MemoryBudgetError : the candidates do not fit into memory
    PoolExhaustedError : fewer candidates than wanted
    ShardError : a shard cannot be read
    """
    check_int("n", "select", wanted.n, 1)
    check_int("seed", "select", wanted.seed, 0)
    kept = keep_candidates(
        folder, manifest, _first_pass(wanted, labels, manifest.rows, limit),
        engine=engine, skip_bad=skip_bad, progress=progress,
    )  # fmt: skip
    if wanted.n > len(kept.rows):
        raise PoolExhaustedError(
            f"{wanted.n} items were asked for and {len(kept.rows)} may be asked.{skipped(kept.bad)}"
        )
    known = {name: row for name, row in kept.labeled.items() if name in labels}
    places = places_of(manifest, np.r_[kept.rows, np.array([*known.values()], np.int64)])
    X = gathered(folder, manifest, places, engine=engine, progress=progress)
    learner = ActiveLearner(X, strategy=wanted.strategy, seed=wanted.seed)
    if known:
        rows = len(kept.rows) + np.arange(len(known))
        learner.teach(rows, [labels[name] for name in known])
    query = learner.query(wanted.n, candidates=np.arange(len(kept.rows)))
    return _choice(folder, kept, places, query.indices, query.utilities)


def _first_pass(
    wanted: WantedRows, labels: Mapping[str, str], n_rows: int, limit: int
) -> WantedCandidates:
    asks = wanted.strategy == AUTO or bool(get_strategy(wanted.strategy).requires)
    n_doubted = limit // 2 if asks and wanted.model is not None else 0
    ids = wanted.excluded | labels.keys()
    model = wanted.model if n_doubted else None
    return WantedCandidates(n_doubted, limit - n_doubted, n_rows, model, ids, wanted.seed)


def _choice(
    folder: ShardPlace,
    kept: Candidates,
    places: list[tuple[str, int]],
    chosen: IntArray,
    gains: FloatArray,
) -> ShardedChoice:
    """Name what was chosen; the chance of an item in the pool is not that among the candidates."""
    picked: dict[int, PickedRow] = {}
    by_shard: dict[str, list[int]] = {}
    for turn, place in enumerate(chosen.tolist()):
        by_shard.setdefault(places[place][0], []).append(turn)
    for shard, turns in by_shard.items():
        rows = np.array([places[chosen[turn]][1] for turn in turns], np.int64)
        for turn, row, name in zip(
            turns, rows.tolist(), names_of(folder / shard, rows), strict=True
        ):
            picked[turn] = PickedRow(
                name, shard, row, float(gains[turn]), FROM_STRATEGY, float("nan")
            )
    return ShardedChoice(
        tuple(picked[turn] for turn in range(len(chosen))), kept.n_candidates, kept.bad
    )
