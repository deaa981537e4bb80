"""A pool as a map: principal components at once, then neighbours beside neighbours.

A map shows what lies close together. How far apart two groups are, and how large one looks, says
little.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from sparing._validate import check_features, check_int
from sparing.errors import CapabilityError
from sparing.memory import check_memory
from sparing.numeric.cell_neighbors import vicinity
from sparing.numeric.geometry import block_of, row_blocks
from sparing.numeric.principal import principal_axes
from sparing.numeric.tsne import N_STEPS, Embedding, attraction, first_layout, stepped
from sparing.types import FloatArray, IntArray

N_NEIGHBORS = 10
BYTES_AN_ITEM = 800  # at the peak of the embedding, measured at a million items
FINDING, PLACING = "finding neighbours", "placing"


def principal_map(X: Any) -> FloatArray:
    """Project a pool onto its first two principal components.

    Parameters
    ----------
    X : (n, n_features) dense; read twice in blocks, never copied

    Returns
    -------
    (n, 2) float32, centered

    Raises
    ------
    CapabilityError : the features are sparse

    Examples
    --------
    >>> principal_map(np.array([[0.0, 1.0, 0.0], [4.0, 1.0, 0.0], [2.0, 1.0, 0.0]])).tolist()
    [[-2.0, 0.0], [2.0, 0.0], [0.0, 0.0]]

    References
    ----------
    Jolliffe (2002), Principal component analysis
    """
    X = _dense(X, "principal_map")
    n, n_features = X.shape
    check_memory(4 * 8 * n_features**2 + 8 * n, "a map", "reduce the features first")
    blocks = [slice(rows.start, rows.stop) for rows in row_blocks(n, n_features)]
    mean, spread, axes = principal_axes(block_of(X, rows) for rows in blocks)
    # Spread that is only rounding would be blown up to fill the map.
    rounding = np.finfo(np.float32).eps * max(spread[0], np.abs(mean).max() ** 2)
    axes = axes[:, :2] * (spread[:2] > rounding)
    flat = np.zeros((n, 2), np.float32)
    for rows in blocks:
        flat[rows, : axes.shape[1]] = (block_of(X, rows) - mean) @ axes
    return flat


def neighbor_map(
    X: Any,
    *,
    seed: int = 0,
    progress: Callable[[str, int, int], None] = lambda what, done, total: None,
) -> FloatArray:
    """Lay a pool out so that items which are near in all features are near on the map.

    A t-SNE that begins at the principal components, so that large groups stay where these put
    them. The same seed gives the same map.

    Parameters
    ----------
    X : (n, n_features) dense
    seed : of the cells in which neighbours are sought, and of the jitter that parts equal items
    progress : told what is done, how much of it, and how much there is

    Returns
    -------
    (n, 2) float32, centered

    Raises
    ------
    CapabilityError : the features are sparse
    MemoryBudgetError : the map does not fit into memory

    Examples
    --------
    >>> X = np.array([[0.0], [0.1], [0.2], [9.0], [9.1], [9.2]])
    >>> Y = neighbor_map(X)
    >>> bool(np.ptp(Y[:3], axis=0).max() < np.linalg.norm(Y[0] - Y[5]))
    True
    """
    work = MapWork()
    for work in map_work(X, seed=seed):
        progress(*work.said(X.shape[0]))
    assert work.layout is not None  # noqa: S101  # the last thing that is yielded is the whole map
    return work.layout.positions


@dataclass(frozen=True, eq=False, slots=True)
class MapWork:
    """How far a map has come; it can be put down, stored and taken up again.

    Parameters
    ----------
    n_found : items whose neighbours are known
    neighbors : (n, 10) rows, once all are known
    layout : once the first step is made
    """

    n_found: int = 0
    neighbors: IntArray | None = None
    layout: Embedding | None = None

    @property
    def is_done(self) -> bool:
        """Whether the map is there."""
        return self.layout is not None and self.layout.step >= N_STEPS

    def said(self, n_items: int) -> tuple[str, int, int]:
        """Return what is being done, how much of it is done, and how much there is."""
        if self.layout is None:
            return FINDING, self.n_found, n_items
        return PLACING, self.layout.step, N_STEPS


def map_work(X: Any, begun: MapWork = MapWork(), *, seed: int = 0) -> Iterator[MapWork]:
    """Yield how far the map has come, every second or sooner; the last one is done.

    Parameters
    ----------
    X : (n, n_features) dense
    begun : where to go on; from the start if not given
    seed : as of :func:`neighbor_map`

    Examples
    --------
    >>> X = np.array([[0.0], [0.1], [5.0]])
    >>> *_, begun = (work for work, _ in zip(map_work(X), range(9)))
    >>> *_, done = map_work(X, begun)
    >>> bool((done.layout.positions == neighbor_map(X)).all())
    True
    """
    X = _dense(X, "neighbor_map")
    check_int("seed", "neighbor_map", seed, 0)
    check_memory(BYTES_AN_ITEM * len(X), "a map of the neighbours", "use fewer items")
    neighbors, layout = begun.neighbors, begun.layout
    if neighbors is None:
        neighbors = np.empty((len(X), min(N_NEIGHBORS, len(X) - 1)), np.int32)
        yield from _finding(X, neighbors, seed)
    if layout is None:
        layout = first_layout(principal_map(X), seed=seed)
        yield MapWork(len(X), neighbors, layout)
    weights = attraction(neighbors)
    while layout.step < N_STEPS:
        layout = stepped(weights, layout)
        yield MapWork(len(X), neighbors, layout)


def _finding(X: FloatArray, neighbors: IntArray, seed: int) -> Iterator[MapWork]:
    """Fill ``neighbors``, and yield after each cell; an item alone has none."""
    n_found = 0
    for rows, found in vicinity(X, neighbors.shape[1], seed=seed) if len(X) > 1 else ():
        neighbors[rows] = found
        n_found += len(rows)
        yield MapWork(n_found)


def _dense(X: Any, where: str) -> FloatArray:
    checked = check_features(X, where)
    if not isinstance(checked, np.ndarray):
        raise CapabilityError(
            "A map needs dense features: reduce sparse ones first, "
            "for example by the encoder 'text'."
        )
    return checked
