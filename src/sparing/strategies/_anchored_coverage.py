"""Greedy coverage of a pool too large for its kernel: anchors estimate, the whole pool decides.

A weighted sample of the pool, the anchors, gives every candidate an estimated gain. The best of
every neighbourhood go on a short list. For each pick a few of those are compared by what they
really add to the coverage of all rows, and what was learned about them is kept.
"""

import numpy as np
from scipy import sparse

from sparing.memory import check_memory
from sparing.numeric.geometry import (
    directions,
    products,
    row_blocks,
    take_rows,
    unit_rows,
)
from sparing.strategies._greedy_coverage import ROUNDING, Kernel, TopHat, similarity
from sparing.types import Array, Features, FloatArray, IntArray

ANCHORS = 5000
FEWEST_ANCHORS = 2000
ESTIMATED = 2 * 10**9  # similarities reckoned with for the estimates; fewer anchors beyond it
CELLS = 1000  # anchors whose neighbourhoods are kept apart on the short list
A_CELL = 10  # candidates of each neighbourhood on the short list
JUDGED = 16 * 10**6  # similarities reckoned with for one pick
DOUBT = 2.0  # standard errors of an estimate in which a better row may hide
ROUNDS = 4  # in which the candidates for one pick are judged


class WholePool:
    """How well every row of the pool is covered, and what a few more rows would add.

    Parameters
    ----------
    X : (n, n_features) dense or CSR
    middle : (n_features,) mean of its rows, from which they are seen
    weights : (n,) how much covering each row counts; 0 where it is no candidate
    labeled : rows that cover already
    kernel : similarity of squared distances between unit rows

    Attributes
    ----------
    covered : (n,) in [0, 1]

    Examples
    --------
    >>> from sparing.strategies._greedy_coverage import TopHat
    >>> X = np.array([[1.0, 0.0], [2.0, 0.1], [0.0, 1.0], [-3.0, -1.1]])
    >>> whole = WholePool(X, X.mean(axis=0), np.ones(4), np.array([2]), TopHat(0.2))
    >>> gains, near = whole.gains(np.array([0, 1]))
    >>> gains
    array([2., 2.])
    >>> whole.cover(near[:, 0])
    >>> whole.gains(np.array([1]))[0]
    array([0.])
    """

    def __init__(
        self, X: Features, middle: Array, weights: FloatArray, labeled: IntArray, kernel: Kernel
    ) -> None:
        self.X, self.weights, self.kernel = X, weights, kernel
        self._middle, self._directions = middle, directions(X, middle)
        self.covered = np.zeros(X.shape[0], dtype=np.promote_types(X.dtype, np.float32))
        if len(labeled):
            unit = self.unit(labeled)
            nearest = [self._cosines(span, unit).max(axis=1) for span in self._spans(unit)]
            self.covered = self._similarity(np.concatenate(nearest))

    def gains(self, rows: IntArray) -> tuple[FloatArray, FloatArray]:
        """Return what covering with each row would add, (n_rows,), and by how much (n, n_rows)."""
        unit = self.unit(rows)
        parts = [self._similarity(self._cosines(span, unit)) for span in self._spans(unit)]
        near = np.concatenate(parts)
        return self.weights @ np.maximum(near - self.covered[:, None], 0), near

    def cover(self, near: FloatArray) -> None:
        """Count a row as picked, given its similarities to all rows."""
        self.covered = np.maximum(self.covered, near)

    def alone(self, rows: IntArray) -> FloatArray:
        """Return what each row adds by covering itself, (n_rows,)."""
        return np.asarray(self.weights[rows] * (1 - self.covered[rows]))

    def estimates(self, anchors: IntArray, weights: FloatArray) -> tuple[FloatArray, IntArray]:
        """Estimate the gain of every row from its similarities to weighted anchors.

        Returns
        -------
        gains : (n,)
        cells : (n,) which of the first anchors is nearest
        """
        unit = self.unit(anchors)
        covered, weights = self.covered[anchors], weights.astype(self.covered.dtype)
        gains, cells = self.alone(np.arange(self.X.shape[0])), []
        for span in self._spans(unit):
            cosines = self._cosines(span, unit)
            cells.append(cosines[:, :CELLS].argmax(axis=1))
            near = self._similarity(cosines)
            np.maximum(near, covered, out=near)
            gains[span] += (near - covered) @ weights
        gains[anchors] -= weights * (1 - covered)  # which alone() has counted, exactly
        return gains, np.concatenate(cells)

    def unit(self, rows: IntArray) -> Array:
        """Return some rows, seen from the middle of the pool and scaled to length 1."""
        return unit_rows(take_rows(self.X, rows), self._middle)

    def _spans(self, unit: Array) -> list[slice]:
        return list(row_blocks(self.X.shape[0], max(unit.shape)))

    def _cosines(self, span: slice, unit: Array) -> FloatArray:
        return np.asarray(products(self._directions[span], unit))

    def _similarity(self, cosines: FloatArray) -> FloatArray:
        cosines *= -2
        cosines += 2 - ROUNDING
        return np.asarray(self.kernel(np.maximum(cosines, 0, out=cosines)))


