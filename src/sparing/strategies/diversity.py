"""Strategies that spread the batch over the features and ask the model nothing."""

from typing import ClassVar

import numpy as np

from sparing.pool.snapshot import Snapshot
from sparing.strategies._kcenter import k_center, remoteness
from sparing.strategies.base import QueryStrategy, Selection
from sparing.types import FloatArray


class KCenter(QueryStrategy):
    """Ask for the item farthest from everything labeled (Core-Set).

    It finds what is missing, and outliers with it. The first item of all is the one nearest to
    the pool's mean.

    Examples
    --------
    >>> from sparing.strategies import choose
    >>> X = np.array([[0.0], [1.0], [5.0], [6.0]])
    >>> s = Snapshot(X, np.array([False, True, True, True]), np.array([0]), np.array([0]), 2)
    >>> choose(KCenter(), s, 2, np.random.default_rng(0)).rows
    array([3, 1])

    References
    ----------
    Gonzalez (1985); Sener & Savarese (2018), arXiv 1708.00489
    """

    name: ClassVar[str] = "k_center"
    reason: ClassVar[str] = "unlike anything labeled so far"

    def utility(self, s: Snapshot) -> FloatArray:
        """Return the distance to the nearest labeled row."""
        return np.asarray(remoteness(s.X, s.labeled)[s.candidates])

    def select(self, s: Snapshot, batch_size: int, rng: np.random.Generator) -> Selection:
        """Return the farthest rows, each seen from the labeled ones and the picks before it."""
        return Selection.chosen(*k_center(s.X, batch_size, s.labeled, s.eligible))
