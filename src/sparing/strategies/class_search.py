"""The search for a class that somebody can point at before anything is labeled."""

from typing import ClassVar

import numpy as np
import numpy.typing as npt

from sparing.numeric.geometry import mean_row, products, row_blocks, take_rows, unit_rows
from sparing.pool.snapshot import Snapshot
from sparing.strategies.coverage import EXACT_UP_TO, UHerding
from sparing.types import FloatArray, IntArray

SHARPNESS = 4  # power of the cosine: many items that are a little alike must not outweigh few


class SeedSearch(UHerding):
    """Ask for what is like some items that are said to be examples of a class.

    Seeds are no labels: each is asked like any other item, most likely first. What was found to be
    of the class is a seed as well, and an item that is more like something else counts nothing.

    Parameters
    ----------
    seeds : rows that are likely to be of the class
    code : id of the class; None as long as nothing is labeled so
    sigma, exact_up_to : as in ``UHerding``

    Examples
    --------
    >>> from sparing.strategies import choose
    >>> X = np.array([[1.0, 0.1], [1.0, 0.0], [-1.0, 0.0], [-1.0, 0.1], [0.0, -1.0]])
    >>> nobody = np.array([], int)
    >>> s = Snapshot(X, np.ones(5, bool), nobody, nobody, 2)
    >>> int(choose(SeedSearch([0]), s, 1, np.random.default_rng(0)).rows[0]) in (0, 1)
    True

    References
    ----------
    Rocchio (1971), Relevance feedback in information retrieval; Garnett et al. (2012),
    arXiv 1206.6406, Bayesian optimal active search
    """

    name: ClassVar[str] = "seed_search"
    requires: ClassVar[frozenset[str]] = frozenset()
    reason: ClassVar[str] = "is like the examples of what is looked for"

    def __init__(
        self,
        seeds: npt.ArrayLike = (),
        code: int | None = None,
        sigma: float | None = None,
        exact_up_to: int = EXACT_UP_TO,
    ) -> None:
        super().__init__(sigma, exact_up_to)
        self.seeds = seeds
        self.code = code

    def _weights(self, s: Snapshot) -> FloatArray:
        is_it = s.codes == (-1 if self.code is None else self.code)
        others = s.labeled[~is_it]
        seeds = np.setdiff1d(np.asarray(self.seeds, np.int64), others)
        wanted = _likeness(s, np.union1d(seeds, s.labeled[is_it]))
        if not wanted.any():
            return np.ones(len(wanted))
        return np.where(wanted > _likeness(s, others), wanted, 0) ** SHARPNESS


def _likeness(s: Snapshot, rows: IntArray) -> FloatArray:
    """Return the largest cosine >= 0 of each candidate to some rows, seen from amid the pool."""
    found = np.zeros(len(s.candidates))
    if not len(rows):
        return found
    middle = mean_row(s.X)
    points = unit_rows(take_rows(s.X, rows), middle)
    for span in row_blocks(len(found), max(points.shape)):
        block = unit_rows(take_rows(s.X, s.candidates[span]), middle)
        found[span] = np.maximum(products(block, points).max(axis=1), 0)
    return found
