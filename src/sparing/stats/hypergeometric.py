"""Exact limits on how many of a finite set are wrong, known only through a uniform draw.

Everything rests on one distribution: of ``n_items`` items ``n_marked`` are marked (wrong), and
``n_drawn`` of them are drawn without replacement. Nothing is approximated; where floating point
rounds, a bound is moved to the safe side.
"""

import math
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import betaincinv, gammaln, ndtri

from sparing._validate import check_fraction, check_int, invalid
from sparing.types import BoolArray, FloatArray, IntArray

EPS = float(np.finfo(np.float64).eps)


def spend(delta: float, attempt: int) -> float:
    """Return the share of ``delta`` that the given look may use: 6 delta / (pi t)^2.

    The shares of all looks, however many there will be, sum to ``delta``: for who expects to look
    often. Certificates of version 1 spent so, too.

    Examples
    --------
    >>> round(spend(0.05, 1), 4), round(spend(0.05, 2), 4)
    (0.0304, 0.0076)
    """
    check_fraction("delta", "spend", delta)
    return 6 * delta / (math.pi * check_int("attempt", "spend", attempt, 1)) ** 2


FIRST = 0.9  # of delta for the first attempt: most audits need no second


def spend_first(delta: float, attempt: int) -> float:
    """Return the share of ``delta`` that the given attempt may use if most of it is for the first.

    9/10 delta for attempt 1; for attempt t >= 2 what is left, by the series of :func:`spend`:
    (1/10) 6 delta / (pi (t - 1))^2. All shares sum to ``delta``.

    Examples
    --------
    >>> [round(spend_first(0.05, attempt), 5) for attempt in (1, 2, 3)]
    [0.045, 0.00304, 0.00076]
    """
    check_fraction("delta", "spend_first", delta)
    if check_int("attempt", "spend_first", attempt, 1) == 1:
        return FIRST * delta
    return spend((1 - FIRST) * delta, attempt - 1)


def hypergeom_cdf(
    k: npt.ArrayLike, n_items: npt.ArrayLike, n_marked: npt.ArrayLike, n_drawn: npt.ArrayLike
) -> FloatArray:
    """P[at most ``k`` marked items among the drawn]; all arguments broadcast.

    Parameters
    ----------
    k : how many marked items were drawn
    n_items : size of the finite set
    n_marked : how many of it are marked
    n_drawn : how many are drawn, uniformly without replacement

    Returns
    -------
    probabilities of the broadcast shape; 0 where ``n_marked`` cannot be, because fewer undrawn
    items are left than marked ones would have to be

    Examples
    --------
    >>> hypergeom_cdf([0, 1], 4, 2, 2).round(4)
    array([0.1667, 0.8333])
    """
    return np.exp(_log_cdf(k, n_items, n_marked, n_drawn))


def _log_cdf(k: Any, n_items: Any, n_marked: Any, n_drawn: Any) -> FloatArray:
    k, n, marked, drawn = (
        np.asarray(a, dtype=np.float64)[..., None]
        for a in np.broadcast_arrays(k, n_items, n_marked, n_drawn)
    )
    low = np.maximum(0, drawn - (n - marked))  # the fewest that can be drawn
    high = np.minimum(k, np.minimum(marked, drawn))
    # Twelve standard deviations below, what is left out is no 1e-30th of the sum.
    mean = marked * drawn / n
    spread = np.sqrt(mean * np.maximum(1 - marked / n, 0) * (n - drawn) / np.maximum(n - 1, 1))
    low = np.maximum(low, np.floor(np.minimum(high, mean) - 12 * spread - 40))
    i = high - np.arange(max(0, int(np.max(high - low, initial=-1))) + 1)  # one term a count
    inside = (i >= low) & (marked <= n)
    i = np.where(inside, i, np.clip(low, 0, drawn))
    with np.errstate(invalid="ignore"):
        term = log_choose(marked, i) + log_choose(n - marked, drawn - i) - log_choose(n, drawn)
    term = np.where(inside, term, -np.inf)
    top = term.max(axis=-1, keepdims=True)
    top = np.where(np.isfinite(top), top, 0.0)
    with np.errstate(divide="ignore"):
        total = np.log(np.exp(term - top).sum(axis=-1)) + top[..., 0]
    return np.where((k >= marked)[..., 0] & (marked <= n)[..., 0], 0.0, np.minimum(total, 0.0))


