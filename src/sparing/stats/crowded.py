"""How many units of a finite set are wrong, where whole items were drawn: an exact limit.

Spans, boxes and labels crowd together in items, and those of one item may be wrong together. So
units that came with an item count for less than as many that were drawn one by one; by how much is
not assumed: the limit holds for all ways in which wrong units can be spread over the items.
"""

import numpy as np

from sparing._validate import check_fraction, invalid
from sparing.types import FloatArray, IntArray

# So much of the capital is bet whole, and lost to a large item that is all wrong; so much by half.
# Smaller bets, or shares that are more even, gave larger limits on made-up sets.
STAKES = np.array([1.0, 0.5])
SHARES = np.array([0.7, 0.3])
SLACK = 1e-9  # relative, for rounding


def most_wrong(sizes: IntArray, drawn: IntArray, wrong: IntArray, delta: float) -> int:
    """Return how many of all units are wrong at most, those of the drawn items included.

    With probability at least 1 - ``delta`` over the draw the true number is not larger, whenever
    and for whatever reason the draw ends.

    Parameters
    ----------
    sizes : (n_items,) how many units each item has
    drawn : (n_drawn,) items drawn uniformly without replacement, in the order of the draw
    wrong : (n_drawn,) how many units of each of them are wrong
    delta : risk, in (0, 1)

    Notes
    -----
    A bet against each number that is too large: after each item it pays by how much fewer of its
    units are wrong than there should be if the number were right. So the order of the draw counts.
    If the number is right, nothing can be won in the mean, and the capital grows to 1 / delta at
    any time with a probability of delta at most (Ville). Of large items no more than some units are
    bet on, as one of them would make all bets small; the others count as wrong unless seen.

    References
    ----------
    Waudby-Smith & Ramdas (2020), arXiv 2006.04347: sampling without replacement.

    Examples
    --------
    >>> sizes = np.full(1000, 3)
    >>> most_wrong(sizes, np.arange(100), np.zeros(100, dtype=int), 0.05)
    91
    >>> most_wrong(sizes, np.arange(1000), np.ones(1000, dtype=int), 0.05)
    1000
    """
    check_fraction("delta", "most_wrong", delta)
    here = sizes[drawn]
    if np.any((wrong < 0) | (wrong > here)):
        raise invalid("wrong", "most_wrong", "no more than the units of the item", wrong.tolist())
    top = _most_betted_on(sizes, len(drawn), delta)
    small, few = np.minimum(sizes, top), np.minimum(wrong, top)
    unseen = int((sizes - small).sum() - (sizes - small)[drawn].sum())
    low = int(few.sum())  # always possible; one more than all that is left never is
    high = int(small.sum()) - int((small[drawn] - few).sum()) + 1
    while high - low > 1:
        middle = (low + high) // 2
        won = _best_capital(middle, small, drawn, few, top) >= (1 + SLACK) / delta
        low, high = (low, middle) if won else (middle, high)
    return low + unseen + int((wrong - few).sum())


def _most_betted_on(sizes: IntArray, n_drawn: int, delta: float) -> int:
    """Return the size at which items are cut off: the limit is least if no error is seen."""
    tops = np.arange(1, max(1, int(sizes.max(initial=0))) + 1)
    beyond = np.array([np.maximum(sizes - top, 0).sum() for top in tops])
    expected = tops * np.log(1 / (SHARES[0] * delta)) * len(sizes) / max(1, n_drawn)
    return int(tops[np.argmin(expected + beyond)])


def _best_capital(total: int, sizes: IntArray, drawn: IntArray, wrong: IntArray, top: int) -> float:
    """Return the most that bets against ``total`` wrong units have ever grown to."""
    here = sizes[drawn]
    left = int(sizes.sum()) - np.cumsum(here) + here  # units before each draw
    bad = total - np.cumsum(wrong) + wrong
    gain: FloatArray = np.divide(
        bad * here - wrong * left,
        (left - bad) * float(top),
        out=np.zeros(len(here)),
        where=left > bad,
    )
    with np.errstate(divide="ignore"):
        grown = np.cumsum(np.log1p(np.maximum(STAKES[:, None] * gain, -1.0)), axis=1)
    capital: FloatArray = SHARES @ np.exp(np.minimum(grown, 700.0))
    return float(capital.max(initial=1.0))
