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


def more_like(wanted: FloatArray, others: FloatArray) -> FloatArray:
    """Return how much each row is worth looking at in a search: more is better.

    What is less like what is wanted than like something else comes after all that is not, as in
    ``seed_search``, which gives it no weight.

    Parameters
    ----------
    wanted, others : (n,) largest cosine with an example of what is wanted, and of something else

    Examples
    --------
    >>> more_like(np.array([0.9, 0.5, 0.1]), np.array([0.95, 0.4, 0.0])).round(1)
    array([0.9, 2.5, 2.1])
    """
    return np.where(wanted > others, wanted + 2, wanted)


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
        directions, offsets = self._seen(rows)
        squared = self._norms[rows] - 2 * offsets
        nearest: FloatArray = self._norms.copy()
        for part in _parts(len(nearest)):
            nearest[part] += (squared - 2 * (np.asarray(self._X[part]) @ directions.T)).min(axis=1)
        return nearest.clip(0)

    def cosine_to(self, rows: IntArray) -> FloatArray:
        """Return the largest cosine of every row with one of some rows, seen from the middle, (n,).

        -1 without any rows. A row that is the middle itself is like nothing: 0.
        """
        directions, offsets = self._seen(rows)
        lengths = np.sqrt(self._norms)
        largest: FloatArray = np.full(len(lengths), -1, np.float32)
        for part in _parts(len(lengths) if len(rows) else 0):
            products = np.asarray(self._X[part]) @ directions.T + offsets
            apart = lengths[part, None] * lengths[rows]
            cosines = np.divide(products, apart, out=np.zeros_like(products), where=apart > 0)
            largest[part] = cosines.max(axis=1).clip(-1, 1)
        return largest

    def _seen(self, rows: IntArray) -> tuple[FloatArray, FloatArray]:
        """Return what gives the inner products of all rows with some, seen from the middle."""
        directions = (np.asarray(self._X[rows]) - self._middle) * self._weight
        return directions, -(directions @ self._middle)


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
