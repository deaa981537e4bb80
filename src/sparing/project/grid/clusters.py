"""Clusters of a project's items: made by the trainer, kept in a file, shown as grids."""

from dataclasses import dataclass, fields
from math import isqrt
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sparing.errors import CapabilityError, SourceError
from sparing.files import read_arrays, write_arrays
from sparing.types import BoolArray, Features, FloatArray, IntArray, StrArray

if TYPE_CHECKING:
    from sparing.learner.learner import ActiveLearner

MOST = 200
NOWHERE = -1


@dataclass(frozen=True, eq=False, slots=True)
class ItemClusters:
    """Which cluster each row is in, and how far it is from the cluster's medoid.

    Parameters
    ----------
    fingerprint : () of the items, as of :class:`sparing.project.source.vectors.Contents`
    order : (n_clustered,) rows, cluster by cluster, the nearest to the medoid first
    ends : (n_clusters,) where each cluster ends in ``order``
    scale : (n_features,) what columns of the vectors are multiplied by before distances are
        taken; empty: nothing
    """

    fingerprint: StrArray
    order: IntArray
    ends: IntArray
    scale: FloatArray

    def __len__(self) -> int:
        return len(self.ends)

    def members(self, number: int) -> IntArray:
        """Return the rows of a cluster, the most typical first."""
        start = int(self.ends[number - 1]) if number else 0
        return self.order[start : int(self.ends[number])]

    def labels(self, n_rows: int) -> IntArray:
        """Return the number of the cluster of each row, (n_rows,); -1 where it is in none."""
        found = np.full(n_rows, NOWHERE)
        sizes = np.diff(self.ends, prepend=0)
        found[self.order] = np.repeat(np.arange(len(self)), sizes)
        return found


def number_of_clusters(n_items: int) -> int:
    """Return into how many clusters a pool falls: pages enough to choose from, none too mixed.

    Examples
    --------
    >>> [number_of_clusters(n) for n in (3, 4000, 60_000, 1_000_000)]
    [2, 31, 122, 200]
    """
    return min(max(2, isqrt(n_items) // 2), MOST)


def find_clusters(points: Features, n_clusters: int, seed: int) -> tuple[IntArray, IntArray]:
    """Cluster rows by k-means; return them cluster by cluster, and where each cluster ends.

    Inside a cluster the medoid comes first, the row nearest to the mean, and then the others by
    their distance to it.

    Parameters
    ----------
    points : (n, n_features) dense
    n_clusters : at most
    seed : of the start of k-means

    Examples
    --------
    >>> order, ends = find_clusters(np.array([[0.0], [0.1], [0.3], [9.0], [9.1]]), 2, seed=0)
    >>> sorted(part.tolist() for part in np.split(order, ends[:-1]))
    [[1, 0, 2], [3, 4]]
    """
    from sparing.numeric.kmeans import k_means

    found = k_means(points, n_clusters, np.random.default_rng(seed))
    parts = [
        members[_by_distance_to_medoid(points, members, found.squared[members])]
        for members in found.members()
        if len(members)
    ]
    return np.concatenate(parts), np.cumsum([len(part) for part in parts])


def _by_distance_to_medoid(points: Features, members: IntArray, squared: FloatArray) -> IntArray:
    from sparing.numeric.geometry import dense_row, squared_distances_to

    medoid = dense_row(points, int(members[squared.argmin()]))
    return np.argsort(squared_distances_to(points, members, medoid), kind="stable")


def clusters_of(learner: "ActiveLearner", rows: IntArray, fingerprint: str) -> ItemClusters:
    """Cluster what a learner knows: in the spectrum of its neighbour graph, where it has one.

    Parameters
    ----------
    learner : its pool are the rows that have a vector
    rows : (n_items,) which row of the project each item of its pool is
    fingerprint : of the project's items

    References
    ----------
    Ng, Jordan & Weiss (2001), On spectral clustering
    """
    from sparing.models.structure import column_scale
    from sparing.numeric.geometry import unit_rows

    X = learner.pool.X
    scale = column_scale(np.asarray(X).std(axis=0, dtype=np.float64))
    k = number_of_clusters(len(rows))
    try:
        points = unit_rows(learner.spectrum.vectors)
    except CapabilityError:  # so many items that the graph would take too long
        points = X if scale is None else X * scale
    order, ends = find_clusters(points, k, learner.seed)
    none = np.zeros(0, np.float32)
    return ItemClusters(np.array(fingerprint), rows[order], ends, none if scale is None else scale)


def write_clusters(path: Path, clusters: ItemClusters) -> None:
    """Write clusters; whoever reads sees all of them or none."""
    write_arrays(path, {f.name: getattr(clusters, f.name) for f in fields(ItemClusters)})


def read_clusters(path: Path, fingerprint: str) -> ItemClusters | None:
    """Return the clusters of just these items; None if they are still to be found."""
    try:
        stored = read_arrays(path, "a file of clusters")
        found = ItemClusters(**{f.name: stored[f.name] for f in fields(ItemClusters)})
    except (SourceError, KeyError):
        return None
    return found if str(found.fingerprint) == fingerprint else None


def open_members(clusters: ItemClusters, number: int, free: BoolArray) -> IntArray:
    """Return the free rows of a cluster, the most typical first."""
    members = clusters.members(number)
    return members[free[members]]
