"""The smoothest eigenvectors of a neighbour graph, on which V-optimality works."""

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import eigsh
from sklearn.neighbors import kneighbors_graph

from sparing._validate import check_int
from sparing.errors import CapabilityError
from sparing.memory import check_memory
from sparing.snapshot import Spectrum
from sparing.types import Features

MAX_ITEMS = 70_000  # all of MNIST; the neighbour search is quadratic in time
N_PAIRS = 50
N_NEIGHBORS = 10
DENSE_ITEMS = 200  # below this a dense solver is faster and never fails to converge


def laplacian_spectrum(X: Features, n_pairs: int = N_PAIRS, *, seed: int = 0) -> Spectrum:
    """Return the smallest eigenpairs of the neighbour graph's normalised Laplacian.

    The graph joins each item with its 10 nearest neighbours, symmetrically, with weights 1. An
    eigenvalue 0 comes once for each connected component.

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
    # ARPACK keeps 2 n_pairs + 1 vectors beside the result; the search a block of distances.
    check_memory(8 * n_items * (3 * n_pairs + 4 * N_NEIGHBORS), "the spectrum", "use fewer items")
    similarity = _normalised_adjacency(X)
    if n_items <= max(DENSE_ITEMS, 2 * n_pairs):
        values, vectors = np.linalg.eigh(similarity.toarray())
    else:
        start = np.random.default_rng(seed).standard_normal(n_items)
        values, vectors = eigsh(similarity, k=n_pairs, which="LA", v0=start)
    order = np.argsort(-values)[:n_pairs]
    return Spectrum(np.maximum(1 - values[order], 0), vectors[:, order])


def _normalised_adjacency(X: Features) -> sparse.csr_array:
    """Return D^-1/2 W D^-1/2 of the symmetric neighbour graph; its top is the Laplacian's end."""
    n_items = X.shape[0]
    if n_items == 1:
        return sparse.csr_array([[1.0]])
    directed = sparse.csr_array(kneighbors_graph(X, min(N_NEIGHBORS, n_items - 1)))
    W = directed.maximum(directed.T)
    scale = sparse.diags_array(1 / np.sqrt(W.sum(axis=1)))
    return scale @ W @ scale
