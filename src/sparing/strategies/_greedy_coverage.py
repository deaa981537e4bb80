"""Greedy coverage: pick the rows whose neighbourhoods cover most of the pool, weighted.

One objective serves three published strategies. With similarity K in [0, 1], weights w >= 0 and m
how well each point is covered already, a row's gain is ``sum_j w_j max(K_ij - m_j, 0)``. A
Gaussian kernel gives MaxHerding, with uncertainty as weights UHerding; a top-hat gives ProbCover.

Points are compared by direction, as unit rows in float32. Their kernel is made in tiles and again
where it is needed again; it is never kept.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from array_api_compat import device, is_numpy_namespace

from sparing.memory import check_memory
from sparing.numeric.geometry import block_of, namespace, products, row_blocks, take_rows
from sparing.numeric.selection import kth_largest
from sparing.types import Array

TILE = 512  # rows and columns of the kernel made at a time: 1 MB
RENEWED = 128  # gains looked at again at a time, at first
KEPT = 128  # coverages kept, so that a gain can be renewed by a difference
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
        """Turn squared distances into similarities, in their place where that can be."""
        xp = namespace(squared)
        squared *= -1 / self.sigma**2
        return np.exp(squared, out=squared) if is_numpy_namespace(xp) else xp.exp(squared)


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
    return kernel(_floored(squared, 0.0))


def _floored(block: Array, low: Array | float) -> Array:
    """The larger of both, in the place of the block where that can be."""
    xp = namespace(block)
    if is_numpy_namespace(xp):
        return np.maximum(block, low, out=block)
    return xp.clip(block, low, None) if isinstance(low, float) else xp.maximum(block, low)


def _above(block: Array, low: Array) -> Array:
    """By how much similarities exceed a coverage, in the place of the block where that can be."""
    block = _floored(block, low)
    block -= low
    return block


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

    A gain only falls as the batch grows, so only those that may still be the highest are looked
    at again, and only by the points that are covered better than when last looked at. The picks
    are those of the plain greedy search.

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
    MemoryBudgetError : there is no room for the coverages after the last 128 picks

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
    Bae et al. (2025), arXiv 2412.20644; Minoux (1978)
    """
    picks, gains = [], []
    # Some BLAS libraries raise the flag "invalid" at products of finite numbers.
    with np.errstate(invalid="ignore"):
        search = _Search(points, kernel, k)
        for _ in range(k):
            pick, gain = search.best(rng)
            search.cover(pick)
            picks.append(pick)
            gains.append(max(0.0, gain))
    xp, there = namespace(points.rows), device(search.bounds)
    return xp.asarray(picks, device=there), xp.asarray(gains, device=there)


