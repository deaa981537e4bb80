"""Strategies that ask the model what it is unsure about, and spread the batch over the features."""

from typing import ClassVar

import numpy as np
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform

from sparing._validate import check_fraction, check_int
from sparing.memory import check_memory
from sparing.numeric.geometry import block_of, products, row_blocks, squared_norms, take_rows
from sparing.numeric.kmeans import k_means
from sparing.numeric.selection import round_robin, top_k
from sparing.pool.snapshot import Snapshot
from sparing.strategies import measures
from sparing.strategies._gradient_kmeanspp import gradient_kmeans_pp, gradient_lengths
from sparing.strategies.base import QueryStrategy, Selection, given
from sparing.types import Features, FloatArray, IntArray

POOL_A_PICK = 10  # low-margin candidates that ClusterMargin clusters for each pick
MOST_CLUSTERED = 5000


class Badge(QueryStrategy):
    """Draw items whose gradients are long and point different ways: large batches late on.

    The gradient is that of the loss by the last layer of a linear model on the features, as if
    its own prediction were right. No parameter to set.

    Examples
    --------
    >>> from sparing.strategies import choose
    >>> proba = np.array([[0.9, 0.1], [0.5, 0.5], [0.9, 0.1]])
    >>> nobody = np.array([], int)
    >>> s = Snapshot(np.eye(3), np.ones(3, bool), nobody, nobody, 2, proba=proba)
    >>> choose(Badge(), s, 1, np.random.default_rng(0)).rows
    array([1])

    References
    ----------
    Ash et al. (2020), arXiv 1906.03671
    """

    name: ClassVar[str] = "badge"
    requires: ClassVar[frozenset[str]] = frozenset({"proba"})
    reason: ClassVar[str] = "would change the model much, and differently from the others asked"

    def utility(self, s: Snapshot) -> FloatArray:
        """Return the squared length of each candidate's gradient."""
        return np.asarray(gradient_lengths(s.X, _residuals(s))[s.candidates])

    def select(self, s: Snapshot, batch_size: int, rng: np.random.Generator) -> Selection:
        """Return k-means++ draws on the gradients, the longest first."""
        drawn = gradient_kmeans_pp(s.X, _residuals(s), s.eligible, batch_size, rng)
        return Selection.chosen(*drawn)


def _residuals(s: Snapshot) -> FloatArray:
    """Probabilities less the one-hot prediction, (n_items, n_classes)."""
    proba = given(s, "proba")
    residuals = np.array(proba)
    residuals[np.arange(len(proba)), proba.argmax(axis=1)] -= 1
    return residuals


class ClusterMargin(QueryStrategy):
    """Ask where the margin is smallest, one item a cluster: margin for pools with near-duplicates.

    Of the ten times ``batch_size`` candidates with the smallest margin (5,000 at most) average
    linkage makes as many clusters as the batch has room for; the small ones are asked first.

    Examples
    --------
    Rows 0 and 1 are nearly the same, so one of them is enough:

    >>> from sparing.strategies import choose
    >>> X = np.array([[0.0], [0.1], [5.0], [9.0]])
    >>> proba = np.array([[0.5, 0.5], [0.51, 0.49], [0.6, 0.4], [1.0, 0.0]])
    >>> nobody = np.array([], int)
    >>> s = Snapshot(X, np.array([True, True, True, False]), nobody, nobody, 2, proba=proba)
    >>> choose(ClusterMargin(), s, 2, np.random.default_rng(0)).rows
    array([2, 0])

    References
    ----------
    Citovsky et al. (2021), arXiv 2107.14263
    """

    name: ClassVar[str] = "cluster_margin"
    requires: ClassVar[frozenset[str]] = frozenset({"proba"})
    reason: ClassVar[str] = "the two likeliest classes are close, and nothing alike was asked"

    def utility(self, s: Snapshot) -> FloatArray:
        """Return one minus the gap between the two largest probabilities."""
        return np.asarray(measures.margin(given(s, "proba"))[s.candidates])

    def select(self, s: Snapshot, batch_size: int, rng: np.random.Generator) -> Selection:
        """Return the closest call of each cluster in turn, the smallest cluster first."""
        margins = self.utility(s)
        n = min(len(margins), max(batch_size, min(POOL_A_PICK * batch_size, MOST_CLUSTERED)))
        close = top_k(margins, n, rng)
        if n > batch_size:
            labels = _average_linkage(take_rows(s.X, s.candidates[close]), batch_size)
            groups = [np.flatnonzero(labels == c) for c in np.unique(labels)]
            close = close[round_robin(sorted(groups, key=len), batch_size)]
        return Selection.chosen(s.candidates[close], margins[close])


