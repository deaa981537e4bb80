"""Paired statistics of learning curves: bands that hold at all points at once, areas, savings.

A curve is a row of one figure, such as the accuracy, at growing numbers of labels; rows are
seeds. Two curves of the same seed were made on the same split with the same test items, so their
difference is what counts.
"""

from dataclasses import dataclass

import numpy as np
from scipy import stats
from scipy.optimize import isotonic_regression

from sparing._validate import check_fraction, invalid
from sparing.types import FloatArray, IntArray

LEAST_SEEDS = 5  # for a band or an interval: with fewer no resampling tells anything
N_RESAMPLES = 2000
N_SAVINGS = 500  # resamples for a standard error, which needs fewer than a quantile
LEAST_ERROR = 0.05  # of the standard error, in a resample whose own is nearly zero
TOLERANCE = 0.005  # two curves are level within half a point


@dataclass(frozen=True, eq=False, slots=True)
class Band:
    """A mean curve and a band that covers the true one at all points at once.

    Parameters
    ----------
    mean : (n_points,)
    low, high : (n_points,); NaN with fewer than five seeds
    """

    mean: FloatArray
    low: FloatArray
    high: FloatArray


@dataclass(frozen=True, slots=True)
class SeedInterval:
    """One figure with its interval; low and high are None with fewer than five seeds."""

    value: float
    low: float | None
    high: float | None


def balanced_accuracy(y: IntArray, predicted: IntArray) -> float:
    """Return the mean over the classes in ``y`` of the share that is predicted right.

    Examples
    --------
    >>> balanced_accuracy(np.array([0, 0, 0, 1]), np.array([0, 0, 0, 0]))
    0.5
    """
    right = np.bincount(y, weights=y == predicted)
    counts = np.bincount(y)
    return float(np.mean(right[counts > 0] / counts[counts > 0]))


def area_under_curve(labels: IntArray, values: FloatArray) -> FloatArray:
    """Return the mean height of each curve between its first and last number of labels.

    Parameters
    ----------
    labels : (n_points,) ascending
    values : (..., n_points)

    Returns
    -------
    (...,) by the trapezoidal rule; of a single point its height

    Examples
    --------
    >>> area_under_curve(np.array([10, 20, 40]), np.array([0.5, 0.7, 0.9])).round(4)
    np.float64(0.7333)
    """
    if len(labels) == 1:
        return values[..., 0]
    area = np.trapezoid(values, labels, axis=-1)
    return np.asarray(area / (labels[-1] - labels[0]))[()]


def labels_needed(labels: IntArray, values: FloatArray, target: float) -> float:
    """Return from how many labels on a curve reaches the target; infinite if it never does.

    The curve is first made ascending (isotonic regression), so that one lucky point does not
    count, then read between its points.

    Examples
    --------
    >>> labels_needed(np.array([10, 20, 30]), np.array([0.5, 0.7, 0.9]), 0.6)
    15.0
    """
    rising = isotonic_regression(values).x
    above = np.flatnonzero(rising >= target)
    if not above.size:
        return float("inf")
    i = int(above[0])
    if i == 0:
        return float(labels[0])
    share = (target - rising[i - 1]) / (rising[i] - rising[i - 1])
    return float(labels[i - 1] + share * (labels[i] - labels[i - 1]))


def simultaneous_band(differences: FloatArray, *, level: float = 0.95, seed: int = 0) -> Band:
    """Return the mean over seeds and a band that holds at all points at once.

    The width at each point is its standard error times one factor for all: the quantile of the
    largest studentized deviation over the points, over resamples in which each seed's deviation
    keeps or changes its sign (wild bootstrap). With five to fifty seeds it covers near its level
    where resampling the seeds themselves does not.

    Parameters
    ----------
    differences : (n_seeds, n_points)
    level : share of repetitions in which the whole true curve lies in the band
    seed : of the signs

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> band = simultaneous_band(rng.normal(1, 0.1, size=(20, 5)))
    >>> bool((band.low < 1).all() and (band.high > 1).all())
    True

    References
    ----------
    Liu (1988), Bootstrap procedures under some non-i.i.d. models; Montiel Olea &
    Plagborg-Moller (2019), Simultaneous confidence bands
    """
    check_fraction("level", "simultaneous_band", level)
    if differences.ndim != 2 or not differences.size:
        raise invalid("differences", "simultaneous_band", "of shape (n_seeds, n_points)", "others")
    n = len(differences)
    mean = differences.mean(axis=0)
    if n < LEAST_SEEDS:
        nothing = np.full(mean.shape, np.nan)
        return Band(mean, nothing, nothing)
    error = differences.std(axis=0, ddof=1) / np.sqrt(n)
    half = _factor(differences - mean, error, level, np.random.default_rng(seed)) * error
    return Band(mean, mean - half, mean + half)


