"""K-means++ draws on gradient embeddings that are never written down (BADGE).

The gradient of the loss by the last layer is an outer product, ``residual x features``. Distances
between such products need their factors only: ``<a_i h_i, a_j h_j> = (a_i . a_j)(h_i . h_j)``.
"""

from typing import Any

import numpy as np
from array_api_compat import device, is_numpy_namespace

from sparing.memory import check_memory
from sparing.numeric.geometry import dense_row, namespace, project, squared_norms
from sparing.types import Array

ROUNDING = 1e-6  # relative; what a squared distance in float32 may be off


def gradient_lengths(X: Array, residuals: Array) -> Array:
    """Return the squared length of each gradient, (n,).

    Examples
    --------
    >>> gradient_lengths(np.array([[3.0, 4.0]]), np.array([[1.0, -1.0]]))
    array([50.])
    """
    return squared_norms(X) * namespace(residuals).vecdot(residuals, residuals)


def gradient_kmeans_pp(
    X: Array, residuals: Array, eligible: Array, k: int, rng: np.random.Generator
) -> tuple[Array, Array]:
    """Draw ``k`` rows, each with a chance in proportion to its squared distance to those before.

    The first is the row with the longest gradient. Where all that is left coincides with what was
    drawn, the rest is drawn evenly.

    Parameters
    ----------
    X : (n, n_features) dense of any array-API backend, or CSR
    residuals : (n, n_classes) probabilities less the one-hot prediction
    eligible : (n,) True where a row may be drawn
    k : int in [1, number of eligible rows]
    rng : draws one number a pick

    Returns
    -------
    rows : (k,) in the order of the draws
    gains : (k,) squared distance to the nearest gradient drawn before; its squared length for
        the first

    Raises
    ------
    MemoryBudgetError : there is no room for eight numbers a row

    Examples
    --------
    >>> X, residuals = np.array([[1.0], [3.0], [3.0]]), np.array([[-0.5], [0.5], [0.5]])
    >>> gradient_kmeans_pp(X, residuals, np.ones(3, bool), 2, np.random.default_rng(0))
    (array([1, 0]), array([2.25, 4.  ]))

    References
    ----------
    Ash et al. (2020), arXiv 1906.03671; Arthur & Vassilvitskii (2007)
    """
    xp = namespace(X)
    if is_numpy_namespace(xp):
        check_memory(8 * 8 * X.shape[0], "badge", "use fewer items")
    lengths = gradient_lengths(X, residuals)
    open_ = xp.astype(eligible, lengths.dtype)
    rows = [int(xp.argmax(xp.where(eligible, lengths, -xp.ones_like(lengths))))]
    gains = [float(lengths[rows[0]])]
    closest = xp.full_like(lengths, xp.inf)
    while len(rows) < k:
        open_[rows[-1]] = 0.0
        closest = xp.minimum(closest, _squared_to(rows[-1], X, residuals, lengths))
        rows.append(_draw(closest, open_, rng, xp))
        gains.append(float(closest[rows[-1]]))
    there = device(lengths)
    return xp.asarray(rows, device=there), xp.asarray(gains, dtype=lengths.dtype, device=there)


def _squared_to(row: int, X: Array, residuals: Array, lengths: Array) -> Array:
    xp = namespace(X)
    inner = (residuals @ residuals[row, :]) * project(X, dense_row(X, row))
    sizes = lengths + lengths[row]
    squared = sizes - 2 * inner
    return xp.where(squared > ROUNDING * sizes, squared, xp.zeros_like(squared))


def _draw(weights: Array, open_: Array, rng: np.random.Generator, xp: Any) -> int:
    """Draw a position in proportion to its weight where it is open; evenly if all weigh 0."""
    chance = xp.astype(weights * open_, xp.float64)
    if not bool(xp.any(chance > 0)):
        chance = xp.astype(open_, xp.float64)
    ladder = xp.cumulative_sum(chance)
    mark = xp.asarray([rng.random()], dtype=xp.float64, device=device(ladder)) * ladder[-1]
    return int(xp.searchsorted(ladder, mark, side="right")[0])
