"""The nearest neighbours of every item: exact in blocks, approximate for large pools."""

from dataclasses import dataclass
from importlib.util import find_spec

import numpy as np

from sparing._validate import check_int
from sparing.memory import check_memory
from sparing.numeric.geometry import block_of, mean_row, products, take_rows
from sparing.types import Features, FloatArray, IntArray

EXACT_UP_TO = 20_000  # items; above, it depends on their width whether all pairs are compared
MOST_PRODUCTS = 4e11  # of all pairs; above, a graph that is nearly exact takes less time
BLOCK_VALUES = 1 << 23  # distances held at once: 32 MB
HNSW_LINKS = 32
HNSW_EFFORT = 64  # entries looked at in a search; more finds more of the true neighbours


@dataclass(frozen=True, eq=False, slots=True)
class Neighbors:
    """Each item's nearest others, nearest first.

    Parameters
    ----------
    indices : (n, k) rows
    distances : (n, k) Euclidean, >= 0
    """

    indices: IntArray
    distances: FloatArray


def nearest_neighbors(X: Features, k: int) -> Neighbors:
    """Return the ``k`` nearest other items of each item.

    Up to 20,000 items, for CSR, and where faiss is not installed, all pairs are compared in
    blocks. Above, faiss compares them, which at 60,000 rows of 64 numbers takes half the time of
    the navigable graph that it builds for still larger pools, in which nearly all true neighbours
    are found.

    Parameters
    ----------
    X : (n, n_features) dense or CSR
    k : int in [1, n - 1]

    Raises
    ------
    MemoryBudgetError : neither way has the memory it needs

    Examples
    --------
    >>> nearest_neighbors(np.array([[0.0], [1.0], [5.0]]), 1).indices.tolist()
    [[1], [0], [1]]

    References
    ----------
    Malkov & Yashunin (2018), arXiv 1603.09320, for the navigable graph
    """
    n = X.shape[0]
    check_int("k", "nearest_neighbors", k, 1, n - 1)
    check_memory(4 * BLOCK_VALUES * 4 + 16 * n * k, "the neighbour search", "use fewer items")
    if n > EXACT_UP_TO and isinstance(X, np.ndarray) and find_spec("faiss"):
        return _by_faiss(X, k)
    return _exact(X, k)


def _exact(X: Features, k: int) -> Neighbors:
    n = X.shape[0]
    dense = isinstance(X, np.ndarray)
    center = mean_row(X) if dense else None  # measured from amid the data: less cancellation
    points = X - center if dense else X
    norms = np.concatenate([_norms(block_of(points, span)) for span in _spans(n)])
    indices, distances = np.empty((n, k), np.int64), np.empty((n, k), np.float32)
    for span in _spans(n):
        near = products(block_of(points, span), points)
        near *= 2
        near -= norms
        near[np.arange(span.stop - span.start), np.arange(span.start, span.stop)] = -np.inf
        # Where many are equal NumPy finds the largest ten times sooner than the smallest.
        found = np.argpartition(near, n - k, axis=1)[:, n - k :]
        indices[span], distances[span] = _sorted(X, span, found)
    return Neighbors(indices, distances)


def _spans(n: int) -> list[slice]:
    step = max(1, BLOCK_VALUES // n)
    return [slice(start, min(start + step, n)) for start in range(0, n, step)]


def _norms(block: Features) -> FloatArray:
    if isinstance(block, np.ndarray):
        return np.asarray(np.vecdot(block, block))
    return np.asarray(block.multiply(block).sum(axis=1)).ravel()


def _sorted(X: Features, span: slice, found: IntArray) -> tuple[IntArray, FloatArray]:
    """Return neighbours nearest first, with distances from differences: equal rows are at 0."""
    k = found.shape[1]
    here = block_of(X, span)
    squared = np.empty(found.shape, np.float64)
    for j in range(k):
        gap = take_rows(X, found[:, j]) - here
        squared[:, j] = _norms(gap)
    order = np.lexsort((found, squared))
    rows = np.take_along_axis(found, order, axis=1)
    return rows, np.sqrt(np.take_along_axis(squared, order, axis=1)).astype(np.float32)


def _by_faiss(X: FloatArray, k: int) -> Neighbors:
    n = len(X)
    rows = np.ascontiguousarray(X - mean_row(X), np.float32)
    search = _all_pairs if float(n) * n * X.shape[1] <= MOST_PRODUCTS else _navigable
    found = search(rows, k + 1)
    indices, distances = np.empty((n, k), np.int64), np.empty((n, k), np.float32)
    for span in _spans(n):
        others = _without_self(found[span], np.arange(span.start, span.stop))
        indices[span], distances[span] = _sorted(X, span, others)
    return Neighbors(indices, distances)


def _all_pairs(rows: FloatArray, k: int) -> IntArray:
    import faiss

    index = faiss.IndexFlatL2(rows.shape[1])
    index.add(rows)
    return np.asarray(index.search(rows, k)[1])


def _navigable(rows: FloatArray, k: int) -> IntArray:
    import faiss

    index = faiss.IndexHNSWFlat(rows.shape[1], HNSW_LINKS)
    threads = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)  # several threads would link the graph in a chance order
    try:
        index.add(rows)
    finally:
        faiss.omp_set_num_threads(threads)
    index.hnsw.efSearch = HNSW_EFFORT
    return np.asarray(index.search(rows, k)[1])


def _without_self(found: IntArray, own: IntArray) -> IntArray:
    """Drop each row's own number, or the farthest if many equal rows pushed it out."""
    is_other = found != own[:, None]
    is_other[is_other.all(axis=1), -1] = False
    return np.asarray(found[is_other].reshape(len(own), found.shape[1] - 1))
