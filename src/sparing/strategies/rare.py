"""The search for classes that hardly anything is labeled of."""

from typing import ClassVar

import numpy as np

from sparing.pool.snapshot import Snapshot
from sparing.strategies.base import given
from sparing.strategies.coverage import EXACT_UP_TO, UHerding
from sparing.types import FloatArray


class RareSearch(UHerding):
    """Ask for what is likely to be something else than the commonest class, and is not alike.

    Where nearly all labels are of one class the next example of another is worth more than any
    doubt between them: each candidate weighs as probable as the model finds that it is not of the
    commonest class, and the batch is spread as ``UHerding`` spreads doubt.

    Parameters
    ----------
    sigma, exact_up_to : as in ``UHerding``

    Examples
    --------
    The model takes all of them for class 0, the last one least of all:

    >>> from sparing.strategies import choose
    >>> X = np.array([[1.0, 0.0], [0.8, 0.6], [0.6, 0.8], [0.0, 1.0]])
    >>> proba = np.array([[1.0, 0.0], [0.9, 0.1], [0.9, 0.1], [0.6, 0.4]])
    >>> s = Snapshot(X, np.array([False, False, True, True]), np.array([0, 1]), np.array([0, 1]),
    ...              2, proba=proba)
    >>> choose(RareSearch(), s, 1, np.random.default_rng(0)).rows
    array([3])

    References
    ----------
    Garnett et al. (2012), arXiv 1206.6406, Bayesian optimal active search
    """

    name: ClassVar[str] = "rare_search"
    requires: ClassVar[frozenset[str]] = frozenset({"proba"})
    reason: ClassVar[str] = "may be of a class that is hard to find"

    def __init__(self, sigma: float | None = None, exact_up_to: int = EXACT_UP_TO) -> None:
        super().__init__(sigma, exact_up_to)

    def _weights(self, s: Snapshot) -> FloatArray:
        proba = given(s, "proba")[s.candidates]
        counts = np.bincount(s.codes, minlength=proba.shape[1])
        if np.count_nonzero(counts) < 2:
            return np.ones(len(proba))
        return np.asarray(1 - proba[:, counts.argmax()])