def cover_by_anchors(
    whole: WholePool, candidates: IntArray, k: int, rng: np.random.Generator
) -> tuple[IntArray, FloatArray]:
    """Pick ``k`` candidates, each about the one that adds most to the coverage of the pool.

    Parameters
    ----------
    whole : the pool; every pick is counted in its coverage
    candidates : (n_candidates,) rows that may be picked
    k : int in [1, n_candidates]
    rng : draws the anchors and breaks ties

    Returns
    -------
    rows : (k,) in the order of the picks
    gains : (k,) weighted coverage added by each, on all rows

    Examples
    --------
    >>> from sparing.strategies._greedy_coverage import Gaussian
    >>> X = np.random.default_rng(0).normal(size=(500, 3))
    >>> whole = WholePool(X, X.mean(axis=0), np.ones(500), np.array([], dtype=int), Gaussian(1.0))
    >>> rows, gains = cover_by_anchors(whole, np.arange(500), 3, np.random.default_rng(0))
    >>> len(set(rows.tolist())), bool(gains[0] > gains[1] > gains[2])
    (3, True)

    References
    ----------
    Minoux (1978), on bounds that stay valid as the batch grows
    """
    anchors, weights = draw_anchors(whole, candidates, rng)
    gains, cells = whole.estimates(anchors, weights)
    short = _shortlist(gains[candidates], cells[candidates], k)
    rows = candidates[rng.permutation(short)]  # so that ties are broken at random
    near = _near_anchors(whole, rows, anchors)
    covered: FloatArray = whole.covered[anchors]
    sums = _between(near, covered, np.ones_like(covered), weights)
    judge = (
        _BallJudge(whole, rows, float(weights.mean()))
        if isinstance(whole.kernel, TopHat)
        else _Judge(whole, rows)
    )
    picks, picked_gains = np.empty(k, dtype=np.int64), np.empty(k)
    for t in range(k):
        bounds = sums + whole.alone(rows)
        bounds[picks[:t]] = -np.inf
        picks[t], near_pick = judge.best(bounds)
        picked_gains[t] = judge.known[picks[t]]
        judge.cover(int(picks[t]), near_pick)
        sums -= _between(near, covered, whole.covered[anchors], weights)
        covered = whole.covered[anchors]
    return rows[picks], picked_gains


