"""Strategies that cluster the pool once a query and ask in the clusters with the fewest labels."""

from abc import abstractmethod
from typing import ClassVar

import numpy as np

from sparing.numeric.geometry import products, row_blocks, squared_norms, take_rows
from sparing.numeric.kmeans import Clusters, k_means
from sparing.numeric.selection import round_robin
from sparing.pool.snapshot import Snapshot
from sparing.strategies.base import QueryStrategy, Selection
from sparing.types import Features, FloatArray, IntArray

MAX_CLUSTERS = 500
TINY = 5  # members up to which a cluster is taken for outliers and comes last
JUDGED = 1500  # members of a cluster among which the most typical is sought
NEIGHBORS = 20


class _Clustering(QueryStrategy):
    """As many clusters as labels and picks together, so that some are bare; one pick in each."""

    @abstractmethod
    def _score(
        self, s: Snapshot, clusters: Clusters, members: IntArray, rng: np.random.Generator
    ) -> FloatArray:
        """How good each member of a cluster is to ask, (n_members,), > 0."""

    def utility(self, s: Snapshot) -> FloatArray:
        """Return the score of the members of the cluster that is asked first; 0 elsewhere."""
        rng = np.random.default_rng(0)
        clusters = k_means(s.X, self._n_clusters(s, 1), rng)
        members = _visited(s, clusters, 1)[0]
        score = np.zeros(s.X.shape[0])
        score[members] = self._score(s, clusters, members, rng)
        return score[s.candidates]

    def select(self, s: Snapshot, batch_size: int, rng: np.random.Generator) -> Selection:
        """Return the best of each cluster in turn: fewest labels first, then the largest."""
        clusters = k_means(s.X, self._n_clusters(s, batch_size), rng)
        score = np.full(s.X.shape[0], -np.inf)
        groups = []
        for members in _visited(s, clusters, batch_size):
            score[members] = self._score(s, clusters, members, rng)
            mine = members[s.eligible[members]]
            groups.append(mine[np.argsort(-score[mine], kind="stable")])
        rows = round_robin(groups, batch_size)
        return Selection.chosen(rows, score[rows])

    def _n_clusters(self, s: Snapshot, batch_size: int) -> int:
        return min(len(s.labeled) + batch_size, MAX_CLUSTERS)


def _visited(s: Snapshot, clusters: Clusters, k: int) -> list[IntArray]:
    """Return the members of the clusters that ``k`` picks, one each in turn, will come to."""
    members = clusters.members()
    sizes = np.array([len(m) for m in members])
    n_labeled = np.bincount(clusters.labels[s.labeled], minlength=len(members))
    n_eligible = np.bincount(clusters.labels[s.candidates], minlength=len(members))
    order = np.lexsort((-sizes, n_labeled, sizes <= TINY))
    order = order[n_eligible[order] > 0]
    return [members[c] for c in order[:k]]


class TypiClust(_Clustering):
    """Ask for the most typical item of each cluster that has no label yet: for very few labels.

    Typical is what has its 20 nearest neighbours close by. A cluster above 1,500 items is
    represented by 1,500 drawn from it.

    Examples
    --------
    The crowd on the left is larger; its middle is asked first:

    >>> from sparing.strategies import choose
    >>> X = np.array([[0.0], [0.1], [0.2], [0.3], [0.4], [0.2], [9.0], [9.1]])
    >>> nobody = np.array([], int)
    >>> s = Snapshot(X, np.ones(8, bool), nobody, nobody, 2)
    >>> choose(TypiClust(), s, 2, np.random.default_rng(0)).rows[0] in (2, 5)
    True

    References
    ----------
    Hacohen, Dekel & Weinshall (2022), arXiv 2202.02794
    """

    name: ClassVar[str] = "typiclust"
    reason: ClassVar[str] = "the most typical of a group without a label"

    def _score(
        self, s: Snapshot, clusters: Clusters, members: IntArray, rng: np.random.Generator
    ) -> FloatArray:
        return typicality(s.X, members, rng)


def typicality(X: Features, members: IntArray, rng: np.random.Generator) -> FloatArray:
    """Return the inverse mean distance to the nearest neighbours among the members, (n_members,).

    Parameters
    ----------
    X : (n, n_features) dense or CSR
    members : rows of one cluster
    rng : draws who is judged, where there are more than 1,500; the others get 0

    Examples
    --------
    >>> X = np.array([[0.0], [1.0], [3.0]])
    >>> typicality(X, np.arange(3), np.random.default_rng(0)).round(2)
    array([1. , 1. , 0.5])
    """
    judged = np.sort(rng.permutation(len(members))[:JUDGED])
    rows = take_rows(X, members[judged])
    n_neighbors = max(1, min(NEIGHBORS, len(judged) // 2))
    norms = squared_norms(rows)
    score = np.zeros(len(members))
    for span in row_blocks(len(judged), max(rows.shape)):
        squared = norms[span, None] + norms - 2 * products(rows[span], rows)
        nearest = np.partition(squared, min(n_neighbors, len(norms) - 1), axis=1)
        # The nearest of all is the row itself, at distance 0.
        reach = np.sqrt(np.maximum(nearest[:, : n_neighbors + 1], 0)).sum(axis=1)
        score[judged[span]] = 1 / (reach / n_neighbors + 1e-5)
    return score


class ClusterThenLabel(_Clustering):
    """Ask for the medoid of each cluster, so that one label can stand for all of its items.

    Before anything is labeled a batch of k asks for the medoids of k clusters: the founding
    article's "clustering", with a person who looks at what comes out.

    Examples
    --------
    >>> from sparing.strategies import choose
    >>> X = np.array([[0.0], [0.1], [0.2], [9.0], [9.1], [9.2]])
    >>> nobody = np.array([], int)
    >>> s = Snapshot(X, np.ones(6, bool), nobody, nobody, 2)
    >>> sorted(choose(ClusterThenLabel(), s, 2, np.random.default_rng(0)).rows.tolist())
    [1, 4]

    References
    ----------
    Dasgupta & Hsu (2008)
    """

    name: ClassVar[str] = "cluster_then_label"
    reason: ClassVar[str] = "in the middle of a group without a label"

    def _score(
        self, s: Snapshot, clusters: Clusters, members: IntArray, rng: np.random.Generator
    ) -> FloatArray:
        return np.asarray(1 / (1 + np.sqrt(clusters.squared[members])))
