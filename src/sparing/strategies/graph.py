"""Strategies that work on the neighbour graph of the pool."""

from typing import ClassVar

import numpy as np

from sparing._validate import check_positive
from sparing.memory import check_memory
from sparing.pool.snapshot import Snapshot
from sparing.strategies.base import QueryStrategy, Selection, given
from sparing.types import FloatArray

TAU = 0.1  # keeps the constant eigenvector's variance finite; the source's default


class VOpt(QueryStrategy):
    """Ask for what leaves the least variance of a smooth function on the neighbour graph.

    Needs no answers: it goes by where the labels are, not by what they say.

    Parameters
    ----------
    gamma : standard deviation of the noise that a label is thought to have, > 0

    Examples
    --------
    Two pairs of neighbours: after one of the left pair, one of the right.

    >>> from sparing.pool.snapshot import Spectrum
    >>> from sparing.strategies import choose
    >>> vectors = np.array([[1, 0], [1, 0], [0, 1], [0, 1]]) / np.sqrt(2)
    >>> s = Snapshot(np.eye(4), np.array([False, True, True, True]), np.array([0]), np.array([0]),
    ...              2, spectrum=Spectrum(np.zeros(2), vectors))
    >>> int(choose(VOpt(), s, 1, np.random.default_rng(0)).rows[0]) in (2, 3)
    True

    References
    ----------
    Ji & Han (2012); Miller & Bertozzi (2021), arXiv 2110.07739
    """

    name: ClassVar[str] = "v_opt"
    requires: ClassVar[frozenset[str]] = frozenset({"spectrum"})
    reason: ClassVar[str] = "its neighbours are the least settled by the labels so far"

    def __init__(self, gamma: float = 0.1) -> None:
        self.gamma = gamma

    def utility(self, s: Snapshot) -> FloatArray:
        """Return by how much the total variance falls with a label at each candidate."""
        vectors, spread, noise = self._posterior(s)
        return _reduction(vectors, spread, noise)[s.candidates]

    def select(self, s: Snapshot, batch_size: int, rng: np.random.Generator) -> Selection:
        """Return the greedy picks, each with a rank-one update of the variance."""
        vectors, spread, noise = self._posterior(s)
        # Equal rows are tied: which comes first is drawn, not a matter of where they stand.
        order = rng.permutation(s.candidates)
        open_ = np.ones(len(order), dtype=bool)
        picks, gains = np.empty(batch_size, dtype=np.int64), np.empty(batch_size)
        vectors, spread = vectors[order], spread[order]
        for t in range(batch_size):
            score = np.where(open_, _reduction(vectors, spread, noise), -np.inf)
            picks[t] = best = int(np.argmax(score))
            gains[t], open_[best] = score[best], False
            known = spread[best]
            at_best = known @ vectors[best]
            spread = spread - np.outer(vectors @ known, known / (noise + at_best))
        return Selection.chosen(order[picks], gains)

    def _posterior(self, s: Snapshot) -> tuple[FloatArray, FloatArray, float]:
        """Return the eigenvectors, those times the covariance in their basis, and the noise."""
        spectrum = given(s, "spectrum")
        noise = check_positive("gamma", "VOpt", self.gamma) ** 2
        check_memory(4 * 8 * spectrum.vectors.size, "v_opt", "take fewer eigenpairs")
        vectors = np.asarray(spectrum.vectors, dtype=np.float64)
        known = vectors[s.labeled]
        precision = np.diag(np.asarray(spectrum.values, dtype=np.float64) + TAU**2)
        covariance = np.linalg.inv(precision + known.T @ known / noise)
        return vectors, vectors @ covariance, noise


def _reduction(vectors: FloatArray, spread: FloatArray, noise: float) -> FloatArray:
    """Squared norm of each covariance column over its own variance and the noise, (n,)."""
    own = np.einsum("ij,ij->i", vectors, spread)
    return np.asarray(np.einsum("ij,ij->i", spread, spread) / (noise + own))
