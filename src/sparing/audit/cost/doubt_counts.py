"""How often a model was wrong about items drawn at random, by how much it doubted them."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sparing._validate import invalid
from sparing.types import FloatArray

LEAST_DOUBT = 1e-6
N_BINS = 24


@dataclass(frozen=True, eq=False, slots=True)
class DoubtCounts:
    """Items that a model had not seen, in bins of about the same doubt.

    Parameters
    ----------
    doubt : (n_bins,) mean doubt, 1 - confidence, of the items of each bin
    n_items, n_wrong : (n_bins,) how many there are, and of how many it was wrong
    """

    doubt: FloatArray
    n_items: FloatArray
    n_wrong: FloatArray

    @classmethod
    def of(cls, confidence: npt.ArrayLike, right: npt.ArrayLike) -> "DoubtCounts":
        """Count items by how sure the model was of them.

        Parameters
        ----------
        confidence : (m,) out of fold, of items that were drawn at random
        right : (m,) whether it was right about them

        Examples
        --------
        >>> counts = DoubtCounts.of([0.9, 0.9, 0.5, 1.0], [True, False, False, True])
        >>> counts.doubt.round(2), counts.n_items, counts.n_wrong
        (array([0. , 0.1, 0.5]), array([1., 2., 1.]), array([0., 1., 1.]))
        """
        doubt = np.clip(1 - np.asarray(confidence, dtype=np.float64), LEAST_DOUBT, 1.0)
        wrong = ~np.asarray(right, dtype=bool)
        if doubt.shape != wrong.shape:
            raise invalid("right", "DoubtCounts", f"of shape {doubt.shape}", wrong.shape)
        which = np.floor(N_BINS * (1 - np.log(doubt) / np.log(LEAST_DOUBT))).astype(np.int64)
        n_items = np.bincount(which, minlength=1).astype(np.float64)
        there = n_items > 0
        sums = (np.bincount(which, weights=w, minlength=1) for w in (doubt, wrong))
        total, n_wrong = (one.astype(np.float64) for one in sums)
        return cls(total[there] / n_items[there], n_items[there], n_wrong[there])

    @classmethod
    def of_rows(cls, rows: "tuple[tuple[float, int, int], ...]") -> "DoubtCounts":
        """Take what :meth:`rows` has written."""
        doubt, n_items, n_wrong = np.array(rows, dtype=np.float64).reshape(-1, 3).T
        return cls(doubt, n_items, n_wrong)

    @property
    def rows(self) -> tuple[tuple[float, int, int], ...]:
        """(doubt, items, wrong ones) of each bin, as plain numbers."""
        columns = zip(self.doubt.tolist(), self.n_items, self.n_wrong, strict=True)
        return tuple((float(f"{doubt:.4g}"), int(n), int(wrong)) for doubt, n, wrong in columns)
