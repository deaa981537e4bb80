"""Labels spread over the graph of nearest neighbours: what the unlabeled items give for nothing."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from sparing._validate import check_int, invalid
from sparing.errors import TrainingError
from sparing.models.neighbors import Neighbors, nearest_neighbors
from sparing.numeric.geometry import block_of, products, squared_norms, take_rows
from sparing.types import Features, FloatArray, IntArray

N_NEIGHBORS = 7
ALPHA = 0.99
SHARPNESS = 4.0  # of the weights; Calder et al. (2020)
TOLERANCE = 1e-5  # of the residual, relative; further steps change no label
MAX_STEPS = 1000
AT_ONCE = 64  # columns; more of them are read from memory again at each step
DELEGATES = 5  # of a component, from which the way to its nearest neighbour component is sought


@dataclass(frozen=True, eq=False)
class NeighborGraph:
    """A weighted graph over the items, in the form that spreading needs.

    Parameters
    ----------
    weights : (n, n) symmetric CSR, >= 0, at least one neighbour an item unless n is 1
    """

    weights: sparse.csr_array

    @property
    def n_items(self) -> int:
        """How many items there are."""
        return int(self.weights.shape[0])

    @cached_property
    def degree(self) -> FloatArray:
        """(n,) sum of each item's weights."""
        total: FloatArray = np.asarray(self.weights.sum(axis=1)).ravel()
        return np.asarray(np.maximum(total, np.finfo(np.float32).tiny))

    @cached_property
    def similarity(self) -> sparse.csr_array:
        """D^-1/2 W D^-1/2, symmetric, with eigenvalues in [-1, 1]."""
        scale = sparse.diags_array(1 / np.sqrt(self.degree))
        return sparse.csr_array(scale @ self.weights @ scale)

    @cached_property
    def rounded_similarity(self) -> sparse.csr_array:
        """The same in float32: half the memory to read at each step."""
        return self.similarity.astype(np.float32)

    @cached_property
    def component(self) -> IntArray:
        """(n,) number of the connected component that each item is in."""
        return np.asarray(connected_components(self.weights, directed=False)[1], np.int64)


def neighbor_graph(
    X: Features, n_neighbors: int = N_NEIGHBORS, *, join: bool = True
) -> NeighborGraph:
    """Join each item with its nearest neighbours, the nearer the stronger.

    An edge weighs ``exp(-4 d^2 / r^2)`` with r the distance to the farthest of the neighbours,
    the larger one where both ends see it.

    Parameters
    ----------
    X : (n, n_features) dense or CSR
    n_neighbors : fewer if there are fewer other items
    join : connect components that have no edge to the rest, each by its shortest way; without
        it nothing reaches a component without labels

    Examples
    --------
    >>> X = np.array([[0.0], [1.0], [9.0], [10.0]])
    >>> apart = neighbor_graph(X, 1, join=False)
    >>> apart.component.tolist(), neighbor_graph(X, 1).component.tolist()
    ([0, 0, 1, 1], [0, 0, 0, 0])

    References
    ----------
    Zelnik-Manor & Perona (2004); Calder, Cook, Thorpe & Slepcev (2020), arXiv 2006.11184
    """
    n = X.shape[0]
    check_int("n_neighbors", "neighbor_graph", n_neighbors, 1)
    if n == 1:
        return NeighborGraph(sparse.csr_array([[1.0]]))
    neighbors = nearest_neighbors(X, min(n_neighbors, n - 1))
    graph = NeighborGraph(_weights(neighbors))
    return _joined(graph, X) if join else graph


def _weights(neighbors: Neighbors) -> sparse.csr_array:
    n, k = neighbors.indices.shape
    radius = neighbors.distances[:, -1:]
    ratio = neighbors.distances / np.where(radius > 0, radius, 1)  # equal rows: all weigh 1
    values = np.exp(-SHARPNESS * ratio.astype(np.float64) ** 2)
    starts = np.arange(0, n * k + 1, k)
    W = sparse.csr_array((values.ravel(), neighbors.indices.ravel(), starts), shape=(n, n))
    return sparse.csr_array(W.maximum(W.T))


