"""Pool: features, and one label array that is the only state."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from sparing._validate import check_features, check_indices, invalid
from sparing.pool.classes import ClassTable
from sparing.pool.labels import labels_of
from sparing.types import BoolArray, Features, IntArray

UNLABELED = -1
SKIPPED = -2


@dataclass(frozen=True, eq=False, slots=True)
class Pool:
    """All items: labeled, skipped, and candidates that may still be asked.

    A pool never changes; the ``with_...`` methods return a new one that shares ``X`` and copies
    only ``y``.

    Parameters
    ----------
    X : (n_items, n_features) floats; an array, a memory map or CSR; shared, never copied
    y : (n_items,) class ids, ``UNLABELED`` or ``SKIPPED``; all unlabeled if not given
    classes : the label values behind the ids

    Examples
    --------
    >>> pool = Pool(np.eye(3)).with_labels([2], ["cat"])
    >>> pool.labeled, pool.candidates
    (array([2]), array([0, 1]))
    >>> pool.classes.decode(pool.y[pool.labeled])
    ['cat']
    """

    X: Features
    y: IntArray = None  # type: ignore[assignment]  # filled in below
    classes: ClassTable = field(default_factory=ClassTable)

    def __post_init__(self) -> None:
        X = check_features(self.X, "Pool")
        y = np.full(X.shape[0], UNLABELED) if self.y is None else np.array(self.y, dtype=np.int64)
        if y.shape != (X.shape[0],):
            raise invalid("y", "Pool", f"of shape ({X.shape[0]},)", y.shape)
        if y.size and (y.min() < SKIPPED or y.max() >= len(self.classes)):
            raise invalid("y", "Pool", "class ids of 'classes', UNLABELED or SKIPPED", y)
        y.flags.writeable = False
        object.__setattr__(self, "X", _read_only(X))
        object.__setattr__(self, "y", y)

    def __len__(self) -> int:
        return len(self.y)

    @property
    def labeled(self) -> IntArray:
        """Rows that have a label, ascending."""
        return np.flatnonzero(self.y >= 0)

    @property
    def candidates(self) -> IntArray:
        """Rows that may be asked: neither labeled nor skipped, ascending."""
        return np.flatnonzero(self.y == UNLABELED)

    @property
    def eligible(self) -> BoolArray:
        """(n_items,) True where a row may be asked."""
        return np.equal(self.y, UNLABELED)

    def with_labels(self, indices: npt.ArrayLike, labels: Any) -> "Pool":
        """Return a pool in which ``indices`` have ``labels``; new label values become classes."""
        rows = check_indices(indices, "with_labels", len(self))
        values = labels_of(rows, labels, "with_labels")
        classes = self.classes.with_values(values)
        return self._with_codes(rows, classes.encode(values), classes)

    def with_skips(self, indices: npt.ArrayLike) -> "Pool":
        """Return a pool in which ``indices`` are skipped: no label, and not asked again."""
        rows = check_indices(indices, "with_skips", len(self))
        return self._with_codes(rows, np.int64(SKIPPED), self.classes)

    def without_labels(self, indices: npt.ArrayLike) -> "Pool":
        """Return a pool in which ``indices`` are unlabeled and may be asked (again)."""
        rows = check_indices(indices, "without_labels", len(self))
        return self._with_codes(rows, np.int64(UNLABELED), self.classes)

    def _with_codes(
        self, rows: IntArray, codes: IntArray | np.int64, classes: ClassTable
    ) -> "Pool":
        y = self.y.copy()
        y[rows] = codes
        y.flags.writeable = False
        # X was checked when the first pool was made: a million rows are not read again.
        pool = object.__new__(Pool)
        for name, value in (("X", self.X), ("y", y), ("classes", classes)):
            object.__setattr__(pool, name, value)
        return pool


def _read_only(X: Features) -> Features:
    """Return a read-only view of ``X``: what the caller holds stays as writable as it was."""
    if not isinstance(X, np.ndarray):
        return X
    view = X.view()
    view.flags.writeable = False
    return view