class _Search:
    """What each point adds, as it was when last looked at: no less than what it adds now."""

    def __init__(self, points: Points, kernel: Kernel, k: int) -> None:
        self.xp = xp = namespace(points.rows)
        self.rows, self.kernel = points.rows, kernel
        self.weights = xp.astype(points.weights, points.rows.dtype)
        self.covered = xp.astype(points.covered, points.rows.dtype)
        n, there = self.covered.shape[0], device(self.covered)
        kept = min(k, KEPT)
        if is_numpy_namespace(xp):
            check_memory(4 * n * (kept + 2 * RENEWED), "greedy coverage", "lower batch_size")
        self.past = xp.empty((kept, n), dtype=self.covered.dtype, device=there)
        self.n_picks = 0
        self.bounds = coverage_gains(points, kernel)
        self.seen = xp.zeros(n, dtype=xp.int64, device=there)  # picks that a bound reckons with
        self.is_open = xp.ones(n, dtype=xp.bool, device=there)

    def best(self, rng: np.random.Generator) -> tuple[int, float]:
        """Return a point that adds most, drawn among equals, and what it adds."""
        xp = self.xp
        stale = self.is_open & (self.seen < self.n_picks)
        least = xp.full_like(self.bounds, -xp.inf)
        top, size = float(xp.max(xp.where(self.is_open & ~stale, self.bounds, least))), RENEWED
        while True:
            may_win = stale & (self.bounds >= top)
            if not bool(xp.any(may_win)):
                break
            hopes = xp.where(may_win, self.bounds, least)
            # With one that was looked at of late, only others like it: they cost less.
            alike = may_win & (self.seen >= self.seen[int(xp.argmax(hopes))])
            n_now = min(size, int(xp.count_nonzero(alike)))
            now = alike & (hopes >= kth_largest(xp.where(alike, hopes, least), n_now))
            self.bounds[now] = self._renewed(xp.nonzero(now)[0])
            self.seen[now] = self.n_picks
            stale = stale & ~now
            top, size = max(top, float(xp.max(self.bounds[now]))), 2 * size
        ties = xp.nonzero(self.is_open & ~stale & (self.bounds == top))[0]
        return int(ties[int(rng.integers(ties.shape[0]))]), top

    def cover(self, pick: int) -> None:
        """Count a point as picked."""
        xp = self.xp
        self.past[self.n_picks % KEPT, :] = self.covered
        near = similarity(self.rows, block_of(self.rows, slice(pick, pick + 1)), self.kernel)
        closer = xp.maximum(self.covered, near[:, 0])
        n_changed = int(xp.count_nonzero((closer > self.covered) & (self.weights > 0)))
        self.covered = closer
        self.n_picks += 1
        self.is_open[pick] = False
        if 2 * n_changed > closer.shape[0]:  # as long as little is covered
            self.bounds = coverage_gains(Points(self.rows, closer, self.weights), self.kernel)
            self.seen = xp.full_like(self.seen, self.n_picks)

    def _renewed(self, positions: Array) -> Array:
        """What some points add now: by a difference, or afresh where that costs no more."""
        xp = self.xp
        seen = xp.take(self.seen, positions, axis=0)
        oldest = int(xp.min(seen))
        if self.n_picks - oldest <= KEPT:
            changed = self._changed_since(oldest)
            if 2 * changed.shape[0] < self.covered.shape[0]:
                lost = self._lost(positions, seen, changed)
                return xp.take(self.bounds, positions, axis=0) - lost
        parts, left = [], take_rows(self.rows, positions)
        for span in row_blocks(positions.shape[0], self.covered.shape[0]):
            K = similarity(block_of(left, span), self.rows, self.kernel)
            parts.append(_above(K, self.covered[None, :]) @ self.weights)
        return xp.astype(xp.concat(parts), xp.float64)

    def _changed_since(self, n_picks: int) -> Array:
        """Which points that count are covered better than after so many picks."""
        closer = self.covered > self.past[n_picks % KEPT, :]
        return self.xp.nonzero(closer & (self.weights > 0))[0]

    def _lost(self, positions: Array, seen: Array, changed: Array) -> Array:
        """What some points add less than after the picks that each has seen, float64."""
        xp, parts = self.xp, []
        left, right = take_rows(self.rows, positions), take_rows(self.rows, changed)
        high, weights = (xp.take(v, changed, axis=0) for v in (self.covered, self.weights))
        for span in row_blocks(positions.shape[0], self.covered.shape[0]):
            low = xp.take(xp.take(self.past, seen[span] % KEPT, axis=0), changed, axis=1)
            K = similarity(block_of(left, span), right, self.kernel)
            parts.append(_above(xp.minimum(K, high), low) @ weights)
        return xp.astype(xp.concat(parts), xp.float64)


def coverage_gains(points: Points, kernel: Kernel) -> Array:
    """Return the gain of each point as a first pick, (n,) float64, from half of the kernel.

    Examples
    --------
    >>> points = Points(np.eye(2, dtype=np.float32), np.array([0.0, 1.0]), np.ones(2))
    >>> coverage_gains(points, TopHat(0.5))
    array([1., 0.])
    """
    xp, rows = namespace(points.rows), points.rows
    covered, weights = (xp.astype(v, rows.dtype) for v in (points.covered, points.weights))
    gains = xp.zeros(weights.shape[0], dtype=xp.float64, device=device(weights))
    for down, across in _tiles(weights.shape[0]):
        K = similarity(block_of(rows, down), block_of(rows, across), kernel)
        if down != across:  # by symmetry: the same pairs, seen from the other side
            low = covered[down][:, None]
            gains[across] += weights[down] @ (xp.maximum(K, low) - low)
        gains[down] += _above(K, covered[across][None, :]) @ weights[across]
    return gains


def _tiles(n: int) -> Iterator[tuple[slice, slice]]:
    """Rows and columns of the tiles on the diagonal of an n x n matrix, and right of it."""
    spans = [slice(start, min(start + TILE, n)) for start in range(0, n, TILE)]
    for i, down in enumerate(spans):
        for across in spans[i:]:
            yield down, across
