"""K-means for pools: centers fitted on a seeded sample, every row assigned in blocks."""

import warnings
from dataclasses import dataclass

import numpy as np
from sklearn.cluster import KMeans, kmeans_plusplus
from sklearn.exceptions import ConvergenceWarning

from sparing.memory import check_memory
from sparing.numeric.geometry import nearest_center, take_rows
from sparing.types import Features, FloatArray, IntArray

SAMPLE = 20_000
ROWS_A_CENTER = 100  # at least, in the sample that the centers are fitted on
SEEDS_A_CENTER = 10  # rows a center among which the starting centers are chosen
PASSES = 25


@dataclass(frozen=True, eq=False, slots=True)
class Clusters:
    """Which cluster each row is in.

    Parameters
    ----------
    centers : (n_clusters, n_features)
    labels : (n,) number of the cluster
    squared : (n,) squared distance to its center
    """

    centers: FloatArray
    labels: IntArray
    squared: FloatArray

    def members(self) -> list[IntArray]:
        """Return the rows of each cluster, ascending."""
        order = np.argsort(self.labels, kind="stable")
        ends = np.cumsum(np.bincount(self.labels, minlength=len(self.centers)))
        return np.split(order, ends[:-1])


def k_means(
    X: Features, n_clusters: int, rng: np.random.Generator, rows: IntArray | None = None
) -> Clusters:
    """Cluster the rows of a pool by Lloyd's algorithm.

    The centers are fitted on a sample of some 20,000 rows, from a start by k-means++ on a smaller
    one; then all rows go to their nearest center. The cost grows linearly in the pool and nothing
    of its size but the labels is allocated.

    Parameters
    ----------
    X : (n, n_features) dense or CSR
    n_clusters : int >= 1; at most as many come out as there are distinct rows
    rng : draws the samples and the start
    rows : fit on these only, all if None; every row of ``X`` is assigned in any case

    Examples
    --------
    >>> X = np.array([[0.0], [0.1], [5.0], [5.1]])
    >>> labels = k_means(X, 2, np.random.default_rng(0)).labels
    >>> bool(labels[0] == labels[1] != labels[2] == labels[3])
    True

    References
    ----------
    Lloyd (1982); Arthur & Vassilvitskii (2007)
    """
    n = X.shape[0] if rows is None else len(rows)
    size = sample_size(n, n_clusters)
    check_memory(3 * size * X.shape[1] * 8, "k-means", "use fewer clusters or features")
    picked = rng.permutation(n)[:size]
    sample = take_rows(X, picked if rows is None else rows[picked])
    centers = _fitted_centers(sample, min(n_clusters, size), rng).astype(sample.dtype)
    return Clusters(centers, *nearest_center(X, centers))


def sample_size(n: int, n_clusters: int) -> int:
    """Return on how many of ``n`` rows the centers are fitted."""
    return min(n, max(SAMPLE, ROWS_A_CENTER * n_clusters))


def _fitted_centers(sample: Features, k: int, rng: np.random.Generator) -> FloatArray:
    seed = int(rng.integers(2**31))
    start, _ = kmeans_plusplus(sample[: max(2000, SEEDS_A_CENTER * k)], k, random_state=seed)
    start = start.toarray() if hasattr(start, "toarray") else start
    # A tolerance would be taken from the variance, for which scikit-learn copies the sample.
    lloyd = KMeans(k, init=start, n_init=1, max_iter=PASSES, tol=0, copy_x=False)
    with warnings.catch_warnings():  # fewer distinct rows than clusters is no fault here
        warnings.simplefilter("ignore", ConvergenceWarning)
        return np.asarray(lloyd.fit(sample).cluster_centers_)