def _factor(
    deviations: FloatArray, error: FloatArray, level: float, rng: np.random.Generator
) -> float:
    """Return the level's quantile of the largest studentized mean over random signs."""
    n = len(deviations)
    varying = error > 0
    if not varying.any():
        return 0.0
    d, error = deviations[:, varying], error[varying]
    means = rng.choice([-1.0, 1.0], size=(N_RESAMPLES, n)) @ d / n
    variance = ((d * d).mean(axis=0) - means * means) / (n - 1)
    errors = np.sqrt(np.maximum(variance, (LEAST_ERROR * error) ** 2))
    return float(np.quantile((np.abs(means) / errors).max(axis=1), level))


def mean_interval(values: FloatArray, *, level: float = 0.95) -> SeedInterval:
    """Return the mean over seeds with Student's t interval.

    Examples
    --------
    >>> mean_interval(np.array([1.0, 2.0, 3.0, 4.0, 5.0]), level=0.95)
    SeedInterval(value=3.0, low=1.036..., high=4.963...)
    """
    n, mean = len(values), float(values.mean())
    if n < LEAST_SEEDS:
        return SeedInterval(mean, None, None)
    half = float(stats.t.ppf((1 + level) / 2, n - 1) * values.std(ddof=1) / np.sqrt(n))
    return SeedInterval(mean, mean - half, mean + half)


@dataclass(frozen=True, slots=True)
class Saving:
    """How many labels one method needs less than another to reach a level that both reach.

    Parameters
    ----------
    target : the level: what the weaker of the two has in the end, less half a point
    ours, theirs : labels that each needs for it
    saved : ``theirs - ours`` with its interval over seeds; negative where it costs labels
    """

    target: float
    ours: float
    theirs: float
    saved: SeedInterval


def label_saving(
    labels: IntArray,
    ours: FloatArray,
    theirs: FloatArray,
    *,
    level: float = 0.95,
    seed: int = 0,
) -> Saving:
    """Return what one method saves against another, by their mean curves over seeds.

    The interval is Student's t with the standard error of the bootstrap over seeds, drawn for
    both methods alike. With five to twenty seeds it covers near its level; the percentiles of
    the same resamples do not.

    Parameters
    ----------
    labels : (n_points,) ascending
    ours, theirs : (n_seeds, n_points), rows of the same seeds
    level : how often the interval is to cover
    seed : of the resamples

    Examples
    --------
    >>> labels = np.array([10, 20, 30, 40])
    >>> slow = np.tile([0.5, 0.6, 0.7, 0.8], (5, 1))
    >>> fast = np.tile([0.6, 0.7, 0.8, 0.8], (5, 1))
    >>> label_saving(labels, fast, slow).saved
    SeedInterval(value=10.0, low=10.0, high=10.0)
    """
    target, our_need, their_need = _needs(labels, ours.mean(axis=0), theirs.mean(axis=0))
    saved = their_need - our_need
    n = len(ours)
    if n < LEAST_SEEDS:
        return Saving(target, our_need, their_need, SeedInterval(saved, None, None))
    rng = np.random.default_rng(seed)
    shares = rng.multinomial(n, np.full(n, 1 / n), size=N_SAVINGS) / n
    pairs = zip(shares @ ours, shares @ theirs, strict=True)
    drawn = [b - a for _, a, b in (_needs(labels, x, y) for x, y in pairs)]
    error = float(np.std(drawn, ddof=1) * np.sqrt(n / (n - 1)))
    half = float(stats.t.ppf((1 + level) / 2, n - 1)) * error
    return Saving(target, our_need, their_need, SeedInterval(saved, saved - half, saved + half))


def _needs(labels: IntArray, ours: FloatArray, theirs: FloatArray) -> tuple[float, float, float]:
    target = float(min(ours[-1], theirs[-1])) - TOLERANCE
    return target, labels_needed(labels, ours, target), labels_needed(labels, theirs, target)
