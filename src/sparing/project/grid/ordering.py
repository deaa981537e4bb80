"""Which rows a grid shows, and in which order: pure functions over arrays of the pool."""

from collections.abc import Iterator

import numpy as np

from sparing.types import BoolArray, Features, FloatArray, IntArray

AT_ONCE = 1 << 15  # rows that are multiplied at once
SAMPLE = 1000  # rows, some more, whose mean is the middle


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


class Nearness:
    """Tells how near all rows of a pool are to some of them: one product with the pool a question.

    The pool may be a memory map; besides one number a row nothing of its size is made.

    Parameters
    ----------
    X : (n, n_features) dense
    scale : (n_features,) what columns are multiplied by; None: nothing

    Examples
    --------
    >>> Nearness(np.array([[0.0], [1.0], [5.0]], np.float32)).squared_to(np.array([0, 2]))
    array([0., 1., 0.], dtype=float32)
    """

    def __init__(self, X: Features, scale: FloatArray | None = None) -> None:
        n, n_features = X.shape
        self._X = X
        self._weight = np.ones(n_features, np.float32) if scale is None else scale**2
        # Measured from amid the rows, so that little is lost where all of them are far from zero.
        self._middle = np.asarray(X[:: max(1, n // SAMPLE)]).mean(axis=0)
        centered = (np.asarray(X[part]) - self._middle for part in _parts(n))
        self._norms = np.concatenate([(block * block) @ self._weight for block in centered])

    def squared_to(self, rows: IntArray) -> FloatArray:
        """Return the squared distance of every row to the nearest of some rows, (n,)."""
        points = np.asarray(self._X[rows]) - self._middle
        directions = -2 * points * self._weight
        offsets = (points * points) @ self._weight - directions @ self._middle
        nearest: FloatArray = self._norms.copy()
        for part in _parts(len(nearest)):
            nearest[part] += (np.asarray(self._X[part]) @ directions.T + offsets).min(axis=1)
        return nearest.clip(0)


def _parts(n: int) -> Iterator[slice]:
    return (slice(start, start + AT_ONCE) for start in range(0, n, AT_ONCE))


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
