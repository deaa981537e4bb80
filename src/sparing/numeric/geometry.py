"""Distances between many rows, in blocks: dense arrays of any array-API backend, or CSR.

Nothing here copies the pool or makes an n x n matrix. Products carry the load, so cancellation
is kept small by measuring from a point amid the data, and small distances are computed from
differences.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np
from array_api_compat import array_namespace, device
from scipy import sparse

from sparing.types import Array

BLOCK_BYTES = 1 << 23  # of one block: large enough for the product, small enough for the cache


@dataclass(frozen=True, eq=False, slots=True)
class SparseFrom:
    """CSR rows seen from a point, each scaled: nothing is filled in, products are corrected.

    ``(x - m) . (y - m) = x . y - x . m - y . m + m . m``.

    Parameters
    ----------
    rows : (n, n_features) CSR
    along : (n,) inner product of each row with the point
    square : of the point's length
    scale : (n,) what each row is multiplied by
    """

    rows: Any
    along: Array
    square: float
    scale: Array

    @property
    def shape(self) -> tuple[int, int]:
        """(n, n_features)."""
        return self.rows.shape  # type: ignore[no-any-return]

    @property
    def dtype(self) -> Any:
        """Of the values."""
        return self.rows.dtype

    def __getitem__(self, at: Any) -> "SparseFrom":
        return SparseFrom(self.rows[at], self.along[at], self.square, self.scale[at])

    def products(self, other: "SparseFrom") -> Array:
        """Return the inner products of all pairs, dense."""
        out = (self.rows @ other.rows.T).toarray()
        out -= self.along[:, None]
        out -= other.along
        out += self.square
        out *= self.scale[:, None]
        out *= other.scale
        return out


@dataclass(frozen=True, eq=False, slots=True)
class DenseFrom:
    """Dense rows seen from a point, each scaled: moved only while they are reckoned with.

    Nothing but the scale is kept, so that a pool can be gone through many times without a copy.

    Parameters
    ----------
    rows : (n, n_features)
    point : (n_features,)
    scale : (n,) what each row is multiplied by; 0 for one at the point itself, whose direction is
        the one with equal coordinates, as in :func:`unit_rows`
    """

    rows: Array
    point: Array
    scale: Array

    def __getitem__(self, at: slice) -> "DenseFrom":
        return DenseFrom(self.rows[at, :], self.point, self.scale[at])

    def products(self, other: Array) -> Array:
        """Return the inner products with dense unit rows, (n, n_other)."""
        out = (_widened(self.rows) - self.point) @ other.T
        out *= self.scale[:, None]
        out[self.scale == 0] = other.sum(axis=1) / sqrt(other.shape[1])
        return out


def is_sparse(X: Array) -> bool:
    """Say whether the rows are CSR, as they are or seen from a point."""
    return isinstance(X, SparseFrom) or bool(sparse.issparse(X))


def namespace(X: Array) -> Any:
    """Return the array namespace of ``X``; NumPy for CSR."""
    return np if is_sparse(X) else array_namespace(X)


def row_blocks(n_rows: int, n_columns: int, most_values: int = BLOCK_BYTES // 8) -> Iterator[slice]:
    """Yield consecutive slices of rows, each of at most so many values where a row has fewer.

    Examples
    --------
    >>> [block.stop for block in row_blocks(3_000_000, 1)]
    [1048576, 2097152, 3000000]
    """
    step = max(1, most_values // max(1, n_columns))
    for start in range(0, n_rows, step):
        yield slice(start, min(start + step, n_rows))


def block_of(X: Array, rows: slice) -> Array:
    """Return consecutive rows in a type that can be reckoned with; a view where it can be."""
    if is_sparse(X):
        return X[rows]
    return _widened(X[rows, :])


def take_rows(X: Array, rows: Array) -> Array:
    """Return the rows of those numbers, a copy; CSR stays CSR."""
    if is_sparse(X):
        return X[rows]
    return _widened(namespace(X).take(X, rows, axis=0))


def dense_row(X: Array, row: int) -> Array:
    """Return one row as a dense vector, (n_features,)."""
    block = block_of(X, slice(row, row + 1))
    return block.toarray()[0, :] if sparse.issparse(block) else block[0, :]


def mean_row(X: Array) -> Array:
    """Return the mean of all rows as a dense vector, (n_features,), summed in blocks."""
    xp = namespace(X)
    if sparse.issparse(X):
        return np.asarray(X.mean(axis=0)).ravel().astype(X.dtype)
    sums = [xp.sum(block_of(X, rows), axis=0) for rows in row_blocks(*X.shape)]
    return sum(sums[1:], sums[0]) / X.shape[0]


def _widened(block: Array) -> Array:
    """Half precision overflows in a sum of squares: go on in float32."""
    block = np.asarray(block) if isinstance(block, np.memmap) else block
    xp = array_namespace(block)
    return xp.astype(block, xp.float32) if is_half(block) else block


def products(A: Array, B: Array) -> Array:
    """Return ``A @ B.T`` as a dense matrix; each side dense or CSR, or seen from a point."""
    if isinstance(A, SparseFrom | DenseFrom):
        return A.products(B)
    out = A @ B.T
    return out.toarray() if sparse.issparse(out) else out


def project(X: Array, point: Array) -> Array:
    """Return the inner product of each row with one dense vector, (n,)."""
    if is_half(X):
        return namespace(X).concat([block_of(X, rows) @ point for rows in row_blocks(*X.shape)])
    return (np.asarray(X) if isinstance(X, np.memmap) else X) @ point


def is_half(X: Array) -> bool:
    """Say whether the values have fewer than 32 bits, too few for a sum of squares."""
    return not sparse.issparse(X) and bool(namespace(X).finfo(X.dtype).bits < 32)


def squared_norms(X: Array) -> Array:
    """Return the squared length of each row, (n,).

    Examples
    --------
    >>> squared_norms(np.array([[3.0, 4.0], [0.0, 2.0]]))
    array([25.,  4.])
    """
    parts = [_block_norms(block_of(X, rows)) for rows in row_blocks(*X.shape)]
    return namespace(X).concat(parts)


def _block_norms(block: Array) -> Array:
    if sparse.issparse(block):
        return np.asarray(block.multiply(block).sum(axis=1)).ravel()
    return array_namespace(block).vecdot(block, block)


def unit_rows(X: Array, middle: Array | None = None) -> Array:
    """Return the rows scaled to length 1, a copy; CSR stays CSR.

    Seen from zero, vectors of a network, all positive, have nearly one direction; seen from the
    mean of the pool they differ. A row of zeros has no direction and becomes the one with equal
    coordinates (CSR: stays zero).

    Parameters
    ----------
    X : (n, n_features)
    middle : (n_features,) where directions start; None: at zero

    Examples
    --------
    >>> unit_rows(np.array([[3.0, 4.0], [0.0, 0.0]])).round(3)
    array([[0.6  , 0.8  ],
           [0.707, 0.707]])
    >>> unit_rows(np.array([[9.0, 9.0], [9.0, 7.0]]), np.array([9.0, 8.0]))
    array([[ 0.,  1.],
           [ 0., -1.]])
    """
    xp = namespace(X)
    if middle is not None:
        middle = xp.astype(middle, X.dtype)
        if sparse.issparse(X):
            return _unit_from(X, middle)
        X = X - middle
    length = xp.sqrt(squared_norms(X))
    scale = 1 / xp.where(length > 0, length, xp.ones_like(length))
    if sparse.issparse(X):
        return sparse.csr_array(sparse.diags_array(scale) @ X)
    equal = xp.astype(length == 0, X.dtype) / sqrt(X.shape[1])
    return X * scale[:, None] + equal[:, None]


def directions(X: Array, middle: Array) -> SparseFrom | DenseFrom:
    """Return the rows as ``unit_rows`` sees them, without a copy: for a pool gone through often.

    Examples
    --------
    >>> X = np.array([[9.0, 9.0], [9.0, 7.0], [9.0, 8.0]])
    >>> products(directions(X, np.array([9.0, 8.0]))[0:3], np.array([[0.0, 1.0]])).round(3)
    array([[ 1.   ],
           [-1.   ],
           [ 0.707]])
    """
    if sparse.issparse(X):
        return _unit_from(X, namespace(X).astype(middle, X.dtype))
    parts = []
    for span in row_blocks(*X.shape):
        block = block_of(X, span)
        middle = middle.astype(block.dtype, copy=False)
        length = np.sqrt(squared_norms(block - middle))
        parts.append(np.divide(1, length, out=np.zeros_like(length), where=length > 0))
    return DenseFrom(X, middle, np.concatenate(parts))


def _unit_from(X: Array, middle: Array) -> SparseFrom:
    along, square = np.asarray(X @ middle), float(middle @ middle)
    length = np.sqrt(np.maximum(_block_norms(X) - 2 * along + square, 0))
    scale = 1 / np.where(length > 0, length, 1)
    return SparseFrom(X, along, square, scale.astype(X.dtype))


def nearest_center(X: Array, centers: Array) -> tuple[Array, Array]:
    """Find for each row the nearest of a few centers.

    Parameters
    ----------
    X : (n, n_features)
    centers : (n_centers, n_features), dense; CSR beside CSR

    Returns
    -------
    positions : (n,) of the nearest center
    squared : (n,) squared distance to it

    Examples
    --------
    >>> nearest_center(np.array([[0.0], [3.0], [5.0]]), np.array([[0.0], [4.0]]))
    (array([0, 1, 1]), array([0., 1., 1.]))
    """
    xp = namespace(X)
    middle = None if sparse.issparse(X) else xp.mean(centers, axis=0)
    centers = centers if middle is None else centers - middle
    norms, parts = _block_norms(centers), []
    for rows in row_blocks(X.shape[0], max(X.shape[1], centers.shape[0])):
        block = block_of(X, rows) if middle is None else block_of(X, rows) - middle
        parts.append(_nearest_in_block(block, centers, norms, xp))
    positions, squared = zip(*parts, strict=True)
    return xp.concat(positions), xp.concat(squared)


def _nearest_in_block(block: Array, centers: Array, norms: Array, xp: Any) -> tuple[Array, Array]:
    gaps = products(block, -2 * centers)
    gaps += norms
    squared = xp.min(gaps, axis=1) + _block_norms(block)
    return xp.argmin(gaps, axis=1), xp.where(squared > 0, squared, xp.zeros_like(squared))


def squared_distances_to(X: Array, rows: Array, point: Array) -> Array:
    """Return the squared distances of some rows to one point, from differences: no cancellation.

    Parameters
    ----------
    X : (n, n_features)
    rows : (m,) row numbers
    point : (n_features,), dense
    """
    xp = namespace(X)
    parts = []
    for part in row_blocks(rows.shape[0], X.shape[1]):
        block = take_rows(X, rows[part])
        if sparse.issparse(block):
            parts.append(_block_norms(block) - 2 * (block @ point) + point @ point)
        else:
            parts.append(_block_norms(block - point))
    if not parts:
        return xp.zeros(0, dtype=point.dtype, device=device(point))
    return xp.concat(parts)


def leading_directions(X: Array, n_directions: int, sample: int = 2048) -> Array:
    """Return orthonormal directions along which the rows are long, (n_features, n_directions).

    One power iteration from random directions, on a strided sample of the rows.

    References
    ----------
    Halko, Martinsson & Tropp (2011)
    """
    xp = namespace(X)
    stride = max(1, X.shape[0] // sample)
    rows = X[::stride] if sparse.issparse(X) else _widened(X[::stride, :])
    # The seed is fixed: what is built on the directions holds for any, only faster for good ones.
    start = np.random.default_rng(0).standard_normal((X.shape[1], n_directions))
    around = start if sparse.issparse(X) else xp.asarray(start, device=device(rows))
    image = rows @ (around if sparse.issparse(X) else xp.astype(around, rows.dtype))
    directions: Array = xp.linalg.qr(rows.T @ image)[0]
    return directions