def log_choose(n: Any, k: Any) -> Any:
    """Return the logarithm of the binomial coefficient; of numbers or of arrays.

    Examples
    --------
    >>> round(float(np.exp(log_choose(5, 2))), 6)
    10.0
    """
    return gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)


def p_value(
    k: npt.ArrayLike, n_items: npt.ArrayLike, n_marked: npt.ArrayLike, n_drawn: npt.ArrayLike
) -> FloatArray:
    """P[at most ``k`` marked are drawn], raised by more than its rounding error: safe to compare.

    The p-value of "``n_marked`` or more of the items are marked", given that ``k`` were drawn.

    Examples
    --------
    >>> p_value(0, 3600, 73, [143, 144]).round(4)
    array([0.0503, 0.0493])
    """
    slack = 16 * EPS * gammaln(np.asarray(n_items, dtype=np.float64) + 2)
    result: FloatArray = np.minimum(np.exp(_log_cdf(k, n_items, n_marked, n_drawn) + slack), 1.0)
    return result


def is_refuted(
    k: npt.ArrayLike,
    n_items: npt.ArrayLike,
    n_marked: npt.ArrayLike,
    n_drawn: npt.ArrayLike,
    delta: float,
) -> BoolArray:
    """Say whether seeing at most ``k`` has probability <= ``delta`` if ``n_marked`` are marked.

    This is the only comparison that a certificate makes; rounding never turns False into True.

    Examples
    --------
    >>> is_refuted(0, 3600, 73, [143, 144], 0.05)
    array([False,  True])
    """
    return p_value(k, n_items, n_marked, n_drawn) <= delta


def upper_limit(
    k: npt.ArrayLike, n_items: npt.ArrayLike, n_drawn: npt.ArrayLike, delta: float
) -> IntArray:
    """Return the largest number of marked items that seeing ``k`` among the drawn leaves possible.

    With probability at least 1 - ``delta`` over the draw the true number is not larger.

    Parameters
    ----------
    k : how many marked items were drawn, in [0, n_drawn]
    n_items, n_drawn : size of the set and of the draw
    delta : risk, in (0, 1)

    Returns
    -------
    counts in [k, n_items - n_drawn + k], of the broadcast shape

    Examples
    --------
    >>> upper_limit([0, 1, 2], 3600, 300, 0.05)
    array([34, 54, 72])
    """
    check_fraction("delta", "upper_limit", delta)
    k, n, drawn = (a.astype(np.int64) for a in np.broadcast_arrays(k, n_items, n_drawn))
    if np.any((k < 0) | (k > drawn) | (drawn > n)):
        raise invalid("k", "upper_limit", "in [0, n_drawn], and n_drawn <= n_items", k.tolist())
    low, high = k, n - drawn + k + 1  # low is always possible, high never
    while np.any(high - low > 1):
        middle = (low + high) // 2
        refuted = is_refuted(k, n, middle, drawn, delta)
        low, high = np.where(refuted, low, middle), np.where(refuted, middle, high)
    return low


def lower_limit(
    k: npt.ArrayLike, n_items: npt.ArrayLike, n_drawn: npt.ArrayLike, delta: float
) -> IntArray:
    """Return the smallest number of marked items that seeing ``k`` leaves possible.

    Examples
    --------
    >>> lower_limit([0, 30], 3600, 300, 0.05)
    array([  0, 267])
    """
    k, n, drawn = (np.asarray(a, dtype=np.int64) for a in (k, n_items, n_drawn))
    return n - upper_limit(drawn - k, n, drawn, delta)


