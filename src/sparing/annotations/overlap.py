"""How much boxes overlap, and which of two sets belong together: intersection over union."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from sparing.types import BoolArray, FloatArray, IntArray

LEAST_IOU = 0.5
"""Two boxes are at the same place from this intersection over union on."""


def iou(a: ArrayLike, b: ArrayLike) -> FloatArray:
    """Return the intersection over union of each box with each.

    Parameters
    ----------
    a, b : (n_a, 4) and (n_b, 4) left, top, right and bottom, in one unit of length

    Returns
    -------
    (n_a, n_b) float64 in [0, 1]

    Examples
    --------
    >>> iou([(0, 0, 4, 4)], [(0, 0, 4, 2), (4, 4, 8, 8)])
    array([[0.5, 0. ]])
    """
    one, two = (np.asarray(boxes, dtype=np.float64).reshape(-1, 4) for boxes in (a, b))
    low = np.maximum(one[:, None, :2], two[None, :, :2])
    high = np.minimum(one[:, None, 2:], two[None, :, 2:])
    common = np.prod(np.maximum(high - low, 0), axis=2)
    areas = [np.prod(boxes[:, 2:] - boxes[:, :2], axis=1) for boxes in (one, two)]
    together = areas[0][:, None] + areas[1] - common
    shared: FloatArray = np.divide(common, together, out=np.zeros_like(common), where=together > 0)
    return shared


def paired(overlap: FloatArray, alike: BoolArray, least: float = LEAST_IOU) -> IntArray:
    """Return which boxes belong together, each with one at most.

    As many as can be of one class are paired, then as many of two classes, then those that
    overlap most: the pairs of a and b are those of b and a, but for ties.

    Parameters
    ----------
    overlap : (n_a, n_b) as of :func:`iou`
    alike : (n_a, n_b) whether two boxes are of one class
    least : below this no two belong together

    Returns
    -------
    (n_pairs, 2) places in a and in b, in the order of a

    Examples
    --------
    >>> shared = iou([(0, 0, 4, 4), (0, 0, 4, 3)], [(0, 0, 4, 4)])
    >>> paired(shared, np.array([[False], [True]]))
    array([[1, 0]])
    """
    from scipy.optimize import linear_sum_assignment

    is_near = overlap >= least
    n = min(overlap.shape)
    worth = np.where(alike, 2 * (n + 1), 2) + overlap / (n + 1)
    rows, columns = linear_sum_assignment(np.where(is_near, worth, 0), maximize=True)
    kept = is_near[rows, columns]
    return np.column_stack([rows[kept], columns[kept]])


def places(units: Sequence[tuple[int, ...]]) -> IntArray:
    """Return places of boxes as an array, (n, 4) even of none.

    Examples
    --------
    >>> places([]).shape
    (0, 4)
    """
    return np.array(units, dtype=np.int64).reshape(-1, 4)
