"""Intervals for a share of right answers, one for each of many repetitions of an audit.

Everything here works on ``n_runs`` audits at once, so that what ships is what is simulated.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import gammaincinv, ndtri, stdtrit

from sparing.stats.hypergeometric import clopper_pearson, lower_limit, upper_limit
from sparing.types import BoolArray, FloatArray, IntArray

FEW = 10
N_FOLDS = 5
LEAST_LEFT = 1e-4  # of a stratum of which all was drawn, lest its limits be of infinitely many


@dataclass(frozen=True, eq=False, slots=True)
class Interval:
    """Estimates and limits, each (n_runs,); ``few`` where errors were too few for a variance."""

    value: FloatArray
    low: FloatArray
    high: FloatArray
    few: BoolArray


@dataclass(frozen=True, slots=True)
class PoolConfidence:
    """What the confidences of all items that could be drawn come to."""

    n: int
    mean: float
    variance: float

    @classmethod
    def of(cls, confidence: FloatArray) -> "PoolConfidence":
        """Sum up (n,) confidences."""
        mean = float(confidence.mean(dtype=np.float64))
        return cls(len(confidence), mean, float(confidence.var(dtype=np.float64)))


def uniform_interval(
    right: FloatArray, confidence: FloatArray, pool: PoolConfidence, new: bool, alpha: float
) -> Interval:
    """Prediction-powered, or exact where there are fewer than ten errors (or right answers).

    Parameters
    ----------
    right : (n_runs, m) 1 where the model is right, in the random order of the draw
    confidence : (n_runs, m) of the drawn items
    pool : of all items that could be drawn
    new : about new items, rather than this pool
    alpha : how often an interval may miss

    Examples
    --------
    >>> right = np.ones((1, 100))
    >>> found = uniform_interval(right, right, PoolConfidence(900, 1.0, 0.0), False, 0.05)
    >>> found.low.round(3), found.high, found.few
    (array([0.967]), array([1.]), array([ True]))
    """
    m = right.shape[1]
    n_right = right.sum(axis=1).astype(np.int64)
    few = np.minimum(n_right, m - n_right) < FEW
    value, low, high = np.empty((3, len(right)))
    if not few.all():  # a variance from fewer would be no evidence, and of one item there is none
        found = _prediction_powered(right[~few], confidence[~few], pool, new, alpha)
        value[~few], low[~few], high[~few] = found
    if few.any():
        low[few], high[few] = _exact(n_right[few], m, None if new else pool.n, alpha)
        # Where nearly all of a pool was seen, what was seen may be no share that it can have.
        value[few] = np.clip(n_right[few] / m, low[few], high[few])
    return Interval(value, low, high, few)


def _exact(n_right: IntArray, m: int, n: int | None, alpha: float) -> tuple[FloatArray, FloatArray]:
    """Clopper and Pearson's limits for new items; the hypergeometric ones for a pool of ``n``."""
    counts, where = np.unique(n_right, return_inverse=True)
    if n is None:
        low, high = clopper_pearson(counts, m, alpha)
    else:
        low = lower_limit(counts, n, m, alpha / 2) / n
        high = upper_limit(counts, n, m, alpha / 2) / n
    return low[where], high[where]


def _prediction_powered(
    right: FloatArray, confidence: FloatArray, pool: PoolConfidence, new: bool, alpha: float
) -> tuple[FloatArray, FloatArray, FloatArray]:
    m, n = right.shape[1], pool.n
    others = max(n - m, 1)
    # The audited are part of this pool; for new items the others alone stand for the source.
    mean = (n * pool.mean - confidence.sum(axis=1)) / others if new else np.array([pool.mean])
    weight = _cross_fitted(right, confidence, 1 + m / others if new else 1.0)
    corrected = right - weight * (confidence - mean[:, None])
    variance = corrected.var(axis=1, ddof=1) / m
    if new:
        variance = variance + weight.mean(axis=1) ** 2 * pool.variance / others
    else:
        variance = variance * (1 - m / n)
    return effective_size_interval(corrected.mean(axis=1), variance, m, alpha)


def _cross_fitted(right: FloatArray, confidence: FloatArray, scale: float) -> FloatArray:
    """Return (n_runs, m) what a unit of confidence is worth, by the folds an item is not in."""
    fold = np.arange(right.shape[1]) % N_FOLDS  # the order of a draw is random
    weight = np.empty(right.shape)
    for held in range(N_FOLDS):
        y, f = right[:, fold != held], confidence[:, fold != held]
        both = np.mean((y - y.mean(axis=1, keepdims=True)) * f, axis=1)
        slope = both / (scale * (f.var(axis=1) + 1e-4))
        # A model that is surer where it is wrong is not believed.
        weight[:, fold == held] = np.maximum(slope, 0.0)[:, None]
    return weight


