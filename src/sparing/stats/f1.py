"""Precision, recall and F1 of units, with intervals from items drawn at random."""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit, stdtrit

from sparing._validate import check_fraction, invalid
from sparing.stats.hypergeometric import clopper_pearson
from sparing.types import FloatArray

ROUGH = 100  # items; with fewer an interval covers less than it says
LEAST_REST = 0.1  # what the other items have to say at least, where one has nearly all
EDGE = 1e-3  # a share of 0 or 1 has no logit


@dataclass(frozen=True, slots=True)
class Share:
    """A share with its interval.

    Parameters
    ----------
    value : the estimate; NaN where there is nothing to take a share of
    low, high : limits
    is_rough : whether it rests on so few items that the limits may be too narrow
    """

    value: float
    low: float
    high: float
    is_rough: bool

    def __str__(self) -> str:
        rough = " (rough)" if self.is_rough else ""
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]{rough}"


@dataclass(frozen=True, eq=False, slots=True)
class Counts:
    """What was counted in each item.

    Parameters
    ----------
    right : (n,) units that are predicted and true
    predicted : (n,) units that are predicted
    true : (n,) units that there are
    """

    right: FloatArray
    predicted: FloatArray
    true: FloatArray


def f1_interval(drawn: Counts, expected: Counts, pool: Counts, alpha: float = 0.05) -> Share:
    """Return F1 of a pool from items drawn uniformly.

    F1 is a ratio of totals, 2 right / (predicted + true). What the model expects of each item is a
    control variate: where it knows which items are hard, the interval is narrower, and it is right
    where it knows nothing. Limits are by Student's t on the logit, with the correction for a finite
    pool and as many degrees of freedom as there are items that tell of it: those of one size whose
    say would be the same. Of entities within one item none is taken for independent of the others.
    Residuals are enlarged by each item's say, as in MacKinnon and White's third estimator: where
    few items have any unit, the plain ones promise too much. Where every unit is right, or none is,
    nothing varies, and nothing can be told of how far the rest does: the limits are Clopper and
    Pearson's for the items that have any unit, each taken as a whole.

    Parameters
    ----------
    drawn : what was counted in the drawn items
    expected : what the model expected of the same items
    pool : what the model expects of every item that could be drawn, these included
    alpha : how often the interval may miss

    Raises
    ------
    InvalidInputError : fewer than two items were drawn

    Examples
    --------
    >>> one = Counts(np.array([1.0, 1, 0, 2]), np.array([1.0, 2, 0, 2]), np.array([1.0, 1, 1, 2]))
    >>> round(f1_interval(one, one, one).value, 2)
    0.8

    References
    ----------
    Angelopoulos et al. (2023), arXiv 2301.09633; Cochran (1977), Sampling techniques, ch. 6-7;
    MacKinnon & White (1985), on heteroskedasticity-consistent estimators; Kish (1965), on the
    effective size of a sample
    """
    return _ratio(
        (2 * drawn.right, drawn.predicted + drawn.true),
        (2 * expected.right, expected.predicted + expected.true),
        (2 * pool.right, pool.predicted + pool.true),
        alpha,
    )


def precision_interval(drawn: Counts, expected: Counts, pool: Counts, alpha: float = 0.05) -> Share:
    """Return the share of predicted units that are true; parameters as of :func:`f1_interval`."""
    return _ratio(
        (drawn.right, drawn.predicted),
        (expected.right, expected.predicted),
        (pool.right, pool.predicted),
        alpha,
    )


def recall_interval(drawn: Counts, expected: Counts, pool: Counts, alpha: float = 0.05) -> Share:
    """Return the share of true units that are predicted; parameters as of :func:`f1_interval`."""
    return _ratio(
        (drawn.right, drawn.true), (expected.right, expected.true), (pool.right, pool.true), alpha
    )


Pair = tuple[FloatArray, FloatArray]


def _ratio(drawn: Pair, expected: Pair, pool: Pair, alpha: float) -> Share:
    """Return the ratio of two totals of a pool."""
    check_fraction("alpha", "f1_interval", alpha)
    n, n_pool = len(drawn[0]), len(pool[0])
    if n < 2:
        raise invalid("drawn", "f1_interval", "two items at least", n)
    if not drawn[1].sum():  # nothing was predicted and nothing is there
        return Share(float("nan"), 0.0, 1.0, True)
    share = float(drawn[0].sum() / drawn[1].sum())
    if share in (0.0, 1.0) and n < n_pool:
        n_any = int(np.count_nonzero(drawn[1]))
        bounds = clopper_pearson(round(share) * n_any, n_any, alpha)
        return Share(share, float(bounds[0]), float(bounds[1]), n < ROUGH)
    left = drawn[0] - share * drawn[1]
    told, all_told = (part[0] - share * part[1] for part in (expected, pool))
    apart = told - told.mean()
    squares = float(apart @ apart)
    slope = float(left @ apart) / squares if squares > 0 else 0.0
    size = float(drawn[1].mean())
    value = share + slope * float(all_told.mean() - told.mean()) / size
    # An item that has much say in the share or in the slope hides its own error: it is given back.
    say = drawn[1] / drawn[1].sum() + (apart**2 / squares if squares > 0 else 0)
    error = (left - slope * apart) / np.maximum(1 - say, LEAST_REST)
    spread = float(error.std(ddof=1)) / size * np.sqrt(max(1 - n / n_pool, 0) / n)
    # Items without a unit tell nothing of how far the others scatter.
    n_telling = float(drawn[1].sum() ** 2 / (drawn[1] @ drawn[1]))
    low, high = _limits(value, spread, max(n_telling - 1, 1.0), alpha)
    value = min(max(value, 0.0), 1.0)
    return Share(value, min(low, value), max(high, value), n < ROUGH)


def _limits(value: float, spread: float, freedom: float, alpha: float) -> tuple[float, float]:
    """Return limits by Student's t on the logit, with so many degrees of freedom."""
    inside = float(np.clip(value, EDGE, 1 - EDGE))
    reach = float(stdtrit(freedom, 1 - alpha / 2)) * spread / (inside * (1 - inside))
    low, high = (float(expit(logit(inside) + side * reach)) for side in (-1, 1))
    return low, high
