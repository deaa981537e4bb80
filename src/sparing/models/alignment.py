"""Columns of a classifier that saw only some classes, expanded to all known classes."""

import numpy as np

from sparing._validate import check_proba, invalid
from sparing.types import FloatArray, IntArray


def align_proba(proba: FloatArray, seen: IntArray, n_classes: int) -> FloatArray:
    """Return probabilities with one column a known class; a class never seen has probability 0.

    Nothing is copied if the classifier saw all classes in their order.

    Parameters
    ----------
    proba : (n_items, n_seen) rows of probabilities
    seen : (n_seen,) the class id of each column, distinct, in [0, n_classes)
    n_classes : classes known to the pool

    Returns
    -------
    (n_items, n_classes) of the type of ``proba``

    Raises
    ------
    InvalidInputError : rows that do not sum to 1, or columns that are not those of ``seen``

    Examples
    --------
    >>> align_proba(np.array([[0.3, 0.7]]), np.array([0, 2]), n_classes=3)
    array([[0.3, 0. , 0.7]])
    """
    P = check_proba(proba, "align_proba")
    if P.shape[1] != len(seen):
        raise invalid("proba", "align_proba", f"of {len(seen)} columns, one a class seen", P.shape)
    ids = np.unique(seen)
    if len(ids) < len(seen) or ids[0] < 0 or ids[-1] >= n_classes:
        raise invalid("seen", "align_proba", f"distinct class ids in [0, {n_classes - 1}]", seen)
    if np.array_equal(seen, np.arange(n_classes)):
        return P
    aligned = np.zeros((P.shape[0], n_classes), dtype=P.dtype)
    aligned[:, seen] = P
    return aligned
