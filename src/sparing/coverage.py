"""Greedy coverage: pick the rows whose neighbourhoods cover most of the pool, weighted.

One objective serves three published strategies. With similarity K in [0, 1], weights w >= 0 and m
how well each point is covered already, a row's gain is ``sum_j w_j max(K_ij - m_j, 0)``. A
Gaussian kernel gives MaxHerding, with uncertainty as weights UHerding; a top-hat gives ProbCover.

Points are compared by direction, as unit rows in float32, with one triangle of their kernel kept.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from array_api_compat import device, is_numpy_namespace

from sparing.geometry import block_of, namespace, products, row_blocks
from sparing.memory import check_memory
from sparing.types import Array

STRIP = 128  # rows of the kernel made at a time
ROUNDING = 5e-6  # squared distances of unit rows in float32 are known no better


@dataclass(frozen=True, slots=True)
class Gaussian:
    """Similarity ``exp(-(distance / sigma)**2)``.

    Examples
    --------
    >>> Gaussian(2.0)(np.array([0.0, 4.0])).round(3)
    array([1.   , 0.368])
    """

    sigma: float

    def __call__(self, squared: Array) -> Array:
        """Turn squared distances into similarities."""
        return namespace(squared).exp(squared * (-1 / self.sigma**2))


@dataclass(frozen=True, slots=True)
class TopHat:
    """Similarity 1 up to ``radius`` and 0 beyond.

    Examples
    --------
    >>> TopHat(2.0)(np.array([0.0, 4.0, 4.1]))
    array([1., 1., 0.])
    """

    radius: float

    def __call__(self, squared: Array) -> Array:
        """Turn squared distances into similarities."""
        return namespace(squared).astype(squared <= self.radius**2, squared.dtype)


Kernel = Gaussian | TopHat


def similarity(A: Array, B: Array, kernel: Kernel) -> Array:
    """Return the kernel between unit rows, (n_a, n_b); distances within rounding count as 0."""
    squared = products(A, B)
    squared *= -2
    squared += 2 - ROUNDING
    return kernel(namespace(squared).clip(squared, 0, None))


@dataclass(frozen=True, eq=False, slots=True)
class Points:
    """What is to be covered.

    Parameters
    ----------
    rows : (n, n_features) unit rows, float32; dense of any array-API backend, or CSR
    covered : (n,) in [0, 1], how well each is covered already
    weights : (n,) >= 0, how much covering it counts
    """

    rows: Array
    covered: Array
    weights: Array


def greedy_coverage(
    points: Points, k: int, kernel: Kernel, rng: np.random.Generator
) -> tuple[Array, Array]:
    """Pick ``k`` points, each the one that adds most to the weighted coverage.

    Only the columns whose coverage the last pick improved are looked at again: the picks are those
    of the plain greedy search.

    Parameters
    ----------
    points : the candidates, which are also what is to be covered
    k : int in [1, n]
    kernel : similarity of squared distances
    rng : breaks ties

    Returns
    -------
    positions : (k,) in the order of the picks
    gains : (k,) weighted coverage added by each

    Raises
    ------
    MemoryBudgetError : half of the n x n kernel does not fit

    Examples
    --------
    Two neighbours and a loner: one of the two first, then the loner.

    >>> rows = np.array([[1.0, 0.0], [0.995, 0.0999], [0.0, 1.0]], dtype=np.float32)
    >>> points = Points(rows, np.zeros(3), np.ones(3))
    >>> greedy_coverage(points, 2, TopHat(0.2), np.random.default_rng(0))
    (array([1, 2]), array([2., 1.]))

    References
    ----------
    Yehuda et al. (2022), arXiv 2205.11320; Bae et al. (2024), arXiv 2407.12212;
    Bae et al. (2025), arXiv 2412.20644
    """
    xp = namespace(points.rows)
    triangle = _Triangle(points.rows, kernel)
    weights = xp.astype(points.weights, points.rows.dtype)
    covered = xp.astype(points.covered, points.rows.dtype)
    gains = triangle.sums_between(covered, xp.ones_like(covered), weights)
    picks, picked_gains = [], []
    while True:
        pick, gain = _argmax(gains, rng, xp)
        picks.append(pick)
        picked_gains.append(max(0.0, gain))
        if len(picks) == k:
            there = device(gains)
            return xp.asarray(picks, device=there), xp.asarray(picked_gains, device=there)
        closer = xp.maximum(covered, triangle.column(pick))
        gains = _lowered(gains, triangle, covered, closer, weights)
        covered = closer
        for row in picks:
            gains[row] = -xp.inf


def _argmax(score: Array, rng: np.random.Generator, xp: Any) -> tuple[int, float]:
    ties = xp.nonzero(score == xp.max(score))[0]
    pick = int(ties[int(rng.integers(ties.shape[0]))])
    return pick, float(score[pick])


def _lowered(
    gains: Array, triangle: "_Triangle", covered: Array, closer: Array, weights: Array
) -> Array:
    """Gains after the coverage rose: the difference, or afresh where that costs no more.

    The first picks lower all gains to a small part of what they were; a difference would carry
    the rounding of the large numbers into the small ones.
    """
    xp = namespace(gains)
    if 2 * int(xp.count_nonzero(closer > covered)) > closer.shape[0]:
        return triangle.sums_between(closer, xp.ones_like(closer), weights)
    return gains - triangle.sums_between(covered, closer, weights)


@dataclass(frozen=True, eq=False, slots=True)
class _Triangle:
    """The upper triangle of a symmetric kernel, in strips of rows from the diagonal on."""

    rows: Array
    kernel: Kernel
    strips: list[tuple[slice, Array]] = field(init=False)

    def __post_init__(self) -> None:
        n = self.rows.shape[0]
        if is_numpy_namespace(namespace(self.rows)):
            needed = 4 * (n * n // 2 + 3 * n * STRIP)
            check_memory(needed, "greedy coverage", "lower 'exact_up_to' of the strategy")
        spans = [slice(a, min(a + STRIP, n)) for a in range(0, n, STRIP)]
        strips = [
            (s, similarity(self._part(s), self._part(slice(s.start, n)), self.kernel))
            for s in spans
        ]
        object.__setattr__(self, "strips", strips)

    def _part(self, span: slice) -> Array:
        return block_of(self.rows, span)

    def column(self, j: int) -> Array:
        """Return the similarities to point ``j``, (n,)."""
        parts: list[Array] = []
        for span, strip in self.strips:
            if j < span.stop:
                return namespace(strip).concat([*parts, strip[j - span.start, :]])
            parts.append(strip[:, j - span.start])
        raise IndexError(j)

    def sums_between(self, low: Array, high: Array, weights: Array) -> Array:
        """Return ``sum_j w_j (clip(K_ij, low_j, high_j) - low_j)`` for every i, (n,) float64.

        Read for only those j where ``high`` is above ``low``.
        """
        xp = namespace(weights)
        n, there = weights.shape[0], device(weights)
        sums = xp.zeros(n, dtype=xp.float64, device=there)
        changed = xp.nonzero((high > low) & (weights > 0))[0]
        if 2 * changed.shape[0] > n:  # gathering most columns costs more than reading all
            changed = xp.arange(n, device=there)
        low, high, weights = (xp.take(v, changed, axis=0) for v in (low, high, weights))
        starts = xp.asarray([span.start for span, _ in self.strips] + [n], device=there)
        firsts = xp.searchsorted(changed, starts)
        for at, (span, strip) in enumerate(self.strips):
            right, inside = (
                slice(int(firsts[at]), None),
                slice(int(firsts[at]), int(firsts[at + 1])),
            )
            part = _taken(strip, changed[right] - span.start, 1, xp)
            sums[span] += _between(part, low[right], high[right], xp) @ weights[right]
            below = strip[:, span.stop - span.start :]  # by symmetry: the same pairs, seen from j
            part = _taken(below, changed[inside] - span.start, 0, xp)
            part = _between(part, low[inside][:, None], high[inside][:, None], xp)
            sums[span.stop :] += weights[inside] @ part
        return sums


def _taken(block: Array, positions: Array, axis: int, xp: Any) -> Array:
    if positions.shape[0] == block.shape[axis]:
        return block
    return xp.take(block, positions, axis=axis)


def _between(block: Array, low: Array, high: Array, xp: Any) -> Array:
    return xp.minimum(xp.maximum(block, low), high) - low


def coverage_gains(candidates: Array, points: Points, kernel: Kernel) -> Array:
    """Return the gain of each candidate as a first pick, (n_candidates,), in blocks.

    Parameters
    ----------
    candidates : (n_candidates, n_features) unit rows
    points : what is to be covered

    Examples
    --------
    >>> rows = np.eye(2, dtype=np.float32)
    >>> points = Points(rows, np.array([0.0, 1.0]), np.ones(2))
    >>> coverage_gains(rows, points, TopHat(0.5))
    array([1., 0.], dtype=float32)
    """
    xp = namespace(points.rows)
    covered, weights = (xp.astype(v, points.rows.dtype) for v in (points.covered, points.weights))
    parts: list[Array] = []
    ones = xp.ones_like(covered)
    for span in row_blocks(candidates.shape[0], points.rows.shape[0]):
        K = similarity(block_of(candidates, span), points.rows, kernel)
        parts.append(_between(K, covered, ones, xp) @ weights)
    return xp.concat(parts)
