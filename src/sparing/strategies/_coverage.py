"""Covering the candidates: one door, behind which all pairs are compared, or a sample of them.

Up to ``exact_up_to`` candidates every similarity is computed. Beyond, anchors drawn half evenly and
half by weight propose a few items for each pick, and what those add to the coverage of the whole
pool decides.
"""

from dataclasses import dataclass

import numpy as np

from sparing.numeric.geometry import row_blocks, take_rows, unit_rows
from sparing.pool.snapshot import Snapshot
from sparing.strategies._anchored_coverage import WholePool, cover_by_anchors, draw_anchors
from sparing.strategies._greedy_coverage import (
    Kernel,
    Points,
    coverage_gains,
    greedy_coverage,
    similarity,
)
from sparing.types import Array, FloatArray, IntArray


@dataclass(frozen=True, eq=False, slots=True)
class Coverage:
    """What is to be covered and how much that counts; the labeled rows cover already.

    Parameters
    ----------
    s : its candidates may be picked, and are what is to be covered
    middle : (n_features,) mean of the pool: items are compared by direction as seen from there
    kernel : similarity of squared distances
    weights : (n_candidates,) >= 0, how much covering each counts
    exact_up_to : candidates up to which nothing is sampled

    Examples
    --------
    Two neighbours and a loner: one of the two first, then the loner.

    >>> from sparing.strategies._greedy_coverage import TopHat
    >>> nobody = np.array([], int)
    >>> X = np.array([[1.0, 0.0], [0.995, 0.0999], [0.0, 1.0]])
    >>> s = Snapshot(X, np.ones(3, bool), nobody, nobody, 2)
    >>> coverage = Coverage(s, np.zeros(2), TopHat(0.2), np.ones(3), exact_up_to=10)
    >>> coverage.gains()
    array([2., 2., 1.])
    >>> coverage.pick(2, np.random.default_rng(0))
    (array([1, 2]), array([2., 1.]))
    """

    s: Snapshot
    middle: Array
    kernel: Kernel
    weights: FloatArray
    exact_up_to: int

    @property
    def is_exact(self) -> bool:
        """Whether all candidates are compared."""
        return len(self.s.candidates) <= self.exact_up_to

    def gains(self) -> FloatArray:
        """Return how much each candidate would add if it were the first, (n_candidates,)."""
        if self.is_exact:
            return np.asarray(coverage_gains(self._points(), self.kernel))
        whole = self._whole()
        anchors = draw_anchors(whole, self.s.candidates, np.random.default_rng(0))
        return whole.estimates(*anchors)[0][self.s.candidates]

    def pick(self, k: int, rng: np.random.Generator) -> tuple[IntArray, FloatArray]:
        """Return ``k`` rows of the pool, each the one that adds most, and what each adds."""
        if self.is_exact:
            picks, gains = greedy_coverage(self._points(), k, self.kernel, rng)
            return self.s.candidates[picks], gains
        return cover_by_anchors(self._whole(), self.s.candidates, k, rng)

    def _points(self) -> Points:
        unit = self._unit(self.s.candidates)
        return Points(unit, self._covered(unit), self.weights)

    def _unit(self, rows: IntArray) -> Array:
        """Rows of the pool, seen from its middle and scaled to length 1, in float32."""
        return unit_rows(take_rows(self.s.X, rows).astype(np.float32, copy=False), self.middle)

    def _covered(self, unit: Array) -> FloatArray:
        """How well the labeled rows cover each of some unit rows, (n,)."""
        if not len(self.s.labeled):
            return np.zeros(unit.shape[0], dtype=np.float32)
        labeled = self._unit(self.s.labeled)
        spans = row_blocks(unit.shape[0], labeled.shape[0])
        near = [similarity(unit[at], labeled, self.kernel).max(axis=1) for at in spans]
        return np.concatenate(near)

    def _whole(self) -> WholePool:
        weights = np.zeros(self.s.X.shape[0])
        weights[self.s.candidates] = self.weights
        return WholePool(self.s.X, self.middle, weights, self.s.labeled, self.kernel)