def effective_size_interval(
    value: FloatArray, variance: FloatArray, m: int, alpha: float
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Wilson's interval, by Student's t, for as many plain audits as have the same variance."""
    value = np.clip(value, 0.5 / m, 1 - 0.5 / m)
    size = value * (1 - value) / np.maximum(variance, 1e-12)
    z2 = float(stdtrit(m - 1, alpha / 2)) ** 2
    center = (value + z2 / (2 * size)) / (1 + z2 / size)
    spread = value * (1 - value) / size + z2 / (4 * size**2)
    half = np.sqrt(z2 * spread) / (1 + z2 / size)
    return value, np.maximum(center - half, 0.0), np.minimum(center + half, 1.0)


@dataclass(frozen=True, eq=False, slots=True)
class Strata:
    """The parts that a draw was made from, each (n_strata,): how many items, how many draws."""

    size: IntArray
    m: IntArray


def stratified_interval(wrong: FloatArray, strata: Strata, new: bool, alpha: float) -> Interval:
    """Weighted by the size of the strata; as Poisson where errors (or right answers) are few.

    Each stratum has Clopper and Pearson's limits, at as many draws as have its variance in a finite
    set; their distances from what was seen are added up as standard deviations are. So a stratum
    in which no error was seen, or in which all errors are, is not believed more than it shows.

    Parameters
    ----------
    wrong : (n_runs, n_strata) errors seen
    strata : from which they were drawn
    new, alpha : as for :func:`uniform_interval`

    References
    ----------
    Zou & Donner (2008), Construction of confidence limits about effect measures: a general
    approach, Statistics in Medicine 27 (the sum of distances).

    Examples
    --------
    >>> strata = Strata(np.array([450, 450]), np.array([30, 70]))
    >>> found = stratified_interval(np.array([[1, 14]]), strata, False, 0.05)
    >>> found.value.round(3), found.low.round(3), found.high.round(3)
    (array([0.883]), array([0.8]), array([0.926]))
    """
    share, m = strata.size / strata.size.sum(), strata.m
    rate = wrong / m
    value = 1 - rate @ share
    total = wrong.sum(axis=1)
    few = np.minimum(total, m.sum() - total) < FEW
    left = np.ones(len(m)) if new else np.maximum(1 - m / strata.size, LEAST_LEFT)
    least, most = _limits_of_strata(wrong, m, m / left, alpha)
    between = 0.0
    if new:  # how many of new items are of each stratum is not known either
        z2 = float(ndtri(alpha / 2)) ** 2
        between = z2 * ((rate - 1 + value[:, None]) ** 2) @ share / strata.size.sum()
    low = np.maximum(value - np.sqrt(((most - rate) ** 2) @ share**2 + between), 0.0)
    high = np.minimum(value + np.sqrt(((rate - least) ** 2) @ share**2 + between), 1.0)
    if few.any():
        value[few], low[few], high[few] = _poisson(wrong[few], share / m, m, alpha)
    return Interval(value, low, high, few)


def _limits_of_strata(
    wrong: FloatArray, m: IntArray, draws: FloatArray, alpha: float
) -> tuple[FloatArray, FloatArray]:
    """Return (n_runs, n_strata) Clopper and Pearson's limits, at as many draws as count."""
    least, most = np.empty(wrong.shape), np.empty(wrong.shape)
    for s in range(len(m)):
        counts, where = np.unique(wrong[:, s], return_inverse=True)  # runs share few counts
        limits = clopper_pearson(counts / m[s] * draws[s], draws[s], alpha)
        least[:, s], most[:, s] = (limit[where] for limit in limits)
    return least, most


def weighted_limits(
    terms: FloatArray, largest: FloatArray | float, alpha: float
) -> tuple[FloatArray, FloatArray]:
    """Return limits on the mean of a weighted sum of few counts, as one gamma variable.

    Parameters
    ----------
    terms : (..., n) weight times count
    largest : weight that one count more may have
    alpha : risk

    References
    ----------
    Fay & Feuer (1997), Confidence intervals for directly standardized rates.

    Examples
    --------
    >>> low, high = weighted_limits(np.zeros(50), 1 / 50, 0.05)
    >>> float(low), round(float(high), 3)
    (0.0, 0.074)
    """
    return _gamma_limits(terms.sum(axis=-1), (terms**2).sum(axis=-1), largest, alpha)


def _gamma_limits(
    rate: FloatArray, variance: FloatArray, largest: FloatArray | float, alpha: float
) -> tuple[FloatArray, FloatArray]:
    seen = np.maximum(variance, 1e-300)
    low = np.where(rate > 0, gammaincinv(rate**2 / seen, alpha / 2) * seen / (rate + 1e-300), 0.0)
    above, spread = rate + largest, variance + np.asarray(largest) ** 2
    return low, gammaincinv(above**2 / spread, 1 - alpha / 2) * spread / above


def _poisson(
    wrong: FloatArray, weight: FloatArray, m: IntArray, alpha: float
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Fay and Feuer's interval: a weighted sum of Poisson counts as one gamma variable."""
    flip = 2 * wrong.sum(axis=1) > m.sum()  # where right answers are the few, these are bounded
    counts = np.where(flip[:, None], m - wrong, wrong)
    rate = counts @ weight
    # Each count has its own square, so the terms are not summed up by stratum.
    variance = counts @ weight**2
    low, high = _gamma_limits(rate, variance, weight.max(), alpha)
    high = np.minimum(high, 1.0)
    return (
        np.where(flip, rate, 1 - rate),
        np.where(flip, low, 1 - high),
        np.where(flip, high, 1 - low),
    )
