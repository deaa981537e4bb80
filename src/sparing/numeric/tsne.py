"""A neighbour embedding in two dimensions: t-SNE, its repulsion by FFT, one step at a time.

Neighbours attract each other, all points repel each other. The repulsion is spread onto a grid,
convolved there and read back, so that a step costs time linear in the points.

References
----------
van der Maaten & Hinton (2008), Visualizing data using t-SNE;
Linderman, Rachh, Hoskins, Steinerberger & Kluger (2019), Fast interpolation-based t-SNE;
Boehm, Berens & Kobak (2022), Attraction-repulsion spectrum in neighbor embeddings: all
neighbours may weigh the same;
Kobak & Berens (2019), The art of using t-SNE: the start, and the size of the steps
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy import fft, sparse

from sparing.types import FloatArray, IntArray

N_STEPS = 250
N_EARLY = 100  # steps in which clusters find together
EXAGGERATION = 12.0  # of the attraction in these
MOMENTUM_EARLY, MOMENTUM = 0.5, 0.8
LEAST_GAIN = 0.01
LARGEST_MOVE = 5.0  # of a coordinate in one step: few points would fly apart
START = 1e-4  # deviation of the first positions
JITTER = 1e-2  # of them: equal items part
CELL = 0.5  # of the grid; the kernel is 1 wide
CELLS_A_SIDE = (50, 1000)
EDGES_AT_ONCE = 1 << 20
TINY = float(np.finfo(np.float32).tiny)
ALL_PAIRS = 500  # points; with fewer the grid is slower and rougher than the sum over all pairs
LEAST_SUM = 1.0  # of the nearness of more points than that, which is hundreds


@dataclass(frozen=True, eq=False, slots=True)
class Embedding:
    """Where the points are after some steps, and where they are going.

    Parameters
    ----------
    positions, velocity, gains : (n, 2) float32; the gains are each coordinate's own step size
    step : how many steps have been made
    """

    positions: FloatArray
    velocity: FloatArray
    gains: FloatArray
    step: int


def first_layout(positions: FloatArray, *, seed: int = 0) -> Embedding:
    """Return a layout that begins with (n, 2) positions, such as principal components."""
    noise = np.random.default_rng(seed).standard_normal(positions.shape)
    spread = float(positions.std(axis=0).max()) or 1.0
    start = (START * (positions / spread + JITTER * noise)).astype(np.float32)
    return Embedding(start, np.zeros_like(start), np.ones_like(start), 0)


def attraction(neighbors: IntArray) -> sparse.csr_array:
    """Return (n, n) symmetric weights that sum to 1, all neighbours alike.

    Parameters
    ----------
    neighbors : (n, k) rows

    Examples
    --------
    >>> attraction(np.array([[1], [0], [1]])).toarray().round(3)
    array([[0.   , 0.333, 0.   ],
           [0.333, 0.   , 0.167],
           [0.   , 0.167, 0.   ]], dtype=float32)
    """
    n, k = neighbors.shape
    ones = np.full(n * k, 1 / max(1, 2 * n * k), np.float32)
    directed = sparse.csr_array((ones, neighbors.ravel(), k * np.arange(n + 1)), shape=(n, n))
    return sparse.csr_array(directed + directed.T)


def stepped(weights: sparse.csr_array, layout: Embedding) -> Embedding:
    """Return the layout one step later.

    Parameters
    ----------
    weights : of the attraction
    layout : before the step
    """
    is_early = layout.step < N_EARLY
    strength = EXAGGERATION if is_early else 1.0
    Y = layout.positions
    force = strength * attracted(weights, Y) + repelled(Y)
    agrees = (force >= 0) == (layout.velocity >= 0)
    gains = np.where(agrees, layout.gains + 0.2, layout.gains * 0.8).astype(np.float32)
    np.maximum(gains, LEAST_GAIN, out=gains)
    rate = len(Y) / strength
    momentum = MOMENTUM_EARLY if is_early else MOMENTUM
    velocity = (momentum * layout.velocity + (4 * rate) * gains * force).astype(np.float32)
    np.clip(velocity, -LARGEST_MOVE, LARGEST_MOVE, out=velocity)
    moved = Y + velocity
    moved -= moved.mean(axis=0)
    return Embedding(moved, velocity, gains, layout.step + 1)


def attracted(weights: sparse.csr_array, Y: FloatArray) -> FloatArray:
    """Return the pull on each point, (n, 2), from its neighbours."""
    pull = np.empty_like(Y)
    for span in _edge_blocks(weights.indptr):
        first, last = weights.indptr[span.start], weights.indptr[span.stop]
        others = weights.indices[first:last]
        starts = weights.indptr[span.start : span.stop + 1] - first
        gap = Y[others] - np.repeat(Y[span], np.diff(starts), axis=0)
        strength = weights.data[first:last] / (1 + np.vecdot(gap, gap))
        block = sparse.csr_array((strength, others, starts), shape=(len(starts) - 1, len(Y)))
        pull[span] = block @ Y - np.asarray(block.sum(axis=1))[:, None] * Y[span]
    return pull


def _edge_blocks(starts: IntArray) -> Iterator[slice]:
    """Yield slices of rows that have about a million edges each, so that memory stays small."""
    row, n = 0, len(starts) - 1
    while row < n:
        stop = int(np.searchsorted(starts, starts[row] + EDGES_AT_ONCE, side="right")) - 1
        yield slice(row, max(row + 1, stop))
        row = max(row + 1, stop)


def repelled(Y: FloatArray) -> FloatArray:
    """Return the push on each point, (n, 2), from all others.

    The sum of ``(y_i - y_j) / (1 + d_ij^2)^2`` over j, divided by the sum of ``1 / (1 + d^2)``
    over all pairs. Both follow from four convolutions with one kernel.

    Parameters
    ----------
    Y : (n, 2) float32
    """
    if len(Y) <= ALL_PAIRS:
        return _repelled_by_pairs(Y)
    grid = _grid(Y)
    Y = Y - Y.mean(axis=0)
    square: FloatArray = np.vecdot(Y, Y)
    charges = np.column_stack([np.ones_like(square), Y, square])
    felt = grid.convolved(charges)
    near = felt[:, 0] * (1 + square) + felt[:, 3] - 2 * np.vecdot(Y, felt[:, 1:3])
    total = float(near.sum(dtype=np.float64)) - len(Y)  # without each point's own
    push: FloatArray = Y * felt[:, :1] - felt[:, 1:3]
    return np.asarray(push / np.float32(max(total, LEAST_SUM)))


def _repelled_by_pairs(Y: FloatArray) -> FloatArray:
    gap = Y[:, None] - Y
    near: FloatArray = 1 / (1 + np.vecdot(gap, gap))
    np.fill_diagonal(near, 0)
    push = np.vecdot(gap.transpose(0, 2, 1), (near * near)[:, None])
    return np.asarray(push / np.float32(near.sum() or 1))


@dataclass(frozen=True, eq=False, slots=True)
class _Grid:
    """A square grid, and the shares of the nine nodes around each point (Lagrange, order 2)."""

    shares: sparse.csr_array
    side: int
    cell: float

    def convolved(self, charges: FloatArray) -> FloatArray:
        """Return (n, 4): the kernel ``1 / (1 + d^2)^2`` around all charges, felt at each point."""
        g = self.side
        size = fft.next_fast_len(2 * g, real=True)
        away = self.cell * np.minimum(np.arange(size), size - np.arange(size))
        kernel = (1 + away[:, None] ** 2 + away**2) ** -2.0
        spectrum = fft.rfft2(kernel.astype(np.float32))
        nodes = (self.shares.T @ charges).T.reshape(-1, g, g)
        waves = fft.rfft2(nodes, s=(size, size)) * spectrum
        around = fft.irfft2(waves, s=(size, size))[:, :g, :g]
        return np.asarray(self.shares @ around.reshape(-1, g * g).T)


def _grid(Y: FloatArray) -> _Grid:
    low = Y.min(axis=0)
    width = float((Y.max(axis=0) - low).max())
    fewest, most = CELLS_A_SIDE
    cell = max(min(CELL, width / fewest), width / most, TINY)
    side = int(width / cell) + 4
    at = (Y - low) / np.float32(cell) + 1
    node = np.rint(at).astype(np.int32)
    t = at - node
    along = np.stack([t * (t - 1) / 2, 1 - t * t, t * (t + 1) / 2], axis=1)
    shares = along[:, :, None, 0] * along[:, None, :, 1]
    around = (np.arange(-1, 2)[:, None] * side + np.arange(-1, 2)).ravel()
    nodes = (node[:, 0] * side + node[:, 1])[:, None] + around.astype(np.int32)
    n = len(Y)
    parts = (shares.ravel(), nodes.ravel(), np.arange(0, 9 * n + 1, 9))
    return _Grid(sparse.csr_array(parts, shape=(n, side * side)), side, cell)
