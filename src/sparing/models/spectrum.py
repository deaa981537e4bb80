"""The smoothest eigenvectors of a neighbour graph, on which V-optimality works."""

import numpy as np
from scipy.sparse.linalg import eigsh

from sparing._validate import check_int
from sparing.errors import CapabilityError
from sparing.memory import check_memory
from sparing.models.graph import NeighborGraph, neighbor_graph
from sparing.pool.snapshot import Spectrum
from sparing.types import Features, FloatArray, IntArray

MAX_ITEMS = 70_000  # all of MNIST; the neighbour search is quadratic in time
N_PAIRS = 50
LARGE = 20_000  # items; above, eigenvalues to four digits have to do
ROUGH = 1e-4
SEEN_BY = 10_000  # rows that differ show whether a pool falls into groups
DENSE_ITEMS = 200  # below this a dense solver is faster and never fails to converge


def laplacian_spectrum(X: Features, n_pairs: int = N_PAIRS, *, seed: int = 0) -> Spectrum:
    """Return the smallest eigenpairs of the neighbour graph's normalised Laplacian.

    The graph joins each item with its nearest neighbours, the nearer the stronger. An eigenvalue
    0 comes once for each connected component.

    Parameters
    ----------
    X : (n_items, n_features) dense or CSR
    n_pairs : how many; fewer come back if the pool has fewer items
    seed : of the solver's first vector

    Raises
    ------
    CapabilityError : more than 70,000 items: the neighbour search would take too long
    MemoryBudgetError : the vectors do not fit into memory

    Examples
    --------
    >>> X = np.array([[0.0], [0.1], [0.2], [9.0], [9.1], [9.2]])
    >>> laplacian_spectrum(X, n_pairs=2).vectors.shape
    (6, 2)

    References
    ----------
    von Luxburg (2007), A tutorial on spectral clustering, section 3.2
    """
    n_items = X.shape[0]
    n_pairs = min(check_int("n_pairs", "laplacian_spectrum", n_pairs, 1), n_items)
    if n_items > MAX_ITEMS:
        raise CapabilityError(
            f"The spectrum of a neighbour graph is computed for at most {MAX_ITEMS:,} items and "
            f"there are {n_items:,}: take a strategy that needs none, such as 'u_herding'."
        )
    return graph_spectrum(neighbor_graph(X, join=False), n_pairs, seed=seed)


def graph_spectrum(graph: NeighborGraph, n_pairs: int = N_PAIRS, *, seed: int = 0) -> Spectrum:
    """Return the smallest eigenpairs of a graph's normalised Laplacian.

    Parameters
    ----------
    graph : over n items
    n_pairs : how many; fewer come back if there are fewer items
    seed : of the solver's first vector

    Raises
    ------
    MemoryBudgetError : the vectors do not fit into memory

    Examples
    --------
    >>> graph = neighbor_graph(np.array([[0.0], [1.0], [2.0]]), 1)
    >>> graph_spectrum(graph, 1).values.round(6)
    array([0.])
    """
    n_items = graph.n_items
    n_pairs = min(n_pairs, n_items)
    # ARPACK keeps 2 n_pairs + 1 vectors beside the result.
    check_memory(8 * n_items * 3 * n_pairs, "the spectrum", "use fewer items")
    if n_items <= max(DENSE_ITEMS, 2 * n_pairs):
        values, vectors = np.linalg.eigh(graph.similarity.toarray())
    else:
        start = np.random.default_rng(seed).standard_normal(n_items)
        tolerance = ROUGH if n_items > LARGE else 0
        values, vectors = eigsh(graph.similarity, k=n_pairs, which="LA", v0=start, tol=tolerance)
    order = np.argsort(-values)[:n_pairs]
    return Spectrum(np.maximum(1 - values[order], 0), vectors[:, order])


def some_distinct(X: FloatArray, seed: int) -> IntArray:
    """Return rows in order, no two of them alike, at most 10,000: enough to see groups by.

    Equal rows are a group in every graph, and none that a class is likely to be.

    Parameters
    ----------
    X : (n_items, n_features) dense
    seed : of the draw where there are more

    Examples
    --------
    >>> some_distinct(np.array([[1.0, 2.0], [0.0, 1.0], [1.0, 2.0]]), seed=0)
    array([0, 1])
    """
    rows = np.arange(len(X))
    if len(X) > SEEN_BY:
        rows = np.sort(np.random.default_rng(seed).permutation(rows)[:SEEN_BY])
    kept = np.ascontiguousarray(X[rows] + 0)  # there is one zero, not one of either sign
    as_bytes = kept.view(np.dtype((np.void, kept.dtype.itemsize * kept.shape[1]))).ravel()
    return rows[np.sort(np.unique(as_bytes, return_index=True)[1])]