def _joined(graph: NeighborGraph, X: Features) -> NeighborGraph:
    """Add the shortest edge out of each component but the largest, until there is one."""
    while (component := graph.component).max() > 0:
        size = np.bincount(component)
        order = np.argsort(component, kind="stable")
        ends = np.cumsum(size)
        delegates = [
            order[end - count : end][:: 1 + (count - 1) // DELEGATES]
            for end, count in zip(ends, size, strict=True)
        ]
        largest = int(size.argmax())
        edges = _ways_out(
            X, np.concatenate([*delegates[:largest], *delegates[largest + 1 :]]), component
        )
        rows, columns = edges.T
        # As strong as an item's farthest neighbour: a way, not a highway.
        values = np.full(len(rows), np.exp(-SHARPNESS))
        extra = sparse.csr_array((values, (rows, columns)), shape=graph.weights.shape)
        graph = NeighborGraph(sparse.csr_array(graph.weights.maximum(extra).maximum(extra.T)))
    return graph


def _ways_out(X: Features, delegates: IntArray, component: IntArray) -> IntArray:
    """Return, for each component, the shortest edge from a delegate of it to another one."""
    norms = squared_norms(X)
    target = np.empty(len(delegates), np.int64)
    length = np.empty(len(delegates))
    step = max(1, (1 << 23) // X.shape[0])
    for start in range(0, len(delegates), step):
        rows = delegates[start : start + step]
        gaps = norms - 2 * products(take_rows(X, rows), block_of(X, slice(0, X.shape[0])))
        gaps[component[rows][:, None] == component] = np.inf
        target[start : start + step] = gaps.argmin(axis=1)
        length[start : start + step] = gaps.min(axis=1) + norms[rows]
    order = np.lexsort((length, component[delegates]))
    _, first = np.unique(component[delegates][order], return_index=True)
    best = order[first]
    return np.stack([delegates[best], target[best]], axis=1)


def spread_labels(
    graph: NeighborGraph, sources: FloatArray | sparse.csr_array, alpha: float = ALPHA
) -> FloatArray:
    """Let what is known at some items flow to all, each step keeping a share ``alpha``.

    Solves ``(I - alpha S) F = Y`` by conjugate gradients, S the normalised similarity: the fixed
    point of ``F <- alpha S F + Y``.

    Parameters
    ----------
    graph : over n items
    sources : (n, n_columns) Y, 0 where nothing is known; float32 is reckoned with in float32
    alpha : in (0, 1); near 1 labels reach far

    Returns
    -------
    (n, n_columns) >= 0 up to the tolerance of the solver, for sources >= 0

    Raises
    ------
    TrainingError : the solver did not get there

    Examples
    --------
    >>> chain = NeighborGraph(sparse.csr_array(np.diag([1.0, 1, 1], 1) + np.diag([1.0, 1, 1], -1)))
    >>> F = spread_labels(chain, np.array([[1.0, 0], [0, 0], [0, 0], [0, 1.0]]))
    >>> F.argmax(axis=1).tolist()
    [0, 0, 1, 1]

    References
    ----------
    Zhou, Bousquet, Lal, Weston & Schoelkopf (2004), Learning with local and global consistency
    """
    if not 0 < alpha < 1:
        raise invalid("alpha", "spread_labels", "a number strictly between 0 and 1", alpha)
    Y = _dense(sources)
    S = graph.rounded_similarity if Y.dtype == np.float32 else graph.similarity
    return _solved(S, alpha, Y)


def poisson_learning(graph: NeighborGraph, sources: FloatArray | sparse.csr_array) -> FloatArray:
    """Solve Poisson's equation with the labeled items as sources and sinks.

    ``L u = Y - mean(Y)`` on each connected component with labels, by conjugate gradients; 0 on
    the others. Works with very few labels, where interpolation collapses to a constant.

    Parameters
    ----------
    graph : over n items
    sources : (n, n_classes) Y: one row of an indicator for each labeled item, else 0

    Returns
    -------
    (n, n_classes); the class is the largest, and only differences count

    Raises
    ------
    TrainingError : the solver did not get there

    Examples
    --------
    >>> chain = NeighborGraph(sparse.csr_array(np.diag([1.0, 1, 1], 1) + np.diag([1.0, 1, 1], -1)))
    >>> poisson_learning(chain, np.array([[1.0, 0], [0, 0], [0, 0], [0, 1.0]])).round(2)[:, 0]
    array([ 0.75,  0.25, -0.25, -0.75])

    References
    ----------
    Calder, Cook, Thorpe & Slepcev (2020), arXiv 2006.11184
    """
    Y = _dense(sources).astype(np.float64)  # the system is singular: float32 would drift
    labeled = np.flatnonzero(Y.any(axis=1))
    n_components = int(graph.component.max()) + 1
    groups, part = np.arange(n_components), graph.component
    balanced = np.zeros_like(Y)
    for group in groups[np.bincount(part[labeled], minlength=n_components) > 0]:
        rows = labeled[part[labeled] == group]
        balanced[rows] = Y[rows] - Y[rows].mean(axis=0)
    root = np.sqrt(graph.degree)[:, None]
    u = _solved(graph.similarity, 1.0, balanced / root) / root
    return _centered(u, graph, n_components)


def _centered(u: FloatArray, graph: NeighborGraph, n_components: int) -> FloatArray:
    """Take out of each component its mean by degree: the solution is unique up to that."""
    degree, part = graph.degree, graph.component
    total = np.bincount(part, weights=degree, minlength=n_components)
    means = [np.bincount(part, weights=degree * column) / total for column in u.T]
    return np.asarray(u - np.stack(means, axis=1)[part])


def _dense(sources: FloatArray | sparse.csr_array) -> FloatArray:
    Y = np.asarray(sources) if isinstance(sources, np.ndarray) else sources.toarray()
    return Y if Y.dtype == np.float32 else Y.astype(np.float64, copy=False)


def _solved(S: sparse.csr_array, alpha: float, Y: FloatArray) -> FloatArray:
    """Solve ``(I - alpha S) F = Y`` by conjugate gradients, some columns at once."""
    if Y.shape[1] <= AT_ONCE:
        return _solved_at_once(S, alpha, Y)
    spans = (slice(start, start + AT_ONCE) for start in range(0, Y.shape[1], AT_ONCE))
    F = np.empty_like(Y)
    for span in spans:
        F[:, span] = _solved_at_once(S, alpha, np.ascontiguousarray(Y[:, span]))
    return F


def _solved_at_once(S: sparse.csr_array, alpha: float, Y: FloatArray) -> FloatArray:
    F = np.zeros_like(Y)
    residual, direction, scratch = Y.copy(), Y.copy(), np.empty_like(Y)
    square = np.einsum("ij,ij->j", residual, residual)
    goal = TOLERANCE**2 * square
    for _ in range(MAX_STEPS):
        if (square <= goal).all():
            return F
        image = S @ direction  # in place from here on: each array is read from memory again
        image *= -alpha
        image += direction
        curvature = np.einsum("ij,ij->j", direction, image)
        step = np.divide(square, curvature, out=np.zeros_like(square), where=square > goal)
        F += np.multiply(step, direction, out=scratch)
        residual -= np.multiply(step, image, out=scratch)
        before, square = square, np.einsum("ij,ij->j", residual, residual)
        ratio = np.divide(square, before, out=np.zeros_like(square), where=before > 0)
        direction *= ratio
        direction += residual
    raise TrainingError(f"Spreading labels did not converge in {MAX_STEPS} steps.")
