"""Strategies that pick the items whose neighbourhoods cover the pool best.

They compare items by direction, as seen from amid the pool (unit rows), and differ in what counts
as near and in how much covering an item counts.
"""

from abc import abstractmethod
from math import sqrt
from typing import ClassVar

import numpy as np
from scipy import sparse

from sparing._validate import check_fraction, check_int, check_positive
from sparing.numeric.geometry import mean_row, products, row_blocks, take_rows, unit_rows
from sparing.numeric.kmeans import k_means
from sparing.pool.snapshot import Snapshot
from sparing.stats.calibration import fit_temperature, tempered
from sparing.strategies import measures
from sparing.strategies._coverage import Coverage
from sparing.strategies._greedy_coverage import Gaussian, Kernel, TopHat
from sparing.strategies.base import QueryStrategy, Selection
from sparing.types import Array, FloatArray

EXACT_UP_TO = 20_000
PURITY_SAMPLE = 5000
UNKNOWN_CLASSES = 10  # pseudo-classes assumed as long as no two are known
CLOSEST_SAMPLE = 4000  # labeled rows among which the closest two are sought
SMALLEST_RADIUS = 1e-3  # of unit rows in float32 that is worth telling from 0
SAME = 1e-12  # squared distance of unit rows in float64 under which they are one point


class _Covering(QueryStrategy):
    """Weights, a kernel, and the greedy choice that they lead to."""

    exact_up_to: int

    @abstractmethod
    def _kernel(self, s: Snapshot, middle: Array) -> Kernel: ...

    def _weights(self, s: Snapshot) -> FloatArray:
        """How much covering each candidate counts, (n_candidates,)."""
        return np.ones(len(s.candidates))

    def utility(self, s: Snapshot) -> FloatArray:
        """Return how much asking each candidate first would add to the mean coverage."""
        return np.asarray(self._coverage(s).gains() / len(s.candidates))

    def select(self, s: Snapshot, batch_size: int, rng: np.random.Generator) -> Selection:
        """Return the greedy picks, each seen from the labeled rows and the picks before it."""
        rows, gains = self._coverage(s).pick(batch_size, rng)
        return Selection.chosen(rows, gains / len(s.candidates))

    def _coverage(self, s: Snapshot) -> Coverage:
        limit = check_int("exact_up_to", type(self).__name__, self.exact_up_to, 1)
        middle = mean_row(s.X)
        return Coverage(s, middle, self._kernel(s, middle), self._weights(s), limit)


class MaxHerding(_Covering):
    """Ask for the item most similar to all that is not covered yet: a strong cold start.

    Similarity falls off smoothly with the angle between items; each candidate counts the same.

    Parameters
    ----------
    sigma : distance between unit rows at which the similarity has fallen to 1 / e
    exact_up_to : candidates up to which nothing is sampled; time grows with its square

    Examples
    --------
    The crowd's middle first, then the loner:

    >>> from sparing.strategies import choose
    >>> X = np.array([[1.0, 0.1], [1.0, 0.0], [1.0, -0.1], [0.0, 1.0]])
    >>> nobody = np.array([], int)
    >>> s = Snapshot(X, np.ones(4, bool), nobody, nobody, 2)
    >>> choose(MaxHerding(sigma=0.5), s, 2, np.random.default_rng(0)).rows
    array([1, 3])

    References
    ----------
    Bae et al. (2024), arXiv 2407.12212
    """

    name: ClassVar[str] = "max_herding"
    reason: ClassVar[str] = "typical of items that nothing labeled resembles"

    def __init__(self, sigma: float = 1.0, exact_up_to: int = EXACT_UP_TO) -> None:
        self.sigma = sigma
        self.exact_up_to = exact_up_to

    def _kernel(self, s: Snapshot, middle: Array) -> Kernel:
        return Gaussian(check_positive("sigma", "MaxHerding", self.sigma))


class UHerding(_Covering):
    """Ask for what covers the uncertain part of the pool: one method for small and large budgets.

    With nothing labeled it is MaxHerding. As labels gather the similarity narrows to the distance
    of the closest two labeled items, and the choice turns into margin sampling. Uncertainty is
    the margin after the probabilities were tempered on rows that the model had not seen.

    Parameters
    ----------
    sigma : distance between unit rows at which the similarity has fallen to 1 / e; None: the
        distance of the closest two labeled items, 1 as long as there are none
    exact_up_to : candidates up to which nothing is sampled; time grows with its square

    Examples
    --------
    >>> from sparing.strategies import choose
    >>> X = np.array([[1.0, 0.0], [0.8, 0.6], [0.6, 0.8], [0.0, 1.0]])
    >>> proba = np.array([[1.0, 0.0], [0.9, 0.1], [0.5, 0.5], [0.0, 1.0]])
    >>> s = Snapshot(X, np.array([False, True, True, False]), np.array([0, 3]), np.array([0, 1]),
    ...              2, proba=proba, oof_proba=proba[[0, 3]])
    >>> choose(UHerding(), s, 1, np.random.default_rng(0)).rows
    array([2])

    References
    ----------
    Bae et al. (2025), arXiv 2412.20644
    """

    name: ClassVar[str] = "u_herding"
    requires: ClassVar[frozenset[str]] = frozenset({"proba", "oof_proba"})
    reason: ClassVar[str] = "stands for others that the model is unsure about"

    def __init__(self, sigma: float | None = None, exact_up_to: int = EXACT_UP_TO) -> None:
        self.sigma = sigma
        self.exact_up_to = exact_up_to

    def _kernel(self, s: Snapshot, middle: Array) -> Kernel:
        if self.sigma is not None:
            return Gaussian(check_positive("sigma", "UHerding", self.sigma))
        return Gaussian(_closest_distance(s, middle))

    def _weights(self, s: Snapshot) -> FloatArray:
        if not len(s.labeled) or s.proba is None or s.oof_proba is None:
            return super()._weights(s)
        temperature = fit_temperature(s.oof_proba, s.codes)
        return np.asarray(measures.margin(tempered(s.proba[s.candidates], temperature)))


