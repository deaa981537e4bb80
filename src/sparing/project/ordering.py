"""Which rows a grid shows, and in which order: pure functions over arrays of the pool."""

from typing import Any

import numpy as np

from sparing.types import BoolArray, Features, FloatArray, IntArray

AT_ONCE = 1 << 16  # rows whose columns are scaled at once


def likeliest(codes: IntArray, confidence: FloatArray, code: int, free: BoolArray) -> IntArray:
    """Return the free rows that a model takes for one class, the surest first.

    Parameters
    ----------
    codes : (n,) the class that the model takes each row for
    confidence : (n,) how sure it is; 0 where it knows nothing of a row
    code : of the class
    free : (n,) True where a row may be shown

    Examples
    --------
    >>> likeliest(np.array([1, 0, 1]), np.array([0.6, 0.9, 0.8]), 1, np.ones(3, bool))
    array([2, 0])
    """
    rows = np.flatnonzero(free & (codes == code) & (confidence > 0))
    return rows[np.argsort(-confidence[rows], kind="stable")]


def least(values: FloatArray, free: BoolArray, n: int) -> IntArray:
    """Return up to ``n`` free rows with the smallest finite values, the smallest first.

    Examples
    --------
    >>> least(np.array([3.0, 1.0, 2.0, np.inf]), np.array([True, False, True, True]), 5)
    array([2, 0])
    """
    masked = np.where(free, values, np.inf)
    rows = np.argpartition(masked, n)[:n] if n < len(masked) else np.arange(len(masked))
    rows.sort()  # equal values in the order of the pool
    rows = rows[np.isfinite(masked[rows])]
    return rows[np.argsort(masked[rows], kind="stable")]


def squared_distances(X: Features, points: IntArray, scale: FloatArray | None = None) -> FloatArray:
    """Return the squared distance of every row to the nearest of some rows, (n,).

    One pass over the pool in blocks, also of a memory map; nothing of its size is made but the
    result.

    Parameters
    ----------
    X : (n, n_features) dense
    points : rows to be near to
    scale : (n_features,) what columns are multiplied by; None: nothing

    Examples
    --------
    >>> squared_distances(np.array([[0.0], [1.0], [5.0]]), np.array([0, 2]))
    array([0., 1., 0.])
    """
    from sparing.geometry import nearest_center

    centers = np.asarray(X[points])
    if scale is None:
        return _squared(nearest_center(X, centers))
    parts = [
        _squared(nearest_center(X[start : start + AT_ONCE] * scale, centers * scale))
        for start in range(0, len(X), AT_ONCE)
    ]
    return np.concatenate(parts)


def _squared(found: tuple[Any, Any]) -> FloatArray:
    return np.asarray(found[1])


def merged(first: IntArray, second: IntArray) -> IntArray:
    """Merge two orders: a row's place is its better rank; where ranks are equal the first leads.

    Examples
    --------
    >>> merged(np.array([7, 5, 1]), np.array([5, 9]))
    array([7, 5, 9, 1])
    """
    rows = np.concatenate([first, second])
    ranks = np.concatenate([2 * np.arange(len(first)), 2 * np.arange(len(second)) + 1])
    kept = rows[np.argsort(ranks, kind="stable")]
    _, places = np.unique(kept, return_index=True)
    return kept[np.sort(places)]
