"""The cold start of a pool whose neighbour graph falls into groups."""

from dataclasses import replace
from typing import ClassVar

import numpy as np

from sparing.pool.snapshot import Snapshot
from sparing.strategies.base import Selection
from sparing.strategies.clusters import ClusterThenLabel
from sparing.types import FloatArray

N_CLUSTERS = 10  # as long as nobody says how many classes there are


class SpectralMedoids(ClusterThenLabel):
    """Ask for the middle of each cluster of the neighbour graph that has no label yet.

    Clusters are found among the graph's smoothest eigenvectors, where a chain of neighbours is
    one group whatever its shape: one label each often names nearly all of the pool.

    Examples
    --------
    >>> from sparing.pool.snapshot import Spectrum
    >>> from sparing.strategies import choose
    >>> vectors = np.array([[0.5, 0.5], [0.5, 0.5], [0.5, -0.5], [0.5, -0.5]])
    >>> nobody = np.array([], int)
    >>> s = Snapshot(np.eye(4), np.ones(4, bool), nobody, nobody, 2,
    ...              spectrum=Spectrum(np.array([0.0, 0.1]), vectors))
    >>> rows = choose(SpectralMedoids(n_clusters=2), s, 2, np.random.default_rng(0)).rows
    >>> sorted((rows // 2).tolist())
    [0, 1]

    Parameters
    ----------
    n_clusters : at least so many, however small the batch

    References
    ----------
    Ng, Jordan & Weiss (2001), On spectral clustering; Dasgupta & Hsu (2008)
    """

    name: ClassVar[str] = "spectral_medoids"
    requires: ClassVar[frozenset[str]] = frozenset({"spectrum"})
    reason: ClassVar[str] = "in the middle of a group without a label"

    def __init__(self, n_clusters: int = N_CLUSTERS) -> None:
        self.n_clusters = n_clusters

    def utility(self, s: Snapshot) -> FloatArray:
        """Return how near each member of the cluster asked first is to its middle; 0 elsewhere."""
        return super().utility(self._embedded(s, 1))

    def select(self, s: Snapshot, batch_size: int, rng: np.random.Generator) -> Selection:
        """Return the medoid of each cluster in turn: fewest labels first, then the largest."""
        return super().select(self._embedded(s, batch_size), batch_size, rng)

    def _n_clusters(self, s: Snapshot, batch_size: int) -> int:
        return max(super()._n_clusters(s, batch_size), self.n_clusters)

    def _embedded(self, s: Snapshot, batch_size: int) -> Snapshot:
        """Return the snapshot with directions in the spectrum as features."""
        assert s.spectrum is not None  # noqa: S101  # it is in ``requires``
        rows = s.spectrum.vectors[:, : self._n_clusters(s, batch_size)]
        length = np.sqrt(np.vecdot(rows, rows))[:, None]
        return replace(s, X=rows / np.where(length > 0, length, 1))