def draw_anchors(
    whole: WholePool, candidates: IntArray, rng: np.random.Generator
) -> tuple[IntArray, FloatArray]:
    """Draw rows that stand for all candidates, and for how much weight each stands."""
    n = whole.X.shape[0]
    size = min(len(candidates), max(FEWEST_ANCHORS, min(ANCHORS, ESTIMATED // n)))
    own = whole.weights[candidates]
    positions, inclusion = sample_by_weight(own, size, rng)
    shuffled = rng.permutation(size)  # so that the first ones are a sample, too
    positions, inclusion = positions[shuffled], inclusion[shuffled]
    return candidates[positions], own[positions] / inclusion


def _shortlist(gains: FloatArray, cells: IntArray, k: int) -> IntArray:
    """Positions of the best of every cell, and of the best of all."""
    order = np.lexsort((-gains, cells))
    rank = np.arange(len(order)) - np.searchsorted(cells[order], cells[order])
    most = min(len(gains), max(CELLS, 2 * k))
    best = np.argpartition(-gains, most - 1)[:most]
    return np.union1d(order[rank < A_CELL], best)


def _near_anchors(whole: WholePool, rows: IntArray, anchors: IntArray) -> FloatArray:
    """Similarities (n_rows, n_anchors), 0 between a row and itself as an anchor."""
    check_memory(12 * len(rows) * len(anchors), "greedy coverage", "lower batch_size")
    short, unit = (whole.unit(at) for at in (rows, anchors))
    near = np.asarray(similarity(short, unit, whole.kernel))
    _, at_row, at_anchor = np.intersect1d(rows, anchors, return_indices=True)
    near[at_row, at_anchor] = 0
    return near


def _between(
    near: FloatArray, low: FloatArray, high: FloatArray, weights: FloatArray
) -> FloatArray:
    """Weighted sums of what lies between two coverages; only columns where they differ."""
    changed = np.flatnonzero(high > low)
    low, high = low[changed].astype(near.dtype), high[changed].astype(near.dtype)
    part = near[:, changed]
    np.clip(part, low, np.maximum(low, high), out=part)
    part -= low
    return np.asarray(part @ weights[changed].astype(near.dtype), dtype=np.float64)


class _Judge:
    """Compares the most promising rows by what they really add.

    Parameters
    ----------
    whole : the pool
    rows : the short list

    Attributes
    ----------
    known : (n_rows,) gains computed on all rows, which can only have fallen; infinite at first
    """

    def __init__(self, whole: WholePool, rows: IntArray) -> None:
        self.whole, self.rows = whole, rows
        self.known = np.full(len(rows), np.inf)

    def best(self, bounds: FloatArray) -> tuple[int, FloatArray]:
        """Return which row adds most, and its similarities to all.

        Parameters
        ----------
        bounds : (n_rows,) what each may add, -inf where it was picked
        """
        bounds = np.minimum(bounds, self.known)
        step = _step(self.whole)
        n_open = int(np.isfinite(bounds).sum())
        order = np.argsort(-bounds, kind="stable")[: min(ROUNDS * step, n_open)]
        best, near_best = int(order[0]), self.known[:0]
        for start in range(0, len(order), step):
            part = order[start : start + step]
            if start and bounds[part[0]] <= self.known[best]:
                break
            self.known[part], near = self.whole.gains(self.rows[part])
            top = int(self.known[part].argmax())
            if not start or self.known[part[top]] > self.known[best]:
                best, near_best = int(part[top]), near[:, top]
        return best, near_best

    def cover(self, pick: int, near: FloatArray) -> None:
        """Count a row as picked."""
        self.whole.cover(near)


class _BallJudge(_Judge):
    """The same where a row covers others or does not: the ball of each that was looked at is kept.

    So each is compared with the whole pool once, and its gain is known exactly from then on; what
    is covered already leaves the balls, as it counts no more.
    """

    def __init__(self, whole: WholePool, rows: IntArray, per_anchor: float) -> None:
        super().__init__(whole, rows)
        self.per_anchor = per_anchor
        self.balls: list[sparse.csr_array] = []
        self.places: dict[int, tuple[int, int]] = {}  # in which of them a row's ball is, and where
        self.looked_at = np.zeros(0, dtype=np.int64)  # rows of the balls, one after the other
        self.is_open = np.ones(len(rows), dtype=np.bool_)

    def best(self, bounds: FloatArray) -> tuple[int, FloatArray]:
        """Return which row adds most, and whether it covers each."""
        hopes = bounds + DOUBT * np.sqrt(self.per_anchor * np.maximum(bounds, 0))
        fresh = np.where(np.isinf(self.known) & self.is_open, hopes, -np.inf)
        step = _step(self.whole)
        n_fresh = int(np.isfinite(fresh).sum())
        order = np.argsort(-fresh, kind="stable")[: min(ROUNDS * step, n_fresh)]
        for start in range(0, len(order), step):
            part = order[start : start + step]
            if len(self.looked_at) and fresh[part[0]] <= self._gains().max():
                break
            self._keep(part)
        best = int(self.looked_at[np.argmax(self._gains())])
        return best, self._ball(best)

    def cover(self, pick: int, near: FloatArray) -> None:
        """Count a row as picked, and what the others add now."""
        self.whole.cover(near)
        self.is_open[pick] = False
        left = self._left()
        parts = [np.asarray(ball @ left) for ball in self.balls]
        self.known[self.looked_at] = np.concatenate(parts)

    def _keep(self, part: IntArray) -> None:
        """Look at some rows, and keep what of the uncovered pool each covers."""
        self.known[part], near = self.whole.gains(self.rows[part])
        near[self._left() == 0] = 0
        check_memory(12 * int(np.count_nonzero(near)), "greedy coverage", "lower batch_size")
        self.places |= {int(row): (len(self.balls), place) for place, row in enumerate(part)}
        self.balls.append(sparse.csr_array(near.T))
        self.looked_at = np.concatenate([self.looked_at, part])

    def _left(self) -> FloatArray:
        """(n,) what covering each row of the pool still adds."""
        return np.asarray(self.whole.weights * (1 - self.whole.covered))

    def _gains(self) -> FloatArray:
        """What each row that was looked at adds, -inf where it was picked."""
        is_open = self.is_open[self.looked_at]
        return np.where(is_open, self.known[self.looked_at], -np.inf)

    def _ball(self, position: int) -> FloatArray:
        block, place = self.places[position]
        return np.asarray(self.balls[block][[place]].toarray()[0])


def _step(whole: WholePool) -> int:
    """How many rows are judged at a time."""
    return max(4, JUDGED // int(whole.X.shape[0]) // ROUNDS)


def sample_by_weight(
    weights: FloatArray, size: int, rng: np.random.Generator
) -> tuple[IntArray, FloatArray]:
    """Draw a sample whose inclusion probabilities grow with the weights, half of it evenly.

    Systematic sampling from a shuffled list: linear in n, and the probabilities are exact, so that
    ``values / inclusion`` summed over the sample is an unbiased estimate of the sum over all.

    Parameters
    ----------
    weights : (n,) finite, >= 0
    size : int in [1, n]
    rng : shuffles, and draws the start

    Returns
    -------
    positions : (size,) ascending
    inclusion : (size,) probability with which each was to be in the sample

    Examples
    --------
    >>> positions, inclusion = sample_by_weight(np.ones(4), 2, np.random.default_rng(0))
    >>> len(positions), inclusion
    (2, array([0.5, 0.5]))

    References
    ----------
    Madow (1949); Horvitz & Thompson (1952)
    """
    inclusion = _inclusion(np.asarray(weights, dtype=np.float64), size)
    order = rng.permutation(len(weights))
    ladder = np.cumsum(inclusion[order])
    ladder *= size / ladder[-1]
    steps = np.searchsorted(ladder, rng.random() + np.arange(size), side="right")
    positions = np.sort(order[np.minimum(steps, len(weights) - 1)])
    return positions, inclusion[positions]


def _inclusion(weights: FloatArray, size: int) -> FloatArray:
    """Probabilities in (0, 1], in proportion to the weights plus their mean, that sum to size."""
    mean = weights.mean()
    share = weights + mean if mean > 0 else np.ones_like(weights)
    certain = np.zeros(len(weights), dtype=bool)
    while True:
        scale = (size - certain.sum()) / share[~certain].sum() if not certain.all() else 1.0
        above = ~certain & (share * scale > 1)
        if not above.any():
            return np.where(certain, 1.0, share * scale)
        certain |= above
