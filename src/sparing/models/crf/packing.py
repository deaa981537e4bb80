"""Packing: sentences of all lengths side by side, position by position, without padding."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from sparing.annotations.sentences import positions_in_ranges
from sparing.types import IntArray


@dataclass(frozen=True, eq=False)
class Packing:
    """The order in which a chain reads tokens: all first ones, all second ones, and so on.

    Sentences are sorted by length, longest first, so those that reach a position are the first
    rows of it.

    Parameters
    ----------
    starts : (n + 1,) where each sentence begins in the row of tokens

    Examples
    --------
    >>> packing = Packing(np.array([0, 1, 4]))
    >>> packing.order, packing.sizes
    (array([1, 0, 2, 3]), array([2, 1, 1]))
    """

    starts: IntArray

    @cached_property
    def ranked(self) -> IntArray:
        """(n,) sentences, longest first."""
        return np.argsort(-np.diff(self.starts), kind="stable")

    @cached_property
    def sizes(self) -> IntArray:
        """(longest,) how many sentences have a token at each position."""
        lengths = np.diff(self.starts)
        counts = np.bincount(lengths, minlength=1)
        return len(lengths) - np.cumsum(counts)[:-1]

    @cached_property
    def edges(self) -> IntArray:
        """(longest + 1,) where each position begins in the packed order."""
        return np.concatenate([[0], np.cumsum(self.sizes)])

    @cached_property
    def order(self) -> IntArray:
        """(n_tokens,) tokens in packed order."""
        position = positions_in_ranges(np.zeros_like(self.sizes), self.sizes)
        step = np.repeat(np.arange(len(self.sizes)), self.sizes)
        return np.asarray(self.starts[self.ranked[position]] + step)

    @cached_property
    def before(self) -> IntArray:
        """(n_tokens - n first ones,) the packed position before each from the second on."""
        later = self.sizes[1:]
        return positions_in_ranges(self.edges[:-2], later) if len(later) else np.empty(0, np.int64)

    @property
    def blocks(self) -> list[slice]:
        """One slice a position."""
        return [slice(a, b) for a, b in zip(self.edges[:-1], self.edges[1:], strict=True)]
