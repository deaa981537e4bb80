"""Pool and test: each class in its share, equal items on the same side."""

import numpy as np

from sparing._validate import check_fraction
from sparing.types import BoolArray, IntArray


def draw_test(codes: IntArray, contents: IntArray, share: float, seed: int) -> BoolArray:
    """Return (n,) True where an item is in the test set.

    The draw is stratified: of the distinct items of each class every k-th of a random order goes
    to the test. Items of equal content stay together, or the test would ask what was taught.

    Parameters
    ----------
    codes : (n,) class ids
    contents : (n,) numbers that are equal where items are
    share : of the distinct items, between 0 and 1
    seed : of the draw

    Examples
    --------
    >>> codes = np.repeat([0, 1], 10)
    >>> chosen = draw_test(codes, np.arange(20), 0.3, seed=0)
    >>> np.bincount(codes[chosen])
    array([3, 3])
    """
    check_fraction("test_share", "compare", share)
    rng = np.random.default_rng(seed)
    distinct, first, back = np.unique(contents, return_index=True, return_inverse=True)
    shuffled = rng.permutation(len(distinct))
    by_class = shuffled[np.argsort(codes[first][shuffled], kind="stable")]
    # Walking the classes one after the other, take an item whenever the share adds up to one.
    steps = np.floor(np.arange(len(distinct) + 1) * share + rng.uniform())
    chosen = np.zeros(len(distinct), dtype=bool)
    chosen[by_class] = np.diff(steps) > 0
    return np.asarray(chosen[back])
