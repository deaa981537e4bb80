"""Keyword search over the names and texts of a pool: one long text, searched as fast as memory."""

from collections.abc import Iterable

import numpy as np

from sparing.types import IntArray

BETWEEN = "\0"


class Keywords:
    """Finds rows by a part of their text, whatever its case.

    Parameters
    ----------
    texts : of each row, in order

    Examples
    --------
    >>> Keywords(["Red fox", "dog", "FOXGLOVE"]).rows("fox")
    array([0, 2])
    """

    def __init__(self, texts: Iterable[str]) -> None:
        folded = [text.casefold().replace(BETWEEN, " ") for text in texts]
        self._text = (BETWEEN.join(folded) + BETWEEN).encode("utf-8", "surrogatepass")
        ends = np.flatnonzero(np.frombuffer(self._text, np.uint8) == 0)
        self._ends = ends if folded else ends[:0]

    def rows(self, text: str) -> IntArray:
        """Return the rows that hold a text, in their order; all of them for an empty one."""
        wanted = text.casefold().strip().replace(BETWEEN, " ").encode("utf-8", "surrogatepass")
        if not wanted:
            return np.arange(len(self._ends))
        # Splitting finds all places at the speed of C, however many there are.
        lengths = np.fromiter(map(len, self._text.split(wanted)), np.int64)[:-1]
        places = np.cumsum(lengths) + len(wanted) * np.arange(len(lengths))
        rows = np.searchsorted(self._ends, places)
        return rows[np.diff(rows, prepend=-1) > 0]
