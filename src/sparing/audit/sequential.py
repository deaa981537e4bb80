"""Exact risk of a walk that may end at several looks: a person may stop at any of them.

The items of an audit come in random order, and the audit is looked at when so many are answered.
At each look the walk down the items ends before audited error number K + 1, with a K for each look
that is fixed beforehand. More than ``allowed`` wrong items remain on it only if of the first
``allowed + K + 1`` wrong items at most K were drawn by then. The risk of a plan is the probability
that this happens at any of its looks; so it is no matter who stops when, and why.
"""

from collections.abc import Sequence

import numpy as np
from scipy.special import gammaln

from sparing.stats.hypergeometric import EPS, draws_needed, log_choose, tolerated_errors
from sparing.types import FloatArray, IntArray

FIRST_SHARE = 0.5  # of the risk for the first look, and of what is left for each later one


def spent(n_looks: int) -> FloatArray:
    """Return the share of the risk that may be spent by the end of each look; the last is 1.

    Examples
    --------
    >>> spent(3).round(2)
    array([0.5 , 0.75, 1.  ])
    """
    shares = 1 - (1 - FIRST_SHARE) ** np.arange(1.0, n_looks + 1)
    shares[-1] = 1.0
    return np.asarray(shares)


def risk_of_looks(
    n_items: int, allowed: int, looks: Sequence[int], tolerated: Sequence[int]
) -> float:
    """Return the largest probability that more than ``allowed`` wrong items remain at some look.

    Parameters
    ----------
    n_items : size of the set drawn from
    allowed : wrong items that may remain
    looks : (n_looks,) ascending, how many are drawn by each look
    tolerated : (n_looks,) never falling, K of each look; -1 where nothing is certified

    Notes
    -----
    The first ``allowed + K + 1`` wrong items are a set that grows from look to look, and the draw
    grows, too. How many of the set are drawn is a Markov chain: each step adds a hypergeometric
    number. Paths on which a look failed are counted and taken out. Fewer wrong items than the
    largest of these sets make a failure no likelier.

    Examples
    --------
    One look is the hypergeometric itself; a second one adds to the risk:

    >>> round(risk_of_looks(3600, 40, [253], [0]), 4)
    0.0495
    >>> round(risk_of_looks(3600, 40, [253, 397], [0, 1]), 4)
    0.0731
    """
    chance: FloatArray = np.zeros(
        tolerated[-1] + 1
    )  # of so many of the set drawn; more can never fail again
    risk, drawn, marked, before = 0.0, 0, 0, np.arange(len(chance))
    if len(chance):
        chance[0] = 1.0
    for size, k in zip(looks, tolerated, strict=True):
        if k < 0:
            continue
        if allowed + k + 1 > n_items:
            break  # there are not so many wrong items, here or at any later look
        more = allowed + k + 1 - marked
        chance = _grown(chance, n_items - marked, more, drawn - before)
        chance = _grown(chance, n_items - drawn, size - drawn, marked + more - before)
        risk += float(chance[: k + 1].sum())
        chance[: k + 1] = 0.0
        drawn, marked = size, marked + more
    slack = 32 * len(looks) * EPS * float(gammaln(n_items + 2))
    return min(risk * float(np.exp(slack)), 1.0)


def _grown(chance: FloatArray, n_items: int, n_picked: int, hits: IntArray) -> FloatArray:
    """Add to each count a hypergeometric number: of ``n_picked``, how many are among ``hits``."""
    count = np.arange(len(chance))
    more = count[None, :] - count[:, None]  # from a count, the row, to a count, the column
    good = np.maximum(hits, 0)[:, None].astype(np.float64)
    fits = (more >= 0) & (more <= good) & (more <= n_picked) & (n_picked - more <= n_items - good)
    more = np.where(fits, more, 0)
    with np.errstate(invalid="ignore"):
        term = (
            log_choose(good, more)
            + log_choose(n_items - good, n_picked - more)
            - log_choose(float(n_items), float(n_picked))
        )
    step = np.where(fits, np.exp(np.where(fits, term, 0.0)), 0.0)
    return np.asarray(chance @ step)


def tolerated_at(n_items: int, looks: Sequence[int], allowed: int, delta: float) -> tuple[int, ...]:
    """Return K of each look: the most audited errors that the walk may meet by then.

    Parameters
    ----------
    n_items : size of the set drawn from
    looks : (n_looks,) ascending sizes
    allowed : wrong items that may remain
    delta : risk of all looks together

    Returns
    -------
    (n_looks,) never falling; -1 where not even a faultless audit proves enough

    Examples
    --------
    >>> tolerated_at(3600, [253], 40, 0.05)
    (0,)
    >>> tolerated_at(3600, [309, 460, 556], 40, 0.05)
    (0, 1, 2)
    """
    if len(looks) == 1:
        return (tolerated_errors(n_items, looks[0], allowed, delta),)
    found: list[int] = []
    for look, share in enumerate(spent(len(looks)).tolist()):
        sizes = looks[: look + 1]
        low = found[-1] if found else -1  # as many as before is no new risk
        high = tolerated_errors(n_items, sizes[-1], allowed, share * delta) + 1  # alone, at most
        while high - low > 1:
            middle = (low + high) // 2
            if risk_of_looks(n_items, allowed, sizes, [*found, middle]) <= share * delta:
                low = middle
            else:
                high = middle
        found.append(low)
    return tuple(found)


def looks_for(
    n_items: int, allowed: int, tolerated: Sequence[int], delta: float
) -> tuple[int, ...]:
    """Return the smallest looks at which so many errors may have been met.

    Ends before the first look that would need all items.

    Examples
    --------
    >>> looks_for(3600, 40, [0, 1, 2], 0.05)
    (309, 460, 556)
    """
    found: list[int] = []
    before = 0.0
    for k, share in zip(tolerated, spent(len(tolerated)).tolist(), strict=True):
        if allowed + k + 1 > n_items:
            break
        # Alone the look needs so many at least, and so many do if no risk is shared.
        low = draws_needed(n_items, allowed + k + 1, k, share * delta) - 1
        high = draws_needed(n_items, allowed + k + 1, k, (share - before) * delta)
        low = max(low, found[-1]) if found else low
        high = max(high, low + 1)
        while high - low > 1:
            middle = (low + high) // 2
            risk = risk_of_looks(n_items, allowed, [*found, middle], tolerated[: len(found) + 1])
            low, high = (low, middle) if risk <= share * delta else (middle, high)
        if high >= n_items:
            break
        found.append(high)
        before = share
    return tuple(found)