def draws_needed(n_items: int, n_marked: int, k: int, delta: float) -> int:
    """Return the smallest draw in which ``k`` marked items refute ``n_marked``: the audit's price.

    Examples
    --------
    To show that fewer than 73 of 3,600 are wrong (at most 2 %) with 0, 1 or 2 errors seen:

    >>> [draws_needed(3600, 73, k, 0.05) for k in (0, 1, 2)]
    [144, 227, 300]
    """
    check_fraction("delta", "draws_needed", delta)
    if not 0 <= k < n_marked <= n_items:
        raise invalid("k", "draws_needed", "an int with 0 <= k < n_marked <= n_items", k)
    low, high = k, n_items
    while high - low > 1:
        middle = (low + high) // 2
        if is_refuted(k, n_items, n_marked, middle, delta):
            high = middle
        else:
            low = middle
    return high


def tolerated_errors(n_items: int, n_drawn: int, allowed: int, delta: float) -> int:
    """Return how many errors an audit may meet on its way; -1 if not even none proves enough.

    Never all of it, even where everything may be wrong: an audit without a right answer proves
    nothing.

    Walk down the items from the most confident and stop before audited error number K + 1, all
    audited errors being corrected. More than ``allowed`` wrong items remain on the way only if of
    the first ``allowed + K + 1`` wrong items at most K were drawn. This has the probability of a
    hypergeometric; K is the largest number for which it is at most ``delta``.

    Parameters
    ----------
    n_items, n_drawn : size of the set and of the audit
    allowed : wrong items that may remain
    delta : risk

    Examples
    --------
    >>> tolerated_errors(3600, 250, 40, 0.05), tolerated_errors(3600, 253, 40, 0.05)
    (-1, 0)
    """
    low, high = -1, n_drawn  # the risk grows with K: low is fine, high is not looked at
    while high - low > 1:
        k = (low + high) // 2
        if is_refuted(k, n_items, allowed + k + 1, n_drawn, delta):
            low = k
        else:
            high = k
    return low


def first_failure(p_values: FloatArray, delta: float) -> int:
    """Return how many p-values at the front are <= ``delta``: a fixed-sequence test.

    Learn then Test: hypotheses in an order fixed beforehand are rejected until the first that
    stands; whatever their dependence, a true one is rejected with probability <= ``delta``.

    References
    ----------
    Angelopoulos, Bates, Candès, Jordan & Lei (2021), arXiv 2110.01052.

    Examples
    --------
    >>> first_failure(np.array([0.01, 0.04, 0.2, 0.01]), 0.05)
    2
    """
    stands = np.flatnonzero(~(p_values <= delta))
    return int(stands[0]) if len(stands) else len(p_values)


def clopper_pearson(
    k: npt.ArrayLike, n: npt.ArrayLike, alpha: float
) -> tuple[FloatArray, FloatArray]:
    """Return the exact two-sided 1 - ``alpha`` limits on a proportion: ``k`` of ``n`` seen.

    Examples
    --------
    >>> low, high = clopper_pearson(0, 10, 0.05)
    >>> round(float(low), 4), round(float(high), 4)
    (0.0, 0.3085)
    """
    check_fraction("alpha", "clopper_pearson", alpha)
    k, n = (np.asarray(a, dtype=np.float64) for a in np.broadcast_arrays(k, n))
    low = np.where(k > 0, betaincinv(np.maximum(k, 1), n - k + 1, alpha / 2), 0.0)
    high = np.where(k < n, betaincinv(k + 1, np.maximum(n - k, 1), 1 - alpha / 2), 1.0)
    return low, high


def wilson(k: npt.ArrayLike, n: npt.ArrayLike, alpha: float) -> tuple[FloatArray, FloatArray]:
    """Return Wilson's approximate 1 - ``alpha`` limits on a proportion; counts may be fractions.

    Examples
    --------
    >>> low, high = wilson(90, 100, 0.05)
    >>> round(float(low), 4), round(float(high), 4)
    (0.8256, 0.9448)

    The proportion never lies outside, not even by rounding:

    >>> bool(wilson(20, 20, 0.05)[1] == 1), bool(wilson(0, 20, 0.05)[0] == 0)
    (True, True)
    """
    check_fraction("alpha", "wilson", alpha)
    k, n = (np.asarray(a, dtype=np.float64) for a in np.broadcast_arrays(k, n))
    z = -ndtri(alpha / 2)
    share = k / n
    center = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    low, high = np.maximum(center - half, 0.0), np.minimum(center + half, 1.0)
    return np.minimum(low, share), np.maximum(high, share)
