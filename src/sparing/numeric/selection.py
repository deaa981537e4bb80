"""Pure selections: which rows to take, given utilities, bounds or groups.

:func:`top_k` and :func:`stochastic_top_k` follow the Python array API; the random numbers are
drawn in NumPy and moved, so a seed means the same on every backend.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from array_api_compat import array_namespace, device, is_numpy_namespace

from sparing._validate import invalid
from sparing.types import Array, FloatArray, IntArray


def top_k(utility: Array, k: int, rng: np.random.Generator) -> Array:
    """Return the positions of the ``k`` highest utilities, highest first, ties at random.

    One partition (a sort where the backend has none), and random numbers only for the ties.

    Parameters
    ----------
    utility : (n,) finite
    k : int in [1, n]
    rng : breaks ties, at the cut and in the order

    Returns
    -------
    (k,) distinct positions, an array of the same kind as ``utility``

    Examples
    --------
    >>> top_k(np.array([0.1, 0.9, 0.5]), 2, np.random.default_rng(0))
    array([1, 2])
    """
    xp = array_namespace(utility)
    cut = kth_largest(utility, k)
    above = xp.nonzero(utility > cut)[0]
    tied = _shuffled(xp.nonzero(utility == cut)[0], rng, xp)[: k - above.shape[0]]
    picks = _shuffled(xp.concat([above, tied]), rng, xp)
    best_first = xp.argsort(-xp.take(utility, picks, axis=0), stable=True)
    return xp.take(picks, best_first, axis=0)


def kth_largest(values: Array, k: int) -> Array:
    """Return the k-th largest value, by a partition where the backend has one.

    Examples
    --------
    >>> float(kth_largest(np.array([3.0, 1.0, 2.0]), 2))
    2.0
    """
    xp, at = array_namespace(values), values.shape[0] - k
    return np.partition(values, at)[at] if is_numpy_namespace(xp) else xp.sort(values)[at]


def _shuffled(positions: Array, rng: np.random.Generator, xp: Any) -> Array:
    order = xp.asarray(rng.permutation(positions.shape[0]), device=device(positions))
    return xp.take(positions, order, axis=0)


def stochastic_top_k(
    utility: Array, k: int, rng: np.random.Generator, *, kind: str = "power", beta: float = 1.0
) -> tuple[Array, Array]:
    """Draw ``k`` positions without replacement, the likelier the higher their utility.

    The chance of a draw is proportional to ``utility ** beta`` (``"power"``) or to
    ``exp(beta * utility)`` (``"softmax"``) among the positions not yet drawn. Batches drawn so
    repeat themselves less than the plain top, and every draw has a known propensity.

    Parameters
    ----------
    utility : (n,) finite; not negative for ``"power"``
    k : int in [1, n]
    rng : draws one Gumbel number a position
    kind : ``"power"`` or ``"softmax"``
    beta : how greedy; 0 is uniform

    Returns
    -------
    positions : (k,) in the order of the draws
    propensity : (k,) probability of each draw, given the draws before it

    Raises
    ------
    InvalidInputError : ``kind`` is neither, or a utility is negative for ``"power"``

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> rows, propensity = stochastic_top_k(np.array([1.0, 0.0, 3.0]), 2, rng)
    >>> rows, propensity
    (array([2, 0]), array([0.75, 1.  ]))

    References
    ----------
    Kirsch, Farquhar, Atighehchian et al. (2021), arXiv 2106.12059
    """
    xp = array_namespace(utility)
    log_weight = _log_weights(xp.astype(utility, xp.float64), kind, beta, xp)
    gumbel = rng.gumbel(size=utility.shape[0])
    keys = log_weight + xp.asarray(gumbel, device=device(utility))
    picks = xp.argsort(-keys, stable=True)
    log_weight = xp.take(log_weight, picks, axis=0)
    weight = xp.exp(log_weight - xp.max(log_weight))
    # What is left before each draw, summed from the end: no cancellation.
    left = xp.flip(xp.cumulative_sum(xp.flip(weight)))
    return picks[:k], weight[:k] / left[:k]


def _log_weights(utility: Array, kind: str, beta: float, xp: Any) -> Array:
    if kind == "softmax":
        return beta * utility
    if kind != "power":
        raise invalid("kind", "stochastic_top_k", "'power' or 'softmax'", kind)
    if bool(xp.any(utility < 0)):
        raise invalid("utility", "stochastic_top_k", ">= 0 for kind='power'", "a negative one")
    # A zero stays possible, so that k rows can be drawn even if fewer have any utility.
    return beta * xp.log(xp.where(utility > 0, utility, 1e-12 * xp.ones_like(utility)))


def lazy_greedy(
    bounds: FloatArray, gain: Callable[[IntArray, IntArray], FloatArray], k: int, block: int = 64
) -> tuple[IntArray, FloatArray]:
    """Pick ``k`` positions greedily, computing a gain only where its upper bound may still win.

    For a submodular objective a gain only falls as the batch grows, so what it was earlier bounds
    what it is now. The picks are those of the full greedy search, at a fraction of its cost.

    Parameters
    ----------
    bounds : (n,) the gains of the first pick, or upper bounds of them
    gain : (positions, picked so far) -> the gains of adding each of the positions
    k : int in [1, n]
    block : how many gains to compute at a time

    Returns
    -------
    positions : (k,) distinct, in the order of the picks; ties go to the lowest position
    gains : (k,) the gain at each pick

    Examples
    --------
    Covering the most ground with two of three intervals:

    >>> sets = [{1, 2, 3}, {3, 4}, {5}]
    >>> def new_ground(rows, picked):
    ...     covered = set().union(*(sets[i] for i in picked))
    ...     return np.array([float(len(sets[i] - covered)) for i in rows])
    >>> lazy_greedy(np.full(3, np.inf), new_ground, 2)
    (array([0, 1]), array([3., 1.]))

    References
    ----------
    Minoux (1978)
    """
    bounds = np.array(bounds, dtype=np.float64)
    picked, gains = np.empty(k, dtype=np.int64), np.empty(k)
    for t in range(k):
        _tighten(bounds, gain, picked[:t], block)
        picked[t] = np.argmax(bounds)
        gains[t] = bounds[picked[t]]
        bounds[picked[t]] = -np.inf
    return picked, gains


def _tighten(
    bounds: FloatArray,
    gain: Callable[[IntArray, IntArray], FloatArray],
    picked: IntArray,
    block: int,
) -> None:
    """Replace bounds by gains in place, the highest first, until no stale one can win."""
    order = np.argsort(-bounds, kind="stable")[: len(bounds) - len(picked)]
    top = -np.inf
    for start in range(0, len(order), block):
        rows = order[start : start + block]
        if bounds[rows[0]] < top:
            return
        bounds[rows] = gain(rows, picked)
        top = max(top, float(bounds[rows].max()))


def round_robin(groups: list[IntArray], k: int) -> IntArray:
    """Take one from each group in turn until ``k`` are taken; the order of the groups is kept.

    Parameters
    ----------
    groups : positions, each group best first; together at least ``k``
    k : int >= 1

    Examples
    --------
    >>> round_robin([np.array([7]), np.array([1, 2, 3]), np.array([5, 4])], 5)
    array([7, 1, 5, 2, 4])
    """
    sizes = np.array([len(group) for group in groups])
    turn = np.concatenate([np.arange(size) for size in sizes])
    seat = np.repeat(np.arange(len(groups)), sizes)
    return np.concatenate(groups)[np.lexsort((seat, turn))][:k]
