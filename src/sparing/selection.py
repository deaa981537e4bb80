"""Pure selections: which rows to take, given utilities, distances or similarities."""

import numpy as np

from sparing.types import FloatArray, IntArray


def top_k(utility: FloatArray, k: int, rng: np.random.Generator) -> IntArray:
    """Return the positions of the ``k`` highest utilities, highest first, ties at random.

    Linear in the number of candidates: one partition, and random numbers only for the ties.

    Parameters
    ----------
    utility : (n,) finite
    k : int in [1, n]
    rng : breaks ties, at the cut and in the order

    Examples
    --------
    >>> top_k(np.array([0.1, 0.9, 0.5]), 2, np.random.default_rng(0))
    array([1, 2])
    """
    cut = np.partition(utility, len(utility) - k)[len(utility) - k]
    above = np.flatnonzero(utility > cut)
    tied = rng.permutation(np.flatnonzero(utility == cut))[: k - len(above)]
    picks = rng.permutation(np.concatenate([above, tied]))
    return picks[np.argsort(-utility[picks], kind="stable")]