def _average_linkage(rows: Features, n_clusters: int) -> IntArray:
    """Cluster a few rows from the bottom up, (n,) numbers of at most ``n_clusters`` clusters."""
    n = rows.shape[0]
    check_memory(3 * 8 * n * n, "cluster_margin", "lower batch_size")
    norms = squared_norms(rows).astype(np.float64)
    squared = norms[:, None] + norms - 2 * products(rows, rows)
    distances = np.sqrt(np.maximum(squared, 0))
    np.fill_diagonal(distances, 0)
    tree = linkage(squareform(distances, checks=False), "average")
    return np.asarray(fcluster(tree, n_clusters, "maxclust"))


class DropQuery(QueryStrategy):
    """Ask where the prediction flips when features are dropped, one item a cluster.

    Parameters
    ----------
    n_passes : how often the model predicts with features dropped
    dropout : share of the features set to 0 in each pass, strictly between 0 and 1

    Examples
    --------
    >>> from sparing.strategies import choose
    >>> X = np.array([[1.0, 1.0], [-3.0, 2.9], [1.0, 2.0], [2.9, -3.0]])
    >>> def predict(X):
    ...     right = 1 / (1 + np.exp(-X.sum(axis=1) - 0.5))
    ...     return np.column_stack([1 - right, right])
    >>> s = Snapshot(X, np.ones(4, bool), np.array([0]), np.array([1]), 2,
    ...              proba=predict(X), predict=predict)
    >>> rows = choose(DropQuery(), s, 2, np.random.default_rng(0)).rows
    >>> sorted(rows.tolist())
    [1, 3]

    References
    ----------
    Gupte et al. (2024), arXiv 2401.14555
    """

    name: ClassVar[str] = "drop_query"
    requires: ClassVar[frozenset[str]] = frozenset({"proba", "predict"})
    reason: ClassVar[str] = "the answer flips when a part of the item is hidden"

    def __init__(self, n_passes: int = 3, dropout: float = 0.75) -> None:
        self.n_passes = n_passes
        self.dropout = dropout

    def utility(self, s: Snapshot) -> FloatArray:
        """Return the share of passes in which the prediction flips; draws by a fixed seed."""
        return self._flips(s, np.random.default_rng(0))

    def select(self, s: Snapshot, batch_size: int, rng: np.random.Generator) -> Selection:
        """Return one flipping candidate a cluster; too few are made up for by margin."""
        flips = self._flips(s, rng)
        shaky = np.flatnonzero(flips > 0.5) if len(s.labeled) else np.arange(len(flips))
        if len(shaky) <= batch_size:
            steady = np.setdiff1d(np.arange(len(flips)), shaky)
            margins = measures.margin(given(s, "proba")[s.candidates[steady]])
            more = batch_size - len(shaky)
            picks = np.concatenate([shaky, steady[top_k(margins, more, rng)] if more else []])
        else:
            picks = _one_a_cluster(s, shaky, batch_size, rng)
        picks = picks.astype(np.int64)
        return Selection.chosen(s.candidates[picks], flips[picks])

    def _flips(self, s: Snapshot, rng: np.random.Generator) -> FloatArray:
        n_passes = check_int("n_passes", "DropQuery", self.n_passes, 1)
        dropout = check_fraction("dropout", "DropQuery", self.dropout)
        predict = given(s, "predict")
        usual = given(s, "proba").argmax(axis=1)
        n_flips = np.zeros(len(usual))
        for span in row_blocks(*s.X.shape):
            block = block_of(s.X, span)
            for _ in range(n_passes):
                hidden = predict(_dropped(block, dropout, rng)).argmax(axis=1)
                n_flips[span] += np.not_equal(hidden, usual[span])
        return n_flips[s.candidates] / n_passes


def _dropped(block: Features, share: float, rng: np.random.Generator) -> Features:
    """A copy with a share of the values set to 0 and the rest scaled up to the same mean."""
    dropped = block.copy()
    values = dropped if isinstance(dropped, np.ndarray) else dropped.data
    kept = np.asarray(rng.random(values.shape, dtype=np.float32)) >= share
    values *= (kept / (1 - share)).astype(values.dtype)
    return dropped


def _one_a_cluster(s: Snapshot, shaky: IntArray, k: int, rng: np.random.Generator) -> IntArray:
    """Positions of the candidates nearest to the centers of ``k`` clusters of the shaky ones."""
    rows = s.candidates[shaky]
    clusters = k_means(s.X, k, rng, rows)
    labels, squared = clusters.labels[rows], clusters.squared[rows]
    order = np.lexsort((squared, labels))
    groups = np.split(shaky[order], np.flatnonzero(np.diff(labels[order])) + 1)
    return round_robin(groups, k)