def _closest_distance(s: Snapshot, middle: Array) -> float:
    """The smallest distance between two labeled unit rows that differ; 1 if there are none."""
    if len(s.labeled) < 2:
        return 1.0
    stride = -(-len(s.labeled) // CLOSEST_SAMPLE)
    rows = unit_rows(take_rows(s.X, s.labeled[::stride]).astype(np.float64), middle)
    closest = np.inf
    for span in row_blocks(rows.shape[0], rows.shape[0]):
        squared = 2 - 2 * products(rows[span], rows)
        closest = min(closest, float(squared[squared > SAME].min(initial=np.inf)))
    return sqrt(closest) if np.isfinite(closest) else 1.0


class ProbCover(_Covering):
    """Ask for the item with the most uncovered neighbours within a radius.

    Parameters
    ----------
    radius : distance between unit rows within which an item counts as covered; None: the largest
        at which the balls around ``purity`` of the items hold a single pseudo-class of k-means
    purity : strictly between 0 and 1; matters where ``radius`` is None
    exact_up_to : candidates up to which nothing is sampled; time grows with its square

    Examples
    --------
    >>> from sparing.strategies import choose
    >>> X = np.array([[1.0, 0.1], [1.0, 0.0], [1.0, -0.1], [-3.0, 1.0]])
    >>> nobody = np.array([], int)
    >>> s = Snapshot(X, np.ones(4, bool), nobody, nobody, 2)
    >>> choose(ProbCover(radius=0.15), s, 2, np.random.default_rng(0)).rows
    array([1, 3])

    References
    ----------
    Yehuda et al. (2022), arXiv 2205.11320
    """

    name: ClassVar[str] = "probcover"
    reason: ClassVar[str] = "has many close neighbours, none of them labeled"

    def __init__(
        self,
        radius: float | None = None,
        purity: float = 0.95,
        exact_up_to: int = EXACT_UP_TO,
    ) -> None:
        self.radius = radius
        self.purity = purity
        self.exact_up_to = exact_up_to

    def _kernel(self, s: Snapshot, middle: Array) -> Kernel:
        if self.radius is not None:
            return TopHat(check_positive("radius", "ProbCover", self.radius))
        purity = check_fraction("purity", "ProbCover", self.purity)
        n_classes = s.n_classes if s.n_classes > 1 else UNKNOWN_CLASSES
        return TopHat(pure_radius(s.X, middle, n_classes, purity))


def pure_radius(X: Array, middle: Array, n_classes: int, purity: float) -> float:
    """Return the largest radius at which the balls around ``purity`` of the rows are pure.

    A ball is pure while it is smaller than the distance to the nearest row of another
    pseudo-class, so the radius is a quantile of those distances. Found on 5,000 rows of the pool,
    the same at every call.

    Parameters
    ----------
    X : (n, n_features)
    middle : (n_features,) mean of the rows, from which they are seen
    n_classes : clusters of k-means on the unit rows, the pseudo-classes
    purity : share of pure balls, strictly between 0 and 1

    Examples
    --------
    Two directions, opposite to each other:

    >>> X = np.array([[1.0, 1.0], [2.0, 2.0], [-1.0, -1.0], [-2.0, -2.0]])
    >>> round(pure_radius(X, X.mean(axis=0), 2, 0.95), 3)
    2.0
    """
    rng = np.random.default_rng(0)
    picked = rng.permutation(X.shape[0])[:PURITY_SAMPLE]
    sample = take_rows(X, picked).astype(np.float32, copy=False)
    rows = unit_rows(sample, middle)
    # Sparse rows seen from the mean have products alone: there the classes are found from zero.
    points = unit_rows(sample) if sparse.issparse(sample) else rows
    labels = k_means(points, n_classes, rng).labels
    to_other = []
    for span in row_blocks(len(labels), len(labels)):
        squared = 2 - 2 * products(rows[span], rows)
        squared[labels[span, None] == labels] = np.inf
        to_other.append(squared.min(axis=1))
    nearest = float(np.quantile(np.concatenate(to_other), 1 - purity, method="lower"))
    # A single direction has no other class: there any radius is pure.
    return max(sqrt(max(nearest, 0)), SMALLEST_RADIUS) if np.isfinite(nearest) else 1.0
