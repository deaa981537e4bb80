"""Greedy k-center: the farthest row from all that is labeled, again and again, exactly."""

from math import sqrt
from typing import Any

from array_api_compat import device, is_numpy_namespace

from sparing.memory import check_memory
from sparing.numeric.geometry import (
    block_of,
    dense_row,
    leading_directions,
    mean_row,
    namespace,
    nearest_center,
    products,
    row_blocks,
    squared_distances_to,
    squared_norms,
    take_rows,
)
from sparing.types import Array

SKETCH_WIDTH = 64
ROUNDING = 100  # in units of the last place: what a sketched product may be off


def k_center(X: Array, k: int, labeled: Array, eligible: Array) -> tuple[Array, Array]:
    """Pick the eligible row farthest from all labeled and picked rows, ``k`` times.

    The picks are those of the plain search. A short sketch of each row, whose distances are never
    longer than the rows' own, shows which rows a new pick can be nearest to; only those are read
    in full. A tie goes to the lowest row.

    Parameters
    ----------
    X : (n, n_features) dense of any array-API backend, or CSR
    k : int in [1, number of eligible rows]
    labeled : (n_labeled,) row numbers
    eligible : (n,) True where a row may be picked

    Returns
    -------
    rows : (k,) in the order of the picks
    gains : (k,) distance to the nearest labeled or picked row at that pick; the first one as in
        :func:`remoteness`

    Raises
    ------
    MemoryBudgetError : there is no room for the sketch

    Examples
    --------
    >>> import numpy as np
    >>> X = np.array([[0.0], [1.0], [5.0], [6.0]])
    >>> k_center(X, 2, np.array([0]), np.array([False, True, True, True]))
    (array([3, 1]), array([6., 1.]))

    References
    ----------
    Gonzalez (1985); Sener & Savarese (2018), arXiv 1708.00489
    """
    xp = namespace(X)
    _check_room(X, xp)
    score = remoteness(X, labeled)
    picks = [int(xp.argmax(xp.where(eligible, score, xp.full_like(score, -xp.inf))))]
    gains = [float(score[picks[0]])]
    nearest = score**2 if labeled.shape[0] else xp.full_like(score, xp.inf)
    nearest = xp.where(eligible, nearest, xp.full_like(score, -1.0))  # never picked, never read
    sketch = _sketch(X, xp)
    norms = xp.vecdot(sketch, sketch)
    while len(picks) < k:
        _approach(nearest, picks[-1], X, sketch, norms)
        picks.append(int(xp.argmax(nearest)))
        gains.append(sqrt(float(nearest[picks[-1]])))
    there = device(nearest)
    return xp.asarray(picks, device=there), xp.asarray(gains, dtype=nearest.dtype, device=there)


def remoteness(X: Array, labeled: Array) -> Array:
    """Return how far each row is from the nearest labeled one, (n,).

    As long as nothing is labeled: minus the distance to the mean, so that the middle comes first.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.array([[0.0], [1.0], [5.0]])
    >>> remoteness(X, np.array([0]))
    array([0., 1., 5.])
    >>> remoteness(X, np.array([], dtype=int))
    array([-2., -1., -3.])
    """
    xp = namespace(X)
    if labeled.shape[0]:
        return xp.sqrt(nearest_center(X, take_rows(X, labeled))[1])
    return -xp.sqrt(nearest_center(X, mean_row(X)[None, :])[1])


def _check_room(X: Array, xp: Any) -> None:
    if is_numpy_namespace(xp):
        needed = X.shape[0] * (_sketch_width(X) + 6) * X.dtype.itemsize
        check_memory(needed, "k_center", "use fewer items or features of lower precision")


def _sketch_width(X: Array) -> int:
    return int(max(1, min(SKETCH_WIDTH, X.shape[1] // 4)))


def _sketch(X: Array, xp: Any) -> Array:
    """(n, width + 1): coordinates along a few directions, and the length of all that is left.

    Distances in the sketch are never longer than in X, by the triangle inequality on the rest.
    """
    directions = leading_directions(X, _sketch_width(X))
    n, width = X.shape[0], directions.shape[1]
    sketch = xp.empty((n, width + 1), dtype=directions.dtype, device=device(directions))
    for rows in row_blocks(*X.shape):
        block = block_of(X, rows)
        along = products(block, directions.T)
        rest = squared_norms(block) - xp.vecdot(along, along)
        sketch[rows, :width] = along
        sketch[rows, width] = xp.sqrt(xp.where(rest > 0, rest, xp.zeros_like(rest)))
    return sketch


def _approach(nearest: Array, pick: int, X: Array, sketch: Array, norms: Array) -> None:
    """Lower ``nearest`` in place to the squared distances to a new pick; retire the pick."""
    xp = namespace(X)
    slack = ROUNDING * xp.finfo(norms.dtype).eps
    bound = sketch @ (-2 * sketch[pick, :])
    bound += (1 - slack) * (norms + norms[pick])
    closer = bound < nearest
    rows = xp.nonzero(closer)[0]
    squared = squared_distances_to(X, rows, dense_row(X, pick))
    nearest[closer] = xp.minimum(xp.take(nearest, rows, axis=0), squared)
    nearest[pick] = -1.0
